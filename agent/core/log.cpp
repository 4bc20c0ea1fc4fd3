#include "agent/core/log.hpp"

namespace qcloud {

void Log::write(Level level, std::string_view text) const {
  if (level >= threshold_) sink_(level, anonymize(text, known_));
}

}  // namespace qcloud
