// Streams that stay: the same way out as a request (proxy, look-up, addresses in order, TLS with the
// pinned root), and then bytes both ways until one side ends it.
#include <netinet/tcp.h>
#include <sys/auxv.h>

#include "agent/core/race.hpp"
#include "agent/net/http_client.hpp"

namespace qcloud {
namespace {

// Without instructions for AES, ChaCha20 is several times as fast; a peer that honors our order takes it.
bool has_aes() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("aes");
#elif defined(__aarch64__)
  return getauxval(AT_HWCAP) & (1UL << 3);  // HWCAP_AES
#elif defined(__arm__)
  return getauxval(AT_HWCAP2) & (1UL << 0);  // HWCAP2_AES
#else
  return false;
#endif
}

}  // namespace

void Connection::become_stream(std::vector<std::string> alpn, Millis idle, bool cautious) {
  stream_ = StreamWish{std::move(alpn), idle, cautious};
}

void Connection::offer_stream() {
  std::string list;
  for (const auto& name : stream_->alpn) list += static_cast<char>(name.size()) + name;
  SSL_set_alpn_protos(ssl_.get(), reinterpret_cast<const unsigned char*>(list.data()),
                      static_cast<unsigned>(list.size()));
  SSL_set_min_proto_version(ssl_.get(), TLS1_3_VERSION);
  SSL_set_ciphersuites(
      ssl_.get(), has_aes() ? "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384"
                            : "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384");
  int fd = socket_.native_handle();
  auto set = [fd](int level, int name, int value) {
    return ::setsockopt(fd, level, name, &value, sizeof value);
  };
  // Kernels before 3.12 do not know the first; a small buffer does nearly the same.
  if (set(IPPROTO_TCP, TCP_NOTSENT_LOWAT, 64 * 1024) != 0) set(SOL_SOCKET, SO_SNDBUF, 128 * 1024);
  keep_alive(stream_->idle);
}

std::string Connection::alpn() const {
  const unsigned char* name = nullptr;
  unsigned size = 0;
  if (ssl_) SSL_get0_alpn_selected(ssl_.get(), &name, &size);
  return std::string(reinterpret_cast<const char*>(name), size);
}

class HttpClient::Stream : public ByteStream {
 public:
  Stream(HttpClient& client, Shared connection)
      : client_(client),
        connection_(std::move(connection)),
        remote_(connection_->remote()),
        local_(connection_->local()) {}
  ~Stream() override { client_.retire(std::move(connection_)); }

  Task<Result<std::size_t>> read(std::span<char> into) override { return connection_->read(into); }
  Task<Result<bool>> write(std::span<const char> from) override { return connection_->write_from(from); }
  void abort() override { connection_->abort(); }
  void probe_after(Millis idle) override { connection_->keep_alive(idle); }
  std::string_view alpn() const override { return alpn_; }
  void secured() { alpn_ = connection_->alpn(); }
  std::string_view remote() const override { return remote_; }
  std::string_view local() const override { return local_; }

 private:
  HttpClient& client_;
  Shared connection_;
  std::string alpn_, remote_, local_;
};

Task<Result<std::unique_ptr<ByteStream>>> HttpClient::open(StreamRequest request, Meter& meter) {
  if (!request.trace) request.trace = std::make_shared<Trace>();
  auto deadline = request.deadline;
  auto done = co_await within(set_up(std::move(request), &meter), clock_, deadline);
  if (done) co_return std::move(*done);
  co_return Error{"net.timeout", Retry::retry_soon, "The relay does not answer in time.", ""};
}

Task<Result<std::unique_ptr<ByteStream>>> HttpClient::set_up(StreamRequest request, Meter* meter) {
  HttpRequest dial;
  dial.host = request.host;
  dial.port = request.port;
  dial.identity = request.identity;
  dial.deadline = request.deadline;
  dial.message = request.message;
  dial.trace = request.trace;
  Wishes wishes;
  wishes.avoid = request.avoid;
  wishes.busy = request.busy;
  wishes.others_only = request.others_only;
  wishes.known = request.known;
  wishes.prepare = [alpn = request.alpn, idle = request.idle, cautious = request.cautious](
                       Connection& connection) { connection.become_stream(alpn, idle, cautious); };
  std::optional<Proxy> proxy;
  Shared connection;
  auto reached = co_await reach(dial, std::move(wishes), meter, &proxy, &connection);
  if (!reached) co_return std::move(reached).error();
  auto stream = std::make_unique<Stream>(*this, connection);  // from here on it says goodbye
  if (proxy)
    if (auto open = co_await through(connection, dial, *proxy); !open) co_return std::move(open).error();
  if (auto secured = co_await secure(connection, dial); !secured) co_return std::move(secured).error();
  stream->secured();
  if (stream->alpn().empty())
    co_return Error{"net.no_protocol", Retry::retry_later, "The relay speaks none of our protocols.",
                    "Something between this box and the relay may open its connections."};
  co_return std::unique_ptr<ByteStream>(std::move(stream));
}

}  // namespace qcloud
