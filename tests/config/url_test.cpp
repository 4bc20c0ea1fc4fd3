#include <doctest/doctest.h>

#include "agent/config/url.hpp"

using namespace qcloud;

TEST_CASE("cloud URLs: host, port and base path") {
  struct Row {
    const char* text;
    Url url;
  };
  const Row rows[] = {
      {"https://cloud.vendor.test", {"https", "cloud.vendor.test", 443, ""}},
      {"https://cloud.vendor.test/", {"https", "cloud.vendor.test", 443, ""}},
      {"HTTPS://Cloud.Vendor.Test:8443/v2/api//", {"https", "cloud.vendor.test", 8443, "/v2/api"}},
      {"https://localhost:4711", {"https", "localhost", 4711, ""}},
      {"https://127.0.0.1:4711", {"https", "127.0.0.1", 4711, ""}},
      {"https://[2001:DB8::1]:443/x", {"https", "2001:db8::1", 443, "/x"}},
      {"https://xn--bcher-kva.test", {"https", "xn--bcher-kva.test", 443, ""}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    auto url = parse_cloud_url(row.text);
    REQUIRE(url);
    CHECK(url->scheme == row.url.scheme);
    CHECK(url->host == row.url.host);
    CHECK(url->port == row.url.port);
    CHECK(url->base_path == row.url.base_path);
  }
}

TEST_CASE("cloud URLs that are refused") {
  const std::string long_host = "https://" + std::string(64, 'a') + ".test",
                    long_path = "https://a.test/" + std::string(3000, 'a');
  for (const char* text : {"",
                           "cloud.vendor.test",
                           "http://cloud.vendor.test",
                           "https://",
                           "https:///x",
                           "https:cloud.vendor.test",
                           "https://user:secret@cloud.vendor.test",
                           "https://cloud.vendor.test?x",
                           "https://cloud.vendor.test/#x",
                           "https://cloud.vendor.test:0",
                           "https://cloud.vendor.test:65536",
                           "https://cloud.vendor.test:https",
                           "https://cloud.vendor.test:",
                           "https://-a.test",
                           "https://a..test",
                           "https://a_b.test",
                           "https://a%2eb.test",
                           "https://999.1.1.1",
                           "https://1.2.3",
                           "https://[::1",
                           "https://[v1.x]",
                           "https://b\xc3\xbc.test",
                           "https://a.test/../x",
                           "https://a.test//x",
                           "https://a.test ",
                           " https://a.test",
                           "https://a.test/a b",
                           long_host.c_str(),
                           long_path.c_str()}) {
    CAPTURE(text);
    auto url = parse_cloud_url(text);
    REQUIRE_FALSE(url);
    CHECK(url.error().code == "config.invalid");
    CHECK_FALSE(url.error().fix.empty());
  }
}

TEST_CASE("a proxy is http, with its port, and nothing behind it") {
  auto url = parse_proxy_url("http://192.0.2.1:3128/");
  REQUIRE(url);
  CHECK(url->host == "192.0.2.1");
  CHECK(url->port == 3128);
  for (const char* text :
       {"http://proxy", "https://proxy:3128", "socks5://proxy:1080", "http://proxy:3128/x"})
    CHECK_FALSE(parse_proxy_url(text));
}

TEST_CASE("the panel listens on loopback only") {
  CHECK(parse_listen("127.0.0.1:8090"));
  CHECK(parse_listen("127.8.8.8:1"));
  CHECK(parse_listen("[::1]:65535"));
  for (const char* text :
       {"", "8090", ":8090", "localhost:8090", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:x",
        "127.0.0.1:", "::1:8090", "[127.0.0.1]:8090", "0.0.0.0:8090", "[::]:8090", "192.168.1.2:8090",
        "[fe80::1]:8090", "128.0.0.1:8090"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_listen(text));
  }
}

TEST_CASE("a proxy may have a user and a password, kept as written") {
  auto url = parse_proxy_url("http://a%40b:p%3Aw@proxy:3128");
  REQUIRE(url);
  CHECK(url->userinfo == "a%40b:p%3Aw");
  CHECK(to_string(*url) == "http://a%40b:p%3Aw@proxy:3128");
  CHECK(to_string(*parse_proxy_url("http://[2001:db8::1]:8080")) == "http://[2001:db8::1]:8080");
  CHECK_FALSE(parse_proxy_url("http://user name:x@proxy:3128"));
}
