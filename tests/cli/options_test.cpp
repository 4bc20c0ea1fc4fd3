#include "agent/cli/options.hpp"

#include <doctest/doctest.h>
#include <sstream>

using namespace qcloud::cli;

namespace {

std::variant<Options, Ended> parsed(const std::string& line) {
  std::istringstream words(line);
  std::vector<std::string> arguments;
  for (std::string word; words >> word;) arguments.push_back(word);
  return parse(arguments, "/default.sock");
}

Options good(const std::string& line) {
  const auto result = parsed(line);
  if (const auto* ended = std::get_if<Ended>(&result)) FAIL(line << ": " << ended->err);
  return std::get<Options>(result);
}

Ended bad(const std::string& line) {
  const auto result = parsed(line);
  if (!std::holds_alternative<Ended>(result)) FAIL(line << " was accepted");
  return std::get<Ended>(result);
}

}  // namespace

TEST_CASE("every command is understood") {
  const std::pair<const char*, Command> lines[] = {
      {"--version", Command::version},
      {"status", Command::status},
      {"register", Command::enroll},
      {"unregister --yes", Command::unregister},
      {"enable ddns", Command::enable},
      {"disable ddns", Command::disable},
      {"offline", Command::offline},
      {"online", Command::online},
      {"ddns claim nas1", Command::ddns_claim},
      {"ddns rename nas1", Command::ddns_rename},
      {"ddns release", Command::ddns_release},
      {"ddns release nas1", Command::ddns_release},
      {"data show", Command::data_show},
      {"data export ddns", Command::data_export},
      {"data erase ddns -y", Command::data_erase},
      {"receipts list", Command::receipts_list},
      {"receipts show 7d9e", Command::receipts_show},
      {"receipts verify", Command::receipts_verify},
      {"receipts verify --file f --key k", Command::receipts_verify},
      {"ledger -f", Command::ledger},
      {"ledger summary", Command::ledger_summary},
      {"ledger --since 1h summary", Command::ledger_summary},
      {"ledger summary --since 1h", Command::ledger_summary},
      {"manifest", Command::manifest},
      {"manifest ddns", Command::manifest}};
  for (const auto& [line, command] : lines) {
    CAPTURE(line);
    CHECK(good(line).command == command);
  }
}

TEST_CASE("a feature may be called like a command") {
  for (const char* line : {"enable ddns", "manifest ddns", "data show ddns", "ledger --feature ddns"})
    CHECK(good(line).feature == "ddns");
  CHECK(good("enable status").feature == "status");
  CHECK(good("enable status").command == Command::enable);
}

TEST_CASE("options stand before or after the command") {
  for (const char* line : {"--json --socket /s ddns claim nas1", "ddns --json claim --socket /s nas1",
                           "ddns claim nas1 --json --socket=/s"}) {
    const Options options = good(line);
    CHECK(options.json);
    CHECK(options.socket == "/s");
    CHECK(options.name == "nas1");
    CHECK(options.command == Command::ddns_claim);
  }
  CHECK(good("status").socket == "/default.sock");
  CHECK(good("-q status").quiet);
  const Options ledger = good("ledger --feature ddns --since 2d --limit 7");
  CHECK(ledger.feature == "ddns");
  CHECK(ledger.since == "2d");
  CHECK(ledger.limit == 7);
}

TEST_CASE("usage errors end with 2 and say what to do") {
  for (const char* line :
       {"nonsense", "enable", "enable a b", "ddns", "ddns steal x", "ddns claim", "data", "receipts",
        "receipts show", "receipts verify --file f", "receipts verify id --file f --key k",
        "ledger --since yesterday", "ledger --limit 0", "ledger --limit x", "status --what", "status --yes",
        "--socket", "manifest a b", "status status"}) {
    CAPTURE(line);
    const Ended ended = bad(line);
    CHECK(ended.exit == Exit::usage);
    CHECK(ended.out.empty());
    CHECK(ended.err.starts_with("qcloud: "));
    CHECK(ended.err.find("  fix: ") != std::string::npos);
  }
  CHECK(bad("nonsense").err == "qcloud: There is no command 'nonsense'.\n  fix: See: qcloud --help\n");
  CHECK(bad("data").err ==
        "qcloud: What shall qcloud data do? One of: show, export, erase, correct.\n  fix: See: qcloud data "
        "--help\n");
  CHECK(bad("").exit == Exit::usage);
  CHECK(bad("\x1b[2J").err.find('\x1b') == std::string::npos);
}

TEST_CASE("help is no error") {
  CHECK(bad("--help").exit == Exit::done);
  CHECK(bad("--help").out.find("unregister") != std::string::npos);
  CHECK(bad("ledger --help").out.find("--since") != std::string::npos);
  CHECK(bad("data erase --help").out.find("--yes") != std::string::npos);
}
