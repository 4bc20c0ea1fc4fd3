// A byte stream whose other end is the test.
#pragma once

#include <cstring>

#include "agent/core/signal.hpp"
#include "agent/gate/byte_stream.hpp"

namespace unit {

class MemoryStream final : public qcloud::ByteStream {
 public:
  explicit MemoryStream(boost::asio::any_io_executor executor) : came_(executor), went_(executor) {}

  // The test's side.
  void give(std::string_view bytes) {
    to_us_ += bytes;
    came_.notify();
  }
  void end() {
    ended_ = true;
    came_.notify();
  }
  std::string from_us;
  std::vector<std::string> batches;  // each write
  bool slow = false;                 // a write waits for next()
  void next() { went_.notify(); }

  qcloud::Task<qcloud::Result<std::size_t>> read(std::span<char> into) override {
    while (to_us_.empty() && !ended_ && !aborted_) co_await came_.wait();
    if (aborted_) co_return qcloud::Error{"net.reset", qcloud::Retry::retry_soon, "reset", ""};
    auto count = std::min(into.size(), to_us_.size());
    std::memcpy(into.data(), to_us_.data(), count);
    to_us_.erase(0, count);
    co_return count;
  }
  qcloud::Task<qcloud::Result<bool>> write(std::span<const char> from) override {
    from_us.append(from.data(), from.size());
    batches.emplace_back(from.data(), from.size());
    if (slow) co_await went_.wait();
    co_return !slow;
  }
  void abort() override {
    aborted_ = true;
    came_.notify();
  }
  std::string_view alpn() const override { return "h2-reverse"; }
  std::string_view remote() const override { return "5.6.8.2"; }
  std::string_view local() const override { return "192.168.1.5"; }

 private:
  std::string to_us_;
  bool ended_ = false, aborted_ = false;
  qcloud::Signal came_, went_;
};

}  // namespace unit
