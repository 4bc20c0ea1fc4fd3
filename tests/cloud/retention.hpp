#pragma once

#include "tests/cloud/state.hpp"

namespace refcloud {

/// Deletes everything whose date has passed, by the cloud's clock.
void retain(State&);

}  // namespace refcloud
