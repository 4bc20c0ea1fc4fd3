#include "agent/control/server.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/json/serialize.hpp>
#include <deque>
#include <list>
#include <map>
#include <optional>

#include "agent/control/json_body.hpp"
#include "agent/core/race.hpp"

namespace qcloud {

namespace asio = boost::asio;
namespace http = boost::beast::http;
namespace json = boost::json;
using asio::local::stream_protocol;

namespace {

constexpr auto as_value = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t header_limit = 16 * 1024, most_waiting_events = 256;
// A guest can only read, and has nothing to say.
constexpr std::size_t admin_body = 1024 * 1024, guest_body = 4 * 1024;
// Places, of all and of one user. The owner must always find one.
constexpr std::size_t most_admins = 32, most_guests = 8, most_of_one_admin = 16, most_of_one_guest = 4,
                      most_followers = 8;

struct Follower {
  explicit Follower(asio::any_io_executor executor) : wake(executor) {}
  std::deque<std::string> waiting;
  Signal wake;
};

std::string reply(int status, const json::object& body, const std::vector<std::string>& allow = {}) {
  auto text = json::serialize(body) + "\n";
  std::string reason(http::obsolete_reason(static_cast<http::status>(status)));
  std::string head = "HTTP/1.1 " + std::to_string(status) + " " + reason +
                     "\r\nContent-Type: " + (status < 400 ? "application/json" : "application/problem+json") +
                     "\r\nContent-Length: " + std::to_string(text.size()) + "\r\nConnection: close\r\n";
  for (std::size_t i = 0; i < allow.size(); ++i) head += (i == 0 ? "Allow: " : ", ") + allow[i];
  if (!allow.empty()) head += "\r\n";
  return head + "\r\n" + text;
}

std::string refuse(int status, const char* code, std::string detail, std::string fix = "",
                   const std::vector<std::string>& allow = {}) {
  return reply(status, problem_of({code, Retry::give_up, std::move(detail), std::move(fix)}, status), allow);
}

using Parser = http::request_parser<http::string_body>;

// Reads one request; an error is the reply that says why.
Task<std::optional<std::string>> read_request(stream_protocol::socket* socket, Parser* parser,
                                              std::size_t most_body) {
  parser->header_limit(header_limit);
  parser->body_limit(most_body);
  parser->eager(true);
  std::string pending;
  char chunk[4096];
  // What cannot be parsed yet waits here: a header at most, or a line of a chunked body.
  while (!parser->is_done()) {
    auto [failed, got] = co_await socket->async_read_some(asio::buffer(chunk), as_value);
    // One that ends in the middle of its request is told so, if it still listens.
    if (failed)
      co_return parser->got_some() || !pending.empty()
          ? refuse(400, "request.malformed", "The request ends in the middle.")
          : "";
    pending.append(chunk, got);
    boost::system::error_code wrong;
    pending.erase(0, parser->put(asio::buffer(pending), wrong));
    if (wrong == http::error::body_limit)
      co_return refuse(413, "request.too_large", "The request is too large.");
    if ((wrong && wrong != http::error::need_more) || pending.size() > header_limit)
      co_return refuse(400, "request.malformed", "This is not an HTTP request.");
  }
  co_return std::nullopt;
}

std::optional<std::string> read_body(const Parser& parser, const Route& route, json::object& into) {
  const auto& text = parser.get().body();
  if (text.empty()) return std::nullopt;
  auto value = read_json(text);
  if (!value) return refuse(400, "request.malformed", value.error().detail);
  for (const auto& member : *value)
    if (std::find(route.body_members.begin(), route.body_members.end(), std::string(member.key())) ==
        route.body_members.end())
      return refuse(400, "request.unknown_member",
                    "The member \"" + std::string(member.key()) + "\" is not known here.");
  into = *std::move(value);
  return std::nullopt;
}

}  // namespace

struct ControlServer::State {
  State(asio::any_io_executor e, Clock& c, SessionAuth& a, std::vector<Route> r)
      : executor(e), clock(c), auth(a), routes(std::move(r)), acceptor(e), children(e) {}
  asio::any_io_executor executor;
  Clock& clock;
  SessionAuth& auth;
  std::vector<Route> routes;
  stream_protocol::acceptor acceptor;
  std::string path;
  std::list<Follower*> followers;
  std::size_t admins = 0, guests = 0;
  std::map<uid_t, std::size_t> of_user;
  Nursery children;

  // The kernel's word, fixed when the other side connected. Nobody, where it has none.
  static std::optional<ucred> peer_of(stream_protocol::socket& socket) {
    ucred peer{};
    socklen_t size = sizeof peer;
    if (::getsockopt(socket.native_handle(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return std::nullopt;
    return peer;
  }

  Task<void> follow(stream_protocol::socket* socket) {
    Follower self(executor);
    struct Listed {
      std::list<Follower*>& all;
      Follower* self;
      ~Listed() { all.remove(self); }
    } listed{followers, &self};
    followers.push_back(&self);
    std::string out =
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\nConnection: "
        "close\r\n\r\n: qcloud\n\n";
    for (;;) {
      // A follower that does not read for a minute is gone.
      auto sent = co_await within(write_all(socket, &out), clock, clock.now() + seconds(60));
      if (!sent || !*sent) co_return;
      if (self.waiting.empty()) {
        auto gone = co_await unless(hang_up(socket), self.wake);
        if (gone && *gone) co_return;
      }
      out.clear();
      for (auto& event : self.waiting) out += event;
      self.waiting.clear();
    }
  }

  // Ends when the other side closes: a follower says nothing more.
  Task<bool> hang_up(stream_protocol::socket* socket) {
    char scrap[64];
    auto [failed, got] = co_await socket->async_read_some(asio::buffer(scrap), as_value);
    co_return failed || got == 0;
  }

  Task<std::string> answer(Parser* parser, bool is_admin) {
    auto method = std::string(parser->get().method_string());
    auto found = match(routes, method, std::string(parser->get().target()));
    if (!found.path_known) co_return refuse(404, "request.not_found", "There is no such path.");
    if (!found.route)
      co_return refuse(405, "request.method", "This path has no method " + method + ".", "", found.allow);
    if (found.route->access == Access::admin && !is_admin)
      co_return refuse(403, "request.not_permitted", "Only an administrator of this box may do that.",
                       "Use an administrator's account, or sudo.");
    if (auto wrong = read_body(*parser, *found.route, found.request.body)) co_return *wrong;
    auto done = co_await guarded(found.route->handler(std::move(found.request)));
    if (!done) {
      int status = status_of(done.error());
      co_return reply(status, problem_of(done.error(), status));
    }
    done->body["schema"] = 1;
    co_return reply(done->status, done->body);
  }

  // A handler's own fault is an answer, too.
  static Task<Result<ApiAnswer>> guarded(Task<Result<ApiAnswer>> work) {
    std::optional<Result<ApiAnswer>> done;
    try {
      done.emplace(co_await std::move(work));
    } catch (const boost::system::system_error& error) {
      if (error.code() == asio::error::operation_aborted) throw;
      done.emplace(fault(error.what()));
    } catch (const std::exception& error) {
      done.emplace(fault(error.what()));
    }
    co_return std::move(*done);
  }
  static Error fault(const char* what) {
    return {"internal", Retry::retry_soon, std::string("The agent failed at this request: ") + what,
            "Try again; if it stays, look into the log."};
  }

  Task<void> serve(std::shared_ptr<stream_protocol::socket> socket) {
    auto peer = peer_of(*socket);
    if (!peer) co_return;
    bool is_admin = auth.admin(peer->uid, peer->gid);
    struct Counted {
      std::size_t& all;
      std::map<uid_t, std::size_t>& of_user;
      uid_t user;
      ~Counted() {
        --all;
        if (--of_user[user] == 0) of_user.erase(user);
      }
    } counted{is_admin ? admins : guests, of_user, peer->uid};
    bool room = ++counted.all <= (is_admin ? most_admins : most_guests);
    room = ++of_user[peer->uid] <= (is_admin ? most_of_one_admin : most_of_one_guest) && room;
    std::string out;
    if (!room) {
      out = refuse(429, "request.busy", "Too many connections are open.", "Close some, or try again later.");
      auto told = co_await within(write_all(socket.get(), &out), clock, clock.now() + seconds(1));
      (void)told;
      co_return;
    }
    Parser parser;
    auto wrong = co_await within(read_request(socket.get(), &parser, is_admin ? admin_body : guest_body),
                                 clock, clock.now() + seconds(10));
    if (!wrong) {
      out = refuse(408, "request.slow", "The request did not arrive within ten seconds.");
    } else if (*wrong) {
      out = std::move(**wrong);
    } else if (parser.get().method() == http::verb::get && parser.get().target() == "/v1/events") {
      if (is_admin && followers.size() < most_followers) {
        co_await follow(socket.get());
        co_return;
      }
      out = is_admin ? refuse(429, "request.busy", "Too many follow the events already.", "End one of them.")
                     : refuse(403, "request.not_permitted", "Only an administrator of this box may do that.",
                              "Use an administrator's account, or sudo.");
    } else {
      out = co_await answer(&parser, is_admin);
    }
    auto written = co_await within(write_all(socket.get(), &out), clock, clock.now() + seconds(30));
    (void)written;
  }

  Task<bool> write_all(stream_protocol::socket* socket, const std::string* text) {
    auto [failed, sent] = co_await asio::async_write(*socket, asio::buffer(*text), as_value);
    co_return !failed && sent == text->size();
  }
};

ControlServer::ControlServer(asio::any_io_executor executor, Clock& clock, SessionAuth& auth,
                             std::vector<Route> routes)
    : state_(std::make_unique<State>(executor, clock, auth, std::move(routes))) {}

ControlServer::~ControlServer() {
  if (!state_->path.empty()) ::unlink(state_->path.c_str());
}

Status ControlServer::listen(const std::string& path) {
  Error failed{"control.socket", Retry::wait_for_owner, path + ": the control socket cannot be made.",
               "Check the folder and its permissions."};
  if (path.size() >= sizeof(sockaddr_un::sun_path)) return failed;
  boost::system::error_code wrong;
  ::unlink(path.c_str());  // the instance lock is held: whatever is here is stale
  state_->acceptor.open(stream_protocol(), wrong);
  if (!wrong) state_->acceptor.bind(stream_protocol::endpoint(path), wrong);
  if (!wrong && ::chmod(path.c_str(), 0666) != 0) return failed;
  if (!wrong) state_->acceptor.listen(128, wrong);
  if (wrong) return failed;
  state_->path = path;
  return {};
}

Task<void> ControlServer::run() {
  for (;;) {
    auto socket = std::make_shared<stream_protocol::socket>(state_->executor);
    auto [failed] = co_await state_->acceptor.async_accept(*socket, as_value);
    if (failed) {
      co_await state_->clock.sleep_for(Millis(200));  // out of descriptors: let some go
      continue;
    }
    state_->children.spawn(state_->serve(socket));
  }
}

Task<void> ControlServer::stop() { co_await state_->children.stop(); }

void ControlServer::publish(const Event& event) {
  if (state_->followers.empty()) return;
  auto text = "event: " + event.type + "\ndata: " + json::serialize(event.data) + "\n\n";
  for (Follower* follower : state_->followers) {
    if (follower->waiting.size() >= most_waiting_events) follower->waiting.pop_front();
    follower->waiting.push_back(text);
    follower->wake.notify();
  }
}

bool ControlServer::followed() const { return !state_->followers.empty(); }

}  // namespace qcloud
