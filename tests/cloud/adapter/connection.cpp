#include "tests/cloud/adapter/connection.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <algorithm>

#include "tests/cloud/problem.hpp"

namespace refcloud {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;
using Parser = http::request_parser<http::string_body>;

constexpr std::size_t max_header = 16 << 10;

std::string on_the_wire(Response response, const Clock& clock, bool keep_alive) {
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
bool protocol_fault(const beast::error_code& error) {
  return error.category() == http::make_error_code(http::error::bad_method).category() &&
         error != http::error::end_of_stream && error != http::error::partial_message;
}

asio::awaitable<void> wait(asio::steady_timer* timer) {
  beast::error_code woken;
  co_await timer->async_wait(asio::redirect_error(asio::use_awaitable, woken));
}

asio::awaitable<void> read_more(Wire* wire, beast::flat_buffer* buffer, std::size_t most,
                                beast::error_code* error) {
  const auto moved = co_await wire->read_some(buffer->prepare(most));
  *error = moved.error;
  buffer->commit(moved.size);
}

// Reads on until the parser has the header, or all of the message.
asio::awaitable<beast::error_code> read_message(Wire* wire, beast::flat_buffer* buffer, Parser* parser,
                                                bool only_header) {
  while (only_header ? !parser->is_header_done() : !parser->is_done()) {
    beast::error_code error;
    const auto used = buffer->size() == 0 ? 0 : parser->put(buffer->data(), error);
    buffer->consume(used);
    if (error && error != http::error::need_more) co_return error;
    if (used != 0) continue;
    co_await read_more(wire, buffer, 4096, &error);
    if (error) co_return error;
  }
  co_return beast::error_code();
}

// Waits until the watch has an answer. Reads on meanwhile, since only so a client that goes away is noticed;
// what it may send early stays in `buffer`. Nothing if it went away.
asio::awaitable<std::optional<Response>> hang(Wire* wire, Service* service, beast::flat_buffer* buffer,
                                              Hang what) {
  using namespace asio::experimental::awaitable_operators;
  asio::steady_timer timer(wire->executor());
  const Watches::Entry entry(service->watches, what.device_id, timer);
  wire->expires_after(std::nullopt);
  for (;;) {
    if (auto response = service->cloud.recheck(what)) co_return response;
    timer.expires_after(std::chrono::seconds(std::max<Seconds>(what.until - service->clock.now(), 1)));
    if (buffer->size() >= max_header) {
      co_await wait(&timer);
      continue;
    }
    beast::error_code error;
    co_await (wait(&timer) || read_more(wire, buffer, 1024, &error));
    if (error && error != asio::error::operation_aborted) co_return std::nullopt;
  }
}

}  // namespace

asio::awaitable<void> serve(Wire* wire, Service* service, Answer answer, std::size_t most) {
  beast::flat_buffer buffer;
  for (bool keep_alive = true; keep_alive;) {
    if (buffer.size() == 0) {
      wire->expires_after(std::chrono::seconds(60));
      beast::error_code error;
      co_await read_more(wire, &buffer, 4096, &error);
      if (error) co_return;
    }
    Parser parser;
    parser.header_limit(max_header);
    parser.body_limit(most);
    wire->expires_after(std::chrono::seconds(10));
    auto error = co_await read_message(wire, &buffer, &parser, true);
    if (!error && beast::iequals(parser.get()[http::field::expect], "100-continue")) {
      static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
      co_await wire->write(asio::buffer(go_on));
    }
    if (!error) error = co_await read_message(wire, &buffer, &parser, false);

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
        response = co_await hang(wire, service, &buffer, std::get<Hang>(std::move(reply)));
      if (!response) co_return;
    }
    wire->expires_after(std::chrono::seconds(30));
    const auto text = on_the_wire(*std::move(response), service->clock, keep_alive);
    const auto written = co_await wire->write(asio::buffer(text));
    if (written.error) co_return;
  }
}

}  // namespace refcloud
