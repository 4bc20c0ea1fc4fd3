// Flow control and turns, in one place. A byte of a visitor is counted against two windows. The
// connection's is given back as soon as the byte is here and there is memory for another; the visit's only
// when the byte was written to its service. So a service that does not read stops its own visitor alone.
#include "agent/features/link/h2/callbacks.hpp"
#include "agent/features/link/h2/session.hpp"

namespace qcloud::link {
namespace {

constexpr std::size_t little = 256 * 1024;  // of the connection's window
constexpr Millis between_pings(20), between_idle_pings = seconds(10);
constexpr std::string_view measuring = "measure!", leaving = "leaving!", asking = "anybody?";

}  // namespace

void Session::welcome(Visit& visit) {
  auto bytes = Callbacks::source();
  respond(visit.id_, 200, &bytes);
  rank(visit, false);
}

// A service that takes what it is given may have more.
void Session::widen(Visit& visit) {
  auto most = static_cast<std::int64_t>(budget_.free() / 48);
  visit.window_ = std::clamp<std::int64_t>(most, limits_.announced_window, limits_.first_window);
}

// A visit's window: what waits here and what may still come are so much together.
void Session::tell_window(Visit& visit) {
  // As memory fills, what is more than at first is taken back: what came is not returned.
  auto most = static_cast<std::int64_t>(std::max<std::size_t>(limits_.first_window, budget_.free() / 4));
  visit.window_ = std::min(visit.window_, most);
  auto credit = visit.window_ - nghttp2_session_get_stream_local_window_size(h2_, visit.id_) -
                static_cast<std::int64_t>(visit.in_.size());
  if (visit.visitor_done_ || credit < std::max<std::int64_t>(1, visit.window_ / 4)) return;
  nghttp2_submit_window_update(h2_, NGHTTP2_FLAG_NONE, visit.id_, static_cast<std::int32_t>(credit));
  kick();
}

// What the relay may send now is promised in the budget.
void Session::count_window() {
  auto may_come = h2_ ? static_cast<std::size_t>(nghttp2_session_get_local_window_size(h2_)) : 0;
  if (auto before = std::exchange(promised_, may_come); before < may_come)
    budget_.promise(may_come - before);
  else if (before > may_come)
    budget_.redeem(before - may_come);
}

// Promises the connection's window anew, as far as memory allows: half of what is free, so that the other
// connection, and what goes the other way, find some too.
void Session::settle() {
  if (!h2_) return;
  count_window();
  // What began while memory was scarce need not stay narrow.
  window_ = std::clamp<std::size_t>((promised_ + budget_.free()) / 2, window_,
                                    std::max<std::size_t>(window_, limits_.connection_window));
  auto owed = window_ - std::min(window_, promised_);
  auto give = std::min(owed, budget_.free() / 2);
  bool scarce = promised_ < little;
  if (give < owed && scarce) budget_.want(budget_.free() + 2 * little);
  auto worth_a_frame = std::max(little, window_ / 4);
  if (give == 0 || (give < worth_a_frame && !scarce)) return;
  nghttp2_submit_window_update(h2_, NGHTTP2_FLAG_NONE, 0, static_cast<std::int32_t>(give));
  count_window();
  kick();
}

// While memory is scarce the relay is told to open no further streams; those that it opens all the same are
// refused.
void Session::balance() {
  if (!h2_) return;
  bool crowded = crowded_ ? !budget_.roomy() : budget_.crowded();
  if (crowded) budget_.want(budget_.roomy_at());
  if (crowded == crowded_ || settings_out_) return;
  // At a pace that no relay calls a flood: meanwhile what is too much is refused.
  auto now = clock_.now();
  if (crowded && now - crowded_since_ < seconds(2)) return;
  crowded_ = crowded;
  if (crowded) {
    crowded_since_ = now;
    // From now on the relay refuses: nobody comes here who would be a reason to tell.
    if (events_.crowded) events_.crowded();
  }
  auto streams =
      crowded ? std::max<std::uint32_t>(1, static_cast<std::uint32_t>(visits_.size())) : limits_.streams;
  const nghttp2_settings_entry setting{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS,
                                       std::min(streams, limits_.streams)};
  settings_out_ = nghttp2_submit_settings(h2_, NGHTTP2_FLAG_NONE, &setting, 1) == 0;
  kick();
}

// How much a path carries in one round trip shows while bytes flow: a PING is sent with them, and what
// came until its answer is the bandwidth-delay product. A visit that used most of its window doubles it.
void Session::measure(std::size_t bytes) {
  if (ping_sent_ || bytes < 8 * 1024) return;
  auto now = clock_.now();
  if (now - last_ping_ < between_pings) return;
  bool growing = false;
  for (auto& [id, visit] : visits_)
    growing |= visit->window_ < limits_.largest_window && visit->in_since_ping_ >= visit->window_ / 2;
  if (!growing && now - last_ping_ < between_idle_pings) return;
  ping_sent_ = last_ping_ = now;
  for (auto& [id, visit] : visits_) visit->in_since_ping_ = 0;
  nghttp2_submit_ping(h2_, NGHTTP2_FLAG_NONE, reinterpret_cast<const std::uint8_t*>(measuring.data()));
}

void Session::ask() {
  nghttp2_submit_ping(h2_, NGHTTP2_FLAG_NONE, reinterpret_cast<const std::uint8_t*>(asking.data()));
  kick();
}

void Session::pong(std::string_view opaque) {
  if (opaque == leaving && draining_ && !std::exchange(last_said_, true)) {
    nghttp2_submit_goaway(h2_, NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(h2_),
                          NGHTTP2_NO_ERROR, nullptr, 0);
    return kick();
  }
  if (opaque != measuring || !ping_sent_) return;
  round_trip_ = clock_.now() - *ping_sent_;
  ping_sent_.reset();
  for (auto& [id, visit] : visits_) {
    if (visit->in_since_ping_ < visit->window_ / 2) continue;
    auto most = std::min<std::int64_t>(limits_.largest_window, static_cast<std::int64_t>(budget_.free() / 4));
    auto wider = std::min(visit->window_ * 2, most);
    if (wider <= visit->window_) continue;
    visit->window_ = wider;
    tell_window(*visit);
  }
}

void Session::drain() {
  if (std::exchange(draining_, true)) return;
  nghttp2_submit_shutdown_notice(h2_);
  nghttp2_submit_ping(h2_, NGHTTP2_FLAG_NONE, reinterpret_cast<const std::uint8_t*>(leaving.data()));
  kick();
}

// Turns (RFC 9218, 10): among equals nghttp2 goes round, a frame each. What a visit sends after a quiet
// second goes before what others have in bulk, until it is bulk itself.
void Session::rank(Visit& visit, bool bulk) {
  visit.bulk_ = bulk;
  if (!bulk) visit.burst_ = 0;
  const nghttp2_extpri turn{bulk ? 4u : 2u, 1};
  nghttp2_session_change_extpri_stream_priority(h2_, visit.id_, &turn, 1);
}

void Session::resume(Visit& visit) {
  if (visit.burst_ > 0 && clock_.now() - visit.quiet_since_ >= seconds(1)) rank(visit, false);
  nghttp2_session_resume_data(h2_, visit.id_);
  kick();
}

ssize_t Session::offer(std::int32_t id, std::size_t most, std::uint32_t* flags) {
  auto at = visits_.find(id);
  if (at == visits_.end()) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  Visit& visit = *at->second;
  auto count = std::min(most, visit.out_.size());
  if (count == visit.out_.size() && visit.finished_) *flags |= NGHTTP2_DATA_FLAG_EOF;
  if (count == 0 && !visit.finished_) {
    visit.deferred_ = true;
    visit.quiet_since_ = clock_.now();
    return NGHTTP2_ERR_DEFERRED;
  }
  *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
  return static_cast<ssize_t>(count);
}

bool Session::take(std::int32_t id, std::size_t count) {
  auto at = visits_.find(id);
  if (at == visits_.end()) return false;
  Visit& visit = *at->second;
  visit.burst_ += count;
  if (!visit.bulk_ && visit.burst_ > limits_.interactive) now_bulk_.push_back(id);
  while (count > 0) {
    auto rows = visit.out_.front(count);
    for (auto row : rows) batch_.append(row.data(), row.size());
    visit.out_.consume(rows.bytes());
    count -= rows.bytes();
  }
  // Who was given all the room that he asked for is not waiting for any.
  if (visit.short_ || !visit.out_.empty()) visit.stirred_.notify();
  return true;
}

}  // namespace qcloud::link
