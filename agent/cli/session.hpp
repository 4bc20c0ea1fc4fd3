// What a command works with: its options, the agent, and where its words go.
#pragma once

#include "agent/cli/client.hpp"
#include "agent/cli/host.hpp"
#include "agent/cli/options.hpp"
#include "agent/cli/text.hpp"

#include <boost/json/object.hpp>
#include <optional>
#include <string>

namespace qcloud::cli {

class Session {
 public:
  Session(const Options& options, Host& host);

  const Options& options;
  Host& host;
  const Client client;
  const Look look;

  /// A client whose calls end at Ctrl-C; from here on Ctrl-C is caught.
  Client interruptible() const { return Client(options.socket, host.catch_interrupt()); }

  /// Words around the result; silent with --json and --quiet.
  void say(const std::string& text) const;

  /// The result that was asked for: the text, or with --json the object.
  void show(const std::string& text, const boost::json::object& object) const;

  /// Reason and fix on stderr.
  Exit fail(const Failure& failure) const;

  /// Fails when a question would be needed and there is nobody to ask. Called before
  /// anything else, so that such a call has no effect at all.
  Result<void> can_ask(std::string_view command) const;

  /// Asks on stderr; only "y" or "yes" is a yes. Nothing: the input has ended.
  std::optional<bool> asked(const std::string& question) const;

  /// True with --yes; else asks, and says on a no that nothing was changed.
  bool agreed(const std::string& before, const std::string& question) const;
};

}  // namespace qcloud::cli
