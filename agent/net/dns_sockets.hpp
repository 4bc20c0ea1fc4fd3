// The sockets of one look-up: c-ares asks through them, the ledger counts them, and the event loop wakes us
// when one has something. Lives as long as the coroutine's frame, so cancelling that closes everything.
#pragma once

#include <ares.h>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <map>
#include <memory>
#include <string>

#include "agent/core/signal.hpp"
#include "agent/gate/transport.hpp"

namespace qcloud {

class DnsSockets {
 public:
  DnsSockets(boost::asio::any_io_executor executor, Meter& meter, std::string host);
  ~DnsSockets();
  DnsSockets(const DnsSockets&) = delete;

  // `tries` rounds over all servers that the box has; the first waits `timeout`, each further one twice as
  // long. False: there is no memory for it.
  bool open(Millis timeout, int tries);
  ares_channel channel() const { return channel_; }
  // Arms the wake-ups; process() then serves what is ready, and timeouts.
  void watch();
  void process();
  std::shared_ptr<Signal> wake;
  // Who was asked last: "192.168.1.1:53"; empty: nobody.
  const std::string& server() const { return server_; }
  // Did any answer, whatever it said?
  bool heard() const { return heard_; }

 private:
  struct Counted {
    std::int64_t row = 0;
    std::uint64_t out = 0;
    std::uint64_t in = 0;
    bool udp = true;
    std::string server;
  };
  static ares_socket_t open_socket(int domain, int type, int protocol, void* data);
  static int close_socket(ares_socket_t fd, void* data);
  static int connect_socket(ares_socket_t fd, const sockaddr* to, ares_socklen_t size, void* data);
  static ares_ssize_t receive(ares_socket_t fd, void* into, size_t size, int flags, sockaddr* from,
                              ares_socklen_t* length, void* data);
  static ares_ssize_t send_vector(ares_socket_t fd, const iovec* parts, int count, void* data);
  static const ares_socket_functions functions;
  void forget(ares_socket_t fd);

  boost::asio::any_io_executor executor_;
  Meter& meter_;
  std::string host_;
  std::string server_;
  bool heard_ = false;
  ares_channel channel_ = nullptr;
  std::map<ares_socket_t, Counted> sockets_;
  std::map<ares_socket_t, std::unique_ptr<boost::asio::posix::stream_descriptor>> watched_;
};

}  // namespace qcloud
