#include "agent/app/options.hpp"

#include <CLI/CLI.hpp>

namespace qcloud {

Options parse_options(int argc, char** argv) {
  Options options;
  bool foreground = false;
  CLI::App app("The cloud agent of this NAS. It is switched with: qcloud", "qcloudd");
  app.add_option("--config", options.config, "Configuration file [ROOT/etc/qcloud/qcloud.toml]");
  app.add_option("--platform", options.platform, "auto, qts or linux")
      ->check(CLI::IsMember({"auto", "qts", "linux"}));
  app.add_option("--root", options.root, "Where /etc, /var and /run are [/]");
  app.add_option("--state-dir", options.state_dir, "Where the state is kept [ROOT/var/lib/qcloud]");
  app.add_flag("--foreground", foreground, "Stay in the foreground (it always does)");
  app.add_flag("--check-config", options.check_config,
               "Read the configuration, say what is wrong with it, and end");
  app.set_version_flag("--version", "qcloudd " QCLOUD_VERSION);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    int code = app.exit(error);
    options.exit_code = code == 0 ? 0 : 2;
  }
  return options;
}

}  // namespace qcloud
