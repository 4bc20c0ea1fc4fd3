// What the owner typed, before it may leave.
#include "agent/control/owner_words.hpp"

#include <doctest/doctest.h>
#include <boost/json/array.hpp>

using namespace qcloud;

TEST_CASE("L2 owner words: the audience is one of three words") {
  for (auto good : {"everyone", "invited", "owner"}) CHECK(owner_audience(good));
  for (auto bad : {"", "Everyone", "all", "owner ", "invited,owner"}) {
    auto refused = owner_audience(bad);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == "audience.invalid");
  }
}

TEST_CASE("L2 owner words: logins are plain, few, and each counts once") {
  auto two = owner_invited({"anna", "ben@example.com", "anna"});
  REQUIRE(two);
  CHECK(two->json() == boost::json::value(boost::json::array{"anna", "ben@example.com"}));
  CHECK(owner_invited({}));
  CHECK(owner_invited({std::string(64, 'a')}));
  for (const auto& bad : {std::string(), std::string(65, 'a'), std::string("a b"), std::string("a\nb"),
                          std::string("a\x7f"), std::string("a\0b", 3)})
    CHECK_FALSE(owner_invited({bad}));
  std::vector<std::string> many;
  many.reserve(51);
  for (int i = 0; i < 50; ++i) many.push_back("login" + std::to_string(i));
  CHECK(owner_invited(many));
  many.push_back("one-more");
  CHECK_FALSE(owner_invited(many));
}

TEST_CASE("owner words: what a box is called") {
  for (auto good : {"nas", "Anna's NAS, cellar (2nd)", "x"}) CHECK(owner_device_name(good));
  for (const auto& bad : {std::string(), std::string(64, 'x'), std::string("a\tb"), std::string(" nas"),
                          std::string("nas "), std::string("na\xc3\xafs")})
    CHECK_FALSE(owner_device_name(bad));
}
