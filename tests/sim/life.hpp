// The life of a house over months: owners, faults, reboots, and what must be true in between.
#pragma once

#include "tests/sim/house.hpp"

namespace sim {

// Lives until `end`. Violations go to the world's verdict.
Task<void> live(House* house, int number, Instant end);

}  // namespace sim
