// Services on this box, as the test plays them.
#pragma once

#include <cstring>
#include <map>

#include "agent/core/signal.hpp"
#include "agent/gate/local_dial.hpp"

namespace unit {

// What both ends of a connection see of it. The test reads `got` and fills `gives`.
struct Served {
  explicit Served(boost::asio::any_io_executor executor) : readable(executor), writable(executor) {}
  std::string got, gives;
  bool takes = true;  // else it reads nothing
  bool ends = false;  // after `gives` it sends no more
  bool resets = false;
  bool finished = false, gone = false;  // the agent's side
  qcloud::Signal readable, writable;
  void wake() {
    readable.notify();
    writable.notify();
  }
};

class FakeStream final : public qcloud::LocalStream {
 public:
  explicit FakeStream(std::shared_ptr<Served> served) : served_(std::move(served)) {}
  ~FakeStream() override { served_->gone = true; }
  qcloud::Result<std::optional<std::size_t>> read(std::span<char> into) override {
    auto count = std::min(into.size(), served_->gives.size());
    std::memcpy(into.data(), served_->gives.data(), count);
    served_->gives.erase(0, count);
    if (served_->resets) return reset();
    if (count == 0 && !served_->ends) return std::optional<std::size_t>();
    return std::optional<std::size_t>(count);
  }
  qcloud::Result<std::size_t> write(std::span<const char> from) override {
    if (served_->resets) return reset();
    if (!served_->takes) return std::size_t{0};
    served_->got.append(from.data(), from.size());
    return from.size();
  }
  qcloud::Task<qcloud::Status> readable() override {
    while (served_->gives.empty() && !served_->ends && !served_->resets) co_await served_->readable.wait();
    co_return qcloud::Status{};
  }
  qcloud::Task<qcloud::Status> writable() override {
    while (!served_->takes && !served_->resets) co_await served_->writable.wait();
    co_return qcloud::Status{};
  }
  void finish() override { served_->finished = true; }

 private:
  static qcloud::Error reset() { return {"local.reset", qcloud::Retry::retry_soon, "reset", ""}; }
  std::shared_ptr<Served> served_;
};

class FakeDial final : public qcloud::LocalDial {
 public:
  explicit FakeDial(boost::asio::any_io_executor executor) : executor_(executor), answers(executor) {}
  qcloud::Task<qcloud::Result<std::unique_ptr<qcloud::LocalStream>>> dial(std::string,
                                                                          std::uint16_t port) override {
    ++dialed;
    if (port == down) co_return qcloud::Error{"local.refused", qcloud::Retry::retry_soon, "refused", ""};
    if (port == slow) co_await answers.wait();
    served.push_back(std::make_shared<Served>(executor_));
    co_return std::unique_ptr<qcloud::LocalStream>(std::make_unique<FakeStream>(served.back()));
  }
  static constexpr std::uint16_t down = 1, slow = 2;
  std::vector<std::shared_ptr<Served>> served;
  int dialed = 0;

 private:
  boost::asio::any_io_executor executor_;

 public:
  qcloud::Signal answers;  // of the slow one
};

}  // namespace unit
