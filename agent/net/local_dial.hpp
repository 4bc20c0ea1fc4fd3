#pragma once

#include <boost/asio/any_io_executor.hpp>

#include "agent/core/clock.hpp"
#include "agent/gate/local_dial.hpp"

namespace qcloud {

class LoopbackDial : public LocalDial {
 public:
  LoopbackDial(boost::asio::any_io_executor executor, Clock& clock) : executor_(executor), clock_(clock) {}
  Task<Result<std::unique_ptr<LocalStream>>> dial(std::string address, std::uint16_t port) override;
  std::size_t most() const override;

 private:
  boost::asio::any_io_executor executor_;
  Clock& clock_;
};

}  // namespace qcloud
