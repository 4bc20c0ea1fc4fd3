// What answers in the cloud's place, each by its own words; and what the trace tells of it.
#include "tests/net/world.hpp"

using namespace net_test;

namespace {

long long now() { return std::time(nullptr); }

Result<HttpResponse> shown(World& world, const Issued& identity) {
  Server server({&identity}, [](Talk& talk) {
    if (talk.secure() && !talk.request().empty()) talk.write(answer());
  });
  return world.send(world.to(server.port()));
}
Result<HttpResponse> said(World& world, const std::string& bytes) {
  Server server({}, [&](Talk& talk) {
    char hello[1];
    (void)::recv(talk.fd(), hello, 1, 0);
    talk.write(bytes);
  });
  return world.send(world.to(server.port()));
}

}  // namespace

TEST_CASE_FIXTURE(World, "tls: the vendor's own certificate is believed, and described") {
  REQUIRE(shown(*this, host));
  CHECK(trace->peer_issuer == "CN = Vendor Root");
  CHECK(trace->peer_subject == "CN = 127.0.0.1");
  CHECK(unix_seconds(*trace->peer_until) > now());
  CHECK(trace->addresses == std::vector<std::string>{"127.0.0.1"});
  CHECK(trace->connect >= Millis(0));
  CHECK(trace->tls >= Millis(0));
  CHECK(trace->total >= trace->tls);
  CHECK(trace->retransmits == 0);
  CHECK(trace->rtt >= Millis(0));
  CHECK(trace->status == 200);
  CHECK(trace->proxy.empty());
}

TEST_CASE_FIXTURE(World, "A7 tls: another authority: its name is in the words and in the trace") {
  auto stranger = issue({"Hotel Firewall CA", "", now() - 60, now() + 3600, true}, nullptr);
  auto result = shown(*this, issue({}, &stranger));
  CHECK(code(result) == "net.tls_untrusted");
  CHECK(says(result, "Hotel Firewall CA"));
  CHECK(says(result, "opens secure connections"));
  CHECK(trace->peer_issuer == "CN = Hotel Firewall CA");
  CHECK(trace->tls == Millis(-1));
}

TEST_CASE_FIXTURE(World, "A7 tls: signed by itself") {
  auto result = shown(*this, issue({"Router", "IP:127.0.0.1"}, nullptr));
  CHECK(code(result) == "net.tls_untrusted");
  CHECK(says(result, "signed by itself"));
  CHECK(trace->peer_subject == "CN = Router");
}

TEST_CASE_FIXTURE(World, "A7 tls: another host of the same authority") {
  auto result = shown(*this, issue({"other.vendor.test", "DNS:other.vendor.test"}, &ca));
  CHECK(code(result) == "net.tls_untrusted");
  CHECK(says(result, "another host"));
  CHECK(says(result, "other.vendor.test"));
}

TEST_CASE_FIXTURE(World, "tls: expired, by the time that has certainly passed") {
  auto old = issue({"127.0.0.1", "IP:127.0.0.1", now() - 7200, now() - 3600}, &ca);
  auto result = shown(*this, old);
  CHECK(code(result) == "net.tls_time");
  CHECK(says(result, "expired on 20"));
  // The box's clock is ahead by years, and knows that it cannot be trusted: taken.
  floor = from_unix(now() - 5000);
  CHECK(shown(*this, old));
  // Valid by the box's clock, which is behind: time has certainly passed beyond it.
  floor = from_unix(now() + 2 * 86400);
  CHECK(code(shown(*this, host)) == "net.tls_time");
  // Not valid yet by the box's clock, which may be behind, unless it is certain.
  floor = from_unix(now() - 86400);
  auto later = issue({"127.0.0.1", "IP:127.0.0.1", now() + 86400, now() + 2 * 86400}, &ca);
  CHECK(shown(*this, later));
  certain = true;
  floor = from_unix(now());
  auto refused = shown(*this, later);
  CHECK(code(refused) == "net.tls_time");
  CHECK(says(refused, "not valid before 20"));
  CHECK(shown(*this, issue({"127.0.0.1", "IP:127.0.0.1", now() + 60, now() + 86400}, &ca)));
}

TEST_CASE_FIXTURE(World, "tls: a certificate that is not valid by its own server's clock") {
  floor = from_unix(now() - 90'000'000);
  auto dated = [&](long long from, long long until) {
    auto identity = issue({"127.0.0.1", "IP:127.0.0.1", from, until}, &ca);
    Server server({&identity}, [](Talk& talk) {
      if (talk.secure() && !talk.request().empty())
        talk.write(answer("{}", "Date: Mon, 23 Nov 2026 10:00:00 GMT\r\n"));
    });
    return send(to(server.port()));
  };
  constexpr long long date = 1795428000;
  CHECK(dated(date - 3600, date + 3600));
  CHECK(dated(date + 60, date + 3600));  // its maker's clock is a minute ahead
  auto expired = dated(date - 7200, date - 3600);
  CHECK(code(expired) == "net.tls_time");
  CHECK(says(expired, "expired on 2026-11-23"));
  auto early = dated(date + 86400, date + 864000);
  CHECK(code(early) == "net.tls_time");
  CHECK(says(early, "not valid before 2026-11-24"));
}

TEST_CASE_FIXTURE(World, "tls: what is no TLS, or an old one, or cut") {
  auto http = said(*this, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n<html>");
  CHECK(code(http) == "net.tls_failed");
  CHECK(says(http, "Plain HTTP"));
  auto ssh = said(*this, "SSH-2.0-OpenSSH_9.2p1\r\n");
  CHECK(code(ssh) == "net.tls_failed");
  CHECK(says(ssh, "not TLS"));
  auto cut = said(*this, "");
  CHECK(code(cut) == "net.tls_failed");
  CHECK(says(cut, "cut as soon as"));
  Server old({&host, nullptr, TLS1_1_VERSION}, [](Talk& talk) { talk.secure(); });
  auto result = send(to(old.port()));
  CHECK(code(result) == "net.tls_failed");
  CHECK(says(result, "too old"));
  Server silent({}, [](Talk& talk) { talk.request(); });
  CHECK(code(send(to(silent.port(), Millis(300)))) == "net.timeout");
  CHECK(trace->connect >= Millis(0));
  CHECK(trace->tls == Millis(-1));
  CHECK(trace->total >= Millis(250));  // the deadline was set before the request began
}

TEST_CASE_FIXTURE(World, "tls: names of strangers are made harmless") {
  auto loud = issue({"evil\n\x1b[31m" + std::string(40, 'x'), "IP:127.0.0.1"}, nullptr);
  auto result = shown(*this, loud);
  for (char c : result.error().detail + trace->peer_subject) CHECK((c >= ' ' && c <= '~'));
}

TEST_CASE_FIXTURE(World, "net: segments fit into the smallest packet of IPv6, both ways, and are counted") {
  std::string body = "{\"x\":\"" + std::string(100'000, 'y') + "\"}";
  Server server({&host}, [&](Talk& talk) {
    if (talk.secure() && !talk.request().empty()) talk.write(answer(body));
  });
  auto request = to(server.port());
  request.method = "POST";
  request.body = std::string(50'000, 'z');
  auto result = send(std::move(request));
  REQUIRE(result);
  CHECK(result->body == body);
  auto seen = server.seen();
  REQUIRE(seen.size() == 1);
  CHECK(seen[0].mss_out <= 1220);
  CHECK(seen[0].mss_out > 1000);
  CHECK(seen[0].mss_in <= 1220);
  CHECK(meter.rows[1].out == seen[0].in);
  CHECK(meter.rows[1].in == seen[0].out);
}
