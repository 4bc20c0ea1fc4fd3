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

struct Live {
  Live(boost::asio::any_io_executor executor, int s) : slot(s), turned(executor) {}
  const int slot;
  std::unique_ptr<ByteStream> stream;
  std::unique_ptr<Session> session;
  Attached told;
  std::vector<std::string> addresses;  // where the relay's name led to
  bool news = false, v6 = false;
  Millis idle{0};   // as its path is probed now
  Instant quiet{};  // since when it has carried nothing
  Ending ending = Ending::lost;
  bool leaving = false;
  bool over = false;  // it ended, or it will soon
  Signal turned;      // it is over, or one of the two was told which relay it is at

  // True: it turned; false: it is time to look for another relay.
  static Task<bool> turn(std::shared_ptr<Live> live, Clock& clock, std::optional<Instant> look) {
    if (look) co_return co_await live->turned.wait_until(clock, *look);
    co_await live->turned.wait();
    co_return true;
  }
};
using LivePtr = std::shared_ptr<Live>;

}  // namespace qcloud::link
