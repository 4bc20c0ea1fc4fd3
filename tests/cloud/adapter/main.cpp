// refcloud: the reference cloud as a program. `refcloud --help` says how to run it.
#include <CLI/CLI.hpp>

#include <sys/resource.h>
#include <unistd.h>
#include <boost/asio/signal_set.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <csignal>
#include <iostream>

#include "tests/cloud/adapter/folder.hpp"
#include "tests/cloud/adapter/pdns.hpp"
#include "tests/cloud/adapter/server.hpp"
#include "tests/cloud/adapter/system_clock.hpp"
#include "tests/cloud/adapter/system_rng.hpp"
#include "tests/cloud/adapter/tls.hpp"
#include "tests/cloud/json.hpp"

namespace {

using namespace refcloud;

struct Options {
  std::string public_url;
  std::string dir, host = "cloud.vendor.test", zone = "mynas.test", pdns_url, pdns_key_file, front, plain,
                   operator_socket, relays_socket, keylog, ready, login;
  std::size_t most_connections = 20'000, most_of_one = 1'000;
  std::vector<std::string> listen{}, certificate_names{};
};

std::string first_line(const std::string& text) { return text.substr(0, text.find_first_of("\r\n")); }

// Each connection is a descriptor; the kernel allows more than it gives at first.
std::size_t descriptors() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  getrlimit(RLIMIT_NOFILE, &limit);
  return std::max<std::size_t>(limit.rlim_cur, 128);
}

int add_account(const Options& options) {
  std::string password;
  std::getline(std::cin, password);
  SystemClock clock;
  SystemRng rng;
  MemoryDns dns;
  const Folder folder(options.dir);
  Cloud cloud(clock, rng, Store(folder.database()), folder.keys(clock.now()), dns);
  if (cloud.add_account(options.login, first_line(password))) return 0;
  std::cerr << "refcloud: there is such an account already, or the login (3 to 64 characters) or password is "
               "unusable\n";
  return 1;
}

int serve(const Options& options) {
  SystemClock clock;
  SystemRng rng;
  const Folder folder(options.dir);

  Settings settings;
  settings.host = options.host;
  settings.zone = options.zone;
  std::vector<Endpoint> endpoints;
  std::vector<std::string> names{options.host, "localhost", "127.0.0.1", "::1"};
  for (const auto& text : options.listen) {
    endpoints.push_back(parse_endpoint(text));
    const auto& address = endpoints.back().address;
    if (address == "0.0.0.0" || address == "::" ||
        std::find(names.begin(), names.end(), address) != names.end())
      continue;
    names.push_back(address);
    settings.other_hosts.push_back(address.find(':') == std::string::npos ? address : '[' + address + ']');
  }

  settings.public_url = options.public_url;
  auto keys = folder.keys(clock.now());
  auto tls = make_tls(folder.server(keys, rng, names, clock.now()), keys, options.keylog);
  std::unique_ptr<Dns> dns = std::make_unique<MemoryDns>();
  if (!options.pdns_url.empty()) {
    auto pdns = std::make_unique<PowerDns>(options.pdns_url, first_line(read_file(options.pdns_key_file)),
                                           options.zone);
    if (!pdns->prepare())
      std::cerr << "refcloud: PowerDNS does not answer yet at " << options.pdns_url << '\n';
    dns = std::move(pdns);
  }
  Cloud cloud(clock, rng, Store(folder.database()), std::move(keys), *dns, settings);
  Service service{cloud, clock};
  service.connections.most = std::min(options.most_connections, descriptors() - 64);
  service.connections.most_of_one = options.most_of_one;
  cloud.set_on_change([&service](const std::string& device) { service.watches.wake(device); });

  boost::asio::io_context io(1);
  boost::asio::signal_set signals(io, SIGTERM, SIGINT);
  signals.async_wait([&io](const boost::system::error_code&, int) { io.stop(); });

  json::array listening;
  for (const auto& endpoint : endpoints) listening.emplace_back(listen_tls(io, service, tls, endpoint));
  json::object ready{{"listen", listening}};
  if (!options.front.empty()) ready["front"] = listen_front(io, service, parse_endpoint(options.front));
  if (!options.plain.empty()) ready["plain"] = listen_plain(io, service, parse_endpoint(options.plain));
  if (!options.operator_socket.empty()) {
    listen_operator(io, service, options.operator_socket);
    ready["operator"] = options.operator_socket;
  }
  if (!options.relays_socket.empty()) {
    listen_relays(io, service, options.relays_socket);
    ready["relays"] = options.relays_socket;
  }
  keep_house(io, service);
  ready["pid"] = getpid();
  ready["ca"] = folder.ca_file();
  ready["receipt_key"] = folder.receipt_key_file();
  ready["zone"] = options.zone;
  ready["host"] = options.host;
  std::cerr << "refcloud: " << json::serialize(ready) << '\n';
  if (!options.ready.empty()) write_file(options.ready, json::serialize(ready) + '\n', false);

  io.run();
  if (!options.operator_socket.empty()) unlink(options.operator_socket.c_str());
  if (!options.relays_socket.empty()) unlink(options.relays_socket.c_str());
  return 0;
}

int make_certificate(const Options& options) {
  SystemClock clock;
  SystemRng rng;
  const Folder folder(options.dir);
  const auto& file = options.certificate_names.front();
  if (file.find('/') != std::string::npos) throw std::invalid_argument('"' + file + "\" is no host name");
  const auto keys = folder.keys(clock.now());
  folder.server(keys, rng, options.certificate_names, clock.now(), file);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  Options options;
  CLI::App app{"Reference cloud endpoint for qcloud"};
  app.require_subcommand(1);

  auto* const server = app.add_subcommand("serve", "Run the cloud until SIGTERM");
  server->add_option("--dir", options.dir, "Folder of state and keys; made at the first start")->required();
  server
      ->add_option("--listen", options.listen,
                   "ADDRESS:PORT for HTTPS, repeatable; port 0 lets the kernel choose")
      ->required();
  server->add_option("--host", options.host, "Host name of the cloud")->capture_default_str();
  server->add_option("--public-url", options.public_url,
                     "Where people open the pages, as https://HOST:PORT; default: where the NAS asked");
  server->add_option("--zone", options.zone, "DNS zone of the public names")->capture_default_str();
  auto* const pdns = server->add_option(
      "--pdns-url", options.pdns_url, "PowerDNS API, http://ADDRESS:PORT; without it, names stay in memory");
  server->add_option("--pdns-key-file", options.pdns_key_file, "File with the API key")->needs(pdns);
  pdns->needs("--pdns-key-file");
  server->add_option("--front", options.front,
                     "ADDRESS:PORT for plain HTTP from a trusted proxy that sets Client-Cert and Forwarded");
  server->add_option("--plain", options.plain,
                     "ADDRESS:PORT for plain HTTP that only answers GET /generate_204: whether a sign-in "
                     "page is in the way");
  server->add_option("--max-connections", options.most_connections, "Connections at once")
      ->capture_default_str();
  server
      ->add_option("--max-per-source", options.most_of_one,
                   "Connections at once from one IPv4 address or IPv6 /64")
      ->capture_default_str();
  server->add_option("--operator", options.operator_socket, "Unix socket of the operator's API");
  server->add_option("--keylog", options.keylog, "File for TLS session secrets (tests only)");
  server->add_option("--ready", options.ready, "File that is written once the cloud listens");

  server->add_option("--relays", options.relays_socket, "Unix socket for the relays of this cloud");

  auto* const certificate =
      app.add_subcommand("certificate", "Make a server's key and certificate, for a relay");
  certificate->add_option("--dir", options.dir, "Folder of state and keys")->required();
  certificate
      ->add_option("names", options.certificate_names,
                   "Host names and addresses; files are named by the first")
      ->required();

  auto* const account = app.add_subcommand("account", "Manage accounts");
  account->add_option("--dir", options.dir, "Folder of state and keys")->required();
  account->require_subcommand(1);
  auto* const add =
      account->add_subcommand("add", "Add an account; the password is the first line of standard input");
  add->add_option("login", options.login)->required();

  CLI11_PARSE(app, argc, argv);
  try {
    if (certificate->parsed()) return make_certificate(options);
    return server->parsed() ? serve(options) : add_account(options);
  } catch (const std::exception& error) {
    std::cerr << "refcloud: " << error.what() << '\n';
    return 1;
  }
}
