// A server on the loopback, as honest or hostile as its script: one connection after the other, in a thread.
#pragma once

#include <openssl/ssl.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "tests/net/certs.hpp"

namespace net_test {

// What a script has of a connection. Reading and writing is over TLS once secure() was called.
class Talk {
 public:
  Talk(int fd, SSL_CTX* context) : fd_(fd), context_(context) {}
  ~Talk();
  Talk(const Talk&) = delete;
  bool secure();
  bool resumed() const { return ssl_ && SSL_session_reused(ssl_); }
  std::string client() const;  // the common name of the client's certificate; empty: none
  // Up to the end of a request's header, and what came with it. Empty at the end.
  std::string request();
  bool write(const std::string& bytes);  // false: nobody listens any more
  void reset();                          // ends with a RST
  int fd() const { return fd_; }

 private:
  long take(char* into, int size);
  int fd_;
  SSL_CTX* context_;
  SSL* ssl_ = nullptr;
};

struct Seen {
  std::string request;
  std::uint64_t in = 0, out = 0;  // TCP payload, as the kernel of the server's side counts
  int mss_in = 0;                 // the largest segment that came
  int mss_out = 0;                // what it may send
};

class Server {
 public:
  using Script = std::function<void(Talk&)>;
  struct Options {
    const Issued* identity = nullptr;
    const Issued* client_ca = nullptr;
    int max_version = 0;
    int backlog = 8;
  };
  Server(Options options, Script script);
  ~Server();
  std::uint16_t port() const { return port_; }
  // Of connection number `index`, which must have ended.
  std::vector<Seen> seen();

 private:
  void run();
  SSL_CTX* context_;
  Script script_;
  int listener_;
  std::uint16_t port_ = 0;
  std::atomic<bool> stop_{false};
  std::vector<Seen> seen_;
  std::thread thread_;
};

// A whole answer: 200 and JSON.
std::string answer(const std::string& body = "{}", const std::string& headers = "");

}  // namespace net_test
