#include "agent/cli/commands.hpp"

#include <ostream>

namespace qcloud::cli {
namespace {

/// Every command, and what does it. Total: a new command does not compile without a line here.
Exit act(Session& session) {
  switch (session.options.command) {
    case Command::version:
      return show_version(session);
    case Command::status:
      return show_status(session);
    case Command::enroll:
      return register_box(session);
    case Command::unregister:
      return unregister_box(session);
    case Command::enable:
    case Command::disable:
      return throw_switch(session);
    case Command::offline:
    case Command::online:
      return throw_all(session);
    case Command::ddns_claim:
    case Command::ddns_rename:
      return change_name(session);
    case Command::ddns_release:
      return release_name(session);
    case Command::data_show:
    case Command::data_export:
      return show_data(session);
    case Command::data_erase:
      return erase_data(session);
    case Command::receipts_list:
    case Command::receipts_show:
      return show_receipts(session);
    case Command::receipts_verify:
      return verify_receipts(session);
    case Command::ledger:
      return show_ledger(session);
    case Command::ledger_summary:
      return summarize_ledger(session);
    case Command::manifest:
      return show_manifest(session);
    case Command::link_status:
    case Command::link_visitors:
      return show_link(session);
    case Command::link_services:
      return show_services(session);
    case Command::link_add:
      return publish_service(session);
    case Command::link_remove:
      return withdraw_service(session);
    case Command::config_show:
      return show_config(session);
    case Command::config_set:
    case Command::config_unset:
      return set_config(session);
    case Command::config_backup:
      return backup_config(session);
    case Command::config_restore:
      return restore_config(session);
    case Command::audience:
      return change_audience(session);
    case Command::data_correct:
      return correct_data(session);
    case Command::doctor:
      return run_doctor(session);
    case Command::bundle:
      return make_bundle(session);
  }
  return Exit::usage;
}

}  // namespace

Exit run(std::vector<std::string> arguments, Host& host) {
  const auto parsed = parse(std::move(arguments), host.socket);
  if (const auto* ended = std::get_if<Ended>(&parsed)) {
    host.out << ended->out << std::flush;
    host.err << ended->err << std::flush;
    return ended->exit;
  }
  Session session(std::get<Options>(parsed), host);
  const Exit exit = act(session);
  // An export cut short by a full disk must not look complete.
  if (!host.out.flush() && exit == Exit::done)
    return session.fail({Exit::refused, "The output could not be written.", "Is the disk full?", ""});
  return exit;
}

}  // namespace qcloud::cli
