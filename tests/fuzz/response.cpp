// HTTP answers, and a proxy's answers to CONNECT: bytes of strangers. The first byte chooses which, and in
// what pieces they come.
#include "agent/net/http_response.hpp"
#include "agent/net/proxy.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace qcloud;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  auto what = data[0] & 1 ? ResponseReader::To::connect : ResponseReader::To::request;
  std::size_t step = static_cast<std::size_t>(data[0] >> 1) % 64 + 1;
  std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  ResponseReader reader(what);
  while (!bytes.empty() && !reader.done()) {
    auto taken = reader.put(bytes.substr(0, step));
    bytes.remove_prefix(std::min(step, bytes.size()));
    if (taken) continue;
    MUST(taken.error().code == "net.bad_answer" && !taken.error().fix.empty());
    return 0;
  }
  if (auto ended = reader.end(); !ended) {
    MUST(ended.error().code == "net.reset");
    return 0;
  }
  MUST(reader.done());
  auto response = reader.take();
  MUST(response.status >= 200 && response.status <= 999);
  MUST(response.body.size() <= ResponseReader::body_limit);
  MUST(response.retry_after >= 0 && response.retry_after <= 86400);
  MUST(response.location.size() <= 200 && response.content_type.size() <= 200);
  for (unsigned char c : response.location + response.content_type) MUST(c >= ' ' && c <= '~');
  if (what == ResponseReader::To::connect) {
    MUST(response.body.empty());
    auto verdict = judge_connect({"p", 1, "", ""}, response.status);
    MUST(bool(verdict) == (response.status < 300));
  }
  return 0;
}
