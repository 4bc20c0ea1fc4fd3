#include "agent/features/link/h2/visit.hpp"

#include "agent/features/link/h2/session.hpp"

namespace qcloud::link {
namespace {

constexpr std::size_t always = 16 * 1024;  // one frame: also while the memory budget is full

Error gone_error() { return {"link.gone", Retry::give_up, "The visitor has left.", ""}; }

}  // namespace

Visit::Visit(boost::asio::any_io_executor executor, Session& session, Budget& budget, std::int32_t id,
             const Limits& limits)
    : session_(&session),
      budget_(budget),
      id_(id),
      window_(limits.first_window),
      in_(limits.first_window),
      out_(limits.out_buffer),
      readable_(executor),
      writable_(executor) {}

Visit::~Visit() { budget_.release(accounted_); }

void Visit::account() {
  auto held = in_.held() + out_.held();
  if (held > accounted_) budget_.hold(held - accounted_);
  if (auto before = std::exchange(accounted_, held); held < before) budget_.release(before - held);
}

void Visit::answer(int status) {
  if (!session_) return;
  session_->respond(id_, status, status == 200);
  if (status == 200) return;
  // What the visitor still sends is for nobody.
  finished_ = gone_ = true;
  nghttp2_session_consume_stream(session_->h2_, id_, in_.size());
  in_.release();
  account();
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
  in_.consume(count);
  account();
  if (!session_) return;
  nghttp2_session_consume_stream(session_->h2_, id_, count);
  session_->kick();
}

Task<Result<std::span<char>>> Visit::room(std::size_t wish) {
  for (;;) {
    if (gone_ || finished_ || !session_) co_return gone_error();
    if (budget_.full()) wish = out_.empty() ? std::min(wish, always) : 0;
    if (auto place = out_.room(wish); !place.empty()) {
      account();
      co_return place;
    }
    co_await writable_.wait();
  }
}

void Visit::commit(std::size_t count) {
  if (!session_) return;
  out_.commit(count);
  if (out_.empty()) {
    out_.release();
    account();
    return;
  }
  bytes_out_ += count;
  if (std::exchange(deferred_, false)) {
    nghttp2_session_resume_data(session_->h2_, id_);
    session_->kick();
  }
}

void Visit::finish() {
  if (std::exchange(finished_, true) || !session_) return;
  if (std::exchange(deferred_, false)) nghttp2_session_resume_data(session_->h2_, id_);
  session_->kick();
}

Task<void> Visit::delivered() {
  while (session_) co_await writable_.wait();
}

void Visit::reset() {
  if (!session_) return;
  nghttp2_submit_rst_stream(session_->h2_, NGHTTP2_FLAG_NONE, id_, NGHTTP2_CONNECT_ERROR);
  session_->kick();
  finished_ = gone_ = true;
  readable_.notify();
  writable_.notify();
}

void Visit::part() {
  session_ = nullptr;
  finished_ = true;
  if (!visitor_done_) gone_ = true;
  out_.release();
  account();
  readable_.notify();
  writable_.notify();
}

void Visit::lose() {
  visitor_done_ = false;
  part();
  in_.release();
  account();
}

}  // namespace qcloud::link
