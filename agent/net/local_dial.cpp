#include "agent/net/local_dial.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "agent/core/race.hpp"

namespace qcloud {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr auto as_value = asio::as_tuple(asio::use_awaitable);

Error reset_error() {
  return {"local.reset", Retry::retry_soon, "The service on this box ended the connection.", ""};
}

class LoopbackStream : public LocalStream {
 public:
  explicit LoopbackStream(tcp::socket socket) : socket_(std::move(socket)) {}
  ~LoopbackStream() override {
    boost::system::error_code ignored;
    socket_.close(ignored);
  }

  Result<std::optional<std::size_t>> read(std::span<char> into) override {
    for (;;) {
      auto got = ::recv(socket_.native_handle(), into.data(), into.size(), 0);
      if (got >= 0) return std::optional<std::size_t>(static_cast<std::size_t>(got));
      if (errno == EAGAIN) return std::optional<std::size_t>();
      if (errno != EINTR) return reset_error();
    }
  }

  Result<std::size_t> write(std::span<const char> from) override {
    for (;;) {
      auto put = ::send(socket_.native_handle(), from.data(), from.size(), MSG_NOSIGNAL);
      if (put >= 0) return static_cast<std::size_t>(put);
      if (errno == EAGAIN) return std::size_t{0};
      if (errno != EINTR) return reset_error();
    }
  }

  Task<Status> readable() override { return ready(tcp::socket::wait_read); }
  Task<Status> writable() override { return ready(tcp::socket::wait_write); }

  void finish() override {
    boost::system::error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
  }

 private:
  Task<Status> ready(tcp::socket::wait_type direction) {
    auto [failed] = co_await socket_.async_wait(direction, as_value);
    if (failed) co_return reset_error();
    co_return Status{};
  }

  tcp::socket socket_;
};

Task<boost::system::error_code> connect(tcp::socket* socket, tcp::endpoint to) {
  auto [failed] = co_await socket->async_connect(to, as_value);
  co_return failed;
}

}  // namespace

Task<Result<std::unique_ptr<LocalStream>>> LoopbackDial::dial(std::string address, std::uint16_t port) {
  boost::system::error_code failed;
  auto parsed = asio::ip::make_address(address, failed);
  if (failed || !parsed.is_loopback())
    co_return Error{"local.not_loopback", Retry::give_up, "A service must listen on this box itself.",
                    "Give an address such as 127.0.0.1."};
  tcp::socket socket(executor_);
  socket.open(parsed.is_v6() ? tcp::v6() : tcp::v4(), failed);
  if (!failed) socket.set_option(tcp::no_delay(true), failed);
  if (!failed) socket.non_blocking(true, failed);
  tcp::endpoint to(parsed, port);
  auto connected = co_await within(connect(&socket, to), clock_, clock_.now() + seconds(5));
  if (!connected)
    co_return Error{"local.timeout", Retry::retry_soon, "The service on this box does not answer.", ""};
  if (*connected)
    co_return Error{"local.refused", Retry::retry_soon, "The service on this box is not running.", ""};
  socket.native_non_blocking(true, failed);
  co_return std::unique_ptr<LocalStream>(std::make_unique<LoopbackStream>(std::move(socket)));
}

}  // namespace qcloud
