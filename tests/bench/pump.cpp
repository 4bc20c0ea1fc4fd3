// Both ends of what goes through a tunnel: a TLS server on the box, and its visitors. One thread a
// connection.
//   bench_pump serve PORT CERTIFICATE KEY        at all addresses; the same without TLS at PORT + 1
//   bench_pump down|up HOST PORT NAME BYTES      one stream
//   bench_pump fresh HOST PORT NAME COUNT        one after the other: connect, TLS, one small request
//   bench_pump busy HOST PORT NAME COUNT BYTES   so many streams at once, half of them down
//   bench_pump ping COUNT TURNS {HOST PORT NAME}...
//       small requests on so many kept connections to each place; the places in turn, a moment each
// HOST is an IPv4 address. NAME is the server name of the ClientHello; "-" is no TLS. The result is one JSON
// object.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t piece = 64 * 1024, question = 100, answer = 300;
constexpr double moment = 0.06, settled = 0.01;  // seconds

double since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

// A blocking connection, with TLS or without.
class Link {
 public:
  Link(int fd, SSL_CTX* context, const char* name) : fd_(fd) {
    int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (!context) return;
    tls_ = SSL_new(context);
    SSL_set_fd(tls_, fd);
    if (name) SSL_set_tlsext_host_name(tls_, name);
    if ((name ? SSL_connect(tls_) : SSL_accept(tls_)) == 1) return;
    close();
    throw std::runtime_error("no TLS");
  }
  ~Link() { close(); }
  Link(const Link&) = delete;

  void write(const char* bytes, std::size_t size) {
    while (size > 0) {
      auto put =
          tls_ ? SSL_write(tls_, bytes, static_cast<int>(size)) : ::send(fd_, bytes, size, MSG_NOSIGNAL);
      if (put <= 0) throw std::runtime_error("cut while writing");
      bytes += put;
      size -= static_cast<std::size_t>(put);
    }
  }
  std::size_t some(char* bytes, std::size_t most) {
    auto got = tls_ ? SSL_read(tls_, bytes, static_cast<int>(most)) : ::recv(fd_, bytes, most, 0);
    if (got <= 0) throw std::runtime_error("cut while reading");
    return static_cast<std::size_t>(got);
  }
  void read(char* bytes, std::size_t size) {
    for (std::size_t have = 0; have < size;) have += some(bytes + have, size - have);
  }
  void pour(std::uint64_t count) {
    for (const std::vector<char> block(piece, 'x'); count > 0; count -= std::min<std::uint64_t>(count, piece))
      write(block.data(), std::min<std::uint64_t>(count, piece));
  }
  void drink(std::uint64_t count) {
    for (std::vector<char> block(piece); count > 0;)
      count -= some(block.data(), std::min<std::uint64_t>(count, piece));
  }
  // What is wanted: 'd' bytes, 'u' bytes, or 'p', small requests.
  void order(char what, std::uint64_t count) {
    char text[9] = {what};
    for (int i = 0; i < 8; ++i) text[1 + i] = static_cast<char>(count >> (8 * i));
    write(text, sizeof text);
  }
  void ping() {
    char text[answer] = {};
    write(text, question);
    read(text, answer);
  }

 private:
  void close() {
    if (tls_) SSL_shutdown(tls_);
    SSL_free(std::exchange(tls_, nullptr));
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  int fd_;
  SSL* tls_ = nullptr;
};

void serve(Link& link) {
  for (;;) {
    unsigned char text[9];
    link.read(reinterpret_cast<char*>(text), sizeof text);
    std::uint64_t count = 0;
    for (int i = 7; i >= 0; --i) count = count << 8 | text[1 + i];
    char small[answer] = {};
    if (text[0] == 'd') link.pour(count);
    if (text[0] == 'u') link.drink(count), link.write(small, 1);
    for (; text[0] == 'p' && count > 0; --count) link.read(small, question), link.write(small, answer);
  }
}

void listen_at(int port, SSL_CTX* context) {
  int door = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
  ::setsockopt(door, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in place{};
  place.sin_family = AF_INET;
  place.sin_port = htons(static_cast<std::uint16_t>(port));
  if (::bind(door, reinterpret_cast<sockaddr*>(&place), sizeof place) != 0 || ::listen(door, 4096) != 0)
    throw std::runtime_error("the port is taken");
  for (;;) {
    int fd = ::accept(door, nullptr, nullptr);
    if (fd < 0) continue;
    std::thread([fd, context] {
      try {
        Link link(fd, context, nullptr);
        serve(link);
      } catch (const std::exception&) {  // the visitor left
      }
    }).detach();
  }
}

struct Target {
  std::string host, port, name;
  SSL_CTX* context;
  std::unique_ptr<Link> connect() const {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(std::stoi(port)));
    if (::inet_pton(AF_INET, host.c_str(), &to.sin_addr) != 1)
      throw std::runtime_error("no address: " + host);
    int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0)
      throw std::runtime_error("no connection");
    return std::make_unique<Link>(fd, name == "-" ? nullptr : context, name.c_str());
  }
};

double transfer(const Target& target, bool down, std::uint64_t bytes) {
  auto link = target.connect();
  auto begin = Clock::now();
  link->order(down ? 'd' : 'u', bytes);
  char done;
  down ? link->drink(bytes) : (link->pour(bytes), link->read(&done, 1));
  return since(begin);
}

double median(std::vector<double>& seconds) {
  if (seconds.empty()) throw std::runtime_error("nothing was measured");
  auto middle = seconds.begin() + static_cast<std::ptrdiff_t>(seconds.size() / 2);
  std::nth_element(seconds.begin(), middle, seconds.end());
  return *middle;
}

// In so many threads at once; how many failed.
template <class Work>
int together(int count, Work work) {
  std::vector<std::thread> threads;
  std::vector<char> failed(static_cast<std::size_t>(count));
  threads.reserve(failed.size());
  for (int i = 0; i < count; ++i)
    threads.emplace_back([&, i] {
      try {
        work(i);
      } catch (const std::exception&) {
        failed[static_cast<std::size_t>(i)] = 1;
      }
    });
  for (auto& thread : threads) thread.join();
  return static_cast<int>(std::count(failed.begin(), failed.end(), 1));
}

// The median of what small requests take in one moment, on all links at once.
double moment_of(std::vector<std::unique_ptr<Link>>& links) {
  std::vector<std::vector<double>> taken(links.size());
  int failed = together(static_cast<int>(links.size()), [&](int i) {
    auto at = static_cast<std::size_t>(i);
    for (auto begin = Clock::now(); since(begin) < moment;) {
      auto one = Clock::now();
      links[at]->ping();
      if (since(begin) >= settled) taken[at].push_back(since(one));
    }
  });
  if (failed) throw std::runtime_error("connections failed");
  std::vector<double> all;
  for (auto& part : taken) all.insert(all.end(), part.begin(), part.end());
  return median(all);
}

void ping(const std::vector<Target>& targets, int count, int turns) {
  std::vector<std::vector<std::unique_ptr<Link>>> links(targets.size());
  for (std::size_t i = 0; i < targets.size(); ++i)
    for (int each = 0; each < count; ++each) {
      links[i].push_back(targets[i].connect());
      links[i].back()->order('p', UINT64_MAX);
    }
  for (auto& of : links) moment_of(of);  // not counted
  std::printf("{\"turns\": [");
  for (int turn = 0; turn < turns; ++turn) {
    std::printf("%s[", turn == 0 ? "" : ", ");
    for (std::size_t i = 0; i < links.size(); ++i)
      std::printf("%s%.7f", i == 0 ? "" : ", ", moment_of(links[i]));
    std::printf("]");
  }
  std::printf("]}\n");
}

void fresh(const Target& target, int count) {
  std::vector<double> all;
  for (int i = 0; i < count; ++i) {
    auto begin = Clock::now();
    auto link = target.connect();
    link->order('p', 1);
    link->ping();
    all.push_back(since(begin));
  }
  const auto half = median(all);
  std::printf("{\"p50\": %.7f, \"max\": %.7f}\n", half, *std::max_element(all.begin(), all.end()));
}

int run(const std::vector<std::string>& words) {
  const auto& what = words.at(0);
  if (what == "serve") {
    SSL_CTX* context = SSL_CTX_new(TLS_server_method());
    if (SSL_CTX_use_certificate_chain_file(context, words.at(2).c_str()) != 1 ||
        SSL_CTX_use_PrivateKey_file(context, words.at(3).c_str(), SSL_FILETYPE_PEM) != 1)
      throw std::runtime_error("no certificate");
    int port = std::stoi(words.at(1));
    std::thread([port] { listen_at(port + 1, nullptr); }).detach();
    listen_at(port, context);
  }
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  if (what == "ping") {
    std::vector<Target> targets;
    for (std::size_t i = 3; i < words.size(); i += 3)
      targets.push_back({words.at(i), words.at(i + 1), words.at(i + 2), context});
    ping(targets, std::stoi(words.at(1)), std::stoi(words.at(2)));
    return 0;
  }
  const Target target{words.at(1), words.at(2), words.at(3), context};
  const auto number = std::stoull(words.at(4));
  if (what == "down" || what == "up") {
    std::printf("{\"seconds\": %.6f}\n", transfer(target, what == "down", number));
  } else if (what == "fresh") {
    fresh(target, static_cast<int>(number));
  } else {
    const auto bytes = std::stoull(words.at(5));
    auto begin = Clock::now();
    int failed = together(static_cast<int>(number), [&](int i) { transfer(target, i % 2 == 0, bytes); });
    std::printf("{\"failed\": %d, \"seconds\": %.3f}\n", failed, since(begin));
  }
  return 0;
}

}  // namespace

int main(int count, char** words) {
  std::signal(SIGPIPE, SIG_IGN);
  try {
    return run({words + 1, words + count});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_pump: %s\n", error.what());
    return 1;
  }
}
