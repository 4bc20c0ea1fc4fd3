// One HTTP/1.1 connection, whatever its bytes run over.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/system/error_code.hpp>

#include <chrono>
#include <functional>
#include <optional>

#include "tests/cloud/adapter/server.hpp"

namespace refcloud {

namespace asio = boost::asio;

/// What the bytes run over. serve() is not a template, so it is compiled once for all of them.
class Wire {
 public:
  struct Moved {
    boost::system::error_code error;
    std::size_t size = 0;
  };
  virtual ~Wire() = default;
  virtual asio::awaitable<Moved> read_some(asio::mutable_buffer) = 0;
  /// All of it.
  virtual asio::awaitable<Moved> write(asio::const_buffer) = 0;
  /// Reading and writing fail after this; nothing for never.
  virtual void expires_after(std::optional<std::chrono::seconds>) = 0;
  virtual asio::any_io_executor executor() = 0;
};

/// Answers a request of this connection; fills in what the connection knows (peer, certificate).
using Answer = std::function<Reply(Request)>;

/// Serves requests until the client closes, is silent for too long, or breaks the protocol. `most`: bytes of
/// a body.
asio::awaitable<void> serve(Wire* wire, Service* service, Answer answer, std::size_t most = 64 << 10);

}  // namespace refcloud
