// Promise A8, by example: what people and programs write about people and boxes, and that no text makes it
// slow.
#include <doctest/doctest.h>

#include <ctime>

#include "agent/core/anonymize.hpp"

using namespace qcloud;

TEST_CASE("A8 anonymize: what people write about people and boxes") {
  KnownValues box({"owner42"}, {"nas1"});
  const std::vector<std::vector<std::string>> lines = {
      {"Accepted password for anna from 5.6.7.89 port 22", "anna", "7.89"},
      {"Failed password for invalid user bob.k from 5.6.7.89", "bob"},
      {"session opened for user carla by (uid=0)", "carla"},
      {"uid=1000(dora) gid=100(users)", "dora"},
      {"{\"user\":{\"id\":5,\"names\":[\"Emil\"]}}", "Emil"},
      {"login: Frida Berg, from here", "Frida", "Berg"},
      {"owner=Gerd Huber time=10:20:30", "Gerd", "Huber"},
      {"serial number Q204I12345 of it", "12345"},
      {"SNQ204I12345 and Q2B7N09876", "12345", "09876"},
      {"wget --user=anna --password=geheim", "anna", "geheim"},
      {"curl -u anna:geheim https://a.test/", "anna", "geheim"},
      {"AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCY", "K7MDENG"},
      {"https%3A%2F%2F%6fwner42%2Ea.test and OWNER42_backup", "wner42", "WNER42"},
      {"NAS1_backup and nas1", "AS1", "as1"},
      {"/share/homes/anna/x C:\\Users\\Anna\\x", "nna"},
      {"Hostname: annas-nas, Device name: Cellar", "annas", "Cellar"},
      {"my qid is anna42, the password is geheim123", "anna42", "geheim123"},
      {"user code: WDJB-MJHT or WDJB-MJHT", "WDJB"},
      {"89.7.6.5.in-addr.arpa and 8.b.d.0.ip6.arpa", "89.7", "8.b.d"},
      {"ip-5-6-7-89.dip.example log_5_6_7_89.txt", "7-89", "7_89"},
      {"0100007F:1F90 0200A8C0:01BB", "0100007F", "0200A8C0"},
      {"if_inet6 fe80000000000000265ebefffe123456", "265ebe"},
      {"dump-2a0b_77_1__dead_beef.log fe80--1234-5678-9abc-def0 at 24 5E BE 12 34 56", "dead_beef", "9abc",
       "12 34"},
      {"user&#61;anna&#x40;example.org", "anna"},
      {"2a0b-1-2-3-4-5-6-7.ipv6-literal.net", "4-5-6"}};
  for (const auto& line : lines) {
    auto shown = anonymize(line[0], box);
    CAPTURE(line[0]);
    CAPTURE(shown);
    for (size_t i = 1; i < line.size(); ++i) CHECK(shown.find(line[i]) == std::string::npos);
  }
  for (std::string text :
       {"User-Agent: curl/7.88.1", "the owner commands it; the account page says no",
        "firmware 5.2.6.3195 build 20261123", "error 0x80070005 E1234 code=-32601 status=503",
        "{\"on\":true,\"code\":\"no_route\"}", "2026-11-23T10:20:30.123Z +0100",
        "backup_2026-11-23-10-20-30.tar", "took 1500000000ns", "x86_64 aarch64 armv7 TS-464 QTS"})
    CHECK(anonymize(text, box) == text);
}

TEST_CASE("A8 anonymize: time grows with the length, whatever the text") {
  for (auto piece : {"user=",
                     "cookie=",
                     "user=[",
                     "user (",
                     "<user>",
                     "\"user\":\"",
                     "1-1-",
                     "a.b@",
                     "%2525",
                     "\\u0061",
                     "---- begin ",
                     "bearer ",
                     "://",
                     "/ho"
                     "me/",
                     "1.1.1.1.",
                     "ab:",
                     "1111.",
                     "user ",
                     "serial ",
                     "eyJ.",
                     "&#61;",
                     " -u "}) {
    std::string text;
    while (text.size() < 100'000) text += piece;
    const auto began = std::clock();
    auto shown = anonymize(text);
    CAPTURE(piece);
    // Of the processor, whatever else it does; quadratic would be hours.
    CHECK((std::clock() - began) / CLOCKS_PER_SEC < 300);
    CHECK(shown.size() < 4 * text.size());
  }
}
