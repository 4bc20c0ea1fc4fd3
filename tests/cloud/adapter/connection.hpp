// One HTTP/1.1 connection, whatever its bytes run over.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include <algorithm>
#include <chrono>
#include <functional>

#include "tests/cloud/adapter/server.hpp"
#include "tests/cloud/problem.hpp"

namespace refcloud {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

constexpr auto use_tuple = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t max_header = 16 << 10;
constexpr std::size_t max_body_bytes = 64 << 10;

/// Answers a request of this connection; fills in what the connection knows (peer, certificate).
using Answer = std::function<Reply(Request)>;

inline std::string wire(Response response, const Clock& clock, bool keep_alive) {
  // What the cloud answered is complete; what the connection itself had to say is not yet.
  if (!header(response.headers, "Date")) response.headers.emplace_back("Date", http_date(clock.now()));
  if (response.status != 204 && !header(response.headers, "Content-Length"))
    response.headers.emplace_back("Content-Length", std::to_string(response.body.size()));
  std::string out = "HTTP/1.1 " + std::to_string(response.status) + ' ' + reason(response.status) + "\r\n";
  for (const auto& [name, value] : response.headers)
    out.append(name).append(": ").append(value).append("\r\n");
  out += keep_alive ? "\r\n" : "Connection: close\r\n\r\n";
  return out.append(response.body);
}

// True if the client sent something wrong, false if the connection just ended or timed out.
inline bool protocol_fault(const beast::error_code& error) {
  return error.category() == http::make_error_code(http::error::bad_method).category() &&
         error != http::error::end_of_stream && error != http::error::partial_message;
}

// Waits until the watch has an answer. Reads on meanwhile, since only so a client that goes away is noticed;
// what it may send early stays in `buffer`. Nothing if it went away.
template <class Stream>
asio::awaitable<std::optional<Response>> hang(Stream* stream, Service* service, beast::flat_buffer* buffer,
                                              Hang what) {
  using namespace asio::experimental::awaitable_operators;
  asio::steady_timer timer(stream->get_executor());
  const Watches::Entry entry(service->watches, what.device_id, timer);
  beast::get_lowest_layer(*stream).expires_never();
  for (;;) {
    if (auto response = service->cloud.recheck(what)) co_return response;
    timer.expires_after(std::chrono::seconds(std::max<Seconds>(what.until - service->clock.now(), 1)));
    if (buffer->size() >= max_header) {
      co_await timer.async_wait(use_tuple);
      continue;
    }
    auto space = buffer->prepare(1024);
    const auto first = co_await (timer.async_wait(use_tuple) || stream->async_read_some(space, use_tuple));
    if (first.index() == 1) {
      const auto& [error, size] = std::get<1>(first);
      if (error) co_return std::nullopt;
      buffer->commit(size);
    }
  }
}

/// Serves requests until the client closes, is silent for too long, or breaks the protocol.
template <class Stream>
asio::awaitable<void> serve(Stream* stream, Service* service, Answer answer) {
  auto& lowest = beast::get_lowest_layer(*stream);
  beast::flat_buffer buffer;
  for (bool keep_alive = true; keep_alive;) {
    if (buffer.size() == 0) {
      lowest.expires_after(std::chrono::seconds(60));
      auto space = buffer.prepare(4096);
      const auto [error, size] = co_await stream->async_read_some(space, use_tuple);
      if (error) co_return;
      buffer.commit(size);
    }
    http::request_parser<http::string_body> parser;
    parser.header_limit(max_header);
    parser.body_limit(max_body_bytes);
    lowest.expires_after(std::chrono::seconds(10));
    auto [error, size] = co_await http::async_read_header(*stream, buffer, parser, use_tuple);
    if (!error && beast::iequals(parser.get()[http::field::expect], "100-continue")) {
      static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
      co_await asio::async_write(*stream, asio::buffer(go_on), use_tuple);
    }
    if (!error) std::tie(error, size) = co_await http::async_read(*stream, buffer, parser, use_tuple);

    std::optional<Response> response;
    if (error) {
      if (!protocol_fault(error)) co_return;
      const int status = error == http::error::body_limit     ? 413
                         : error == http::error::header_limit ? 431
                                                              : 400;
      response = problem_response(Problem{status, status == 400 ? "bad-request" : "too-large",
                                          "Malformed request: " + error.message() + '.'});
      keep_alive = false;
    } else {
      auto message = parser.release();
      keep_alive = message.keep_alive();
      Request request{std::string(message.method_string()),
                      std::string(message.target()),
                      {},
                      std::move(message.body()),
                      {},
                      {}};
      for (const auto& field : message) request.headers.emplace_back(field.name_string(), field.value());
      auto reply = answer(std::move(request));
      if (auto* const at_once = std::get_if<Response>(&reply))
        response = std::move(*at_once);
      else
        response = co_await hang(stream, service, &buffer, std::get<Hang>(std::move(reply)));
      if (!response) co_return;
    }
    lowest.expires_after(std::chrono::seconds(30));
    const auto text = wire(*std::move(response), service->clock, keep_alive);
    const auto [failed, written] = co_await asio::async_write(*stream, asio::buffer(text), use_tuple);
    if (failed) co_return;
  }
}

}  // namespace refcloud
