#include "agent/features/link/h2/visit.hpp"

#include "agent/features/link/h2/session.hpp"

namespace qcloud::link {
namespace {

constexpr std::size_t smallest = 1024;    // of a pipe's memory
constexpr std::size_t worthwhile = 1024;  // less room than this is waited for
constexpr std::size_t least = 8 * 1024;   // toward a visitor who has taken nothing yet

Error gone_error() { return {"link.gone", Retry::give_up, "The visitor has left.", ""}; }

}  // namespace

Visit::Visit(boost::asio::any_io_executor executor, Session& session, Budget& budget, std::int32_t id,
             Opening opening)
    : session_(&session),
      budget_(budget),
      id_(id),
      opening_(std::move(opening)),
      readable_(executor),
      writable_(executor),
      lost_(executor) {}

Visit::~Visit() { budget_.release(burden_ + in_.held() + out_.held()); }

bool Visit::burden(std::size_t bytes) {
  if (!budget_.hold(bytes)) return false;
  burden_ += bytes;
  return true;
}

// What came was promised, so there is room for it; for twice as much, which saves copying, perhaps.
bool Visit::keep(std::span<const char> bytes) {
  if (auto need = in_.short_of(bytes.size()); need > 0) {
    auto wish = std::max({need, in_.held(), smallest});
    if (!budget_.hold(wish) && !budget_.hold(wish = need)) return false;
    in_.grow(wish);
  }
  in_.append(bytes);
  return true;
}

void Visit::drop(Pipe& pipe, std::size_t count) {
  auto before = pipe.held();
  pipe.consume(count);
  if (auto freed = before - pipe.held()) budget_.release(freed);
}

void Visit::discard(Pipe& pipe) {
  auto freed = pipe.held();
  pipe.release();
  if (freed) budget_.release(freed);
}

void Visit::answer(int status) {
  if (!session_) return;
  if (status == 200) return session_->welcome(*this);
  session_->respond(id_, status, nullptr);
  // What the visitor still sends is for nobody. The session ends the stream when the answer has left.
  finished_ = gone_ = refused_ = true;
  discard(in_);
}

Task<Result<std::span<const char>>> Visit::received() {
  for (;;) {
    if (!in_.empty()) co_return in_.front();
    if (gone_) co_return gone_error();
    if (visitor_done_) co_return std::span<const char>();
    co_await readable_.wait();
  }
}

void Visit::passed_on(std::size_t count) {
  if (count == 0) return;
  drop(in_, count);
  if (!session_) return;
  if (!std::exchange(served_, true)) session_->widen(*this);
  session_->tell_window(*this);
}

// Some of the share that one visit may hold; nothing, if it waits for the visitor or for memory.
std::span<char> Visit::place(std::size_t wish) {
  pinched_ = false;
  // Who has taken much may have more: one who takes nothing holds little.
  auto taken = static_cast<std::size_t>(bytes_out_) - out_.size();
  auto most = std::min(
      {session_->limits_.out_buffer, std::max(least, taken), std::max(out_.held(), budget_.share())});
  wish = std::min(wish, most - std::min(most, out_.size()));
  if (!out_.empty() && wish < worthwhile) return {};
  auto need = out_.short_of(wish);
  if (wish == 0 || (need > 0 && !budget_.hold(need))) {
    pinched_ = out_.empty();  // else its own bytes leave first
    if (pinched_) budget_.want(64 * 1024);
    return {};
  }
  if (need > 0) out_.grow(need);
  return out_.tail(wish);
}

Task<Result<std::span<char>>> Visit::room(std::size_t wish) {
  for (;;) {
    if (gone_ || finished_ || !session_) co_return gone_error();
    if (auto found = place(wish); !found.empty()) co_return found;
    co_await writable_.wait();
  }
}

void Visit::commit(std::size_t count) {
  if (!session_) return;
  out_.commit(count);
  bytes_out_ += count;
  if (out_.empty()) return discard(out_);
  if (std::exchange(deferred_, false)) session_->resume(*this);
}

void Visit::finish() {
  if (std::exchange(finished_, true) || !session_) return;
  if (std::exchange(deferred_, false)) session_->resume(*this);
}

Task<void> Visit::delivered() {
  while (session_) co_await writable_.wait();
}

void Visit::reset() {
  if (!session_ || refused_) return;
  session_->cut(id_);
  finished_ = gone_ = true;
  readable_.notify();
  writable_.notify();
}

void Visit::part() {
  session_ = nullptr;
  finished_ = true;
  if (!visitor_done_) gone_ = true;
  discard(out_);
  readable_.notify();
  writable_.notify();
}

void Visit::lose() {
  visitor_done_ = false;
  part();
  discard(in_);
  lost_.notify();
}

}  // namespace qcloud::link
