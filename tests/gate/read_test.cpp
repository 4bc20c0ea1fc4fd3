// What the gate makes of an answer.
#include "agent/gate/lanes.hpp"
#include "tests/gate/world.hpp"

using namespace gate_test;

namespace {

using Seen = std::vector<std::pair<int, bool>>;  // statuses; 0: none

Result<std::int64_t> read_a(const Answer& answer) {
  if (!answer.ok()) return answer.problem();
  auto a = number_member(answer.json, "a");
  if (!a) return Error{"cloud.bad_answer", Retry::retry_later, "There is no a.", ""};
  return *a;
}

}  // namespace

TEST_CASE_FIXTURE(World, "gate: an answer of any status is a value; JSON is read where the type says so") {
  net.replies = {unit::answer(200, "{\"a\":1}"), unit::answer(404, "{\"b\":2}", "application/problem+json"),
                 unit::answer(200, "{\"c\":3}", "text/plain"),
                 unit::answer(200, "{\"d\":4}", "application/json; charset=utf-8"),
                 unit::answer(204, "", "")};
  auto first = send(bare());
  REQUIRE(first);
  CHECK(first->json.at("a") == 1);
  auto second = send(bare());
  REQUIRE(second);
  CHECK(second->status == 404);
  CHECK_FALSE(second->ok());
  CHECK(second->json.at("b") == 2);
  auto third = send(bare());
  REQUIRE_FALSE(third);  // a page in the place of the answer
  CHECK(third.error().code == "cloud.bad_answer");
  auto fourth = send(bare());
  REQUIRE(fourth);
  CHECK(fourth->json.at("d") == 4);
  auto fifth = send(bare());
  REQUIRE(fifth);
  CHECK(fifth->ok());
  net.replies = {unit::answer(502, "<html>", "text/html")};
  auto sixth = send(bare());
  REQUIRE(sixth);
  CHECK(sixth->json.empty());
  CHECK(sixth->body == "<html>");
}

TEST_CASE_FIXTURE(World, "gate: what says JSON and is none is cloud.bad_answer") {
  std::string deep(5000, '['), deep_objects;
  for (int i = 0; i < 5000; ++i) deep_objects += "{\"a\":";
  for (std::string body :
       {std::string("{"), std::string("[1]"), std::string("\"x\""), std::string("nul"),
        std::string("{\"a\":1}x"), std::string("{\"a\":\"\xff\xfe\"}"), deep, deep_objects}) {
    CAPTURE(body.substr(0, 40));
    net.replies = {unit::answer(200, body)};
    auto answer = send(bare());
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == "cloud.bad_answer");
  }
}

TEST_CASE_FIXTURE(
    World,
    "gate: JSON that is only odd is read: unknown members stay unread, of two equal ones there is one") {
  net.replies = {unit::answer(200, R"({"a":1,"a":2,"who":{"knows":[1,{"x":null}]}})")};
  auto answer = send(bare());
  REQUIRE(answer);
  CHECK(answer->json.at("a") == 2);  // the last one, always
  net.replies = {unit::answer(200, "")};
  answer = send(bare());
  if (answer) CHECK(answer->json.empty());
}

TEST_CASE_FIXTURE(World, "A7 gate: redirects are not followed, whoever they point to") {
  for (int status : {301, 302, 303, 307, 308}) {
    net.requests.clear();
    auto redirect = unit::answer(status, "{}");
    redirect.location = "https://login.hotel.example/";
    net.replies = {redirect};
    auto answer = send(bare());
    CHECK(net.requests.size() == 1);
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == "cloud.bad_answer");
    CHECK(answer.error().detail.find("login.hotel.example") != std::string::npos);
  }
}

TEST_CASE_FIXTURE(World, "gate: an answer that its asker cannot read is no contact with the cloud") {
  RequestLane<sample::manifest> lane(port);
  auto ask = [&](const HttpResponse& answer, SendOptions options = {}) {
    net.replies = {answer};
    session.seen.clear();
    auto message = Compose<sample::manifest, "bare">().done();
    return unit::finish(io, lane.ask(std::move(message), read_a, std::move(options)));
  };
  auto good = ask(unit::answer(200, "{\"a\":7}"));
  REQUIRE(good);
  CHECK(*good == 7);
  CHECK(session.seen == Seen{{200, true}});
  // Readable JSON, and not what was asked for.
  auto odd = ask(unit::answer(200, "{\"a\":\"seven\"}"));
  REQUIRE_FALSE(odd);
  CHECK(odd.error().code == "cloud.bad_answer");
  CHECK(session.seen == Seen{{0, true}});
  // A problem is the cloud's word.
  auto problem =
      ask(unit::answer(404, R"({"type":"urn:qcloud:problem:unknown"})", "application/problem+json"));
  REQUIRE_FALSE(problem);
  CHECK(problem.error().code == "cloud.unknown");
  CHECK(session.seen == Seen{{404, true}});
  // With a trace the way is on test.
  SendOptions traced;
  traced.trace = std::make_shared<Trace>();
  CHECK_FALSE(ask(unit::answer(200, "{}"), traced));
  CHECK(session.seen.empty());
  // What comes without TLS is a stranger's, and not read.
  auto page = Compose<sample::manifest, "page">().done();
  auto refused = unit::finish(io, lane.ask(std::move(page), read_a));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == "gate.not_declared");
}
