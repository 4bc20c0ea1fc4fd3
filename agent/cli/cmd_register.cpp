// register and unregister. Registration is the OAuth 2.0 device authorization grant
// (RFC 8628): this side shows the URL and the code and waits; the owner allows it on
// the account's own page, so no password of the account is ever typed into the NAS.
#include "agent/cli/commands.hpp"
#include "agent/cli/field.hpp"
#include "agent/cli/manifest.hpp"
#include "agent/cli/qr.hpp"
#include "agent/cli/status.hpp"
#include "agent/cli/when.hpp"

#include <ostream>

namespace qcloud::cli {
namespace {

const Target registration("/v1/registration");

void show_code(const Session& session, const boost::json::object& state) {
  if (session.options.json) return session.show("", state);
  const std::string complete = raw_at(state, "verification_uri_complete");
  std::string text = "Open this page on your phone or computer and sign in to your account:\n\n    " +
                     paint(session.look, Tone::strong, text_at(state, "verification_uri")) +
                     "\n\nType this code there, and allow this NAS:\n\n    " +
                     paint(session.look, Tone::strong, text_at(state, "user_code")) + "\n\n";
  if (session.host.out_terminal && !session.options.quiet && !complete.empty())
    if (const auto code = qr_text(complete, session.host.columns, session.host.color); !code.empty())
      text += "Or scan this:\n\n" + code + "\n";
  // Shown even with --quiet: without the code there is nothing to wait for.
  session.host.out << text << std::flush;
  session.say("Your password is typed there, never here. Ctrl-C stops; then nothing is registered.\n");
}

/// One line that is rewritten each second; a log that is not a terminal gets it once.
class Progress {
 public:
  explicit Progress(const Session& session) : session_(session) {}
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void show(const boost::json::object& state) {
    std::string text =
        text_at(state, "state") == "waiting" ? "Waiting for you" : "Allowed. Fetching the certificate";
    const bool live = session_.host.out_terminal;
    const auto end = parse_rfc3339(raw_at(state, "expires_at"));
    if (live && end && text_at(state, "state") == "waiting") {
      const std::int64_t left = std::max<std::int64_t>(*end - session_.host.now(), 0);
      const std::string seconds = std::to_string(left % 60);
      text +=
          "; the code is good for " + std::to_string(left / 60) + (seconds.size() < 2 ? ":0" : ":") + seconds;
    }
    if (text == last_) return;
    session_.say(live ? "\r\x1b[K" + text + " " : text + ".\n");
    last_ = text;
  }

  void clear() {
    if (session_.host.out_terminal && !last_.empty()) session_.say("\r\x1b[K");
    last_.clear();
  }

 private:
  const Session& session_;
  std::string last_;
};

Exit registered(const Session& session, const boost::json::object& state, bool already) {
  const std::string account = text_at(state, "account");
  if (session.options.json) {
    session.show("", state);
    return Exit::done;
  }
  session.say((already
                   ? "This NAS is already registered"
                   : "This NAS now belongs to the account " + paint(session.look, Tone::strong, account)) +
              (already && !account.empty() ? ", to " + account : "") + ".\n" +
              "To undo it: qcloud unregister, or remove the NAS on the account's page.\n");
  return Exit::done;
}

Exit cancel(const Session& session) {
  const auto state = session.client.post(Target("/v1/registration/cancel"));
  if (!state) return session.fail(state.error());
  // It may have been allowed in the very moment of Ctrl-C; then the cancel came too late.
  if (text_at(*state, "state") == "registered") return registered(session, *state, false);
  if (session.options.json) session.show("", *state);
  return session.fail({Exit::refused, "Stopped. This NAS is not registered.", "", "interrupted"});
}

Exit wait(const Session& session, const Client& client, boost::json::object state) {
  Progress progress(session);
  while (true) {
    const std::string now = text_at(state, "state");
    if (now != "waiting" && now != "starting" && now != "enrolling") break;
    progress.show(state);
    if (session.host.pause(1000)) {
      progress.clear();
      return cancel(session);
    }
    auto next = client.get(registration);
    if (!next) {
      progress.clear();
      return next.error().code == "interrupted" ? cancel(session) : session.fail(next.error());
    }
    state = std::move(*next);
  }
  progress.clear();
  if (text_at(state, "state") == "registered") return registered(session, state, false);
  if (session.options.json) session.show("", state);
  if (find(state, "error")) {
    Failure failure = from_problem(400, object_at(state, "error"));
    if (failure.fix.empty()) failure.fix = "Try again with: qcloud register";
    return session.fail(failure);
  }
  return session.fail(
      {Exit::refused, "The registration was stopped.", "Start again with: qcloud register", ""});
}

}  // namespace

Exit register_box(Session& session) {
  const auto before = session.client.get(registration);
  if (!before) return session.fail(before.error());
  if (text_at(*before, "state") == "registered") return registered(session, *before, true);
  const Client client = session.interruptible();
  session.say("Asking the cloud for a code ...\n");
  const auto started = client.post(registration);
  if (!started)
    return started.error().code == "interrupted" ? cancel(session) : session.fail(started.error());
  if (find(*started, "user_code")) show_code(session, *started);
  return wait(session, client, *started);
}

Exit unregister_box(Session& session) {
  if (const auto possible = session.can_ask("unregister"); !possible) return session.fail(possible.error());
  const auto state = session.client.get(registration);
  if (!state) return session.fail(state.error());
  if (text_at(*state, "state") == "unregistered" && !find(*state, "device_id")) {
    session.say("This NAS is not registered.\n");
    if (session.options.json) session.show("", {{"schema", 1}, {"order", nullptr}});
    return Exit::done;
  }
  const auto manifest = session.client.get(Target("/v1/manifest"));
  if (!manifest) return session.fail(manifest.error());
  const std::string account = text_at(*state, "account");
  const std::string held = holds_text(*manifest, "", session.look);
  const std::string leaves = "This NAS leaves " +
                             (account.empty() ? "its account" : "the account " + account) +
                             ". All remote access stops, and the cloud will erase " +
                             (held.empty() ? "all that it holds of this NAS." : "what it holds of this NAS:");
  const std::string before = wrap(leaves, 0, session.look.columns) + "\n" + held;
  if (!session.agreed(before, "Unregister this NAS?")) return Exit::refused;
  const auto done = session.client.erase(Target("/v1/registration").query("wait", "5"));
  if (!done) return session.fail(done.error());
  if (session.options.json) {
    session.show("", *done);
    return Exit::done;
  }
  session.say("This NAS is unregistered.\n" +
              (find(*done, "order") ? order_text(object_at(*done, "order"), session.look) : ""));
  return Exit::done;
}

}  // namespace qcloud::cli
