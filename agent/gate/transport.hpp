// What the gate needs of a network: exchange one request, and tell the meter about every byte.
// agent/net is the real one; the simulation brings its own.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/core/clock.hpp"
#include "agent/core/result.hpp"
#include "agent/gate/byte_stream.hpp"

namespace qcloud {

class TlsIdentity;  // agent/cloud: the device key and certificate, seen only by cloud/ and net/

enum class Family : std::uint8_t { any, ipv4, ipv6 };

struct ConnectionInfo {
  std::string proto;  // "tcp", "udp"
  std::string local;  // "192.168.1.5:40112", "[2a0b::1]:40112"
  std::string remote;
  std::int64_t message = 0;  // the ledger's row of the message that it was opened for; 0: none yet
};

enum class ConnectionEnd : std::uint8_t { closed, aborted, interrupted, gap };

// One per feature. Payload bytes only: TLS records and handshakes, CONNECT to a proxy in the clear, datagram
// payload; no headers of TCP or IP.
class Meter {
 public:
  virtual ~Meter() = default;
  // Before a socket is connected: may it be?
  virtual bool permitted() const = 0;
  // 0: it cannot be recorded, so it must be closed.
  virtual std::int64_t opened(const ConnectionInfo& info) = 0;
  virtual void closed(std::int64_t id, std::uint64_t bytes_out, std::uint64_t bytes_in,
                      ConnectionEnd end) = 0;
  // What has gone through it so far, while it is open: for those that stay open for long.
  virtual void passed(std::int64_t, std::uint64_t bytes_out, std::uint64_t bytes_in) {
    (void)bytes_out, (void)bytes_in;
  }
  // A resolver question is a message of its own.
  virtual void asked(std::int64_t id, const std::string& host_name, const std::string& server) = 0;
};

// How a look-up ended.
enum class DnsStatus : std::uint8_t {
  unknown,    // not asked: a literal, the hosts file, or not come that far
  ok,         // addresses
  no_name,    // NXDOMAIN
  no_data,    // the name exists, but has no address of the family
  no_answer,  // no server answered
  refused,    // SERVFAIL, REFUSED, or an answer that is none
};

// What was met on the way: evidence for the doctor, filled in as far as the exchange came. Times are -1
// where it did not come that far. Texts of strangers are printable ASCII, 200 characters at most.
struct Trace {
  std::vector<std::string> addresses;  // what the name led to, as DNS said it; with a proxy: the proxy's name
  DnsStatus dns_status = DnsStatus::unknown;
  std::string resolver;  // the DNS server that was asked last: "192.168.1.1:53"
  Millis dns{-1}, connect{-1}, tls{-1}, total{-1};
  Millis rtt{-1};                         // the kernel's smoothed round trip (TCP_INFO)
  int retransmits = -1;                   // segments that were sent again
  std::vector<std::string> tried;         // addresses, in this order
  std::string remote;                     // the address that was tried last, without port
  std::string proxy;                      // "proxy.lan:3128", when one stood in between; never its password
  std::string peer_issuer, peer_subject;  // of the certificate that was shown, also of one refused
  std::optional<WallTime> peer_from, peer_until;  // its dates
  int status = 0;                                 // of the answer, also of one refused
  std::string location;                           // where a refused redirect points to
};

struct HttpRequest {
  std::string method;
  std::string host;  // name or address literal
  std::uint16_t port = 443;
  std::string target;  // origin-form, already encoded
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  Family family = Family::any;  // with a proxy it cannot be forced
  bool hanging = false;         // wait for the answer until `deadline`, with kernel keepalive
  Instant deadline;
  std::shared_ptr<const TlsIdentity> identity;  // null: no client certificate
  std::int64_t message = 0;                     // the ledger's row
  // HTTP without TLS, straight to the host without a proxy: the doctor's look for a sign-in page. Whatever
  // answers is a stranger.
  bool plain = false;
  std::shared_ptr<Trace> trace;  // may be null
};

struct HttpResponse {
  int status = 0;
  std::string content_type;
  std::string body;              // 256 KiB at most
  std::optional<WallTime> date;  // of a verified peer
  int retry_after = 0;           // seconds; both forms of Retry-After are read
  std::string location;          // of a redirect, which is never followed
};

struct Datagram {
  std::string host;
  std::uint16_t port = 0;
  std::string payload;
  int hop_limit = 0;  // 0: the system's
  Instant deadline;
  std::int64_t message = 0;  // the ledger's row
};

struct DatagramAnswer {
  std::string from;                 // address without port: the peer, or the router that dropped it
  bool expired_in_transit = false;  // ICMP time exceeded: the hop limit ended at `from`
  std::string payload;
};

struct StreamRequest {
  std::string host;
  std::uint16_t port = 443;
  std::vector<std::string> alpn;   // offered, best first (RFC 7301); the peer must choose one
  std::vector<std::string> avoid;  // addresses that are taken only if there is no other,
  std::vector<std::string> busy;   // and of those the last: another of ours is on its way there;
  bool others_only = false;        // or neither of them at all
  std::vector<std::string> known;  // addresses, for when the name cannot be looked up
  Millis idle{seconds(25)};        // silence before the kernel probes the path
  bool cautious = false;           // small segments: a larger one may have been lost on the way
  std::shared_ptr<const TlsIdentity> identity;
  Instant deadline;          // of setting it up
  std::int64_t message = 0;  // the ledger's row
  std::shared_ptr<Trace> trace;
};

struct LookupAnswer {
  DnsStatus status = DnsStatus::unknown;
  std::vector<std::string> addresses;
  std::string server;  // that was asked last: "192.168.1.1:53"
};

class Transport {
 public:
  virtual ~Transport() = default;
  // Errors: net.dns_failed, net.no_network, net.unreachable, net.refused, net.timeout,
  // net.reset, net.tls_untrusted, net.tls_time, net.tls_failed, net.bad_answer, and with a proxy
  // net.proxy_unreachable, net.proxy_auth, net.proxy_refused.
  virtual Task<Result<HttpResponse>> exchange(HttpRequest request, Meter& meter) = 0;
  // One datagram out, one answer (or ICMP error) in. Errors as above; none is sent past a web proxy.
  virtual Task<Result<DatagramAnswer>> datagram(Datagram datagram, Meter& meter) = 0;
  // A secured stream of bytes that stays: TLS 1.3. Errors as above, and net.no_protocol.
  virtual Task<Result<std::unique_ptr<ByteStream>>> open(StreamRequest request, Meter& meter) {
    (void)request, (void)meter;
    co_return Error{"net.unsupported", Retry::give_up, "Streams cannot be opened here.", ""};
  }
  // Asks the DNS servers alone, not the hosts file. A "no" is a value.
  virtual Task<Result<LookupAnswer>> lookup(std::string name, Family family, Instant deadline, Meter& meter) {
    (void)name, (void)family, (void)deadline, (void)meter;
    co_return Error{"net.unsupported", Retry::give_up, "Names cannot be looked up here.", ""};
  }
  // Ends what this meter still has open: gracefully for a second at most, then hard. When it
  // returns, nothing more can leave for it.
  virtual Task<void> drain(Meter& meter) = 0;
};

}  // namespace qcloud
