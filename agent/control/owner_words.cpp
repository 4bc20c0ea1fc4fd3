#include "agent/control/owner_words.hpp"

#include <string>

namespace qcloud {

Result<Value<DataClass::public_name>> owner_name(std::string_view text) {
  auto bad = [](const char* why) {
    return Error{"name.invalid", Retry::give_up, why,
                 "Use 3 to 32 letters (a-z), digits and single dashes, as in: my-nas-1"};
  };
  std::string name;
  for (char c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    bool good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    if (!good) return bad("The name holds a character that is not allowed.");
    name += c;
  }
  if (name.size() < 3 || name.size() > 32) return bad("The name is too short or too long.");
  if (name.find_first_not_of("0123456789") == std::string::npos)
    return bad("A name of digits alone is not allowed.");
  if (name.front() == '-' || name.back() == '-' || name.find("--") != std::string::npos)
    return bad("A dash may stand only singly, and not at the start or the end.");
  return Mint::text<DataClass::public_name>(name);
}

Value<DataClass::feature_name> owner_feature(std::string_view known_name) {
  return Mint::text<DataClass::feature_name>(known_name);
}

}  // namespace qcloud
