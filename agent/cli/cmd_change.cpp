// enable, disable, offline, online, ddns, data erase: commands that change something.
// Each says the consequence before it acts.
#include "agent/cli/commands.hpp"
#include "agent/cli/field.hpp"
#include "agent/cli/manifest.hpp"
#include "agent/cli/status.hpp"

#include <algorithm>

namespace qcloud::cli {
namespace {

/// How long the agent waits for the cloud's receipt before it answers "order filed".
Target patient(Target target) { return target.query("wait", "5"); }

std::string listed(const boost::json::array& features, bool on) {
  std::string out;
  for (const auto& item : features)
    if (flag_at(object_of(item), "on") == on)
      out += (out.empty() ? "" : ", ") + text_at(object_of(item), "name");
  return out;
}

/// Why what is switched on now does nothing; empty: it does.
std::string not_yet(const std::string& registration) {
  if (registration == "unregistered") return "This NAS is not registered,";
  if (registration == "set_aside")
    return "The identity of this NAS is set aside: it was made on other hardware,";
  if (registration == "waiting" || registration == "enrolling") return "This NAS is not registered yet,";
  return "";
}

/// What an erasure does until the cloud has confirmed it.
std::string meanwhile(const std::string& feature) {
  const std::string still = "What is on of it stands still until the cloud has confirmed: ";
  if (feature == "ddns") return still + "the name does not lead to its own address.";
  return still + "nobody reaches this NAS by it, and visits that are open end.";
}

}  // namespace

Exit throw_switch(Session& session) {
  const std::string& feature = session.options.feature;
  const bool on = session.options.command == Command::enable;
  const auto manifest = session.client.get(Target("/v1/manifest").segment(feature));
  if (!manifest) return session.fail(manifest.error());
  session.say(consequence_text(*manifest, feature, on, session.look));
  const auto done = session.client.put(patient(Target("/v1/features").segment(feature)), {{"on", on}});
  if (!done) return session.fail(done.error());
  if (session.options.json) {
    session.show("", *done);
    return Exit::done;
  }
  const bool changed = flag_at(*done, "changed");
  std::string text = plain(feature) + (changed ? " is " : " was ") + (on ? "on" : "off") +
                     (changed ? "." : " already.") + "\n";
  if (find(*done, "order"))
    text += order_text(object_at(*done, "order"), session.look);
  else if (changed && !on)
    text += "There was nothing of it in the cloud to erase.\n";
  if (on && changed)
    if (const auto status = session.client.get(Target("/v1/status")))
      if (const auto why = not_yet(raw_at(*status, "registration")); !why.empty())
        text +=
            wrap(why +
                     " so nothing of it is sent. A registration begins with everything off: after it (qcloud "
                     "register), switch it on once more.",
                 0, session.look.columns) +
            "\n";
  session.say(text);
  return Exit::done;
}

Exit throw_all(Session& session) {
  const bool on = session.options.command == Command::online;
  session.say(
      wrap(
          on ? "What was on before you went offline comes back on."
             : "All remote access goes off now, and its data in the cloud is erased. The name stays with the "
               "registration. To come back: qcloud online",
          0, session.look.columns) +
      "\n");
  const auto done = session.client.post(patient(Target(on ? "/v1/online" : "/v1/offline")));
  if (!done) return session.fail(done.error());
  const std::string names = listed(list_at(*done, "features"), on);
  std::string text = names.empty() ? (on ? "Nothing to switch on.\n" : "Nothing was on.\n")
                                   : (on ? "On now: " : "Off now: ") + names + ".\n";
  for (const auto& order : list_at(*done, "orders")) text += order_text(object_of(order), session.look);
  if (session.options.json)
    session.show("", *done);
  else
    session.say(text);
  return Exit::done;
}

Exit change_name(Session& session) {
  const bool claim = session.options.command == Command::ddns_claim;
  const auto done = session.client.put(
      Target("/v1/name"), {{"name", session.options.name}, {"mode", claim ? "claim" : "rename"}});
  if (!done) return session.fail(done.error());
  const std::string name = text_at(*done, "fqdn");
  if (session.options.json)
    session.show("", *done);
  else
    session.say("The name of this NAS is now " + paint(session.look, Tone::strong, name) + ".\n");
  return Exit::done;
}

Exit release_name(Session& session) {
  const auto status = session.client.get(Target("/v1/status"));
  if (!status) return session.fail(status.error());
  const std::string current = raw_at(*status, "name");
  std::string asked = session.options.name;
  std::transform(asked.begin(), asked.end(), asked.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  // A slip of the keyboard must not cost another name than the one that was typed.
  if (!asked.empty() && asked != current && asked != current.substr(0, current.find('.')))
    return session.fail(
        {Exit::refused,
         "The name of this NAS is not '" + plain(asked) + "': it is " +
             (current.empty() ? "none" : plain(current)) + ".",
         current.empty() ? ""
                         : "To let it go: qcloud ddns release " + plain(current.substr(0, current.find('.'))),
         ""});
  const auto done = session.client.erase(Target("/v1/name"));
  if (!done) return session.fail(done.error());
  if (session.options.json)
    session.show("", *done);
  else
    session.say(current.empty()
                    ? "This NAS had no name.\n"
                    : plain(current) +
                          " is released. It does not lead here any more, and others may take it.\n");
  return Exit::done;
}

Exit erase_data(Session& session) {
  if (const auto possible = session.can_ask("data erase"); !possible) return session.fail(possible.error());
  const std::string& feature = session.options.feature;
  Target target("/v1/manifest");
  if (!feature.empty()) target.segment(feature);
  const auto manifest = session.client.get(target);
  if (!manifest) return session.fail(manifest.error());
  const std::string held = holds_text(*manifest, feature, session.look);
  const std::string before =
      (held.empty() ? "The cloud holds nothing of " + (feature.empty() ? "this NAS" : plain(feature)) +
                          " that could be found.\n"
                    : "The cloud will erase:\n" + held) +
      wrap(meanwhile(feature), 0, session.look.columns) + "\n";
  if (!session.agreed(before, "Erase it?")) return Exit::refused;
  boost::json::object body{{"feature", nullptr}};
  if (!feature.empty()) body["feature"] = feature;
  const auto done = session.client.post(patient(Target("/v1/data/erase")), std::move(body));
  if (!done) return session.fail(done.error());
  if (session.options.json)
    session.show("", *done);
  else
    session.say(find(*done, "order") ? order_text(object_at(*done, "order"), session.look)
                                     : "There was nothing in the cloud to erase.\n");
  return Exit::done;
}

}  // namespace qcloud::cli
