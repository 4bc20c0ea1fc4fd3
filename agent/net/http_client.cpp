#include "agent/net/http_client.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "agent/core/race.hpp"

namespace qcloud {

namespace asio = boost::asio;

namespace {

// What a satellite (0.6 s a round trip) with a loss of 30 % each way still passes, mostly: a SYN is sent
// after 0, 1, 3, 7 and 15 s; the handshake and CONNECT are two round trips each.
constexpr Millis connect_patience = seconds(20);
constexpr Millis first_patience = seconds(3);  // while there is another address to try
constexpr Millis known_patience = seconds(5);  // of a lookup, where it is known what it said before
constexpr Millis handshake_patience = seconds(30);
// Of an answer that came after a long hang, from its header to its end.
constexpr Millis rest_patience = seconds(60);

std::string host_field(const HttpRequest& request) {
  auto authority = authority_of(request.host, request.port);
  auto usual = request.plain ? ":80" : ":443";
  return authority.ends_with(usual) ? authority.substr(0, authority.rfind(':')) : authority;
}

std::string encode(const HttpRequest& request) {
  std::string text = request.method + " " + request.target + " HTTP/1.1\r\nHost: " + host_field(request) +
                     "\r\nUser-Agent: qcloud\r\n";
  for (const auto& [name, value] : request.headers)
    text.append(name).append(": ").append(value).append("\r\n");
  if (!request.body.empty() || request.method == "POST" || request.method == "PUT" ||
      request.method == "PATCH")
    text += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  return text + "Connection: close\r\n\r\n" + request.body;
}

Addresses addresses_of(const std::vector<std::string>& texts) {
  Addresses out;
  for (const auto& text : texts) {
    boost::system::error_code failed;
    auto address = asio::ip::make_address(text, failed);
    if (!failed) out.push_back(address);
  }
  return out;
}

std::string words(const HttpRequest& request, const Addresses& addresses) {
  boost::system::error_code not_literal;
  asio::ip::make_address(request.host, not_literal);
  bool all_private = !addresses.empty() && std::all_of(addresses.begin(), addresses.end(), is_private);
  if (!not_literal || !all_private) return "";
  return "The DNS server of this network leads the cloud's name to " + addresses.front().to_string() +
         ", an address of a private network. Ask whoever runs the network, or take another DNS server.";
}

}  // namespace

class HttpClient::Lease {
 public:
  Lease(HttpClient& client, Shared connection) : client_(client), connection_(std::move(connection)) {}
  ~Lease() {
    if (!connection_) return;
    connection_->measure();
    client_.retire(std::move(connection_));
  }
  Lease(const Lease&) = delete;
  Shared release() { return std::move(connection_); }
  const Shared& get() const { return connection_; }

 private:
  HttpClient& client_;
  Shared connection_;
};

HttpClient::HttpClient(asio::any_io_executor executor, Clock& clock, const Trust& trust,
                       std::function<std::string()> proxy)
    : executor_(executor),
      clock_(clock),
      trust_(trust),
      proxy_(std::move(proxy)),
      resolver_(executor, clock) {}

Task<Result<HttpResponse>> HttpClient::exchange(HttpRequest request, Meter& meter) {
  if (!request.trace) request.trace = std::make_shared<Trace>();
  // Nothing of ours in the clear, whoever asks (the gate refuses it too).
  if (request.plain && (request.identity || !request.headers.empty() || !request.body.empty()))
    co_return Error{"net.unsupported", Retry::give_up, "A request without TLS carries nothing.", ""};
  struct Timed {
    std::shared_ptr<Trace> trace;
    Clock& clock;
    Instant began = clock.now();
    ~Timed() { trace->total = clock.now() - began; }
  } timed{request.trace, clock_};
  auto deadline = request.deadline;
  auto done = co_await within(attempt(std::move(request), &meter), clock_, deadline);
  if (done) co_return std::move(*done);
  co_return Error{"net.timeout", Retry::retry_soon, "The cloud does not answer in time.", ""};
}

Task<Result<HttpResponse>> HttpClient::attempt(HttpRequest request, Meter* meter) {
  std::optional<Proxy> proxy;
  Shared connection;
  Wishes none;
  auto reached = co_await reach(request, none, meter, &proxy, &connection);
  if (!reached) co_return std::move(reached).error();
  Lease lease(*this, connection);
  HttpResponse response;
  auto talked = co_await talk(connection, request, proxy, &response);
  if (talked) co_return response;
  co_return std::move(talked).error();
}

Task<Status> HttpClient::reach(HttpRequest request, Wishes wishes, Meter* meter,
                               std::optional<Proxy>* through_proxy, Shared* result) {
  auto& proxy = *through_proxy;
  std::string configured = proxy_ && !request.plain ? proxy_() : "";
  if (!configured.empty()) {
    proxy = parse_proxy(configured);
    if (!proxy)
      co_return Error{
          "net.proxy_unreachable", Retry::wait_for_owner, "The address of the web proxy is not readable.",
          "Give it as http://NAME:PASSWORD@HOST:PORT, with % signs for special letters (RFC 3986)."};
    request.trace->proxy = proxy->name();
  }
  // How the proxy goes on is its own affair: a family can be forced only without one.
  std::string next_host = proxy ? proxy->host : request.host;
  auto family = proxy ? Family::any : request.family;
  auto patience = request.deadline;
  if (!proxy && !wishes.known.empty()) patience = std::min<Instant>(patience, clock_.now() + known_patience);
  auto addresses = co_await resolver_.lookup(next_host, family, *meter, patience, request.trace);
  // Nobody says where the name leads, and once somebody did.
  auto asked = request.trace->dns_status;
  bool unsaid = asked == DnsStatus::no_answer || asked == DnsStatus::refused;
  if (auto known = addresses_of(wishes.known); !addresses && !proxy && unsaid && !known.empty())
    addresses = std::move(known), request.trace->addresses = wishes.known;
  if (!addresses) co_return proxy ? proxy_unreachable(*proxy, addresses.error()) : addresses.error();
  auto order = attempt_order(*addresses, family);
  auto leads_out = [](const asio::ip::address& address) {
    return has_route(address.is_v4() ? Family::ipv4 : Family::ipv6);
  };
  auto leave_out = [&](const std::vector<std::string>& list) {
    auto unwanted = [&](const asio::ip::address& address) {
      return std::find(list.begin(), list.end(), address.to_string()) != list.end();
    };
    // One of a family without a way out is no other choice.
    auto another = [&](const asio::ip::address& address) { return !unwanted(address) && leads_out(address); };
    if (wishes.others_only || std::any_of(order.begin(), order.end(), another))
      std::erase_if(order, unwanted);
  };
  if (!proxy) leave_out(wishes.busy), leave_out(wishes.avoid);
  if (order.size() > most_attempts) {
    std::stable_partition(order.begin(), order.end(), leads_out);
    order.resize(most_attempts);
  }
  if (request.trace->dns_status == DnsStatus::unknown)
    for (const auto& address : order) request.trace->addresses.push_back(address.to_string());

  auto connected =
      co_await connect(request, order, proxy ? proxy->port : request.port, std::move(wishes), meter, result);
  if (connected) co_return connected;
  auto error = std::move(connected).error();
  if (proxy && error.code != "gate.switched_off") co_return proxy_unreachable(*proxy, error);
  if (auto note = words(request, order); !note.empty()) error.fix = note;
  co_return error;
}

Task<Status> HttpClient::connect(HttpRequest request, Addresses order, std::uint16_t port, Wishes wishes,
                                 Meter* meter, Shared* result) {
  auto began = clock_.now();
  Error last{"net.no_network", Retry::retry_soon, "The cloud has no address of the wanted kind.", ""};
  for (std::size_t i = 0; i < order.size(); ++i) {
    Lease lease(*this, std::make_shared<Connection>(executor_, *meter, request.trace));
    if (wishes.prepare) wishes.prepare(*lease.get());
    // One dead address must not eat the time of the next, nor one broken family that of the other.
    auto patience = i + 1 < order.size() ? first_patience : connect_patience;
    auto until = std::min<Instant>(request.deadline, clock_.now() + patience);
    asio::ip::tcp::endpoint to(order[i], port);
    request.trace->remote = order[i].to_string();
    request.trace->tried.push_back(request.trace->remote);
    auto connected = co_await within(lease.get()->connect(to, request.message), clock_, until);
    if (connected && *connected) {
      request.trace->connect = clock_.now() - began;
      *result = lease.release();
      co_return Status{};
    }
    auto error = connected ? std::move(*connected).error()
                           : Error{"net.timeout", Retry::retry_soon, "The cloud does not answer.", ""};
    // That there is no way for a family says less than what the other met.
    if (i == 0 || error.code != "net.no_network") last = std::move(error);
    if (last.code == "gate.switched_off") break;
  }
  if (last.code == "net.no_network" && !order.empty()) {
    auto v4 = [](const asio::ip::address& a) { return a.is_v4(); };
    bool has_v4 = std::any_of(order.begin(), order.end(), v4);
    bool has_v6 = !std::all_of(order.begin(), order.end(), v4);
    auto mismatch = family_mismatch(has_v4, has_v6, has_route(Family::ipv4), has_route(Family::ipv6));
    if (mismatch) last = std::move(*mismatch);
  }
  co_return last;
}

// The proxy answers nothing more than a header: after it we speak first, so that more is an intrusion.
Task<Status> HttpClient::tunnel(Shared connection, HttpRequest request, Proxy proxy) {
  auto authority = authority_of(request.host, request.port);
  if (auto sent = co_await connection->write(connect_request(proxy, authority)); !sent) co_return sent;
  ResponseReader reader(ResponseReader::To::connect);
  auto received = co_await receive(connection, &reader, false);
  Error refused{"net.proxy_refused", Retry::retry_later, "", "Check the proxy's address."};
  if (!received) {
    refused.detail = "The web proxy " + proxy.name() + " does not answer like one.";
    co_return refused;
  }
  auto status = reader.take().status;
  if (auto verdict = judge_connect(proxy, status); !verdict) co_return verdict;
  if (reader.left_over() != 0) {
    refused.detail = "The web proxy " + proxy.name() + " speaks out of turn.";
    co_return refused;
  }
  co_return Status{};
}

// Until the answer's header is read (`header_only`), or all of it.
Task<Status> HttpClient::receive(Shared connection, ResponseReader* reader, bool header_only) {
  char chunk[8192];
  while (!reader->done() && !(header_only && reader->begun())) {
    auto got = co_await connection->read(chunk);
    if (!got) co_return std::move(got).error();
    if (*got == 0) co_return reader->end();
    if (auto taken = reader->put({chunk, *got}); !taken) co_return taken;
  }
  co_return Status{};
}

Task<Status> HttpClient::through(Shared connection, HttpRequest request, Proxy proxy) {
  auto soon = std::min<Instant>(request.deadline, clock_.now() + handshake_patience);
  auto open = co_await within(tunnel(connection, request, proxy), clock_, soon);
  if (open) co_return std::move(*open);
  Error mute{"net.timeout", Retry::retry_soon, "it accepts the connection, then says nothing.", ""};
  co_return proxy_unreachable(proxy, mute);
}

Task<Status> HttpClient::secure(Shared connection, HttpRequest request) {
  auto began = clock_.now();
  auto soon = std::min<Instant>(request.deadline, began + handshake_patience);
  TlsSessions::Key key{&connection->meter(), authority_of(request.host, request.port), request.identity};
  auto secured = co_await within(connection->handshake(trust_, request.host, sessions_, key), clock_, soon);
  if (!secured)
    co_return Error{"net.timeout", Retry::retry_soon, "The cloud accepts the connection, then says nothing.",
                    ""};
  if (*secured) request.trace->tls = clock_.now() - began;
  if (!*secured && (*secured).error().code == "net.tls_untrusted" && request.trace->proxy.empty()) {
    Addresses met;
    boost::system::error_code failed;
    auto address = asio::ip::make_address(connection->remote(), failed);
    if (!failed) met.push_back(address);
    if (auto note = met.empty() ? "" : words(request, met); !note.empty()) (*secured).error().fix = note;
  }
  co_return std::move(*secured);
}

Task<Status> HttpClient::talk(Shared connection, HttpRequest request, std::optional<Proxy> proxy,
                              HttpResponse* response) {
  auto trace = request.trace;
  // A hang may last for hours, but only its waiting: everything before and after is bounded.
  if (proxy)
    if (auto open = co_await through(connection, request, *proxy); !open) co_return open;
  if (!request.plain)
    if (auto secured = co_await secure(connection, request); !secured) co_return secured;
  if (request.hanging) connection->keep_alive();
  if (auto sent = co_await connection->write(encode(request)); !sent) co_return sent;

  ResponseReader reader;
  auto received = co_await receive(connection, &reader, request.hanging);
  if (received && !reader.done()) {
    auto rest = co_await within(receive(connection, &reader, false), clock_, clock_.now() + rest_patience);
    received = rest ? std::move(*rest)
                    : Status(Error{"net.timeout", Retry::retry_soon, "The cloud's answer does not end.", ""});
  }
  if (!received) co_return received;
  *response = reader.take();
  trace->status = response->status;
  trace->location = response->location;
  if (request.plain) response->date.reset();  // a stranger's clock
  if (response->date)
    if (auto wrong = outside_its_dates(connection->peer(), *response->date)) co_return *wrong;
  co_return Status{};
}

Task<Result<LookupAnswer>> HttpClient::lookup(std::string name, Family family, Instant deadline,
                                              Meter& meter) {
  auto answer = co_await resolver_.ask(std::move(name), family, meter, deadline);
  LookupAnswer out;
  out.status = answer.status;
  out.server = std::move(answer.server);
  for (const auto& address : answer.addresses) out.addresses.push_back(address.to_string());
  co_return out;
}

void HttpClient::retire(Shared connection) {
  if (!connection->open()) return;
  leaving_.push_back(connection);
  asio::co_spawn(
      executor_,
      [](Shared c, Clock& clock) -> Task<void> {
        co_await first_of(c->close(), clock.sleep_for(seconds(1)));
        c->abort();
      }(connection, clock_),
      [this, connection](std::exception_ptr) { leaving_.remove(connection); });
}

Task<void> HttpClient::drain(Meter& meter) {
  sessions_.forget(&meter);
  // Connections of a cancelled feature are in `leaving_` by now; each ends within a second.
  for (;;) {
    bool waiting = false;
    for (const auto& connection : leaving_) waiting = waiting || &connection->meter() == &meter;
    if (!waiting) co_return;
    co_await clock_.sleep_for(Millis(5));
  }
}

}  // namespace qcloud
