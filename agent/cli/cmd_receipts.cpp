// receipts list, show, verify. With --file and --key a receipt is checked on any
// machine, without the agent and without a network.
#include "agent/cli/commands.hpp"
#include "agent/cli/field.hpp"
#include "agent/cli/jws.hpp"
#include "agent/cli/receipt.hpp"

#include <boost/json/parse.hpp>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <ostream>

namespace qcloud::cli {
namespace {

constexpr const char* receipt_type = "erasure-receipt+jwt";

Result<std::string> read_file(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string text;
  char block[4096];
  while (file.read(block, sizeof block) || file.gcount() > 0) {
    text.append(block, static_cast<std::size_t>(file.gcount()));
    if (text.size() > (4u << 20))
      return Failure{Exit::refused, plain(path) + " is too large to be a receipt or a key.", "", ""};
  }
  if (text.empty())
    return Failure{Exit::refused,
                   "Cannot read " + plain(path) + ": " + (errno ? std::strerror(errno) : "it is empty") + ".",
                   "Check the path.", ""};
  return text;
}

struct Signed {
  std::string receipt;
  std::string request;  // empty: not known
};

/// The receipts in a file: one compact JWS, or what `receipts show --json` wrote.
std::vector<Signed> receipts_in(std::string text) {
  while (!text.empty() && std::strchr(" \t\r\n", text.back())) text.pop_back();
  text.erase(0, text.find_first_not_of(" \t\r\n"));
  boost::system::error_code error;
  if (!text.starts_with('{')) return {{text, ""}};
  std::vector<Signed> out;
  const auto value = boost::json::parse(text, error);
  for (const auto& row : list_at(object_of(value), "receipts"))
    if (find(object_of(row), "receipt"))
      out.push_back({raw_at(object_of(row), "receipt"), raw_at(object_of(row), "request")});
  return out;
}

/// The signed words, if the signature is good and they answer this request.
Result<boost::json::object> checked(const Signed& what, const std::string& pem) {
  auto payload = verify_jws(what.receipt, pem, receipt_type);
  if (!payload) return payload;
  const std::string answers = raw_at(*payload, "request_sha256");
  if (!what.request.empty() && !answers.empty() && answers != sha256_hex(what.request))
    return Failure{Exit::refused, "The signature is good, but the receipt answers another request.",
                   "Do not rely on it for this order.", ""};
  return payload;
}

Failure breach(const std::vector<std::string>& broken) {
  std::string text = "The signature is good, but the receipt breaks a promise:";
  for (const auto& one : broken) text += ' ' + one;
  return {Exit::refused, text, "Ask the vendor, and show them this receipt.", ""};
}

Exit verify_file(Session& session) {
  const auto file = read_file(session.options.file);
  if (!file) return session.fail(file.error());
  const auto pem = read_file(session.options.key);
  if (!pem) return session.fail(pem.error());
  const auto found = receipts_in(*file);
  if (found.empty())
    return session.fail(
        {Exit::refused, "There is no receipt in " + plain(session.options.file) + ".", "", ""});
  for (const auto& one : found) {
    const auto payload = checked(one, *pem);
    if (!payload) return session.fail(payload.error());
    const auto broken = broken_promises(*payload);
    session.show("Verified: signed by the vendor's key, unchanged.\nFrom " + text_at(*payload, "iss") +
                     ", for order " + text_at(*payload, "subject_request_id") + " (" +
                     joined(list_at(*payload, "scope")) + ").\n" + claims_text(*payload, session.look),
                 {{"schema", 1},
                  {"verified", true},
                  {"broken", boost::json::array(broken.begin(), broken.end())},
                  {"receipt", *payload}});
    if (!broken.empty()) return session.fail(breach(broken));
  }
  return Exit::done;
}

/// The one with this id; without one, all of them, page by page, as one answer.
Result<boost::json::object> stored_receipts(const Session& session) {
  constexpr std::size_t page = 100;  // what the agent gives unless told otherwise
  Target first("/v1/receipts");
  if (!session.options.id.empty()) first.segment(session.options.id);
  auto all = session.client.get(first);
  if (!all || !session.options.id.empty()) return all;
  for (auto count = list_at(*all, "receipts").size(); count >= page;) {
    auto* rows = (*all)["receipts"].if_array();
    Target next("/v1/receipts");
    next.query("after", raw_at(object_of(rows->back()), "id"));
    const auto answer = session.client.get(next);
    if (!answer) return answer.error();
    const auto& more = list_at(*answer, "receipts");
    count = more.size();
    // An agent that ignores `after` must not make us go round for ever.
    if (count > 0 && more.front() == rows->front()) break;
    rows->insert(rows->end(), more.begin(), more.end());
  }
  return all;
}

}  // namespace

Exit show_receipts(Session& session) {
  const bool one = session.options.command == Command::receipts_show;
  const auto answer = stored_receipts(session);
  if (!answer) return session.fail(answer.error());
  std::string text;
  if (one)
    for (const auto& row : list_at(*answer, "receipts")) text += receipt_text(object_of(row), session.look);
  session.show(one ? text : receipts_text(*answer, session.look), *answer);
  return Exit::done;
}

Exit verify_receipts(Session& session) {
  if (!session.options.file.empty()) return verify_file(session);
  Result<std::string> pem = std::string();
  if (!session.options.key.empty()) pem = read_file(session.options.key);
  if (!pem) return session.fail(pem.error());
  const auto answer = stored_receipts(session);
  if (!answer) return session.fail(answer.error());
  std::string text;
  if (session.options.id.empty())
    text = receipts_text(*answer, session.look);
  else
    for (const auto& row : list_at(*answer, "receipts")) text += receipt_text(object_of(row), session.look);
  session.show(text, *answer);
  Exit exit = Exit::done;
  for (const auto& item : list_at(*answer, "receipts")) {
    const auto& row = object_of(item);
    if (text_at(row, "status") == "pending") continue;
    const std::string which = "Receipt " + text_at(row, "id") + ": ";
    if (!flag_at(row, "verified")) {
      exit = session.fail({Exit::refused, which + "not verified.",
                           "See why: qcloud receipts show " + text_at(row, "id"), ""});
      continue;
    }
    if (!pem->empty())
      if (const auto payload = checked({raw_at(row, "receipt"), raw_at(row, "request")}, *pem); !payload)
        exit = session.fail({Exit::refused, which + payload.error().text, payload.error().fix, ""});
    if (const auto broken = broken_promises(row); !broken.empty()) exit = session.fail(breach(broken));
  }
  return exit;
}

}  // namespace qcloud::cli
