// An address as text -> parse_ip, against the C library's reader; and back to text.
#include <arpa/inet.h>

#include <cstring>

#include "agent/core/ip.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string text(reinterpret_cast<const char*>(data), size);
  auto address = qcloud::parse_ip(text);
  std::uint8_t raw[16];
  bool zero_inside = text.find('\0') != std::string::npos;
  bool known = !zero_inside &&
               (inet_pton(AF_INET, text.c_str(), raw) == 1 || inet_pton(AF_INET6, text.c_str(), raw) == 1);
  MUST(address.has_value() == known);
  if (address) {
    MUST(qcloud::parse_ip(qcloud::to_string(*address)) == address);
    qcloud::reach_of(*address);
  }
  // The bytes themselves as addresses.
  if (size >= 4) {
    qcloud::IpAddress v4;
    std::memcpy(v4.bytes.data(), data, 4);
    MUST(qcloud::parse_ip(qcloud::to_string(v4)) == v4);
    qcloud::reach_of(v4);
  }
  if (size >= 16) {
    qcloud::IpAddress v6;
    v6.v6 = true;
    std::memcpy(v6.bytes.data(), data, 16);
    auto again = qcloud::parse_ip(qcloud::to_string(v6));
    MUST(again && (*again == v6 || !again->v6));  // a mapped address becomes IPv4
    if (qcloud::reach_of(v6) == qcloud::Reach::global) MUST(again->v6);
  }
  return 0;
}
