#include "tests/cloud/relay/device.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace refrelay {
namespace {

constexpr std::size_t batch_limit = 64 * 1024;
constexpr std::uint32_t stream_window = 4 * 1024 * 1024, connection_window = 32 * 1024 * 1024;

nghttp2_nv pair(std::string_view name, std::string_view value) {
  return {reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
          reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())), name.size(), value.size(),
          NGHTTP2_NV_FLAG_NONE};
}

}  // namespace

Task<void> Bell::wait() { co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable)); }

struct Device::Callbacks {
  static Device& self(void* user) { return *static_cast<Device*>(user); }
  static Stream* find(void* user, std::int32_t id) {
    auto& streams = self(user).streams_;
    auto at = streams.find(id);
    return at == streams.end() ? nullptr : at->second.get();
  }

  static ssize_t send(nghttp2_session*, const std::uint8_t* data, std::size_t size, int, void* user) {
    Device& device = self(user);
    if (device.batch_.size() >= batch_limit) return NGHTTP2_ERR_WOULDBLOCK;
    device.batch_.append(reinterpret_cast<const char*>(data), size);
    return static_cast<ssize_t>(size);
  }
  static int send_data(nghttp2_session*, nghttp2_frame* frame, const std::uint8_t* head, std::size_t size,
                       nghttp2_data_source*, void* user) {
    Device& device = self(user);
    if (device.batch_.size() >= batch_limit) return NGHTTP2_ERR_WOULDBLOCK;
    Stream* stream = find(user, frame->hd.stream_id);
    if (!stream) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    device.batch_.append(reinterpret_cast<const char*>(head), 9);
    device.batch_.append(stream->to_box, stream->sent_, size);
    stream->sent_ += size;
    if (stream->sent_ == stream->to_box.size()) {
      stream->to_box.clear();
      stream->sent_ = 0;
      stream->bell.ring();
    }
    return 0;
  }
  static ssize_t source(nghttp2_session*, std::int32_t id, std::uint8_t*, std::size_t most, std::uint32_t* flags,
                        nghttp2_data_source*, void* user) {
    Stream* stream = find(user, id);
    if (!stream) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    auto there = stream->to_box.size() - stream->sent_;
    auto count = std::min(most, there);
    if (count == there && stream->visitor_done) *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (count == 0 && !stream->visitor_done) {
      stream->deferred_ = true;
      return NGHTTP2_ERR_DEFERRED;
    }
    *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    return static_cast<ssize_t>(count);
  }
  static ssize_t told(nghttp2_session*, std::int32_t, std::uint8_t* into, std::size_t most, std::uint32_t* flags,
                      nghttp2_data_source*, void* user) {
    auto& body = self(user).told_;
    auto count = std::min(most, body.size());
    std::copy_n(body.data(), count, into);
    body.erase(0, count);
    if (body.empty()) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(count);
  }
  static int header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_size,
                    const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* user) {
    Stream* stream = find(user, frame->hd.stream_id);
    std::string_view key(reinterpret_cast<const char*>(name), name_size);
    if (!stream || key != ":status") return 0;
    stream->status = std::atoi(std::string(reinterpret_cast<const char*>(value), value_size).c_str());
    stream->bell.ring();
    return 0;
  }
  static int chunk(nghttp2_session* h2, std::uint8_t, std::int32_t id, const std::uint8_t* data, std::size_t size,
                   void* user) {
    // The connection's window comes back at once; the stream's when the visitor has taken the bytes.
    nghttp2_session_consume_connection(h2, size);
    Stream* stream = find(user, id);
    if (!stream) return nghttp2_session_consume_stream(h2, id, size), 0;
    stream->from_box.append(reinterpret_cast<const char*>(data), size);
    stream->bytes_out += size;
    stream->bell.ring();
    return 0;
  }
  static int frame(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    Device& device = self(user);
    if (frame->hd.type == NGHTTP2_PING && (frame->hd.flags & NGHTTP2_FLAG_ACK)) device.doubted_ = false;
    if (frame->hd.type == NGHTTP2_GOAWAY) device.draining_ = true;
    bool data = frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS;
    if (data && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM))
      if (Stream* stream = find(user, frame->hd.stream_id)) {
        stream->box_done = true;
        stream->bell.ring();
      }
    return 0;
  }
  static int closed(nghttp2_session*, std::int32_t id, std::uint32_t code, void* user) {
    self(user).close_stream(id, code);
    return 0;
  }
};

Device::Device(std::shared_ptr<Wire> wire, std::string id)
    : wire_(std::move(wire)), id_(std::move(id)), more_(wire_->executor()) {
  nghttp2_session_callbacks* table = nullptr;
  nghttp2_session_callbacks_new(&table);
  nghttp2_session_callbacks_set_send_callback(table, Callbacks::send);
  nghttp2_session_callbacks_set_send_data_callback(table, Callbacks::send_data);
  nghttp2_session_callbacks_set_on_header_callback(table, Callbacks::header);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(table, Callbacks::chunk);
  nghttp2_session_callbacks_set_on_frame_recv_callback(table, Callbacks::frame);
  nghttp2_session_callbacks_set_on_stream_close_callback(table, Callbacks::closed);
  nghttp2_option* option = nullptr;
  nghttp2_option_new(&option);
  nghttp2_option_set_no_auto_window_update(option, 1);
  nghttp2_session_client_new2(&h2_, table, this, option);
  nghttp2_option_del(option);
  nghttp2_session_callbacks_del(table);
  const nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, stream_window},
                                             {NGHTTP2_SETTINGS_ENABLE_PUSH, 0}};
  nghttp2_submit_settings(h2_, NGHTTP2_FLAG_NONE, settings, std::size(settings));
  nghttp2_session_set_local_window_size(h2_, NGHTTP2_FLAG_NONE, 0, connection_window);
}

Device::~Device() { nghttp2_session_del(h2_); }

Task<void> Device::run() {
  using namespace asio::experimental::awaitable_operators;
  auto self = shared_from_this();
  co_await (read_loop() || write_loop());
  over_ = true;
  wire_->abort();
  for (auto streams = streams_; auto& [id, stream] : streams) close_stream(id, NGHTTP2_INTERNAL_ERROR);
}

Task<void> Device::read_loop() {
  std::unique_ptr<char[]> buffer(new char[64 * 1024]);
  for (;;) {
    auto got = co_await wire_->read({buffer.get(), 64 * 1024});
    if (got <= 0) co_return;
    const char* bytes = buffer.get();
    auto size = static_cast<std::size_t>(got);
    auto used = nghttp2_session_mem_recv(h2_, reinterpret_cast<const std::uint8_t*>(bytes), size);
    if (used < 0) co_return;
    kick();
    if (draining_ && streams_.empty()) co_return;
  }
}

Task<void> Device::write_loop() {
  for (;;) {
    pending_ = false;
    if (nghttp2_session_send(h2_) != 0) co_return;
    if (batch_.empty()) {
      if (draining_ && streams_.empty()) co_return;
      if (!pending_) co_await more_.wait();
      continue;
    }
    bool written = co_await wire_->write(batch_);
    if (!written) co_return;
    batch_.clear();
  }
}

void Device::tell(const std::string& body) {
  told_ = body;
  nghttp2_nv head[] = {pair(":method", "PUT"), pair(":scheme", "https"), pair(":authority", "relay"),
                       pair(":path", "/v1/attachment"), pair("content-type", "application/json")};
  nghttp2_data_provider provider{{.ptr = nullptr}, Callbacks::told};
  nghttp2_submit_request(h2_, nullptr, head, std::size(head), &provider, nullptr);
  kick();
}

std::shared_ptr<Stream> Device::open(const std::string& authority, const std::string& forwarded) {
  if (!usable() || !nghttp2_session_check_request_allowed(h2_)) return nullptr;
  nghttp2_nv head[] = {pair(":method", "CONNECT"), pair(":authority", authority), pair("forwarded", forwarded)};
  nghttp2_data_provider provider{{.ptr = nullptr}, Callbacks::source};
  auto id = nghttp2_submit_request(h2_, nullptr, head, std::size(head), &provider, nullptr);
  if (id < 0) return nullptr;
  auto stream = std::make_shared<Stream>(wire_->executor());
  stream->id_ = id;
  streams_[id] = stream;
  kick();
  return stream;
}

void Device::send(Stream& stream, std::span<const char> bytes) {
  stream.to_box.append(bytes.data(), bytes.size());
  stream.bytes_in += bytes.size();
  if (std::exchange(stream.deferred_, false)) nghttp2_session_resume_data(h2_, stream.id_);
  kick();
}

void Device::finish(Stream& stream) {
  stream.visitor_done = true;
  if (stream.over) return;
  if (std::exchange(stream.deferred_, false)) nghttp2_session_resume_data(h2_, stream.id_);
  kick();
}

void Device::reset(Stream& stream) {
  if (stream.over) return;
  nghttp2_submit_rst_stream(h2_, NGHTTP2_FLAG_NONE, stream.id_, NGHTTP2_CANCEL);
  kick();
}

void Device::passed_on(Stream& stream, std::size_t count) {
  if (over_) return;
  nghttp2_session_consume_stream(h2_, stream.id_, count);
  kick();
}

void Device::close_stream(std::int32_t id, std::uint32_t code) {
  auto at = streams_.find(id);
  if (at == streams_.end()) return;
  auto stream = std::move(at->second);
  streams_.erase(at);
  stream->over = true;
  stream->error = code;
  stream->bell.ring();
  if (draining_ && streams_.empty()) kick();
}

void Device::doubt(std::chrono::milliseconds patience) {
  doubted_ = true;
  nghttp2_submit_ping(h2_, NGHTTP2_FLAG_NONE, nullptr);
  kick();
  asio::co_spawn(
      wire_->executor(),
      [](std::weak_ptr<Device> weak, std::chrono::milliseconds span) -> Task<void> {
        co_await sleep_for(span);
        if (auto device = weak.lock(); device && device->doubted_) device->abort();
      }(weak_from_this(), patience),
      asio::detached);
}

void Device::drain() {
  draining_ = true;
  nghttp2_submit_goaway(h2_, NGHTTP2_FLAG_NONE, 0, NGHTTP2_NO_ERROR, nullptr, 0);
  kick();
}

void Device::abort() {
  wire_->abort(true);
  kick();
}

}  // namespace refrelay
