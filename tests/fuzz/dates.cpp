// Dates as text. The agent's, the CLI's and the cloud's readers of RFC 3339 are written apart: where two
// of them understand a text, they mean the same second.
#include "agent/cli/when.hpp"
#include "agent/core/clock.hpp"
#include "tests/cloud/clock.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  auto ours = qcloud::parse_rfc3339(text);
  auto cli = qcloud::cli::parse_rfc3339(text);
  auto cloud = refcloud::parse_rfc3339(text);
  if (ours) {
    // Offsets may lead a day out of the four digits of a year.
    auto second = qcloud::unix_seconds(*ours);
    bool four_digits = second >= -62167219200 && second < 253402300800;
    if (four_digits) MUST(qcloud::parse_rfc3339(qcloud::to_rfc3339(*ours)) == *ours);
    if (cli) MUST(*cli == second);
    if (cloud) MUST(*cloud == second);
  }
  if (cloud && *cloud >= 0) MUST(ours && cli);  // what the cloud writes, everyone reads
  if (auto when = qcloud::parse_http_date(text)) {
    MUST(text.size() == 29);
    MUST(qcloud::parse_rfc3339(qcloud::to_rfc3339(*when)) == *when);
  }
  constexpr std::int64_t now = 1795428000;
  qcloud::cli::parse_since(text, now);
  qcloud::cli::moment(text, now);
  qcloud::cli::date(text);
  return 0;
}
