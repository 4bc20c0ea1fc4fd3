#include "tests/net/server.hpp"

#include <arpa/inet.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace net_test {

Talk::~Talk() {
  if (ssl_) {
    SSL_shutdown(ssl_);
    SSL_free(ssl_);
    ERR_clear_error();
  }
}

bool Talk::secure() {
  ssl_ = SSL_new(context_);
  SSL_set_fd(ssl_, fd_);
  return SSL_accept(ssl_) == 1;
}

std::string Talk::client() const {
  X509* shown = ssl_ ? SSL_get0_peer_certificate(ssl_) : nullptr;
  char name[200] = "";
  if (shown) X509_NAME_get_text_by_NID(X509_get_subject_name(shown), NID_commonName, name, sizeof name);
  return name;
}

long Talk::take(char* into, int size) {
  return ssl_ ? SSL_read(ssl_, into, size) : ::recv(fd_, into, size_t(size), 0);
}

std::string Talk::request() {
  std::string text;
  char chunk[4096];
  while (text.find("\r\n\r\n") == std::string::npos) {
    auto got = take(chunk, sizeof chunk);
    if (got <= 0) return {};
    text.append(chunk, size_t(got));
  }
  return text;
}

bool Talk::write(const std::string& bytes) {
  if (ssl_) return SSL_write(ssl_, bytes.data(), int(bytes.size())) > 0;
  return ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) == ssize_t(bytes.size());
}

void Talk::reset() {
  linger now{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

Server::Server(Options options, Script script)
    : context_(SSL_CTX_new(TLS_server_method())), script_(std::move(script)) {
  if (options.identity) {
    SSL_CTX_use_certificate(context_, options.identity->certificate.get());
    SSL_CTX_use_PrivateKey(context_, options.identity->key.get());
  }
  SSL_CTX_set_session_id_context(context_, reinterpret_cast<const unsigned char*>("test"), 4);
  SSL_CTX_set_options(context_, SSL_OP_NO_TICKET | SSL_OP_IGNORE_UNEXPECTED_EOF);  // stateful, as the cloud
  if (options.client_ca) {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context_), options.client_ca->certificate.get());
    SSL_CTX_set_verify(context_, SSL_VERIFY_PEER, nullptr);
  }
  if (options.max_version) {
    SSL_CTX_set_security_level(context_, 0);
    SSL_CTX_set_min_proto_version(context_, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(context_, options.max_version);
  }
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in here{};
  here.sin_family = AF_INET;
  here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof here;
  (void)::bind(listener_, reinterpret_cast<sockaddr*>(&here), size);
  ::getsockname(listener_, reinterpret_cast<sockaddr*>(&here), &size);
  port_ = ntohs(here.sin_port);
  ::listen(listener_, options.backlog);
  thread_ = std::thread([this] { run(); });
}

Server::~Server() {
  stop_ = true;
  ::shutdown(listener_, SHUT_RDWR);
  thread_.join();
  ::close(listener_);
  SSL_CTX_free(context_);
}

std::vector<Seen> Server::seen() {
  stop_ = true;
  ::shutdown(listener_, SHUT_RDWR);
  thread_.join();
  thread_ = std::thread([] {});
  return seen_;
}

void Server::run() {
  while (!stop_) {
    int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    timeval patience{10, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    {
      Talk talk(fd, context_);
      script_(talk);
    }
    // The client's end, so that all that it sent was counted.
    ::shutdown(fd, SHUT_WR);
    char scrap[4096];
    ssize_t got;
    do got = ::recv(fd, scrap, sizeof scrap, 0);
    while (got > 0);
    tcp_info info{};
    socklen_t size = sizeof info;
    Seen seen;
    if (::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0) {
      // The FIN is counted in by the kernel.
      seen.in = info.tcpi_bytes_received - (got == 0 ? 1 : 0);
      seen.out = info.tcpi_bytes_sent - info.tcpi_bytes_retrans;
      seen.mss_in = int(info.tcpi_rcv_mss);
      seen.mss_out = int(info.tcpi_snd_mss);
    }
    seen_.push_back(seen);
    ::close(fd);
  }
}

std::string answer(const std::string& body, const std::string& headers) {
  return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

}  // namespace net_test
