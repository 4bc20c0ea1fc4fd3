#include <doctest/doctest.h>

#include <algorithm>

#include "agent/app/status.hpp"

using namespace qcloud;

namespace {

const WallTime now = from_unix(1795428000);

WayInputs good() {
  WayInputs in;
  in.any_on = true;
  in.registered = true;
  in.route = true;
  in.certificate_until = now + days(5);
  in.contact.last_contact = now;
  return in;
}
std::vector<std::string> codes(const WayInputs& in) {
  std::vector<std::string> all;
  for (auto& finding : way_findings(in)) {
    CHECK(find_in_catalog(finding.code) != nullptr);
    all.push_back(finding.code);
  }
  return all;
}
bool has(const WayInputs& in, std::string_view code) {
  auto all = codes(in);
  return std::find(all.begin(), all.end(), code) != all.end();
}
WayInputs trouble(const char* code) {
  auto in = good();
  in.contact.trouble = Error{code, Retry::retry_soon, "why", ""};
  in.contact.trouble_since = now - minutes(10);
  return in;
}

}  // namespace

TEST_CASE("status way: nothing is in the way") { CHECK(codes(good()).empty()); }

TEST_CASE("status way: each cause has its code") {
  auto in = good();
  in.registered = false;
  CHECK(has(in, "not_registered"));
  in.set_aside = true;
  CHECK(has(in, "identity_set_aside"));
  in = good();
  in.route = false;
  CHECK(has(in, "no_network"));
  CHECK(has(trouble("net.dns_failed"), "dns_failing"));
  CHECK(has(trouble("net.unreachable"), "cloud_unreachable"));
  CHECK(has(trouble("net.timeout"), "cloud_unreachable"));
  CHECK(has(trouble("net.refused"), "cloud_unreachable"));
  CHECK(has(trouble("net.reset"), "cloud_unreachable"));
  CHECK(has(trouble("net.tls_untrusted"), "cloud_untrusted"));
  CHECK(has(trouble("net.tls_time"), "cloud_certificate_time"));
  CHECK_FALSE(has(trouble("net.tls_time"), "cloud_unreachable"));
  for (auto code : {"net.proxy_unreachable", "net.proxy_auth", "net.proxy_refused"})
    CHECK(codes(trouble(code)) == std::vector<std::string>{"proxy_failing"});
}

TEST_CASE("status way: how the cloud stands to the box") {
  auto with = [](Standing standing) {
    auto in = good();
    in.contact.standing = standing;
    return in;
  };
  CHECK(has(with(Standing::revoked), "certificate_revoked"));
  CHECK(has(with(Standing::removed), "removal_unproved"));
  auto gone = good();
  gone.registered = false;
  gone.removed = "2026-11-23T10:00:00Z";
  CHECK(codes(gone) == std::vector<std::string>{"device_removed"});
  gone.registered = true;  // a note of an earlier registration says nothing about this one
  CHECK_FALSE(has(gone, "device_removed"));
  CHECK(has(with(Standing::superseded), "key_superseded"));
  CHECK(has(with(Standing::expired), "certificate_expired"));
}

TEST_CASE("status way: the first cause explains the rest") {
  auto in = trouble("net.dns_failed");
  in.route = false;
  CHECK(codes(in) == std::vector<std::string>{"no_network"});
  in = trouble("net.timeout");
  in.contact.standing = Standing::removed;
  CHECK(codes(in).front() == "removal_unproved");
}

TEST_CASE("status way: the clock, when the difference matters") {
  auto in = good();
  in.contact.clock_error = hours(48);
  CHECK(has(in, "clock_wrong"));
}

TEST_CASE("A1 status way: with everything off and nothing pending, no network is no trouble") {
  auto in = good();
  in.any_on = false;
  in.route = false;
  CHECK_FALSE(has(in, "no_network"));
  in = trouble("net.timeout");
  in.any_on = false;
  CHECK_FALSE(has(in, "cloud_unreachable"));
  in.order_open = true;  // the one exception: a pending order wants the way
  CHECK(has(in, "cloud_unreachable"));
}
