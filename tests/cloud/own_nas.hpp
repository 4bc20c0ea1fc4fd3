// The NAS that a page is about.
#pragma once

#include <vector>

#include "tests/cloud/page.hpp"

namespace refcloud {

struct OwnNas {
  std::string id, model, device_name, serial_tail;
  Seconds registered = 0;
  std::optional<Seconds> revoked{};
  bool completed = true;  ///< false until the box came with its first certificate

  std::string title() const { return device_name.empty() ? model : device_name; }
  /// Its page's address.
  std::string link() const { return "/account/device?device_id=" + id; }
};

std::vector<OwnNas> own_devices(State&, const std::string& account);

/// The one that the member device_id of a form or a query names. Throws 404: a NAS of another account is as
/// unknown as one that does not exist.
OwnNas own_nas(State&, const Call&, const Pairs&);

/// The opening of a form for it, with csrf and device_id.
std::string form_for(const Call&, const OwnNas&, std::string_view action);

}  // namespace refcloud
