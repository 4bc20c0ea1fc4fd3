#include "agent/core/error.hpp"

namespace qcloud {

std::string_view to_string(Retry retry) {
  switch (retry) {
    case Retry::retry_soon:
      return "retry_soon";
    case Retry::retry_later:
      return "retry_later";
    case Retry::wait_for_owner:
      return "wait_for_owner";
    case Retry::give_up:
      return "give_up";
  }
  return "give_up";
}

}  // namespace qcloud
