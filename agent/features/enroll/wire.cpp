#include "agent/features/enroll/wire.hpp"

#include <algorithm>

namespace qcloud::enroll {

Out device_authorization(const Value<DataClass::device_model>& model,
                         const Value<DataClass::device_name>& name,
                         const Value<DataClass::serial_tail>& tail) {
  return Compose<manifest, "device_authorization">()
      .set<"device_model">(model)
      .set<"device_name">(name)
      .set<"device_serial_tail">(tail)
      .done();
}

Out token(const Value<DataClass::one_time_code>& device_code) {
  return Compose<manifest, "token">().set<"device_code">(device_code).done();
}

Out simple_enroll(const Value<DataClass::one_time_code>& access_token,
                  const Value<DataClass::public_key>& request) {
  return Compose<manifest, "simple_enroll">()
      .set<"access_token">(access_token)
      .set<"certificate_request">(request)
      .done();
}

Out simple_reenroll(const Value<DataClass::public_key>& request) {
  return Compose<manifest, "simple_reenroll">().set<"certificate_request">(request).done();
}

Out device() { return Compose<manifest, "device">().done(); }
Out claim_name(const Value<DataClass::public_name>& name) {
  return Compose<manifest, "claim_name">().set<"name">(name).done();
}
Out release_name() { return Compose<manifest, "release_name">().done(); }
Out get_audience() { return Compose<manifest, "get_audience">().done(); }
Out set_audience(const Value<DataClass::audience>& who, const Value<DataClass::invited_account>& invited) {
  return Compose<manifest, "set_audience">().set<"audience">(who).set<"invited">(invited).done();
}
Out correct(const Value<DataClass::device_name>& device_name) {
  return Compose<manifest, "correct">().set<"device_name">(device_name).done();
}

namespace {

// What is shown to the owner must be plain: a code or a URL, nothing that a terminal would obey.
bool printable(const std::string& text, std::size_t most) {
  return !text.empty() && text.size() <= most &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) { return c > 0x20 && c < 0x7f; });
}

}  // namespace

Result<DeviceCode> parse_device_authorization(const Answer& answer) {
  if (!answer.ok()) return answer.problem();
  Error bad{"cloud.bad_answer", Retry::retry_later, "The cloud's answer to the registration is not readable.",
            ""};
  auto code = answer.echo<DataClass::one_time_code>("device_code");
  if (!code || string_member(answer.json, "device_code").empty()) return bad;
  DeviceCode out{
      *code,
      string_member(answer.json, "user_code"),
      string_member(answer.json, "verification_uri"),
      string_member(answer.json, "verification_uri_complete"),
      seconds(std::clamp<std::int64_t>(number_member(answer.json, "expires_in").value_or(600), 10, 3600)),
      seconds(std::clamp<std::int64_t>(number_member(answer.json, "interval").value_or(5), 1, 60))};
  auto web = [](const std::string& url) { return url.starts_with("https://") && url.size() > 8; };
  if (!printable(out.user_code, 32) || !printable(out.verification_uri, 512) || !web(out.verification_uri))
    return bad;
  if (!printable(out.verification_uri_complete, 1024) || !web(out.verification_uri_complete))
    out.verification_uri_complete.clear();
  return out;
}

TokenAnswer classify_token(const Answer& answer) {
  if (answer.ok() && answer.json.contains("access_token")) return TokenAnswer::granted;
  auto error = string_member(answer.json, "error");
  if (error == "authorization_pending") return TokenAnswer::authorization_pending;
  if (error == "slow_down") return TokenAnswer::slow_down;
  if (error == "access_denied") return TokenAnswer::access_denied;
  if (error == "expired_token") return TokenAnswer::expired_token;
  if (answer.status >= 500 || answer.status == 429) return TokenAnswer::unreachable;
  return TokenAnswer::refused;
}

Result<DeviceInfo> parse_device(const Answer& answer) {
  if (!answer.ok()) return answer.problem();
  DeviceInfo info{string_member(answer.json, "account"), string_member(answer.json, "name"),
                  string_member(answer.json, "fqdn"), string_member(answer.json, "zone")};
  // Every registered box has an account; an answer without one is no answer, and must not wipe the name.
  if (info.account.empty())
    return Error{"cloud.bad_answer", Retry::retry_later, "The cloud's answer about this box is not readable.",
                 ""};
  for (const auto* text : {&info.account, &info.name, &info.fqdn, &info.zone})
    if (text->size() > 255 ||
        std::any_of(text->begin(), text->end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }))
      return Error{"cloud.bad_answer", Retry::retry_later,
                   "The cloud's answer about this box is not readable.", ""};
  return info;
}

Result<Audience> parse_audience(const Answer& answer) {
  if (!answer.ok()) return answer.problem();
  Error bad{"cloud.bad_answer", Retry::retry_later,
            "The cloud's answer about who may look this box up is not readable.", ""};
  Audience out;
  out.audience = string_member(answer.json, "audience");
  if (out.audience != "everyone" && out.audience != "invited" && out.audience != "owner") return bad;
  auto* invited = answer.json.if_contains("invited");
  if (!invited || !invited->is_array() || invited->as_array().size() > 200) return bad;
  for (const auto& login : invited->as_array()) {
    if (!login.is_string() || !printable(std::string(login.as_string()), 64)) return bad;
    out.invited.emplace_back(login.as_string());
  }
  return out;
}

}  // namespace qcloud::enroll
