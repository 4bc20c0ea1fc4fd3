// The hanging watches of all connections, so that a change of a device wakes the right ones.
#pragma once

#include <boost/asio/steady_timer.hpp>

#include <map>
#include <string>

namespace refcloud {

class Watches {
 public:
  /// Ends the wait of each watch of this device, and of the relays (who wait as ""); whether there is an
  /// answer, Cloud::recheck() says.
  void wake(const std::string& device_id) {
    for (const auto& who : {device_id, std::string()}) {
      const auto [first, last] = timers_.equal_range(who);
      for (auto it = first; it != last; ++it) expire(*it->second);
    }
  }
  void wake_all() {
    for (const auto& [device, timer] : timers_) expire(*timer);
  }

  /// Registers a timer for as long as it lives.
  class Entry {
   public:
    Entry(Watches& all, const std::string& device_id, boost::asio::steady_timer& timer)
        : all_(all), at_(all.timers_.emplace(device_id, &timer)) {}
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;
    ~Entry() { all_.timers_.erase(at_); }

   private:
    Watches& all_;
    std::multimap<std::string, boost::asio::steady_timer*>::iterator at_;
  };

 private:
  // Not cancel(): that would be lost on a watch that is about to wait but does not wait yet.
  static void expire(boost::asio::steady_timer& timer) {
    timer.expires_at(boost::asio::steady_timer::time_point::min());
  }

  std::multimap<std::string, boost::asio::steady_timer*> timers_;
};

}  // namespace refcloud
