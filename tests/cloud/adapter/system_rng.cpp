#include "tests/cloud/adapter/system_rng.hpp"

#include <openssl/rand.h>

#include <stdexcept>

namespace refcloud {

std::string SystemRng::bytes(std::size_t count) {
  std::string out(count, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(count)) != 1)
    throw std::runtime_error("the system gives no randomness");
  return out;
}

}  // namespace refcloud
