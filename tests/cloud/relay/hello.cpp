#include "tests/cloud/relay/hello.hpp"

#include <algorithm>

namespace refrelay {
namespace {

constexpr std::size_t record_head = 5, message_head = 4, largest_record = 16384;
constexpr unsigned char handshake = 22, client_hello = 1;
constexpr std::size_t server_name = 0, host_name = 0;

// Reads big-endian fields and remembers whether they were there.
class Fields {
 public:
  explicit Fields(std::string_view bytes) : bytes_(bytes) {}
  std::size_t number(std::size_t width) {
    std::size_t value = 0;
    for (char byte : take(width)) value = value << 8 | static_cast<unsigned char>(byte);
    return value;
  }
  std::string_view take(std::size_t count) {
    if (count > bytes_.size()) missing_ = true;
    auto front = bytes_.substr(0, count);
    bytes_.remove_prefix(front.size());
    return front;
  }
  std::string_view counted(std::size_t width) { return take(number(width)); }
  bool empty() const { return bytes_.empty(); }
  bool missing() const { return missing_; }

 private:
  std::string_view bytes_;
  bool missing_ = false;
};

// Letters, digits, '-' and '_' in labels; no address, which is no name (RFC 6066 3).
bool usable(std::string_view name) {
  if (name.empty() || name.size() > 253 || name.front() == '.' || name.back() == '.') return false;
  if (name.find("..") != name.npos) return false;
  if (name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-._") != name.npos) return false;
  auto last = name.substr(name.rfind('.') + 1);  // npos + 1 is 0: all of it
  return last.find_first_not_of("0123456789") != last.npos;
}

}  // namespace

HelloReader::State HelloReader::add(std::span<const char> bytes) {
  if (state_ != State::incomplete) return state_;
  bytes_.append(bytes.data(), bytes.size());
  while (state_ == State::incomplete && at_ < bytes_.size()) {
    auto before = at_;
    state_ = step();
    if (at_ == before) break;
  }
  if (state_ == State::incomplete && room() == 0) state_ = State::garbage;
  if (state_ != State::incomplete) message_ = {};
  return state_;
}

// One record's head, or what is there of its content.
HelloReader::State HelloReader::step() {
  auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes_[at_ + i]); };
  auto there = bytes_.size() - at_;
  if (left_in_record_ == 0) {
    if (byte(0) != handshake || (there > 1 && byte(1) != 3)) return State::garbage;
    if (there < record_head) return State::incomplete;
    left_in_record_ = std::size_t{byte(3)} << 8 | byte(4);
    at_ += record_head;
    return left_in_record_ == 0 || left_in_record_ > largest_record ? State::garbage : State::incomplete;
  }
  auto count = std::min(left_in_record_, there);
  message_.append(bytes_, at_, count);
  at_ += count;
  left_in_record_ -= count;
  Fields head(message_);
  auto type = head.number(1), size = head.number(3);
  if (type != client_hello) return State::garbage;
  if (message_.size() < message_head) return State::incomplete;
  if (size + message_head + record_head > largest_hello) return State::garbage;
  return message_.size() < size + message_head ? State::incomplete : judge();
}

HelloReader::State HelloReader::judge() {
  Fields message(message_);
  message.take(1);
  Fields hello(message.counted(3));
  hello.take(2 + 32);  // legacy_version, random
  hello.counted(1);    // legacy_session_id
  hello.counted(2);    // cipher_suites
  hello.counted(1);    // legacy_compression_methods
  if (hello.missing()) return State::garbage;
  if (hello.empty()) return State::nameless;  // as of old, without extensions
  Fields extensions(hello.counted(2));
  if (hello.missing() || !hello.empty()) return State::garbage;
  std::string_view names;
  bool found = false;
  while (!extensions.empty()) {
    auto type = extensions.number(2);
    auto data = extensions.counted(2);
    if (extensions.missing()) return State::garbage;
    if (type != server_name) continue;
    if (found) return State::garbage;  // none may come twice (RFC 8446 4.2)
    found = true;
    names = data;
  }
  Fields list(names);
  Fields entry(list.counted(2));
  bool is_host = entry.number(1) == host_name;
  std::string name(entry.counted(2));
  // Two names in the list: which one would the box go by? Neither.
  if (!is_host || list.missing() || entry.missing() || !list.empty() || !entry.empty())
    return State::nameless;
  for (char& c : name)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  // The root's dot does not belong here (RFC 6066 3), but some who were given it pass it on.
  if (name.ends_with('.')) name.pop_back();
  if (!usable(name)) return State::nameless;
  name_ = std::move(name);
  return State::named;
}

}  // namespace refrelay
