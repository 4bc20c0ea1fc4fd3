#include "agent/cli/outcome.hpp"

#include "agent/cli/field.hpp"

namespace qcloud::cli {

Failure from_problem(unsigned status, const boost::json::object& problem) {
  const bool denied = status == 401 || status == 403;
  Failure failure{denied ? Exit::not_permitted : Exit::refused, text_at(problem, "title"),
                  text_at(problem, "fix"), ""};
  const std::string detail = text_at(problem, "detail");
  if (failure.text.empty())
    failure.text = denied ? "Not permitted" : "The agent refused (HTTP " + std::to_string(status) + ")";
  if (!detail.empty()) failure.text += ": " + detail;
  if (denied && failure.fix.empty()) failure.fix = "Run the command as root, for example with sudo.";
  const std::string type = text_at(problem, "type");
  failure.code = type.substr(type.rfind(':') + 1);
  return failure;
}

}  // namespace qcloud::cli
