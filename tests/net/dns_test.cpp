// Look-ups against DNS servers that are honest, silent or lying, and connecting where a family is dead: in a
// network of this process's own. Ends with 77 (skipped) where namespaces are not permitted.
#define DOCTEST_CONFIG_IMPLEMENT
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <fstream>
#include <set>

#include "tests/net/dns_server.hpp"
#include "tests/net/world.hpp"

using namespace net_test;

namespace {

void write_file(const std::string& path, const std::string& text) { std::ofstream(path) << text; }
void servers(const std::string& lines) { write_file("/etc/resolv.conf", lines); }
void ip(const std::string& arguments) { REQUIRE(std::system(("ip " + arguments).c_str()) == 0); }

struct Bench : World {
  Resolver resolver{io.get_executor(), clock};
  Millis took{0};
  Bench() { servers("nameserver 127.0.0.1\nsearch lan.test other.test\n"); }
  Result<Addresses> lookup(const std::string& name, Family family = Family::any,
                           Millis patience = seconds(15)) {
    trace = std::make_shared<Trace>();
    auto began = clock.now();
    auto result = run(resolver.lookup(name, family, meter, began + patience, trace));
    took = clock.now() - began;
    for (const auto& [id, row] : meter.rows) CHECK(row.closed);
    return result;
  }
  // What our ledger says went out and came in, over UDP or TCP.
  std::pair<std::uint64_t, std::uint64_t> counted(const std::string& proto) {
    std::pair<std::uint64_t, std::uint64_t> sum;
    for (const auto& [id, row] : meter.rows)
      if (row.info.proto == proto) sum = {sum.first + row.out, sum.second + row.in};
    return sum;
  }
};

Zone both = [](const std::string&, bool v6) {
  return std::optional<Reply>(Reply{0, {v6 ? "2a0b::1" : "5.6.7.8"}});
};
// What else was asked for.
std::string only(const std::vector<std::string>& names, const std::set<std::string>& allowed) {
  std::string others;
  for (const auto& name : names)
    if (!allowed.contains(name)) others += name + " ";
  return others;
}
std::string text(const Result<Addresses>& found) {
  if (!found) return found.error().code + ": " + found.error().detail;
  std::string out;
  for (const auto& address : *found) out += address.to_string() + " ";
  return out;
}

}  // namespace

TEST_CASE_FIXTURE(Bench, "dns: both families, counted to the byte, and no search domain") {
  Dns dns("127.0.0.1", both);
  CHECK(text(lookup("cloud.vendor.test")) == "5.6.7.8 2a0b::1 ");
  CHECK(text(lookup("single", Family::ipv4)) == "5.6.7.8 ");
  CHECK(only(dns.names(), {"cloud.vendor.test", "single"}) == "");
  CHECK(counted("udp") == std::pair(dns.in.load(), dns.out.load()));
  CHECK(meter.asks == std::vector<std::string>{"127.0.0.1:53", "127.0.0.1:53"});
  CHECK(trace->resolver == "127.0.0.1:53");
  CHECK(trace->dns_status == DnsStatus::ok);
  CHECK(trace->dns >= Millis(0));
}

TEST_CASE_FIXTURE(Bench, "dns: no search domain is appended to a name that is not found") {
  Dns dns("127.0.0.1", [](const std::string&, bool) { return std::optional<Reply>(Reply{3, {}}); });
  auto found = lookup("cloud.vendor.test");
  CHECK(text(found).find("there is no name cloud.vendor.test") != std::string::npos);
  CHECK(trace->dns_status == DnsStatus::no_name);
  CHECK_FALSE(lookup("single"));
  CHECK(only(dns.names(), {"cloud.vendor.test", "single"}) == "");
}

TEST_CASE_FIXTURE(Bench,
                  "dns: the hosts file is believed, and asks nobody; a question to DNS passes it over") {
  write_file("/etc/hosts", "9.9.9.9 listed.test\n");
  Dns dns("127.0.0.1", both);
  CHECK(text(lookup("listed.test")) == "9.9.9.9 ");
  CHECK(dns.names().empty());
  CHECK(meter.rows.empty());
  CHECK(text(lookup("192.0.2.7")) == "192.0.2.7 ");
  CHECK(meter.rows.empty());
  auto asked = run(client.lookup("listed.test", Family::ipv4, clock.now() + seconds(3), meter));
  REQUIRE(asked);
  CHECK(asked->addresses == std::vector<std::string>{"5.6.7.8"});
  CHECK(asked->server == "127.0.0.1:53");
  write_file("/etc/hosts", "");
}

TEST_CASE_FIXTURE(Bench, "dns: a silent server costs a second, the next one answers") {
  servers("nameserver 127.0.0.2\nnameserver 127.0.0.3\nnameserver 127.0.0.1\n");
  Dns silent("127.0.0.2", [](auto&, bool) { return std::nullopt; });
  Dns failing("127.0.0.3", [](auto&, bool) { return std::optional<Reply>(Reply{2, {}}); });
  Dns dns("127.0.0.1", both);
  CHECK(text(lookup("cloud.test")) == "5.6.7.8 2a0b::1 ");
  CHECK(took < Millis(2500));
  CHECK(counted("udp").first == silent.in + failing.in + dns.in);
  CHECK(trace->resolver == "127.0.0.1:53");
}

TEST_CASE_FIXTURE(Bench, "dns: none answers, all fail: words, and an end in time") {
  Dns silent("127.0.0.1", [](auto&, bool) { return std::nullopt; });
  auto found = lookup("cloud.test");
  CHECK(text(found).find("No DNS server answers") != std::string::npos);
  CHECK(trace->dns_status == DnsStatus::no_answer);
  CHECK(took < Millis(12'500));
  CHECK(silent.names().size() == 8);  // four tries each: 0, 1, 3 and 7 s
  servers("nameserver 127.0.0.4\n");  // nobody there
  CHECK(text(lookup("cloud.test")).find("No DNS server answers") != std::string::npos);
  servers("nameserver 127.0.0.3\n");
  Dns failing("127.0.0.3", [](auto&, bool) { return std::optional<Reply>(Reply{5, {}}); });
  CHECK(text(lookup("cloud.test")).find("refuses to look up") != std::string::npos);
  CHECK(trace->dns_status == DnsStatus::refused);
}

TEST_CASE_FIXTURE(Bench, "dns: a server that drops AAAA costs two seconds, no more") {
  Dns dns("127.0.0.1", [](const std::string&, bool v6) {
    return v6 ? std::nullopt : std::optional(Reply{0, {"5.6.7.8"}});
  });
  CHECK(text(lookup("cloud.test")) == "5.6.7.8 ");
  CHECK(took >= Millis(1900));
  CHECK(took < Millis(2700));
}

TEST_CASE_FIXTURE(Bench, "dns: an answer too large for UDP comes over TCP, counted") {
  Dns dns("127.0.0.1", [](const std::string&, bool v6) {
    Reply reply;
    for (int i = 0; i < 1500 && !v6; ++i)
      reply.addresses.push_back("5.6." + std::to_string(i / 250) + "." + std::to_string(i % 250 + 1));
    return std::optional(reply);
  });
  auto found = lookup("cloud.test");
  REQUIRE(found);
  CHECK(found->size() == 1500);
  CHECK(dns.tcp_in > 0);
  CHECK(dns.tcp_out > 20'000);
  CHECK(counted("tcp") == std::pair(dns.tcp_in.load(), dns.tcp_out.load()));
  CHECK(counted("udp").first == dns.in.load());
  CHECK(counted("udp").second == dns.out.load());
}

TEST_CASE_FIXTURE(Bench, "dns: lies") {
  Dns dns("127.0.0.1", [](const std::string& name, bool v6) {
    if (name == "blocked.test") return std::optional(Reply{0, {v6 ? "::" : "0.0.0.0"}});
    if (name == "loop.test") return std::optional(Reply{0, {v6 ? "::1" : "127.0.0.1"}});
    return std::optional(Reply{0, {}});
  });
  CHECK(text(lookup("blocked.test")).find("blocks the name") != std::string::npos);
  CHECK(trace->addresses == std::vector<std::string>{"0.0.0.0", "::"});
  CHECK(text(lookup("loop.test")).find("net.dns_failed") != std::string::npos);
  CHECK(text(lookup("empty.test")).find("knows no address") != std::string::npos);
  CHECK(trace->dns_status == DnsStatus::no_data);
}

TEST_CASE_FIXTURE(Bench, "A1 dns: no question without a permit") {
  Dns dns("127.0.0.1", both);
  meter.allowed = false;
  CHECK_FALSE(lookup("cloud.test", Family::any, seconds(2)));
  CHECK(dns.names().empty());
  CHECK(meter.rows.empty());
}

// A network of both families where packets of one vanish.
TEST_CASE_FIXTURE(Bench, "way: one dead family costs three seconds; IPv6 alone says what is missing") {
  ip("link add hole type veth peer name abyss");
  ip("link set hole up");
  ip("link set abyss up");
  ip("neighbor add 5.6.7.8 lladdr 02:00:00:00:00:01 dev hole");
  ip("address add 10.9.9.2/24 dev hole");
  ip("route add default dev hole");
  ip("-6 address add 2a0b::1/128 dev lo");
  Dns dns("127.0.0.1", both);
  Server server({&host}, [](Talk&) {});
  auto request = to(server.port());
  request.host = "cloud.test";
  auto began = clock.now();
  auto result = send(request);
  // Nobody listens at 2a0b::1, which says so at once; what counts is when.
  CHECK(code(result) == "net.refused");
  CHECK(clock.now() - began >= Millis(2900));
  CHECK(clock.now() - began < Millis(4000));
  CHECK(meter.rows.size() == 3);  // the look-up, and both attempts

  Dns only4("127.0.0.9", [](const std::string&, bool v6) {
    return std::optional(Reply{0, v6 ? std::vector<std::string>{} : std::vector<std::string>{"5.6.7.8"}});
  });
  servers("nameserver 127.0.0.9\n");
  ip("route del default");
  ip("-6 address add 2a0c::2/64 dev hole nodad");
  ip("-6 route add default dev hole");
  for (auto family : {Family::any, Family::ipv6}) {
    request.family = family;
    request.deadline = clock.now() + seconds(5);
    result = send(request);
    CHECK(code(result) == "net.unreachable");
    CHECK(says(result, "only IPv4 addresses, and this network has only IPv6"));
  }
  ip("-6 route del default");
  request.family = Family::any;
  request.deadline = clock.now() + seconds(5);
  CHECK(code(send(request)) == "net.no_network");
  ip("link del hole");
}

TEST_CASE_FIXTURE(Bench, "way: where the name leads to nobody else, nobody is dialed") {
  Dns dns("127.0.0.1", both);
  StreamRequest request;
  request.host = "relay.test";
  request.alpn = {"h2"};
  request.avoid = {"5.6.7.8", "2a0b::1"};
  request.others_only = true;
  request.deadline = clock.now() + seconds(5);
  auto stream = run(client.open(request, meter));
  REQUIRE_FALSE(stream);
  CHECK(stream.error().code == "net.no_network");
  CHECK(meter.rows.size() == 1);  // the look-up
}

TEST_CASE_FIXTURE(Bench,
                  "way: those where we were in vain come after the others, and where we wait already last") {
  ip("link add hole type veth peer name abyss");
  ip("link set hole up");
  ip("link set abyss up");
  ip("address add 10.9.9.2/24 dev hole");
  ip("route add default dev hole");
  using List = std::vector<std::string>;
  const std::string a = "5.6.7.8", b = "5.6.7.9";
  for (const auto& each : {a, b}) ip("address add " + each + "/32 dev lo");  // nobody listens there
  Dns dns("127.0.0.1", [&](const std::string&, bool v6) {
    return std::optional(Reply{0, v6 ? List{} : List{a, b}});
  });
  auto tried = [&](const List& avoid, const List& busy, bool others_only = false) {
    StreamRequest request;
    request.host = "relay.test";
    request.alpn = {"h2"};
    request.avoid = avoid;
    request.busy = busy;
    request.others_only = others_only;
    request.deadline = clock.now() + seconds(5);
    auto here = request.trace = std::make_shared<Trace>();
    CHECK_FALSE(run(client.open(request, meter)));
    return here->tried;
  };
  CHECK(tried({}, {}) == List{a, b});
  CHECK(tried({a}, {}) == List{b});
  CHECK(tried({}, {b}) == List{a});
  CHECK(tried({a, b}, {}) == List{a, b});
  CHECK(tried({a, b}, {b}) == List{a});
  CHECK(tried({a}, {b}) == List{a});
  CHECK(tried({}, {a, b}) == List{a, b});
  CHECK(tried({a}, {b}, true).empty());
  CHECK(tried({a}, {}, true) == List{b});
}

TEST_CASE_FIXTURE(Bench, "proxy: the proxy looks up the cloud's name, we look up the proxy's") {
  write_file("/etc/hosts", "127.0.0.1 squid.test\n");
  Dns dns("127.0.0.1", both);
  std::string asked;
  Server server({&host}, [&](Talk& talk) {
    asked = talk.request();
    talk.write("HTTP/1.1 503 x\r\n\r\n");
  });
  proxy = "http://squid.test:" + std::to_string(server.port());
  auto request = to(443);
  request.host = "cloud.vendor.test";
  CHECK(code(send(request)) == "net.proxy_refused");
  CHECK(asked.starts_with("CONNECT cloud.vendor.test:443 "));
  Datagram probe;
  probe.host = "cloud.vendor.test";
  probe.port = 33434;
  probe.deadline = clock.now() + seconds(2);
  CHECK_FALSE(run(client.datagram(probe, meter)));
  CHECK(dns.names().empty());
  CHECK(meter.rows.size() == 1);
  proxy = "http://gone.test:3128";
  write_file("/etc/hosts", "");
  Dns none("127.0.0.5", [](auto&, bool) { return std::optional<Reply>(Reply{3, {}}); });
  servers("nameserver 127.0.0.5\n");
  auto result = send(request);
  CHECK(code(result) == "net.proxy_unreachable");
  CHECK(says(result, "gone.test"));
  // A and AAAA; a slow machine asks again, or hears the first "no" before it asks for the second.
  auto names = none.names();
  CHECK_FALSE(names.empty());
  for (const auto& name : names) CHECK(name == "gone.test");
}

int main(int argc, char** argv) {
  bool alone = ::unshare(CLONE_NEWNET | CLONE_NEWNS) == 0 &&
               ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
               std::system("command -v ip >/dev/null && ip link set lo up") == 0;
  char folder[] = "/tmp/qc-dns-XXXXXX";
  alone = alone && ::mkdtemp(folder);
  for (const char* name : {"resolv.conf", "hosts"}) {
    if (!alone) break;
    auto file = std::string(folder) + "/" + name;
    write_file(file, "");
    alone = ::mount(file.c_str(), ("/etc/" + std::string(name)).c_str(), nullptr, MS_BIND, nullptr) == 0;
  }
  if (!alone) {
    std::puts("skipped: needs root and the program ip");
    return 77;
  }
  int result = doctest::Context(argc, argv).run();
  for (const char* name : {"resolv.conf", "hosts"}) {
    ::umount(("/etc/" + std::string(name)).c_str());
    ::unlink((std::string(folder) + "/" + name).c_str());
  }
  ::rmdir(folder);
  return result;
}
