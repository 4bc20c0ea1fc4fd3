#include "agent/cloud/cloud_session.hpp"

#include <boost/json/parse.hpp>

namespace qcloud {

namespace json = boost::json;

bool Contact::operator==(const Contact& other) const {
  auto code = [](const Contact& c) {
    return c.trouble ? c.trouble->code + c.trouble->detail : std::string();
  };
  return last_contact == other.last_contact && code(*this) == code(other) &&
         trouble_since == other.trouble_since && standing == other.standing &&
         removal_receipt == other.removal_receipt && clock_error == other.clock_error;
}

CloudSession::CloudSession(Clock& clock, const Identity& identity, WallTime floor,
                           std::function<bool()> synchronized)
    : clock_(clock), identity_(identity), synchronized_(std::move(synchronized)), time_(floor, clock.now()) {}

WallTime CloudSession::now() const { return time_.now(clocks()); }

TrustedTime::Clocks CloudSession::clocks() const {
  return {clock_.wall(), clock_.now(), synchronized_ && synchronized_()};
}

namespace {

void read_standing(const HttpResponse& response, Contact& contact) {
  json::parse_options limits;
  limits.max_depth = 8;
  boost::system::error_code failed;
  auto value = json::parse(response.body, failed, {}, limits);
  if (failed || !value.is_object()) return;
  auto* type = value.as_object().if_contains("type");
  if (!type || !type->is_string()) return;
  const auto& name = type->as_string();
  if (name == "urn:qcloud:problem:device-removed") {
    contact.standing = Standing::removed;
    auto* receipt = value.as_object().if_contains("receipt");
    if (receipt && receipt->is_string()) contact.removal_receipt = std::string(receipt->as_string());
  } else if (name == "urn:qcloud:problem:certificate-revoked") {
    contact.standing = Standing::revoked;
  } else if (name == "urn:qcloud:problem:certificate-expired") {
    contact.standing = Standing::expired;
  } else if (name == "urn:qcloud:problem:key-superseded") {
    contact.standing = Standing::superseded;
  }
}

}  // namespace

void CloudSession::observe(const Result<HttpResponse>& outcome, bool with_certificate) {
  Contact next = contact.get();
  auto fail = [&](Error error) {
    if (!next.trouble) next.trouble_since = clock_.wall();
    next.trouble = std::move(error);
  };
  if (!outcome) {
    fail(outcome.error());
  } else {
    if (outcome->date) {
      time_.heard(*outcome->date, clocks());
      next.clock_error = time_.calendar_counts(clocks()) ? Millis(0) : *outcome->date - clock_.wall();
    }
    if (outcome->status >= 500) {
      fail({"cloud.server_error", Retry::retry_soon,
            "The cloud has trouble of its own (status " + std::to_string(outcome->status) + ").", ""});
    } else {
      next.trouble.reset();
      next.trouble_since.reset();
      next.last_contact = now();
      if (with_certificate && (outcome->status == 401 || outcome->status == 410))
        read_standing(*outcome, next);
      if (with_certificate && outcome->status < 300) next.standing = Standing::good;
    }
  }
  contact.set(std::move(next));
}

void CloudSession::reset_standing() {
  contact.update([](Contact& c) {
    c.standing = Standing::good;
    c.removal_receipt.clear();
  });
}

}  // namespace qcloud
