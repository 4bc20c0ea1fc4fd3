#include "agent/net/resolver.hpp"

#include <ares.h>
#include <netdb.h>

#include <algorithm>
#include <array>

#include "agent/net/dns_sockets.hpp"

namespace qcloud {

namespace asio = boost::asio;

namespace {

constexpr Millis longest = seconds(12);
constexpr Millis grace = seconds(2);

// The question for one family.
struct Question {
  bool done = false;
  DnsStatus status = DnsStatus::no_answer;
  Addresses addresses;
};

asio::ip::address to_address(int family, const void* bytes) {
  if (family == AF_INET) {
    asio::ip::address_v4::bytes_type four;
    std::copy_n(static_cast<const unsigned char*>(bytes), four.size(), four.begin());
    return asio::ip::address_v4(four);
  }
  asio::ip::address_v6::bytes_type six;
  std::copy_n(static_cast<const unsigned char*>(bytes), six.size(), six.begin());
  return asio::ip::address_v6(six);
}

DnsStatus status_of(int code) {
  switch (code) {
    case ARES_SUCCESS:
    case ARES_ENODATA:
      return DnsStatus::no_data;
    case ARES_ENOTFOUND:
      return DnsStatus::no_name;
    case ARES_ETIMEOUT:
    case ARES_ECONNREFUSED:
    case ARES_EDESTRUCTION:
    case ARES_ECANCELLED:
      return DnsStatus::no_answer;
    default:
      return DnsStatus::refused;
  }
}

void found(void* data, int status, int, ares_addrinfo* result) {
  auto* question = static_cast<Question*>(data);
  question->done = true;
  question->status = status_of(status);
  for (auto* node = result ? result->nodes : nullptr; node; node = node->ai_next) {
    if (node->ai_family == AF_INET)
      question->addresses.push_back(
          to_address(AF_INET, &reinterpret_cast<sockaddr_in*>(node->ai_addr)->sin_addr));
    else if (node->ai_family == AF_INET6)
      question->addresses.push_back(
          to_address(AF_INET6, &reinterpret_cast<sockaddr_in6*>(node->ai_addr)->sin6_addr));
  }
  if (!question->addresses.empty()) question->status = DnsStatus::ok;
  if (result) ares_freeaddrinfo(result);
}

void read_hosts_file(ares_channel channel, const std::string& host, int family, Addresses& into) {
  hostent* entry = nullptr;
  if (ares_gethostbyname_file(channel, host.c_str(), family, &entry) != ARES_SUCCESS || !entry) return;
  for (char** at = entry->h_addr_list; *at; ++at) into.push_back(to_address(entry->h_addrtype, *at));
  ares_free_hostent(entry);
}

// Addresses beat all; "no such name" is about both families; else the trouble, if one had any.
DnsStatus together(const std::array<Question, 2>& questions) {
  for (auto status : {DnsStatus::ok, DnsStatus::no_name, DnsStatus::no_answer, DnsStatus::refused})
    for (const auto& question : questions)
      if (question.status == status) return status;
  return DnsStatus::no_data;
}

Task<DnsAnswer> converse(DnsSockets& sockets, Clock& clock, std::string name, Family family,
                         Instant deadline) {
  std::array<Question, 2> questions;
  constexpr int families[] = {AF_INET, AF_INET6};
  // Gone before the questions are: a callback may still come.
  struct Cancel {
    ares_channel channel;
    ~Cancel() { ares_cancel(channel); }
  } cancel{sockets.channel()};
  for (std::size_t i = 0; i < 2; ++i) {
    if (family == (i == 0 ? Family::ipv6 : Family::ipv4)) {
      questions[i].done = true;
      questions[i].status = DnsStatus::no_data;
      continue;
    }
    ares_addrinfo_hints hints{};
    hints.ai_family = families[i];
    hints.ai_flags = ARES_AI_NOSORT;
    ares_getaddrinfo(sockets.channel(), name.c_str(), nullptr, &hints, found, &questions[i]);
  }
  bool waiting_for_second = false;
  while (!questions[0].done || !questions[1].done) {
    bool one = (questions[0].done && family != Family::ipv6) || (questions[1].done && family != Family::ipv4);
    auto status = together(questions);
    if (one && status == DnsStatus::no_name) break;
    if (one && status == DnsStatus::ok && !waiting_for_second) {
      waiting_for_second = true;
      deadline = std::min(deadline, clock.now() + grace);
    }
    sockets.watch();
    timeval longest_wait{5, 0}, next{};
    const timeval* left = ares_timeout(sockets.channel(), &longest_wait, &next);
    auto until = std::min(deadline, clock.now() + Millis(left->tv_sec * 1000 + left->tv_usec / 1000 + 1));
    co_await sockets.wake->wait_until(clock, until);
    if (clock.now() >= deadline) break;
    sockets.process();
  }
  DnsAnswer answer;
  answer.status = together(questions);
  // c-ares asks on after SERVFAIL and REFUSED, and at last says only that it found no server.
  if (answer.status == DnsStatus::no_answer && sockets.heard()) answer.status = DnsStatus::refused;
  answer.server = sockets.server();
  for (auto& question : questions)
    answer.addresses.insert(answer.addresses.end(), question.addresses.begin(), question.addresses.end());
  co_return answer;
}

}  // namespace

Error dns_error(const std::string& host, DnsStatus status, const std::string& server) {
  std::string who = server.empty() ? "The DNS server" : "The DNS server " + server;
  Error error{"net.dns_failed", Retry::retry_soon, "",
              "Check the DNS server in this box's network settings."};
  switch (status) {
    case DnsStatus::no_name:
      error.detail = who + " says that there is no name " + host + ".";
      error.fix = "Check for a DNS filter in this network, and cloud.url in the configuration file.";
      break;
    case DnsStatus::no_data:
      error.detail = who + " knows no address for the name " + host + ".";
      break;
    case DnsStatus::refused:
      error.detail = who + " refuses to look up the name " + host + ", or fails at it.";
      break;
    case DnsStatus::ok:
      error.detail = who + " blocks the name " + host + ": it answers with an address that leads nowhere.";
      error.fix = "Allow the name in the DNS filter of this network or of the router.";
      break;
    case DnsStatus::unknown:
    case DnsStatus::no_answer:
      error.detail = "No DNS server answers, so the name " + host + " could not be looked up.";
      break;
  }
  return error;
}

Task<DnsAnswer> Resolver::ask(std::string name, Family family, Meter& meter, Instant deadline) {
  DnsSockets sockets(executor_, meter, name);
  // A round trip over a satellite takes 0.6 s. With a single server and a loss of 30 % each way, four tries
  // in 12 s leave one look-up in fifteen without an answer for a family, one in 200 without any.
  if (!sockets.open(seconds(1), 4)) co_return DnsAnswer{};
  co_return co_await converse(sockets, clock_, name, family, std::min(deadline, clock_.now() + longest));
}

Task<Result<Addresses>> Resolver::lookup(std::string host, Family family, Meter& meter, Instant deadline,
                                         std::shared_ptr<Trace> trace) {
  boost::system::error_code not_literal;
  auto literal = asio::ip::make_address(host, not_literal);
  if (!not_literal) co_return Addresses{literal};

  auto began = clock_.now();
  DnsSockets sockets(executor_, meter, host);
  if (!sockets.open(seconds(1), 4)) co_return dns_error(host, DnsStatus::unknown, "");
  Addresses listed;
  if (family != Family::ipv6) read_hosts_file(sockets.channel(), host, AF_INET, listed);
  if (family != Family::ipv4) read_hosts_file(sockets.channel(), host, AF_INET6, listed);
  if (!listed.empty()) co_return listed;

  if (trace) trace->dns_status = DnsStatus::no_answer;  // stays so when we are cut off
  // However many servers are silent: the request still needs time of its own.
  auto answer = co_await converse(sockets, clock_, host, family, std::min(deadline, clock_.now() + longest));
  if (trace) {
    trace->dns = clock_.now() - began;
    trace->dns_status = answer.status;
    trace->resolver = answer.server;
    for (const auto& address : answer.addresses) trace->addresses.push_back(address.to_string());
  }
  if (answer.status == DnsStatus::no_data && family != Family::any) {
    bool v4 = family == Family::ipv6;  // if it exists at all, then of the other family
    auto mismatch = family_mismatch(v4, !v4, has_route(Family::ipv4), has_route(Family::ipv6));
    co_return mismatch ? *mismatch
                       : Error{"net.unreachable", Retry::retry_later,
                               "The name " + host + " has no " + (v4 ? "IPv6" : "IPv4") + " address.", ""};
  }
  if (answer.status != DnsStatus::ok) co_return dns_error(host, answer.status, answer.server);
  std::erase_if(answer.addresses, is_sinkhole);
  if (answer.addresses.empty()) co_return dns_error(host, DnsStatus::ok, answer.server);
  co_return std::move(answer.addresses);
}

}  // namespace qcloud
