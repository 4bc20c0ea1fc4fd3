#include <doctest/doctest.h>
#include <sys/timex.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>

#include "platform/linux/kernel_settings.hpp"
#include "platform/linux/linux_platform.hpp"
#include "platform/system_clock.hpp"
#include "platform/system_rng.hpp"

using namespace qcloud;
namespace asio = boost::asio;

TEST_CASE("the system clock sleeps as long as it should, never shorter") {
  asio::io_context context;
  SystemClock clock(context.get_executor());
  auto before = clock.now();
  asio::co_spawn(context, clock.sleep_until(before + Millis(20)), asio::detached);
  context.run();
  CHECK(clock.now() - before >= Millis(20));
}

TEST_CASE("a moment that has passed does not block, but lets others go first") {
  asio::io_context context;
  SystemClock clock(context.get_executor());
  std::string order;
  asio::co_spawn(context, clock.sleep_until(clock.now() - hours(1)),
                 [&](std::exception_ptr) { order += "slept "; });
  asio::post(context, [&] { order += "other "; });
  context.run();
  CHECK(order == "other slept ");
}

TEST_CASE("cancellation ends a long sleep at once") {
  using namespace asio::experimental::awaitable_operators;
  asio::io_context context;
  SystemClock clock(context.get_executor());
  size_t first = 2;
  asio::co_spawn(context, clock.sleep_for(hours(24 * 365)) || clock.sleep_for(Millis(5)),
                 [&](std::exception_ptr, auto which) { first = which.index(); });
  auto before = clock.now();
  context.run();
  CHECK(first == 1);
  CHECK(clock.now() - before < minutes(1));
}

TEST_CASE("wall time is the calendar's") {
  asio::io_context context;
  CHECK(std::abs(unix_seconds(SystemClock(context.get_executor()).wall()) -
                 static_cast<long long>(::time(nullptr))) <= 2);
}

TEST_CASE("both sources of randomness fill all of it") {
  std::array<unsigned char, 1000> a{}, b{};
  CHECK(fill_from_syscall(a));
  CHECK(fill_from_device(b));
  CHECK(a != b);
  CHECK(std::count(a.begin(), a.end(), 0) < 50);
  CHECK(std::count(b.begin(), b.end(), 0) < 50);
  SystemRng rng;
  CHECK(rng.uuid() != rng.uuid());
}

TEST_CASE("paths lie below the root, except a state directory of one's own") {
  auto plain = linux_paths({});
  CHECK(plain.config_file == "/etc/qcloud/qcloud.toml");
  CHECK(plain.state_dir == "/var/lib/qcloud");
  CHECK(plain.run_dir == "/run/qcloud");
  LinuxOptions options;
  options.root = "/mnt/box/";
  CHECK(linux_paths(options).config_file == "/mnt/box/etc/qcloud/qcloud.toml");
  options.state_dir = "/srv/state";
  CHECK(linux_paths(options).state_dir == "/srv/state");
  CHECK(linux_paths(options).run_dir == "/mnt/box/run/qcloud");
}

TEST_CASE("the clock follows NTP only if the kernel says so") {
  timex kernel{};
  CHECK(follows_ntp(TIME_OK, kernel));
  CHECK(follows_ntp(TIME_INS, kernel));  // a leap second to come
  CHECK_FALSE(follows_ntp(-1, kernel));  // forbidden by a sandbox
  CHECK_FALSE(follows_ntp(TIME_ERROR, kernel));
  kernel.status = STA_UNSYNC;
  CHECK_FALSE(follows_ntp(TIME_OK, kernel));
  timex now{};
  int answer = ::adjtimex(&now);
  CHECK(KernelSettings().clock_synchronized() == (answer != -1 && answer != TIME_ERROR));
  CHECK(KernelSettings().web_proxy() == "");
}
