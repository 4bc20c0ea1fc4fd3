// Connections to services on this same box: loopback and nothing else. No egress: not a byte of it
// leaves, so it needs no switch and stands in no ledger. A feature that has this can reach nobody else.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "agent/core/result.hpp"
#include "agent/core/task.hpp"

namespace qcloud {

class LocalStream {
 public:
  virtual ~LocalStream() = default;  // ends it, with a reset if anything is under way
  // Reading and writing never wait, so that no buffer is held while there is nothing to do.
  // What is there; 0: the service sends no more; nothing: not now, wait for readable(). Error local.reset.
  virtual Result<std::optional<std::size_t>> read(std::span<char> into) = 0;
  // What the kernel took; 0: not now, wait for writable(). Error local.reset.
  virtual Result<std::size_t> write(std::span<const char> from) = 0;
  // Error local.reset.
  virtual Task<Status> readable() = 0;
  virtual Task<Status> writable() = 0;
  // No more for the service; it may still send.
  virtual void finish() = 0;
};

class LocalDial {
 public:
  virtual ~LocalDial() = default;
  // `address`: 127.0.0.0/8 or ::1. Errors: local.not_loopback, local.refused, local.timeout (5 s).
  virtual Task<Result<std::unique_ptr<LocalStream>>> dial(std::string address, std::uint16_t port) = 0;
};

}  // namespace qcloud
