#include "agent/gate/answer.hpp"

#include <doctest/doctest.h>

#include <boost/json/parse.hpp>

using namespace qcloud;

namespace {

Answer with_json(int status, std::string_view json, int retry_after = 0) {
  Answer answer;
  answer.status = status;
  answer.content_type = "application/problem+json";
  answer.body = std::string(json);
  answer.json = boost::json::parse(boost::json::string_view(json.data(), json.size())).as_object();
  answer.retry_after = retry_after;
  return answer;
}
Answer problem(int status, const std::string& code, bool retryable, int retry_after = 0) {
  return with_json(status,
                   "{\"type\":\"urn:qcloud:problem:" + code +
                       "\",\"title\":\"T\",\"status\":" + std::to_string(status) +
                       ",\"detail\":\"what happened\",\"retryable\":" + (retryable ? "true" : "false") + "}",
                   retry_after);
}
bool waits(Retry retry) { return retry == Retry::wait_for_owner || retry == Retry::give_up; }

}  // namespace

TEST_CASE("A2 echo: mints only what this answer really held") {
  auto answer = with_json(
      200,
      R"({"device_code":"abc","cursor":7,"flag":true,"none":null,"list":["x"],"object":{"a":1},"big":18446744073709551615,"f":1.5})");
  auto code = answer.echo<DataClass::one_time_code>("device_code");
  REQUIRE(code);
  CHECK(code->json() == "abc");
  auto cursor = answer.echo<DataClass::server_cursor>("cursor");
  REQUIRE(cursor);
  CHECK(cursor->json() == 7);
  CHECK(answer.echo<DataClass::server_cursor>("big"));
  for (auto name : {"flag", "none", "list", "object", "f", "absent", "", "DEVICE_CODE"}) {
    CAPTURE(name);
    CHECK_FALSE(answer.echo<DataClass::one_time_code>(name));
  }
}

TEST_CASE("answer: problems of the cloud keep their code and words") {
  auto error = problem(409, "name-taken", false).problem();
  CHECK(error.code == "cloud.name-taken");
  CHECK(error.detail == "what happened");
  CHECK(waits(error.retry));
}

TEST_CASE("answer: the table of retry classes") {
  struct Row {
    int status;
    const char* code;
    bool retryable;
    bool waits;
  };
  constexpr Row table[] = {
      {400, "bad-json", false, true},
      {401, "certificate-required", false, true},
      {401, "certificate-revoked", false, true},
      {401, "key-superseded", false, true},
      {403, "unknown-key", false, true},
      {403, "bad-signature", false, true},
      {409, "name-taken", false, true},
      {409, "key-in-use", false, true},
      {410, "device-removed", false, true},
      {422, "name-invalid", false, true},
      {422, "address-not-global", false, true},
      {429, "too-many-requests", true, false},
      {500, "internal", true, false},
      {503, "dns-unavailable", true, false},
  };
  for (const auto& row : table) {
    CAPTURE(row.code);
    auto error = problem(row.status, row.code, row.retryable).problem();
    CHECK(error.code == "cloud." + std::string(row.code));
    CHECK(waits(error.retry) == row.waits);
  }
  CHECK(problem(429, "too-many-requests", true, 600).problem().retry == Retry::retry_later);
}

TEST_CASE("answer: Retry-After comes along") {
  auto error = problem(503, "dns-unavailable", true, 120).problem();
  CHECK(error.retry_after == 120);
  CHECK((error.retry == Retry::retry_soon || error.retry == Retry::retry_later));
}

TEST_CASE("answer: a trouble without words is judged by its status") {
  for (int status : {500, 502, 503, 504, 429}) {
    CAPTURE(status);
    Answer bare;
    bare.status = status;
    auto error = bare.problem();
    CHECK_FALSE(error.code.empty());
    CHECK_FALSE(error.detail.empty());
    CHECK_FALSE(waits(error.retry));
  }
  // Without a word of the cloud it may be a stranger on the way that answers: never a verdict.
  for (int status : {400, 403, 404, 405, 410, 422}) {
    CAPTURE(status);
    Answer bare;
    bare.status = status;
    CHECK(bare.problem().code == "cloud.bad_answer");
    CHECK_FALSE(waits(bare.problem().retry));
  }
}

TEST_CASE("answer: OAuth errors (RFC 6749 section 5.2)") {
  auto error = with_json(400, R"({"error":"access_denied","error_description":"no"})").problem();
  CHECK(error.code.find("access_denied") != std::string::npos);
  CHECK(waits(error.retry));
}

TEST_CASE("answer: a hostile problem cannot make a strange code or a long story") {
  auto error = with_json(400, R"({"type":"urn:qcloud:problem:a b\n\"c\u0000","detail":7})").problem();
  for (char c : error.code) CHECK((c > 0x20 && c < 0x7f && c != '"'));
  error = with_json(400, R"({"type":"https://elsewhere.example/x"})").problem();
  CHECK(error.code.find("://") == std::string::npos);
  error = with_json(400, "{\"type\":\"urn:qcloud:problem:" + std::string(100000, 'a') + "\",\"detail\":\"" +
                             std::string(100000, 'b') + "\"}")
              .problem();
  CHECK(error.code.size() < 200);
  CHECK(error.detail.size() < 5000);
}

TEST_CASE("answer: members are read by name and type") {
  auto object =
      with_json(200, R"({"s":"x","n":5,"neg":-5,"b":true,"f":1.5,"huge":18446744073709551615,"z":null})")
          .json;
  CHECK(string_member(object, "s") == "x");
  for (auto name : {"n", "b", "z", "absent"}) CHECK(string_member(object, name).empty());
  CHECK(number_member(object, "n") == 5);
  CHECK(number_member(object, "neg") == -5);
  for (auto name : {"s", "b", "f", "z", "absent", "huge"}) {
    CAPTURE(name);
    CHECK_FALSE(number_member(object, name));
  }
}
