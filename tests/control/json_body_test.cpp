#include "agent/control/json_body.hpp"

#include <doctest/doctest.h>

using namespace qcloud;

namespace {

std::string nested(int levels) {
  std::string text = "1";
  for (int i = 0; i < levels; ++i) text = "{\"a\":" + text + "}";
  return text;
}

}  // namespace

TEST_CASE("control body: one JSON object, read strictly") {
  auto good = read_json(R"({"on":true,"list":[{"a":1},{"a":2}],"text":"\"on\":1"})");
  REQUIRE(good);
  CHECK(good->at("on").as_bool());
  CHECK(read_json("{}"));
  for (const char* bad : {"", "[]", "7", "{", "{}x", "{}{}", "{\"a\":}", "{a:1}", "{\"a\":1,}", "\xff",
                          "{\"a\":\"\xff\"}", "null", "{\"a\":1}//", "{\"a\":01}"}) {
    CAPTURE(bad);
    auto read = read_json(bad);
    REQUIRE_FALSE(read);
    CHECK(read.error().code == "request.malformed");
  }
}

TEST_CASE("control body: a member that stands twice is refused, at any level and however it is written") {
  for (const char* twice : {R"({"on":true,"on":false})", R"({"on":true,"\u006fn":false})",
                            R"({"a":{"b":1,"c":2,"b":3}})", R"({"a":[{"b":1,"b":1}]})"}) {
    CAPTURE(twice);
    auto read = read_json(twice);
    REQUIRE_FALSE(read);
    CHECK(read.error().detail.find("twice") != std::string::npos);
  }
  CHECK(read_json(R"({"a":{"a":{"a":1}},"b":[{"a":1},{"a":1}]})"));
}

TEST_CASE("control body: depth has an end") {
  CHECK(read_json(nested(8)));
  auto deep = read_json(nested(9));
  REQUIRE_FALSE(deep);
  CHECK(deep.error().detail.find("deep") != std::string::npos);
  CHECK_FALSE(read_json(std::string(100000, '[')));
}
