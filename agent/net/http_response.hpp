// The bytes of one HTTP/1.1 answer (RFC 9112), however they arrive, into a response: pure, so that it can
// be fuzzed. Interim answers (1xx, RFC 9110 section 15.2) are read and passed over.
#pragma once

#include <memory>
#include <string_view>

#include "agent/gate/transport.hpp"

namespace qcloud {

class ResponseReader {
 public:
  static constexpr std::size_t body_limit = 256 * 1024;
  static constexpr std::size_t header_limit = 16 * 1024;
  // Of everything: chunk headers, trailers and interim answers could be sent for ever.
  static constexpr std::size_t wire_limit = 512 * 1024;

  // `connect`: the answer to CONNECT, which has no body when it is 2xx, whatever its header says (RFC 9110
  // section 9.3.6), and whose body is of no interest otherwise: it ends with its header.
  enum class To { request, connect };
  explicit ResponseReader(To what = To::request);
  ~ResponseReader();
  ResponseReader(const ResponseReader&) = delete;

  // Takes what came. An error (net.bad_answer) is final.
  Status put(std::string_view bytes);
  // The peer closed. Errors: net.reset, when that cut the answer short.
  Status end();
  // The header of the answer itself is read; the rest must follow soon.
  bool begun() const { return status_ != 0; }
  bool done() const { return done_; }
  // How much lies behind the end of the answer.
  std::size_t left_over() const { return pending_.size(); }
  // Once, when done.
  HttpResponse take();

 private:
  struct Parser;
  Status parse(std::string_view bytes);
  std::unique_ptr<Parser> parser_;
  To what_;
  std::string pending_;
  std::size_t seen_ = 0;
  int interim_ = 0;
  int status_ = 0;
  bool done_ = false;
};

}  // namespace qcloud
