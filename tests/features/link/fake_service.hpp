// Services on this box, as the test plays them.
#pragma once

#include <boost/asio/post.hpp>
#include <functional>

#include "agent/core/signal.hpp"
#include "agent/gate/local_dial.hpp"

namespace unit {

// What both ends of a connection see of it. The test reads `got` and fills `gives`.
struct Served {
  std::string got, gives;
  bool takes = true;  // else it reads nothing
  bool ends = false;  // after `gives` it sends no more
  bool resets = false;
  bool finished = false, gone = false;  // the agent's side
  std::function<void()> told;
  void wake() {
    if (told) told();
  }
};

class FakeStream final : public qcloud::LocalStream {
 public:
  FakeStream(boost::asio::any_io_executor executor, std::shared_ptr<Served> served)
      : executor_(std::move(executor)), served_(std::move(served)) {}
  ~FakeStream() override {
    served_->gone = true;
    served_->told = nullptr;
  }
  void tell(std::function<void()> ready) override { served_->told = std::move(ready); }
  qcloud::Result<std::optional<std::size_t>> read(const qcloud::Rows<char>& into) override {
    if (served_->resets) return reset();
    if (served_->gives.empty() && !served_->ends) return std::optional<std::size_t>();
    std::size_t count = 0;
    for (auto row : into) count += served_->gives.copy(row.data(), row.size(), count);
    served_->gives.erase(0, count);
    if (count > 0 && count < into.bytes() && served_->ends)
      boost::asio::post(executor_, [served = served_] { served->wake(); });
    return std::optional<std::size_t>(count);
  }
  qcloud::Result<std::size_t> write(const qcloud::Rows<const char>& from) override {
    if (served_->resets) return reset();
    if (!served_->takes) return std::size_t{0};
    for (auto row : from) served_->got.append(row.data(), row.size());
    return from.bytes();
  }
  void finish() override { served_->finished = true; }

 private:
  static qcloud::Error reset() { return {"local.reset", qcloud::Retry::retry_soon, "reset", ""}; }
  boost::asio::any_io_executor executor_;
  std::shared_ptr<Served> served_;
};

class FakeDial final : public qcloud::LocalDial {
 public:
  explicit FakeDial(boost::asio::any_io_executor executor) : executor_(executor), answers(executor) {}
  qcloud::Task<qcloud::Result<std::unique_ptr<qcloud::LocalStream>>> dial(std::string,
                                                                          std::uint16_t port) override {
    ++dialed;
    if (port == full)
      co_return qcloud::Error{"local.no_room", qcloud::Retry::retry_soon, "no descriptor left", ""};
    if (port == down) co_return qcloud::Error{"local.refused", qcloud::Retry::retry_soon, "refused", ""};
    if (port == slow) co_await answers.wait();
    served.push_back(std::make_shared<Served>());
    served.back()->takes = !busy;
    co_return std::unique_ptr<qcloud::LocalStream>(std::make_unique<FakeStream>(executor_, served.back()));
  }
  std::size_t most() const override { return places; }
  static constexpr std::uint16_t down = 1, slow = 2, full = 3;
  std::size_t places = 1 << 16;
  std::vector<std::shared_ptr<Served>> served;
  int dialed = 0;
  bool busy = false;  // who is dialed takes nothing at first

 private:
  boost::asio::any_io_executor executor_;

 public:
  qcloud::Signal answers;  // of the slow one
};

}  // namespace unit
