// Any line of a log -> anonymize: nothing known gets through, it ends soon, and it does not blow up.
#include <string>

#include "agent/core/anonymize.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace {

bool has(const std::string& text, const char* word) { return text.find(word) != std::string::npos; }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string text(reinterpret_cast<const char*>(data), size);
  auto once = qcloud::anonymize(text);
  MUST(once.size() <= 3 * size + 16);
  auto twice = qcloud::anonymize(once);
  MUST(twice.size() <= 3 * once.size() + 16);
  // A word of its own is always known, whatever stands before it: only a PEM block or a quoted secret
  // that is still open may swallow it.
  auto with =
      qcloud::anonymize(text + "\n\n 5.6.7.231 mail walter@example.com 0e:1f:2d:3c:4b:5a 2a0b:1:2:3::77\n");
  MUST(!has(with, "5.6.7.231") && !has(with, "walter@example.com") && !has(with, "0e:1f:2d:3c:4b:5a") &&
       !has(with, "2a0b:1:2:3::77"));
  return 0;
}
