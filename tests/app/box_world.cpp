#include "tests/app/box_world.hpp"

#include <doctest/doctest.h>

#include <algorithm>

namespace unit {

BoxWorld::BoxWorld() {
  box.set_addresses({"5.6.7.8"});
  net.on_exchange = [this](qcloud::HttpRequest request, qcloud::Meter&) { return cloud(std::move(request)); };
}

void BoxWorld::registered() {
  auto request = agent->identity.begin();
  REQUIRE(request);
  auto csr = unit::parse_csr(std::string(request->json().as_string()));
  auto now = qcloud::unix_seconds(clock.wall());
  std::vector<qcloud::Certificate> all;
  all.emplace_back(
      unit::certificate(X509_REQ_get0_pubkey(csr.get()), ca.get(), "device-1", now - 3600, now + 7 * 86400)
          .release());
  REQUIRE(agent->identity.load());
  // load() may forget a key in the making: begin again if so.
  if (!agent->identity.adopt(std::move(all), clock.wall(), true)) {
    auto again = agent->identity.begin();
    auto second = unit::parse_csr(std::string(again->json().as_string()));
    std::vector<qcloud::Certificate> more;
    more.emplace_back(unit::certificate(X509_REQ_get0_pubkey(second.get()), ca.get(), "device-1", now - 3600,
                                        now + 7 * 86400)
                          .release());
    REQUIRE(agent->identity.adopt(std::move(more), clock.wall(), true));
  }
  REQUIRE(agent->identity.describe("anna", "nas1", "nas1.mynas.test", "mynas.test"));
}

qcloud::Task<unit::FakeTransport::Reply> BoxWorld::cloud(qcloud::HttpRequest request) {
  if (request.target.starts_with("/v1/watch")) {
    if (request.hanging) co_await clock.sleep_until(request.deadline);
    co_return unit::answer(
        200, R"({"cursor":1,"seen":"5.6.7.8","name":"nas1","fqdn":"nas1.mynas.test","published":{"a":)" +
                 std::string(published.empty() ? "[]" : "[\"" + published + "\"]") +
                 R"(,"aaaa":[]},"reported":{"ipv4":)" +
                 (published.empty() ? "null" : "\"" + published + "\"") + R"(,"ipv6":null},"events":[]})");
  }
  if (request.target == "/v1/ddns") {
    published = "5.6.7.8";
    co_return unit::answer(
        200,
        R"({"fqdn":"nas1.mynas.test","published":{"a":["5.6.7.8"],"aaaa":[]},"reported":{"ipv4":"5.6.7.8","ipv6":null},"revision":1})");
  }
  if (request.target == "/v1/whoami") co_return unit::answer(200, R"({"address":"5.6.7.8"})");
  co_return qcloud::Error{"net.unreachable", qcloud::Retry::retry_soon, "no cloud here", ""};
}

int BoxWorld::sent(std::string_view target) const {
  return int(
      std::count_if(net.requests.begin(), net.requests.end(), [&](auto& r) { return r.target == target; }));
}

}  // namespace unit
