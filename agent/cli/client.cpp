#include "agent/cli/client.hpp"

#include "agent/cli/events.hpp"
#include "agent/cli/field.hpp"

#include <poll.h>
#include <sys/un.h>
#include <boost/asio/buffers_iterator.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cerrno>

namespace qcloud::cli {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using Error = boost::system::error_code;
using Local = asio::local::stream_protocol;

// Longer than any answer takes: register waits for the cloud, data export for all of it.
constexpr int patience_ms = 120'000;

/// The socket as Beast's synchronous stream, which gives up when the agent is mute for
/// too long or the user interrupts; Asio's own synchronous reads can do neither.
class Wire {
 public:
  Wire(Local::socket& socket, int interrupt, int patience)
      : socket_(socket), interrupt_(interrupt), patience_(patience) {}

  template <class Buffers>
  std::size_t read_some(const Buffers& to, Error& error) {
    return ready(POLLIN, error) ? socket_.read_some(to, error) : 0;
  }
  template <class Buffers>
  std::size_t write_some(const Buffers& from, Error& error) {
    return ready(POLLOUT, error) ? socket_.write_some(from, error) : 0;
  }
  // Beast's concept asks for the throwing forms too; nobody calls them.
  template <class Buffers>
  std::size_t read_some(const Buffers& to) {
    return socket_.read_some(to);
  }
  template <class Buffers>
  std::size_t write_some(const Buffers& from) {
    return socket_.write_some(from);
  }

 private:
  bool ready(short what, Error& error) {
    pollfd wanted[2] = {{socket_.native_handle(), what, 0}, {interrupt_, POLLIN, 0}};
    int got = 0;
    do got = ::poll(wanted, 2, patience_);
    while (got < 0 && errno == EINTR);  // a Ctrl-C shows on the descriptor, other signals do not matter
    if (got == 0)
      error = asio::error::timed_out;
    else if (got < 0 || (wanted[1].revents & POLLIN))
      error = asio::error::interrupted;
    else
      error = {};
    return !error;
  }

  Local::socket& socket_;
  int interrupt_;
  int patience_;
};

Failure broken(const std::string& socket, const Error& error) {
  if (error == asio::error::interrupted) return {Exit::refused, "Stopped.", "", "interrupted"};
  if (error == asio::error::access_denied)
    return {Exit::not_permitted, "You may not talk to the agent at " + plain(socket) + ".",
            "Run the command as root, for example with sudo.", ""};
  if (error == asio::error::timed_out)
    return {Exit::not_running, "The agent does not answer at " + plain(socket) + ".",
            "Restart it with: systemctl restart qcloud", ""};
  if (error == http::error::end_of_stream || error == http::error::partial_message ||
      error == asio::error::eof || error == asio::error::connection_reset ||
      error == asio::error::broken_pipe)
    return {Exit::not_running, "The agent stopped before it had answered.",
            "See why with: journalctl -u qcloud", ""};
  if (error.category() == http::make_error_code(http::error::bad_version).category())
    return {Exit::refused, "What answers at " + plain(socket) + " is not the agent.", "Check --socket.", ""};
  return {Exit::not_running, "The agent does not run (no answer at " + plain(socket) + ").",
          "Start it with: systemctl start qcloud", ""};
}

Result<Local::socket> connected(asio::io_context& context, const std::string& path) {
  // Asio would throw; and a path that was cut would be another socket.
  if (path.empty() || path.size() >= sizeof(sockaddr_un::sun_path))
    return Failure{Exit::usage, "'" + plain(path) + "' cannot be a socket: a path has 1 to 107 characters.",
                   "Check --socket.", ""};
  Local::socket socket(context);
  Error error;
  socket.connect(Local::endpoint(path), error);
  if (error) return broken(path, error);
  return socket;
}

http::request<http::string_body> request(std::string_view method, const Target& target) {
  http::request<http::string_body> out;
  out.method_string({method.data(), method.size()});
  out.target(target.text());
  out.version(11);
  out.set(http::field::host, "localhost");
  out.set(http::field::user_agent, "qcloud");
  return out;
}

Result<boost::json::object> understood(const std::string& socket, unsigned status, std::string_view body) {
  Error error;
  boost::json::value value = boost::json::object();
  if (!body.empty()) value = boost::json::parse({body.data(), body.size()}, error);
  if (status >= 300) return from_problem(status, error ? boost::json::object() : object_of(value));
  if (error || !value.is_object())
    return Failure{Exit::refused, "What answers at " + plain(socket) + " is not the agent.",
                   "Check --socket.", ""};
  return std::move(value.get_object());
}

}  // namespace

Result<boost::json::object> Client::call(std::string_view method, const Target& target,
                                         std::optional<boost::json::object> body) const {
  asio::io_context context;
  auto socket = connected(context, socket_);
  if (!socket) return socket.error();
  Wire wire(*socket, interrupt_, patience_ms);
  auto asked = request(method, target);
  asked.set(http::field::accept, "application/json, application/problem+json");
  asked.keep_alive(false);
  if (body) {
    asked.set(http::field::content_type, "application/json");
    asked.body() = boost::json::serialize(*body);
  }
  asked.prepare_payload();
  Error error;
  http::write(wire, asked, error);
  // An agent that refuses early may close before it has read all: its answer still counts.
  if (error && error != asio::error::broken_pipe) return broken(socket_, error);
  beast::flat_buffer buffer;
  http::response_parser<http::string_body> answer;
  answer.body_limit(256u << 20);
  http::read(wire, buffer, answer, error);
  if (error) return broken(socket_, error);
  return understood(socket_, answer.get().result_int(), answer.get().body());
}

Result<void> Client::follow(
    const std::function<bool()>& opened,
    const std::function<bool(std::string_view, const boost::json::object&)>& event) const {
  asio::io_context context;
  auto socket = connected(context, socket_);
  if (!socket) return socket.error();
  Wire wire(*socket, interrupt_, -1);
  auto asked = request("GET", Target("/v1/events"));
  asked.set(http::field::accept, "text/event-stream");
  Error error;
  http::write(wire, asked, error);
  if (error) return broken(socket_, error);
  beast::flat_buffer buffer;
  http::response_parser<http::string_body> answer;
  answer.body_limit(boost::none);
  http::read_header(wire, buffer, answer, error);
  if (error) return broken(socket_, error);
  const unsigned status = answer.get().result_int();
  if (status != 200) {
    http::read(wire, buffer, answer, error);
    if (error) return broken(socket_, error);
    const auto refused = understood(socket_, status < 300 ? 500 : status, answer.get().body());
    return refused.error();
  }
  if (!opened()) return {};
  EventParser parser;
  const auto sink = [&](std::string_view name, std::string_view data) {
    Error bad;
    const auto value = boost::json::parse({data.data(), data.size()}, bad);
    return bad || event(name, object_of(value));
  };
  while (!answer.is_done()) {
    http::read_some(wire, buffer, answer, error);
    if (error) return broken(socket_, error);
    const std::string piece = std::move(answer.get().body());
    answer.get().body().clear();
    if (!parser.feed(piece, sink)) return {};
  }
  return broken(socket_, http::error::end_of_stream);
}

}  // namespace qcloud::cli
