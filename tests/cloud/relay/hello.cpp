#include "tests/cloud/relay/hello.hpp"

#include <cstdint>
#include <vector>

namespace refrelay {
namespace {

// Reads big-endian fields and remembers whether they were there.
class Reader {
 public:
  explicit Reader(std::span<const unsigned char> bytes) : bytes_(bytes) {}
  std::size_t number(int width) {
    std::size_t value = 0;
    for (unsigned char byte : take(static_cast<std::size_t>(width))) value = value << 8 | byte;
    return value;
  }
  std::span<const unsigned char> take(std::size_t count) {
    if (count > bytes_.size()) {
      failed_ = true;
      count = bytes_.size();
    }
    auto front = bytes_.first(count);
    bytes_ = bytes_.subspan(count);
    return front;
  }
  std::span<const unsigned char> counted(int width) { return take(number(width)); }
  bool empty() const { return bytes_.empty(); }
  bool failed() const { return failed_; }

 private:
  std::span<const unsigned char> bytes_;
  bool failed_ = false;
};

bool host_name(std::span<const unsigned char> bytes, std::string& out) {
  if (bytes.empty() || bytes.size() > 253) return false;
  for (unsigned char c : bytes) {
    bool upper = c >= 'A' && c <= 'Z';
    if (!upper && !(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-' && c != '.' && c != '_') return false;
    out += static_cast<char>(upper ? c + 32 : c);
  }
  return out.back() != '.';
}

Hello read_message(std::span<const unsigned char> body) {
  Reader hello(body);
  hello.take(2 + 32);   // legacy_version, random
  hello.counted(1);     // legacy_session_id
  hello.counted(2);     // cipher_suites
  hello.counted(1);     // legacy_compression_methods
  Reader extensions(hello.counted(2));
  if (hello.failed()) return {Hello::State::garbage, ""};
  while (!extensions.empty()) {
    auto type = extensions.number(2);
    auto data = extensions.counted(2);
    if (extensions.failed()) return {Hello::State::garbage, ""};
    if (type != 0) continue;
    Reader list(data);
    Reader names(list.counted(2));
    auto kind = names.number(1);
    auto name = names.counted(2);
    if (list.failed() || names.failed() || kind != 0) return {Hello::State::nameless, ""};
    Hello found{Hello::State::named, ""};
    if (!host_name(name, found.name)) return {Hello::State::nameless, ""};
    return found;
  }
  return {Hello::State::nameless, ""};
}

}  // namespace

Hello read_hello(std::span<const unsigned char> bytes) {
  std::vector<unsigned char> message;
  while (!bytes.empty()) {
    if (bytes[0] != 22 || (bytes.size() > 1 && bytes[1] != 3)) return {Hello::State::garbage, ""};
    if (bytes.size() < 5) break;
    std::size_t size = std::size_t{bytes[3]} << 8 | bytes[4];
    if (size == 0 || size > 16384) return {Hello::State::garbage, ""};
    auto here = std::min(size, bytes.size() - 5);
    message.insert(message.end(), bytes.begin() + 5, bytes.begin() + 5 + static_cast<std::ptrdiff_t>(here));
    bytes = bytes.subspan(5 + here);
    if (!message.empty() && message[0] != 1) return {Hello::State::garbage, ""};
    if (message.size() < 4) continue;
    std::size_t wanted = std::size_t{message[1]} << 16 | std::size_t{message[2]} << 8 | message[3];
    if (wanted > largest_hello) return {Hello::State::garbage, ""};
    if (message.size() >= wanted + 4) return read_message(std::span(message).subspan(4, wanted));
  }
  return {};
}

}  // namespace refrelay
