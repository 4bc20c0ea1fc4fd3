// QTS's settings files -> ini_value, proxy_url.
#include "platform/qts/ini.hpp"

#include <string>

#include "tests/fuzz/fuzz.hpp"

namespace {

void value_is_a_part(std::string_view text, std::string_view section, std::string_view key) {
  auto value = qcloud::ini_value(text, section, key);
  if (!value) return;
  MUST(value->data() >= text.data() && value->data() + value->size() <= text.data() + text.size());
  MUST(value->size() <= 4096);
  for (unsigned char c : *value) MUST(c >= 0x20 || c == '\t');
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const char* section : {"", "System", "MAC", "SHARE_DEF"})
    for (const char* key : {"", "Server Name", "proxy server", "eth0"}) value_is_a_part(text, section, key);
  for (auto server : {text, qcloud::ini_value(text, "System", "proxy server").value_or("")}) {
    auto url = qcloud::proxy_url("TRUE", server, "");
    MUST(url.size() <= 7 + 255 + 6);
    MUST(url.empty() || url.starts_with("http://"));
    MUST(url.empty() || url.find_first_of(" \t\r\n/@%\\\"", 7) == std::string::npos);
    MUST(url.empty() || (url.back() >= '0' && url.back() <= '9'));
    MUST(qcloud::proxy_url("FALSE", server, "").empty());
  }
  return 0;
}
