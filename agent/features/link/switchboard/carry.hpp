// Bytes between a visit and a service on this box, both ways. One coroutine a visit, which looks at both
// directions whenever something has changed in one of them.
#pragma once

#include <optional>
#include <string>

#include "agent/core/clock.hpp"
#include "agent/features/link/h2/visit.hpp"
#include "agent/gate/local_dial.hpp"

namespace qcloud::link {

class Carrier {
 public:
  // `first`: said to the service before anything of the visitor. `visit` and `service` outlive it.
  Carrier(Visit& visit, LocalStream& service, std::string first)
      : visit_(visit), service_(service), owed_(std::move(first)) {}
  virtual ~Carrier() = default;
  Carrier(const Carrier&) = delete;

  // Until both directions have ended in order: true. False as soon as one fails, or the visitor is gone.
  Task<bool> carry(Clock& clock);

  // Since when the service has taken nothing, although there is something for it.
  std::optional<Instant> stuck() const { return stuck_; }

 protected:
  enum class Turn : std::uint8_t { waits, ended, failed };
  // As far as it goes now: visitor to service, until the visitor's end; service to visitor, until the
  // service's.
  virtual Turn inward() = 0;
  virtual Turn outward() = 0;

  // Whether all that is owed to the service could be handed over; nothing: the service is gone.
  std::optional<bool> settled();
  bool owes() const { return !owed_.empty(); }
  void owe(std::span<const char> bytes) { owed_.append(bytes.data(), bytes.size()); }

  Visit& visit_;
  LocalStream& service_;

 private:
  std::string owed_;
  std::optional<Instant> stuck_;
};

// The bytes as they are.
class Through : public Carrier {
 public:
  Through(Visit& visit, LocalStream& service, std::string first);
  ~Through() override;

 private:
  Turn inward() override;
  Turn outward() override;

  // How much to ask the service for: little, until it gives all that it was asked for.
  std::size_t wish_ = Block::room;
};

}  // namespace qcloud::link
