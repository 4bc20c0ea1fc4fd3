// The log: few lines, each anonymized before it reaches any sink (promise A8).
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "agent/core/anonymize.hpp"

namespace qcloud {

enum class Level { debug, info, warning, error };

class Log {
 public:
  using Sink = std::function<void(Level, std::string_view line)>;
  Log(Level threshold, Sink sink) : threshold_(threshold), sink_(std::move(sink)) {}

  // What no line may hold from now on: this box's account, names, ids.
  void know(KnownValues values) { known_ = std::move(values); }

  // Effective at once, for every line from now on.
  void set_level(Level threshold) { threshold_ = threshold; }

  void debug(std::string_view text) const { write(Level::debug, text); }
  void info(std::string_view text) const { write(Level::info, text); }
  void warning(std::string_view text) const { write(Level::warning, text); }
  void error(std::string_view text) const { write(Level::error, text); }

 private:
  void write(Level level, std::string_view text) const;
  Level threshold_;
  Sink sink_;
  KnownValues known_;
};

}  // namespace qcloud
