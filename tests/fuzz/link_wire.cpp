// What the relay says of a visitor and of itself, and the PROXY header that is made of it. The first line is
// an authority, the second a `forwarded`, the rest the body of an attachment.
#include "agent/features/link/wire.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace qcloud::link;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  auto line = [&] {
    auto out = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), out.size() + 1));
    return out;
  };
  auto authority = line(), forwarded = line();
  if (auto opening = read_opening(authority, forwarded)) {
    MUST(opening->port != 0);
    MUST(!opening->host.empty() && opening->host.size() <= 253);
    for (char c : opening->host)
      MUST(c > ' ' && c <= '~' && c != ':' && c != '/' && c != '@' && !(c >= 'A' && c <= 'Z'));
    for (const char* service : {"127.0.0.1", "::1", "nonsense"}) {
      auto header = proxy_header(*opening, service, 443);
      MUST(header.size() == 16 || header.size() == 16 + 12 || header.size() == 16 + 36);
      MUST(header.starts_with(std::string_view("\r\n\r\n\0\r\nQUIT\n", 12)));
      auto length = static_cast<std::size_t>(static_cast<unsigned char>(header[14]) << 8 |
                                             static_cast<unsigned char>(header[15]));
      MUST(header.size() == 16 + length);
      bool known = !opening->visitor.empty() && service[0] != 'n';
      MUST(header[12] == (known ? '\x21' : '\x20'));
      MUST(header[13] == (!known ? '\0' : length == 12 ? '\x11' : '\x21'));
    }
  }
  if (auto told = read_attachment(text)) {
    MUST(told->relay.size() <= 64);
    for (char c : told->relay) MUST(c > ' ' && c <= '~');
    // An address in the one form that it has.
    if (!told->seen.empty()) MUST(read_opening("a:1", "for=\"[" + told->seen + "]\"")->visitor == told->seen);
  }
  return 0;
}
