#include "tests/cli/agent_double.hpp"

#include <doctest/doctest.h>
#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

using namespace qcloud::cli;

namespace {

const char* const no_order = R"({"schema":1,"feature":"ddns","on":true,"changed":true,"order":null})";

}  // namespace

TEST_CASE("status: text, object, exit status") {
  AgentDouble agent;
  agent.answer("GET /v1/status", 200, fixture("status_well"));
  agent.answer("GET /v1/status", 200, fixture("status_trouble"));
  Call well(agent.socket()), trouble(agent.socket()), json(agent.socket()), quiet(agent.socket());
  CHECK(well({"status"}) == 0);
  CHECK(well.out.str().starts_with("Registered     to owner@example.test\n"));
  CHECK(trouble({"status"}) == 1);
  CHECK(json({"status", "--json"}) == 1);
  CHECK(boost::json::parse(json.out.str()) == boost::json::parse(fixture("status_trouble")));
  CHECK(quiet({"status", "--quiet"}) == 1);
  CHECK(quiet.out.str().empty());
  CHECK(quiet.err.str().empty());
}

TEST_CASE("enable and disable say the consequence first") {
  AgentDouble agent;
  agent.answer("GET /v1/manifest/ddns", 200, fixture("manifest"));
  agent.answer("PUT /v1/features/ddns?wait=5", 200, no_order);
  agent.answer(
      "PUT /v1/features/ddns?wait=5", 200,
      R"({"schema":1,"feature":"ddns","on":false,"changed":true,"order":{"id":"7d9e","status":"erased"}})");
  agent.answer(
      "PUT /v1/features/ddns?wait=5", 200,
      R"({"schema":1,"feature":"ddns","on":false,"changed":true,"order":{"id":"7d9e","status":"order filed"}})");
  agent.answer("PUT /v1/features/ddns?wait=5", 200,
               R"({"schema":1,"feature":"ddns","on":false,"changed":false,"order":null})");
  Call on(agent.socket()), off(agent.socket()), filed(agent.socket()), already(agent.socket()),
      unknown(agent.socket());
  CHECK(on({"enable", "ddns"}) == 0);
  CHECK(on.out.str() ==
        "The public addresses of this NAS go to the cloud and into public DNS whenever\nthey change.\nddns "
        "is on.\n");
  CHECK(agent.asked() == std::vector<std::string>{"GET /v1/manifest/ddns",
                                                  "PUT /v1/features/ddns?wait=5 {\"on\":true}",
                                                  "GET /v1/status"});
  CHECK(off({"disable", "ddns"}) == 0);
  CHECK(off.out.str().find("ddns is off.\nIts data in the cloud: erased (order 7d9e).") != std::string::npos);
  CHECK(filed({"disable", "ddns"}) == 0);
  CHECK(filed.out.str().find("order filed (order 7d9e)") != std::string::npos);
  CHECK(already({"disable", "ddns", "--json"}) == 0);
  CHECK(boost::json::parse(already.out.str()).at("changed") == false);
  CHECK(unknown({"enable", "nonsense"}) == 1);
  CHECK_FALSE(agent.was_asked("PUT /v1/features/nonsense?wait=5 {\"on\":true}"));
  AgentDouble fresh;
  fresh.answer("GET /v1/manifest/ddns", 200, fixture("manifest"));
  fresh.answer("PUT /v1/features/ddns?wait=5", 200, no_order);
  fresh.answer("GET /v1/status", 200, R"({"schema":1,"registration":"unregistered"})");
  Call early(fresh.socket());
  CHECK(early({"enable", "ddns"}) == 0);
  CHECK(early.out.str().find("is not registered, so nothing of it is sent") != std::string::npos);
}

TEST_CASE("offline and online") {
  AgentDouble agent;
  agent.answer(
      "POST /v1/offline?wait=5", 200,
      R"({"schema":1,"features":[{"name":"ddns","on":false}],"orders":[{"id":"7d9e","status":"order filed"}]})");
  agent.answer("POST /v1/online?wait=5", 200,
               R"({"schema":1,"features":[{"name":"ddns","on":true}],"orders":[]})");
  Call off(agent.socket()), on(agent.socket());
  CHECK(off({"offline"}) == 0);
  CHECK(off.out.str().find("Off now: ddns.\nIts data in the cloud: order filed (order 7d9e).") !=
        std::string::npos);
  CHECK(on({"online"}) == 0);
  CHECK(on.out.str().find("On now: ddns.\n") != std::string::npos);
}

TEST_CASE("the name") {
  AgentDouble agent;
  agent.answer("PUT /v1/name", 200, R"({"schema":1,"name":"nas1","fqdn":"nas1.mynas.test"})");
  agent.answer("DELETE /v1/name", 200, R"({"schema":1})");
  agent.answer("GET /v1/status", 200, fixture("status_well"));
  Call claim(agent.socket()), slip(agent.socket()), release(agent.socket());
  CHECK(claim({"ddns", "rename", "nas1"}) == 0);
  CHECK(agent.was_asked(R"(PUT /v1/name {"name":"nas1","mode":"rename"})"));
  CHECK(claim.out.str() == "The name of this NAS is now nas1.mynas.test.\n");
  CHECK(slip({"ddns", "release", "nas2"}) == 1);
  CHECK_FALSE(agent.was_asked("DELETE /v1/name"));
  CHECK(slip.err.str().find("it is nas1.mynas.test") != std::string::npos);
  CHECK(release({"ddns", "release", "NAS1"}) == 0);
  CHECK(agent.was_asked("DELETE /v1/name"));
}

TEST_CASE("data erase asks; without a terminal and --yes it does nothing at all") {
  AgentDouble agent;
  agent.answer("GET /v1/manifest/ddns", 200, fixture("manifest"));
  agent.answer("POST /v1/data/erase?wait=5", 200, R"({"schema":1,"order":{"id":"7d9e","status":"erased"}})");
  Call alone(agent.socket()), no(agent.socket()), end(agent.socket()), yes(agent.socket()),
      sure(agent.socket());
  CHECK(alone({"data", "erase", "ddns"}) == 2);
  CHECK(agent.asked().empty());
  CHECK(alone.err.str() ==
        "qcloud: data erase asks before it acts, and there is no terminal to ask on.\n  fix: If you are "
        "sure, add --yes\n");
  no.host.in_terminal = end.host.in_terminal = yes.host.in_terminal = true;
  no.in.str("no\n");
  yes.in.str("y\n");
  CHECK(no({"data", "erase", "ddns"}) == 1);
  CHECK(no.err.str() ==
        "The cloud will erase:\n  ddns        the last addresses and the time of the last update\n"
        "What is on of it stands still until the cloud has confirmed: the name does not\n"
        "lead to its own address.\nErase it? [y/N] Nothing was changed.\n");
  CHECK(end({"data", "erase", "ddns"}) == 1);
  CHECK_FALSE(agent.was_asked("POST /v1/data/erase?wait=5 {\"feature\":\"ddns\"}"));
  CHECK(yes({"data", "erase", "ddns"}) == 0);
  CHECK(agent.was_asked("POST /v1/data/erase?wait=5 {\"feature\":\"ddns\"}"));
  agent.answer("GET /v1/manifest", 200, fixture("manifest"));
  CHECK(sure({"--yes", "data", "erase"}) == 2);  // --yes belongs to the command
  CHECK(sure({"data", "erase", "--yes"}) == 0);
  CHECK(agent.was_asked("POST /v1/data/erase?wait=5 {\"feature\":null}"));
}

TEST_CASE("receipts come page by page and are shown as one list") {
  AgentDouble agent;
  auto page = [](int from, int count) {
    boost::json::array rows;
    for (int i = from; i < from + count; ++i)
      rows.push_back({{"id", "r" + std::to_string(i)}, {"status", "pending"}, {"scope", {"ddns"}}});
    return boost::json::serialize(boost::json::object{{"schema", 1}, {"receipts", rows}});
  };
  agent.answer("GET /v1/receipts", 200, page(0, 100));
  agent.answer("GET /v1/receipts?after=r99", 200, page(100, 100));
  agent.answer("GET /v1/receipts?after=r199", 200, page(200, 1));
  Call list(agent.socket());
  CHECK(list({"--json", "receipts", "list"}) == 0);
  auto shown = boost::json::parse(list.out.str());
  CHECK(shown.at("receipts").as_array().size() == 201);
  CHECK(shown.at("receipts").as_array()[200].at("id") == "r200");
  AgentDouble deaf;  // to `after`
  deaf.answer("GET /v1/receipts", 200, page(0, 100));
  deaf.answer("GET /v1/receipts?after=r99", 200, page(0, 100));
  Call once(deaf.socket());
  CHECK(once({"--json", "receipts", "list"}) == 0);
  CHECK(boost::json::parse(once.out.str()).at("receipts").as_array().size() == 100);
}

TEST_CASE("data show and export, receipts") {
  AgentDouble agent;
  agent.answer("GET /v1/data?feature=ddns", 200, fixture("data"));
  agent.answer("GET /v1/receipts", 200, fixture("receipts"));
  agent.answer("GET /v1/receipts/7d9e", 200, fixture("receipts"));
  Call show(agent.socket()), exported(agent.socket()), list(agent.socket()), verify(agent.socket());
  CHECK(show({"data", "show", "ddns"}) == 0);
  CHECK(show.out.str().starts_with("ddns  1 record\n"));
  CHECK(exported({"data", "export", "ddns", "--quiet"}) == 0);
  CHECK(boost::json::parse(exported.out.str()) == boost::json::parse(fixture("data")).at("export"));
  CHECK(list({"receipts", "list"}) == 0);
  CHECK(list.out.str().find("8e0f  pending") != std::string::npos);
  CHECK(verify({"receipts", "verify"}) == 1);  // 9a11 is refused; 8e0f, pending, is no failure
  CHECK(verify.err.str() ==
        "qcloud: Receipt 9a11: not verified.\n  fix: See why: qcloud receipts show 9a11\n");
}

TEST_CASE("ledger goes from page to page") {
  AgentDouble agent;
  std::string page = R"({"schema":1,"rows":[)";
  for (int id = 1; id <= 500; ++id)
    page += R"({"id":)" + std::to_string(id) + R"(,"kind":"message","feature":"ddns","purpose":"x"},)";
  page.back() = ']';
  agent.answer("GET /v1/ledger?since=2026-11-23T09%3A03%3A00Z&limit=500", 200, page + "}");
  agent.answer("GET /v1/ledger?since=2026-11-23T09%3A03%3A00Z&after=500&limit=500", 200,
               R"({"schema":1,"rows":[{"id":501,"kind":"gap"}]})");
  agent.answer("GET /v1/ledger?limit=2", 200, fixture("ledger"));
  agent.answer("GET /v1/ledger?feature=none&limit=500", 200, R"({"schema":1,"rows":[]})");
  agent.answer("GET /v1/ledger/summary?since=2026-11-23T00%3A00%3A00Z", 200, R"({"schema":1,"features":[]})");
  Call all(agent.socket()), json(agent.socket()), few(agent.socket()), none(agent.socket()),
      summary(agent.socket());
  CHECK(all({"ledger", "--since", "1h"}) == 0);
  const std::string text = all.out.str();
  CHECK(std::count(text.begin(), text.end(), '\n') == 502);
  CHECK(json({"ledger", "--since", "1h", "--json"}) == 0);
  CHECK(boost::json::parse(json.out.str()).at("rows").as_array().size() == 501);
  CHECK(few({"ledger", "--limit", "2"}) == 0);
  CHECK(none({"ledger", "--feature", "none"}) == 0);
  CHECK(none.out.str() == "Nothing left this NAS.\n");
  CHECK(summary({"ledger", "summary", "--since", "today"}) == 0);
  CHECK(summary.out.str() == "Nothing left this NAS.\n");
}

TEST_CASE("version") {
  Call call("/none");
  CHECK(call({"--version"}) == 0);
  CHECK(call.out.str().starts_with("qcloud "));
}
