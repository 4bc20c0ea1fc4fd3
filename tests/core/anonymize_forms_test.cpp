// Promise A8, by example: the forms that leaked once or could, and what must stay readable.
#include <doctest/doctest.h>

#include <cctype>

#include "agent/core/anonymize.hpp"
#include "tests/unit/seeded_rng.hpp"

using namespace qcloud;

namespace {

std::string lower(std::string text) {
  for (auto& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

}  // namespace

TEST_CASE("A8 anonymize: addresses keep their network, so that a log stays useful") {
  CHECK(anonymize("from 5.6.7.8 to 192.168.1.50:443") == "from 5.6.7.x to 192.168.1.x:443");
  CHECK(anonymize("2a0b:1:2:3:4:5:6:7") == "2a0b:1:2::x");
  CHECK(lower(anonymize("peer [2A0B:1:2:3::9]:443 gone")) == "peer [2a0b:1:2::x]:443 gone");
}

TEST_CASE("A8 anonymize: forms that hide an address") {
  for (std::string text : {"::ffff:5.6.7.89", "64:ff9b::5.6.7.89", "http://5.6.7.89/x",
                           "http://user:pw@5.6.7.89/", "5.6.7.89/24", "5.6.7.89.", "x5.6.7.89y", "v5.6.7.89",
                           "log_5.6.7.89.txt", "5.6.7.89-5.6.7.89", "ip-5.6.7.89"}) {
    CAPTURE(text);
    CHECK(anonymize(text).find("5.6.7.89") == std::string::npos);
  }
  for (std::string text : {"fe80::1234:5678:9abc:def0%eth0", "2a0b:1:2:3:1234:5678:9abc:def0/64",
                           "[2a0b:1:2:3:1234:5678:9abc:def0]:443", "addr=2a0b:1:2:3:1234:5678:9abc:def0,",
                           "\"2A0B:1:2:3:1234:5678:9ABC:DEF0\""}) {
    CAPTURE(text);
    CHECK(lower(anonymize(text)).find("def0") == std::string::npos);
  }
}

TEST_CASE("A8 anonymize: mail addresses in URLs, and quoted ones") {
  for (std::string text : {"mailto:anna.b@example.org", "https://x.example/?user=anna.b@example.org",
                           "Anna <anna.b@example.org>", "anna.b@example.org's NAS", "anna.b%40example.org",
                           "anna.b@localhost.local", "j\xc3\xb6rg.anna.b@m\xc3\xbcller.example"}) {
    CAPTURE(text);
    CHECK(anonymize(text).find("anna.b") == std::string::npos);
    CHECK(anonymize(text).find("ller") == std::string::npos);
  }
  CHECK(anonymize("https://anna:zyx987@example.org/").find("zyx987") == std::string::npos);
}

TEST_CASE("A8 anonymize: PEM blocks, bearer tokens, keys in headers") {
  auto pem = std::string(
      "key:\n-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqG\nSM49AgEGCCqG\n-----END PRIVATE KEY-----\nend");
  auto clean = anonymize(pem);
  CHECK(clean.find("MIGH") == std::string::npos);
  CHECK(clean.find("SM49") == std::string::npos);
  CHECK(clean.find("end") != std::string::npos);
  CHECK(anonymize("-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqG").find("MIGH") == std::string::npos);
  for (std::string text :
       {"Authorization: Bearer zyx987secret", "authorization: Basic ZGV2OnNlY3",
        "Cookie: qc_session=zyx987secret", "Cookie: qc_pref=1; qc_session=zyx987secret",
        "secret=zyx987secret", "device_code=zyx987secret", "\"password\" : \"zyx987secret\"",
        "PASSWORD = zyx987secret", "passwd: zyx987secret", "/token?access_token=zyx987secret&x=1",
        "Serial Number: zyx987secret", "serialNumber: zyx987secret",
        "{\\\"token\\\":\\\"zyx987secret\\\"}"}) {
    CAPTURE(text);
    auto shown = anonymize(text);
    CHECK(shown.find("zyx987secret") == std::string::npos);
    CHECK(shown.find("ZGV2OnNlY3") == std::string::npos);
  }
  // A value with blanks or escaped quotes does not leak its rest.
  CHECK(anonymize("\"password\":\"my zyx987secret\"").find("zyx987secret") == std::string::npos);
  CHECK(anonymize("\"password\":\"a\\\"zyx987secret\"").find("zyx987secret") == std::string::npos);
}

TEST_CASE("A8 anonymize: ordinary text stays as it is") {
  for (std::string text : {"",
                           " ",
                           "the name points to the router now",
                           "10:20:30",
                           "at 10:20:30 it began",
                           "2026-11-23T10:00:00Z",
                           "2026-11-23 10:20:30.123",
                           "version 5.1.2",
                           "QTS 5.1.2.2533",
                           "version 1.2.3-rc1 (build 20261123)",
                           "ratio 16:9",
                           "1:2:3",
                           "0.1.0",
                           "std::vector",
                           "a: b",
                           "feature ddns: started",
                           "HTTP/1.1 200 OK",
                           "100 %",
                           "3.14",
                           "https://cloud.vendor.test/v1/status",
                           "/var/lib/qcloud/state.db",
                           "net.timeout: no answer within 30 s",
                           "TS-464",
                           "nas1.mynas.test",
                           "::",
                           "12:30",
                           "user @ home",
                           "C++20",
                           "one two three four five six seven",
                           "{\"on\":true,\"n\":12}",
                           "\xc3\xbc\xe4\xb8\xad",
                           "order filed",
                           "the token was refused",
                           "password required"}) {
    CAPTURE(text);
    CHECK(anonymize(text) == text);
  }
}

TEST_CASE("A8 anonymize: any bytes are taken, in time that grows with their number") {
  unit::SeededRng rng(5);
  for (int i = 0; i < 300; ++i) {
    std::string bytes;
    for (auto n = rng.below(200); n; --n) bytes += static_cast<char>(rng.below(256));
    auto once = anonymize(bytes);
    CHECK(anonymize(once) == once);
  }
  for (auto piece : {"a", ":", "1.", "a@", "-----BEGIN ", "token=", "\"", "eyJ.", "::", "00:"}) {
    std::string text;
    while (text.size() < 200000) text += piece;
    CHECK(anonymize(text).size() <= text.size() * 4);
  }
}
