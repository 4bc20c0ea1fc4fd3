// refrelay: the reference relay. A process of its own, because its whole point is how little it can see.
#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/json.hpp>
#include <csignal>
#include <cstdio>
#include <fstream>

#include "tests/cloud/relay/adapter/relay.hpp"

namespace {

using namespace refrelay;
namespace json = boost::json;

tcp::endpoint read_endpoint(const std::string& text) {
  auto colon = text.rfind(':');
  if (colon == std::string::npos) throw CLI::ValidationError(text, "is not ADDRESS:PORT");
  auto host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[') host = host.substr(1, host.size() - 2);
  return {asio::ip::make_address(host), static_cast<std::uint16_t>(std::stoi(text.substr(colon + 1)))};
}

json::array write_endpoints(const std::vector<tcp::endpoint>& endpoints) {
  json::array out;
  for (const auto& endpoint : endpoints) {
    auto address = endpoint.address().to_string();
    out.push_back(json::value((endpoint.address().is_v6() ? "[" + address + "]" : address) + ":" +
                              std::to_string(endpoint.port())));
  }
  return out;
}

// As many connections as the system lets it have.
void more_descriptors() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"The reference relay: joins visitors and boxes by server name, and reads nothing else",
               "refrelay"};
  Options options;
  std::vector<std::string> visitors, boxes;
  std::string ready;
  app.add_option("--name", options.name, "Its name, in logs and toward the boxes");
  app.add_option("--visitors", visitors, "ADDRESS:PORT for visitors")->required();
  app.add_option("--boxes", boxes, "ADDRESS:PORT for boxes")->required();
  app.add_option("--certificate", options.tls.certificate, "PEM file")->required();
  app.add_option("--key", options.tls.key, "PEM file")->required();
  app.add_option("--device-ca", options.tls.device_ca, "PEM file: who vouches for boxes")->required();
  app.add_option("--ipv4", options.public_ipv4, "Where visitors reach it, for DNS");
  app.add_option("--ipv6", options.public_ipv6, "The same for IPv6");
  app.add_option("--cloud", options.cloud_socket, "The cloud's Unix socket for relays")->required();
  app.add_option("--setup-suffix", options.setup_suffix, "Boxes not yet set up are reached below this name");
  app.add_option("--max-visitors", options.most_visitors, "Visitors at a time");
  app.add_option("--max-per-source", options.most_of_one_source,
                 "Visitors at a time from one IPv4 address or IPv6 /64");
  long idle = options.idle.count(), stalled = options.stalled.count(), silent = options.silent.count(),
       setup_lifetime = options.setup_lifetime.count();
  app.add_option("--idle", idle, "Seconds that a visit may be silent");
  app.add_option("--stalled", stalled, "Seconds that a visitor may leave what waits for him");
  app.add_option("--silent", silent, "Seconds that a box may be silent before it is asked");
  app.add_option("--setup-lifetime", setup_lifetime, "Seconds that a box may wait for its set-up");
  app.add_option("--keylog", options.tls.keylog,
                 "For tests: the secrets of the boxes' connections, as NSS key log");
  app.add_option("--ready", ready, "Written once it listens");
  CLI11_PARSE(app, argc, argv);
  std::signal(SIGPIPE, SIG_IGN);
  // Buffers come and go with each turn: the heap keeps what it has.
  ::mallopt(M_TRIM_THRESHOLD, 1024 * 1024);
  ::mallopt(M_MMAP_THRESHOLD, 1024 * 1024);
  try {
    for (const auto& text : visitors) options.visitors.push_back(read_endpoint(text));
    for (const auto& text : boxes) options.boxes.push_back(read_endpoint(text));
    options.idle = std::chrono::seconds(idle);
    options.stalled = std::chrono::seconds(stalled);
    options.silent = std::chrono::seconds(silent);
    options.setup_lifetime = std::chrono::seconds(setup_lifetime);
    options.tls.take_ephemeral = !options.setup_suffix.empty();
    more_descriptors();
    Relay relay(options);
    asio::io_context io(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE);  // no thread but this one, so no locks
    relay.start(io, [&] {
      if (!ready.empty())
        std::ofstream(ready) << json::serialize(
            json::object{{"visitors", write_endpoints(relay.visitor_ports())},
                         {"boxes", write_endpoints(relay.box_ports())},
                         {"pid", static_cast<int>(::getpid())}});
    });
    asio::signal_set signals(io, SIGTERM, SIGINT);
    signals.async_wait([&](boost::system::error_code failed, int) {
      if (failed) return;
      asio::co_spawn(io, relay.drain(std::chrono::seconds(30)), [&](std::exception_ptr) { io.stop(); });
    });
    io.run();
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "refrelay: %s\n", error.what());
    return 1;
  }
}
