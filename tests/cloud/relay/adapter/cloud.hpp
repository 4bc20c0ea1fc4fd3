// What the relay asks of the cloud, over a Unix socket: may this box attach, and whose name is this? The
// relay holds no list of its own, so that what is removed in the cloud is gone here at the next visit.
#pragma once

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/json/object.hpp>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/cloud/relay/adapter/wire.hpp"

namespace refrelay {

class CloudDoor {
 public:
  explicit CloudDoor(const std::string& socket);

  /// A relay that starts: the cloud forgets what an earlier one of this name had attached. False after a
  /// second. `ipv4`, `ipv6`: where visitors reach it, for DNS; empty: not over that family.
  Task<bool> started(std::string relay, std::string ipv4, std::string ipv6);
  /// What the cloud has for boxes: DEVICE -> the number of the newest word to it.
  using Newest = std::map<std::string, std::int64_t>;
  struct Admission {
    bool admitted = false;
    std::optional<std::int64_t> newest;  ///< nothing: this cloud has no news for relays
  };
  /// May the box attach? `seen`: its address as the relay sees it.
  Task<Admission> attach(std::string relay, std::string device, std::string seen,
                         std::string certificate_sha256);
  Task<void> detach(std::string relay, std::string device);
  /// The device of a public name or of a name below it; empty: nobody's, or its audience forbids it;
  /// nothing: the cloud does not answer.
  Task<std::optional<std::string>> device_of(std::string host);
  struct News {
    std::vector<std::string> gone;  ///< may not be attached any more
    Newest newer;
  };
  /// What has come up for the boxes that are attached, beyond what they were told. The cloud answers when
  /// there is something, or after `hold` (25 s at most); nothing: it did not answer.
  Task<std::optional<News>> news(std::string relay, Newest told, std::chrono::seconds hold);

 private:
  boost::json::object words_of(const std::string& relay) const;
  struct Answer {
    int status = 0;  // 0: none
    std::string body;
  };
  Task<Answer> ask(std::string method, std::string target, std::string body,
                   std::chrono::milliseconds patience = std::chrono::seconds(10));
  Task<Answer> exchange(std::string request);
  asio::local::stream_protocol::endpoint door_;
  std::string run_;
};

}  // namespace refrelay
