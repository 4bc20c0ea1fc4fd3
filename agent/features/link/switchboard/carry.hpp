// Bytes between a visit and a service on this box, both ways: both directions are looked at whenever
// something has changed in one of them.
#pragma once

#include <optional>
#include <string>

#include "agent/core/clock.hpp"
#include "agent/features/link/h2/visit.hpp"
#include "agent/gate/local_dial.hpp"

namespace qcloud::link {

// Since when nothing of what waits has gone on.
class Standstill {
 public:
  // `came`: bytes, ever; `wait`: of them.
  void look(std::uint64_t came, std::size_t wait, Instant now) {
    auto gone = came - wait;
    if (wait == 0)
      since_.reset();
    else if (!since_ || gone != gone_)
      since_ = now;
    gone_ = gone;
  }
  std::optional<Instant> since() const { return since_; }

 private:
  std::optional<Instant> since_;
  std::uint64_t gone_ = 0;
};

class Carrier {
 public:
  // `first`: said to the service before anything of the visitor. `visit` and `service` outlive it.
  Carrier(Visit& visit, LocalStream& service, std::string first)
      : visit_(visit), service_(service), owed_(std::move(first)) {}
  virtual ~Carrier() = default;
  Carrier(const Carrier&) = delete;

  // Until both directions have ended in order, and the visitor has all of it; or one has failed, or he is
  // gone.
  Task<void> carry(Clock& clock);

  // Since when the service takes nothing, although there is something for it; and the visitor.
  std::optional<Instant> service_stands() const { return to_service_.since(); }
  // Bytes that have left woke nobody who would have looked.
  std::optional<Instant> visitor_stands() const {
    return visit_.unsent() == 0 ? std::nullopt : to_visitor_.since();
  }
  // The visitor has answered what he heard: he is no stranger who only knocked.
  virtual bool under_way() const = 0;

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
  bool look(Clock& clock);  // whether it is over

  std::string owed_;
  Turn inward_ = Turn::waits, outward_ = Turn::waits;
  Standstill to_service_, to_visitor_;
};

// The bytes as they are.
class Through : public Carrier {
 public:
  Through(Visit& visit, LocalStream& service, std::string first);
  ~Through() override;
  bool under_way() const override { return under_way_; }

 private:
  Turn inward() override;
  Turn outward() override;

  // How much to ask the service for: little, until it gives all that it was asked for.
  std::size_t wish_ = Block::room;
  bool under_way_ = false;
};

}  // namespace qcloud::link
