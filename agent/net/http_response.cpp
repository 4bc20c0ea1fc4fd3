#include "agent/net/http_response.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "agent/net/shown.hpp"

namespace qcloud {

namespace http = boost::beast::http;

namespace {

constexpr int most_interim = 16;

// RFC 9110 section 10.2.3: seconds, or a date. The date is measured by the same answer's Date, because this
// box's clock may be wrong.
int retry_after(std::string_view value, const std::optional<WallTime>& date) {
  if (value.empty()) return 0;
  if (value.find_first_not_of("0123456789") == std::string_view::npos)
    return value.size() > 6 ? 86400 : std::clamp(std::atoi(std::string(value).c_str()), 1, 86400);
  auto when = parse_http_date(value);
  if (!when || !date) return 0;
  return static_cast<int>(std::clamp<std::int64_t>(unix_seconds(*when) - unix_seconds(*date), 1, 86400));
}

Error bad_answer(std::string_view why) {
  return {"net.bad_answer", Retry::retry_later,
          "The answer is not one of the cloud's: " + std::string(why) + ".",
          "Something in this network may answer in the cloud's place."};
}

Error bad_answer(const boost::system::error_code& code) {
  if (code == http::error::body_limit) return bad_answer("it is larger than 256 KB");
  if (code == http::error::header_limit) return bad_answer("its header is too large");
  return bad_answer("it breaks the rules of HTTP (" + code.message() + ")");
}

}  // namespace

struct ResponseReader::Parser : http::response_parser<http::string_body> {};

ResponseReader::ResponseReader(To what) : what_(what) {}
ResponseReader::~ResponseReader() = default;

Status ResponseReader::put(std::string_view bytes) {
  seen_ += bytes.size();
  if (auto status = parse(bytes); !status) return status;
  if (!done_ && seen_ > wire_limit) return bad_answer("it does not end");
  return {};
}

Status ResponseReader::parse(std::string_view bytes) {
  pending_.append(bytes);
  while (!done_ && !pending_.empty()) {
    if (!parser_) {
      parser_ = std::make_unique<Parser>();
      parser_->header_limit(header_limit);
      parser_->body_limit(body_limit);
      parser_->eager(what_ == To::request);
      parser_->skip(what_ == To::connect);
    }
    boost::system::error_code failed;
    auto used = parser_->put(boost::asio::buffer(pending_), failed);
    pending_.erase(0, used);
    if (failed && failed != http::error::need_more) return bad_answer(failed);
    int status = parser_->is_header_done() ? parser_->get().result_int() : 0;
    if (parser_->is_header_done() && status < 100) return bad_answer("its status is none");
    if (status / 100 == 1) {
      // We ask for no other protocol, so 101 is no interim answer.
      if (status == 101 || ++interim_ > most_interim) return bad_answer("it has no end of beginnings");
      parser_.reset();
      continue;
    }
    status_ = status;
    done_ = parser_->is_done() || (status && what_ == To::connect);
    if (done_ || (used != 0 && !failed)) continue;
    if (pending_.size() > header_limit) return bad_answer("its header is too large");
    return {};
  }
  return {};
}

Status ResponseReader::end() {
  if (done_) return {};
  if (seen_ == 0)
    return Error{"net.reset", Retry::retry_soon, "The cloud closed the connection without an answer.", ""};
  Error cut{"net.reset", Retry::retry_soon, "The cloud's answer was cut short.", ""};
  if (!parser_ || !begun()) return cut;
  boost::system::error_code failed;
  parser_->put_eof(failed);
  if (failed) return cut;
  done_ = true;
  return {};
}

HttpResponse ResponseReader::take() {
  auto& message = parser_->get();
  auto header = [&](http::field name) {
    auto value = message[name];
    return std::string(value.data(), value.size());
  };
  HttpResponse response;
  response.status = status_;
  response.content_type = shown(header(http::field::content_type));
  response.date = parse_http_date(header(http::field::date));
  response.retry_after = retry_after(header(http::field::retry_after), response.date);
  response.location = shown(header(http::field::location));
  response.body = std::move(message.body());
  return response;
}

}  // namespace qcloud
