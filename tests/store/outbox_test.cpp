// Promise A5: an order is kept until a receipt settles it.
#include "agent/store/outbox.hpp"

#include <doctest/doctest.h>

#include "agent/core/signal.hpp"
#include "tests/unit/loop.hpp"
#include "tests/unit/state.hpp"

using namespace qcloud;

namespace {

struct World {
  boost::asio::io_context io;
  unit::State state;
  std::unique_ptr<Outbox> outbox = std::make_unique<Outbox>(state.db());

  void restart() {
    outbox.reset();
    state.open();
    outbox = std::make_unique<Outbox>(state.db());
    outbox->refresh();
  }
  static Order order(const std::string& id, std::int64_t when = 1795428000) {
    return {id, "ddns", "eyJ.request." + id, "thumb", from_unix(when), std::nullopt, std::nullopt};
  }
  void file(const Order& order) {
    REQUIRE(outbox->file(order));
    outbox->refresh();
  }
};

}  // namespace

TEST_CASE_FIXTURE(World, "A5 outbox: an order is pending from its commit, and through restarts") {
  file(order("a"));
  restart();
  auto pending = outbox->pending();
  REQUIRE(pending.size() == 1);
  CHECK(pending[0].id == "a");
  CHECK(pending[0].scope == "ddns");
  CHECK(pending[0].request == "eyJ.request.a");
  CHECK(pending[0].thumbprint == "thumb");
  CHECK(pending[0].submitted == from_unix(1795428000));
  CHECK_FALSE(pending[0].receipt);
  CHECK_FALSE(pending[0].settled);
  CHECK(outbox->is_open("a"));
  CHECK(outbox->open.get() == std::vector<OpenOrder>{{"a", "ddns", "thumb"}});
}

TEST_CASE_FIXTURE(World, "A5 outbox: filed in the transaction of the switch, or not at all") {
  auto status = state.db().transaction([&]() -> Status {
    if (auto filed = outbox->file(order("a")); !filed) return filed;
    return Error{"store.failed", Retry::retry_later, "the switch failed", ""};
  });
  CHECK_FALSE(status);
  outbox->refresh();
  CHECK(outbox->pending().empty());
  CHECK(outbox->all().empty());
  CHECK(outbox->open.get().empty());
}

TEST_CASE_FIXTURE(World, "A5 outbox: a receipt settles one order for good, and is kept") {
  file(order("a"));
  file(order("b", 1795428001));
  REQUIRE(outbox->settle("a", "eyJ.receipt.a", from_unix(1795428100)));
  outbox->refresh();
  CHECK_FALSE(outbox->is_open("a"));
  CHECK(outbox->is_open("b"));
  restart();
  auto settled = outbox->find("a");
  REQUIRE(settled);
  CHECK(settled->receipt == "eyJ.receipt.a");
  CHECK(settled->settled == from_unix(1795428100));
  CHECK(outbox->pending().size() == 1);
  CHECK(outbox->all().size() == 2);
  CHECK_FALSE(outbox->find("c"));
}

TEST_CASE_FIXTURE(World, "A5 outbox: the same id is not filed twice") {
  file(order("a"));
  auto again = order("a");
  again.request = "another";
  (void)outbox->file(again);
  outbox->refresh();
  REQUIRE(outbox->all().size() == 1);
  CHECK(outbox->all()[0].request == "eyJ.request.a");
}

TEST_CASE_FIXTURE(World, "A5 outbox: a settled order stays settled") {
  file(order("a"));
  REQUIRE(outbox->settle("a", "first", from_unix(1795428100)));
  (void)outbox->settle("a", "second", from_unix(1795428200));
  auto found = outbox->find("a");
  REQUIRE(found);
  CHECK(found->receipt == "first");
}

TEST_CASE_FIXTURE(World, "outbox: the oldest comes first") {
  file(order("young", 1795429000));
  file(order("old", 1795428000));
  CHECK(outbox->all()[0].id == "old");
  CHECK(outbox->pending()[0].id == "old");
}

TEST_CASE_FIXTURE(World, "outbox: page by page, each order once, also those of one moment") {
  for (auto id : {"a", "b", "c"}) file(order(id, 1795428000));
  file(order("young", 1795429000));
  file(order("old", 1795427000));
  auto first = outbox->page("", 2);
  REQUIRE(first.size() == 2);
  CHECK(first[0].id == "old");
  CHECK(first[1].id == "a");
  auto second = outbox->page("a", 2);
  REQUIRE(second.size() == 2);
  CHECK(second[0].id == "b");
  CHECK(second[1].id == "c");
  auto last = outbox->page("c", 2);
  REQUIRE(last.size() == 1);
  CHECK(last[0].id == "young");
  CHECK(outbox->page("young", 2).empty());
  CHECK(outbox->page("unknown", 2).empty());
  CHECK(outbox->all().size() == 5);
}

TEST_CASE_FIXTURE(World, "outbox: a failed try is remembered in memory only, and costs no write") {
  file(order("a"));
  CHECK(outbox->delay("a") == nullptr);
  auto changes = state.db().number("SELECT total_changes()");
  outbox->postpone("a", {Instant(seconds(500)), 3, true, "no answer", false});
  CHECK(state.db().number("SELECT total_changes()") == changes);
  REQUIRE(outbox->delay("a"));
  CHECK(outbox->delay("a")->tries == 3);
  CHECK(outbox->delay("a")->accepted);
  CHECK(outbox->delay("a")->problem == "no answer");
  restart();
  CHECK(outbox->delay("a") == nullptr);  // due at once
}

TEST_CASE_FIXTURE(World, "outbox: hurry() makes all due now") {
  file(order("a"));
  file(order("b"));
  outbox->postpone("a", {Instant(seconds(50000)), 3, true, "no answer", false});
  outbox->postpone("b", {Instant(seconds(60000)), 1, false, "no answer", false});
  outbox->hurry();
  for (auto id : {"a", "b"}) {
    auto* delay = outbox->delay(id);
    CHECK((delay == nullptr || delay->next_try <= Instant(seconds(1))));
  }
}

TEST_CASE_FIXTURE(World, "A5 outbox: orders that cannot be read at the moment are not settled") {
  file(order("a"));
  REQUIRE(state.db().run("ALTER TABLE orders RENAME TO elsewhere"));
  outbox->refresh();
  CHECK(outbox->is_open("a"));
}

TEST_CASE_FIXTURE(World, "outbox: a change wakes who waits; refresh() without one does not") {
  Signal signal(io.get_executor());
  auto subscription = outbox->open.wake(signal);
  outbox->refresh();
  auto waiting = unit::start(io, signal.wait());
  CHECK_FALSE(waiting.ended());
  file(order("a"));
  unit::settle(io);
  CHECK(waiting.returned());
}
