#include "tests/cli/agent_double.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace qcloud::cli {

std::string fixture(const std::string& name) {
  std::ifstream file(std::string(QCLOUD_CLI_FIXTURES) + "/" + name + ".json");
  if (!file) throw std::runtime_error("no fixture " + name);
  return {std::istreambuf_iterator<char>(file), {}};
}

TempDir::TempDir() {
  std::string pattern = (std::filesystem::temp_directory_path() / "qcloud-cli-XXXXXX").string();
  if (!mkdtemp(pattern.data())) throw std::runtime_error("mkdtemp");
  dir_ = pattern;
}

TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(dir_, ignored);
}

std::string TempDir::write(const std::string& name, const std::string& text) const {
  std::ofstream(path(name), std::ios::binary) << text;
  return path(name);
}

AgentDouble::AgentDouble() {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, socket().c_str(), sizeof address.sun_path - 1);
  listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      listen(listener_, 8) != 0 || pipe(stop_) != 0)
    throw std::runtime_error("no socket for the agent's double");
  thread_ = std::thread([this] { serve(); });
}

AgentDouble::~AgentDouble() {
  [[maybe_unused]] const auto written = write(stop_[1], "!", 1);
  thread_.join();
  for (int fd : {listener_, stop_[0], stop_[1]}) close(fd);
}

void AgentDouble::answer(const std::string& request, unsigned status, const std::string& body) {
  raw(request, "HTTP/1.1 " + std::to_string(status) +
                   " X\r\nContent-Type: " + (status < 300 ? "application/json" : "application/problem+json") +
                   "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
}

void AgentDouble::raw(const std::string& request, const std::string& bytes) {
  const std::lock_guard lock(mutex_);
  answers_[request].push_back(bytes);
}

std::vector<std::string> AgentDouble::asked() const {
  const std::lock_guard lock(mutex_);
  return asked_;
}

bool AgentDouble::was_asked(const std::string& request) const {
  for (const auto& one : asked())
    if (one == request) return true;
  return false;
}

void AgentDouble::serve() {
  while (true) {
    pollfd wanted[2] = {{listener_, POLLIN, 0}, {stop_[0], POLLIN, 0}};
    poll(wanted, 2, -1);
    if (wanted[1].revents) return;
    const int connection = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) continue;
    talk(connection);
    close(connection);
  }
}

void AgentDouble::talk(int connection) {
  std::string text;
  char block[4096];
  std::size_t head = std::string::npos, length = 0;
  while (head == std::string::npos || text.size() < head + 4 + length) {
    const auto got = recv(connection, block, sizeof block, 0);
    if (got <= 0) return;
    text.append(block, static_cast<std::size_t>(got));
    head = text.find("\r\n\r\n");
    if (const auto at = text.find("Content-Length: "); at != std::string::npos)
      length = std::stoul(text.substr(at + 16));
  }
  const std::string request = text.substr(0, text.find(" HTTP/1.1"));
  std::string bytes = "HTTP/1.1 404 X\r\nContent-Length: 0\r\n\r\n";
  {
    const std::lock_guard lock(mutex_);
    asked_.push_back(length ? request + " " + text.substr(head + 4) : request);
    if (auto& canned = answers_[request]; !canned.empty()) {
      bytes = canned.front();
      if (canned.size() > 1) canned.erase(canned.begin());
    }
  }
  send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL);
}

Call::Call(const std::string& socket)
    : host{.in = in,
           .out = out,
           .err = err,
           .in_terminal = false,
           .out_terminal = false,
           .color = false,
           .columns = 80,
           .socket = socket,
           .now = [] { return std::int64_t{1795428180}; },
           .catch_interrupt = [this] { return interrupt[0]; },
           .pause =
               [this](int) {
                 if (pauses++ == interrupt_after) [[maybe_unused]]
                   const auto written = write(interrupt[1], "!", 1);
                 return interrupt_after >= 0 && pauses > interrupt_after;
               }} {
  if (pipe(interrupt) != 0) throw std::runtime_error("pipe");
}

Call::~Call() {
  for (int fd : interrupt) close(fd);
}

}  // namespace qcloud::cli
