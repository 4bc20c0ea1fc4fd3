#include "agent/features/link/wire.hpp"

#include <doctest/doctest.h>

using namespace qcloud::link;

TEST_CASE("link wire: authority and forwarded") {
  auto opening = read_opening("Nas1.MyNas.test.:443", "for=\"[2a0b::1]:4711\";proto=https, for=9.9.9.9");
  REQUIRE(opening);
  CHECK(opening->host == "nas1.mynas.test");
  CHECK(opening->visitor == "2a0b::1");
  CHECK(opening->visitor_port == 4711);
  CHECK(read_opening("nas1.mynas.test:443", "by=x; For=5.6.7.8")->visitor == "5.6.7.8");
  CHECK(read_opening("nas1.mynas.test:443", "for=unknown")->visitor.empty());
  CHECK(read_opening("nas1.mynas.test:443", "for=_hidden")->visitor.empty());
  CHECK(read_opening("nas1.mynas.test:443", "")->visitor.empty());
  CHECK(!read_opening("nas1.mynas.test", ""));
  CHECK(!read_opening(":443", ""));
  CHECK(!read_opening(std::string(300, 'a') + ":443", ""));
}

TEST_CASE("link wire: what the relay saw") {
  auto told = read_attachment(R"({"seen":"5.6.7.20","relay":"relay-a"})");
  REQUIRE(told);
  CHECK(told->seen == "5.6.7.20");
  CHECK(told->relay == "relay-a");
  CHECK(!read_attachment(R"({"seen":"home"})"));
  CHECK(!read_attachment("[]"));
  CHECK(!read_attachment(""));
  CHECK(read_attachment(R"({"relay":"a\u0007b c"})")->relay == "abc");
}

// proxy-protocol.txt 2.2: the 12 bytes, version and command, family, length, addresses, ports.
TEST_CASE("link wire: PROXY protocol version 2") {
  Opening v4{"nas1.mynas.test", 443, "5.6.7.99", 51820};
  auto header = proxy_header(v4, "127.0.0.1", 8443);
  CHECK(header == std::string("\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c", 16) +
                      std::string("\x05\x06\x07\x63\x7f\x00\x00\x01\xca\x6c\x20\xfb", 12));
  Opening v6{"nas1.mynas.test", 443, "2a0b::1", 1};
  auto mixed = proxy_header(v6, "127.0.0.1", 80);
  CHECK(mixed.size() == 16 + 36);
  CHECK(mixed[13] == '\x21');
  CHECK(mixed.substr(16 + 16, 16) == std::string("\0\0\0\0\0\0\0\0\0\0\xff\xff\x7f\0\0\x01", 16));
  Opening unknown{"nas1.mynas.test", 443, "", 0};
  CHECK(proxy_header(unknown, "127.0.0.1", 80) == std::string("\r\n\r\n\0\r\nQUIT\n\x20\x00\x00\x00", 16));
}
