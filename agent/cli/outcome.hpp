// How a command of `qcloud` ends. Failures are values: they carry the words for
// the owner and the exit status that scripts rely on.
#pragma once

#include <boost/json/fwd.hpp>
#include <boost/system/result.hpp>
#include <string>

namespace qcloud::cli {

/// The exit statuses of `qcloud`; stable, scripts rely on them.
enum class Exit : int {
  done = 0,
  refused = 1,  ///< the agent or the cloud said no, or it failed; the reason is on stderr
  usage = 2,
  not_running = 3,
  not_permitted = 4,
};

/// Why something did not happen, in words for the owner. `fix` may be empty.
/// `code` is the last part of the problem's type ("name-taken"), empty if the
/// failure did not come from the agent.
struct Failure {
  Exit exit = Exit::refused;
  std::string text;
  std::string fix;
  std::string code;
};

template <class T>
using Result = boost::system::result<T, Failure>;

/// The failure that a problem (RFC 9457) describes. `status` is HTTP's.
Failure from_problem(unsigned status, const boost::json::object& problem);

}  // namespace qcloud::cli
