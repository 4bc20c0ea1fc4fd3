#include "tests/cloud/relay/adapter/cloud.hpp"

#include <openssl/rand.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/json.hpp>

#include <stdexcept>

namespace refrelay {

namespace json = boost::json;

namespace {

constexpr auto as_value = asio::as_tuple(asio::use_awaitable);

json::object object_in(const std::string& body) {
  boost::system::error_code failed;
  auto value = json::parse(body, failed);
  return !failed && value.is_object() ? value.get_object() : json::object{};
}

}  // namespace

CloudDoor::CloudDoor(const std::string& socket) : door_(socket) {
  // Tells this process from the one of its name that was before it, and may finish beside it.
  unsigned char random[8];
  if (RAND_bytes(random, sizeof random) != 1) throw std::runtime_error("there is no randomness");
  for (auto byte : random) run_ += "0123456789abcdef"[byte / 16], run_ += "0123456789abcdef"[byte % 16];
}

json::object CloudDoor::words_of(const std::string& relay) const { return {{"relay", relay}, {"run", run_}}; }

Task<CloudDoor::Answer> CloudDoor::exchange(std::string request) {
  asio::local::stream_protocol::socket socket(co_await asio::this_coro::executor);
  Answer out;
  auto [refused] = co_await socket.async_connect(door_, as_value);
  if (refused) co_return out;
  co_await asio::async_write(socket, asio::buffer(request), as_value);
  std::string answer;
  co_await asio::async_read(socket, asio::dynamic_buffer(answer, 1024 * 1024), as_value);
  auto head = answer.find("\r\n\r\n");
  if (answer.starts_with("HTTP/1.1 ") && head != std::string::npos) {
    out.status = std::atoi(answer.c_str() + 9);
    out.body = answer.substr(head + 4);
  }
  co_return out;
}

Task<CloudDoor::Answer> CloudDoor::ask(std::string method, std::string target, std::string body,
                                       std::chrono::milliseconds patience) {
  std::string request = method + ' ' + target + " HTTP/1.1\r\nHost: cloud\r\nConnection: close\r\n";
  if (!body.empty())
    request += "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n";
  request += "\r\n" + body;
  auto done = co_await before(exchange(request), sleep_for(patience));
  co_return done ? std::move(*done) : Answer();
}

Task<bool> CloudDoor::started(std::string relay, std::string ipv4, std::string ipv6) {
  auto body = words_of(relay);
  body["ipv4"] = nullptr;
  body["ipv6"] = nullptr;
  if (!ipv4.empty()) body["ipv4"] = ipv4;
  if (!ipv6.empty()) body["ipv6"] = ipv6;
  auto answer = co_await ask("POST", "/relay/started", json::serialize(body), std::chrono::seconds(1));
  co_return answer.status == 200;
}

Task<CloudDoor::Admission> CloudDoor::attach(std::string relay, std::string device, std::string seen,
                                             std::string certificate) {
  auto body = words_of(relay);
  body["device_id"] = device;
  body["seen"] = seen;
  body["certificate_sha256"] = certificate;
  auto answer = co_await ask("POST", "/relay/attach", json::serialize(body));
  Admission out{answer.status == 200, std::nullopt};
  auto value = object_in(answer.body);
  if (auto* newest = value.if_contains("news"); newest && newest->is_int64())
    out.newest = newest->get_int64();
  co_return out;
}

Task<void> CloudDoor::detach(std::string relay, std::string device) {
  auto body = words_of(relay);
  body["device_id"] = device;
  co_await ask("POST", "/relay/detach", json::serialize(body));
}

Task<std::optional<std::string>> CloudDoor::device_of(std::string host) {
  // A host name as hello.hpp lets it through needs no escape.
  auto answer = co_await ask("GET", "/relay/device?host=" + host, "");
  if (answer.status == 404) co_return "";
  if (answer.status != 200) co_return std::nullopt;
  auto value = object_in(answer.body);
  auto* device = value.if_contains("device_id");
  if (!device || !device->is_string()) co_return std::nullopt;
  co_return std::string(device->get_string());
}

Task<std::optional<CloudDoor::News>> CloudDoor::news(std::string relay, Newest told,
                                                     std::chrono::seconds hold) {
  json::object attached;
  for (const auto& [id, number] : told) attached[id] = number;
  auto body = words_of(relay);
  body["attached"] = std::move(attached);
  body["hold"] = hold.count();
  auto answer = co_await ask("POST", "/relay/news", json::serialize(body), hold + std::chrono::seconds(10));
  if (answer.status != 200) co_return std::nullopt;
  News out;
  auto value = object_in(answer.body);
  if (auto* list = value.if_contains("gone"); list && list->is_array())
    for (const auto& id : list->get_array())
      if (id.is_string()) out.gone.emplace_back(id.get_string());
  if (auto* newer = value.if_contains("news"); newer && newer->is_object())
    for (const auto& [id, number] : newer->get_object())
      if (number.is_int64()) out.newer[std::string(id)] = number.get_int64();
  co_return out;
}

}  // namespace refrelay
