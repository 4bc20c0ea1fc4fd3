#include <doctest/doctest.h>

#include "tests/cloud/address.hpp"
#include "tests/cloud/derive_records.hpp"

using namespace refcloud;

TEST_CASE("derive_records: direct, relay, or none") {
  const auto v4 = parse_address("5.6.7.8");
  const auto v6 = parse_address("2a00:1450::1");
  const auto home = parse_address("192.168.1.2");
  const Records relay{{"9.9.9.9"}, {"2620:fe::fe"}};
  const Records none;
  const Records direct4{{"5.6.7.8"}, {}};
  const Records direct6{{}, {"2a00:1450::1"}};
  const Records both{{"5.6.7.8"}, {"2a00:1450::1"}};
  const auto nothing = std::optional<Address>{};
  const auto detached = std::optional<Records>{};
  const struct {
    const char* what;
    RecordInputs in;
    Records out;
  } table[] = {
      {"nothing reported", {true, nothing, nothing, detached, Audience::everyone}, none},
      {"IPv4", {true, v4, nothing, detached, Audience::everyone}, direct4},
      {"IPv6", {true, nothing, v6, detached, Audience::everyone}, direct6},
      {"both", {true, v4, v6, detached, Audience::everyone}, both},
      {"a private address is never published", {true, home, nothing, detached, Audience::everyone}, none},
      {"attached, the relay, whatever stands beside it", {true, v4, v6, relay, Audience::everyone}, relay},
      {"without a direct address, the relay", {true, nothing, nothing, relay, Audience::everyone}, relay},
      {"behind carrier NAT, the relay", {true, home, nothing, relay, Audience::everyone}, relay},
      {"invited: no home address", {true, v4, v6, detached, Audience::invited}, none},
      {"invited: the relay", {true, v4, v6, relay, Audience::invited}, relay},
      {"owner: no home address", {true, v4, v6, detached, Audience::owner}, none},
      {"owner: the relay", {true, v4, v6, relay, Audience::owner}, relay},
      {"revoked: none, whatever else", {false, v4, v6, relay, Audience::everyone}, none},
  };
  for (const auto& row : table) {
    CAPTURE(row.what);
    CHECK(derive_records(row.in) == row.out);
  }
}

TEST_CASE("addresses: only what the internet can reach") {
  for (const auto* const good :
       {"5.6.7.8", "8.8.8.8", "100.63.255.255", "100.128.0.0", "172.15.0.1", "172.32.0.1", "198.17.1.1",
        "223.255.255.255", "192.0.1.1", "2a00:1450::1", "2001:200::1", "2001:4860:4860::8888", "2003::1",
        "3ffe::1", "2620:4f:8001::1"}) {
    CAPTURE(good);
    CHECK(parse_address(good)->global());
  }
  for (const auto* const bad :
       {"0.0.0.0",     "10.1.2.3",        "100.64.0.1",     "100.127.255.255", "127.0.0.1",
        "169.254.1.1", "172.16.0.1",      "172.31.255.255", "192.0.0.9",       "192.0.2.1",
        "192.88.99.1", "192.168.0.1",     "198.18.0.1",     "198.19.255.255",  "198.51.100.7",
        "203.0.113.7", "224.0.0.1",       "240.0.0.1",      "255.255.255.255", "::",
        "::1",         "64:ff9b::1",      "100::1",         "2001::1",         "2001:1ff::1",
        "2001:db8::1", "2002:506:708::1", "3fff:fff::1",    "fc00::1",         "fd12::1",
        "fe80::1",     "ff02::1",         "4000::1",        "::ffff:10.0.0.1"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_address(bad)->global());
  }
  for (const auto* const none : {"", "5.6.7", "5.6.7.8.9", "05.6.7.8", "5.6.7.8 ", "2a00::1%eth0",
                                 "[2a00::1]", "2a00:::1", "localhost"}) {
    CAPTURE(none);
    CHECK_FALSE(parse_address(none));
  }
  CHECK(parse_address("::ffff:5.6.7.8")->text() == "5.6.7.8");
}
