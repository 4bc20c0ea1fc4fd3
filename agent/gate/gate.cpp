#include "agent/gate/gate.hpp"

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/json/parse.hpp>

#include "agent/gate/mint.hpp"
#include "agent/gate/serialize.hpp"

namespace qcloud {

namespace json = boost::json;

Port::Port(GateDeps& deps, const Manifest& manifest, Permit permit)
    : deps_(deps), manifest_(manifest), permit_(std::move(permit)) {}

Status Port::admit(const RawMessage& message) const {
  if (!permit_())
    return Error{"gate.switched_off", Retry::wait_for_owner,
                 std::string(manifest_.title) + " is switched off.",
                 "Switch it on with: qcloud enable " + std::string(manifest_.name)};
  // Again at run time what the compiler checked: a message of this manifest, declared fields only.
  bool declared = message.manifest == &manifest_ && message.decl >= manifest_.messages.data() &&
                  message.decl < manifest_.messages.data() + manifest_.messages.size();
  for (const auto& [field, value] : message.values)
    declared = declared && field >= message.decl->fields.data() &&
               field < message.decl->fields.data() + message.decl->fields.size();
  if (!declared)
    return Error{"gate.not_declared", Retry::give_up,
                 "The message is not in the manifest of " + std::string(manifest_.name) + ".", ""};
  return {};
}

// Written before the first message leaves, so that no crash can forget that the cloud holds something.
Status Port::remember_holding() {
  if (!manifest_.erasable() || deps_.switches.holds(manifest_.name)) return {};
  auto status = deps_.switches.mark_holds(manifest_.name, true, deps_.clock.wall());
  if (status) deps_.switches.refresh();
  return status;
}

Task<Result<Answer>> Port::send(RawMessage message, SendOptions options) {
  if (auto status = admit(message); !status) co_return std::move(status).error();
  auto endpoint = deps_.endpoints.find(manifest_.hosts.front().role);
  if (endpoint == deps_.endpoints.end())
    co_return Error{"gate.no_host", Retry::wait_for_owner, "No cloud is configured for this box.",
                    "Set cloud.url in the configuration file."};
  const Endpoint& to = endpoint->second;
  bool plain = message.decl->plain;
  if (plain && (!message.decl->harmless() || options.reader))
    co_return Error{"gate.not_declared", Retry::give_up, "A message without TLS carries nothing.", ""};
  auto wire = serialize(message, plain ? "" : to.base_path);
  if (!wire) co_return std::move(wire).error();

  HttpRequest request;
  request.plain = plain;
  request.trace = options.trace;
  request.method = std::move(wire->method);
  request.host = to.host;
  request.port = plain ? 80 : to.port;
  request.target = std::move(wire->target);
  request.headers = std::move(wire->headers);
  request.body = std::move(wire->body);
  request.family = options.family;
  request.hanging = message.decl->hanging;
  request.deadline = deps_.clock.now() + options.patience;
  bool with_certificate = message.decl->auth == Auth::certificate;
  if (with_certificate) {
    request.identity = deps_.session.identity();
    if (!request.identity)
      co_return Error{"identity.none", Retry::wait_for_owner, "This box is not registered.",
                      "Register it with: qcloud register"};
  }

  if (auto status = remember_holding(); !status) co_return std::move(status).error();
  auto row = deps_.ledger.message(manifest_.name, message.decl->purpose, to.host, field_names(message));
  if (!row) co_return std::move(row).error().within("the ledger cannot be written, so nothing is sent");

  request.message = *row;
  auto used = request.identity;

  auto outcome = co_await deps_.transport.exchange(std::move(request), *this);
  auto state = co_await boost::asio::this_coro::cancellation_state;
  // Called off by ourselves: that says nothing about the cloud.
  if (state.cancelled() != boost::asio::cancellation_type::none)
    co_return Error{"gate.called_off", Retry::retry_soon, "The request was called off.", ""};
  if (plain) {
    if (!outcome) co_return std::move(outcome).error();
    co_return unread(std::move(*outcome));
  }
  // An answer to an identity that is no longer ours says nothing about the one that is.
  bool ours = with_certificate && used == deps_.session.identity();
  if (!outcome) {
    // With a trace the way is on test, perhaps over a family that is broken: no news of the cloud.
    if (!options.trace) deps_.session.observe(outcome, ours);
    co_return std::move(outcome).error();
  }
  auto answer = read(*outcome);
  if (answer && options.reader)
    if (auto said = options.reader(*answer); !said && said.error().code == "cloud.bad_answer")
      answer = std::move(said).error();
  if (answer)
    deps_.session.observe(outcome, ours);
  else if (!options.trace)
    deps_.session.observe(Result<HttpResponse>(answer.error()), ours);
  co_return answer;
}

Answer Port::unread(HttpResponse response) {
  Answer answer;
  answer.status = response.status;
  answer.content_type = std::move(response.content_type);
  answer.body = std::move(response.body);
  answer.location = std::move(response.location);
  return answer;
}

Result<Answer> Port::read(HttpResponse response) const {
  Answer answer;
  answer.status = response.status;
  answer.content_type = response.content_type.substr(0, response.content_type.find(';'));
  answer.retry_after = response.retry_after;
  answer.body = std::move(response.body);
  bool is_json =
      answer.content_type == "application/json" || answer.content_type == "application/problem+json";
  if (is_json && !answer.body.empty()) {
    json::parse_options limits;
    limits.max_depth = 16;
    boost::system::error_code failed;
    auto value = json::parse(answer.body, failed, {}, limits);
    if (failed || !value.is_object())
      return Error{"cloud.bad_answer", Retry::retry_later, "The cloud's answer is not readable.", ""};
    answer.json = std::move(value.get_object());
  }
  bool known = is_json || answer.content_type == "application/pkcs7-mime";
  if (answer.ok() && !answer.body.empty() && !known)
    return Error{"cloud.bad_answer", Retry::retry_later, "A page stands in the place of the cloud's answer.",
                 "Check whether this network asks for a sign-in page."};
  if (answer.status < 200 || (answer.status >= 300 && answer.status < 400))
    return Error{"cloud.bad_answer", Retry::retry_later,
                 "Something between this box and the cloud answers in its place (status " +
                     std::to_string(answer.status) +
                     (response.location.empty() ? ")." : ", points to " + response.location + ")."),
                 "Check whether this network asks for a sign-in page."};
  return answer;
}

Task<Result<DatagramAnswer>> Port::probe(RawMessage message, ProbeOptions options) {
  if (auto status = admit(message); !status) co_return std::move(status).error();
  auto endpoint = deps_.endpoints.find(manifest_.hosts.front().role);
  if (endpoint == deps_.endpoints.end())
    co_return Error{"gate.no_host", Retry::wait_for_owner, "No cloud is configured.", ""};
  auto wire = serialize(message, "");
  if (!wire) co_return std::move(wire).error();
  auto row = deps_.ledger.message(manifest_.name, message.decl->purpose, endpoint->second.host,
                                  field_names(message));
  if (!row) co_return std::move(row).error();
  Datagram datagram;
  datagram.host = endpoint->second.host;
  // "udp/33434": the port stands in the manifest, where the owner can read it.
  datagram.port = static_cast<std::uint16_t>(std::strtoul(message.decl->path.data() + 4, nullptr, 10));
  datagram.payload = std::move(wire->body);
  datagram.hop_limit = options.hop_limit;
  datagram.deadline = deps_.clock.now() + options.patience;
  datagram.message = *row;
  co_return co_await deps_.transport.datagram(std::move(datagram), *this);
}

Task<Result<std::unique_ptr<ByteStream>>> Port::open(RawMessage message, StreamOptions options) {
  if (auto status = admit(message); !status) co_return std::move(status).error();
  auto endpoint = deps_.endpoints.find(manifest_.hosts.front().role);
  if (endpoint == deps_.endpoints.end())
    co_return Error{"gate.no_host", Retry::wait_for_owner, "No relay is configured for this box.",
                    "Set cloud.relay in the configuration file."};
  StreamRequest request;
  request.identity = deps_.session.identity();
  if (!request.identity)
    co_return Error{"identity.none", Retry::wait_for_owner, "This box is not registered.",
                    "Register it with: qcloud register"};
  if (auto status = remember_holding(); !status) co_return std::move(status).error();
  auto row = deps_.ledger.message(manifest_.name, message.decl->purpose, endpoint->second.host,
                                  field_names(message));
  if (!row) co_return std::move(row).error().within("the ledger cannot be written, so nothing is sent");
  request.host = endpoint->second.host;
  request.port = endpoint->second.port;
  request.alpn = std::move(options.alpn);
  request.avoid = std::move(options.avoid);
  request.busy = std::move(options.busy);
  request.others_only = options.others_only;
  request.known = std::move(options.known);
  request.idle = options.idle;
  request.cautious = options.cautious;
  request.trace = std::move(options.trace);
  request.deadline = deps_.clock.now() + options.patience;
  request.message = *row;
  co_return co_await deps_.transport.open(std::move(request), *this);
}

// The questions of one look-up, under the purpose that its message declares.
class Port::LookupMeter : public Meter {
 public:
  LookupMeter(Port& port, const RawMessage& message)
      : port_(port), purpose_(message.decl->purpose), fields_(field_names(message)) {}
  bool permitted() const override { return port_.permitted(); }
  std::int64_t opened(const ConnectionInfo& info) override { return port_.opened(info); }
  void closed(std::int64_t id, std::uint64_t out, std::uint64_t in, ConnectionEnd end) override {
    port_.closed(id, out, in, end);
  }
  void asked(std::int64_t id, const std::string&, const std::string& server) override {
    auto row = port_.deps_.ledger.message(port_.manifest_.name, purpose_, server, fields_);
    if (row) port_.deps_.ledger.link(*row, id);
  }

 private:
  Port& port_;
  std::string_view purpose_;
  std::vector<std::string> fields_;
};

Task<Result<LookupAnswer>> Port::lookup(RawMessage message, LookupOptions options) {
  if (auto status = admit(message); !status) co_return std::move(status).error();
  auto wire = serialize(message, "");
  if (!wire) co_return std::move(wire).error();
  LookupMeter meter(*this, message);
  auto deadline = deps_.clock.now() + options.patience;
  co_return co_await deps_.transport.lookup(std::move(wire->body), options.family, deadline, meter);
}

Task<void> Port::silence() { co_await deps_.transport.drain(*this); }

// Asked again before each socket: the switch may have been thrown while a name was looked up.
bool Port::permitted() const { return permit_(); }

std::int64_t Port::opened(const ConnectionInfo& info) {
  if (!permit_()) return 0;
  auto id = deps_.ledger.opened(manifest_.name, info);
  if (id && info.message) deps_.ledger.link(info.message, id);
  return id;
}

void Port::passed(std::int64_t id, std::uint64_t out, std::uint64_t in) { deps_.ledger.passed(id, out, in); }

void Port::closed(std::int64_t id, std::uint64_t out, std::uint64_t in, ConnectionEnd end) {
  deps_.ledger.closed(id, out, in, end);
}

void Port::asked(std::int64_t id, const std::string& host_name, const std::string& server) {
  (void)host_name;
  auto row = deps_.ledger.message(manifest_.name, "look up the host's address", server, {"host_name"});
  if (row) deps_.ledger.link(*row, id);
}

Value<DataClass::request_id> make_request_id(Rng& rng) {
  return Mint::text<DataClass::request_id>(rng.uuid());
}

}  // namespace qcloud
