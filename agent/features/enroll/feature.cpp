#include "agent/features/enroll/feature.hpp"

#include "agent/cloud/est.hpp"
#include "agent/core/backoff.hpp"
#include "agent/core/bucket.hpp"
#include "agent/core/race.hpp"
#include "agent/features/enroll/policy.hpp"
#include "agent/features/enroll/wire.hpp"

namespace qcloud::enroll {
namespace {

Error ended(DeviceFlow::Next how) {
  switch (how) {
    case DeviceFlow::Next::denied:
      return {"register.denied", Retry::wait_for_owner, "The registration was refused on the account's page.",
              "If that was a mistake: qcloud register"};
    case DeviceFlow::Next::expired:
      return {"register.expired", Retry::wait_for_owner, "The code was not used in time.",
              "Get a new one with: qcloud register"};
    case DeviceFlow::Next::ask_at:
    case DeviceFlow::Next::granted:
    case DeviceFlow::Next::refused:
      break;
  }
  return {"register.refused", Retry::wait_for_owner, "The cloud refused the registration.",
          "Try again with: qcloud register"};
}

// Asks until the owner has decided; the answer that holds the token, or why there is none.
Task<Result<Answer>> wait_for_owner(Deps deps, Lanes<manifest> lanes, DeviceCode code) {
  DeviceFlow flow(deps.clock.now(), code.expires_in, code.interval);
  for (;;) {
    co_await deps.clock.sleep_until(flow.ask_at());
    auto question = token(code.device_code);
    auto answer = co_await lanes.request.send(std::move(question));
    auto verdict = answer ? classify_token(*answer) : TokenAnswer::unreachable;
    auto next = flow.on(verdict, deps.clock.now());
    if (next == DeviceFlow::Next::granted) co_return std::move(*answer);
    if (next == DeviceFlow::Next::refused) co_return answer->problem();
    if (next != DeviceFlow::Next::ask_at) co_return ended(next);
  }
}

Task<Status> fetch_device(Deps deps, Lanes<manifest> lanes) {
  const auto before = deps.identity.registration.get();
  auto question = device();
  auto info = co_await lanes.request.ask(std::move(question), parse_device);
  if (!info) co_return std::move(info).error();
  const auto& known = deps.identity.registration.get();
  if (known != before)  // the answer may be of before it
    co_return Error{"register.changed", Retry::retry_soon, "The registration was changed meanwhile.", ""};
  if (auto fits = deps.identity.fits(info->name, info->fqdn); !fits) co_return fits;
  if (info->fqdn.empty() && known && !known->fqdn.empty()) co_return deps.identity.lose_name();
  co_return deps.identity.describe(info->account, info->name, info->fqdn, info->zone);
}

Task<Status> flow(Deps deps, Lanes<manifest> lanes) {
  auto opening = device_authorization(deps.facts.model, deps.facts.name, deps.facts.serial_tail);
  auto code = co_await lanes.request.ask(std::move(opening), parse_device_authorization);
  if (!code) co_return std::move(code).error();
  Progress waiting;
  waiting.state = "waiting";
  waiting.user_code = code->user_code;
  waiting.verification_uri = code->verification_uri;
  waiting.verification_uri_complete = code->verification_uri_complete;
  waiting.expires_at = deps.clock.now() + code->expires_in;
  deps.progress.set(waiting);

  auto granted = co_await wait_for_owner(deps, lanes, *code);
  if (!granted) co_return std::move(granted).error();
  waiting.state = "enrolling";
  deps.progress.set(waiting);
  auto access_token = granted->echo<DataClass::one_time_code>("access_token");
  auto request = deps.identity.begin();
  if (!request) co_return std::move(request).error();
  if (!access_token) co_return ended(DeviceFlow::Next::refused);
  auto enrollment = simple_enroll(*access_token, *request);
  auto answer = co_await lanes.request.send(std::move(enrollment));
  if (!answer) co_return std::move(answer).error();
  if (!answer->ok()) co_return answer->problem();
  auto certificates = parse_certs_only(answer->body);
  if (!certificates) co_return std::move(certificates).error();
  deps.session.reset_standing();
  if (auto adopted = deps.identity.adopt(std::move(*certificates), deps.session.now(), true); !adopted)
    co_return adopted;
  // The box is registered from here on; the account's name may come later.
  for (int tries = 0; tries < 3; ++tries) {
    if (co_await fetch_device(deps, lanes)) break;
    co_await deps.clock.sleep_for(seconds(1));
  }
  co_return Status{};
}

Task<Status> renew(Deps deps, Lanes<manifest> lanes) {
  auto message = simple_reenroll(deps.identity.renewal());
  auto answer = co_await lanes.request.send(std::move(message));
  if (!answer) co_return std::move(answer).error();
  if (!answer->ok()) co_return answer->problem();
  auto certificates = parse_certs_only(answer->body);
  if (!certificates) co_return std::move(certificates).error();
  co_return deps.identity.adopt(std::move(*certificates), deps.session.now(), false);
}

}  // namespace

Task<void> register_box(Deps deps, Lanes<manifest> lanes) {
  Progress progress;
  progress.state = "starting";
  deps.progress.set(progress);
  auto status = co_await flow(deps, lanes);
  progress = deps.progress.get();
  progress.state = status ? "registered" : "failed";
  if (!status) progress.error = std::move(status).error();
  deps.progress.set(progress);
}

Task<Status> claim(Deps deps, Lanes<manifest> lanes, Value<DataClass::public_name> name) {
  auto message = claim_name(name);
  auto answer = co_await lanes.request.send(std::move(message));
  if (!answer) co_return std::move(answer).error();
  if (!answer->ok()) {
    auto problem = answer->problem();
    bool other = problem.code == "cloud.name-taken" || problem.code == "cloud.name-invalid";
    if (other && problem.fix.empty()) problem.fix = "Choose another name.";
    co_return problem;
  }
  co_return deps.identity.describe("", string_member(answer->json, "name"),
                                   string_member(answer->json, "fqdn"), "");
}

Task<Status> release(Deps deps, Lanes<manifest> lanes) {
  auto message = release_name();
  auto answer = co_await lanes.request.send(std::move(message));
  if (!answer) co_return std::move(answer).error();
  if (!answer->ok()) co_return answer->problem();
  co_return deps.identity.describe("", "", "", "");
}

Task<Result<Audience>> audience(Lanes<manifest> lanes) {
  auto message = get_audience();
  co_return co_await lanes.request.ask(std::move(message), parse_audience);
}

Task<Result<Audience>> set_audience(Lanes<manifest> lanes, Value<DataClass::audience> who,
                                    Value<DataClass::invited_account> invited) {
  auto message = set_audience(who, invited);
  co_return co_await lanes.request.ask(std::move(message), parse_audience);
}

Task<Status> correct_device_name(Lanes<manifest> lanes, Value<DataClass::device_name> name) {
  auto message = correct(name);
  auto answer = co_await lanes.request.send(std::move(message));
  if (!answer) co_return std::move(answer).error();
  if (!answer->ok()) co_return answer->problem();
  co_return Status{};
}

namespace {

// What is changed on the account's page counts here too: the name, and that this box is known there at all.
Task<bool> heed_the_page(Deps deps, Lanes<manifest> lanes) {
  Signal word(co_await boost::asio::this_coro::executor);
  auto riding = deps.ears.riding.wake(word);
  std::vector<FactBase::Subscription> changes;
  changes.reserve(deps.ears.changes.size());
  for (FactBase* fact : deps.ears.changes) changes.push_back(fact->wake(word));
  // A relay that has a word, and another, must not make us ask as often.
  Bucket looks(minutes(1), 5);
  Backoff backoff(seconds(5), hours(1));
  for (;;) {
    word.clear();
    const auto& registration = deps.identity.registration.get();
    // The registration may have been cut off before the account's name came.
    bool cut_off = registration && registration->account.empty();
    if (!registration || (deps.ears.others() && !cut_off)) {
      co_await word.wait();
      continue;
    }
    co_await deps.clock.sleep_until(looks.ready());
    looks.take(deps.clock.now());
    word.clear();
    auto described = co_await fetch_device(deps, lanes);
    Millis wait(0);
    if (described) {
      backoff.reset();
      // Not every relay brings news.
      wait =
          (deps.ears.riding.get().on ? hours(6) : hours(1)) + minutes(static_cast<int>(deps.rng.below(30)));
    } else {
      // A relay's word shortens our own patience, and not what the cloud asked for.
      co_await deps.clock.sleep_for(
          std::clamp<Millis>(seconds(described.error().retry_after), Millis(0), days(1)));
      wait = backoff.next(deps.rng) + seconds(1);
    }
    co_await word.wait_until(deps.clock, deps.clock.now() + wait);
  }
}

Task<bool> keep_certificate(Deps deps, Lanes<manifest> lanes) {
  Signal wake(co_await boost::asio::this_coro::executor);
  auto registered = deps.identity.registration.wake(wake);
  auto standing = deps.session.contact.wake(wake);
  Backoff backoff(seconds(5), hours(1));
  int jitter = static_cast<int>(deps.rng.below(1000));
  Instant not_before{};
  for (;;) {
    const auto& registration = deps.identity.registration.get();
    if (!registration) {
      co_await wake.wait();
      continue;
    }
    bool expired = deps.session.contact.get().standing == Standing::expired;
    auto due = expired ? WallTime{}
                       : renew_at(registration->certificate_from, registration->certificate_until, jitter);
    auto left = due - deps.session.now();
    if (left > Millis(0) || deps.clock.now() < not_before) {
      // Never longer than six hours: the clock may be set meanwhile.
      auto nap = deps.clock.now() + std::clamp<Millis>(left, Millis(0), hours(6));
      co_await wake.wait_until(deps.clock, std::max(nap, not_before));
      continue;
    }
    auto status = co_await renew(deps, lanes);
    if (status) {
      backoff.reset();
      jitter = static_cast<int>(deps.rng.below(1000));
      deps.health.report(manifest.name, {});
      deps.session.reset_standing();
      not_before = deps.clock.now() + hours(1);  // whatever the new one says: never in a loop
    } else {
      Finding finding{"renewal_failing", {{"reason", status.error().detail}}};
      std::vector<Finding> findings{finding};
      deps.health.report(manifest.name, findings);
      not_before = deps.clock.now() + backoff.next(deps.rng, status.error().retry_after) + seconds(1);
    }
  }
}

}  // namespace

Task<void> run(Deps deps, Lanes<manifest> lanes) {
  Caught<bool> ends[2];
  int first = co_await first_of(catch_into(&ends[0], keep_certificate(deps, lanes)),
                                catch_into(&ends[1], heed_the_page(deps, lanes)));
  ends[first].take();
}

}  // namespace qcloud::enroll
