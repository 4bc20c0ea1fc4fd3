// QTS's own settings files: [Section], Key = Value. Pure, without any state, one pass over the text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace qcloud {

// The first value of `key` in `section`, a part of `text`; "" as section: before any header. Names match
// without regard to ASCII case, values lose blanks and one pair of quotation marks around them. Lines
// with control characters (a file full of garbage) or longer than 4096 bytes are not there.
std::optional<std::string_view> ini_value(std::string_view text, std::string_view section,
                                          std::string_view key);

// The system-wide web proxy of uLinux.conf, as "http://host:port"; "" where it is off, or no proxy that
// HTTP could use. `server` may have a scheme and a port; a port of its own wins; without any: 80.
std::string proxy_url(std::string_view toggle, std::string_view server, std::string_view port);

}  // namespace qcloud
