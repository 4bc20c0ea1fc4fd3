// The relay: boxes attach on one port, visitors come to the other, and it joins them by server name.
// It has no key of any visitor and of any box, and logs connection information only (promise L4).
#pragma once

#include <boost/asio/io_context.hpp>
#include <map>
#include <set>
#include <vector>

#include "tests/cloud/relay/cloud.hpp"
#include "tests/cloud/relay/device.hpp"

namespace refrelay {

struct Options {
  std::string name = "relay";
  std::vector<tcp::endpoint> visitors, boxes;
  std::string certificate, key;  ///< PEM files: the relay's own
  std::string device_ca;         ///< PEM: who vouches for boxes
  std::string public_ipv4, public_ipv6;  ///< where visitors reach it, for DNS
  std::string cloud_socket;
  std::string setup_suffix;      ///< boxes not yet set up are reached below it: RID.setup.mynas.test; empty: none may attach
};

class Relay {
 public:
  Relay(asio::io_context& io, Options options);
  ~Relay();

  /// Listens; throws std::runtime_error with the reason.
  void start();
  /// GOAWAY to every box, no new visitors; returns when the last visit is over, or after `patience`.
  Task<void> drain(std::chrono::seconds patience);
  std::vector<tcp::endpoint> visitor_ports() const, box_ports() const;

 private:
  using Devices = std::multimap<std::string, std::shared_ptr<Device>>;
  Task<void> accept_boxes(tcp::acceptor& acceptor);
  Task<void> accept_visitors(tcp::acceptor& acceptor);
  Task<void> announce();
  Task<void> attach(std::shared_ptr<Wire> wire);
  Task<void> visit(std::shared_ptr<Wire> wire);
  Task<void> carry(std::shared_ptr<Wire> wire, std::shared_ptr<Device> device, std::string host, std::string first);
  Task<std::shared_ptr<Device>> find(std::string host);
  std::string identify(Wire& wire, bool* set_up) const;
  void log(const Wire& wire, const std::string& host, const std::string& device, const Stream* stream,
           std::chrono::steady_clock::time_point began, const char* outcome);

  asio::io_context& io_;
  Options options_;
  CloudDoor cloud_;
  SSL_CTX* context_ = nullptr;
  std::vector<tcp::acceptor> boxes_, visitors_;
  Devices devices_;
  int visits_ = 0;
  bool announced_ = false, draining_ = false;
};

}  // namespace refrelay
