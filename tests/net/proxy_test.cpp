// A web proxy in between: CONNECT, and all the ways in which it may say no.
#include "tests/net/world.hpp"

using namespace net_test;

namespace {

// A proxy that answers CONNECT with `verdict`, and is itself the host that was asked for.
struct ProxyWorld : World {
  std::string asked;
  Result<HttpResponse> through(const std::string& verdict, const std::string& user = "",
                               Millis patience = seconds(5)) {
    Server server({&host}, [&](Talk& talk) {
      asked = talk.request();
      if (asked.empty() || !talk.write(verdict)) return;
      if (verdict.find(" 200 ") == std::string::npos) return;
      if (talk.secure() && !talk.request().empty()) talk.write(answer());
    });
    proxy = "http://" + user + "127.0.0.1:" + std::to_string(server.port());
    auto request = to(443, patience);
    // Nobody can look this up: the proxy must be given the name.
    request.host = "127.0.0.1";
    auto result = send(std::move(request));
    seen = server.seen();
    return result;
  }
  std::vector<Seen> seen;
};

}  // namespace

TEST_CASE("proxy: its URL is read, or refused") {
  auto good = parse_proxy("http://us%40er:p%3Aw%2f@proxy.lan:3128");
  REQUIRE(good);
  CHECK(good->user == "us@er");
  CHECK(good->password == "p:w/");
  CHECK(good->host == "proxy.lan");
  CHECK(good->port == 3128);
  CHECK(good->name() == "proxy.lan:3128");
  CHECK(parse_proxy("http://[2001:db8::1]:8080/")->name() == "[2001:db8::1]:8080");
  CHECK(parse_proxy("http://only@h:1")->password.empty());
  for (auto bad : {"", "proxy:3128", "https://p:1", "http://p", "http://p:", "http://:1", "http://p:0",
                   "http://p:65536", "http://p:1x", "http://p q:1", "http://p\r\nX: y:1", "http://a%zz@p:1",
                   "http://a%3Ab:c@p:1", "http://a::b:1", "http://p:1/path", "socks5://p:1"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_proxy(bad));
  }
}

TEST_CASE("proxy: CONNECT has the authority and the credentials, and nothing else") {
  auto open = *parse_proxy("http://p:1");
  CHECK(connect_request(open, authority_of("cloud.test", 443)) ==
        "CONNECT cloud.test:443 HTTP/1.1\r\nHost: cloud.test:443\r\n\r\n");
  auto closed = *parse_proxy("http://Aladdin:open%20sesame@p:1");
  CHECK(connect_request(closed, authority_of("2001:db8::1", 8443)) ==
        "CONNECT [2001:db8::1]:8443 HTTP/1.1\r\nHost: [2001:db8::1]:8443\r\n"
        "Proxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n");
}

TEST_CASE_FIXTURE(ProxyWorld, "A3 proxy: a tunnel, TLS within it, and the ledger counts every byte of both") {
  auto result = through("HTTP/1.1 200 Connection established\r\nContent-Length: 7\r\n\r\n", "user:secret@");
  REQUIRE(result);
  CHECK(result->body == "{}");
  CHECK(asked.starts_with("CONNECT 127.0.0.1:443 HTTP/1.1\r\n"));
  CHECK(trace->proxy == proxy.substr(proxy.find('@') + 1));
  REQUIRE(meter.rows.size() == 1);
  CHECK(meter.rows[1].info.remote == trace->proxy);
  REQUIRE(seen.size() == 1);
  CHECK(meter.rows[1].out == seen[0].in);
  CHECK(meter.rows[1].in == seen[0].out);
}

TEST_CASE_FIXTURE(ProxyWorld, "proxy: a refusal has words of its own, and never the password") {
  struct Row {
    const char* answer;
    const char* code;
    const char* words;
  };
  constexpr Row table[] = {
      {"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=x\r\n\r\n",
       "net.proxy_auth", "qcloud config set proxy.url"},
      {"HTTP/1.1 403 Forbidden\r\nContent-Length: 5\r\n\r\nabc", "net.proxy_refused", "403"},
      {"HTTP/1.1 502 Bad Gateway\r\n\r\n", "net.proxy_refused", "502"},
      {"HTTP/1.1 302 Found\r\nLocation: http://login/\r\n\r\n", "net.proxy_refused", "302"},
      {"SSH-2.0-x\r\n\r\n", "net.proxy_refused", "does not answer like one"},
      {"HTTP/1.1 200 OK\r\n\r\nmore than allowed", "net.proxy_refused", "out of turn"},
      {"", "net.proxy_refused", "does not answer like one"},
  };
  for (const auto& row : table) {
    CAPTURE(row.answer);
    auto result = through(row.answer, "user:hunter2@");
    CHECK(code(result) == row.code);
    CHECK(says(result, row.words));
    CHECK_FALSE(says(result, "hunter2"));
    CHECK(trace->proxy.find("hunter2") == std::string::npos);
    CHECK_FALSE(result.error().fix.empty());
    CHECK(meter.rows.rbegin()->second.closed);
  }
}

TEST_CASE_FIXTURE(ProxyWorld, "proxy: one that is not there, or says nothing, or floods") {
  proxy = "http://127.0.0.1:1";
  auto result = send(to(443));
  CHECK(code(result) == "net.proxy_unreachable");
  CHECK(says(result, "127.0.0.1:1"));
  proxy = "not a proxy";
  CHECK(code(send(to(443))) == "net.proxy_unreachable");
  CHECK(code(through("HTTP/1.1 200 " + std::string(40'000, 'x'))) == "net.proxy_refused");
  Server silent({&host}, [](Talk& talk) {
    talk.request();
    talk.request();
  });
  proxy = "http://127.0.0.1:" + std::to_string(silent.port());
  // Both patiences end together; either may be the first to say so.
  auto silence = code(send(to(443, Millis(300))));
  CAPTURE(silence);
  CHECK((silence == "net.timeout" || silence == "net.proxy_unreachable"));
}

TEST_CASE_FIXTURE(ProxyWorld, "proxy: what is plain goes past it, and carries nothing") {
  Server page({}, [&](Talk& talk) {
    asked = talk.request();
    talk.write(
        "HTTP/1.1 302 Found\r\nLocation: http://login.hotel/\r\nDate: Mon, 23 Nov 2026 10:00:00 GMT\r\n\r\n");
  });
  proxy = "http://127.0.0.1:1";
  auto request = to(page.port());
  request.plain = true;
  auto result = send(request);
  REQUIRE(result);
  CHECK(result->status == 302);
  CHECK(result->location == "http://login.hotel/");
  CHECK_FALSE(result->date);
  CHECK(asked.starts_with("GET /v1/thing HTTP/1.1\r\n"));
  auto seen_by_it = page.seen();
  CHECK(meter.rows[1].out == seen_by_it[0].in);
  CHECK(meter.rows[1].in == seen_by_it[0].out);
  request.body = "secret";
  CHECK(code(send(request)) == "net.unsupported");
  request.body.clear();
  request.headers = {{"Authorization", "x"}};
  CHECK(code(send(request)) == "net.unsupported");
}
