#include "agent/core/nursery.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/multiple_exceptions.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>
#include <list>

namespace qcloud {

namespace asio = boost::asio;

namespace {

// A race that is cancelled as a whole throws what both of its sides threw.
std::exception_ptr first_thrown(std::exception_ptr thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const asio::multiple_exceptions& both) {
    return first_thrown(both.first_exception());
  } catch (...) {
    return thrown;
  }
}

}  // namespace

struct Nursery::State {
  State(asio::any_io_executor e, std::function<void(const std::string&)> f)
      : executor(e), ended(e), on_fault(std::move(f)) {}
  void fault(const char* what) {
    failure = what;
    if (on_fault) on_fault(failure);
  }
  asio::any_io_executor executor;
  std::list<asio::cancellation_signal> children;
  Signal ended;
  std::function<void(const std::string&)> on_fault;
  std::string failure;
};

Nursery::Nursery(asio::any_io_executor executor, std::function<void(const std::string&)> on_fault)
    : state_(std::make_shared<State>(std::move(executor), std::move(on_fault))) {}
Nursery::~Nursery() = default;

void Nursery::spawn(Task<void> work) {
  auto child = state_->children.emplace(state_->children.end());
  auto done = [state = state_, child](std::exception_ptr thrown) {
    if (thrown) {
      try {
        std::rethrow_exception(first_thrown(thrown));
      } catch (const boost::system::system_error& error) {
        if (error.code() != asio::error::operation_aborted) state->fault(error.what());
      } catch (const std::exception& error) {
        state->fault(error.what());
      }
    }
    state->children.erase(child);
    state->ended.notify();
  };
  asio::co_spawn(state_->executor, std::move(work),
                 asio::bind_cancellation_slot(child->slot(), std::move(done)));
}

Task<void> Nursery::stop() {
  auto state = state_;
  while (!state->children.empty()) {
    auto newest = std::prev(state->children.end());
    auto left = state->children.size();
    newest->emit(asio::cancellation_type::terminal);
    while (state->children.size() >= left) co_await state->ended.wait();
  }
  state->ended.notify();  // another one may wait for the same end
}

bool Nursery::empty() const { return state_->children.empty(); }
const std::string& Nursery::failure() const { return state_->failure; }

Task<void> until_cancelled() {
  Signal never(co_await asio::this_coro::executor);
  try {
    co_await never.wait();
  } catch (const boost::system::system_error& error) {
    if (error.code() != asio::error::operation_aborted) throw;
  }
  co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation());
}

}  // namespace qcloud
