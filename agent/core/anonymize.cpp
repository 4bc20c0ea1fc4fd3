#include "agent/core/anonymize.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "agent/core/anonymize_view.hpp"

// The text is looked at twice, as it stands and as a reader would decode it. Every matcher sees all of
// both, and all that any of them finds goes: none can hide a text from another.
namespace qcloud {

namespace az = anonymizing;

KnownValues::KnownValues(const std::vector<std::string>& values, const std::vector<std::string>& words) {
  auto take = [&](const std::vector<std::string>& from, bool whole_word) {
    for (const auto& value : from)
      if (value.size() >= 3) all_.push_back({az::lower(value), whole_word || value.size() == 3});
  };
  take(values, false);
  take(words, true);
  std::stable_sort(all_.begin(), all_.end(),
                   [](const One& a, const One& b) { return a.lower.size() > b.lower.size(); });
}

namespace {

// Nothing when there is nothing to cut.
std::optional<std::string> once(std::string_view text,
                                const std::vector<std::pair<std::string, bool>>& known) {
  az::Cuts cuts;
  auto look = [&](const az::View& view) {
    az::cut_known(view, known, cuts);
    az::cut_keyed(view, cuts);
    az::cut_mail(view, cuts);
    az::cut_mac(view, cuts);
    az::cut_ip(view, cuts);
    az::cut_serials(view, cuts);
    az::cut_tokens(view, cuts);
    az::cut_places(view, cuts);
  };
  look(az::View(text));
  if (auto decoded = az::View::decoded(text); !decoded.same()) look(decoded);
  if (cuts.empty()) return std::nullopt;
  return cuts.splice(text);
}

}  // namespace

std::string anonymize(std::string_view text, const KnownValues& known) {
  std::vector<std::pair<std::string, bool>> values;
  for (const auto& one : known.all()) values.emplace_back(one.lower, one.whole_word);
  // What is cut out may bring together what stood around it; a second look is rarely needed.
  std::string out(text);
  for (int i = 0; i < 8; ++i) {
    auto next = once(out, values);
    if (!next || *next == out) break;
    out = std::move(*next);
  }
  return out;
}

}  // namespace qcloud
