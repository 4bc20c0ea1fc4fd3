// Whose turn it is: a batch at a time is written, and looked at here.
#include "tests/features/link/session_world.hpp"

using namespace qcloud;
using namespace qcloud::link;
using unit::SessionWorld;

namespace {

struct Busy {
  SessionWorld world;
  std::vector<std::shared_ptr<Visit>> bulk;

  // So many visits that have had much to send for long, and no end of it in sight.
  explicit Busy(std::uint32_t count) {
    world.greeted();
    world.say(frames::frame(frames::settings, 0, 0, frames::setting(4, 1 << 30)) +
              frames::frame(frames::window, 0, 0, frames::number(1 << 30, 4)));
    for (std::uint32_t id = 1; id < 1 + 2 * count; id += 2) {
      bulk.push_back(world.open(id));
      bulk.back()->answer(200);
    }
    world.stream.slow = true;
    for (int i = 0; i < 20; ++i) next();
  }
  // All buffers are full again, and the next batch is under way: what is in it.
  std::vector<frames::Seen> next() {
    for (int i = 0; i < 2; ++i) {  // a batch may leave at once
      for (auto& each : bulk) fill(*each);
      unit::settle(world.io);
    }
    world.stream.batches.clear();
    world.stream.next();
    unit::settle(world.io);
    std::string all;
    for (const auto& batch : world.stream.batches) all += batch;
    CHECK(world.stream.batches.size() == 1);
    CHECK(all.size() <= 64 * 1024 + 16384 + 9);
    return frames::parse(all);
  }
  void fill(Visit& visit, std::size_t most = 1 << 20) {
    for (std::size_t sum = 0; sum < most;) {
      auto place = visit.room(std::min<std::size_t>(most - sum, 64 * 1024)).bytes();
      visit.commit(place);
      if (place == 0) return;
      sum += place;
    }
  }
};

std::size_t bytes_of(const std::vector<frames::Seen>& batch, std::uint32_t stream) {
  std::size_t sum = 0;
  for (const auto& frame : batch)
    if (frame.type == frames::data && frame.stream == stream) sum += frame.payload.size();
  return sum;
}

std::size_t position(const std::vector<frames::Seen>& batch, std::uint32_t stream) {
  for (std::size_t i = 0; i < batch.size(); ++i)
    if (batch[i].type == frames::data && batch[i].stream == stream) return i;
  return 99;
}

}  // namespace

TEST_CASE("link: a small answer leaves with the next batch, ahead of what is bulk") {
  Busy busy(8);
  busy.world.stream.slow = false;
  busy.world.stream.next();
  auto small = busy.world.open(101);
  busy.world.stream.slow = true;
  small->answer(200);
  busy.next();
  busy.fill(*small, 700);
  auto batch = busy.next();
  CHECK(bytes_of(batch, 101) == 700);
  // A frame that found no place in the last batch is the only one before it.
  CHECK(position(batch, 101) <= 1);
}

TEST_CASE("link: those in bulk take turns, a frame each") {
  Busy busy(5);
  std::size_t sums[5] = {};
  for (int i = 0; i < 50; ++i) {
    auto batch = busy.next();
    for (std::uint32_t id = 0; id < 5; ++id) sums[id] += bytes_of(batch, 1 + 2 * id);
  }
  for (auto sum : sums) {
    CHECK(sum >= 50 * 64 * 1024 / 5 * 8 / 10);
    CHECK(sum <= 50 * 80 * 1024 / 5 * 12 / 10);
  }
}

TEST_CASE("link: one who sends much is bulk himself soon, and others go on") {
  Busy busy(1);
  busy.world.stream.slow = false;
  busy.world.stream.next();
  auto late = busy.world.open(101);
  busy.world.stream.slow = true;
  late->answer(200);
  busy.next();
  busy.bulk.push_back(late);
  std::size_t his = 0, others = 0;
  for (int i = 0; i < 40; ++i) {
    auto batch = busy.next();
    his += bytes_of(batch, 101);
    others += bytes_of(batch, 1);
  }
  CHECK(others >= his * 3 / 4);
  CHECK(his >= others * 3 / 4);
}

TEST_CASE("link: after a quiet second what a visit sends goes first again") {
  Busy busy(4);
  auto quiet = busy.bulk.back();
  busy.bulk.pop_back();
  for (int i = 0; i < 20; ++i) busy.next();
  busy.world.clock.advance(seconds(2));
  busy.fill(*quiet, 500);
  auto batch = busy.next();
  CHECK(position(batch, 7) <= 1);
}
