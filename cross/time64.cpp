// Debian's libstdc++.a for armhf reads its clocks with a 32-bit time_t: in 2038 system_clock::now() would be
// in 1901. This object takes their place on ARMv7; being an object and no archive, it comes first. Only there
// is it linked.
#include <time.h>

#include <chrono>

static_assert(sizeof(time_t) == 8, "compiled without -D_TIME_BITS=64");

namespace std::chrono {
inline namespace _V2 {

template <class Clock>
static typename Clock::time_point read(clockid_t which) {
  timespec now;
  ::clock_gettime(which, &now);
  return typename Clock::time_point(seconds(now.tv_sec) + nanoseconds(now.tv_nsec));
}

system_clock::time_point system_clock::now() noexcept { return read<system_clock>(CLOCK_REALTIME); }
steady_clock::time_point steady_clock::now() noexcept { return read<steady_clock>(CLOCK_MONOTONIC); }

}  // namespace _V2
}  // namespace std::chrono
