// config, audience, data correct: what the owner sets, here and in the cloud.
#include "agent/cli/commands.hpp"
#include "agent/cli/field.hpp"
#include "agent/cli/file.hpp"
#include "agent/cli/settings.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>

namespace qcloud::cli {
namespace {

const Target settings("/v1/settings");
constexpr std::size_t largest_backup = 256 * 1024;

Exit done(Session& session, const std::string& text, const boost::json::object& object) {
  if (session.options.json)
    session.show("", object);
  else
    session.say(text);
  return Exit::done;
}

}  // namespace

Exit show_config(Session& session) {
  const auto shown = session.client.get(settings);
  if (!shown) return session.fail(shown.error());
  session.show(settings_text(*shown, session.look), *shown);
  return Exit::done;
}

Exit set_config(Session& session) {
  const bool set = session.options.command == Command::config_set;
  const std::string& key = session.options.name;
  boost::json::object body{{"key", key}, {"value", nullptr}};
  if (set) body["value"] = session.options.value;
  const auto shown = session.client.put(settings, std::move(body));
  if (!shown) return session.fail(shown.error());
  std::string text;
  for (const auto& item : list_at(*shown, "settings"))
    if (raw_at(object_of(item), "key") == key) {
      const auto value = text_at(object_of(item), "value");
      text = plain(key) + " is " + (value.empty() ? "not set" : value) + (set ? "." : " again.") + "\n";
    }
  return done(session, text, *shown);
}

Exit backup_config(Session& session) {
  const auto backup = session.client.get(Target("/v1/settings/backup"));
  if (!backup) return session.fail(backup.error());
  if (const auto written = write_file(session.options.file, json_pretty(*backup), session.options.force);
      !written)
    return session.fail(written.error());
  return done(session,
              "Settings and switches are in " + plain(session.options.file) +
                  ". It holds no identity and no password.\nTo bring them back: qcloud config restore " +
                  plain(session.options.file) + "\n",
              *backup);
}

Exit restore_config(Session& session) {
  if (const auto possible = session.can_ask("config restore"); !possible)
    return session.fail(possible.error());
  const std::string& file = session.options.file;
  const auto text = read_file(file, largest_backup);
  if (!text) return session.fail(text.error());
  boost::system::error_code bad;
  auto wanted = boost::json::parse(*text, bad);
  if (bad || raw_at(object_of(wanted), "kind") != "qcloud-settings")
    return session.fail({Exit::refused, plain(file) + " is no backup of settings.",
                         "Use a file that was made with: qcloud config backup FILE", ""});
  if (const auto* schema = find(object_of(wanted), "schema"); schema && *schema != boost::json::value(1))
    return session.fail(
        {Exit::refused, plain(file) + " was made by a newer version.", "Install that version first.", ""});
  if (!well_formed(object_of(wanted)))
    return session.fail({Exit::refused, plain(file) + " is a damaged backup.",
                         "Use a file that was made with: qcloud config backup FILE", ""});
  const auto now = session.client.get(Target("/v1/settings/backup"));
  if (!now) return session.fail(now.error());
  const auto changes = restore_changes(*now, object_of(wanted));
  if (changes.empty())
    return done(session, "Everything is as in the backup already.\n",
                {{"schema", 1}, {"changed", boost::json::array{}}, {"skipped", boost::json::array{}}});
  std::string before = "This will change:\n";
  for (const auto& change : changes) before += "  " + change + "\n";
  if (!session.agreed(before, "Restore?")) return Exit::refused;
  const auto restored =
      session.client.post(Target("/v1/settings/restore").query("wait", "5"), {{"backup", std::move(wanted)}});
  if (!restored) return session.fail(restored.error());
  std::string after;
  for (const auto& change : list_at(*restored, "changed")) after += "Done: " + words(change) + "\n";
  const auto& skipped = list_at(*restored, "skipped");
  for (const auto& item : skipped)
    after += "Not done: " + text_at(object_of(item), "what") + ": " + text_at(object_of(item), "why") + "\n";
  done(session, after, *restored);
  return skipped.empty() ? Exit::done : Exit::refused;
}

Exit change_audience(Session& session) {
  const auto& options = session.options;
  const Target target("/v1/audience");
  const auto now = session.client.get(target);
  if (!now) return session.fail(now.error());
  if (options.name.empty() && options.invite.empty() && options.uninvite.empty()) {
    session.show(audience_text(*now, session.look), *now);
    return Exit::done;
  }
  const std::string who = options.name.empty() ? raw_at(*now, "audience") : options.name;
  boost::json::array invited;
  const auto named = [](const std::vector<std::string>& list, const boost::json::value& login) {
    return std::any_of(list.begin(), list.end(),
                       [&](const auto& entry) { return login == boost::json::value(entry); });
  };
  for (const auto& login : list_at(*now, "invited"))
    if (!named(options.uninvite, login)) invited.push_back(login);
  for (const auto& login : options.invite) {
    const boost::json::value value(login);
    if (std::find(invited.begin(), invited.end(), value) == invited.end()) invited.push_back(value);
  }
  // The consequence first.
  if (!options.name.empty()) session.say(audience_consequence(who, session.look));
  const auto changed = session.client.put(target, {{"audience", who}, {"invited", std::move(invited)}});
  if (!changed) return session.fail(changed.error());
  const auto& list = list_at(*changed, "invited");
  std::string text = "Now: " + text_at(*changed, "audience") + ". " +
                     (list.empty() ? "Nobody is invited." : "Invited: " + joined(list) + ".") + "\n";
  if (raw_at(*changed, "audience") != "invited" && !options.invite.empty())
    text += "Invitations count once you say: qcloud audience invited\n";
  return done(session, text, *changed);
}

Exit correct_data(Session& session) {
  const auto corrected = session.client.post(
      Target("/v1/data/correct"), {{"field", session.options.name}, {"value", session.options.value}});
  if (!corrected) return session.fail(corrected.error());
  return done(
      session,
      "The cloud has " + text_at(*corrected, "field") + " as \"" + text_at(*corrected, "value") + "\" now.\n",
      *corrected);
}

}  // namespace qcloud::cli
