// Rate limits: how many attempts of one kind a subject made lately. Subjects are stored as hashes.
#pragma once

#include "tests/cloud/state.hpp"

namespace refcloud {

/// Throws 429 with Retry-After if `subject` has used up its attempts within the last `window`.
void limit(State&, std::string_view kind, std::string_view subject, int attempts, Seconds window);
void count_attempt(State&, std::string_view kind, std::string_view subject);

}  // namespace refcloud
