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

template <const Manifest& M>
consteval const MessageDecl* find_message(std::string_view name) {
  for (const auto& decl : M.messages)
    if (decl.name == name) return &decl;
  return nullptr;
}

template <const Manifest& M, FixedString Name>
class Compose {
  static constexpr const MessageDecl* decl = find_message<M>(Name.view());
  static_assert(decl != nullptr, "the manifest declares no message of this name");

  static consteval const Field* find(std::string_view name, DataClass c) {
    for (const auto& field : decl->fields)
      if (field.name == name && field.data_class == c && (field.constant.empty() || field.where == Where::basic_password)) return &field;
    return nullptr;
  }

 public:
  Compose() {
    message_.raw_.manifest = &M;
    message_.raw_.decl = decl;
  }

  template <FixedString F, DataClass C>
  Compose& set(const Value<C>& value) {
    constexpr const Field* field = find(F.view(), C);
    static_assert(field != nullptr, "the manifest does not declare this field with this class");
    message_.raw_.values.emplace_back(field, value.json());
    return *this;
  }
  // JSON null: "I have none", which is a statement too.
  template <FixedString F, DataClass C>
  Compose& none() {
    constexpr const Field* field = find(F.view(), C);
    static_assert(field != nullptr, "the manifest does not declare this field with this class");
    message_.raw_.values.emplace_back(field, nullptr);
    return *this;
  }
  Message<M> done() { return std::move(message_); }

 private:
  Message<M> message_;
};

}  // namespace qcloud
