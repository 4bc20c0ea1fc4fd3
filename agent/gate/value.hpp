// A value that remembers its class. Only gate/mint.hpp and an Answer's echo() can make one.
#pragma once

#include <boost/json/value.hpp>
#include <utility>

#include "agent/gate/data_class.hpp"

namespace qcloud {

template <DataClass C>
class Value {
 public:
  static constexpr DataClass data_class = C;
  const boost::json::value& json() const { return json_; }
  bool operator==(const Value&) const = default;

 private:
  friend struct Mint;
  friend struct Answer;  // echoes of what the peer just said
  explicit Value(boost::json::value json) : json_(std::move(json)) {}
  boost::json::value json_;
};

}  // namespace qcloud
