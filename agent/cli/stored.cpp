#include "agent/cli/stored.hpp"

#include "agent/cli/field.hpp"
#include "agent/cli/when.hpp"

#include <algorithm>

namespace qcloud::cli {

std::string stored_text(const boost::json::object& answer, const Look& look) {
  const auto& exported = object_at(answer, "export");
  std::string out;
  for (const auto& item : list_at(exported, "stores")) {
    const auto& store = object_of(item);
    const auto& records = list_at(store, "records");
    if (records.empty()) continue;
    if (!out.empty()) out += '\n';
    out += paint(look, Tone::strong, text_at(store, "name")) + "  " +
           count(static_cast<std::int64_t>(records.size()), "record") + "\n";
    for (bool gap = false; const auto& record : records) {
      if (std::exchange(gap, true)) out += '\n';
      const auto& members = object_of(record);
      std::size_t wide = 0;
      for (const auto& [key, value] : members) wide = std::max(wide, width(plain(key)));
      for (const auto& [key, value] : members)
        out += "  " + pad(plain(key), wide) + "  " + wrap(words(value), wide + 4, look.columns) + "\n";
      if (!record.is_object()) out += "  " + words(record) + "\n";
    }
  }
  if (out.empty()) return "The cloud stores nothing of this.\n";
  const std::string at = raw_at(exported, "time");
  return at.empty() ? out : out + "\nAs of " + moment(at, look.now) + ".\n";
}

}  // namespace qcloud::cli
