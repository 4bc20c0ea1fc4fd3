#include "platform/linux/kernel_settings.hpp"

#include <sys/timex.h>

namespace qcloud {

bool follows_ntp(int answer, const timex& kernel) {
  // A kernel without a word from NTP for longer than it trusts its clock says TIME_ERROR by itself.
  return answer >= 0 && answer != TIME_ERROR && !(kernel.status & STA_UNSYNC);
}

bool KernelSettings::clock_synchronized() {
  timex kernel{};  // modes = 0: only asks, which needs no privilege
  return follows_ntp(::adjtimex(&kernel), kernel);
}

}  // namespace qcloud
