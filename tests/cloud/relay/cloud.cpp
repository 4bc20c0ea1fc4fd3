#include "tests/cloud/relay/cloud.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/json.hpp>

namespace refrelay {

namespace json = boost::json;

namespace {

constexpr auto as_value = asio::as_tuple(asio::use_awaitable);

}  // namespace

Task<CloudDoor::Answer> CloudDoor::ask(std::string method, std::string target, std::string body) {
  auto executor = co_await asio::this_coro::executor;
  asio::local::stream_protocol::socket socket(executor);
  auto [refused] = co_await socket.async_connect(door_, as_value);
  Answer out;
  if (refused) co_return out;
  std::string request = method + ' ' + target + " HTTP/1.1\r\nHost: cloud\r\nConnection: close\r\n";
  if (!body.empty()) request += "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n";
  request += "\r\n" + body;
  co_await asio::async_write(socket, asio::buffer(request), as_value);
  std::string answer;
  co_await asio::async_read(socket, asio::dynamic_buffer(answer, 64 * 1024), as_value);
  auto head = answer.find("\r\n\r\n");
  if (answer.starts_with("HTTP/1.1 ") && head != std::string::npos) {
    out.status = std::atoi(answer.c_str() + 9);
    out.body = answer.substr(head + 4);
  }
  co_return out;
}

Task<bool> CloudDoor::started(std::string relay, std::string ipv4, std::string ipv6) {
  json::object body{{"relay", relay}, {"ipv4", nullptr}, {"ipv6", nullptr}};
  if (!ipv4.empty()) body["ipv4"] = ipv4;
  if (!ipv6.empty()) body["ipv6"] = ipv6;
  auto answer = co_await ask("POST", "/relay/started", json::serialize(body));
  co_return answer.status == 200;
}

Task<bool> CloudDoor::attach(std::string relay, std::string device, std::string seen, std::string certificate) {
  json::object body{{"relay", relay}, {"device_id", device}, {"seen", seen}, {"certificate_sha256", certificate}};
  auto answer = co_await ask("POST", "/relay/attach", json::serialize(body));
  co_return answer.status == 200;
}

Task<void> CloudDoor::detach(std::string relay, std::string device) {
  json::object body{{"relay", relay}, {"device_id", device}};
  co_await ask("POST", "/relay/detach", json::serialize(body));
}

Task<std::optional<std::string>> CloudDoor::device_of(std::string host) {
  auto answer = co_await ask("GET", "/relay/device?host=" + host, "");
  if (answer.status != 200) co_return std::nullopt;
  boost::system::error_code failed;
  auto value = json::parse(answer.body, failed);
  if (failed || !value.is_object()) co_return std::nullopt;
  auto* device = value.get_object().if_contains("device_id");
  if (!device || !device->is_string()) co_return std::nullopt;
  co_return std::string(device->get_string());
}

}  // namespace refrelay
