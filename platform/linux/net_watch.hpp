// NetWatch over rtnetlink. Events only say *that* something changed; what is true now comes from a
// fresh dump. So a lost event, a full buffer or an unknown message can delay nothing but itself.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <memory>

#include "agent/core/result.hpp"
#include "agent/core/task.hpp"
#include "platform/linux/settle.hpp"

namespace qcloud {

class NetlinkWatch final : public NetWatch {
 public:
  // `state` is true from the start: the first dump is made here (it takes well under a millisecond).
  // `clock` must outlive it.
  static Result<std::unique_ptr<NetlinkWatch>> open(const boost::asio::any_io_executor& executor,
                                                    Clock& clock);

  // Keeps `state` true until it is cancelled; what went away is told when it stayed away (settle.hpp).
  // Sleeps in the kernel between events.
  Task<void> run();

 private:
  NetlinkWatch(const boost::asio::any_io_executor& executor, Clock& clock, int fd)
      : clock_(clock), events_(executor, fd) {}
  Task<bool> event();
  bool drain();
  bool refresh();

  Clock& clock_;
  Settle settle_;
  boost::asio::posix::stream_descriptor events_;
};

}  // namespace qcloud
