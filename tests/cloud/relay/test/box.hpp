// A box, as far as HTTP/2 goes: nghttp2's server, told by the test what to say.
#pragma once

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace refrelay {

struct Box {
  struct Stream {
    std::string head, body;  // "name=value name=value "
    bool done = false;
    std::string out;
    bool finish = false;
  };
  std::map<std::int32_t, Stream> streams;
  std::vector<std::int32_t> goodbyes;  // the ids of GOAWAY
  std::uint32_t reason = 0;            // of the last

  explicit Box(std::uint32_t most_streams) {
    nghttp2_session_callbacks* table = nullptr;
    nghttp2_session_callbacks_new(&table);
    nghttp2_session_callbacks_set_on_header_callback(
        table,
        [](nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_size,
           const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* user) {
          auto& head = static_cast<Box*>(user)->streams[frame->hd.stream_id].head;
          head.append(reinterpret_cast<const char*>(name), name_size) += '=';
          head.append(reinterpret_cast<const char*>(value), value_size) += ' ';
          return 0;
        });
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
        table, [](nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* data, std::size_t size,
                  void* user) {
          static_cast<Box*>(user)->streams[id].body.append(reinterpret_cast<const char*>(data), size);
          return 0;
        });
    nghttp2_session_callbacks_set_on_frame_recv_callback(
        table, [](nghttp2_session*, const nghttp2_frame* frame, void* user) {
          Box& box = *static_cast<Box*>(user);
          if (frame->hd.type == NGHTTP2_GOAWAY) {
            box.goodbyes.push_back(frame->goaway.last_stream_id);
            box.reason = frame->goaway.error_code;
          }
          if (frame->hd.stream_id && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM))
            box.streams[frame->hd.stream_id].done = true;
          return 0;
        });
    nghttp2_session_server_new(&h2_, table, this);
    nghttp2_session_callbacks_del(table);
    const nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, most_streams}};
    nghttp2_submit_settings(h2_, NGHTTP2_FLAG_NONE, settings, 1);
  }
  Box(const Box&) = delete;
  ~Box() { nghttp2_session_del(h2_); }

  void take(std::string_view bytes) {
    nghttp2_session_mem_recv(h2_, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  }
  std::string say() {
    std::string out;
    const std::uint8_t* bytes = nullptr;
    while (out.size() < 64 * 1024) {
      auto size = nghttp2_session_mem_send(h2_, &bytes);
      if (size <= 0) break;
      out.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
    }
    return out;
  }
  void answer(std::int32_t id, int status) { respond(id, status, true); }
  void refuse(std::int32_t id, int status) { respond(id, status, false); }
  void send(std::int32_t id, const std::string& bytes) {
    streams[id].out += bytes;
    nghttp2_session_resume_data(h2_, id);
  }
  void finish(std::int32_t id) {
    streams[id].finish = true;
    nghttp2_session_resume_data(h2_, id);
  }
  void reset(std::int32_t id, std::uint32_t code) {
    nghttp2_submit_rst_stream(h2_, NGHTTP2_FLAG_NONE, id, code);
  }
  void leave() { nghttp2_submit_goaway(h2_, NGHTTP2_FLAG_NONE, 0x7fffffff, NGHTTP2_NO_ERROR, nullptr, 0); }

 private:
  void respond(std::int32_t id, int status, bool opens) {
    auto text = std::to_string(status);
    std::string name = ":status";
    nghttp2_nv head{reinterpret_cast<std::uint8_t*>(name.data()),
                    reinterpret_cast<std::uint8_t*>(text.data()), name.size(), text.size(),
                    NGHTTP2_NV_FLAG_NONE};
    nghttp2_data_provider provider{
        {.ptr = nullptr},
        [](nghttp2_session*, std::int32_t from, std::uint8_t* into, std::size_t most, std::uint32_t* flags,
           nghttp2_data_source*, void* user) -> ssize_t {
          auto& stream = static_cast<Box*>(user)->streams[from];
          auto count = std::min(most, stream.out.size());
          if (count == 0 && !stream.finish) return NGHTTP2_ERR_DEFERRED;
          std::copy_n(stream.out.data(), count, into);
          stream.out.erase(0, count);
          if (stream.out.empty() && stream.finish) *flags |= NGHTTP2_DATA_FLAG_EOF;
          return static_cast<ssize_t>(count);
        }};
    nghttp2_submit_response(h2_, id, &head, 1, opens ? &provider : nullptr);
  }
  nghttp2_session* h2_ = nullptr;
};

}  // namespace refrelay
