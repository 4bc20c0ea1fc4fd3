#include "tests/cloud/approval.hpp"
#include "tests/cloud/handlers.hpp"
#include "tests/cloud/limits.hpp"
#include "tests/cloud/page.hpp"

namespace refcloud {

std::string normal_user_code(std::string_view typed) {
  std::string letters;
  for (const char c : typed) {
    if (c == '-' || c == ' ') continue;
    letters += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  if (letters.size() != 8 || letters.find_first_not_of("BCDFGHJKLMNPQRSTVWXZ") != std::string::npos)
    return {};
  return letters.insert(4, 1, '-');
}

std::optional<AskingDevice> asking_device(State& state, std::string_view user_code) {
  auto q = state.db().query(
      "SELECT user_code, client, model, device_name, serial_tail FROM device_codes WHERE user_code = ? AND "
      "state = "
      "'pending' AND expires > ?",
      user_code, state.now());
  if (!q.next()) return std::nullopt;
  return AskingDevice{q.text(0), q.text(1), q.text(2), q.text(3), q.text(4)};
}

bool decide(State& state, std::string_view user_code, std::string_view account, bool allow) {
  return state.db().run(
             "UPDATE device_codes SET state = ?, account = ? WHERE user_code = ? AND state = 'pending' AND "
             "expires > ?",
             std::string_view(allow ? "approved" : "denied"), account, user_code, state.now()) == 1;
}

namespace {

Response enter_code(const Call& call, int status, std::string_view error) {
  std::string content = "<section class=\"card\"><h1>Register a NAS</h1>";
  if (!error.empty()) content += "<p class=\"notice error\" role=\"alert\">" + escape_html(error) + "</p>";
  content +=
      "<form method=\"get\" action=\"/device\"><label for=\"user_code\">Code that the NAS "
      "shows</label><input class=\"code\" type=\"text\" id=\"user_code\" name=\"user_code\" "
      "autocomplete=\"off\" autocapitalize=\"characters\" spellcheck=\"false\" maxlength=\"11\" "
      "placeholder=\"BCDF-GHJK\" required><div class=\"actions\"><button>Continue</button></div></form>"
      "</section>\n";
  return page(call, status, "Register a NAS", content);
}

std::string decision(const Call& call, const AskingDevice& asking) {
  return "<p class=\"code-shown\">" + asking.user_code + "</p><form method=\"post\" action=\"/device\">" +
         csrf_field(call) + hidden_field("user_code", asking.user_code) +
         "<div class=\"actions\"><button name=\"action\" value=\"allow\">Allow</button><button class=\"bad\" "
         "name=\"action\" value=\"deny\">Deny</button></div></form>";
}

bool is_program(const AskingDevice& asking) { return asking.client == "qcloud-lookup"; }

Response ask_for_program(const Call& call, const AskingDevice& program) {
  return page(
      call, 200, "Let a program look up NAS?",
      "<section class=\"card\"><h1>Let this program look up NAS for you?</h1><dl>" +
          fact("Program", program.name.empty() ? "not given" : program.name) +
          fact("Account", call.session->account) +
          "</dl><p>For an hour it may ask for the address of every NAS that this account may look up. It can "
          "change nothing. Allow only if it is yours and shows the same code:</p>" +
          decision(call, program) + "</section>\n");
}

Response ask(const Call& call, const AskingDevice& nas) {
  if (is_program(nas)) return ask_for_program(call, nas);
  const std::string content =
      "<section class=\"card\"><h1>Bind this NAS to your account?</h1><dl>" + fact("Model", nas.model) +
      fact("Name", nas.name.empty() ? "not given" : nas.name) +
      fact("Serial number ends in", nas.serial_tail.empty() ? "not given" : nas.serial_tail) +
      fact("Account", call.session->account) +
      "</dl><p>Allow only if this NAS is yours and shows the same code:</p>" + decision(call, nas) +
      "<p class=\"soft\">If somebody sent you this code, deny: the NAS would be theirs, in your "
      "account.</p></section>\n";
  return page(call, 200, "Bind this NAS?", content);
}

// RFC 8628 section 5.1: five wrong codes in ten minutes, by account and address, leave a guesser no chance.
std::optional<AskingDevice> look_up(State& state, const Call& call, std::string_view typed) {
  const auto subject = call.session->account + '|' + call.source;
  limit(state, "user_code", subject, 5, 10 * minute);
  auto nas = asking_device(state, normal_user_code(typed));
  if (!nas) count_attempt(state, "user_code", subject);
  return nas;
}

constexpr std::string_view unknown =
    "No NAS waits with this code. It may have expired; the NAS can show a new one.";

}  // namespace

Reply get_device_page(State& state, const Call& call) {
  const auto* const typed = find(call.query, "user_code");
  if (!typed || typed->empty()) return enter_code(call, 200, {});
  const auto nas = look_up(state, call, *typed);
  return nas ? ask(call, *nas) : enter_code(call, 404, unknown);
}

Reply post_device_page(State& state, const Call& call) {
  check_csrf(call);
  const auto* const typed = find(call.form, "user_code");
  const auto* const action = find(call.form, "action");
  if (!typed || (action && *action != "allow" && *action != "deny"))
    throw Problem{400, "bad-form", "The form is incomplete."};
  const auto nas = look_up(state, call, *typed);
  if (!nas) return enter_code(call, 404, unknown);
  if (!action) return ask(call, *nas);
  const bool allow = *action == "allow";
  if (!decide(state, nas->user_code, call.session->account, allow)) return enter_code(call, 404, unknown);
  const std::string title = allow ? "Allowed" : "Denied";
  return page(call, 200, title,
              "<section class=\"card\"><h1>" + title + "</h1><p class=\"notice done\" role=\"status\">" +
                  (!allow ? std::string("It was told no. Nothing was registered.")
                   : is_program(*nas)
                       ? std::string("The program may look up NAS for an hour.")
                       : "The NAS " + escape_html(nas->name.empty() ? nas->model : nas->name) +
                             " registers with your account now. It shows your account when it is done.") +
                  "</p><p><a class=\"button plain\" href=\"/account\">My devices</a></p></section>\n");
}

}  // namespace refcloud
