// What the CLI reads from outside: receipts, event streams cut anywhere, and words for a terminal.
#include <boost/json/parse.hpp>
#include <vector>

#include "agent/cli/events.hpp"
#include "agent/cli/jws.hpp"
#include "agent/cli/receipt.hpp"
#include "agent/cli/text.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace {

using namespace qcloud::cli;
using Events = std::vector<std::pair<std::string, std::string>>;

Events events(std::string_view text, std::size_t piece) {
  EventParser parser;
  Events out;
  auto sink = [&](std::string_view name, std::string_view data) {
    out.emplace_back(name, data);
    return true;
  };
  for (std::size_t at = 0; at < text.size(); at += piece)
    if (!parser.feed(text.substr(at, piece), sink)) break;
  return out;
}

void obeys_nothing(const std::string& shown) {
  for (unsigned char c : shown) MUST(c >= ' ' && c != 0x7f);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  MUST(events(text, size + 1) == events(text, 1));
  static const std::string pem =
      "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END "
      "PUBLIC KEY-----\n";
  MUST(!verify_jws(text, pem, "erasure-receipt+jwt"));
  MUST(!verify_jws(text, text, "erasure-receipt+jwt"));

  auto shown = plain(text);
  obeys_nothing(shown);
  MUST(plain(shown) == shown);
  MUST(pad(shown, 20).size() >= shown.size());
  wrap(shown, 4, 40);
  boost::system::error_code failed;
  auto value = boost::json::parse(boost::json::string_view(text.data(), text.size()), failed);
  if (failed) return 0;
  auto line = json_line(value);
  MUST(line.ends_with('\n'));
  obeys_nothing(line.substr(0, line.size() - 1));
  MUST(boost::json::parse(line) == value);
  MUST(boost::json::parse(json_pretty(value)) == value);
  if (value.is_object()) {
    Look look;
    broken_promises(value.as_object());
    for (auto* words : {claims_text, receipt_text, receipts_text})
      for (unsigned char c : words(value.as_object(), look)) MUST((c >= ' ' && c != 0x7f) || c == '\n');
  }
  return 0;
}
