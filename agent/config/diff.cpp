#include "agent/config/config.hpp"

namespace qcloud {

std::vector<std::string> diff(const Config& before, const Config& after) {
  std::vector<std::string> keys;
  auto compare = [&](const auto& a, const auto& b, const char* key) {
    if (!(a == b)) keys.emplace_back(key);
  };
  compare(before.cloud_url, after.cloud_url, "cloud.url");
  compare(before.trust_file, after.trust_file, "cloud.trust");
  compare(before.receipt_key_file, after.receipt_key_file, "cloud.receipt_key");
  compare(before.region, after.region, "cloud.region");
  compare(before.log_level, after.log_level, "log.level");
  compare(before.proxy_url, after.proxy_url, "proxy.url");
  compare(before.panel_listen, after.panel_listen, "panel.listen");
  return keys;
}

}  // namespace qcloud
