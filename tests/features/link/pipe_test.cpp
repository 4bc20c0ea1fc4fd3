// Bytes in blocks: in order whatever the sizes, memory only while there are bytes, never more than the
// budget.
#include "agent/features/link/h2/pipe.hpp"

#include <doctest/doctest.h>

#include <random>
#include <string>

#include "tests/features/link/session_world.hpp"

using namespace qcloud;
using namespace qcloud::link;

namespace {

std::string text(const Rows<const char>& rows) {
  std::string out;
  for (auto row : rows) out.append(row.data(), row.size());
  return out;
}

// The next `count` bytes of a text that repeats only after a long time.
std::string next(std::size_t& at, std::size_t count) {
  std::string out;
  for (; out.size() < count; ++at) out += static_cast<char>(at * 2654435761u >> 13);
  return out;
}

}  // namespace

TEST_CASE("link: a pipe gives what was put into it, in order, whatever the pieces") {
  Budget budget(1 << 20);
  {
    Pipe pipe(budget);
    std::string expected;
    std::mt19937 dice(20261125);
    std::size_t written = 0;
    auto some = [&](std::size_t most) { return dice() % (most + 1); };
    for (int step = 0; step < 3'000; ++step) {
      auto act = pipe.size() > 200'000 ? 3 : some(3);
      if (act == 0) {
        auto bytes = next(written, some(some(1) ? 20 : 20'000));
        pipe.append(bytes);
        expected += bytes;
      } else if (act == 1) {
        auto place = pipe.room(some(some(1) ? 20 : 70'000));
        auto bytes = next(written, some(place.bytes()));
        std::size_t at = 0;
        for (auto row : place) at += bytes.copy(row.data(), row.size(), std::min(at, bytes.size()));
        pipe.commit(bytes.size());
        expected += bytes;
      } else {
        auto shown = text(pipe.front(some(100'000)));
        REQUIRE(expected.starts_with(shown));
        auto count = some(shown.size());
        pipe.consume(count);
        expected.erase(0, count);
      }
      REQUIRE(pipe.size() == expected.size());
      REQUIRE(pipe.held() == budget.held());
      REQUIRE(pipe.held() <= (expected.size() / Block::room + 2) * sizeof(Block));
    }
    pipe.consume(pipe.size());
    CHECK(budget.held() == 0);
    pipe.append("left behind");
  }
  CHECK(budget.held() == 0);
}

TEST_CASE("link: a pipe has room as far as the budget goes, and always for what was promised") {
  Budget budget(3 * sizeof(Block));
  Pipe pipe(budget);
  CHECK(pipe.room(1 << 20).bytes() == 3 * Block::room);
  pipe.commit(0);
  CHECK(budget.held() == 0);
  CHECK(pipe.room(1 << 20).bytes() == 3 * Block::room);
  pipe.commit(Block::room + 1);
  CHECK(budget.held() == 2 * sizeof(Block));
  REQUIRE(budget.hold(budget.free()));
  CHECK(pipe.room(1 << 20).bytes() == Block::room - 1);  // of the block that it has
  pipe.commit(0);
  pipe.append(std::string(2 * Block::room, 'x'));
  CHECK(pipe.size() == 3 * Block::room + 1);
}

TEST_CASE("link: of the memory that is given back little is kept") {
  Budget budget;
  auto before = unit::heap();
  {
    Pipe pipe(budget);
    pipe.append(std::string(16 << 20, 'x'));
    pipe.consume(pipe.size());
  }
  CHECK(budget.held() == 0);
  if (auto now = unit::heap(); now > before) CHECK(now - before <= 300 * 1024);
}
