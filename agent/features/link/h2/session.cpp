#include "agent/features/link/h2/session.hpp"

#include "agent/core/race.hpp"
#include "agent/features/link/h2/callbacks.hpp"

// Flow control, in one place. A byte of a visitor is counted against two windows. The connection's is
// given back as soon as the byte is here, unless the memory budget is full; the stream's only when the
// byte was written to the service. So a service that does not read stops its own visitor alone.
namespace qcloud::link {
namespace {

constexpr std::size_t read_size = 64 * 1024;
constexpr std::size_t telling_limit = 4096;
constexpr std::string_view client_preface = NGHTTP2_CLIENT_MAGIC;

nghttp2_nv pair(std::string_view name, std::string_view value) {
  return {reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
          reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())), name.size(), value.size(),
          NGHTTP2_NV_FLAG_NONE};
}

}  // namespace

Session::Session(boost::asio::any_io_executor executor, Clock& clock, ByteStream& stream, const Profile& profile,
                 const Limits& limits, Budget& budget, SessionEvents events)
    : executor_(executor),
      clock_(clock),
      stream_(stream),
      profile_(profile),
      limits_(limits),
      budget_(budget),
      events_(std::move(events)),
      more_to_write_(executor) {
  budget_.watch(this, [this] { settle(); });
}

Session::~Session() {
  budget_.forget(this);
  for (auto& [id, visit] : visits_) visit->lose();
  nghttp2_session_del(h2_);
}

Status Session::greet() {
  Error bad{"link.memory", Retry::retry_later, "The link could not be set up.", ""};
  nghttp2_option* option = nullptr;
  if (nghttp2_option_new(&option) != 0) return bad;
  std::unique_ptr<nghttp2_option, decltype(&nghttp2_option_del)> owned(option, nghttp2_option_del);
  nghttp2_option_set_no_auto_window_update(option, 1);
  nghttp2_option_set_max_outbound_ack(option, 200);
  nghttp2_option_set_max_settings(option, 32);
  nghttp2_option_set_max_send_header_block_length(option, limits_.header_list);
  // Closed streams are forgotten: no priority tree of the dead.
  nghttp2_option_set_no_closed_streams(option, 1);
  if (profile_.we_send_preface) nghttp2_option_set_no_recv_client_magic(option, 1);
  if (Callbacks::make_server(&h2_, this, option) != 0) return bad;
  if (profile_.we_send_preface) batch_ = client_preface;
  const nghttp2_settings_entry settings[] = {
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits_.streams},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, limits_.first_window},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<std::uint32_t>(limits_.header_list)},
      {NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1},
  };
  if (nghttp2_submit_settings(h2_, NGHTTP2_FLAG_NONE, settings, std::size(settings)) != 0) return bad;
  if (nghttp2_session_set_local_window_size(h2_, NGHTTP2_FLAG_NONE, 0,
                                            static_cast<std::int32_t>(limits_.connection_window)) != 0)
    return bad;
  return {};
}

Task<SessionEnd> Session::run() {
  if (!greet()) co_return SessionEnd::broken;
  using namespace boost::asio::experimental::awaitable_operators;
  auto first = co_await (caught(read_loop()) || caught(write_loop()));
  co_return first.index() == 0 ? std::get<0>(first).take() : std::get<1>(first).take();
}

Task<SessionEnd> Session::read_loop() {
  std::unique_ptr<char[]> buffer(new char[read_size]);
  for (;;) {
    auto got = co_await stream_.read({buffer.get(), read_size});
    if (!got) co_return goodbye_ ? SessionEnd::clean : SessionEnd::lost;
    if (*got == 0) co_return visits_.empty() || goodbye_ ? SessionEnd::clean : SessionEnd::lost;
    auto used = nghttp2_session_mem_recv(h2_, reinterpret_cast<std::uint8_t*>(buffer.get()), *got);
    if (used < 0 || flooded_) {
      // Said once, so that the relay's log can tell why; then the connection ends.
      nghttp2_session_terminate_session(h2_, flooded_ ? NGHTTP2_ENHANCE_YOUR_CALM : NGHTTP2_PROTOCOL_ERROR);
      batch_.clear();
      nghttp2_session_send(h2_);
      co_await stream_.write(batch_);
      co_return SessionEnd::broken;
    }
    measure(*got);
    kick();
    if (goodbye_ && visits_.empty()) co_return SessionEnd::clean;
  }
}

Task<SessionEnd> Session::write_loop() {
  for (;;) {
    if (nghttp2_session_send(h2_) != 0) co_return SessionEnd::broken;
    if (batch_.empty()) {
      if (draining_ && visits_.empty()) co_return SessionEnd::clean;
      if (!nghttp2_session_want_read(h2_) && !nghttp2_session_want_write(h2_))
        co_return broken_ ? SessionEnd::broken : SessionEnd::clean;
      co_await more_to_write_.wait();
      continue;
    }
    auto written = co_await stream_.write(batch_);
    if (!written) co_return goodbye_ ? SessionEnd::clean : SessionEnd::lost;
    batch_.clear();
    if (batch_.capacity() > 2 * limits_.batch) batch_.shrink_to_fit();
  }
}

void Session::drain() {
  draining_ = true;
  nghttp2_submit_goaway(h2_, NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(h2_), NGHTTP2_NO_ERROR,
                        nullptr, 0);
  kick();
}

void Session::begin(std::int32_t id) { heads_[id]; }

bool Session::header(std::int32_t id, std::string_view name, std::string_view value) {
  auto at = heads_.find(id);
  if (at == heads_.end()) return true;
  Head& head = at->second;
  if (++head.fields > 64) return false;
  if (name == ":method") head.method = value;
  if (name == ":authority") head.authority = value;
  if (name == ":path") head.path = value;
  if (name == ":protocol") head.protocol = value;
  if (name == "host") head.host = value;
  if (name == "forwarded") head.forwarded = value;
  return true;
}

void Session::opened(std::int32_t id) {
  auto at = heads_.find(id);
  if (at == heads_.end()) return;
  Head head = std::move(at->second);
  heads_.erase(at);
  if (!head.host.empty() && !head.authority.empty() && head.host != head.authority) return respond(id, 400, false);
  if (head.method != "CONNECT") {
    tellings_[id] = {head.method, head.path, ""};
    return;
  }
  auto opening = head.protocol.empty() ? read_opening(head.authority, head.forwarded) : std::nullopt;
  if (!opening) return respond(id, 400, false);
  if (draining_ || budget_.full()) {
    nghttp2_submit_rst_stream(h2_, NGHTTP2_FLAG_NONE, id, NGHTTP2_REFUSED_STREAM);
    return;
  }
  auto visit = std::make_shared<Visit>(executor_, *this, budget_, id, limits_);
  visit->opening_ = *std::move(opening);
  visits_[id] = visit;
  events_.visit(std::move(visit));
}

void Session::data(std::int32_t id, std::span<const char> bytes) {
  auto at = visits_.find(id);
  bool kept = false;
  if (at != visits_.end() && !at->second->gone_) {
    Visit& visit = *at->second;
    kept = visit.in_.append(bytes);
    visit.account();
    visit.bytes_in_ += bytes.size();
    visit.in_since_ping_ += bytes.size();
    visit.readable_.notify();
  } else if (auto told = tellings_.find(id); told != tellings_.end()) {
    if (told->second.body.size() + bytes.size() <= telling_limit) told->second.body.append(bytes.data(), bytes.size());
  }
  // What nobody will read is given back at once.
  if (!kept) nghttp2_session_consume_stream(h2_, id, bytes.size());
  owed_ += bytes.size();
  settle();
}

// Gives the connection's window back, as far as memory allows.
void Session::settle() {
  if (owed_ == 0 || budget_.full() || !h2_) return;
  nghttp2_session_consume_connection(h2_, std::exchange(owed_, 0));
  kick();
}

void Session::ended(std::int32_t id) {
  if (auto at = visits_.find(id); at != visits_.end()) {
    at->second->visitor_done_ = true;
    at->second->readable_.notify();
  } else {
    told(id);
  }
}

void Session::closed(std::int32_t id, bool in_order) {
  heads_.erase(id);
  tellings_.erase(id);
  auto at = visits_.find(id);
  if (at == visits_.end()) return;
  auto visit = std::move(at->second);
  visits_.erase(at);
  if (in_order)
    visit->part();
  else
    visit->lose();
  if (draining_ && visits_.empty()) kick();
}

void Session::told(std::int32_t id) {
  auto at = tellings_.find(id);
  if (at == tellings_.end()) return;
  auto telling = std::move(at->second);
  tellings_.erase(at);
  respond(id, events_.tell(telling.method, telling.path, telling.body), false);
}

void Session::respond(std::int32_t id, int status, bool opens) {
  auto text = std::to_string(status);
  nghttp2_nv head[] = {pair(":status", text)};
  auto bytes = Callbacks::source();
  nghttp2_submit_response(h2_, id, head, 1, opens ? &bytes : nullptr);
  kick();
}

// Floods are counted at the head of a frame: also those that nghttp2 answers by itself.
bool Session::begun(const nghttp2_frame_hd& head) {
  auto now = clock_.now();
  if (head.type == NGHTTP2_RST_STREAM) flooded_ |= resets_.too_many(now);
  if (head.type == NGHTTP2_PING && !(head.flags & NGHTTP2_FLAG_ACK)) flooded_ |= pings_.too_many(now);
  if (head.type == NGHTTP2_SETTINGS) flooded_ |= settings_.too_many(now);
  if (head.type == NGHTTP2_DATA && head.length == 0 && !(head.flags & NGHTTP2_FLAG_END_STREAM))
    flooded_ |= empties_.too_many(now);
  return !flooded_;
}

bool Session::received(const nghttp2_frame& frame) {
  bool ends = frame.hd.flags & NGHTTP2_FLAG_END_STREAM;
  switch (frame.hd.type) {
    case NGHTTP2_HEADERS:
      if (frame.headers.cat == NGHTTP2_HCAT_REQUEST) opened(frame.hd.stream_id);
      if (ends) ended(frame.hd.stream_id);
      break;
    case NGHTTP2_DATA:
      if (ends) ended(frame.hd.stream_id);
      break;
    case NGHTTP2_PING:
      if (frame.hd.flags & NGHTTP2_FLAG_ACK) pong();
      break;
    case NGHTTP2_GOAWAY:
      if (!std::exchange(goodbye_, true) && events_.leaving) events_.leaving();
      break;
    default:
      break;
  }
  return true;
}

ssize_t Session::offer(std::int32_t id, std::size_t most, std::uint32_t* flags) {
  auto at = visits_.find(id);
  if (at == visits_.end()) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  Visit& visit = *at->second;
  auto count = std::min(most, visit.out_.size());
  if (count == visit.out_.size() && visit.finished_) *flags |= NGHTTP2_DATA_FLAG_EOF;
  if (count == 0 && !visit.finished_) {
    visit.deferred_ = true;
    return NGHTTP2_ERR_DEFERRED;
  }
  *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
  return static_cast<ssize_t>(count);
}

bool Session::take(std::int32_t id, std::size_t count) {
  auto at = visits_.find(id);
  if (at == visits_.end()) return false;
  Visit& visit = *at->second;
  batch_.append(visit.out_.front().data(), count);
  visit.out_.consume(count);
  visit.account();
  visit.writable_.notify();
  return true;
}

// How much a path carries in one round trip shows while bytes flow: a PING is sent with them, and what
// came until its answer is the bandwidth-delay product. A visit that used most of its window grows it.
void Session::measure(std::size_t bytes) {
  if (ping_sent_ || bytes < 8 * 1024) return;
  ping_sent_ = clock_.now();
  for (auto& [id, visit] : visits_) visit->in_since_ping_ = 0;
  nghttp2_submit_ping(h2_, NGHTTP2_FLAG_NONE, nullptr);
}

void Session::pong() {
  if (!ping_sent_) return;
  round_trip_ = clock_.now() - *ping_sent_;
  ping_sent_.reset();
  if (budget_.tight()) return;
  for (auto& [id, visit] : visits_) {
    if (visit->in_since_ping_ < visit->window_ / 2 || visit->window_ >= limits_.largest_window) continue;
    visit->window_ = std::min(visit->window_ * 2, limits_.largest_window);
    visit->in_.set_limit(visit->window_);
    nghttp2_session_set_local_window_size(h2_, NGHTTP2_FLAG_NONE, id, static_cast<std::int32_t>(visit->window_));
  }
}

}  // namespace qcloud::link
