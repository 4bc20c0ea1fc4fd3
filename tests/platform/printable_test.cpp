#include <doctest/doctest.h>

#include "platform/linux/printable.hpp"

using namespace qcloud;

TEST_CASE("text of unknown origin is made printable") {
  CHECK(printable("TS-464", 40) == "TS-464");
  CHECK(printable("  a \t  b \n", 40) == "a b");
  CHECK(printable("a\x1b[31mb\x07", 40) == "a[31mb");
  CHECK(printable("caf\xc3\xa9 \xe5\x8c\x97", 40) == "caf\xc3\xa9 \xe5\x8c\x97");
  CHECK(printable("a\xc2\x85z", 40) == "az");  // C1 control
  CHECK(printable("a\xe2\x80\xae"
                  "b",
                  40) == "ab");                                    // right-to-left override
  CHECK(printable("a\xc0\xaf\xed\xa0\x80\xff\xe2z", 40) == "az");  // overlong, surrogate, stray bytes
  CHECK(printable("\xf4\x90\x80\x80z", 40) == "z");                // above U+10FFFF
}

TEST_CASE("the limit counts characters, and cuts none apart") {
  CHECK(printable("abcdef", 3) == "abc");
  CHECK(printable("\xc3\xa9\xc3\xa9\xc3\xa9", 2) == "\xc3\xa9\xc3\xa9");
  CHECK(printable("ab cd", 3) == "ab");
  CHECK(printable("abc", 0) == "");
}

TEST_CASE("placeholders of board makers are no facts") {
  for (const char* text : {"", "0", "To Be Filled By O.E.M.", "Default string", "None", "........",
                           "00000000-0000-0000-0000-000000000000", "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF",
                           "00:00:00:00:00:00", "System Serial Number"}) {
    CAPTURE(text);
    CHECK(placeholder(text));
  }
  for (const char* text : {"TS-464", "Q21BI04711", "52:54:00:12:34:56"}) CHECK_FALSE(placeholder(text));
}
