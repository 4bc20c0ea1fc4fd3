// What nghttp2 calls, turned into calls of Session. No decision is made here.
#include "agent/features/link/h2/callbacks.hpp"

namespace qcloud::link {
namespace {

std::string_view view(const std::uint8_t* bytes, std::size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

}  // namespace

struct Session::Callbacks::Table {
  static Session& self(void* user) { return *static_cast<Session*>(user); }

  static int begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    self(user).begin(frame->hd.stream_id, frame->headers.cat == NGHTTP2_HCAT_REQUEST);
    return 0;
  }
  static int header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                    std::size_t name_size, const std::uint8_t* value, std::size_t value_size, std::uint8_t,
                    void* user) {
    bool fine = self(user).header(frame->hd.stream_id, view(name, name_size), view(value, value_size));
    return fine ? 0 : NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  }
  static int frame_begun(nghttp2_session*, const nghttp2_frame_hd* head, void* user) {
    return self(user).begun(*head) ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE;
  }
  static int frame(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    self(user).received(*frame);
    return 0;
  }
  // What nghttp2 answers with a reset of the stream, or not at all.
  static int invalid(nghttp2_session*, const nghttp2_frame*, int why, void* user) {
    Session& session = self(user);
    // One stream too many, before the relay knows that it is: both are right.
    if (why == NGHTTP2_ERR_REFUSED_STREAM) return 0;
    bool flood = session.patience_.over(Patience::What::malformed, session.clock_.now());
    return flood ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
  }
  // nghttp2 says goodbye by itself when the peer breaks the protocol.
  static int sent(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    if (frame->hd.type == NGHTTP2_HEADERS && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM))
      self(user).answered(frame->hd.stream_id);
    if (frame->hd.type == NGHTTP2_GOAWAY && frame->goaway.error_code != NGHTTP2_NO_ERROR)
      self(user).broken_ = true;
    return 0;
  }
  static int chunk(nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* data,
                   std::size_t size, void* user) {
    self(user).data(id, {reinterpret_cast<const char*>(data), size});
    return 0;
  }
  static int closed(nghttp2_session*, std::int32_t id, std::uint32_t code, void* user) {
    self(user).closed(id, code == NGHTTP2_NO_ERROR);
    return 0;
  }
  // Frames other than DATA.
  static ssize_t send(nghttp2_session*, const std::uint8_t* data, std::size_t size, int, void* user) {
    Session& session = self(user);
    if (session.batch_.size() >= session.batch_most_) return NGHTTP2_ERR_WOULDBLOCK;
    session.batch_.append(reinterpret_cast<const char*>(data), size);
    return static_cast<ssize_t>(size);
  }
  static ssize_t source(nghttp2_session*, std::int32_t id, std::uint8_t*, std::size_t size,
                        std::uint32_t* flags, nghttp2_data_source*, void* user) {
    return self(user).offer(id, size, flags);
  }
  // DATA, straight from the visit's pipe: nghttp2 copies nothing.
  static int send_data(nghttp2_session*, nghttp2_frame* frame, const std::uint8_t* head, std::size_t size,
                       nghttp2_data_source*, void* user) {
    Session& session = self(user);
    if (session.batch_.size() >= session.batch_most_) return NGHTTP2_ERR_WOULDBLOCK;
    session.batch_.append(reinterpret_cast<const char*>(head), 9);
    return session.take(frame->hd.stream_id, size) ? 0 : NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  }
};

int Session::Callbacks::make_server(nghttp2_session** out, Session* session, const nghttp2_option* option) {
  nghttp2_session_callbacks* table = nullptr;
  if (int failed = nghttp2_session_callbacks_new(&table); failed != 0) return failed;
  nghttp2_session_callbacks_set_on_begin_headers_callback(table, Table::begin_headers);
  nghttp2_session_callbacks_set_on_header_callback(table, Table::header);
  nghttp2_session_callbacks_set_on_begin_frame_callback(table, Table::frame_begun);
  nghttp2_session_callbacks_set_on_frame_recv_callback(table, Table::frame);
  nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(table, Table::invalid);
  nghttp2_session_callbacks_set_on_frame_send_callback(table, Table::sent);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(table, Table::chunk);
  nghttp2_session_callbacks_set_on_stream_close_callback(table, Table::closed);
  nghttp2_session_callbacks_set_send_callback(table, Table::send);
  nghttp2_session_callbacks_set_send_data_callback(table, Table::send_data);
  int failed = nghttp2_session_server_new2(out, table, session, option);
  nghttp2_session_callbacks_del(table);
  return failed;
}

nghttp2_data_provider Session::Callbacks::source() { return {{.ptr = nullptr}, Table::source}; }

}  // namespace qcloud::link
