// A browser that signs in, keeps the session cookie, and checks that no other cookie comes than the two (K4).
#pragma once

#include <doctest/doctest.h>

#include "tests/cloud/test/world.hpp"

namespace refcloud::test {

struct Browser {
  World& world;
  std::string cookie{};

  Response get(const std::string& target) {
    return keep(world.call({"GET", target, headers(), {}, "9.9.9.9", {}}));
  }
  Response post(const std::string& target, const std::string& body, Headers more = {}) {
    auto all = headers();
    all.emplace_back("Content-Type", "application/x-www-form-urlencoded");
    all.insert(all.end(), more.begin(), more.end());
    return keep(world.call({"POST", target, all, body, "9.9.9.9", {}}));
  }
  void sign_in(const std::string& login = "alice") {
    REQUIRE(post("/login", "login=" + login + "&password=secret").status == 303);
  }
  std::string csrf() { return between(get("/account").body, "name=\"csrf\" value=\"", "\""); }
  /// A form of a NAS's page; `more` begins with "&".
  Response change(const std::string& action, const std::string& device_id, const std::string& more = {}) {
    return post(action, "csrf=" + csrf() + "&device_id=" + device_id + more);
  }

  static std::string between(const std::string& text, std::string_view before, std::string_view after) {
    const auto at = text.find(before);
    REQUIRE(at != std::string::npos);
    const auto from = at + before.size();
    return text.substr(from, text.find(after, from) - from);
  }

 private:
  Headers headers() const { return cookie.empty() ? Headers{} : Headers{{"Cookie", cookie}}; }
  Response keep(Response response) {
    for (const auto& [name, value] : response.headers) {
      if (name != "Set-Cookie") continue;
      CHECK((value.starts_with("qc_session=") || value.starts_with("qc_pref=")));
      for (const auto* const flag : {"; HttpOnly", "; Secure", "; SameSite=Lax"})
        CHECK(value.find(flag) != std::string::npos);
      if (value.starts_with("qc_session=")) cookie = value.substr(0, value.find(';'));
    }
    return response;
  }
};

}  // namespace refcloud::test
