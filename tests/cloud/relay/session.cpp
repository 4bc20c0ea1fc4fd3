#include "tests/cloud/relay/session.hpp"

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <utility>

namespace refrelay {
namespace {

// Streams are bounded by their own windows; one that does not drain must not stop the others.
constexpr std::int32_t connection_window = 32 * 1024 * 1024;
constexpr int most_odd_frames = 2000, most_headers = 8;  // boxes measure with PINGs
constexpr std::size_t most_answers_waiting = 100;
constexpr std::chrono::seconds odd_span{10};
constexpr std::size_t most_pieces = 64;  // of what is passed on at once
constexpr std::size_t small = 4096;      // more than that at once has more behind it
// Of the streams that the box opens, which are none. "All of them may still come" (RFC 9113 6.8) is spelled
// 2^31-1 by a server and 2^31-2 by a client, whose peer has the even numbers.
constexpr std::int32_t all_streams = 0x7ffffffe;

nghttp2_nv pair(std::string_view name, std::string_view value) {
  auto bytes = [](std::string_view text) {
    return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
  };
  return {bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

}  // namespace

struct Session::Callbacks {
  static Session& self(void* user) { return *static_cast<Session*>(user); }

  static ssize_t send(nghttp2_session*, const std::uint8_t* data, std::size_t size, int, void* user) {
    auto& batch = self(user).batch_;
    if (batch.size() >= self(user).batch_most_) return NGHTTP2_ERR_WOULDBLOCK;
    batch.append(reinterpret_cast<const char*>(data), size);
    return static_cast<ssize_t>(size);
  }

  static int send_data(nghttp2_session*, nghttp2_frame* frame, const std::uint8_t* head, std::size_t size,
                       nghttp2_data_source*, void* user) {
    auto& batch = self(user).batch_;
    if (batch.size() >= self(user).batch_most_) return NGHTTP2_ERR_WOULDBLOCK;
    Stream* stream = self(user).find(frame->hd.stream_id);
    if (!stream) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    batch.append(reinterpret_cast<const char*>(head), 9);
    batch.append(stream->to_box_.get() + stream->sent_, size);
    stream->sent_ += size;
    if (stream->waiting() == 0) {
      stream->let_go();
      if (stream->on_room) stream->on_room();
    }
    return 0;
  }

  // How much there is; send_data() copies it, once.
  static ssize_t source(nghttp2_session*, std::int32_t id, std::uint8_t*, std::size_t most,
                        std::uint32_t* flags, nghttp2_data_source*, void* user) {
    Stream* stream = self(user).find(id);
    if (!stream) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    auto there = stream->waiting();
    if (there == 0 && !stream->visitor_done_) {
      stream->deferred_ = true;
      return NGHTTP2_ERR_DEFERRED;
    }
    auto count = std::min(most, there);
    if (count == there && stream->visitor_done_) *flags |= NGHTTP2_DATA_FLAG_EOF;
    *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    return static_cast<ssize_t>(count);
  }

  static ssize_t told(nghttp2_session*, std::int32_t id, std::uint8_t* into, std::size_t most,
                      std::uint32_t* flags, nghttp2_data_source*, void* user) {
    auto& body = self(user).tellings_[id];
    auto count = std::min(most, body.size());
    std::copy_n(body.data(), count, into);
    body.erase(0, count);
    if (body.empty()) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(count);
  }

  static int begun(nghttp2_session*, const nghttp2_frame_hd* head, void* user) {
    Session& session = self(user);
    bool answer = (head->flags & NGHTTP2_FLAG_ACK) != 0;
    // Only this was said after it was asked; anything else may have been on its way before.
    if (head->type == NGHTTP2_PING && answer) session.aside_ = false;
    bool odd = (head->type == NGHTTP2_PING || head->type == NGHTTP2_SETTINGS) && !answer;
    odd |= head->type == NGHTTP2_DATA && head->length == 0 && !(head->flags & NGHTTP2_FLAG_END_STREAM);
    return odd && session.flooded() ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
  }

  static int headers(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    Stream* stream = self(user).find(frame->hd.stream_id);
    self(user).list_size_ = 0;
    return stream && ++stream->headers_ > most_headers ? NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE : 0;
  }

  static int header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                    std::size_t name_size, const std::uint8_t* value, std::size_t value_size, std::uint8_t,
                    void* user) {
    // As RFC 9113, 6.5.2, counts: a byte of HPACK may stand for thousands.
    auto& list_size = self(user).list_size_;
    list_size += name_size + value_size + 32;
    if (list_size > header_list) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    Stream* stream = self(user).find(frame->hd.stream_id);
    if (!stream || std::string_view(reinterpret_cast<const char*>(name), name_size) != ":status") return 0;
    int status = std::atoi(std::string(reinterpret_cast<const char*>(value), value_size).c_str());
    if (status >= 200) stream->status = status;  // below: it will answer later
    stream->tell();
    return 0;
  }

  static int chunk(nghttp2_session* h2, std::uint8_t, std::int32_t id, const std::uint8_t* data,
                   std::size_t size, void* user) {
    // The connection's window comes back at once; the stream's when the visitor has taken the bytes.
    nghttp2_session_consume_connection(h2, size);
    Session& session = self(user);
    auto at = session.streams_.find(id);
    if (at == session.streams_.end()) return nghttp2_session_consume_stream(h2, id, size), 0;
    if (session.fresh_ != at->second || session.fresh_bytes_.size() >= most_pieces) session.hand_over();
    session.fresh_ = at->second;
    session.fresh_bytes_.push_back({reinterpret_cast<const char*>(data), size});
    return 0;
  }

  static int frame(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    Session& session = self(user);
    auto type = frame->hd.type;
    if (type == NGHTTP2_SETTINGS) session.greeted_ = true;
    if (type == NGHTTP2_GOAWAY) session.leaving_ = session.farewell_ = true;
    if ((type == NGHTTP2_DATA || type == NGHTTP2_HEADERS) && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM))
      if (Stream* stream = session.find(frame->hd.stream_id)) {
        session.hand_over();
        stream->box_done = true;
        stream->tell();
      }
    return 0;
  }

  // nghttp2 says it by itself, because of what came.
  static int said(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    if (frame->hd.type == NGHTTP2_GOAWAY && frame->goaway.error_code != NGHTTP2_NO_ERROR)
      self(user).broken_ = true;
    return 0;
  }

  static int closed(nghttp2_session*, std::int32_t id, std::uint32_t code, void* user) {
    self(user).close(id, code);
    return 0;
  }
};

Session::Session(std::string id, Budget& budget) : id_(std::move(id)), budget_(budget) {
  nghttp2_session_callbacks* table = nullptr;
  nghttp2_session_callbacks_new(&table);
  nghttp2_session_callbacks_set_send_callback(table, Callbacks::send);
  nghttp2_session_callbacks_set_send_data_callback(table, Callbacks::send_data);
  nghttp2_session_callbacks_set_on_begin_frame_callback(table, Callbacks::begun);
  nghttp2_session_callbacks_set_on_begin_headers_callback(table, Callbacks::headers);
  nghttp2_session_callbacks_set_on_header_callback(table, Callbacks::header);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(table, Callbacks::chunk);
  nghttp2_session_callbacks_set_on_frame_recv_callback(table, Callbacks::frame);
  nghttp2_session_callbacks_set_on_frame_send_callback(table, Callbacks::said);
  nghttp2_session_callbacks_set_on_stream_close_callback(table, Callbacks::closed);
  nghttp2_option* option = nullptr;
  nghttp2_option_new(&option);
  nghttp2_option_set_no_auto_window_update(option, 1);
  nghttp2_option_set_max_outbound_ack(option, most_answers_waiting);
  nghttp2_session_client_new2(&h2_, table, this, option);
  nghttp2_option_del(option);
  nghttp2_session_callbacks_del(table);
  const nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, first_window},
                                             {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, header_list},
                                             {NGHTTP2_SETTINGS_ENABLE_PUSH, 0}};
  nghttp2_submit_settings(h2_, NGHTTP2_FLAG_NONE, settings, std::size(settings));
  nghttp2_session_set_local_window_size(h2_, NGHTTP2_FLAG_NONE, 0, connection_window);
}

Stream::~Stream() {
  if (budget_) budget_->left += window_ - Session::first_window;
}

Session::~Session() { nghttp2_session_del(h2_); }

bool Session::receive(std::span<const char> bytes, Instant now) {
  heard_ = now;
  auto used =
      nghttp2_session_mem_recv(h2_, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  hand_over();
  if (flood_) nghttp2_session_terminate_session(h2_, NGHTTP2_ENHANCE_YOUR_CALM);
  kick();
  return used >= 0 && !flood_;
}

void Session::hand_over() {
  if (!fresh_) return;
  auto stream = std::exchange(fresh_, nullptr);
  std::size_t came = 0;
  for (auto piece : fresh_bytes_) came += piece.size();
  stream->bytes_from_box += came;
  const auto passed = stream->from_box.empty() && stream->on_bytes ? stream->on_bytes(fresh_bytes_) : 0;
  if (passed < came && stream->from_box.empty() && came > small) stream->from_box.reserve(batch_limit);
  auto skip = passed;
  for (auto piece : fresh_bytes_) {
    auto gone = std::min(skip, piece.size());
    stream->from_box.append(piece.data() + gone, piece.size() - gone);
    skip -= gone;
  }
  fresh_bytes_.clear();
  if (passed > 0) passed_on(*stream, passed);
  if (passed < came) stream->tell();
}

std::size_t Session::large_streams() const {
  return static_cast<std::size_t>(std::ranges::count_if(streams_, [](const auto& each) {
    return each.second->bytes_to_box + each.second->bytes_from_box > first_window;
  }));
}

bool Session::flooded() {
  if (heard_ - flood_began_ >= odd_span) {
    flood_began_ = heard_;
    odd_frames_ = 0;
  }
  flood_ = ++odd_frames_ > most_odd_frames;
  return flood_;
}

std::span<const char> Session::output() {
  if (batch_.empty() && nghttp2_session_send(h2_) != 0) return {};
  return batch_;
}

void Session::tell(const std::string& body) {
  nghttp2_nv head[] = {pair(":method", "PUT"), pair(":scheme", "https"), pair(":authority", "relay"),
                       pair(":path", "/v1/attachment"), pair("content-type", "application/json")};
  nghttp2_data_provider provider{{.ptr = nullptr}, Callbacks::told};
  auto id = nghttp2_submit_request(h2_, nullptr, head, std::size(head), &provider, nullptr);
  if (id > 0) tellings_[id] = body;
  kick();
}

void Session::nudge() {
  nghttp2_nv head[] = {pair(":method", "PUT"), pair(":scheme", "https"), pair(":authority", "relay"),
                       pair(":path", "/v1/news")};
  nghttp2_submit_request(h2_, nullptr, head, std::size(head), nullptr, nullptr);
  kick();
}

std::shared_ptr<Stream> Session::open(const std::string& authority, const std::string& forwarded) {
  // What nghttp2 would queue until there is room, it would queue without end.
  auto announced = nghttp2_session_get_remote_settings(h2_, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
  if (!usable() || streams_.size() >= std::min<std::size_t>(announced, most_streams)) return nullptr;
  if (!nghttp2_session_check_request_allowed(h2_)) return nullptr;
  nghttp2_nv head[] = {pair(":method", "CONNECT"), pair(":authority", authority),
                       pair("forwarded", forwarded)};
  nghttp2_data_provider provider{{.ptr = nullptr}, Callbacks::source};
  auto id = nghttp2_submit_request(h2_, nullptr, head, std::size(head), &provider, nullptr);
  if (id < 0) return nullptr;
  auto stream = std::make_shared<Stream>();
  stream->id_ = id;
  stream->budget_ = &budget_;
  stream->window_ = first_window;
  streams_[id] = stream;
  kick();
  return stream;
}

void Session::send(Stream& stream, std::span<const char> bytes) {
  if (stream.over) return;
  std::copy_n(bytes.data(), bytes.size(), place(stream, bytes.size()).data());
  placed(stream, bytes.size());
}

std::span<char> Session::place(Stream& stream, std::size_t count) {
  if (stream.room_ - stream.end_ < count) {
    stream.room_ = std::max(stream.end_, count > small ? Stream::room_for_box : 0) + count;
    auto larger = std::make_unique_for_overwrite<char[]>(stream.room_);
    std::copy_n(stream.to_box_.get(), stream.end_, larger.get());
    stream.to_box_ = std::move(larger);
  }
  return {stream.to_box_.get() + stream.end_, count};
}

void Session::placed(Stream& stream, std::size_t count) {
  stream.end_ += count;
  stream.bytes_to_box += count;
  if (stream.waiting() == 0) return stream.let_go();
  if (stream.over || count == 0) return;
  if (std::exchange(stream.deferred_, false)) nghttp2_session_resume_data(h2_, stream.id_);
  kick();
}

void Session::finish(Stream& stream) {
  if (stream.over) return;
  stream.visitor_done_ = true;
  if (std::exchange(stream.deferred_, false)) nghttp2_session_resume_data(h2_, stream.id_);
  kick();
}

void Session::reset(Stream& stream) {
  if (stream.over) return;
  nghttp2_submit_rst_stream(h2_, NGHTTP2_FLAG_NONE, stream.id_, NGHTTP2_CANCEL);
  kick();
}

void Session::passed_on(Stream& stream, std::size_t count) {
  if (stream.over) return;
  nghttp2_session_consume_stream(h2_, stream.id_, count);
  // A visitor who has taken a whole window, and leaves nothing lying, may have a larger one, as long as there
  // is.
  stream.kept_up_ = stream.from_box.empty() ? stream.kept_up_ + count : 0;
  if (stream.kept_up_ >= stream.window_ && stream.window_ < largest_window &&
      budget_.left >= stream.window_) {
    stream.kept_up_ = 0;
    budget_.left -= stream.window_;
    stream.window_ *= 2;
    nghttp2_session_set_local_window_size(h2_, NGHTTP2_FLAG_NONE, stream.id_,
                                          static_cast<int>(stream.window_));
  }
  kick();
}

Stream* Session::find(std::int32_t id) const {
  auto at = streams_.find(id);
  return at == streams_.end() ? nullptr : at->second.get();
}

void Session::close(std::int32_t id, std::uint32_t code) {
  tellings_.erase(id);
  auto at = streams_.find(id);
  if (at == streams_.end()) return;
  auto stream = std::move(at->second);
  streams_.erase(at);
  stream->over = true;
  if (fresh_ == stream) hand_over();
  stream->untouched = stream->status == 0 && code == NGHTTP2_REFUSED_STREAM;
  stream->tell();
  kick();
}

void Session::ping() {
  nghttp2_submit_ping(h2_, NGHTTP2_FLAG_NONE, nullptr);
  kick();
}

void Session::leave() {
  farewell_ |= leaving_;
  leaving_ = true;
  nghttp2_submit_goaway(h2_, NGHTTP2_FLAG_NONE, farewell_ ? 0 : all_streams, NGHTTP2_NO_ERROR, nullptr, 0);
  kick();
}

void Session::end() {
  over_ = true;
  // Nobody has answered them, so nothing of them has happened.
  while (!streams_.empty()) close(streams_.begin()->first, NGHTTP2_REFUSED_STREAM);
}

}  // namespace refrelay
