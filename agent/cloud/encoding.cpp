#include "agent/cloud/encoding.hpp"

#include <openssl/evp.h>
#include <openssl/sha.h>

namespace qcloud {
namespace {

std::optional<std::string> decode(std::string_view text, bool url) {
  std::string padded;
  padded.reserve(text.size() + 4);
  for (char c : text) {
    if (!url && (c == '\r' || c == '\n' || c == ' ' || c == '\t')) continue;
    if (url && c == '-')
      c = '+';
    else if (url && c == '_')
      c = '/';
    else if (!std::isalnum(static_cast<unsigned char>(c)) && (url || (c != '+' && c != '/' && c != '=')))
      return std::nullopt;
    padded += c;
  }
  if (url)
    while (padded.size() % 4 != 0) padded += '=';
  if (padded.empty()) return std::string();
  if (padded.size() % 4 != 0 || padded.size() > 1'000'000) return std::nullopt;
  size_t padding = padded.ends_with("==") ? 2 : padded.ends_with("=") ? 1 : 0;
  std::string out(padded.size() / 4 * 3, '\0');
  int size =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                      reinterpret_cast<const unsigned char*>(padded.data()), static_cast<int>(padded.size()));
  if (size < 0) return std::nullopt;
  out.resize(static_cast<size_t>(size) - padding);
  // One value, one text: no stray bits, no padding in the middle (RFC 4648 section 3.5).
  if (base64(out) != padded) return std::nullopt;
  return out;
}

}  // namespace

std::string base64(std::string_view bytes) {
  std::string out(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  out.resize(static_cast<size_t>(size));
  return out;
}

std::string base64url(std::string_view bytes) {
  std::string out = base64(bytes);
  while (out.ends_with('=')) out.pop_back();
  for (char& c : out) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return out;
}

std::optional<std::string> from_base64(std::string_view text) { return decode(text, false); }
std::optional<std::string> from_base64url(std::string_view text) { return decode(text, true); }

std::string sha256(std::string_view bytes) {
  std::string out(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
         reinterpret_cast<unsigned char*>(out.data()));
  return out;
}

std::string hex(std::string_view bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (unsigned char c : bytes) {
    out += digits[c >> 4];
    out += digits[c & 15];
  }
  return out;
}

}  // namespace qcloud
