#include "agent/features/link/h2/visit.hpp"

#include "agent/features/link/h2/session.hpp"

namespace qcloud::link {
namespace {

constexpr std::size_t least = 8 * 1024;  // toward a visitor who has taken nothing yet

}  // namespace

Visit::Visit(boost::asio::any_io_executor executor, Session& session, Budget& budget, std::int32_t id,
             Opening opening)
    : session_(&session),
      budget_(budget),
      id_(id),
      opening_(std::move(opening)),
      in_(budget),
      out_(budget),
      stirred_(executor),
      lost_(executor) {}

Visit::~Visit() { budget_.release(burden_); }

bool Visit::burden(std::size_t bytes) {
  if (!budget_.hold(bytes)) return false;
  burden_ += bytes;
  return true;
}

void Visit::answer(int status) {
  if (!session_) return;
  if (status == 200) return session_->welcome(*this);
  session_->respond(id_, status, nullptr);
  // What the visitor still sends is for nobody. The session ends the stream when the answer has left.
  finished_ = gone_ = refused_ = true;
  in_.clear();
}

void Visit::refuse() {
  if (!session_) return;
  session_->cut(id_, NGHTTP2_REFUSED_STREAM);
  finished_ = gone_ = refused_ = true;
  in_.clear();
}

void Visit::passed_on(std::size_t count) {
  in_.consume(count);
  went_on(count);
}

void Visit::went_on(std::size_t count) {
  if (count == 0 || !session_) return;
  if (!std::exchange(served_, true)) session_->widen(*this);
  session_->tell_window(*this);
}

void Visit::come(const Rows<const char>& bytes) {
  auto took = taker_ && in_.empty() ? taker_(bytes) : 0;
  went_on(took);
  if (took == bytes.bytes()) return;
  // There is room for what was promised; a relay that says more than that is heard by nghttp2.
  for (auto row : bytes) {
    auto gone = std::min(took, row.size());
    in_.append(row.subspan(gone));
    took -= gone;
  }
  stirred_.notify();
}

// Some of the share that one visit may hold; nothing, if it waits for the visitor or for memory.
Rows<char> Visit::room(std::size_t wish) {
  pinched_ = false;
  short_ = true;
  if (gone() || finished_) return {};
  // Who has taken much may have more: one who takes nothing holds little.
  auto taken = static_cast<std::size_t>(bytes_out_) - out_.size();
  auto most = std::min({session_->limits_.out_buffer, std::max(least, taken), budget_.share()});
  // Half of it at a time, or a busy visit would look for every little that leaves.
  if (out_.size() > most / 2) return {};
  auto found = out_.room(std::min(wish, most - out_.size()));
  short_ = found.bytes() < wish;
  pinched_ = found.empty() && out_.empty();
  if (pinched_) budget_.want(64 * 1024);
  return found;
}

void Visit::commit(std::size_t count) {
  out_.commit(count);
  bytes_out_ += count;
  if (count == 0 || !session_) return;
  if (std::exchange(deferred_, false)) session_->resume(*this);
}

std::size_t Visit::put(std::span<const char> bytes) {
  std::size_t count = 0;
  for (auto row : room(bytes.size())) {
    std::memcpy(row.data(), bytes.data() + count, row.size());
    count += row.size();
  }
  commit(count);
  return count;
}

void Visit::finish() {
  if (std::exchange(finished_, true) || !session_) return;
  if (std::exchange(deferred_, false)) session_->resume(*this);
}

Task<void> Visit::delivered() {
  while (session_) co_await stirred_.wait();
}

void Visit::reset() {
  if (!session_ || refused_) return;
  session_->cut(id_);
  finished_ = gone_ = true;
  stirred_.notify();
}

void Visit::part() {
  session_ = nullptr;
  finished_ = true;
  if (!visitor_done_) gone_ = true;
  bytes_out_ -= out_.size();  // they never leave
  out_.clear();
  stirred_.notify();
}

void Visit::lose() {
  visitor_done_ = false;
  part();
  in_.clear();
  lost_.notify();
}

}  // namespace qcloud::link
