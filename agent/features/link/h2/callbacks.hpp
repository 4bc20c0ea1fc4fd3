#pragma once

#include "agent/features/link/h2/session.hpp"

namespace qcloud::link {

struct Session::Callbacks {
  static int make_server(nghttp2_session** out, Session* session, const nghttp2_option* option);
  // The body of an answer: the bytes of the visit of that stream.
  static nghttp2_data_provider source();

 private:
  struct Table;
};

}  // namespace qcloud::link
