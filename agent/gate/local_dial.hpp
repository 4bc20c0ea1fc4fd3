// Connections to services on this same box: loopback and nothing else. No egress: not a byte of it
// leaves, so it needs no switch and stands in no ledger. A feature that has this can reach nobody else.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "agent/core/result.hpp"
#include "agent/core/rows.hpp"
#include "agent/core/task.hpp"

namespace qcloud {

// Nothing here waits, so that no buffer is held while there is nothing to do.
class LocalStream {
 public:
  virtual ~LocalStream() = default;  // ends it; with a reset, unless both ways have ended in order
  // Called when what was not possible may be by now, in a turn of its own; it may do anything but destroy the
  // stream. Set before the first byte; null: nobody is told any more.
  virtual void tell(std::function<void()> ready) = 0;
  // What is there; less than fits: no more now. Nothing: not now. 0: the service sends no more. Error
  // local.reset.
  virtual Result<std::optional<std::size_t>> read(const Rows<char>& into) = 0;
  // What the kernel took; less than all of it: no more now. Error local.reset.
  virtual Result<std::size_t> write(const Rows<const char>& from) = 0;
  // No more for the service; it may still send.
  virtual void finish() = 0;
};

class LocalDial {
 public:
  virtual ~LocalDial() = default;
  // `address`: 127.0.0.0/8 or ::1. Errors: local.not_loopback, local.refused, local.timeout (5 s),
  // local.no_room (of descriptors).
  virtual Task<Result<std::unique_ptr<LocalStream>>> dial(std::string address, std::uint16_t port) = 0;
  // How many streams at a time leave enough for everything else that this process opens.
  virtual std::size_t most() const { return 1 << 16; }
};

}  // namespace qcloud
