// How many connections there are, and from where: one source must not take the places of all others.
#pragma once

#include <boost/asio/ip/address.hpp>

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace refcloud {

class Connections {
 public:
  std::size_t most = 20'000;
  std::size_t most_of_one = 1'000;  ///< from one IPv4 address or one IPv6 network of 64 bits

  /// A place, held for as long as it lives.
  class Place {
   public:
    Place(Connections& all, std::string source) : all_(&all), source_(std::move(source)) {}
    Place(Place&& other) noexcept
        : all_(std::exchange(other.all_, nullptr)), source_(std::move(other.source_)) {}
    Place& operator=(Place&&) = delete;
    ~Place() {
      if (all_) all_->leave(source_);
    }

   private:
    Connections* all_;
    std::string source_;
  };

  /// Nothing if there is no place left, for all or for this source.
  std::optional<Place> enter(const boost::asio::ip::address& from) {
    auto source = network(from);
    if (total_ >= most) return std::nullopt;
    auto& count = of_[source];
    if (count >= most_of_one) return std::nullopt;
    ++count;
    ++total_;
    return Place(*this, std::move(source));
  }

  /// Who counts as one source.
  static std::string network(const boost::asio::ip::address& from) {
    if (from.is_v4()) return from.to_string();
    const auto bytes = from.to_v6().to_bytes();
    return std::string(bytes.begin(), from.to_v6().is_v4_mapped() ? bytes.end() : bytes.begin() + 8);
  }

 private:
  void leave(const std::string& source) {
    const auto at = of_.find(source);
    if (--at->second == 0) of_.erase(at);
    --total_;
  }

  std::size_t total_ = 0;
  std::map<std::string, std::size_t> of_;
};

}  // namespace refcloud
