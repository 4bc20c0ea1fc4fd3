// The local API's listener: HTTP/1.1 on a Unix socket, one request a connection (interfaces are for
// people and scripts, not for load). Who asks is read from the kernel (SO_PEERCRED), never from the
// request.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>

#include "agent/control/api.hpp"
#include "agent/core/nursery.hpp"
#include "platform/platform.hpp"

namespace qcloud {

class ControlServer {
 public:
  ControlServer(boost::asio::any_io_executor executor, Clock& clock, SessionAuth& auth,
                std::vector<Route> routes);
  ~ControlServer();

  // Makes the socket (0666; its folder is 0755). A stale one is replaced. Error: control.socket.
  Status listen(const std::string& path);
  Task<void> run();
  // Ends every connection; call it when run() has been cancelled.
  Task<void> stop();
  // Tells all who follow the events. One who does not read loses events, not the agent its memory.
  void publish(const Event& event);
  bool followed() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace qcloud
