// The relays of the simulated world, and a box's connections to them. The relay's end is the reference
// relay's own session; what it asks of the cloud, the cloud's own handlers answer.
#pragma once

#include <boost/json/object.hpp>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/core/rng.hpp"
#include "agent/core/signal.hpp"
#include "agent/gate/transport.hpp"
#include "tests/cloud/cloud.hpp"
#include "tests/cloud/relay/session.hpp"
#include "tests/sim/sim_clock.hpp"

namespace sim {

class Relays;

// One connection of a box to a relay; the box holds it, the relay knows of it until it has ended.
class RelayStream : public qcloud::ByteStream {
 public:
  RelayStream(Relays& relays, std::size_t relay, std::string device, std::string seen, std::string local,
              Millis idle);
  ~RelayStream() override;

  Task<qcloud::Result<std::size_t>> read(std::span<char> into) override;
  Task<qcloud::Result<bool>> write(std::span<const char> from) override;
  void abort() override { end(true); }
  void probe_after(Millis idle) override;
  std::string_view alpn() const override { return "h2-reverse"; }
  std::string_view remote() const override { return remote_; }
  std::string_view local() const override { return local_; }

  // The path breaks without a word: the kernel's probes find out.
  void lose(SimRng& rng);
  // The relay ends it, in order or with a reset.
  void end(bool reset);
  // The relay takes and says nothing any more; its kernel answers the probes.
  void hang() { hangs_ = true; }
  // Not a word of HTTP/2.
  void babble(SimRng& rng);
  // A router on the way forgets connections that are silent for longer.
  void forgotten_after(Millis span);

  refrelay::Session& session() { return *session_; }
  std::size_t relay() const { return relay_; }
  const std::string& device() const { return device_; }
  void tell();  // what the relay knows of it
  bool standing() const { return !dead_at_ && !ended_ && !hangs_; }
  // Told when it is destroyed.
  std::function<void(RelayStream*)> on_gone;

 private:
  void pump();
  void look_at_router();
  Relays& relays_;
  const std::size_t relay_;
  const std::string device_, seen_, local_, remote_;
  Millis idle_, router_{0};
  std::unique_ptr<refrelay::Session> session_;
  std::shared_ptr<RelayStream*> self_;  // for what is posted
  std::string inbox_;
  bool ended_ = false, reset_ = false, hangs_ = false;
  std::optional<Instant> dead_at_, forgotten_at_;
  qcloud::Signal came_;
};

class Relays {
 public:
  Relays(boost::asio::io_context& io, Time& time, refcloud::Cloud& cloud);

  struct Relay {
    std::string name, address;
    bool up = true, hangs = false;
    bool refuses = false;  // it ends whoever has come through
    bool listed = true;    // the relays' name leads to it
    Instant since{};       // up or down
    std::map<std::string, std::int64_t> told;
    std::vector<RelayStream*> streams;  // in the order of their coming: the same in each run
  };
  static constexpr std::size_t count = 2;
  Relay all[count];
  bool ask_cloud = true;  // false: they hear nothing of the cloud, and say so

  // A box that has come through. Null: the cloud does not let it in, or the relay is down.
  std::unique_ptr<RelayStream> attach(std::size_t relay, const std::string& device, const std::string& seen,
                                      const std::string& local, Millis idle);
  void gone(RelayStream* stream);
  // Something happened to this box in the cloud.
  void changed(const std::string& device);
  void stop(std::size_t relay, bool says_goodbye);
  void start(std::size_t relay);
  void hang(std::size_t relay);
  void deaf(bool deaf);
  // A visitor of each attachment of this box; how many of them the box looks at.
  int visit(const std::string& device, const std::string& host);

  boost::asio::io_context& io;
  Time& time;

 private:
  std::optional<boost::json::object> ask(const std::string& target, const boost::json::object& body);
  void look(const std::string& device);
  refcloud::Cloud& cloud_;
  refrelay::Budget budget_;
  friend class RelayStream;
};

}  // namespace sim
