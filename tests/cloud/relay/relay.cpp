#include "tests/cloud/relay/relay.hpp"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json.hpp>
#include <cstdio>
#include <stdexcept>

#include "tests/cloud/relay/hello.hpp"

namespace refrelay {

namespace json = boost::json;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Steady = std::chrono::steady_clock;

namespace {

constexpr auto as_value = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t attachments_a_box = 2;
constexpr std::size_t waiting_for_box = 256 * 1024;  // of one visitor
constexpr std::string_view protocol = "h2-reverse";

int choose_protocol(SSL*, const unsigned char** out, unsigned char* size, const unsigned char* in, unsigned in_size,
                    void*) {
  for (unsigned at = 0; at + 1 <= in_size; at += in[at] + 1u) {
    if (at + 1 + in[at] > in_size) break;
    if (std::string_view(reinterpret_cast<const char*>(in + at + 1), in[at]) != protocol) continue;
    *out = in + at + 1;
    *size = in[at];
    return SSL_TLSEXT_ERR_OK;
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

// A box that is not set up yet has a key that nobody vouches for: it is taken, and bound to a name that is a digest
// of that key. Everything else about a certificate stays an error.
int accept_ephemeral(int ok, X509_STORE_CTX* store) {
  if (ok) return 1;
  int error = X509_STORE_CTX_get_error(store);
  return error == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT && X509_STORE_CTX_get_error_depth(store) == 0;
}

std::string hex(const unsigned char* bytes, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) {
    char two[3];
    std::snprintf(two, sizeof two, "%02x", bytes[i]);
    out += two;
  }
  return out;
}

std::string digest_of(const X509* certificate) {
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  X509_digest(certificate, EVP_sha256(), bytes, &size);
  return hex(bytes, size);
}

std::string forwarded(const Wire& wire) {
  bool v6 = wire.peer().find(':') != std::string::npos;
  return "for=\"" + (v6 ? "[" + wire.peer() + "]" : wire.peer()) + ":" + std::to_string(wire.peer_port()) + "\"";
}

tcp::acceptor listen(asio::io_context& io, const tcp::endpoint& at) {
  tcp::acceptor acceptor(io);
  acceptor.open(at.protocol());
  acceptor.set_option(tcp::acceptor::reuse_address(true));
  acceptor.bind(at);
  acceptor.listen(1024);
  return acceptor;
}

}  // namespace

Relay::Relay(asio::io_context& io, Options options)
    : io_(io), options_(std::move(options)), cloud_(options_.cloud_socket) {
  context_ = SSL_CTX_new(TLS_server_method());
  SSL_CTX_set_min_proto_version(context_, TLS1_3_VERSION);
  // A box without AES instructions asks for ChaCha20 first, and gets it.
  SSL_CTX_set_options(context_, SSL_OP_PRIORITIZE_CHACHA | SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(context_, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(context_, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context_, 0);
  SSL_CTX_set_alpn_select_cb(context_, choose_protocol, nullptr);
  SSL_CTX_set_verify(context_, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                     options_.setup_suffix.empty() ? nullptr : accept_ephemeral);
  bool fine = SSL_CTX_use_certificate_chain_file(context_, options_.certificate.c_str()) == 1 &&
              SSL_CTX_use_PrivateKey_file(context_, options_.key.c_str(), SSL_FILETYPE_PEM) == 1 &&
              SSL_CTX_load_verify_locations(context_, options_.device_ca.c_str(), nullptr) == 1;
  if (!fine) throw std::runtime_error("the relay's certificate, its key or the boxes' authority cannot be read");
}

Relay::~Relay() { SSL_CTX_free(context_); }

void Relay::start() {
  for (const auto& at : options_.boxes) boxes_.push_back(listen(io_, at));
  for (const auto& at : options_.visitors) visitors_.push_back(listen(io_, at));
  asio::co_spawn(io_, announce(), asio::detached);
  for (auto& acceptor : boxes_) asio::co_spawn(io_, accept_boxes(acceptor), asio::detached);
  for (auto& acceptor : visitors_) asio::co_spawn(io_, accept_visitors(acceptor), asio::detached);
}

// The cloud may come up later, and again.
Task<void> Relay::announce() {
  while (!announced_) {
    announced_ = co_await cloud_.started(options_.name, options_.public_ipv4, options_.public_ipv6);
    if (!announced_) co_await sleep_for(seconds(1));
  }
}

std::vector<tcp::endpoint> Relay::visitor_ports() const {
  std::vector<tcp::endpoint> out;
  for (const auto& acceptor : visitors_) out.push_back(acceptor.local_endpoint());
  return out;
}

std::vector<tcp::endpoint> Relay::box_ports() const {
  std::vector<tcp::endpoint> out;
  for (const auto& acceptor : boxes_) out.push_back(acceptor.local_endpoint());
  return out;
}

Task<void> Relay::accept_boxes(tcp::acceptor& acceptor) {
  for (;;) {
    auto [failed, socket] = co_await acceptor.async_accept(as_value);
    if (!acceptor.is_open()) co_return;
    if (!failed) asio::co_spawn(io_, attach(std::make_shared<Wire>(std::move(socket))), asio::detached);
    else co_await sleep_for(milliseconds(50));
  }
}

Task<void> Relay::accept_visitors(tcp::acceptor& acceptor) {
  for (;;) {
    auto [failed, socket] = co_await acceptor.async_accept(as_value);
    if (!acceptor.is_open()) co_return;
    if (!failed) asio::co_spawn(io_, visit(std::make_shared<Wire>(std::move(socket))), asio::detached);
    else co_await sleep_for(milliseconds(50));
  }
}

// The common name, which the cloud's authority alone writes; or the digest of a key that nobody vouches for.
std::string Relay::identify(Wire& wire, bool* set_up) const {
  std::unique_ptr<X509, decltype(&X509_free)> peer(SSL_get1_peer_certificate(wire.ssl()), X509_free);
  if (!peer) return "";
  *set_up = X509_check_issued(peer.get(), peer.get()) != X509_V_OK;
  if (!*set_up) {
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    X509_pubkey_digest(peer.get(), EVP_sha256(), bytes, &size);
    return hex(bytes, 16);
  }
  char name[64] = "";
  X509_NAME_get_text_by_NID(X509_get_subject_name(peer.get()), NID_commonName, name, sizeof name);
  return name;
}

Task<void> Relay::attach(std::shared_ptr<Wire> wire) {
  using namespace asio::experimental::awaitable_operators;
  auto secured = co_await (wire->accept_tls(context_) || sleep_for(seconds(10)));
  if (secured.index() != 0 || !std::get<0>(secured)) co_return wire->abort();
  bool set_up = false;
  auto id = identify(*wire, &set_up);
  if (id.empty()) co_return wire->abort();
  if (set_up) {
    std::unique_ptr<X509, decltype(&X509_free)> peer(SSL_get1_peer_certificate(wire->ssl()), X509_free);
    bool admitted = co_await cloud_.attach(options_.name, id, wire->peer(), digest_of(peer.get()));
    if (!admitted) co_return wire->abort();
  } else {
    id = "setup:" + id;
  }
  auto device = std::make_shared<Device>(wire, id);
  // A box that comes back may have left a connection behind that is dead, and does not know it yet.
  auto [first, last] = devices_.equal_range(id);
  std::vector<std::shared_ptr<Device>> older;
  for (auto at = first; at != last; ++at) older.push_back(at->second);
  for (std::size_t i = 0; i < older.size(); ++i)
    if (i + attachments_a_box <= older.size())
      older[i]->drain();
    else
      older[i]->doubt(seconds(3));
  auto place = devices_.emplace(id, device);
  json::object seen{{"seen", wire->peer()}, {"relay", options_.name}};
  device->tell(json::serialize(seen));
  co_await device->run();
  devices_.erase(place);
  if (set_up && !devices_.contains(id)) co_await cloud_.detach(options_.name, id);
}

Task<std::shared_ptr<Device>> Relay::find(std::string host) {
  std::string id;
  if (const auto& suffix = options_.setup_suffix; !suffix.empty() && host.ends_with("." + suffix)) {
    id = "setup:" + host.substr(0, host.size() - suffix.size() - 1);
  } else if (auto device = co_await cloud_.device_of(host)) {
    id = *device;
  }
  std::shared_ptr<Device> best;
  auto [first, last] = devices_.equal_range(id);
  for (auto at = first; at != last; ++at)
    if (at->second->usable() && (!best || at->second->streams() < best->streams())) best = at->second;
  co_return best;
}

Task<void> Relay::visit(std::shared_ptr<Wire> wire) {
  struct Count {
    int& visits;
    explicit Count(int& v) : visits(v) { ++visits; }
    ~Count() { --visits; }
  } count(visits_);
  auto began = Steady::now();
  std::string first;
  Hello hello;
  auto reading = [](std::shared_ptr<Wire> from, std::string* into, Hello* found) -> Task<void> {
    while (found->state == Hello::State::incomplete && into->size() < largest_hello + 1024) {
      char chunk[4096];
      auto got = co_await from->read(chunk);
      if (got <= 0) co_return;
      into->append(chunk, static_cast<std::size_t>(got));
      *found = read_hello({reinterpret_cast<const unsigned char*>(into->data()), into->size()});
    }
  };
  using namespace asio::experimental::awaitable_operators;
  co_await (reading(wire, &first, &hello) || sleep_for(seconds(5)));
  std::shared_ptr<Device> device;
  if (hello.state == Hello::State::named) device = co_await find(hello.name);
  if (!device) {
    // TLS alerts (RFC 8446 6, RFC 6066 3): fatal, unrecognized_name or unexpected_message.
    static constexpr char nobody[] = {0x15, 3, 1, 0, 2, 2, 112}, nonsense[] = {0x15, 3, 1, 0, 2, 2, 10};
    bool tls = hello.state == Hello::State::named || hello.state == Hello::State::nameless;
    if (!first.empty()) co_await wire->write(tls ? std::span<const char>(nobody) : std::span<const char>(nonsense));
    wire->finish();
    log(*wire, hello.name, "", nullptr, began, tls ? "no box for this name" : "no TLS");
    co_return wire->abort();
  }
  co_await carry(wire, device, hello.name, std::move(first));
}

Task<void> Relay::carry(std::shared_ptr<Wire> wire, std::shared_ptr<Device> device, std::string host,
                        std::string first) {
  auto began = Steady::now();
  auto stream = device->open(host + ":443", forwarded(*wire));
  if (!stream) {
    log(*wire, host, device->id(), nullptr, began, "the box has no room");
    co_return wire->abort();
  }
  device->send(*stream, first);
  auto up = [](std::shared_ptr<Wire> from, std::shared_ptr<Device> box, std::shared_ptr<Stream> to) -> Task<void> {
    std::unique_ptr<char[]> buffer(new char[32 * 1024]);
    for (;;) {
      while (!to->over && to->to_box.size() >= waiting_for_box) co_await to->bell.wait();
      if (to->over) co_return;
      auto got = co_await from->read({buffer.get(), 32 * 1024});
      if (got < 0) co_return box->reset(*to);
      if (got == 0) co_return box->finish(*to);
      box->send(*to, {buffer.get(), static_cast<std::size_t>(got)});
    }
  };
  auto down = [](std::shared_ptr<Wire> to, std::shared_ptr<Device> box, std::shared_ptr<Stream> from) -> Task<void> {
    for (;;) {
      while (from->from_box.empty() && !from->box_done && !from->over) co_await from->bell.wait();
      if (!from->from_box.empty()) {
        std::string bytes = std::exchange(from->from_box, {});
        bool written = co_await to->write(bytes);
        if (!written) {
          box->reset(*from);
          co_return to->abort();
        }
        box->passed_on(*from, bytes.size());
        continue;
      }
      bool in_order = from->box_done && (from->status == 200);
      if (in_order)
        to->finish();
      else
        to->abort(from->status == 200);
      co_return;
    }
  };
  using namespace asio::experimental::awaitable_operators;
  co_await (up(wire, device, stream) && down(wire, device, stream));
  const char* outcome = stream->status == 200 ? "carried" : stream->status == 0 ? "not answered" : "refused by the box";
  log(*wire, host, device->id(), stream.get(), began, outcome);
  wire->abort();
}

void Relay::log(const Wire& wire, const std::string& host, const std::string& device, const Stream* stream,
                Steady::time_point began, const char* outcome) {
  json::object line{{"relay", options_.name},
                    {"visitor", wire.peer()},
                    {"name", host},
                    {"device", device},
                    {"milliseconds", std::chrono::duration_cast<milliseconds>(Steady::now() - began).count()},
                    {"bytes_to_box", stream ? stream->bytes_in : 0},
                    {"bytes_from_box", stream ? stream->bytes_out : 0},
                    {"outcome", outcome}};
  std::printf("%s\n", json::serialize(line).c_str());
  std::fflush(stdout);
}

Task<void> Relay::drain(seconds patience) {
  draining_ = true;
  for (auto& acceptor : visitors_) acceptor.close();
  for (auto& acceptor : boxes_) acceptor.close();
  for (auto devices = devices_; auto& [id, device] : devices) device->drain();
  auto end = Steady::now() + patience;
  while ((visits_ > 0 || !devices_.empty()) && Steady::now() < end) co_await sleep_for(milliseconds(20));
}

}  // namespace refrelay
