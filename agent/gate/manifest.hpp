// A manifest is what a feature may send, to whom, why and for how long: constexpr data that the
// compiler checks messages against, that the gate serializes by, and that the owner reads
// (`qcloud manifest`, docs/privacy.md).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "agent/gate/data_class.hpp"

namespace qcloud {

enum class Method : std::uint8_t { get, post, put, patch, del, datagram, lookup, stream };
enum class Where : std::uint8_t {
  path,  // fills {name} in the path
  query,
  header,
  basic_password,  // RFC 7617: base64(user ":" value); the user name is the field's constant
  form,            // application/x-www-form-urlencoded
  json,            // a member of a JSON object
  body,            // the whole body: opaque bytes made by a named codec
};
enum class Auth : std::uint8_t { none, certificate };

struct Field {
  std::string_view name;
  DataClass data_class;
  Where where;
  // A value that never varies: the gate fills it in, a feature cannot.
  std::string_view constant = {};
  bool optional = false;
};

struct MessageDecl {
  std::string_view name;
  Method method;
  std::string_view path;
  std::string_view purpose;  // shown in the ledger: "report the addresses"
  std::span<const Field> fields;
  Auth auth = Auth::certificate;
  std::string_view content_type = {};  // for Where::body
  bool hanging = false;                // the answer may take hours; the connection is kept alive
  std::size_t body_cap = 8192;         // bytes
  // Without TLS, on port 80 of the host: for the look for a sign-in page. The compiler refuses one that
  // carries a credential, a field that varies, or a body.
  bool plain = false;

  constexpr bool harmless() const {
    for (const Field& field : fields)
      if (field.constant.empty() || field.where == Where::body || field.where == Where::json ||
          field.where == Where::form || field.where == Where::basic_password)
        return false;
    return auth == Auth::none && method == Method::get && !hanging;
  }
};

// A feature may also look up host names and send bare datagrams; both are messages too.
struct HostDecl {
  std::string_view role;  // which host of the configuration: "cloud", "resolver"
  std::string_view location;
  std::string_view operated_by;
  std::string_view recipients;
};

struct Manifest {
  std::string_view name;
  std::string_view title;
  std::string_view purpose;
  std::string_view legal_basis;
  bool has_switch;
  bool default_on;
  std::string_view consequence_on;
  std::string_view consequence_off;
  std::span<const HostDecl> hosts;
  std::span<const MessageDecl> messages;
  std::string_view retention;
  std::string_view cloud_holds;  // empty: nothing that could be found again
  std::span<const std::string_view> health_codes;

  constexpr bool erasable() const { return has_switch && !cloud_holds.empty(); }
};

constexpr std::string_view to_string(Method method) {
  switch (method) {
    case Method::get:
      return "GET";
    case Method::post:
      return "POST";
    case Method::put:
      return "PUT";
    case Method::patch:
      return "PATCH";
    case Method::del:
      return "DELETE";
    case Method::datagram:
      return "UDP";
    case Method::stream:
      return "TLS";
    case Method::lookup:
      return "DNS";
  }
  return "";
}

constexpr std::string_view to_string(Where where) {
  switch (where) {
    case Where::path:
      return "path";
    case Where::query:
      return "query";
    case Where::header:
      return "header";
    case Where::basic_password:
      return "basic password";
    case Where::form:
      return "form";
    case Where::json:
      return "json";
    case Where::body:
      return "body";
  }
  return "";
}

}  // namespace qcloud
