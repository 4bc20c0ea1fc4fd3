#include "tests/cloud/encoding.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <algorithm>

namespace refcloud {
namespace {

constexpr std::string_view plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

const unsigned char* data_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string encode64(std::string_view in, std::string_view alphabet, bool pad) {
  std::string out;
  out.reserve((in.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < in.size(); i += 3) {
    const auto left = std::min<std::size_t>(3, in.size() - i);
    unsigned block = 0;
    for (std::size_t k = 0; k < 3; ++k) block = block << 8 | (k < left ? data_of(in)[i + k] : 0u);
    for (std::size_t k = 0; k < 4; ++k) {
      if (k <= left)
        out += alphabet[block >> (18 - 6 * k) & 63];
      else if (pad)
        out += '=';
    }
  }
  return out;
}

std::optional<std::string> decode64(std::string_view in, std::string_view alphabet) {
  if (in.size() % 4 == 1) return std::nullopt;
  std::string out;
  unsigned buffer = 0;
  int bits = 0;
  for (const char c : in) {
    const auto value = alphabet.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    buffer = (buffer << 6 | static_cast<unsigned>(value)) & 0xffffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out += static_cast<char>(buffer >> bits & 0xff);
    }
  }
  // Left-over bits must be zero, else two texts would stand for the same bytes.
  if (buffer & ((1u << bits) - 1)) return std::nullopt;
  return out;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> url_decode(std::string_view in) {
  std::string out;
  for (std::size_t i = 0; i < in.size(); ++i) {
    if (in[i] == '+') {
      out += ' ';
    } else if (in[i] == '%') {
      if (i + 2 >= in.size() || hex_value(in[i + 1]) < 0 || hex_value(in[i + 2]) < 0) return std::nullopt;
      out += static_cast<char>(hex_value(in[i + 1]) * 16 + hex_value(in[i + 2]));
      i += 2;
    } else {
      out += in[i];
    }
  }
  if (out.find('\0') != std::string::npos || !valid_utf8(out)) return std::nullopt;
  return out;
}

}  // namespace

std::string hex(std::string_view in) {
  static constexpr char digit[] = "0123456789abcdef";
  std::string out;
  for (const char c : in) {
    out += digit[static_cast<unsigned char>(c) >> 4];
    out += digit[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

std::string sha256(std::string_view in) {
  std::string out(SHA256_DIGEST_LENGTH, '\0');
  SHA256(data_of(in), in.size(), reinterpret_cast<unsigned char*>(out.data()));
  return out;
}

std::string sha256_hex(std::string_view in) { return hex(sha256(in)); }

std::string hmac_sha256(std::string_view key, std::string_view data) {
  std::string out(SHA256_DIGEST_LENGTH, '\0');
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), data_of(data), data.size(),
       reinterpret_cast<unsigned char*>(out.data()), &size);
  return out;
}

std::string base64(std::string_view in) { return encode64(in, plain, true); }
std::string base64url(std::string_view in) { return encode64(in, url, false); }
std::optional<std::string> unbase64url(std::string_view in) { return decode64(in, url); }

std::optional<std::string> unbase64(std::string_view in) {
  std::string dense;
  for (const char c : in)
    if (c != '\r' && c != '\n' && c != ' ' && c != '\t') dense += c;
  if (dense.size() % 4 != 0) return std::nullopt;
  for (int i = 0; i < 2 && !dense.empty() && dense.back() == '='; ++i) dense.pop_back();
  return decode64(dense, plain);
}

std::optional<Pairs> parse_form(std::string_view in) {
  Pairs out;
  while (!in.empty()) {
    const auto end = in.find('&');
    const auto item = in.substr(0, end);
    in = end == std::string_view::npos ? std::string_view{} : in.substr(end + 1);
    if (item.empty()) continue;
    const auto equals = item.find('=');
    auto name = url_decode(item.substr(0, equals));
    auto value = url_decode(equals == std::string_view::npos ? std::string_view{} : item.substr(equals + 1));
    if (!name || !value || find(out, *name)) return std::nullopt;
    out.emplace_back(std::move(*name), std::move(*value));
  }
  return out;
}

const std::string* find(const Pairs& pairs, std::string_view name) {
  for (const auto& [key, value] : pairs)
    if (key == name) return &value;
  return nullptr;
}

std::string url_encode(std::string_view in) {
  static constexpr char digit[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : in) {
    const auto value = static_cast<unsigned char>(c);
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
        c == '_' || c == '~') {
      out += c;
    } else {
      out += '%';
      out += digit[value >> 4];
      out += digit[value & 15];
    }
  }
  return out;
}

bool valid_utf8(std::string_view in) {
  for (std::size_t i = 0; i < in.size();) {
    const auto first = static_cast<unsigned char>(in[i]);
    const std::size_t more = first < 0x80       ? 0
                             : first >> 5 == 6  ? 1
                             : first >> 4 == 14 ? 2
                             : first >> 3 == 30 ? 3
                                                : 9;
    if (more == 9 || i + more >= in.size() + (more == 0)) return false;
    unsigned code = more == 0 ? first : first & (0x3f >> more);
    for (std::size_t k = 1; k <= more; ++k) {
      const auto next = static_cast<unsigned char>(in[i + k]);
      if (next >> 6 != 2) return false;
      code = code << 6 | (next & 0x3f);
    }
    static constexpr unsigned least[] = {0, 0x80, 0x800, 0x10000};
    if (code < least[more] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return false;
    i += more + 1;
  }
  return true;
}

bool printable(std::string_view in, std::size_t min, std::size_t max) {
  return in.size() >= min && in.size() <= max && valid_utf8(in) &&
         std::none_of(in.begin(), in.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

std::string lower(std::string_view in) {
  std::string out(in);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

bool same_letters(std::string_view a, std::string_view b) {
  return a.size() == b.size() && lower(a) == lower(b);
}

bool valid_uuid(std::string_view in) {
  if (in.size() != 36) return false;
  for (std::size_t i = 0; i < in.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? in[i] != '-' : hex_value(in[i]) < 0 || (in[i] >= 'A' && in[i] <= 'F')) return false;
  }
  return true;
}

bool constant_time_equal(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace refcloud
