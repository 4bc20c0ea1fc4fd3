// A long-lived, secured byte stream to a host of the manifest: what a StreamLane opens.
#pragma once

#include <span>
#include <string_view>

#include "agent/core/clock.hpp"
#include "agent/core/result.hpp"
#include "agent/core/task.hpp"

namespace qcloud {

class ByteStream {
 public:
  // Ends it: in order if close() was, else hard.
  virtual ~ByteStream() = default;
  // One reader and one writer at a time. At least a byte, or 0: the peer's end. Errors: net.reset,
  // net.tls_failed.
  virtual Task<Result<std::size_t>> read(std::span<char> into) = 0;
  // Returns when the kernel has taken all of it: true if that was at once. `from` outlives the call. Errors
  // as above.
  virtual Task<Result<bool>> write(std::span<const char> from) = 0;
  // Whoever waits in read or write wakes with net.reset.
  virtual void abort() = 0;
  // How long silence may last before the path is probed: 7 s after it the connection is lost. Any time.
  virtual void probe_after(Millis idle) { (void)idle; }
  virtual std::string_view alpn() const = 0;    // what was agreed on (RFC 7301)
  virtual std::string_view remote() const = 0;  // address without port
  virtual std::string_view local() const = 0;   // this box's own, the same
};

}  // namespace qcloud
