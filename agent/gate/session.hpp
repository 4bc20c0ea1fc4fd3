// What the gate asks about us and tells about them. Implemented by agent/cloud.
#pragma once

#include <memory>

#include "agent/core/result.hpp"
#include "agent/gate/transport.hpp"

namespace qcloud {

class Session {
 public:
  virtual ~Session() = default;
  // The credential of this box, or null when it has none. Features never see it.
  virtual std::shared_ptr<const TlsIdentity> identity() const = 0;
  // Every exchange with the cloud, told as it ended: who we are to it, when it last spoke, its clock.
  virtual void observe(const Result<HttpResponse>& outcome, bool with_certificate) = 0;
};

}  // namespace qcloud
