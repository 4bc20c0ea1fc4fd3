#include "agent/cli/options.hpp"

#include "agent/cli/text.hpp"
#include "agent/cli/when.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>

namespace qcloud::cli {
namespace {

Ended usage(const std::string& text, const std::string& fix) {
  return {Exit::usage, "", "qcloud: " + text + "\n  fix: " + fix + "\n"};
}

/// Decimal and nothing else: CLI11 would read 0700 as 448. Empty: it is a port.
std::string port_trouble(const std::string& given) {
  int port = 0;
  const auto* end = given.data() + given.size();
  auto [stop, failed] = std::from_chars(given.data(), end, port);
  bool fine = failed == std::errc() && stop == end && given.front() != '0' && port >= 1 && port <= 65535;
  return fine ? "" : "'" + plain(given) + "' is no port (1 to 65535)";
}

/// One App a command line: CLI11 keeps the state of a parse inside.
class CommandLine {
 public:
  explicit CommandLine(const std::string& socket) {
    options.socket = socket;
    // Inherited by every subcommand: options may stand before or after the command.
    app.fallthrough();
    app.set_help_flag("-h,--help", "Show this help");
    app.add_option("--socket", options.socket, "Where the agent listens")
        ->type_name("PATH")
        ->capture_default_str();
    app.add_flag("--json", options.json, "Print JSON, for scripts");
    app.add_flag("-q,--quiet", options.quiet, "Print only what was asked for, and errors");
    app.add_flag("--version", version, "Show the version");
    commands();
    // At most one: else the feature in `enable ddns` would be taken for the command ddns.
    app.require_subcommand(0, 1);
  }

  /// CLI11's error in our words where its own would puzzle.
  Ended refused(const CLI::Error& error) const {
    const CLI::App* at = &app;
    std::string path = "qcloud";
    for (auto inner = at->get_subcommands(); !inner.empty(); inner = at->get_subcommands()) {
      at = inner.front();
      path += ' ' + at->get_name();
    }
    const std::string see = "See: " + path + " --help";
    if (const auto rest = app.remaining(true);
        !rest.empty() && dynamic_cast<const CLI::ExtrasError*>(&error)) {
      const bool verb = at->get_require_subcommand_min() > 0 || at == &app;
      return usage((verb ? "There is no command '" : "Too much: '") + plain(rest.front()) + "'.", see);
    }
    if (at->get_require_subcommand_min() > 0 && at->get_subcommands().empty()) {
      std::string verbs;
      for (const auto* verb : at->get_subcommands({}))
        verbs += (verbs.empty() ? "" : ", ") + verb->get_name();
      return usage("What shall " + path + " do? One of: " + verbs + ".", see);
    }
    return usage(plain(error.what()) + ".", see);
  }

  Options options;
  CLI::App app{"qcloud - what this NAS does in the cloud, and your switches for it", "qcloud"};
  bool version = false;
  bool chosen = false;

 private:
  CLI::App* add(CLI::App& parent, const char* name, const char* text, Command command) {
    auto* added = parent.add_subcommand(name, text);
    added->callback([this, command] {
      if (!std::exchange(chosen, true)) options.command = command;
    });
    return added;
  }

  CLI::App* group(const char* name, const char* text) {
    auto* added = app.add_subcommand(name, text);
    added->require_subcommand(1);
    return added;
  }

  void feature(CLI::App* command, bool required) {
    command->add_option("FEATURE", options.feature, "A feature, for example ddns")
        ->required(required)
        ->type_name("");
  }

  void yes(CLI::App* command) { command->add_flag("-y,--yes", options.yes, "Do not ask"); }

  void commands() {
    add(app, "status", "How this NAS is connected, on one screen", Command::status);
    add(app, "register", "Bind this NAS to your account", Command::enroll);
    yes(add(app, "unregister", "Leave the account and erase this NAS in the cloud", Command::unregister));
    feature(add(app, "enable", "Switch a feature on", Command::enable), true);
    feature(add(app, "disable", "Switch a feature off and erase its data in the cloud", Command::disable),
            true);
    add(app, "offline", "Switch all remote access off, now", Command::offline);
    add(app, "online", "Switch back on what offline switched off", Command::online);

    auto* ddns = group("ddns", "The public name of this NAS");
    const auto named = [&](const char* verb, const char* text, Command command, bool required) {
      add(*ddns, verb, text, command)
          ->add_option("NAME", options.name, "The name, for example nas1")
          ->required(required)
          ->type_name("");
    };
    named("claim", "Take a name", Command::ddns_claim, true);
    named("rename", "Take another name and let the old one go", Command::ddns_rename, true);
    named("release", "Let the name go", Command::ddns_release, false);

    auto* data = group("data", "What the cloud stores of this NAS");
    feature(add(*data, "show", "Show it", Command::data_show), false);
    feature(add(*data, "export", "Write it as JSON", Command::data_export), false);
    auto* erase = add(*data, "erase", "Erase it", Command::data_erase);
    feature(erase, false);
    yes(erase);
    auto* correct = add(*data, "correct", "Put right what it stores", Command::data_correct);
    word(correct, "FIELD", options.name, "What to correct: device_name");
    word(correct, "VALUE", options.value, "As it should be");
    config();
    audience();
    receipts();
    ledger();
    feature(add(app, "manifest", "What a feature may send, to whom, why and how long", Command::manifest),
            false);
    link();
    help_wanted();
  }

  void word(CLI::App* command, const char* name, std::string& into, const char* text) {
    command->add_option(name, into, text)->required()->type_name("")->check([](const std::string& given) {
      return given.empty() ? std::string("it is empty") : std::string();
    });
  }

  void link() {
    auto* link = group("link", "Reachable from everywhere, through the relay");
    add(*link, "status", "Connections to the relay, visits and bytes", Command::link_status);
    add(*link, "visitors", "Who came, newest first; this never leaves the NAS", Command::link_visitors);
    auto* services = link->add_subcommand("services", "What visitors may reach");
    services->require_subcommand(1);
    add(*services, "list", "List what is published", Command::link_services);
    auto* publish = add(*services, "add", "Publish a service of this NAS", Command::link_add);
    word(publish, "NAME", options.name,
         "web for the page behind the name itself; else a name below it, such as ssh");
    publish
        ->add_option("PORT", options.port, "The port on which the service listens [web, files: 443, ssh: 22]")
        ->check(port_trouble)
        ->type_name("");
    publish->add_option("--address", options.address, "Where it listens on this NAS [127.0.0.1]")
        ->type_name("ADDRESS");
    publish
        ->add_option("--tls", options.tls,
                     "through: the service has TLS of its own; here: the agent has it, for a plain service "
                     "[ssh: here]")
        ->type_name("WHERE")
        ->check(CLI::IsMember({"through", "here"}));
    publish->add_flag("--proxy-protocol", options.proxy_protocol,
                      "Tell the service the visitor's address (PROXY v2)");
    publish->add_flag("--admin-page", options.admin_page,
                      "It is an administration page: limit visitors who fail");
    yes(publish);
    word(add(*services, "remove", "Publish it no longer", Command::link_remove), "NAME", options.name,
         "Its name");
  }

  void config() {
    auto* config = group("config", "Settings of this NAS for the cloud");
    add(*config, "show", "Show them, and whose word each is", Command::config_show);
    auto* set = add(*config, "set", "Set one; it counts at once", Command::config_set);
    word(set, "KEY", options.name, "economy, log.level or proxy.url");
    word(set, "VALUE", options.value, "The value");
    word(add(*config, "unset", "Take your word back", Command::config_unset), "KEY", options.name,
         "economy, log.level or proxy.url");
    auto* backup = add(*config, "backup", "Write settings and switches into a file, without secrets",
                       Command::config_backup);
    word(backup, "FILE", options.file, "The file to write");
    backup->add_flag("--force", options.force, "Replace the file if it is there");
    auto* restore = add(*config, "restore", "Bring a backup back", Command::config_restore);
    word(restore, "FILE", options.file, "The file to read");
    yes(restore);
  }

  void audience() {
    auto* audience = add(app, "audience", "Who may look this NAS up", Command::audience);
    audience->add_option("WHO", options.name, "everyone, invited or owner; without it: show")
        ->type_name("")
        ->check(CLI::IsMember({"everyone", "invited", "owner"}));
    const auto logins = [&](const char* option, const char* text, std::vector<std::string>& into) {
      audience->add_option(option, into, text)->type_name("LOGIN")->allow_extra_args(false);
    };
    logins("--invite", "Invite an account; may be repeated", options.invite);
    logins("--uninvite", "Take an invitation back; may be repeated", options.uninvite);
  }

  void help_wanted() {
    add(app, "doctor", "Find out what stands between this NAS and the cloud", Command::doctor);
    auto* bundle =
        add(app, "bundle", "Write what a helper needs to know into a file, without what is personal",
            Command::bundle);
    bundle->add_option("FILE", options.file, "The file to write")->required()->type_name("");
    bundle->add_option("--include", options.include, "A text file to put into it, for example a log")
        ->type_name("FILE")
        ->allow_extra_args(false);
    bundle->add_flag("--force", options.force, "Replace the file if it is there");
  }

  void receipts() {
    auto* receipts = group("receipts", "The cloud's signed receipts for what it erased");
    add(*receipts, "list", "List them", Command::receipts_list);
    add(*receipts, "show", "Show one", Command::receipts_show)
        ->add_option("ID", options.id, "Its id")
        ->required()
        ->type_name("");
    auto* verify = add(*receipts, "verify", "Check one or all; with --file and --key without the agent",
                       Command::receipts_verify);
    auto* id = verify->add_option("ID", options.id, "Its id")->type_name("");
    auto* key = verify->add_option("--key", options.key, "The vendor's public key")->type_name("PEM");
    verify->add_option("--file", options.file, "A receipt in a file")
        ->type_name("FILE")
        ->needs(key)
        ->excludes(id);
  }

  void ledger() {
    const auto rows = [](const std::string& text) {
      const bool number = !text.empty() && text.size() < 10 &&
                          text.find_first_not_of("0123456789") == text.npos && text[0] != '0';
      return number ? std::string() : "'" + text + "' is not a number of rows";
    };
    auto* ledger = add(app, "ledger", "What left this NAS", Command::ledger);
    ledger->add_option("--feature", options.feature, "Only this feature")->type_name("FEATURE");
    ledger->add_option("--since", options.since, "2026-11-23, 2026-11-23T10:00:00Z, 15m, 1h, 2d or today")
        ->type_name("TIME");
    ledger->add_option("--limit", options.limit, "At most so many rows")->type_name("N")->check(rows);
    ledger->add_flag("-f,--follow", options.follow, "Go on with what leaves from now; Ctrl-C ends it");
    ledger->require_subcommand(0, 1);
    // A subcommand's callback runs before its parent's, so the first one wins.
    add(*ledger, "summary", "How much, feature by feature", Command::ledger_summary);
  }
};

}  // namespace

std::variant<Options, Ended> parse(std::vector<std::string> arguments, const std::string& socket) {
  CommandLine line(socket);
  std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the back
  try {
    line.app.parse(arguments);
  } catch (const CLI::CallForHelp&) {
    return Ended{Exit::done, line.app.help(), ""};
  } catch (const CLI::Error& error) {
    return line.refused(error);
  }
  Options& options = line.options;
  if (line.version)
    options.command = Command::version;
  else if (!line.chosen)
    return Ended{Exit::usage, "", line.app.help()};
  if (!options.since.empty() && !parse_since(options.since, 0))
    return usage("'" + plain(options.since) + "' is not a time.",
                 "Say for example --since 1h, --since 2d, --since today or --since 2026-11-23");
  return options;
}

}  // namespace qcloud::cli
