// HTTP/2 as a relay sends it, byte by byte as it comes: frames after the preface, which is said for it. Each
// visit is answered with what it sent.
#include "agent/core/nursery.hpp"
#include "agent/features/link/h2/session.hpp"
#include "tests/features/link/frames.hpp"
#include "tests/features/link/memory_stream.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/unit/loop.hpp"
#include "tests/unit/virtual_clock.hpp"

using namespace qcloud;
using namespace qcloud::link;

namespace {

constexpr std::size_t memory = 1024 * 1024;

Task<void> echo(std::shared_ptr<Visit> visit) {
  visit->answer(200);
  while (!visit->gone()) {
    auto bytes = visit->received().front();
    auto count = visit->put(bytes.first(std::min<std::size_t>(bytes.size(), 512)));
    visit->passed_on(count);
    if (count > 0) continue;
    if (bytes.empty() && visit->ended()) {
      visit->finish();
      co_await visit->delivered();
      break;
    }
    co_await visit->stirred().wait();
  }
  visit->reset();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  boost::asio::io_context io;
  unit::VirtualClock clock(io);
  unit::MemoryStream stream(io.get_executor());
  Budget budget(memory);
  Nursery echoes(io.get_executor());
  std::size_t told = 0;
  {
    Session session(io.get_executor(), clock, stream, profiles[0], {}, budget,
                    {[&](std::shared_ptr<Visit> visit) { echoes.spawn(echo(std::move(visit))); },
                     [&](const std::string&, const std::string& path, const std::string& body) {
                       MUST(path.size() <= 256 && body.size() <= 4096);
                       ++told;
                       return 204;
                     },
                     [] {}, [] {}});
    auto running = unit::start(io, session.run());
    stream.give(frames::preface);
    // In pieces, so that a frame is cut at every place in the long run.
    std::size_t piece = size == 0 ? 1 : std::max<std::size_t>(1 + data[size - 1] % 64, size / 64);
    for (std::size_t at = 0; at < size && !running.ended(); at += piece) {
      stream.give({reinterpret_cast<const char*>(data) + at, std::min(piece, size - at)});
      unit::settle(io);
      stream.from_us.clear();
      stream.batches.clear();
      MUST(budget.held() <= memory);
    }
    stream.end();
    unit::settle(io);
    if (!running.ended()) running.cancel();
    MUST(!running.threw() || running.ended());
    MUST(session.visits() == 0 || !running.returned());
    unit::finish(io, echoes.stop());
  }
  MUST(budget.held() == 0);
  MUST(budget.free() == memory);
  return 0;
}
