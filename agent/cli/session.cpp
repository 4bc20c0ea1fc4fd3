#include "agent/cli/session.hpp"

#include <istream>
#include <ostream>

namespace qcloud::cli {

Session::Session(const Options& options, Host& host)
    : options(options),
      host(host),
      client(options.socket),
      look{host.color && !options.json, host.columns, host.now()} {}

void Session::say(const std::string& text) const {
  if (!options.json && !options.quiet) host.out << text << std::flush;
}

void Session::show(const std::string& text, const boost::json::object& object) const {
  host.out << (options.json ? json_line(object) : text) << std::flush;
}

Exit Session::fail(const Failure& failure) const {
  host.err << "qcloud: " << failure.text << '\n';
  if (!failure.fix.empty()) host.err << "  fix: " << failure.fix << '\n';
  return failure.exit;
}

Result<void> Session::can_ask(std::string_view command) const {
  if (options.yes || host.in_terminal) return {};
  return Failure{Exit::usage,
                 std::string(command) + " asks before it acts, and there is no terminal to ask on.",
                 "If you are sure, add --yes", ""};
}

std::optional<bool> Session::asked(const std::string& question) const {
  host.err << question << " [y/N] " << std::flush;
  std::string answer;
  if (!std::getline(host.in, answer)) {
    host.err << '\n';
    return std::nullopt;
  }
  return answer == "y" || answer == "Y" || answer == "yes" || answer == "Yes";
}

bool Session::agreed(const std::string& before, const std::string& question) const {
  if (options.yes) {
    say(before);
    return true;
  }
  host.err << before;
  if (asked(question).value_or(false)) return true;
  host.err << "Nothing was changed.\n";
  return false;
}

}  // namespace qcloud::cli
