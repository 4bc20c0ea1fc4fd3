#include "tests/cloud/routes.hpp"

namespace refcloud {
namespace {

constexpr bool api = false;
constexpr bool html = true;

constexpr Route table[] = {
    // OAuth 2.0 (RFC 8414, RFC 8628)
    {{"GET", "/.well-known/oauth-authorization-server", Auth::open, api}, Body::none, get_metadata},
    {{"POST", "/device/auth", Auth::open, api}, Body::form, post_device_auth},
    {{"POST", "/token", Auth::open, api}, Body::form, post_token},
    // EST (RFC 7030); simpleenroll is authenticated by the access token, in its handler
    {{"GET", "/.well-known/est/cacerts", Auth::open, api}, Body::none, get_cacerts},
    {{"POST", "/.well-known/est/simpleenroll", Auth::open, api}, Body::pkcs10, post_simpleenroll},
    {{"POST", "/.well-known/est/simplereenroll", Auth::certificate_expired_ok, api},
     Body::pkcs10,
     post_simplereenroll},
    {{"GET", "/v1/crl", Auth::open, api}, Body::none, get_crl_der},
    {{"GET", "/crl.pem", Auth::open, api}, Body::none, get_crl_pem},
    // The NAS
    {{"GET", "/v1/device", Auth::certificate, api}, Body::none, get_device},
    {{"PATCH", "/v1/device", Auth::certificate, api}, Body::json, patch_device},
    {{"PUT", "/v1/name", Auth::certificate, api}, Body::json, put_name},
    {{"DELETE", "/v1/name", Auth::certificate, api}, Body::none, delete_name},
    {{"GET", "/v1/whoami", Auth::certificate, api}, Body::none, get_whoami},
    {{"PUT", "/v1/ddns", Auth::certificate, api}, Body::json, put_ddns},
    {{"GET", "/v1/audience", Auth::certificate, api}, Body::none, get_audience},
    {{"PUT", "/v1/audience", Auth::certificate, api}, Body::json, put_audience},
    {{"GET", "/v1/watch", Auth::certificate, api}, Body::none, get_watch},
    {{"GET", "/v1/export", Auth::certificate, api}, Body::none, get_export},
    // Others: who was invited, and clients that speak dyndns2
    {{"GET", "/v1/lookup/{name}", Auth::lookup, api}, Body::none, get_lookup},
    {{"GET", "/nic/update", Auth::update, api}, Body::none, get_nic_update},
    // Erasure: the order is its own proof
    {{"POST", "/v1/erasure-requests", Auth::open, api}, Body::json, post_erasure},
    {{"GET", "/v1/erasure-requests/{id}", Auth::open, api}, Body::none, get_erasure},
    // Pages
    {{"GET", "/", Auth::open, html}, Body::none, get_root},
    {{"GET", "/login", Auth::open, html}, Body::none, get_login},
    {{"POST", "/login", Auth::open, html}, Body::form, post_login},
    {{"POST", "/logout", Auth::account, html}, Body::form, post_logout},
    {{"POST", "/preferences", Auth::open, html}, Body::form, post_preferences},
    {{"GET", "/device", Auth::account, html}, Body::none, get_device_page},
    {{"POST", "/device", Auth::account, html}, Body::form, post_device_page},
    {{"GET", "/account", Auth::account, html}, Body::none, get_account_page},
    {{"GET", "/account/device", Auth::account, html}, Body::none, get_nas_page},
    {{"GET", "/account/export", Auth::account, html}, Body::none, get_account_export},
    {{"POST", "/account/rename", Auth::account, html}, Body::form, post_account_rename},
    {{"POST", "/account/device-name", Auth::account, html}, Body::form, post_account_device_name},
    {{"POST", "/account/audience", Auth::account, html}, Body::form, post_account_audience},
    {{"POST", "/account/token", Auth::account, html}, Body::form, post_account_token},
    {{"GET", "/account/erase", Auth::account, html}, Body::none, get_account_erase},
    {{"POST", "/account/erase", Auth::account, html}, Body::form, post_account_erase},
    {{"GET", "/account/remove", Auth::account, html}, Body::none, get_account_remove},
    {{"POST", "/account/remove", Auth::account, html}, Body::form, post_account_remove},
    {{"GET", "/account/delete", Auth::account, html}, Body::none, get_account_delete},
    {{"POST", "/account/delete", Auth::account, html}, Body::form, post_account_delete},
    {{"GET", "/receipt", Auth::open, html}, Body::none, get_receipt},
    {{"GET", "/lookup", Auth::account, html}, Body::none, get_lookup_page},
};

bool matches(std::string_view pattern, std::string_view path, std::string& parameter) {
  const auto brace = pattern.find('{');
  if (brace == std::string_view::npos) return pattern == path;
  if (path.size() <= brace || path.substr(0, brace) != pattern.substr(0, brace) ||
      path.find('/', brace) != std::string_view::npos)
    return false;
  parameter = path.substr(brace);
  return true;
}

}  // namespace

std::span<const Route> route_table() { return table; }

const Route& find_route(std::string_view method, std::string_view path, std::string& parameter) {
  std::string allowed;
  for (const auto& route : table) {
    if (!matches(route.info.path, path, parameter)) continue;
    if (route.info.method == method) return route;
    allowed += (allowed.empty() ? "" : ", ") + std::string(route.info.method);
  }
  if (allowed.empty()) throw Problem{404, "not-found", "There is nothing here."};
  throw Problem{405, "method-not-allowed", "This takes " + allowed + '.', false, {}, {{"Allow", allowed}}};
}

std::vector<RouteInfo> routes() {
  std::vector<RouteInfo> out;
  for (const auto& route : table) out.push_back(route.info);
  return out;
}

}  // namespace refcloud
