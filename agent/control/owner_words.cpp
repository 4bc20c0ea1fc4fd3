#include "agent/control/owner_words.hpp"

#include <algorithm>
#include <boost/json/array.hpp>

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

Result<Value<DataClass::audience>> owner_audience(std::string_view text) {
  if (text != "everyone" && text != "invited" && text != "owner")
    return Error{"audience.invalid", Retry::give_up, "Who may look the box up is one of three words.",
                 "Say everyone, invited or owner."};
  return Mint::text<DataClass::audience>(text);
}

Result<Value<DataClass::invited_account>> owner_invited(const std::vector<std::string>& logins) {
  auto bad = [](std::string why) {
    return Error{"audience.invalid", Retry::give_up, std::move(why),
                 "Name an account as it signs in: 1 to 64 characters without blanks."};
  };
  boost::json::array list;
  for (const auto& login : logins) {
    if (login.empty() || login.size() > 64) return bad("A login is too short or too long.");
    if (std::any_of(login.begin(), login.end(), [](unsigned char c) { return c <= 0x20 || c == 0x7f; }))
      return bad("A login holds a blank or a control character.");
    boost::json::value value(login);
    if (std::find(list.begin(), list.end(), value) == list.end()) list.push_back(std::move(value));
  }
  if (list.size() > 50) return bad("No more than 50 accounts can be invited.");
  return Mint::value<DataClass::invited_account>(std::move(list));
}

Result<Value<DataClass::device_name>> owner_device_name(std::string_view text) {
  bool good = !text.empty() && text.size() <= 63 && text.front() != ' ' && text.back() != ' ' &&
              std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c > 0x7e; });
  if (!good)
    return Error{"device_name.invalid", Retry::give_up, "That cannot be the name of a box.",
                 "Use 1 to 63 plain characters (letters, digits, blanks, signs)."};
  return Mint::text<DataClass::device_name>(text);
}

Value<DataClass::feature_name> owner_feature(std::string_view known_name) {
  return Mint::text<DataClass::feature_name>(known_name);
}

}  // namespace qcloud
