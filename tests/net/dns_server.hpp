// A DNS server that the test scripts: what it answers, how late, or not at all.
#pragma once

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace net_test {

struct Reply {
  int rcode = 0;  // 0 good, 2 SERVFAIL, 3 NXDOMAIN, 5 REFUSED
  std::vector<std::string> addresses;
};
// Nothing: silence.
using Zone = std::function<std::optional<Reply>(const std::string& name, bool v6)>;

// UDP and TCP on port 53 of one address (RFC 1035). Answers above 512 bytes are cut short over UDP.
class Dns {
 public:
  Dns(const std::string& address, Zone zone) : zone_(std::move(zone)) {
    auto open = [&](int type) {
      int fd = ::socket(AF_INET, type | SOCK_CLOEXEC, 0);
      int on = 1;
      ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
      sockaddr_in here{};
      here.sin_family = AF_INET;
      here.sin_port = htons(53);
      inet_pton(AF_INET, address.c_str(), &here.sin_addr);
      REQUIRE(::bind(fd, reinterpret_cast<sockaddr*>(&here), sizeof here) == 0);
      return fd;
    };
    udp_ = open(SOCK_DGRAM);
    tcp_ = open(SOCK_STREAM);
    ::listen(tcp_, 8);
    thread_ = std::thread([this] { run(); });
  }
  ~Dns() {
    stop_ = true;
    thread_.join();
    ::close(udp_);
    ::close(tcp_);
  }
  std::vector<std::string> names() {
    std::lock_guard lock(mutex_);
    return names_;
  }
  std::atomic<std::uint64_t> in{0}, out{0}, tcp_in{0}, tcp_out{0};

 private:
  void run() {
    while (!stop_) {
      pollfd fds[] = {{udp_, POLLIN, 0}, {tcp_, POLLIN, 0}};
      if (::poll(fds, 2, 20) <= 0) continue;
      char bytes[4096];
      if (fds[0].revents) {
        sockaddr_storage from{};
        socklen_t size = sizeof from;
        auto got = ::recvfrom(udp_, bytes, sizeof bytes, 0, reinterpret_cast<sockaddr*>(&from), &size);
        in += std::uint64_t(got);
        auto reply = respond({bytes, std::size_t(got)});
        if (reply.empty()) continue;
        if (reply.size() > 512) {
          reply.resize(12 + question_);
          reply[2] |= 2;  // TC
          reply[7] = 0;
          reply[6] = 0;
        }
        out += reply.size();  // before whoever asked can look
        ::sendto(udp_, reply.data(), reply.size(), 0, reinterpret_cast<sockaddr*>(&from), size);
      }
      if (fds[1].revents) {
        int fd = ::accept4(tcp_, nullptr, nullptr, SOCK_CLOEXEC);
        timeval patience{2, 0};
        ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        // Both questions may come on one connection.
        std::string stream;
        ssize_t got;
        while ((got = ::recv(fd, bytes, sizeof bytes, 0)) > 0) {
          tcp_in += std::uint64_t(got);
          stream.append(bytes, std::size_t(got));
          while (stream.size() > 2) {
            std::size_t size = std::size_t(std::uint8_t(stream[0])) * 256 + std::uint8_t(stream[1]);
            if (stream.size() < 2 + size) break;
            auto reply = respond(stream.substr(2, size));
            stream.erase(0, 2 + size);
            reply = std::string{char(reply.size() >> 8), char(reply.size() & 255)} + reply;
            tcp_out += reply.size();
            ::send(fd, reply.data(), reply.size(), MSG_NOSIGNAL);
          }
        }
        ::close(fd);
      }
    }
  }
  std::string respond(const std::string& query) {
    std::string name;
    std::size_t at = 12;
    while (at < query.size() && query[at]) {
      auto size = std::size_t(std::uint8_t(query[at]));
      name += (name.empty() ? "" : ".") + query.substr(at + 1, size);
      at += size + 1;
    }
    question_ = at + 5 - 12;
    bool v6 = query[at + 2] == 28;
    {
      std::lock_guard lock(mutex_);
      names_.push_back(name);
    }
    auto reply = zone_(name, v6);
    if (!reply) return {};
    std::string out = query.substr(0, 12 + question_);
    out[2] = char(0x81);
    out[3] = char(0x80 | reply->rcode);
    out[6] = char(reply->addresses.size() >> 8);
    out[7] = char(reply->addresses.size() & 255);
    out[8] = out[9] = out[10] = out[11] = 0;
    for (const auto& text : reply->addresses) {
      char bytes[16];
      inet_pton(v6 ? AF_INET6 : AF_INET, text.c_str(), bytes);
      out += std::string("\xc0\x0c\0", 3) + (v6 ? '\x1c' : '\x01') + std::string("\0\x01\0\0\0\x3c\0", 7) +
             (v6 ? '\x10' : '\x04');
      out.append(bytes, v6 ? 16 : 4);
    }
    return out;
  }
  Zone zone_;
  int udp_, tcp_;
  std::size_t question_ = 0;
  std::mutex mutex_;
  std::vector<std::string> names_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace net_test
