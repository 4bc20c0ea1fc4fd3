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
#include <fstream>
#include <sstream>

#include "agent/app/agent.hpp"
#include "agent/app/api.hpp"
#include "agent/config/config.hpp"
#include "agent/control/server.hpp"
#include "agent/net/http_client.hpp"
#include "platform/linux/linux_platform.hpp"
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

void to_stderr(Level level, std::string_view line) {
  static constexpr const char* names[] = {"debug", "info", "warning", "error"};
  std::fprintf(stderr, "qcloudd: %s: %.*s\n", names[static_cast<int>(level)], static_cast<int>(line.size()),
               line.data());
}

Result<std::string> read_pem(const std::string& path, const char* key) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  if (!in || !(text << in.rdbuf()))
    return Error{"config.file", Retry::wait_for_owner, path + ": cannot be read.",
                 std::string("Let ") + key + " name the vendor's PEM file."};
  return text.str();
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
  if (options.platform == "qts")
    return fail(bad_config, {"usage", Retry::give_up, "The QTS platform is not part of this version.",
                             "Start with --platform linux."});
  LinuxOptions where{.root = options.root, .state_dir = options.state_dir};
  auto paths = linux_paths(where);
  auto config = load_config(options.config.empty() ? paths.config_file : options.config);
  if (!config) return fail(bad_config, config.error());
  if (config->proxy_url || config->panel_listen)
    return fail(bad_config, {"config.unsupported", Retry::wait_for_owner,
                             std::string(config->proxy_url ? "proxy.url" : "panel.listen") +
                                 ": this version has no such part yet.",
                             "Remove the line from the configuration file."});
  auto ca = read_pem(config->trust_file, "cloud.trust");
  if (!ca) return fail(bad_config, ca.error());
  auto vendor_key = read_pem(config->receipt_key_file, "cloud.receipt_key");
  if (!vendor_key) return fail(bad_config, vendor_key.error());

  boost::asio::io_context io(1);
  Agent* agent_for_floor = nullptr;
  auto trust = Trust::make(*ca, [&]() -> WallTime {
    return agent_for_floor ? agent_for_floor->session.floor() : WallTime(release_time);
  });
  if (!trust) return fail(bad_config, trust.error());
  if (options.check_config) {
    std::printf("The configuration is good.\n");
    return ok;
  }
  SystemClock clock(io.get_executor());
  SystemRng rng;
  Log log(config->log_level, to_stderr);
  auto platform = LinuxPlatform::open(io.get_executor(), clock, where);
  if (!platform) return fail(bad_state, platform.error());
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
  HttpClient transport(io.get_executor(), clock, **trust);
  std::map<std::string, Endpoint, std::less<>> endpoints{
      {"cloud", {config->cloud_url.host, config->cloud_url.port, config->cloud_url.base_path}}};
  Agent agent({io.get_executor(), clock, rng, (*platform)->platform(), transport, **db, log, endpoints,
               *vendor_key, WallTime(release_time)});
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

  Nursery shell(io.get_executor());
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
