#include "agent/net/local_dial.hpp"

#include <sys/resource.h>
#include <sys/uio.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "agent/core/race.hpp"
#include "agent/net/connection.hpp"

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
  // Until both ways have ended in order the service must not take what it has for all there is, also where
  // this process is killed.
  explicit LoopbackStream(tcp::socket socket) : socket_(std::move(socket)) { cut_when_closed(true); }
  ~LoopbackStream() override {
    watch_->ready = nullptr;
    if (finished_ && service_ended_) cut_when_closed(false);
    boost::system::error_code ignored;
    socket_.close(ignored);
  }

  void tell(std::function<void()> ready) override { watch_->ready = std::move(ready); }

  Result<std::optional<std::size_t>> read(const Rows<char>& into) override {
    while (!watch_->reading) {
      Vector vector(into);
      auto got = ::readv(socket_.native_handle(), vector.rows, vector.count);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0 && errno != EAGAIN) return reset_error();
      if (got != 0 && got < static_cast<ssize_t>(into.bytes()))
        watch(tcp::socket::wait_read, &Watch::reading);
      service_ended_ |= got == 0;
      if (got >= 0) return std::optional<std::size_t>(static_cast<std::size_t>(got));
    }
    return std::optional<std::size_t>();
  }

  Result<std::size_t> write(const Rows<const char>& from) override {
    while (!watch_->writing) {
      Vector vector(from);
      msghdr message{};
      message.msg_iov = vector.rows;
      message.msg_iovlen = static_cast<std::size_t>(vector.count);
      auto put = ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL);
      if (put < 0 && errno == EINTR) continue;
      if (put < 0 && errno != EAGAIN) return reset_error();
      auto count = static_cast<std::size_t>(std::max<ssize_t>(put, 0));
      if (count < from.bytes()) watch(tcp::socket::wait_write, &Watch::writing);
      return count;
    }
    return std::size_t{0};
  }

  void finish() override {
    boost::system::error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
    finished_ = true;
  }

 private:
  void cut_when_closed(bool cut) {
    boost::system::error_code ignored;
    socket_.set_option(asio::socket_base::linger(cut, 0), ignored);
  }

  struct Vector {
    template <class Byte>
    explicit Vector(const Rows<Byte>& from) {
      for (auto row : from) rows[count++] = {const_cast<char*>(row.data()), row.size()};
    }
    iovec rows[Rows<char>::most];
    int count = 0;
  };
  // What the kernel was asked to tell, and has not told yet: until then nothing is tried. It may come after
  // the stream's end.
  struct Watch {
    std::function<void()> ready;
    bool reading = false, writing = false;
  };

  void watch(tcp::socket::wait_type direction, bool Watch::*asked) {
    if (std::exchange((*watch_).*asked, true)) return;
    socket_.async_wait(direction, [watch = watch_, asked](boost::system::error_code) {
      (*watch).*asked = false;
      if (watch->ready) watch->ready();
    });
  }

  tcp::socket socket_;
  bool finished_ = false, service_ended_ = false;
  std::shared_ptr<Watch> watch_ = std::make_shared<Watch>();
};

Task<boost::system::error_code> connect(tcp::socket* socket, tcp::endpoint to) {
  auto [failed] = co_await socket->async_connect(to, as_value);
  co_return failed;
}

}  // namespace

std::size_t LoopbackDial::most() const {
  constexpr rlim_t others = 128;  // descriptors
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return others;
  return static_cast<std::size_t>(files.rlim_cur - std::min(others, files.rlim_cur / 2));
}

Task<Result<std::unique_ptr<LocalStream>>> LoopbackDial::dial(std::string address, std::uint16_t port) {
  boost::system::error_code failed;
  auto parsed = asio::ip::make_address(address, failed);
  if (failed || !parsed.is_loopback())
    co_return Error{"local.not_loopback", Retry::give_up, "A service must listen on this box itself.",
                    "Give an address such as 127.0.0.1."};
  tcp::socket socket(executor_);
  socket.open(parsed.is_v6() ? tcp::v6() : tcp::v4(), failed);
  const auto why = failed.value();
  if (why == EMFILE || why == ENFILE || why == ENOBUFS || why == ENOMEM)
    co_return Error{"local.no_room", Retry::retry_soon, "This agent has no descriptor left for a connection.",
                    ""};
  if (!failed) socket.set_option(tcp::no_delay(true), failed);
  if (!failed) socket.non_blocking(true, failed);
  tcp::endpoint to(parsed, port);
  auto connected = co_await within(connect(&socket, to), clock_, clock_.now() + seconds(5));
  if (!connected)
    co_return Error{"local.timeout", Retry::retry_soon, "The service on this box does not answer.", ""};
  // Where nobody listens on a port that the kernel may take for ours, a connection can meet itself (RFC 9293,
  // 3.5: simultaneous open).
  boost::system::error_code gone;
  bool itself = !*connected && socket.local_endpoint(gone) == socket.remote_endpoint(gone);
  if (itself) socket.set_option(asio::socket_base::linger(true, 0), gone);  // its port is the service's
  if (*connected || itself)
    co_return Error{"local.refused", Retry::retry_soon, "The service on this box is not running.", ""};
  forget_writing(socket);
  socket.native_non_blocking(true, failed);
  co_return std::unique_ptr<LocalStream>(std::make_unique<LoopbackStream>(std::move(socket)));
}

}  // namespace qcloud
