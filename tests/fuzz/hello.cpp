// What a visitor says first to the relay: a TLS ClientHello, it may be.
#include "tests/cloud/relay/hello.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace refrelay;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  HelloReader whole, pieces;
  whole.add(bytes);
  // However it is cut, it is the same; nothing is read after the verdict.
  for (std::size_t at = 0, each = 1; at < size; at += each, each = each % 7 + 1) {
    if (pieces.state() != HelloReader::State::incomplete) break;
    MUST(pieces.room() > 0);
    pieces.add(bytes.substr(at, std::min(each, pieces.room())));
    each = std::min(each, size - at);
  }
  bool bounded = size <= largest_hello;
  if (bounded) MUST(whole.state() == pieces.state());
  if (bounded) MUST(whole.name() == pieces.name());
  bool named = whole.state() == HelloReader::State::named;
  MUST(named == !whole.name().empty());
  MUST(whole.name().size() <= 253);
  for (char c : whole.name())
    MUST((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_');
  return 0;
}
