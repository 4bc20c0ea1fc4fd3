#include "agent/cli/qr.hpp"

#include <qrencode.h>
#include <memory>

namespace qcloud::cli {

std::string qr_text(std::string_view text, unsigned columns, bool color) {
  const std::string whole(text);
  const std::unique_ptr<QRcode, decltype(&QRcode_free)> code(
      QRcode_encodeString(whole.c_str(), 0, QR_ECLEVEL_L, QR_MODE_8, 1), &QRcode_free);
  constexpr int quiet = 4;
  if (!code || static_cast<unsigned>(code->width + 2 * quiet) > columns) return {};
  const auto light = [&](int row, int column) {
    const bool outside = row < 0 || column < 0 || row >= code->width || column >= code->width;
    return outside || (code->data[row * code->width + column] & 1) == 0;
  };
  std::string out;
  for (int row = -quiet; row < code->width + quiet; row += 2) {
    if (color) out += "\x1b[97;40m";
    for (int column = -quiet; column < code->width + quiet; ++column) {
      const bool above = light(row, column), below = light(row + 1, column);
      out += above && below ? "\u2588" : above ? "\u2580" : below ? "\u2584" : " ";
    }
    out += color ? "\x1b[0m\n" : "\n";
  }
  return out;
}

}  // namespace qcloud::cli
