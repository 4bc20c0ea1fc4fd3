// One attachment of the box to a relay, from dial to end.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/core/signal.hpp"
#include "agent/features/link/feature.hpp"
#include "agent/features/link/h2/session.hpp"
#include "agent/features/link/policy.hpp"

namespace qcloud::link {

struct Live : std::enable_shared_from_this<Live> {
  Live(boost::asio::any_io_executor executor, int s) : slot(s), turned(executor) {}
  const int slot;
  std::unique_ptr<ByteStream> stream;
  std::unique_ptr<Session> session;
  Attached told;
  std::vector<std::string> addresses;  // where the relay's name led to
  std::string seen;                    // the address from which the relay sees this box
  bool news = false, v6 = false;
  Millis idle{0};   // as its path is probed now
  Instant quiet{};  // since when it has carried nothing
  Ending ending = Ending::lost;
  bool leaving = false;
  bool trial = false;  // whether it is better than the one of this slot that stands
  bool over = false;   // it ended, or it will soon
  Signal turned;       // it is over, or one of the two was told which relay it is at

  static Task<void> end_of(std::shared_ptr<Live> live) {
    while (!live->over) co_await live->turned.wait();
  }
  // True: it turned; false: it is time to look for another relay.
  static Task<bool> turn(std::shared_ptr<Live> live, Clock& clock, std::optional<Instant> look) {
    if (look) co_return co_await live->turned.wait_until(clock, *look);
    co_await live->turned.wait();
    co_return true;
  }
};
using LivePtr = std::shared_ptr<Live>;

// It ends with this, unless it was found good: no trial any more.
class Trial {
 public:
  explicit Trial(LivePtr live) : live_(std::move(live)) { live_->trial = true; }
  ~Trial() {
    if (live_->trial && live_->stream) live_->stream->abort();
  }
  Trial(const Trial&) = delete;

 private:
  LivePtr live_;
};

struct Dial {  // under way; its trace knows where to
  std::shared_ptr<Trace> trace;
  Instant began;
};

// While it lives `place` says that a dial is under way.
class UnderWay {
 public:
  UnderWay(std::optional<Dial>& place, Signal& over, Dial dial) : place_(place), over_(over) {
    place_ = std::move(dial);
  }
  ~UnderWay() {
    place_.reset();
    over_.notify();
  }
  UnderWay(const UnderWay&) = delete;

 private:
  std::optional<Dial>& place_;
  Signal& over_;
};

// What there is to say of an end, to the owner.
inline std::optional<Error> complaint(const Live& live, SessionEnd end, Instant now) {
  if (end == SessionEnd::broken)
    return Error{"link.broken", Retry::retry_later, "What answers in the relay's place is no relay.", ""};
  if (now - live.told.since < seconds(5) && !live.leaving)
    return Error{"link.dropped", Retry::retry_later, "The relay ends the connection at once.", ""};
  return std::nullopt;
}

inline Ending ending_of(SessionEnd end) {
  return end == SessionEnd::clean ? Ending::clean : end == SessionEnd::broken ? Ending::broken : Ending::lost;
}

}  // namespace qcloud::link
