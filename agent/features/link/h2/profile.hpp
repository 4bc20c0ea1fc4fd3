// Who speaks first on a reversed connection. The one place that knows: the drafts differ and will
// go on changing (draft-bt-httpbis-reverse-http, HAProxy's rhttp), and only this differs.
#pragma once

#include <array>
#include <string_view>

namespace qcloud::link {

struct Profile {
  std::string_view alpn;
  // true: as dialer we send the client preface (RFC 9113, 3.4) although we are the server from then on.
  bool we_send_preface;
};

// In the order in which they are offered.
inline constexpr std::array profiles{
    Profile{"h2-reverse", false},
    Profile{"h2", true},
};

constexpr const Profile* find_profile(std::string_view alpn) {
  for (const auto& profile : profiles)
    if (profile.alpn == alpn) return &profile;
  return nullptr;
}

}  // namespace qcloud::link
