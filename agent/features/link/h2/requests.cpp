// What the relay says, frame by frame, as far as it is ours to judge; and the box's answers.
#include "agent/features/link/h2/callbacks.hpp"
#include "agent/features/link/h2/session.hpp"

namespace qcloud::link {
namespace {

constexpr std::size_t telling_limit = 4096;

nghttp2_nv pair(std::string_view name, std::string_view value) {
  return {reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
          reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())), name.size(), value.size(),
          NGHTTP2_NV_FLAG_NONE};
}

}  // namespace

void Session::begin(std::int32_t id, bool request) {
  head_ = {};
  if (request) head_.id = id;  // else it is a trailer
}

bool Session::header(std::int32_t id, std::string_view name, std::string_view value) {
  // As the setting counts (RFC 9113, 6.5.2): else one byte of HPACK could stand for 4,000, many times.
  head_.size += name.size() + value.size() + 32;
  if (head_.size > limits_.header_list) {
    patience_.over(Patience::What::malformed, clock_.now());
    head_ = {};
    return false;
  }
  if (id != head_.id) return true;
  if (name == ":method") head_.method = value;
  if (name == ":authority") head_.authority = value;
  if (name == ":path") head_.path = value;
  if (name == ":protocol") head_.protocol = value;
  if (name == "host") head_.host = value;
  if (name == "forwarded") head_.forwarded = value;
  return true;
}

void Session::opened(std::int32_t id) {
  if (id != head_.id) return;
  const Head head = std::exchange(head_, {});
  if (!head.host.empty() && !head.authority.empty() && head.host != head.authority) return refuse(id);
  if (head.method != "CONNECT") {
    patience_.over(Patience::What::telling, clock_.now());
    if (head.path.size() > 256 || tellings_.size() >= limits_.tellings) return respond(id, 404, nullptr);
    tellings_[id] = {head.method, head.path, ""};
    return;
  }
  auto opening = head.protocol.empty() ? read_opening(head.authority, head.forwarded) : std::nullopt;
  if (!opening) return refuse(id);
  if (draining_ || patience_.hasty(clock_.now()) || budget_.crowded() || !budget_.hold(Visit::cost)) {
    cut(id, NGHTTP2_REFUSED_STREAM);
    if (!draining_ && events_.crowded) events_.crowded();
    return balance();
  }
  auto visit = std::make_shared<Visit>(executor_, *this, budget_, id, *std::move(opening));
  visit->window_ = limits_.announced_window;
  visits_[id] = visit;
  events_.visit(std::move(visit));
  if (full() && events_.crowded) events_.crowded();
}

void Session::data(std::int32_t id, std::span<const char> bytes) {
  count_window();
  if (auto at = visits_.find(id); at != visits_.end() && !at->second->gone_) {
    Visit& visit = *at->second;
    visit.bytes_in_ += bytes.size();
    visit.in_since_ping_ += static_cast<std::int64_t>(bytes.size());
    if (fresh_.visit != at->second || fresh_.bytes.full()) hand_over();
    fresh_.visit = at->second;
    fresh_.bytes.add(bytes);
  } else if (auto told = tellings_.find(id); told != tellings_.end()) {
    auto& body = told->second.body;
    body.append(bytes.data(), std::min(bytes.size(), telling_limit - std::min(telling_limit, body.size())));
  }
}

// What came for one visit, in the buffer of the connection still.
void Session::hand_over() {
  if (!fresh_.visit) return;
  std::exchange(fresh_.visit, nullptr)->come(fresh_.bytes);
  fresh_.bytes.clear();
}

void Session::ended(std::int32_t id) {
  hand_over();
  if (auto at = visits_.find(id); at != visits_.end()) {
    at->second->visitor_done_ = true;
    at->second->stirred_.notify();
  } else {
    told(id);
  }
}

void Session::closed(std::int32_t id, bool in_order) {
  hand_over();
  if (id == head_.id) head_ = {};
  tellings_.erase(id);
  auto at = visits_.find(id);
  if (at == visits_.end()) return;
  auto visit = std::move(at->second);
  visits_.erase(at);
  if (in_order && visit->visitor_done_)
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
  respond(id, events_.tell(telling.method, telling.path, telling.body), nullptr);
}

void Session::respond(std::int32_t id, int status, const nghttp2_data_provider* body) {
  auto text = std::to_string(status);
  nghttp2_nv head[] = {pair(":status", text)};
  nghttp2_submit_response(h2_, id, head, 1, body);
  kick();
}

// It is well-formed, and no request of a relay's.
void Session::refuse(std::int32_t id) {
  patience_.over(Patience::What::malformed, clock_.now());
  respond(id, 400, nullptr);
}

// The answer is whole, and nothing more is wanted (RFC 9113, 8.1).
void Session::answered(std::int32_t id) {
  if (nghttp2_session_get_stream_remote_close(h2_, id) == 0) cut(id, NGHTTP2_NO_ERROR);
}

void Session::cut(std::int32_t id, std::uint32_t code) {
  nghttp2_submit_rst_stream(h2_, NGHTTP2_FLAG_NONE, id, code);
  kick();
}

// At the head of a frame: also those that nghttp2 answers by itself.
bool Session::begun(const nghttp2_frame_hd& head) {
  using What = Patience::What;
  auto count = [this](What what) { patience_.over(what, clock_.now()); };
  bool empty = head.length == 0 && !(head.flags & NGHTTP2_FLAG_END_STREAM);
  if (head.type == NGHTTP2_RST_STREAM) count(What::reset);
  if (head.type == NGHTTP2_PING && !(head.flags & NGHTTP2_FLAG_ACK)) count(What::ping);
  // An ACK that nobody asked for is an error to nghttp2 already.
  if (head.type == NGHTTP2_SETTINGS && !(head.flags & NGHTTP2_FLAG_ACK)) count(What::settings);
  if (head.type == NGHTTP2_DATA && empty) count(What::empty);
  return !patience_.lost();
}

void Session::received(const nghttp2_frame& frame) {
  bool ends = frame.hd.flags & NGHTTP2_FLAG_END_STREAM;
  bool ack = frame.hd.flags & NGHTTP2_FLAG_ACK;
  switch (frame.hd.type) {
    case NGHTTP2_HEADERS:
      if (frame.headers.cat == NGHTTP2_HCAT_REQUEST) opened(frame.hd.stream_id);
      if (ends) ended(frame.hd.stream_id);
      break;
    case NGHTTP2_DATA:
      if (ends) ended(frame.hd.stream_id);
      break;
    case NGHTTP2_SETTINGS:
      if (ack)
        settings_out_ = false;
      else
        greeted_ = true;
      balance();
      break;
    case NGHTTP2_PING:
      if (ack) pong({reinterpret_cast<const char*>(frame.ping.opaque_data), 8});
      break;
    case NGHTTP2_GOAWAY:
      if (!std::exchange(goodbye_, true) && events_.leaving) events_.leaving();
      break;
    default:
      break;
  }
}

}  // namespace qcloud::link
