// Against the IANA special-purpose address registries for IPv4 and IPv6 (RFC 6890 and updates).
#include <doctest/doctest.h>

#include "agent/core/ip.hpp"
#include "tests/unit/seeded_rng.hpp"

using namespace qcloud;

namespace {

struct Row {
  std::string text;
  Reach reach;
};
constexpr auto global = Reach::global, shared = Reach::shared, local = Reach::local,
               reserved = Reach::reserved;

const Row v4[] = {
    {"0.0.0.0", reserved},         {"0.255.255.255", reserved},  {"1.0.0.0", global},
    {"9.255.255.255", global},     {"10.0.0.0", local},          {"10.255.255.255", local},
    {"11.0.0.0", global},          {"100.63.255.255", global},   {"100.64.0.0", shared},
    {"100.127.255.255", shared},   {"100.128.0.0", global},      {"126.255.255.255", global},
    {"127.0.0.1", local},          {"127.255.255.255", local},   {"128.0.0.0", global},
    {"169.253.255.255", global},   {"169.254.0.0", local},       {"169.254.255.255", local},
    {"169.255.0.0", global},       {"172.15.255.255", global},   {"172.16.0.0", local},
    {"172.31.255.255", local},     {"172.32.0.0", global},       {"191.255.255.255", global},
    {"192.0.0.0", reserved},       {"192.0.0.8", reserved},      {"192.0.0.170", reserved},
    {"192.0.0.255", reserved},     {"192.0.1.0", global},        {"192.0.2.0", reserved},
    {"192.0.2.255", reserved},     {"192.0.3.0", global},        {"192.88.99.0", reserved},
    {"192.88.99.255", reserved},   {"192.88.98.255", global},    {"192.88.100.0", global},
    {"192.167.255.255", global},   {"192.168.0.0", local},       {"192.168.255.255", local},
    {"192.169.0.0", global},       {"198.17.255.255", global},   {"198.18.0.0", reserved},
    {"198.19.255.255", reserved},  {"198.20.0.0", global},       {"198.51.99.255", global},
    {"198.51.100.0", reserved},    {"198.51.100.255", reserved}, {"198.51.101.0", global},
    {"203.0.112.255", global},     {"203.0.113.0", reserved},    {"203.0.113.255", reserved},
    {"203.0.114.0", global},       {"223.255.255.255", global},  {"224.0.0.0", reserved},
    {"239.255.255.255", reserved}, {"240.0.0.0", reserved},      {"255.255.255.255", reserved},
};

const Row v6[] = {
    {"::", reserved},
    {"::1", local},
    {"::2", reserved},
    {"::5.6.7.8", reserved},
    {"64:ff9b:1::1", reserved},
    {"100::1", reserved},
    {"100:0:0:1::1", reserved},
    {"1fff:ffff::1", reserved},
    {"2000::1", global},
    {"2001::1", reserved},  // Teredo
    {"2001:0:ffff:ffff::1", reserved},
    {"2001:2::1", reserved},   // benchmarking
    {"2001:10::1", reserved},  // ORCHID
    {"2001:1f:ffff::1", reserved},
    {"2001:1ff:ffff::1", reserved},  // the last of 2001::/23
    {"2001:200::1", global},
    {"2001:db7:ffff::1", global},
    {"2001:db8::", reserved},
    {"2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", reserved},
    {"2001:db9::", global},
    {"2001:ffff::1", global},
    {"2002::1", reserved},  // 6to4
    {"2002:506:708::1", reserved},
    {"2002:ffff:ffff::1", reserved},
    {"2003::1", global},
    {"2a0b:1:2::3", global},
    {"2620:4f:8000::1", global},  // AS112
    {"3ffe:ffff::1", global},
    {"3fff::1", reserved},
    {"3fff:fff:ffff::1", reserved},
    {"3fff:1000::1", global},
    {"4000::1", reserved},
    {"5f00::1", reserved},
    {"fbff::1", reserved},
    {"fc00::", local},
    {"fdff:ffff::1", local},
    {"fe00::1", reserved},
    {"fe80::", local},
    {"febf:ffff::1", local},
    {"ff00::", reserved},
    {"ff02::1", reserved},
    {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", reserved},
};

}  // namespace

TEST_CASE("ip: reach of IPv4 at every edge of the registry") {
  for (const auto& row : v4) {
    CAPTURE(row.text);
    auto address = parse_ip(row.text);
    REQUIRE(address);
    CHECK_FALSE(address->v6);
    CHECK(reach_of(*address) == row.reach);
    CHECK(to_string(*address) == row.text);
  }
}

TEST_CASE("ip: reach of IPv6 at every edge of the registry") {
  for (const auto& row : v6) {
    CAPTURE(row.text);
    auto address = parse_ip(row.text);
    REQUIRE(address);
    CHECK(address->v6);
    CHECK(reach_of(*address) == row.reach);
  }
}

TEST_CASE("ip: blocks that the registry calls globally reachable stay so") {
  for (std::string text : {"192.31.196.1", "192.52.193.1", "192.175.48.1"}) {
    CAPTURE(text);
    CHECK(reach_of(*parse_ip(text)) == Reach::global);
  }
}

TEST_CASE("ip: an IPv4-mapped address becomes IPv4, with the reach of that") {
  for (std::string text : {"::ffff:192.168.1.5", "::ffff:c0a8:105", "0:0:0:0:0:FFFF:C0A8:0105"}) {
    CAPTURE(text);
    auto address = parse_ip(text);
    REQUIRE(address);
    CHECK_FALSE(address->v6);
    CHECK(to_string(*address) == "192.168.1.5");
    CHECK(reach_of(*address) == Reach::local);
    CHECK(*address == *parse_ip("192.168.1.5"));
  }
}

TEST_CASE("ip: what is no strict address is refused") {
  for (std::string text : {"",
                           " ",
                           "1",
                           "1.2.3",
                           "1.2.3.4.5",
                           "256.1.1.1",
                           "1.2.3.256",
                           "01.2.3.4",
                           "1.2.3.04",
                           "1.2.3.4 ",
                           " 1.2.3.4",
                           "0x1.2.3.4",
                           "1.2.3.-4",
                           "1.2.3.+4",
                           "1.2.3.",
                           ".1.2.3",
                           "1..2.3",
                           "1.2.3.4/24",
                           "1.2.3.4:80",
                           "16909060",
                           "a.b.c.d",
                           "1.2.3.4\n",
                           ":",
                           ":::",
                           "1::2::3",
                           "1:2:3:4:5:6:7",
                           "1:2:3:4:5:6:7:8:9",
                           "12345::",
                           "g::1",
                           "::1%eth0",
                           "fe80::1%1",
                           "[::1]",
                           "::1/64",
                           "::1 ",
                           "1:2:3:4:5:6:7:",
                           ":1:2:3:4:5:6:7",
                           "::1.2.3",
                           "::1.2.3.4.5",
                           "::256.1.1.1",
                           "localhost",
                           "1.2.3.4::",
                           "1:2:3:4:5:6:7:1.2.3.4"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_ip(text));
  }
  using namespace std::string_view_literals;
  CHECK_FALSE(parse_ip("1.2.3.4\0"sv));
  CHECK_FALSE(parse_ip("1.2.3.4\0junk"sv));
  CHECK_FALSE(parse_ip("::1\0"sv));
  CHECK_FALSE(parse_ip(std::string(5000, '1')));
}

TEST_CASE("ip: text of IPv6 is RFC 5952 and round trips") {
  CHECK(to_string(*parse_ip("2A0B:0001:0002:0000:0000:0000:0000:0003")) == "2a0b:1:2::3");
  CHECK(to_string(*parse_ip("2001:DB8::1")) == "2001:db8::1");
  unit::SeededRng rng(21);
  for (int i = 0; i < 1000; ++i) {
    IpAddress address{rng.below(2) == 1, {}};
    for (int at = 0; at < (address.v6 ? 16 : 4); ++at)
      address.bytes[at] = rng.below(3) ? static_cast<std::uint8_t>(rng.below(256)) : 0;
    if (address.v6) address.bytes[0] |= 0x20;  // not IPv4-mapped
    CHECK(parse_ip(to_string(address)) == address);
  }
}
