// A JSON answer of the cloud -> the parsers of each feature. The first byte chooses the status.
#include <boost/json/parse.hpp>
#include <iterator>

#include "agent/features/ddns/wire.hpp"
#include "agent/features/enroll/wire.hpp"
#include "agent/features/erasure/wire.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace {

using namespace qcloud;

// It is shown to the owner, and decides whether to go on.
void check(const Error& error) {
  MUST(error.code.starts_with("cloud.") || error.code.starts_with("oauth."));
  MUST(!error.detail.empty() && error.detail.size() <= 400);
  for (unsigned char c : error.detail + error.code) MUST(c >= ' ' && c != 0x7f);
}
template <class T>
bool good(const Result<T>& result) {
  if (!result) check(result.error());
  return bool(result);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static constexpr int statuses[] = {200, 201, 202, 204, 400, 401, 403, 404, 409, 410, 422, 429, 500, 503};
  if (size == 0) return 0;
  Answer answer;
  answer.status = statuses[data[0] % std::size(statuses)];
  answer.body.assign(reinterpret_cast<const char*>(data + 1), size - 1);
  boost::system::error_code failed;
  auto value = boost::json::parse(answer.body, failed);
  if (!failed && value.is_object()) answer.json = value.as_object();
  check(answer.problem());

  if (auto news = ddns::parse_watch(answer); good(news)) {
    MUST(news->cursor && news->seen && news->name.size() <= 255 && news->fqdn.size() <= 255);
    MUST(!news->reported.v4 || !news->reported.v4->v6);
    MUST(!news->reported.v6 || news->reported.v6->v6);
    ddns::watch(news->cursor, news->seen_value);
  }
  if (auto sight = ddns::parse_whoami(answer); good(sight))
    MUST(parse_ip(to_string(sight->address)) == sight->address);
  good(ddns::parse_report(answer));
  if (auto code = enroll::parse_device_authorization(answer); good(code)) {
    MUST(!code->user_code.empty() && code->verification_uri.starts_with("http"));
    // It is added to a clock's time, in milliseconds.
    MUST(code->expires_in >= seconds(0) && code->expires_in <= days(366));
    MUST(code->interval >= seconds(0) && code->interval <= days(366));
    enroll::token(code->device_code);
  }
  enroll::classify_token(answer);
  if (auto device = enroll::parse_device(answer); good(device)) MUST(!device->account.empty());
  auto order = erasure::read_order_answer(answer);
  if (order.kind == erasure::OrderAnswer::Kind::receipt) MUST(!order.receipt.empty());
  if (order.kind == erasure::OrderAnswer::Kind::failed) check(order.error);
  return 0;
}
