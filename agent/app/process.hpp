// The process around the agent: one instance, its folders, signals, exit codes.
#pragma once

#include "agent/app/options.hpp"

namespace qcloud {

// Exit codes: 0 stopped as asked, 2 bad configuration, 3 another instance runs, 4 state unusable.
int run_process(const Options& options);

}  // namespace qcloud
