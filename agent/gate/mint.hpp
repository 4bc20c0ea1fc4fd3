// Where values get their class. Only platform/, agent/cloud/ (identity), agent/control/ (the
// owner's words) and agent/gate/ (ids, echoes of the peer's last answer) may include this file;
// tests/arch holds them to it.
#pragma once

#include <string>
#include <string_view>

#include "agent/gate/value.hpp"

namespace qcloud {

struct Mint {
  template <DataClass C>
  static Value<C> value(boost::json::value json) {
    return Value<C>(std::move(json));
  }
  template <DataClass C>
  static Value<C> text(std::string_view text) {
    return Value<C>(boost::json::value(boost::json::string(text.data(), text.size())));
  }
};

}  // namespace qcloud
