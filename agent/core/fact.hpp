// Facts are where features meet: a latched value, and a way to be woken when it changes.
// Single-threaded, like the agent. Setting an equal value wakes nobody.
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "agent/core/signal.hpp"

namespace qcloud {

class FactBase {
 public:
  // Wakes `signal` at each change for as long as the subscription lives.
  class Subscription {
   public:
    Subscription() = default;
    Subscription(FactBase& fact, Signal& signal) : fact_(&fact), signal_(&signal) {
      fact.signals_.push_back(&signal);
    }
    Subscription(Subscription&& other) noexcept
        : fact_(std::exchange(other.fact_, nullptr)), signal_(other.signal_) {}
    Subscription& operator=(Subscription&& other) noexcept {
      std::swap(fact_, other.fact_);
      std::swap(signal_, other.signal_);
      return *this;
    }
    ~Subscription() {
      if (!fact_) return;
      auto& all = fact_->signals_;
      auto at = std::find(all.begin(), all.end(), signal_);
      if (at != all.end()) all.erase(at);
    }

   private:
    FactBase* fact_ = nullptr;
    Signal* signal_ = nullptr;
  };

  [[nodiscard]] Subscription wake(Signal& signal) { return Subscription(*this, signal); }

 protected:
  ~FactBase() = default;
  void changed() {
    for (Signal* signal : signals_) signal->notify();
  }

 private:
  std::vector<Signal*> signals_;
};

template <class T>
class Fact : public FactBase {
 public:
  Fact() = default;
  explicit Fact(T initial) : value_(std::move(initial)) {}
  Fact(const Fact&) = delete;

  const T& get() const { return value_; }
  void set(T value) {
    if (value == value_) return;
    value_ = std::move(value);
    changed();
  }
  // Changes one part and leaves the rest.
  template <class F>
  void update(F edit) {
    T next = value_;
    edit(next);
    set(std::move(next));
  }

 private:
  T value_{};
};

}  // namespace qcloud
