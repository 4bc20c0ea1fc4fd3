#include "agent/net/http_client.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "agent/core/race.hpp"

namespace qcloud {

namespace asio = boost::asio;
namespace http = boost::beast::http;

namespace {

constexpr std::size_t body_limit = 256 * 1024;
constexpr std::size_t header_limit = 16 * 1024;

std::string authority(const HttpRequest& request) {
  bool v6 = request.host.find(':') != std::string::npos;
  std::string host = v6 ? "[" + request.host + "]" : request.host;
  return request.port == 443 ? host : host + ":" + std::to_string(request.port);
}

std::string encode(const HttpRequest& request) {
  std::string text = request.method + " " + request.target + " HTTP/1.1\r\nHost: " + authority(request) +
                     "\r\nUser-Agent: qcloud\r\nAccept: application/json, application/pkcs7-mime\r\n";
  for (const auto& [name, value] : request.headers) text += name + ": " + value + "\r\n";
  if (!request.body.empty() || request.method == "POST" || request.method == "PUT")
    text += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  return text + "Connection: close\r\n\r\n" + request.body;
}

int retry_after(std::string_view value, const std::optional<WallTime>& date) {
  if (value.empty()) return 0;
  if (value.find_first_not_of("0123456789") == std::string_view::npos)
    return value.size() > 6 ? 86400 : std::clamp(std::atoi(std::string(value).c_str()), 1, 86400);
  auto when = parse_http_date(value);
  if (!when || !date) return 0;
  return static_cast<int>(std::clamp<std::int64_t>(unix_seconds(*when) - unix_seconds(*date), 1, 86400));
}

Error bad_answer(std::string_view why) {
  return {"net.bad_answer", Retry::retry_later,
          "The answer is not one of the cloud's: " + std::string(why) + ".",
          "Something in this network may answer in the cloud's place."};
}

}  // namespace

class HttpClient::Lease {
 public:
  Lease(HttpClient& client, Shared connection) : client_(client), connection_(std::move(connection)) {}
  ~Lease() { client_.retire(std::move(connection_)); }
  Lease(const Lease&) = delete;
  const Shared& get() const { return connection_; }

 private:
  HttpClient& client_;
  Shared connection_;
};

HttpClient::HttpClient(asio::any_io_executor executor, Clock& clock, const Trust& trust)
    : executor_(executor), clock_(clock), trust_(trust), resolver_(executor, clock) {}

Task<Result<HttpResponse>> HttpClient::exchange(HttpRequest request, Meter& meter) {
  auto deadline = request.deadline;
  auto done = co_await within(attempt(std::move(request), &meter), clock_, deadline);
  if (done) co_return std::move(*done);
  co_return Error{"net.timeout", Retry::retry_soon, "The cloud does not answer in time.", ""};
}

Task<Result<HttpResponse>> HttpClient::attempt(HttpRequest request, Meter* meter) {
  auto addresses = co_await resolver_.lookup(request.host, request.family, *meter, request.deadline);
  if (!addresses) co_return std::move(addresses).error();
  Error last{"net.no_network", Retry::retry_soon, "The cloud has no address of the wanted kind.", ""};
  for (std::size_t i = 0; i < addresses->size(); ++i) {
    const auto& address = (*addresses)[i];
    if ((request.family == Family::ipv4 && !address.is_v4()) ||
        (request.family == Family::ipv6 && !address.is_v6()))
      continue;
    Lease lease(*this, std::make_shared<Connection>(executor_, *meter));
    // One dead address must not eat the time of the next.
    auto patience = std::min<Instant>(request.deadline,
                                      clock_.now() + (i + 1 < addresses->size() ? seconds(4) : seconds(20)));
    asio::ip::tcp::endpoint to(address, request.port);
    auto connected = co_await within(lease.get()->connect(to, request.message), clock_, patience);
    if (!connected) {
      last = Error{"net.timeout", Retry::retry_soon, "The cloud does not answer.", ""};
      continue;
    }
    if (!*connected) {
      last = std::move(*connected).error();
      continue;
    }
    HttpResponse response;
    auto talked = co_await talk(lease.get(), request, &response);
    if (!talked) co_return std::move(talked).error();
    co_return response;
  }
  co_return last;
}

Task<Status> HttpClient::talk(Shared connection, HttpRequest request, HttpResponse* response) {
  // A hang may last for hours, but only its waiting: everything before is bounded.
  auto soon = std::min(request.deadline, clock_.now() + seconds(20));
  auto secured = co_await within(connection->handshake(trust_, request.host, request.identity), clock_, soon);
  if (!secured)
    co_return Error{"net.timeout", Retry::retry_soon, "The cloud accepts the connection, then says nothing.",
                    ""};
  if (!*secured) co_return std::move(*secured);
  if (request.hanging) connection->keep_alive();
  if (auto sent = co_await connection->write(encode(request)); !sent) co_return sent;

  http::response_parser<http::string_body> parser;
  parser.header_limit(header_limit);
  parser.body_limit(body_limit);
  parser.eager(true);
  std::string pending;
  char chunk[8192];
  while (!parser.is_done()) {
    auto got = co_await connection->read(chunk);
    if (!got) co_return std::move(got).error();
    boost::system::error_code failed;
    if (*got == 0) {
      if (!parser.got_some())
        co_return Error{"net.reset", Retry::retry_soon, "The cloud closed the connection without an answer.",
                        ""};
      parser.put_eof(failed);
      if (failed) co_return Error{"net.reset", Retry::retry_soon, "The cloud's answer was cut short.", ""};
      break;
    }
    pending.append(chunk, *got);
    auto used = parser.put(asio::buffer(pending), failed);
    pending.erase(0, used);
    if (failed && failed != http::error::need_more) co_return bad_answer(failed.message());
    if (pending.size() > header_limit) co_return bad_answer("its header is too large");
  }
  const auto& message = parser.get();
  auto header = [&](http::field name) {
    auto value = message[name];
    return std::string(value.data(), value.size());
  };
  response->status = message.result_int();
  response->content_type = header(http::field::content_type);
  response->date = parse_http_date(header(http::field::date));
  response->retry_after = retry_after(header(http::field::retry_after), response->date);
  response->body = message.body();
  co_return Status{};
}

void HttpClient::retire(Shared connection) {
  if (!connection->open()) return;
  leaving_.push_back(connection);
  asio::co_spawn(
      executor_,
      [](Shared c, Clock& clock) -> Task<void> {
        using namespace asio::experimental::awaitable_operators;
        co_await (c->close() || clock.sleep_for(seconds(1)));
        c->abort();
      }(connection, clock_),
      [this, connection](std::exception_ptr) { leaving_.remove(connection); });
}

Task<void> HttpClient::drain(Meter& meter) {
  // Connections of a cancelled feature are in `leaving_` by now; each ends within a second.
  for (;;) {
    bool waiting = false;
    for (const auto& connection : leaving_) waiting = waiting || &connection->meter() == &meter;
    if (!waiting) co_return;
    co_await clock_.sleep_for(Millis(5));
  }
}

}  // namespace qcloud
