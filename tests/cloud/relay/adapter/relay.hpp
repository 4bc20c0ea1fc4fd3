// The relay: boxes attach on one port, visitors come to the other, and it joins them by server name.
// It has no key of any visitor and of any box, and logs connection information only (promise L4).
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "tests/cloud/adapter/connections.hpp"
#include "tests/cloud/relay/adapter/cloud.hpp"
#include "tests/cloud/relay/adapter/context.hpp"
#include "tests/cloud/relay/haste.hpp"
#include "tests/cloud/relay/names.hpp"
#include "tests/cloud/relay/rendezvous.hpp"
#include "tests/cloud/relay/slots.hpp"

namespace refrelay {

using refcloud::Connections;
using WirePtr = std::shared_ptr<Wire>;
using StreamPtr = std::shared_ptr<Stream>;

struct Options {
  std::string name = "relay";
  std::vector<tcp::endpoint> visitors, boxes;
  ContextOptions tls;
  std::string public_ipv4, public_ipv6;  ///< where visitors reach it, for DNS
  std::string cloud_socket;
  std::string setup_suffix;  ///< boxes not yet set up are reached below it: ID.setup.mynas.test; empty: none
                             ///< may attach
  std::size_t most_visitors = 8192, most_of_one_source = 2048;
  std::chrono::seconds idle{std::chrono::minutes(124)};  ///< a visit without a byte either way (RFC 5382 5)
  std::chrono::seconds stalled{
      std::chrono::minutes(10)};  ///< a visitor that takes nothing of what waits for him
  /// A box that says nothing is asked then, and cut off if it does not answer; one that lives asks us after
  /// 20 min.
  std::chrono::seconds silent{std::chrono::minutes(25)};
  std::chrono::seconds setup_lifetime{Rendezvous::a_day};  ///< of a box that is not set up
};

/// Must outlive the io_context, whose destruction ends the connections.
class Relay {
 public:
  explicit Relay(Options options);

  /// Takes its ports; throws std::runtime_error or boost::system::system_error with the reason. Visitors are
  /// let in, and `opened` is called, when the cloud knows of it: DNS then leads nobody here for a box that is
  /// not yet. Without a word of the cloud a second later; no box can attach then.
  void start(asio::io_context& io, std::function<void()> opened);
  /// GOAWAY to every box, no new visitors; returns when the last visit is over, or after `patience`.
  Task<void> drain(std::chrono::seconds patience);
  const std::vector<tcp::endpoint>& visitor_ports() const { return visitor_ports_; }
  const std::vector<tcp::endpoint>& box_ports() const { return box_ports_; }

 private:
  struct Attachment {
    WirePtr wire;
    Instant began;
    std::optional<Instant> until;  // only of a box that is not set up
  };
  struct Visit;

  using Taker = Task<void> (Relay::*)(WirePtr, Connections::Place);
  using Acceptors = std::vector<std::shared_ptr<tcp::acceptor>>;
  Acceptors bind(asio::io_context& io, const std::vector<tcp::endpoint>& at, std::vector<tcp::endpoint>* got);
  void open(const Acceptors& acceptors, Connections& places, Taker taker);
  Task<void> accept(std::shared_ptr<tcp::acceptor> acceptor, Connections& places, Taker taker);
  Task<void> announce(Acceptors visitors, Acceptors boxes, std::function<void()> opened);
  Task<void> hear_news();
  // Names that do not lead to this box any more end the visits that came by them (promise L2).
  Task<void> review(std::string id);
  // What the box is told of itself.
  std::string words_for(const Wire& wire, bool set_up) const;
  void tell_all();
  Task<void> sweep();

  // Boxes: attach.cpp.
  Task<void> attach(WirePtr wire, Connections::Place place);
  Task<void> run(WirePtr wire, SessionPtr session);
  Task<void> read_box(WirePtr wire, SessionPtr session);
  Task<void> write_box(WirePtr wire, SessionPtr session, Bell& more);
  Task<void> report_gone(std::string id, std::string seen, std::string certificate);
  Task<void> doubt(SessionPtr session);
  Task<void> see_off(SessionPtr session);
  void cut(const SessionPtr& session);

  // Visitors: visit.cpp.
  Task<void> visit(WirePtr wire, Connections::Place place);
  Task<const char*> serve(Visit& visit);
  Task<void> read_hello(Visit& visit);
  Task<std::string> box_of(std::string host);
  // Whose name it is, of the cloud; nothing: it does not answer.
  Task<std::optional<std::string>> asked_for(std::string host);
  Task<std::optional<bool>> ask_each(Visit& visit, std::string id);
  Task<bool> ask(Visit& visit, SessionPtr session);
  Task<void> up(Visit& visit);
  Task<void> down(Visit& visit);
  Task<void> turn_away(Visit& visit, unsigned char alert);
  void log(const Visit& visit, const char* outcome) const;

  Options options_;
  Context context_;
  CloudDoor cloud_;
  Rendezvous rendezvous_{options_.setup_lifetime};
  Haste haste_;
  Budget budget_;
  Connections visitors_, boxes_;
  Slots slots_;
  std::map<const Session*, Attachment> attachments_;
  std::map<std::string, int> arriving_;  // boxes that the cloud is being asked about, and how many of each
  CloudDoor::Newest told_;               // what the attached boxes were told of
  bool news_ride_ = true;                // the cloud's news come to us, so boxes need not wait for them there
  std::function<void()> on_attached_;
  std::set<const Session*> doubts_;
  struct Called {  // whom a visitor asked for, and what box that was then
    std::string host, device;
  };
  std::map<WirePtr, Called> visits_;
  Names names_;
  std::vector<std::weak_ptr<tcp::acceptor>> acceptors_;
  std::vector<tcp::endpoint> visitor_ports_, box_ports_;
  std::vector<char> buffer_;  // whoever reads next uses it
};

/// The same as asio::detached, for what is nobody's to wait for.
void launch(asio::any_io_executor executor, Task<void> task);

}  // namespace refrelay
