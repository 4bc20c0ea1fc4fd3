// An agent on a registered box, and a cloud that knows it: what the owner's acts are tested on.
#pragma once

#include "tests/app/agent_world.hpp"
#include "tests/identity/openssl.hpp"

namespace unit {

struct BoxWorld : AgentWorld {
  unit::Key ca = unit::p256();
  BoxWorld();
  // A box that registered in an earlier life.
  void registered();
  qcloud::Task<unit::FakeTransport::Reply> cloud(qcloud::HttpRequest request);
  int sent(std::string_view target) const;
  std::string published;
};

}  // namespace unit
