// A message: what a feature hands to its lane. The compiler checks each field against the manifest,
// by name and by class; the gate alone turns it into bytes.
//
//   Message<manifest> report(Value<DataClass::public_address> a) {
//     return Compose<manifest, "report">().set<"ipv4">(a).done();
//   }
#pragma once

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/gate/manifest.hpp"
#include "agent/gate/value.hpp"

namespace qcloud {

template <std::size_t N>
struct FixedString {
  char text[N]{};
  constexpr FixedString(const char (&from)[N]) { std::copy_n(from, N, text); }
  constexpr std::string_view view() const { return {text, N - 1}; }
};

// The erased form; made by Compose, read by the gate.
struct RawMessage {
  const Manifest* manifest = nullptr;
  const MessageDecl* decl = nullptr;
  std::vector<std::pair<const Field*, boost::json::value>> values;
};

template <const Manifest& M>
class Message {
 public:
  RawMessage release() && { return std::move(raw_); }
  const RawMessage& raw() const { return raw_; }

 private:
  template <const Manifest&, FixedString>
  friend class Compose;
  RawMessage raw_;
};

// By number, not by pointer: with -fsanitize=undefined GCC 12 takes no comparison of an address for constant.
template <const Manifest& M>
consteval std::size_t message_index(std::string_view name) {
  std::size_t at = 0;
  while (at < M.messages.size() && M.messages[at].name != name) ++at;
  return at;
}

template <const Manifest& M, FixedString Name>
class Compose {
  static constexpr std::size_t index = message_index<M>(Name.view());
  static_assert(index < M.messages.size(), "the manifest declares no message of this name");
  static_assert(!M.messages[index].plain || M.messages[index].harmless(),
                "a message without TLS carries nothing of this box");

  static consteval std::span<const Field> fields() { return M.messages[index].fields; }
  static consteval std::size_t find(std::string_view name, DataClass c) {
    for (std::size_t at = 0; at < fields().size(); ++at) {
      const auto& field = fields()[at];
      if (field.name == name && field.data_class == c &&
          (field.constant.empty() || field.where == Where::basic_password))
        return at;
    }
    return fields().size();
  }

 public:
  Compose() {
    message_.raw_.manifest = &M;
    message_.raw_.decl = &M.messages[index];
  }

  template <FixedString F, DataClass C>
  Compose& set(const Value<C>& value) {
    constexpr std::size_t at = find(F.view(), C);
    static_assert(at < fields().size(), "the manifest does not declare this field with this class");
    message_.raw_.values.emplace_back(&M.messages[index].fields[at], value.json());
    return *this;
  }
  // JSON null: "I have none", which is a statement too.
  template <FixedString F, DataClass C>
  Compose& none() {
    constexpr std::size_t at = find(F.view(), C);
    static_assert(at < fields().size(), "the manifest does not declare this field with this class");
    message_.raw_.values.emplace_back(&M.messages[index].fields[at], nullptr);
    return *this;
  }
  Message<M> done() { return std::move(message_); }

 private:
  Message<M> message_;
};

}  // namespace qcloud
