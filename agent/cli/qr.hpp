// A QR code (ISO/IEC 18004, by libqrencode) as text of half blocks, two rows a line.
#pragma once

#include <string>
#include <string_view>

namespace qcloud::cli {

/// Lines of equal width with the quiet zone of 4 modules; light modules are drawn, so that
/// it scans on a dark terminal; with `color` both colors are set and it scans on any.
/// Empty if `text` does not fit into `columns` or into any code.
std::string qr_text(std::string_view text, unsigned columns, bool color);

}  // namespace qcloud::cli
