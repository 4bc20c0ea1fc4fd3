// Files that a command reads or writes for the owner.
#pragma once

#include "agent/cli/outcome.hpp"

#include <string>
#include <string_view>

namespace qcloud::cli {

/// The whole of it, `most` bytes at the largest.
Result<std::string> read_file(const std::string& path, std::size_t most);

/// A new file of the owner's alone (0600); removed again unless it was written to its end.
/// One that is there already is not touched, unless `force` replaces it.
Result<void> write_file(const std::string& path, std::string_view text, bool force);

}  // namespace qcloud::cli
