// link: what is published, who came, and the connections to the relay.
#include "agent/cli/commands.hpp"
#include "agent/cli/field.hpp"
#include "agent/cli/settings.hpp"

namespace qcloud::cli {
namespace {

std::string services_text(const boost::json::object& object, const Look& look) {
  const auto& list = list_at(object, "services");
  if (list.empty()) return "Nothing is published. For example: qcloud link services add web 443\n";
  std::string out;
  for (const auto& item : list) {
    const auto& service = object_of(item);
    const auto host = text_at(service, "host");
    out += paint(look, Tone::strong, text_at(service, "name")) + "  " +
           (host.empty()                        ? "(no name claimed yet)"
            : text_at(service, "name") == "ssh" ? host
                                                : "https://" + host) +
           "\n    " + service_text(service) + "\n";
  }
  return out;
}

std::string counted(std::int64_t number, const char* what) {
  return std::to_string(number) + " " + what + (number == 1 ? "" : "s");
}

// Why there is no connection, and what to do.
std::string why_not(Session& session) {
  const auto status = session.client.get(Target("/v1/status"));
  if (!status) return "";
  if (!flag_at(*status, "registered"))
    return "This box is not registered. Register it with: qcloud register\n";
  std::string out;
  for (const auto& item : list_at(*status, "features")) {
    const auto& feature = object_of(item);
    if (text_at(feature, "name") != "link") continue;
    if (!flag_at(feature, "on")) return "The link is switched off. Switch it on with: qcloud enable link\n";
    for (const auto& what : list_at(feature, "health"))
      out += wrap(text_at(object_of(what), "text") + " " + text_at(object_of(what), "fix"), 0,
                  session.look.columns) +
             "\n";
  }
  return out;
}

std::string status_text(const boost::json::object& object, const std::string& why) {
  std::string out;
  for (const auto& item : list_at(object, "attached")) {
    const auto& attached = object_of(item);
    out += "Connected to " + text_at(attached, "relay") + " (" + text_at(attached, "address") + ") since " +
           text_at(attached, "since") + ", ";
    if (const auto trip = number_at(attached, "round_trip_ms"); trip > 0)
      out += std::to_string(trip) + " ms away, ";
    out += counted(number_at(attached, "visits"), "visit") + " now\n";
  }
  if (out.empty()) out = "Not connected to a relay.\n" + why;
  return out + counted(number_at(object, "visits"), "visit") + " so far, " +
         std::to_string(number_at(object, "bytes_in")) + " bytes in, " +
         std::to_string(number_at(object, "bytes_out")) + " bytes out\n";
}

std::string visitors_text(const boost::json::object& object) {
  std::string out;
  for (const auto& item : list_at(object, "visitors")) {
    const auto& visit = object_of(item);
    const auto service = text_at(visit, "service");
    out += text_at(visit, "time") + "  " + text_at(visit, "visitor") + "  " +
           (service.empty() ? "-" : service) + "  " + text_at(visit, "outcome") + ", " +
           std::to_string(number_at(visit, "bytes_out")) + " bytes\n";
  }
  return out.empty() ? "No visit is known: the log begins with the agent's start, or a registration.\n" : out;
}

// What is well known by its name needs no port.
int usual_port(const std::string& name) {
  if (name == "web" || name == "files") return 443;
  return name == "ssh" ? 22 : 0;
}

// Whoever signs in there rules the NAS.
bool rules_the_nas(const std::string& name, int port) {
  return name == "ssh" || port == 22 || port == 80 || port == 443 || port == 8080;
}

// Visitors of the relay prove no account, so what they may reach is for everyone (promise L2). A cloud that
// cannot be asked now is no reason to refuse: it lets nobody in whom it should not.
Result<void> for_everyone(Session& session) {
  const auto now = session.client.get(Target("/v1/audience"));
  if (!now) return {};
  const auto audience = raw_at(*now, "audience");
  if (audience == "everyone") return {};
  return Failure{Exit::refused,
                 "Visitors through the relay prove no account, but only " +
                     std::string(audience == "owner" ? "you" : "you and invited accounts") +
                     " may look this NAS up.",
                 "If everyone may: qcloud audience everyone", ""};
}

std::string advice(const Options& options, bool unsure, bool tls_here, const Look& look) {
  std::string out;
  if (unsure)
    out += wrap(
               "If whoever signs in there can change the NAS, publish it with --admin-page: visitors who "
               "fail are then limited.",
               0, look.columns) +
           "\n";
  if (options.name == "ssh" && tls_here)
    out +=
        "To come in:\n"
        "  ssh -o ProxyCommand='openssl s_client -quiet -verify_quiet -connect %h:443 -servername %h' HOST\n";
  return out;
}

}  // namespace

Exit show_link(Session& session) {
  const bool visitors = session.options.command == Command::link_visitors;
  const auto answer = session.client.get(Target(visitors ? "/v1/link/visitors" : "/v1/link"));
  if (!answer) return session.fail(answer.error());
  const auto why = visitors || !list_at(*answer, "attached").empty() ? std::string() : why_not(session);
  session.show(visitors ? visitors_text(*answer) : status_text(*answer, why), *answer);
  return Exit::done;
}

Exit show_services(Session& session) {
  const auto answer = session.client.get(Target("/v1/link/services"));
  if (!answer) return session.fail(answer.error());
  session.show(services_text(*answer, session.look), *answer);
  return Exit::done;
}

Exit publish_service(Session& session) {
  const auto& options = session.options;
  const int port = options.port ? options.port : usual_port(options.name);
  if (port == 0)
    return session.fail(
        {Exit::usage, "The port of the service is missing.",
         "Say where it listens, for example: qcloud link services add " + plain(options.name) + " 8443", ""});
  // Whoever is there to be asked is; a script is told.
  bool admin_page = options.admin_page;
  const bool unsure = rules_the_nas(options.name, port) && !admin_page;
  const bool asks = unsure && session.host.in_terminal && !options.yes;
  if (asks) {
    const auto said =
        session.asked("Is it an administration page: can whoever signs in there change the NAS?");
    if (!said) {
      session.host.err << "Nothing was changed.\n";
      return Exit::refused;
    }
    admin_page = *said;
  }
  if (admin_page) {
    if (const auto able = session.can_ask("link services add --admin-page"); !able)
      return session.fail(able.error());
    if (!session.agreed("An administration page that the whole internet can reach is what attackers look for "
                        "first. Visitors who fail will be limited; a good password and two-step sign-in are "
                        "still yours to set.\n",
                        "Publish it?"))
      return Exit::refused;
  }
  if (const auto allowed = for_everyone(session); !allowed) return session.fail(allowed.error());
  boost::json::object body{{"port", port}, {"proxy_protocol", options.proxy_protocol}};
  // Neither said nor asked: it stays what it is.
  if (admin_page || asks) body["admin_page"] = admin_page;
  if (!options.address.empty()) body["address"] = options.address;
  // An SSH server has no TLS of its own.
  if (const auto tls = options.tls.empty() && options.name == "ssh" ? "here" : options.tls; !tls.empty())
    body["tls"] = tls;
  const auto answer = session.client.put(Target("/v1/link/services").segment(options.name), body);
  if (!answer) return session.fail(answer.error());
  session.show(services_text(*answer, session.look), *answer);
  bool limited = false, tls_here = false;
  for (const auto& item : list_at(*answer, "services")) {
    const auto& service = object_of(item);
    if (text_at(service, "name") != options.name) continue;
    limited = flag_at(service, "admin_page");
    tls_here = text_at(service, "tls") == "here";
  }
  session.say(advice(options, unsure && !asks && !limited, tls_here, session.look));
  return Exit::done;
}

Exit withdraw_service(Session& session) {
  const auto answer = session.client.erase(Target("/v1/link/services").segment(session.options.name));
  if (!answer) return session.fail(answer.error());
  session.show(services_text(*answer, session.look), *answer);
  return Exit::done;
}

}  // namespace qcloud::cli
