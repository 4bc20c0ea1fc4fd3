// The one thing that the relay reads of a visitor: the server name in its ClientHello.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace refrelay {

struct Hello {
  enum class State {
    incomplete,  // read on
    named,       // `name` is the server name, lower case
    nameless,    // a ClientHello without a usable server name
    garbage,     // no ClientHello, or one that is too large
  } state = State::incomplete;
  std::string name;
};

inline constexpr std::size_t largest_hello = 16 * 1024;

/// All that the visitor has sent so far. RFC 8446 4.1.2 and 5.1: the message may span records, and a record
/// may span segments. RFC 6066 3: one host_name, ASCII, without a final dot.
Hello read_hello(std::span<const unsigned char> bytes);

}  // namespace refrelay
