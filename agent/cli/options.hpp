// The command line as a value. Pure: no terminal, no environment.
#pragma once

#include "agent/cli/outcome.hpp"

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace qcloud::cli {

enum class Command {
  version,
  status,
  enroll,
  unregister,
  enable,
  disable,
  offline,
  online,
  ddns_claim,
  ddns_rename,
  ddns_release,
  data_show,
  data_export,
  data_erase,
  receipts_list,
  receipts_show,
  receipts_verify,
  ledger,
  ledger_summary,
  manifest,
  link_status,
  link_services,
  link_add,
  link_remove,
  link_visitors,
  config_show,
  config_set,
  config_unset,
  config_backup,
  config_restore,
  audience,
  data_correct,
  doctor,
  bundle,
};

struct Options {
  Command command = Command::version;
  std::string socket;
  bool json = false;
  bool quiet = false;
  bool yes = false;
  bool follow = false;
  bool force = false;
  std::string feature;  ///< empty: all
  std::string name;
  std::string value;
  std::vector<std::string> invite, uninvite;  ///< logins
  std::string id;
  std::string file;
  std::string key;
  std::vector<std::string> include;  ///< files to put into a bundle
  std::string since;                 ///< as typed; parse_since() has accepted its form
  std::string address;               ///< of a service on this NAS
  int port = 0;
  std::string tls;  ///< "through" or "here"
  bool proxy_protocol = false;
  bool admin_page = false;
  std::int64_t limit = 0;  ///< rows; 0: all
};

/// The end of the program at parsing: help on stdout, or a usage error on stderr.
struct Ended {
  Exit exit;
  std::string out;
  std::string err;
};

/// `arguments` without the program's name. `socket` is the default of --socket.
std::variant<Options, Ended> parse(std::vector<std::string> arguments, const std::string& socket);

}  // namespace qcloud::cli
