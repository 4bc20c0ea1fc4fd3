// Text of unknown origin (firmware tables, host names), made fit to be shown and to be sent.
#pragma once

#include <string>
#include <string_view>

namespace qcloud {

// Valid UTF-8 without controls, invisible and direction-changing characters; blanks are joined and
// trimmed; at most `limit` characters. What does not fit is dropped, never replaced.
std::string printable(std::string_view text, size_t limit);

// Board makers ship "To be filled by O.E.M." and the like: words, not facts.
bool placeholder(std::string_view text);

}  // namespace qcloud
