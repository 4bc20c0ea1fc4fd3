#include "tests/cloud/adapter/system_clock.hpp"

#include <ctime>

namespace refcloud {

Seconds SystemClock::now() const { return static_cast<Seconds>(std::time(nullptr)) + offset_; }

}  // namespace refcloud
