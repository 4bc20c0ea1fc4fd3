// Prints docs/privacy.md: the manifests as a page for the owner, and whom to ask (promises A2, A7, A9).
// What no manifest can say (the vendor's address, the authorities) stands here, once.
#include <iostream>
#include <set>
#include <string>

#include "agent/app/agent.hpp"

namespace {

using namespace qcloud;

// What a class is, for someone who does not know the agent. No default: the compiler tells of a class without
// words.
std::string_view explain(DataClass c) {
  switch (c) {
    case DataClass::protocol_constant:
      return "a word that a standard or this page fixes; the same on every box";
    case DataClass::request_id:
      return "a random number, made for one request or order";
    case DataClass::one_time_code:
      return "a code that the cloud gave a moment ago, given back to it";
    case DataClass::server_cursor:
      return "the cloud's own bookmark, given back";
    case DataClass::device_id:
      return "the number that the cloud gave this box at registration";
    case DataClass::public_key:
      return "the public half of a key made on this box, in a request that the key signed";
    case DataClass::signed_order:
      return "your order, signed by the box's key: its random number, the device id, what is to be erased, "
             "and when you asked";
    case DataClass::device_model:
      return "for example TS-464; at most 40 characters";
    case DataClass::device_name:
      return "the box's own name on your network, without its domain; at most 63 characters";
    case DataClass::serial_tail:
      return "so that you recognize the box; empty where the serial number is unknown or too short";
    case DataClass::public_name:
      return "the name that you chose";
    case DataClass::public_address:
      return "an address at which the internet reaches this box or its router; never a private one";
    case DataClass::host_name:
      return "the name of a cloud host, asked of your resolver";
    case DataClass::feature_name:
      return "which feature your request is about";
    case DataClass::audience:
      return "who may look this box up: everyone, the accounts that you invite, or you alone";
    case DataClass::invited_account:
      return "the login of an account that you invite, as you typed it";
    case DataClass::relayed_bytes:
      return "what a visitor and your service say to each other, under their own TLS: the relay cannot read "
             "it";
  }
  return "";
}

// A cell of a table must not end early.
std::string cell(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out.empty() ? "-" : out;
}

std::string code(std::string_view text) { return "`" + cell(text) + "`"; }

std::string describe(const Field& field) {
  std::string out = code(field.name) + ": " + std::string(to_string(field.data_class));
  // Of a basic password the constant is the user name, not the value.
  if (!field.constant.empty() && field.where != Where::basic_password) out += " " + code(field.constant);
  out += " (" + std::string(to_string(field.where)) + (field.optional ? ", optional)" : ")");
  return out;
}

std::string fields(const MessageDecl& message) {
  std::string out;
  for (const auto& field : message.fields) out += (out.empty() ? "" : "<br>") + describe(field);
  return out.empty() ? "none" : out;
}

void print_feature(std::ostream& out, const Manifest& manifest) {
  out << "## " << manifest.title << " (`" << manifest.name << "`)\n\n" << manifest.purpose << "\n\n";
  out << "| | |\n|---|---|\n";
  out << "| legal basis | " << cell(manifest.legal_basis) << " |\n";
  if (manifest.has_switch) {
    out << "| switch | `qcloud enable " << manifest.name << "`, `qcloud disable " << manifest.name << "`; "
        << (manifest.default_on ? "on" : "off") << " until you change it |\n";
    out << "| switched on | " << cell(manifest.consequence_on) << " |\n";
    out << "| switched off | " << cell(manifest.consequence_off) << " |\n";
  } else {
    out << "| switch | none of its own |\n";
  }
  out << "| the cloud holds | "
      << cell(manifest.cloud_holds.empty() ? "nothing beside what the next line names" : manifest.cloud_holds)
      << " |\n";
  out << "| for how long | " << cell(manifest.retention) << " |\n\n";

  out << "| host | location | operator | recipients |\n|---|---|---|---|\n";
  for (const auto& host : manifest.hosts)
    out << "| " << cell(host.role) << " | " << cell(host.location) << " | " << cell(host.operated_by) << " | "
        << cell(host.recipients) << " |\n";

  out << "\n| message | why | fields: class (where in the request) | certificate |\n|---|---|---|---|\n";
  for (const auto& message : manifest.messages)
    out << "| " << code(std::string(to_string(message.method)) + " " + std::string(message.path)) << " | "
        << cell(message.purpose) << " | " << fields(message) << " | "
        << (message.auth == Auth::certificate ? "yes" : "no") << " |\n";
  out << "\n";
}

void print_classes(std::ostream& out) {
  std::set<DataClass> used;
  for (const Manifest* manifest : all_manifests())
    for (const auto& message : manifest->messages)
      for (const auto& field : message.fields) used.insert(field.data_class);
  used.insert(DataClass::host_name);  // the gate's own: each look-up is a message
  out << "## The classes of data\n\nNo other class is sent by this version.\n\n| class | what it is "
         "|\n|---|---|\n";
  for (DataClass c : used) out << "| " << to_string(c) << " | " << explain(c) << " |\n";
  out << "\n";
}

constexpr std::string_view head = R"(# What this NAS may send to the cloud

This page is printed from the manifests in `agent/features/`, by `tests/docs/privacy_md.cpp`. A test fails when it says
anything else than they do. The same is on the box: `qcloud manifest`. What has left: `qcloud ledger`. What the cloud
stores: `qcloud data show`. To have it erased: `qcloud disable FEATURE`, `qcloud data erase`, `qcloud unregister`, or, if
the box is dead, sold or stolen, your account's page.

)";

constexpr std::string_view beside = R"(## Beside the fields

Every request has more to it than its fields, as every request on the internet has:

- **Your address.** The cloud sees from which internet address a request comes, and when.
- **Fixed headers.** `Host`, `User-Agent: qcloud` (no version), `Connection`, and the length and type of the body.
- **The certificate**, where a table above says yes: it holds the device id and the box's public key. With TLS 1.3 only the
  cloud can read it; with TLS 1.2, which the agent still accepts, whoever carries the traffic can read it too.
- **A ticket.** TLS 1.3 lets a feature take up its last secured session with the same host: it gives back a ticket that the
  cloud gave it. Each is used once, is kept in memory only, and is never shared between features.
- **A web proxy**, where the box or you set one: it gets the cloud's name and port, and the password that is in its setting.
- **The host's name.** Your resolver is asked for the cloud's address before a request. Whoever carries the traffic sees
  that question, and the host's name at the start of the connection.

)";

constexpr std::string_view whom = R"(## Whom to ask, and where to complain

This project is software, not a service: whoever runs the cloud is the controller and has to fill in the first two lines.

| | global | China |
|---|---|---|
| who is responsible | set by the vendor | set by the vendor |
| questions, and your rights by mail | set by the vendor | set by the vendor |
| where to complain | EU and EEA: the data protection authority where you live, where you work, or where it happened (GDPR Art. 77). United Kingdom: the Information Commissioner. Elsewhere: the authority of your country | the Cyberspace Administration of China, or the department in charge where you live (PIPL Art. 65) |
)";

}  // namespace

int main() {
  std::cout << head;
  for (const Manifest* manifest : all_manifests()) print_feature(std::cout, *manifest);
  std::cout << beside;
  print_classes(std::cout);
  std::cout << whom;
  return std::cout.flush() ? 0 : 1;
}
