// What an Authorization header carries.
#pragma once

#include <optional>
#include <string>

#include "tests/cloud/http.hpp"

namespace refcloud {

struct BasicCredentials {
  std::string user, password;
};
/// RFC 7617; nothing if the header is absent, of another scheme, or malformed.
std::optional<BasicCredentials> basic_credentials(const Request&);
/// RFC 6750 section 2.1.
std::optional<std::string> bearer_token(const Request&);

}  // namespace refcloud
