#include "platform/qts/ini.hpp"

#include <doctest/doctest.h>

using namespace qcloud;
using namespace std::string_view_literals;

namespace {

std::string get(std::string_view text, std::string_view section, std::string_view key) {
  return std::string(ini_value(text, section, key).value_or("(none)"));
}

}  // namespace

TEST_CASE("sections, keys, values") {
  constexpr std::string_view text =
      "Platform = X86\n"
      "# Name = comment\n; Name = comment\n"
      "[System]\n  Server Name =  Attic NAS \t\nEmpty =\nquoted=\" two words \"\nhash = a#b;c = d\n"
      "[ MISC ]  trailing\nDISPLAY_NAME=TS-453Be\n"
      "[System]\nServer Name = second\nLate = yes\n[Open\nLate2 = no\n";
  CHECK(get(text, "", "Platform") == "X86");
  CHECK(get(text, "System", "Platform") == "(none)");
  CHECK(get(text, "System", "Server Name") == "Attic NAS");
  CHECK(get(text, "system", "server name") == "Attic NAS");
  CHECK(get(text, "System", "Name") == "(none)");
  CHECK(get(text, "System", "Empty") == "");
  CHECK(get(text, "System", "quoted") == " two words ");
  CHECK(get(text, "System", "hash") == "a#b;c = d");
  CHECK(get(text, "MISC", "DISPLAY_NAME") == "TS-453Be");
  CHECK(get(text, "System", "Late") == "yes");
  CHECK(get(text, "System", "Late2") == "(none)");
}

TEST_CASE("as editors and broken disks leave them") {
  CHECK(get("\xef\xbb\xbf[A]\r\nx = 1\r\ny = 2", "A", "x") == "1");
  CHECK(get("[A]\r\nx = 1\r\ny = 2", "A", "y") == "2");
  CHECK(get("[A]\nx\0 = 1\nx = 2\n"sv, "A", "x") == "2");
  CHECK(get("[A]\nx = 1\0\nx = 2\n"sv, "A", "x") == "2");
  CHECK(get("[A]\nx = \x1b[2J\nx = 3\n", "A", "x") == "3");
  CHECK(get("[A]\nx = " + std::string(5000, 'y') + "\nx = 4\n", "A", "x") == "4");
  CHECK(get("[A]\n=1\n = 2\nx\n[]\n", "A", "x") == "(none)");
  CHECK(get("[A]\n= 5\n", "A", "") == "5");
  CHECK(get("", "A", "x") == "(none)");
  CHECK(get("[Open\nx = 6\n", "Open", "x") == "(none)");
  CHECK(get("[", "", "x") == "(none)");
  CHECK(get("[A]\nx = \"\n", "A", "x") == "\"");
}

TEST_CASE("the web proxy") {
  CHECK(proxy_url("TRUE", "squid.home.example", "") == "http://squid.home.example:80");
  CHECK(proxy_url("1", "proxy:3128", "") == "http://proxy:3128");
  CHECK(proxy_url("true", "HTTP://proxy:3128/", "") == "http://proxy:3128");
  CHECK(proxy_url("TRUE", "proxy", "8080") == "http://proxy:8080");
  CHECK(proxy_url("TRUE", "[2a0b::1]:3128", "") == "http://[2a0b::1]:3128");
  CHECK(proxy_url("TRUE", "[2a0b::1]", "") == "http://[2a0b::1]:80");
  for (const char* off : {"", "FALSE", "0", "maybe"}) CHECK(proxy_url(off, "proxy:3128", "") == "");
  for (const char* bad : {"",
                          "/",
                          ":3128",
                          "proxy:",
                          "proxy:0",
                          "proxy:70000",
                          "proxy:+80",
                          "proxy:80:80",
                          "socks5://proxy:1080",
                          "https://proxy",
                          "a b",
                          "proxy/path",
                          "user:pass@proxy:80",
                          "2a0b::1",
                          "[2a0b::1",
                          "[]",
                          "[proxy]:80",
                          "[::1]x:80",
                          "pr\toxy",
                          "proxy\r\nX-Injected:1",
                          "p%72oxy"}) {
    CAPTURE(bad);
    CHECK(proxy_url("TRUE", bad, "") == "");
  }
  CHECK(proxy_url("TRUE", "proxy", "http") == "");
  CHECK(proxy_url("TRUE", std::string(300, 'a'), "") == "");
}
