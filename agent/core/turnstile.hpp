// One at a time, in the order of arrival. For the owner's commands: two that meet (two terminals, a
// terminal and the panel) must not see each other half done.
#pragma once

#include <algorithm>
#include <list>

#include "agent/core/signal.hpp"

namespace qcloud {

class Turnstile {
 public:
  explicit Turnstile(boost::asio::any_io_executor executor) : executor_(std::move(executor)) {}

  class Pass {
   public:
    explicit Pass(Turnstile* turnstile) : turnstile_(turnstile) {}
    Pass(Pass&& other) noexcept : turnstile_(std::exchange(other.turnstile_, nullptr)) {}
    ~Pass() { leave(); }
    void leave() {
      if (turnstile_) std::exchange(turnstile_, nullptr)->next();
    }

   private:
    Turnstile* turnstile_;
  };

  Task<Pass> enter() {
    if (!busy_) {
      busy_ = true;
      co_return Pass(this);
    }
    Queued queued(*this);
    queue_.push_back(&queued);
    co_await queued.turn.wait();
    queued.mine = false;
    co_return Pass(this);
  }

 private:
  // Who is given the turn has it at once, so that nobody slips in between; who is cancelled with it
  // in hand passes it on.
  struct Queued {
    explicit Queued(Turnstile& of) : turnstile(of), turn(of.executor_) {}
    ~Queued() {
      if (mine) turnstile.next();
      turnstile.queue_.remove(this);
    }
    Turnstile& turnstile;
    Signal turn;
    bool mine = false;
  };

  void next() {
    if (queue_.empty()) {
      busy_ = false;
      return;
    }
    Queued* first = queue_.front();
    queue_.pop_front();
    first->mine = true;
    first->turn.notify();
  }
  boost::asio::any_io_executor executor_;
  std::list<Queued*> queue_;
  bool busy_ = false;
};

}  // namespace qcloud
