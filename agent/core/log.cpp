#include "agent/core/log.hpp"

#include "agent/core/anonymize.hpp"

namespace qcloud {

void Log::write(Level level, std::string_view text) const {
  if (level >= threshold_) sink_(level, anonymize(text));
}

}  // namespace qcloud
