// qcloudd's command line.
#pragma once

#include <optional>
#include <string>

namespace qcloud {

struct Options {
  std::string config;  // empty: below the root
  std::string platform = "auto";
  std::string root = "/";
  std::string state_dir;  // empty: below the root
  bool check_config = false;
  std::optional<int> exit_code;  // nothing more to do: --help, --version, bad usage
};

Options parse_options(int argc, char** argv);

}  // namespace qcloud
