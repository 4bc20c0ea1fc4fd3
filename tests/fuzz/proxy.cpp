// The URL of a web proxy, as the box or the owner wrote it, and what is made of it.
#include "agent/net/proxy.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace qcloud;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto proxy = parse_proxy({reinterpret_cast<const char*>(data), size});
  if (!proxy) return 0;
  MUST(proxy->port != 0 && !proxy->host.empty());
  for (unsigned char c : proxy->name()) MUST(c > ' ' && c <= '~' && c != '@');
  auto text = connect_request(*proxy, "cloud.test:443");
  // However it is spelled, it makes no second header line and no second request.
  std::size_t lines = 0;
  for (char c : text) lines += c == '\n';
  MUST(lines == (proxy->user.empty() && proxy->password.empty() ? 3u : 4u));
  for (int status : {200, 407, 403, 502}) {
    auto verdict = judge_connect(*proxy, status);
    MUST(verdict || !verdict.error().fix.empty());
  }
  return 0;
}
