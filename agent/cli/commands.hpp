// The commands of `qcloud`. Each takes a session and returns the exit status.
#pragma once

#include "agent/cli/session.hpp"

#include <string>
#include <vector>

namespace qcloud::cli {

Exit show_version(Session& session);
Exit show_status(Session& session);
Exit show_manifest(Session& session);
Exit register_box(Session& session);
Exit unregister_box(Session& session);
Exit throw_switch(Session& session);  // enable, disable
Exit throw_all(Session& session);     // offline, online
Exit change_name(Session& session);   // ddns claim, rename
Exit release_name(Session& session);
Exit show_data(Session& session);  // data show, export
Exit erase_data(Session& session);
Exit show_receipts(Session& session);  // receipts list, show
Exit verify_receipts(Session& session);
Exit show_ledger(Session& session);
Exit summarize_ledger(Session& session);
Exit show_config(Session& session);
Exit set_config(Session& session);  // config set, unset
Exit backup_config(Session& session);
Exit restore_config(Session& session);
Exit change_audience(Session& session);
Exit correct_data(Session& session);
Exit run_doctor(Session& session);
Exit make_bundle(Session& session);

Exit show_link(Session& session);  // link status, visitors
Exit show_services(Session& session);
Exit publish_service(Session& session);
Exit withdraw_service(Session& session);

/// The whole program: arguments without the program's name -> exit status.
Exit run(std::vector<std::string> arguments, Host& host);

}  // namespace qcloud::cli
