// HTTP/2 by hand (RFC 9113), so that a test can say what no library would.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace frames {

enum Type : std::uint8_t {
  data = 0,
  headers = 1,
  priority = 2,
  rst = 3,
  settings = 4,
  push = 5,
  ping = 6,
  goaway = 7,
  window = 8,
  continuation = 9
};
constexpr std::uint8_t end_stream = 1, ack = 1, end_headers = 4;
inline const std::string preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

inline std::string number(std::uint32_t value, int width) {
  std::string out;
  for (int shift = 8 * (width - 1); shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xff);
  return out;
}

inline std::uint32_t value(std::string_view bytes, std::size_t at, std::size_t width) {
  std::uint32_t out = 0;
  for (std::size_t i = at; i < at + width; ++i) out = out << 8 | static_cast<unsigned char>(bytes[i]);
  return out;
}

inline std::string frame(Type type, std::uint8_t flags, std::uint32_t stream, std::string_view payload = {}) {
  return number(static_cast<std::uint32_t>(payload.size()), 3) + static_cast<char>(type) +
         static_cast<char>(flags) + number(stream, 4) + std::string(payload);
}

// RFC 7541 6.2.2: literal, never indexed, no Huffman coding; below 127 bytes each.
inline std::string field(std::string_view name, std::string_view value) {
  auto text = [](std::string_view s) {
    std::string size;
    if (s.size() < 127) {
      size = std::string(1, static_cast<char>(s.size()));
    } else {
      size = "\x7f";
      auto rest = s.size() - 127;
      for (; rest >= 128; rest /= 128) size += static_cast<char>(rest % 128 + 128);
      size += static_cast<char>(rest);
    }
    return size + std::string(s);
  };
  return std::string(1, '\0') + text(name) + text(value);
}

inline std::string setting(std::uint32_t id, std::uint32_t value) { return number(id, 2) + number(value, 4); }

inline std::string connect(std::uint32_t stream, std::string_view authority, std::string_view extra = {}) {
  return frame(headers, end_headers, stream,
               field(":method", "CONNECT") + field(":authority", authority) + std::string(extra));
}

struct Seen {
  Type type;
  std::uint8_t flags;
  std::uint32_t stream;
  std::string payload;
};

// Takes the whole frames off the front.
inline std::vector<Seen> parse(std::string& bytes) {
  std::vector<Seen> out;
  auto at = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i])); };
  while (bytes.size() >= 9) {
    auto size = at(0) << 16 | at(1) << 8 | at(2);
    if (bytes.size() < 9 + size) break;
    out.push_back({static_cast<Type>(bytes[3]), static_cast<std::uint8_t>(bytes[4]),
                   (at(5) << 24 | at(6) << 16 | at(7) << 8 | at(8)) & 0x7fffffff, bytes.substr(9, size)});
    bytes.erase(0, 9 + size);
  }
  return out;
}

}  // namespace frames
