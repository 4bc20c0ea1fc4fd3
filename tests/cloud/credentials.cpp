#include "tests/cloud/credentials.hpp"

#include "tests/cloud/encoding.hpp"

namespace refcloud {
namespace {

std::optional<std::string> after_scheme(const Request& request, std::string_view scheme) {
  const auto* const value = header(request.headers, "Authorization");
  if (!value || value->size() <= scheme.size() || !same_letters(value->substr(0, scheme.size()), scheme))
    return std::nullopt;
  return value->substr(scheme.size());
}

}  // namespace

std::optional<BasicCredentials> basic_credentials(const Request& request) {
  const auto encoded = after_scheme(request, "Basic ");
  const auto pair = encoded ? unbase64(*encoded) : std::nullopt;
  const auto colon = pair ? pair->find(':') : std::string::npos;
  if (colon == std::string::npos) return std::nullopt;
  return BasicCredentials{pair->substr(0, colon), pair->substr(colon + 1)};
}

std::optional<std::string> bearer_token(const Request& request) { return after_scheme(request, "Bearer "); }

}  // namespace refcloud
