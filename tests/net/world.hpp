// A client with the box's clock, a ledger that the test can read, and certificates of a vendor.
#pragma once

#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <csignal>
#include <map>

#include "agent/net/http_client.hpp"
#include "platform/system_clock.hpp"
#include "tests/net/server.hpp"
#include "tests/unit/loop.hpp"

namespace net_test {
using namespace qcloud;

struct Row {
  ConnectionInfo info;
  std::uint64_t out = 0, in = 0;
  bool closed = false;
};

struct Rows final : Meter {
  bool permitted() const override { return allowed; }
  std::int64_t opened(const ConnectionInfo& info) override {
    if (!allowed) return 0;
    rows[++last].info = info;
    return last;
  }
  void closed(std::int64_t id, std::uint64_t out, std::uint64_t in, ConnectionEnd) override {
    CHECK_FALSE(rows[id].closed);
    rows[id].out = out;
    rows[id].in = in;
    rows[id].closed = true;
  }
  void asked(std::int64_t, const std::string&, const std::string& server) override { asks.push_back(server); }
  bool allowed = true;
  std::int64_t last = 0;
  std::map<std::int64_t, Row> rows;
  std::vector<std::string> asks;
};

struct World {
  Issued ca =
      issue({"Vendor Root", "", std::time(nullptr) - 3600, std::time(nullptr) + 864000, true}, nullptr);
  Issued host = issue({}, &ca);
  WallTime floor = from_unix(std::time(nullptr));
  bool certain = false;  // is the floor the time itself?
  boost::asio::io_context io;
  SystemClock clock{io.get_executor()};
  std::unique_ptr<Trust> trust = std::move(*Trust::make(
      pem(ca.certificate.get()), [this] { return floor; }, [this] { return certain; }));
  std::string proxy;
  HttpClient client{io.get_executor(), clock, *trust, [this] { return proxy; }};
  Rows meter;
  World() { std::signal(SIGPIPE, SIG_IGN); }  // as the agent does
  std::shared_ptr<Trace> trace;               // of the last request

  HttpRequest to(std::uint16_t port, Millis patience = seconds(5)) {
    HttpRequest request;
    request.method = "GET";
    request.host = "127.0.0.1";
    request.port = port;
    request.target = "/v1/thing";
    request.deadline = clock.now() + patience;
    trace = request.trace = std::make_shared<Trace>();
    return request;
  }
  template <class T>
  T run(Task<T> work) {
    unit::Running<T> running(io, std::move(work));
    io.restart();
    io.run();  // with its goodbyes
    if constexpr (!std::is_void_v<T>) return std::move(running.value());
  }
  Result<HttpResponse> send(HttpRequest request) { return run(client.exchange(std::move(request), meter)); }
  Result<HttpResponse> send(HttpRequest request, Rows& as) {
    return run(client.exchange(std::move(request), as));
  }
  // What comes of a server with that script, over TLS.
  Result<HttpResponse> told(const std::string& bytes, Millis patience = seconds(5)) {
    Server server({&host}, [&](Talk& talk) {
      if (talk.secure() && !talk.request().empty()) talk.write(bytes);
    });
    return send(to(server.port(), patience));
  }
};

inline std::string code(const Result<HttpResponse>& result) { return result ? "" : result.error().code; }
inline bool says(const Result<HttpResponse>& result, std::string_view words) {
  return !result && (result.error().detail + "|" + result.error().fix).find(words) != std::string::npos;
}

}  // namespace net_test
