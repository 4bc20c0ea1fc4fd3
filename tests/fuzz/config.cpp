// Text as from qcloud.toml -> parse_config.
#include "agent/config/config.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto config = qcloud::parse_config({reinterpret_cast<const char*>(data), size}, "fuzz.toml");
  if (config) {
    MUST(config->cloud_url.scheme == "https" && config->cloud_url.port != 0 &&
         !config->cloud_url.host.empty());
    MUST(config->trust_file.front() == '/' && config->receipt_key_file.front() == '/');
    MUST(qcloud::diff(*config, *config).empty());
    return 0;
  }
  const auto& error = config.error();
  MUST(error.code.starts_with("config.") && error.retry == qcloud::Retry::wait_for_owner);
  MUST(error.detail.starts_with("fuzz.toml") && !error.fix.empty());
  for (unsigned char c : error.detail + error.fix) MUST(c >= ' ');  // it goes to a terminal
  return 0;
}
