// A secret on its way into a log line.
// expect: use of deleted function
#include <iostream>

#include "agent/core/secret.hpp"

void print(const qcloud::Secret& secret) {
#ifdef MUST_FAIL
  std::cout << secret;
#else
  std::cout << (secret.empty() ? "none" : "kept");
#endif
}
