#include "agent/control/json_body.hpp"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/parse.hpp>
#include <set>
#include <string>
#include <vector>

namespace qcloud {

namespace json = boost::json;

namespace {

constexpr std::size_t max_depth = 8;

// Looks at the keys and lets everything else pass.
struct Keys {
  static constexpr std::size_t max_object_size = 10000, max_array_size = 100000, max_key_size = 1000,
                               max_string_size = 2'000'000;
  using error_code = boost::system::error_code;
  std::vector<std::set<std::string>> open;
  std::string key;
  bool twice = false;

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_object_begin(error_code&) { return open.emplace_back(), true; }
  bool on_object_end(std::size_t, error_code&) { return open.pop_back(), true; }
  bool on_array_begin(error_code&) { return true; }
  bool on_array_end(std::size_t, error_code&) { return true; }
  bool on_key_part(json::string_view part, std::size_t, error_code&) {
    key.append(part.data(), part.size());
    return true;
  }
  bool on_key(json::string_view part, std::size_t, error_code& wrong) {
    key.append(part.data(), part.size());
    twice = !open.back().insert(std::move(key)).second;
    key.clear();
    if (twice) wrong = make_error_code(boost::system::errc::invalid_argument);
    return !twice;
  }
  bool on_string_part(json::string_view, std::size_t, error_code&) { return true; }
  bool on_string(json::string_view, std::size_t, error_code&) { return true; }
  bool on_number_part(json::string_view, error_code&) { return true; }
  bool on_int64(std::int64_t, json::string_view, error_code&) { return true; }
  bool on_uint64(std::uint64_t, json::string_view, error_code&) { return true; }
  bool on_double(double, json::string_view, error_code&) { return true; }
  bool on_bool(bool, error_code&) { return true; }
  bool on_null(error_code&) { return true; }
  bool on_comment_part(json::string_view, error_code&) { return true; }
  bool on_comment(json::string_view, error_code&) { return true; }
};

Error malformed(const char* why) { return {"request.malformed", Retry::give_up, why, ""}; }

}  // namespace

Result<json::object> read_json(std::string_view text) {
  json::parse_options limits;
  limits.max_depth = max_depth;
  json::basic_parser<Keys> keys(limits);
  boost::system::error_code failed;
  auto read = keys.write_some(false, text.data(), text.size(), failed);
  if (keys.handler().twice) return malformed("A member stands twice in the body.");
  if (failed == json::error::too_deep) return malformed("The body is nested too deeply.");
  if (failed || read != text.size()) return malformed("The body is not a JSON object.");
  auto value = json::parse(json::string_view(text.data(), text.size()), failed, {}, limits);
  if (failed || !value.is_object()) return malformed("The body is not a JSON object.");
  return std::move(value.get_object());
}

}  // namespace qcloud
