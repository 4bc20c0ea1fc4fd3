#include "agent/features/doctor/words/phrases.hpp"

namespace qcloud::doctor {

std::string joined(const std::vector<std::string>& list) {
  std::string out;
  for (const auto& item : list) out += (out.empty() ? "" : ", ") + item;
  return out.empty() ? "none" : out;
}

std::string in_words(DnsStatus status) {
  switch (status) {
    case DnsStatus::unknown:
      return "not asked";
    case DnsStatus::ok:
      return "ok";
    case DnsStatus::no_name:
      return "no such name";
    case DnsStatus::no_data:
      return "no address";
    case DnsStatus::no_answer:
      return "no answer";
    case DnsStatus::refused:
      return "refused";
  }
  return "";
}

std::string in_words(Millis span) {
  auto count = std::abs(std::chrono::duration_cast<seconds>(span).count());
  if (count >= 2 * 86400) return std::to_string(count / 86400) + " days";
  if (count >= 2 * 3600) return std::to_string(count / 3600) + " hours";
  return count >= 120 ? std::to_string(count / 60) + " minutes" : std::to_string(count) + " seconds";
}

}  // namespace qcloud::doctor
