// Stands in for the agent: an HTTP server on a Unix socket that gives canned answers and
// keeps what it was asked. And a Host whose terminal, clock and Ctrl-C the test holds.
#pragma once

#include "agent/cli/commands.hpp"

#include <atomic>
#include <map>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace qcloud::cli {

/// The text of tests/cli/fixtures/NAME.json.
std::string fixture(const std::string& name);

/// A folder of its own for one test; gone at the end.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  std::string path(const std::string& name) const { return dir_ + "/" + name; }
  std::string write(const std::string& name, const std::string& text) const;

 private:
  std::string dir_;
};

class AgentDouble {
 public:
  AgentDouble();
  ~AgentDouble();
  AgentDouble(const AgentDouble&) = delete;
  AgentDouble& operator=(const AgentDouble&) = delete;

  /// `request` is "METHOD target". Answers to the same request are given in turn; the last stays.
  void answer(const std::string& request, unsigned status, const std::string& body);
  /// The same, the bytes as they stand; then the connection is closed.
  void raw(const std::string& request, const std::string& bytes);
  /// "METHOD target", then a space and the body if there was one.
  std::vector<std::string> asked() const;
  bool was_asked(const std::string& request) const;
  std::string socket() const { return dir_.path("control.sock"); }

 private:
  void serve();
  void talk(int connection);

  TempDir dir_;
  mutable std::mutex mutex_;
  std::map<std::string, std::vector<std::string>> answers_;
  std::vector<std::string> asked_;
  int listener_ = -1;
  int stop_[2] = {-1, -1};
  std::thread thread_;
};

/// One call of `qcloud`, from arguments to exit status. Now is 2026-11-23T10:03:00Z.
struct Call {
  explicit Call(const std::string& socket);
  ~Call();
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  int operator()(std::vector<std::string> arguments) {
    return static_cast<int>(run(std::move(arguments), host));
  }

  std::istringstream in;
  std::ostringstream out, err;
  int interrupt[2] = {-1, -1};
  int interrupt_after = -1;  ///< press Ctrl-C in this pause, counted from 0
  int pauses = 0;
  Host host;
};

}  // namespace qcloud::cli
