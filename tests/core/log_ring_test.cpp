// The log's newest lines, for a bundle: bounded, and anonymized before they get there (promise A8).
#include <doctest/doctest.h>

#include "agent/core/log.hpp"
#include "agent/core/log_ring.hpp"

using namespace qcloud;

TEST_CASE("log ring: the newest lines, bounded in number and bytes") {
  LogRing ring(3, 1000);
  for (int i = 0; i < 10; ++i) ring.add("line " + std::to_string(i));
  CHECK(ring.lines() == std::vector<std::string>{"line 7", "line 8", "line 9"});
  LogRing small(100, 50);
  for (int i = 0; i < 10; ++i) small.add(std::string(20, static_cast<char>('a' + i)));
  CHECK(small.lines().size() == 2);
  LogRing one;
  one.add(std::string(1 << 20, 'x'));
  REQUIRE(one.lines().size() == 1);
  CHECK(one.lines()[0].size() <= 1024);
}

TEST_CASE("A8 log: what the box is known by is in no line") {
  LogRing ring;
  Log log(Level::info, [&](Level, std::string_view line) { ring.add(line); });
  log.info("hello from Cellar-Box");
  log.know(KnownValues({"cellar-box", "anna"}, {"nas"}));
  log.info("registered CELLAR-BOX to Anna from 5.6.7.89");
  log.info("nas in banasa, the NAS");
  log.debug("nothing of this");
  auto lines = ring.lines();
  REQUIRE(lines.size() == 3);
  CHECK(lines[0] == "hello from Cellar-Box");
  CHECK(lines[1] == "registered [removed] to [removed] from 5.6.7.x");
  CHECK(lines[2] == "[removed] in banasa, the [removed]");
}
