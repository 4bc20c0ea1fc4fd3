// The one file that speaks to the agent: HTTP/1.1 over its Unix socket
// (docs/openapi/control.yaml). One connection a call; everything else in this
// folder works on JSON values.
#pragma once

#include "agent/cli/outcome.hpp"
#include "agent/cli/target.hpp"

#include <boost/json/object.hpp>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace qcloud::cli {

class Client {
 public:
  /// `interrupt` is a descriptor that becomes readable when the user presses
  /// Ctrl-C, or -1. It is not owned. A call that it ends fails with code "interrupted".
  explicit Client(std::string socket, int interrupt = -1)
      : socket_(std::move(socket)), interrupt_(interrupt) {}

  Result<boost::json::object> get(const Target& target) const { return call("GET", target, {}); }
  Result<boost::json::object> post(const Target& target, boost::json::object body = {}) const {
    return call("POST", target, std::move(body));
  }
  Result<boost::json::object> put(const Target& target, boost::json::object body) const {
    return call("PUT", target, std::move(body));
  }
  Result<boost::json::object> erase(const Target& target) const { return call("DELETE", target, {}); }

  /// Follows GET /v1/events. `opened` runs once the stream stands, so that what is read
  /// afterwards cannot miss a change; `event` gets the name and data of each event.
  /// Both return false to end the stream. Fails when the agent ends it.
  Result<void> follow(const std::function<bool()>& opened,
                      const std::function<bool(std::string_view, const boost::json::object&)>& event) const;

 private:
  Result<boost::json::object> call(std::string_view method, const Target& target,
                                   std::optional<boost::json::object> body) const;

  std::string socket_;
  int interrupt_;
};

}  // namespace qcloud::cli
