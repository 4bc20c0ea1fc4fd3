// Which address is tried when, and what is said when none leads anywhere.
#include "agent/net/way.hpp"

#include "tests/net/world.hpp"

using namespace net_test;
using boost::asio::ip::make_address;

namespace {

Addresses list(std::initializer_list<const char*> texts) {
  Addresses out;
  for (auto text : texts) out.push_back(make_address(text));
  return out;
}

}  // namespace

TEST_CASE("way: the families in turns, IPv4 first, none twice (RFC 8305)") {
  auto found = list({"2001:db8::1", "2001:db8::2", "192.0.2.1", "192.0.2.1", "192.0.2.2", "192.0.2.3"});
  CHECK(attempt_order(found, Family::any) ==
        list({"192.0.2.1", "2001:db8::1", "192.0.2.2", "2001:db8::2", "192.0.2.3"}));
  CHECK(attempt_order(found, Family::ipv6) == list({"2001:db8::1", "2001:db8::2"}));
  CHECK(attempt_order(found, Family::ipv4) == list({"192.0.2.1", "192.0.2.2", "192.0.2.3"}));
  CHECK(attempt_order({}, Family::any).empty());
}

TEST_CASE("way: one family here, the other there") {
  auto only4 = family_mismatch(true, false, false, true);
  REQUIRE(only4);
  CHECK(only4->code == "net.unreachable");
  CHECK(only4->detail.find("only IPv4") != std::string::npos);
  CHECK(only4->fix.find("NAT64") != std::string::npos);
  CHECK(family_mismatch(false, true, true, false)->detail.find("only IPv6") != std::string::npos);
  CHECK_FALSE(family_mismatch(true, true, false, true));
  CHECK_FALSE(family_mismatch(true, false, true, true));
  CHECK_FALSE(family_mismatch(true, false, false, false));  // no network at all
}

TEST_CASE("way: addresses that no cloud has") {
  for (auto text : {"0.0.0.0", "127.0.0.53", "::", "::1", "224.0.0.1", "ff02::1"})
    CHECK(is_sinkhole(make_address(text)));
  for (auto text : {"5.6.7.8", "192.168.1.1", "2a00::1"}) CHECK_FALSE(is_sinkhole(make_address(text)));
  for (auto text : {"192.168.1.1", "10.0.0.1", "172.16.0.1", "169.254.1.1", "fe80::1", "fd00::1"})
    CHECK(is_private(make_address(text)));
  for (auto text : {"5.6.7.8", "2a00::1", "100.64.0.1"}) CHECK_FALSE(is_private(make_address(text)));
}

TEST_CASE("dns: each trouble has words of its own") {
  std::vector<std::string> all;
  for (auto status :
       {DnsStatus::ok, DnsStatus::no_name, DnsStatus::no_data, DnsStatus::no_answer, DnsStatus::refused}) {
    auto error = dns_error("cloud.test", status, "192.168.1.1:53");
    CHECK(error.code == "net.dns_failed");
    CHECK(error.detail.find("cloud.test") != std::string::npos);
    CHECK_FALSE(error.fix.empty());
    CHECK(std::find(all.begin(), all.end(), error.detail) == all.end());
    all.push_back(error.detail);
  }
}

TEST_CASE_FIXTURE(World, "way: nobody listens; and no socket without a permit") {
  auto result = send(to(1));
  CHECK(code(result) == "net.refused");
  CHECK(meter.rows[1].closed);
  CHECK(trace->connect == Millis(-1));
  meter.allowed = false;
  CHECK(code(send(to(1))) == "gate.switched_off");
  CHECK(meter.rows.size() == 1);
}
