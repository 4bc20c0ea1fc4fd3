#include "agent/cloud/cloud_session.hpp"

#include <doctest/doctest.h>

#include "tests/identity/openssl.hpp"
#include "tests/unit/fake_transport.hpp"
#include "tests/unit/state.hpp"
#include "tests/unit/virtual_clock.hpp"

using namespace qcloud;

namespace {

struct World {
  boost::asio::io_context io;
  unit::VirtualClock clock{io};
  unit::State state;
  Identity identity{state.db(), "box-1"};
  CloudSession session{clock, identity, from_unix(1795000000)};

  const Contact& contact() { return session.contact.get(); }
  void answer(int status, const std::string& code = {}, const std::string& more = {},
              bool with_certificate = true) {
    auto body = code.empty() ? std::string("{}")
                             : "{\"type\":\"urn:qcloud:problem:" + code +
                                   "\",\"title\":\"t\",\"status\":" + std::to_string(status) +
                                   ",\"retryable\":false" + more + "}";
    auto response =
        unit::answer(status, body, code.empty() ? "application/json" : "application/problem+json");
    response.date = clock.wall();
    session.observe(response, with_certificate);
  }
  void fail(const std::string& code) { session.observe(Error{code, Retry::retry_soon, "why", ""}, true); }
};

}  // namespace

TEST_CASE_FIXTURE(World, "session: an answer is contact; a failure is trouble since its beginning") {
  CHECK_FALSE(contact().last_contact);
  answer(200);
  auto first = clock.wall();
  CHECK(contact().last_contact == first);
  CHECK_FALSE(contact().trouble);

  clock.advance(minutes(5));
  fail("net.timeout");
  auto begun = clock.wall();
  REQUIRE(contact().trouble);
  CHECK(contact().trouble->code == "net.timeout");
  CHECK(contact().trouble_since == begun);
  CHECK(contact().last_contact == first);
  clock.advance(minutes(5));
  fail("net.dns_failed");
  CHECK(contact().trouble->code == "net.dns_failed");
  CHECK(contact().trouble_since == begun);

  clock.advance(minutes(5));
  answer(200);
  CHECK_FALSE(contact().trouble);
  CHECK_FALSE(contact().trouble_since);
  CHECK(contact().last_contact == clock.wall());
}

TEST_CASE_FIXTURE(World, "session: how the cloud stands to this box") {
  CHECK(contact().standing == Standing::good);
  answer(401, "certificate-revoked");
  CHECK(contact().standing == Standing::revoked);
  session.reset_standing();
  CHECK(contact().standing == Standing::good);
  answer(401, "key-superseded");
  CHECK(contact().standing == Standing::superseded);
  session.reset_standing();
  answer(401, "certificate-expired");
  CHECK(contact().standing == Standing::expired);
  session.reset_standing();
  answer(410, "device-removed", R"(,"receipt":"eyJ.re.ceipt")");
  CHECK(contact().standing == Standing::removed);
  CHECK(contact().removal_receipt == "eyJ.re.ceipt");
  session.reset_standing();
  CHECK(contact().standing == Standing::good);
  CHECK(contact().removal_receipt.empty());
}

TEST_CASE_FIXTURE(World, "session: an expired certificate that was renewed is good again") {
  answer(401, "certificate-expired");
  answer(200);
  CHECK(contact().standing == Standing::good);
}

TEST_CASE_FIXTURE(World, "session: other problems say nothing about the box's standing") {
  for (auto code : {"name-taken", "internal", "too-many-requests", "bad-json", "not-found"}) {
    answer(code == std::string("internal") ? 500 : 409, code);
    CHECK(contact().standing == Standing::good);
  }
  fail("net.reset");
  CHECK(contact().standing == Standing::good);
}

TEST_CASE_FIXTURE(World, "session: a clock that is off is seen by the verified answer, and never set") {
  auto response = unit::answer(200, "{}");
  response.date = clock.wall() + hours(48);
  session.observe(response, true);
  CHECK(std::chrono::abs(contact().clock_error - Millis(hours(48))) <= Millis(seconds(2)));
  CHECK(std::chrono::abs(session.now() - (clock.wall() + hours(48))) <= Millis(seconds(2)));
  auto box = clock.wall();
  // A clock that runs ahead by a year.
  clock.set_wall(clock.wall() + hours(24 * 365));
  box = clock.wall();
  response.date = clock.wall() - hours(24 * 365) + hours(49);
  session.observe(response, true);
  CHECK(std::chrono::abs(session.now() - *response.date) <= Millis(seconds(2)));
  CHECK(clock.wall() == box);
  // The owner has set it meanwhile.
  response.date = clock.wall();
  session.observe(response, true);
  CHECK(contact().clock_error == Millis(0));
}

TEST_CASE_FIXTURE(World, "session: a second or two of difference is none; answers wake nobody for it") {
  answer(200);
  auto response = unit::answer(200, "{}");
  response.date = clock.wall() + seconds(2);
  session.observe(response, true);
  CHECK(contact().clock_error == Millis(0));
  response.date = std::nullopt;
  session.observe(response, true);
  CHECK(contact().clock_error == Millis(0));
}

TEST_CASE_FIXTURE(World, "session: garbage in a 401 or 410 is no standing and no abort") {
  for (std::string body :
       {"", "{", "[]", "{\"type\":7}", "{\"type\":\"urn:qcloud:problem:\"}", "{\"receipt\":{}}"}) {
    session.observe(unit::answer(401, body, "application/problem+json"), true);
    session.observe(unit::answer(410, body, "application/problem+json"), true);
  }
  CHECK((contact().standing == Standing::good || contact().standing == Standing::removed));
  CHECK(contact().removal_receipt.empty());
}

TEST_CASE_FIXTURE(World, "session: the floor is a time that has certainly passed") {
  CHECK(session.floor() == from_unix(1795000000));
  CHECK(session.identity() == nullptr);
}
