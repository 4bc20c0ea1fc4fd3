// The one thing that the relay reads of a visitor: the server name in its ClientHello.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace refrelay {

inline constexpr std::size_t largest_hello = 16 * 1024;  ///< bytes as they come, the records' heads included

/// Takes a visitor's first bytes as they come. RFC 8446 4.1.2 and 5.1: the message may span records, and a
/// record may span segments. RFC 6066 3: one host_name, ASCII, without a final dot. With ECH (RFC 9849) this
/// is the outer name, and it must be one of ours as any other.
class HelloReader {
 public:
  enum class State : std::uint8_t {
    incomplete,  // read on
    named,       // name() is the server name, lower case
    nameless,    // a ClientHello without a usable server name
    garbage,     // no ClientHello, or one that is too large
  };

  /// Every byte is looked at once, in however many pieces they come.
  State add(std::span<const char> bytes);
  State state() const { return state_; }
  const std::string& name() const { return name_; }
  /// All that came, for the box.
  std::string& bytes() { return bytes_; }
  /// How many bytes add() still bears: nobody needs to read more at a time.
  std::size_t room() const { return bytes_.size() < largest_hello ? largest_hello - bytes_.size() : 0; }

 private:
  State step();
  State judge();

  State state_ = State::incomplete;
  std::string bytes_, message_, name_;
  std::size_t at_ = 0;  // in bytes_: what is before it has been looked at
  std::size_t left_in_record_ = 0;
};

}  // namespace refrelay
