// Promise A8: a box full of what is personal, and a bundle with nothing of it.
#include "agent/app/bundle.hpp"

#include <doctest/doctest.h>

#include <boost/json/serialize.hpp>

#include "agent/core/anonymize_view.hpp"
#include "agent/core/log_ring.hpp"
#include "tests/app/box_world.hpp"

using namespace qcloud;

namespace {

struct World : unit::BoxWorld {
  LogRing ring;
  World() {
    agent->deps.log_ring = &ring;
    net.on_exchange = [this](HttpRequest request, Meter&) { return cloud(std::move(request)); };
  }
  Result<boost::json::object> bundle(boost::json::array attachments = {}) {
    return unit::finish(io, make_bundle(*agent, std::move(attachments)));
  }
};

}  // namespace

TEST_CASE("A8 bundle: nothing that is personal is in it") {
  World w;
  w.registered();
  REQUIRE(w.start());
  REQUIRE(w.agent->identity.describe("Walter.Owner@example.org", "cellar-nas", "cellar-nas.mynas.test",
                                     "mynas.test"));
  unit::settle(w.io);
  w.box.set_addresses({"5.6.7.89", "2a0b:1:2:3:4:5:6:7"});
  auto conn = w.agent->ledger.opened("ddns", {"tcp", "192.168.1.55:40112", "9.9.9.200:443", 0});
  REQUIRE(w.agent->ledger.message("ddns", "look up the host's address", "192.168.1.99:53", {"host_name"}));
  w.agent->ledger.closed(conn, 10, 10, ConnectionEnd::closed);
  w.agent->examined = boost::json::object{{"checks",
                                           {{{"code", "nat_none"},
                                             {"text", "It has 5.6.7.89 of its own."},
                                             {"evidence", {{"address", "5.6.7.89"}}}}}}};
  // Straight into the ring, as if the log had let them through.
  w.ring.add("login of WALTER.owner from 5.6.7.89");
  w.ring.add("https://cellar-nas.mynas.test/?u=walter%2eowner%40example.org");
  auto bundle =
      w.bundle({{{"name", "cellar-nas_Q204I12345.log"},
                 {"text",
                  "S/N: Q204I12345\nether 24:5e:be:12:34:56\nuser=maria password=geheim123\n"
                  "{\"account\":{\"login\":\"otto\",\"id\":7}}\nAuthorization: Bearer abc.def.ghi"}}});
  REQUIRE(bundle);
  auto text = anonymizing::lower(boost::json::serialize(*bundle));
  for (const char* secret : {"walter", "owner@", "example.org", "cellar", "mynas.test", "device-1",
                             "q204i12345", "24:5e:be", "12:34:56", "maria", "geheim", "otto", "abc.def",
                             "5.6.7.89", "4:5:6:7", "192.168.1.55", "192.168.1.99", "9.9.9.200"}) {
    CAPTURE(secret);
    CHECK(text.find(secret) == std::string::npos);
  }
  const auto& body = bundle->at("bundle").as_object();
  CHECK(body.at("status").at("registered") == true);
  CHECK(body.at("log").as_array().size() == 2);
  CHECK(body.at("attachments").as_array().size() == 1);
  CHECK(body.at("doctor").is_object());
  CHECK(body.at("ledger").at("rows").as_array().size() >= 2);
  CHECK(text.find("cloud.vendor.test") == std::string::npos);  // no address of the cloud was used here
}

TEST_CASE("A8 bundle: a registration that changes is known to the log at once") {
  World w;
  w.registered();
  REQUIRE(w.start());
  w.agent->deps.log.info("bound to anna");
  REQUIRE(w.agent->identity.describe("berta", "", "", ""));
  unit::settle(w.io);
  w.agent->deps.log.info("bound to BERTA now");
  REQUIRE(w.lines.size() >= 2);
  CHECK(w.lines[w.lines.size() - 2] == "bound to [removed]");
  CHECK(w.lines.back() == "bound to [removed] now");
}

TEST_CASE("bundle: odd attachments are refused; a box that is not registered has one too") {
  World w;
  REQUIRE(w.start());
  CHECK(w.bundle());
  CHECK_FALSE(w.bundle({"text"}));
  CHECK_FALSE(w.bundle({{{"name", "a"}}}));
  CHECK_FALSE(w.bundle({{{"name", "a"}, {"text", 5}}}));
  boost::json::array many;
  for (int i = 0; i < 21; ++i) many.push_back({{"name", "a"}, {"text", "b"}});
  CHECK_FALSE(w.bundle(many));
}
