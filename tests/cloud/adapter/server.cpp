#include "tests/cloud/adapter/server.hpp"

#include <sys/stat.h>
#include <unistd.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>

#include <array>
#include <charconv>
#include <cstdio>

#include "tests/cloud/adapter/connection.hpp"
#include "tests/cloud/adapter/front.hpp"
#include "tests/cloud/problem.hpp"

namespace refcloud {
namespace {

using tcp = asio::ip::tcp;
using local = asio::local::stream_protocol;
namespace beast = boost::beast;
// TCP and Unix sockets alike.
using PlainStream = beast::basic_stream<asio::generic::stream_protocol>;
using TlsStream = beast::ssl_stream<PlainStream>;

constexpr auto use_tuple = asio::as_tuple(asio::use_awaitable);

template <class Stream>
class WireOver final : public Wire {
 public:
  explicit WireOver(Stream* stream) : stream_(*stream) {}
  asio::awaitable<Moved> read_some(asio::mutable_buffer into) override {
    const auto [error, size] = co_await stream_.async_read_some(into, use_tuple);
    co_return Moved{error, size};
  }
  asio::awaitable<Moved> write(asio::const_buffer from) override {
    const auto [error, size] = co_await asio::async_write(stream_, from, use_tuple);
    co_return Moved{error, size};
  }
  void expires_after(std::optional<std::chrono::seconds> span) override {
    auto& lowest = beast::get_lowest_layer(stream_);
    if (span)
      lowest.expires_after(*span);
    else
      lowest.expires_never();
  }
  asio::any_io_executor executor() override { return stream_.get_executor(); }

 private:
  Stream& stream_;
};

std::string text_of(const tcp::endpoint& endpoint) {
  const auto address = endpoint.address().to_string();
  return (endpoint.address().is_v6() ? '[' + address + ']' : address) + ':' + std::to_string(endpoint.port());
}

std::optional<std::string> peer_certificate(SSL* connection) {
  const Certificate certificate(SSL_get1_peer_certificate(connection));
  if (!certificate) return std::nullopt;
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate.get(), &der);
  std::string out(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return out;
}

// Closing a socket that still has unread bytes resets the connection, and the client may lose the answer that
// says why. So what it still sends is read and thrown away for a moment.
asio::awaitable<void> close_gently(PlainStream* stream) {
  beast::error_code ignored;
  stream->socket().shutdown(asio::socket_base::shutdown_send, ignored);
  stream->expires_after(std::chrono::seconds(2));
  std::array<char, 16 << 10> thrown_away;
  for (std::size_t total = 0; total < 1 << 20;) {
    const auto [error, size] = co_await stream->async_read_some(asio::buffer(thrown_away), use_tuple);
    if (error) co_return;
    total += size;
  }
}

asio::awaitable<void> serve_tls(tcp::socket socket, asio::ssl::context* context, Service* service) {
  beast::error_code ignored;
  socket.set_option(asio::socket_base::keep_alive(true), ignored);
  socket.set_option(tcp::no_delay(true), ignored);
  const auto from = socket.remote_endpoint(ignored).address();
  const auto place = service->connections.enter(from);
  if (!place) co_return;
  const auto peer = from.to_string();
  TlsStream stream(std::move(socket), *context);
  stream.next_layer().expires_after(std::chrono::seconds(10));
  const auto [error] = co_await stream.async_handshake(asio::ssl::stream_base::server, use_tuple);
  if (error) co_return;
  const auto certificate = peer_certificate(stream.native_handle());
  Answer answer = [service, &peer, &certificate](Request request) {
    request.peer_address = peer;
    request.client_cert_der = certificate;
    return service->cloud.handle(request);
  };
  WireOver wire(&stream);
  co_await serve(&wire, service, std::move(answer));
  stream.next_layer().expires_after(std::chrono::seconds(2));
  co_await stream.async_shutdown(use_tuple);
  co_await close_gently(&stream.next_layer());
}

asio::awaitable<void> serve_front(tcp::socket socket, Service* service) {
  beast::error_code ignored;
  const auto proxy = socket.remote_endpoint(ignored).address().to_string();
  PlainStream stream(std::move(socket));
  Answer answer = [service, &proxy](Request request) -> Reply {
    request.peer_address = proxy;
    if (!believe_front(request))
      return problem_response(
          {400, "bad-request", "The proxy's Client-Cert or Forwarded header is malformed."});
    return service->cloud.handle(request);
  };
  WireOver wire(&stream);
  co_await serve(&wire, service, std::move(answer));
  co_await close_gently(&stream);
}

Reply answer_plain(const Request& request) {
  const bool known = request.method == "GET" && request.target == "/generate_204";
  return Response{known ? 204 : 404, {{"Cache-Control", "no-store"}}, {}};
}

asio::awaitable<void> serve_plain(tcp::socket socket, Service* service) {
  beast::error_code ignored;
  const auto place = service->connections.enter(socket.remote_endpoint(ignored).address());
  if (!place) co_return;
  PlainStream stream(std::move(socket));
  WireOver wire(&stream);
  co_await serve(&wire, service, answer_plain);
  co_await close_gently(&stream);
}

Reply answer_operator(Service* service, const Request& request) {
  auto response = service->cloud.operate(request);
  service->watches.wake_all();  // the clock may have moved
  return response;
}

Reply answer_relay(Service* service, const Request& request) { return service->cloud.relay(request); }

asio::awaitable<void> serve_operator(local::socket socket, Service* service) {
  PlainStream stream(std::move(socket));
  WireOver wire(&stream);
  co_await serve(&wire, service, std::bind_front(answer_operator, service));
}

// A relay names all of its boxes: ten thousand of them are 500 KB.
asio::awaitable<void> serve_relay(local::socket socket, Service* service) {
  PlainStream stream(std::move(socket));
  WireOver wire(&stream);
  co_await serve(&wire, service, std::bind_front(answer_relay, service), 1 << 20);
}

// A connection that fails must not end the listener, so nothing is thrown past here but the end of the
// program.
template <class Acceptor, class Start>
asio::awaitable<void> accept_all(Acceptor acceptor, Start start) {
  for (;;) {
    auto [error, socket] = co_await acceptor.async_accept(use_tuple);
    if (error == asio::error::operation_aborted) co_return;
    if (error) {
      // Out of descriptors, most likely: give the connections a moment to end.
      asio::steady_timer pause(acceptor.get_executor(), std::chrono::milliseconds(100));
      co_await pause.async_wait(use_tuple);
      continue;
    }
    const auto executor = acceptor.get_executor();
    asio::co_spawn(executor, start(std::move(socket)), asio::detached);
  }
}

asio::awaitable<void> keep_house_forever(asio::io_context* io, Service* service) {
  asio::steady_timer timer(*io);
  Seconds last = 0;
  for (;;) {
    try {
      service->cloud.tick();
      if (service->clock.now() - last >= hour) {
        service->cloud.run_retention();
        last = service->clock.now();
      }
    } catch (const DbError& error) {
      // A disk that is full now may have room again at the next turn.
      std::fprintf(stderr, "refcloud: housekeeping: %s\n", error.what());
    }
    timer.expires_after(std::chrono::seconds(2));
    co_await timer.async_wait(use_tuple);
  }
}

template <class Start>
std::string listen(asio::io_context& io, const Endpoint& endpoint, Start start) {
  tcp::acceptor acceptor(io, tcp::endpoint(asio::ip::make_address(endpoint.address), endpoint.port), true);
  auto text = text_of(acceptor.local_endpoint());
  asio::co_spawn(io, accept_all(std::move(acceptor), std::move(start)), asio::detached);
  return text;
}

}  // namespace

Endpoint parse_endpoint(const std::string& text) {
  const auto colon = text.rfind(':');
  Endpoint out;
  if (colon != std::string::npos) {
    out.address = text.substr(0, colon);
    if (out.address.starts_with('[') && out.address.ends_with(']'))
      out.address = out.address.substr(1, out.address.size() - 2);
    const auto* const end = text.data() + text.size();
    const auto [at, error] = std::from_chars(text.data() + colon + 1, end, out.port);
    beast::error_code failed;
    asio::ip::make_address(out.address, failed);
    if (error == std::errc{} && at == end && !failed) return out;
  }
  throw std::invalid_argument('"' + text + "\" is not ADDRESS:PORT");
}

std::string listen_tls(asio::io_context& io, Service& service, asio::ssl::context& context,
                       const Endpoint& endpoint) {
  return listen(io, endpoint, [&service, &context](tcp::socket socket) {
    return serve_tls(std::move(socket), &context, &service);
  });
}

std::string listen_front(asio::io_context& io, Service& service, const Endpoint& endpoint) {
  return listen(io, endpoint,
                [&service](tcp::socket socket) { return serve_front(std::move(socket), &service); });
}

std::string listen_plain(asio::io_context& io, Service& service, const Endpoint& endpoint) {
  return listen(io, endpoint,
                [&service](tcp::socket socket) { return serve_plain(std::move(socket), &service); });
}

namespace {

template <class Start>
void listen_local(asio::io_context& io, const std::string& path, Start start) {
  unlink(path.c_str());
  // The mode must be right from the first moment, so it comes from the umask and not from a later chmod.
  const auto before = umask(0177);
  local::acceptor acceptor(io);
  acceptor.open();
  beast::error_code error;
  acceptor.bind(local::endpoint(path), error);
  umask(before);
  if (error) throw boost::system::system_error(error, path);
  acceptor.listen();
  asio::co_spawn(io, accept_all(std::move(acceptor), std::move(start)), asio::detached);
}

}  // namespace

void listen_operator(asio::io_context& io, Service& service, const std::string& path) {
  listen_local(io, path,
               [&service](local::socket socket) { return serve_operator(std::move(socket), &service); });
}

void listen_relays(asio::io_context& io, Service& service, const std::string& path) {
  listen_local(io, path,
               [&service](local::socket socket) { return serve_relay(std::move(socket), &service); });
}

void keep_house(asio::io_context& io, Service& service) {
  asio::co_spawn(io, keep_house_forever(&io, &service), asio::detached);
}

}  // namespace refcloud
