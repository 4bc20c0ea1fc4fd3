#pragma once

#include "tests/cloud/rng.hpp"

namespace refcloud {

/// OpenSSL's generator; the only one for a cloud that anybody uses.
class SystemRng : public Rng {
 public:
  std::string bytes(std::size_t count) override;
};

}  // namespace refcloud
