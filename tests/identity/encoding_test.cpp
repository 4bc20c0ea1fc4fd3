#include "agent/cloud/encoding.hpp"

#include <doctest/doctest.h>

#include "tests/unit/seeded_rng.hpp"

using namespace qcloud;

TEST_CASE("encoding: the vectors of RFC 4648 section 10") {
  const char* plain[] = {"", "f", "fo", "foo", "foob", "fooba", "foobar"};
  const char* padded[] = {"", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};
  for (int i = 0; i < 7; ++i) {
    CHECK(base64(plain[i]) == padded[i]);
    CHECK(from_base64(padded[i]) == std::string(plain[i]));
    std::string bare = padded[i];
    while (!bare.empty() && bare.back() == '=') bare.pop_back();
    CHECK(base64url(plain[i]) == bare);
    CHECK(from_base64url(bare) == std::string(plain[i]));
  }
  CHECK(base64url("\xfb\xff\xbf") == "-_-_");
  CHECK(base64("\xfb\xff\xbf") == "+/+/");
}

TEST_CASE("encoding: any bytes make the round trip") {
  unit::SeededRng rng(41);
  for (size_t length = 0; length < 300; ++length) {
    std::string bytes(length, '\0');
    for (auto& c : bytes) c = static_cast<char>(rng.below(256));
    CHECK(from_base64url(base64url(bytes)) == bytes);
    CHECK(from_base64(base64(bytes)) == bytes);
    CHECK(base64(bytes).find('\n') == std::string::npos);
    CHECK(base64url(bytes).find('=') == std::string::npos);
  }
}

TEST_CASE("encoding: base64url is strict, so that one value has one text") {
  using namespace std::string_view_literals;
  for (auto text : {"Zg=="sv, "Zg="sv, "Z"sv, "Zm9vY"sv, "Zm 9v"sv, "Zm9v\n"sv, "Zm+v"sv, "Zm/v"sv, "Zm9v="sv,
                    "Zm9\0"sv, "===="sv, "Zm.v"sv, "Zh"sv /* bits beyond the byte */, "\xc3\xa4zz"sv}) {
    CAPTURE(std::string(text));
    CHECK_FALSE(from_base64url(text));
  }
}

TEST_CASE("encoding: base64 ignores white space (RFC 8951) and nothing else") {
  CHECK(from_base64("Zm9v\r\nYmFy\r\n") == std::string("foobar"));
  CHECK(from_base64(" Zm9v YmFy\t\n") == std::string("foobar"));
  for (std::string text : {"Zm9v!", "Zm9vYg=", "Z", "Zm9vYg===", "=Zm9", "Zm=v", "Zm9v-_", "Zg==Zg=="}) {
    CAPTURE(text);
    CHECK_FALSE(from_base64(text));
  }
}

TEST_CASE("encoding: SHA-256 and hex") {
  CHECK(hex(sha256("")) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(hex(sha256("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(hex(std::string("\x00\x0f\xff", 3)) == "000fff");
}
