// What the relay asks of the cloud, over a Unix socket: may this box attach, and whose name is this? The
// relay holds no list of its own, so that what is removed in the cloud is gone here at the next visit.
#pragma once

#include <boost/asio/local/stream_protocol.hpp>
#include <optional>
#include <string>
#include <vector>

#include "tests/cloud/relay/adapter/wire.hpp"

namespace refrelay {

class CloudDoor {
 public:
  explicit CloudDoor(const std::string& socket) : door_(socket) {}

  /// A relay that starts: the cloud forgets what an earlier one of this name had attached.
  /// `ipv4`, `ipv6`: where visitors reach it, for DNS; empty: not over that family.
  Task<bool> started(std::string relay, std::string ipv4, std::string ipv6);
  /// True when the box may attach. `seen`: its address as the relay sees it.
  Task<bool> attach(std::string relay, std::string device, std::string seen, std::string certificate_sha256);
  Task<void> detach(std::string relay, std::string device);
  /// The device of a public name or of a name below it; nothing: nobody's, or its audience forbids it.
  Task<std::optional<std::string>> device_of(std::string host);
  /// Of the boxes that are attached, those that may not be any more. The cloud answers when there is one, or
  /// after a while; nothing: it did not answer.
  Task<std::optional<std::vector<std::string>>> gone(std::string relay, std::vector<std::string> attached);

 private:
  struct Answer {
    int status = 0;  // 0: none
    std::string body;
  };
  Task<Answer> ask(std::string method, std::string target, std::string body,
                   std::chrono::milliseconds patience = std::chrono::seconds(10));
  Task<Answer> exchange(std::string request);
  asio::local::stream_protocol::endpoint door_;
};

}  // namespace refrelay
