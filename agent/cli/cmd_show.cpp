// status, manifest, data show, data export, --version: commands that only read.
#include "agent/cli/commands.hpp"
#include "agent/cli/field.hpp"
#include "agent/cli/manifest.hpp"
#include "agent/cli/status.hpp"
#include "agent/cli/stored.hpp"

namespace qcloud::cli {

Exit show_version(Session& session) {
  session.show("qcloud " QCLOUD_VERSION "\n", {{"schema", 1}, {"version", QCLOUD_VERSION}});
  return Exit::done;
}

Exit show_status(Session& session) {
  const auto status = session.client.get(Target("/v1/status"));
  if (!status) return session.fail(status.error());
  if (session.options.json)
    session.show("", *status);
  else
    session.say(status_text(*status, session.look));
  return has_error(*status) ? Exit::refused : Exit::done;
}

Exit show_manifest(Session& session) {
  Target target("/v1/manifest");
  if (!session.options.feature.empty()) target.segment(session.options.feature);
  const auto manifest = session.client.get(target);
  if (!manifest) return session.fail(manifest.error());
  session.show(manifest_text(*manifest, session.look), *manifest);
  return Exit::done;
}

Exit show_data(Session& session) {
  Target target("/v1/data");
  if (!session.options.feature.empty()) target.query("feature", session.options.feature);
  const auto data = session.client.get(target);
  if (!data) return session.fail(data.error());
  session.show(session.options.command == Command::data_export ? json_pretty(object_at(*data, "export"))
                                                               : stored_text(*data, session.look),
               *data);
  return Exit::done;
}

}  // namespace qcloud::cli
