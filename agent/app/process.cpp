#include "agent/app/process.hpp"

#include <fcntl.h>
#include <malloc.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdio>

#include "agent/app/agent.hpp"
#include "agent/app/api.hpp"
#include "agent/config/config.hpp"
#include "agent/control/server.hpp"
#include "agent/net/http_client.hpp"
#include "agent/net/local_dial.hpp"
#include "agent/net/tls_end.hpp"
#include "agent/store/meta.hpp"
#include "platform/open.hpp"
#include "platform/system_clock.hpp"
#include "platform/system_rng.hpp"

namespace qcloud {
namespace {

constexpr int ok = 0, bad_config = 2, other_instance = 3, bad_state = 4;
// Certainly past when this release runs.
constexpr auto release_time = std::chrono::sys_days(std::chrono::year(2026) / 11 / 1);

int fail(int code, const Error& error) {
  std::fprintf(stderr, "qcloudd: %s\n", error.detail.c_str());
  if (!error.fix.empty()) std::fprintf(stderr, "  fix: %s\n", error.fix.c_str());
  return code;
}

std::string name_of(Level level) {
  static constexpr const char* names[] = {"debug", "info", "warning", "error"};
  return names[static_cast<int>(level)];
}

void to_stderr(Level level, std::string_view line) {
  std::fprintf(stderr, "qcloudd: %s: %.*s\n", name_of(level).c_str(), static_cast<int>(line.size()),
               line.data());
}

// What the file sets, as text; the level only where it differs, since the file need not name it.
std::map<std::string, std::string, std::less<>> texts_of(const Config& config) {
  std::map<std::string, std::string, std::less<>> out{{"cloud.url", to_string(config.cloud_url)},
                                                      {"cloud.region", config.region}};
  if (config.log_level != Level::info) out["log.level"] = name_of(config.log_level);
  if (config.proxy_url) out["proxy.url"] = to_string(*config.proxy_url);
  return out;
}

Status make_folder(const std::string& path, mode_t mode) {
  for (std::size_t at = 1; at != std::string::npos; at = path.find('/', at + 1)) {
    auto end = path.find('/', at + 1);
    auto part = path.substr(0, end);
    if (::mkdir(part.c_str(), end == std::string::npos ? mode : 0755) != 0 && errno != EEXIST)
      return Error{"state.folder", Retry::wait_for_owner, part + ": this folder cannot be made.",
                   "Check the permissions, and that the volume is mounted and writable."};
    if (end == std::string::npos) break;
  }
  return {};
}

// Held for the process's life: the kernel lets go of it, however the process ends.
int take_lock(const std::string& path) {
  int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return -1;
  if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return fd;
  ::close(fd);
  return -2;
}

Task<void> until_signal(boost::asio::io_context* io, Agent* agent, ControlServer* server, Nursery* shell) {
  boost::asio::signal_set signals(*io, SIGINT, SIGTERM);
  Signal stop(io->get_executor());
  signals.async_wait([&stop](boost::system::error_code failed, int) {
    if (!failed) stop.notify();
  });
  co_await stop.wait();
  co_await shell->stop();
  co_await server->stop();
  co_await agent->stop();
}

}  // namespace

int run_process(const Options& options) {
  ::umask(0022);
  std::signal(SIGPIPE, SIG_IGN);
  PlatformOptions where{.root = options.root, .state_dir = options.state_dir};
  auto paths = platform_paths(options.platform, where);
  FileSettings file;
  file.path = options.config.empty() ? paths.config_file : options.config;
  auto config = load_config(file.path);
  if (!config) return fail(bad_config, config.error());
  if (config->panel_listen)
    return fail(bad_config, {"config.unsupported", Retry::wait_for_owner,
                             file.path + ": panel.listen: this version has no such part yet.",
                             "Remove the line from the configuration file."});
  file.values = texts_of(*config);
  auto ca = load_pem(config->trust_file, "cloud.trust");
  if (!ca) return fail(bad_config, ca.error());
  auto vendor_key = load_pem(config->receipt_key_file, "cloud.receipt_key");
  if (!vendor_key) return fail(bad_config, vendor_key.error());

  boost::asio::io_context io(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE);  // no thread but this one, so no locks
  Agent* agent_for_floor = nullptr;
  auto trust = Trust::make(
      *ca,
      [&]() -> WallTime {
        return agent_for_floor ? agent_for_floor->session.passed() - TrustedTime::tolerance
                               : WallTime(release_time);
      },
      [&] { return agent_for_floor && agent_for_floor->session.certain(); });
  if (!trust) return fail(bad_config, std::move(trust).error().within(config->trust_file));
  if (options.check_config) {
    std::printf("The configuration is good.\n");
    return ok;
  }
  SystemClock clock(io.get_executor());
  SystemRng rng;
  LogRing ring;
  Log log(config->log_level, [&](Level level, std::string_view line) {
    to_stderr(level, line);
    ring.add(to_rfc3339(clock.wall()) + " " + name_of(level) + ": " + std::string(line));
  });
  auto platform = open_platform(options.platform, io.get_executor(), clock, where);
  if (!platform) return fail(bad_state, platform.error());
  paths = (*platform)->platform().paths;
  for (const auto& [path, mode] : {std::pair(paths.state_dir, 0700), std::pair(paths.run_dir, 0755)})
    if (auto made = make_folder(path, mode); !made) return fail(bad_state, made.error());
  int lock = take_lock(paths.run_dir + "/lock");
  if (lock == -2)
    return fail(other_instance,
                {"instance", Retry::give_up, "Another qcloudd runs already in " + paths.run_dir + ".",
                 "Stop it first, or leave it be."});
  if (lock < 0)
    return fail(bad_state, {"instance", Retry::give_up, paths.run_dir + "/lock: cannot be made.",
                            "Check that the folder is writable."});

  ::umask(0077);  // the state holds the device key
  auto db = Db::open({paths.state_dir + "/state.db", paths.run_dir + "/ledger.db", ""});
  if (!db) return fail(bad_state, db.error());
  if (auto kept = get_meta(**db, note_damaged)) log.error("a damaged state was kept as " + *kept);
  HttpClient transport(io.get_executor(), clock, **trust,
                       [&] { return agent_for_floor ? agent_for_floor->settings.proxy() : std::string(); });
  std::map<std::string, Endpoint, std::less<>> endpoints{
      {"cloud", {config->cloud_url.host, config->cloud_url.port, config->cloud_url.base_path}}};
  if (config->relay) endpoints["relay"] = {config->relay->host, config->relay->port, ""};
  LoopbackDial local(io.get_executor(), clock);
  OpenSslEnds tls_ends;
  Agent agent({io.get_executor(), clock, rng, (*platform)->platform(), transport, **db, log, endpoints,
               *vendor_key, WallTime(release_time), std::move(file), &local, &ring, &tls_ends});
  agent_for_floor = &agent;
  Operations operations(agent);
  ControlServer server(io.get_executor(), clock, (*platform)->platform().auth,
                       make_routes(agent, operations));
  if (auto listening = server.listen(paths.run_dir + "/control.sock"); !listening)
    return fail(bad_state, listening.error());
  agent.publish = [&server](const Event& event) { server.publish(event); };
  agent.ledger.on_row = [&](std::int64_t id) {
    if (!server.followed()) return;
    Ledger::Filter only;
    only.after = id - 1;
    only.limit = 1;
    server.publish({"ledger", {{"schema", 1}, {"rows", agent.ledger.rows(only)}}});
  };
  if (auto started = agent.start(); !started) return fail(bad_state, started.error());

  Nursery shell(io.get_executor(), [&](const std::string& fault) {
    log.error("a part of the agent ended by a fault: " + fault);
  });
  shell.spawn((*platform)->run());
  shell.spawn(announce_changes(agent));
  shell.spawn(server.run());
  Nursery root(io.get_executor());
  root.spawn([](Task<void> work, boost::asio::io_context* io) -> Task<void> {
    co_await std::move(work);
    io->stop();
  }(until_signal(&io, &agent, &server, &shell), &io));
  ::malloc_trim(0);
  log.info("started");
  io.run();
  log.info("stopped");
  return ok;
}

}  // namespace qcloud
