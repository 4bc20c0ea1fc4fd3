#include "agent/features/link/h2/session.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "agent/core/nursery.hpp"
#include "agent/core/race.hpp"
#include "agent/features/link/h2/callbacks.hpp"

namespace qcloud::link {
namespace {

constexpr std::size_t a_turn = 128 * 1024;  // bytes read before others have theirs
constexpr Millis last_words = seconds(1);
constexpr std::string_view client_preface = NGHTTP2_CLIENT_MAGIC;

}  // namespace

Session::Session(boost::asio::any_io_executor executor, Clock& clock, ByteStream& stream,
                 const Profile& profile, const Limits& limits, Budget& budget, SessionEvents events)
    : executor_(executor),
      clock_(clock),
      stream_(stream),
      profile_(profile),
      limits_(limits),
      budget_(budget),
      events_(std::move(events)),
      goodbyes_(!profile.we_send_preface),
      batch_most_(limits.batch),
      more_to_write_(executor) {
  budget_.watch(this, [this] {
    settle();
    balance();
    for (auto& [id, visit] : visits_)
      if (visit->pinched_) visit->stirred_.notify();
  });
}

Session::~Session() {
  budget_.forget(this);
  lose_all();
  nghttp2_session_del(std::exchange(h2_, nullptr));
  count_window();
}

void Session::lose_all() {
  auto all = std::exchange(visits_, {});
  for (auto& [id, visit] : all) visit->lose();
}

Status Session::greet() {
  Error bad{"link.memory", Retry::retry_later, "The link could not be set up.", ""};
  nghttp2_option* option = nullptr;
  if (nghttp2_option_new(&option) != 0) return bad;
  std::unique_ptr<nghttp2_option, decltype(&nghttp2_option_del)> owned(option, nghttp2_option_del);
  nghttp2_option_set_no_auto_window_update(option, 1);
  nghttp2_option_set_max_outbound_ack(option, 200);
  nghttp2_option_set_max_settings(option, 32);
  nghttp2_option_set_max_continuations(option, limits_.continuations);
  // Its own limit on resets would cut off 1,000 visitors who leave at the same moment; ours is lower than
  // this.
  nghttp2_option_set_stream_reset_rate_limit(option, 20'000, 2'000);
  nghttp2_option_set_max_send_header_block_length(option, limits_.header_list);
  // Closed streams are forgotten: no priority tree of the dead.
  nghttp2_option_set_no_closed_streams(option, 1);
  if (profile_.we_send_preface) nghttp2_option_set_no_recv_client_magic(option, 1);
  if (Callbacks::make_server(&h2_, this, option) != 0) return bad;
  if (profile_.we_send_preface) batch_ = client_preface;
  const nghttp2_settings_entry settings[] = {
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits_.streams},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, limits_.announced_window},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<std::uint32_t>(limits_.header_list)},
      {NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1},
      // Whose turn it is, is ours to say (windows.cpp).
      {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
  };
  if (nghttp2_submit_settings(h2_, NGHTTP2_FLAG_NONE, settings, std::size(settings)) != 0) return bad;
  window_ = std::clamp<std::size_t>(budget_.free() / 2, NGHTTP2_INITIAL_CONNECTION_WINDOW_SIZE,
                                    limits_.connection_window);
  if (nghttp2_session_set_local_window_size(h2_, NGHTTP2_FLAG_NONE, 0, static_cast<std::int32_t>(window_)) !=
      0)
    return bad;
  count_window();
  return {};
}

Task<SessionEnd> Session::run() {
  if (!greet()) co_return SessionEnd::broken;
  Caught<SessionEnd> ends[3];
  int first = co_await first_of(catch_into(&ends[0], read_loop()), catch_into(&ends[1], write_loop()),
                                catch_into(&ends[2], await_words()));
  lose_all();
  co_return ends[first].take();
}

// Who has answered TLS and then says nothing is no relay. Later one that was silent for long is asked: where
// a relay hangs, its kernel goes on answering probes.
Task<SessionEnd> Session::await_words() {
  co_await clock_.sleep_for(limits_.greeting);
  if (!greeted_) co_return SessionEnd::broken;
  for (;;) {
    co_await clock_.sleep_until(heard_ + limits_.silence);
    const auto asked = clock_.now();
    if (asked < heard_ + limits_.silence) continue;
    ask();
    // By the second: after a pause of this box itself, what came meanwhile is read first.
    for (Millis waited(0); waited < limits_.answer && heard_ < asked; waited += seconds(1))
      co_await clock_.sleep_for(seconds(1));
    if (heard_ < asked) co_return SessionEnd::mute;
  }
}

Task<SessionEnd> Session::read_loop() {
  std::unique_ptr<char[]> buffer(new char[a_turn]);
  const std::span<char> into(buffer.get(), a_turn);
  std::size_t turn = 0;
  for (;;) {
    auto got = co_await stream_.read(into);
    if (!got) co_return goodbye_ ? SessionEnd::clean : SessionEnd::lost;
    if (*got == 0) co_return visits_.empty() || goodbye_ ? SessionEnd::clean : SessionEnd::lost;
    heard_ = clock_.now();
    goodbyes_.tidy(into.first(*got));
    auto used = nghttp2_session_mem_recv(h2_, reinterpret_cast<std::uint8_t*>(buffer.get()), *got);
    hand_over();
    if (used < 0 || patience_.lost() || nghttp2_session_get_outbound_queue_size(h2_) > limits_.queued) {
      // Said once, so that the relay's log can tell why; the write loop ends after it. Not listened to any
      // more.
      broken_ = true;
      nghttp2_session_terminate_session(
          h2_, used == NGHTTP2_ERR_BAD_CLIENT_MAGIC ? NGHTTP2_PROTOCOL_ERROR : NGHTTP2_ENHANCE_YOUR_CALM);
      kick();
      co_await clock_.sleep_for(last_words);
      co_return SessionEnd::broken;
    }
    settle();
    balance();
    measure(*got);
    if (nghttp2_session_want_write(h2_)) kick();
    if (goodbye_ && visits_.empty()) co_return SessionEnd::clean;
    // What came goes on before more is taken: else a quick relay would have the turn for ever.
    if (turn += *got; turn < a_turn) continue;
    turn = 0;
    co_await boost::asio::post(executor_, boost::asio::use_awaitable);
  }
}

Task<SessionEnd> Session::write_loop() {
  for (;;) {
    if (nghttp2_session_send(h2_) != 0) co_return SessionEnd::broken;
    for (auto id : std::exchange(now_bulk_, {}))
      if (auto at = visits_.find(id); at != visits_.end()) rank(*at->second, true);
    if (batch_.empty()) {
      if (last_said_ && visits_.empty()) co_return SessionEnd::clean;
      if (!nghttp2_session_want_read(h2_) && !nghttp2_session_want_write(h2_))
        co_return broken_ ? SessionEnd::broken : SessionEnd::clean;
      co_await more_to_write_.wait();
      continue;
    }
    auto written = co_await stream_.write(batch_);
    if (!written) co_return goodbye_ ? SessionEnd::clean : SessionEnd::lost;
    if (!*written)
      batch_most_ = limits_.batch;
    else if (batch_.size() >= batch_most_)
      batch_most_ = limits_.largest_batch;
    batch_.clear();
    // An idle connection holds no memory; a busy one keeps it.
    if (visits_.empty()) batch_.shrink_to_fit();
  }
}

}  // namespace qcloud::link
