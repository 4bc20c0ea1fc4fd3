#include "agent/cli/ledger.hpp"
#include "agent/cli/manifest.hpp"
#include "agent/cli/receipt.hpp"
#include "agent/cli/status.hpp"
#include "agent/cli/stored.hpp"
#include "tests/cli/agent_double.hpp"

#include <doctest/doctest.h>
#include <boost/json/parse.hpp>

using namespace qcloud::cli;

namespace {

const Look look{.color = false, .columns = 80, .now = 1795428180};

boost::json::object object(const std::string& name) { return boost::json::parse(fixture(name)).as_object(); }

}  // namespace

TEST_CASE("status when all is well") {
  CHECK(status_text(object("status_well"), look) ==
        "Registered     to owner@example.test\n"
        "Name           nas1.mynas.test\n"
        "Reachable      directly: The name leads to 5.6.7.8, the address of this NAS.\n"
        "Last contact   3 minutes ago (2026-11-23 10:00)\n"
        "Pending        nothing\n"
        "Disks          may sleep\n"
        "Agent          version 0.1.0\n"
        "\n"
        "Features\n"
        "  ddns  on   Public name    well\n"
        "  link  off  Remote access\n");
  CHECK_FALSE(has_error(object("status_well")));
}

TEST_CASE("status when something is wrong: each condition once, with its fix") {
  CHECK(status_text(object("status_trouble"), look) ==
        "Registered     to owner@example.test\n"
        "Name           none\n"
        "Reachable      no: This NAS has no public name yet, and so nobody outside your\n"
        "                   home network can look it up.\n"
        "Remote access  off (qcloud offline); back with: qcloud online\n"
        "Last contact   3 days ago (2026-11-20 10:00)\n"
        "Pending        1 erasure order\n"
        "               7d9e  ddns, filed 2 days ago, next try in 7 minutes\n"
        "Disks          kept awake\n"
        "Agent          version 0.1.0\n"
        "\n"
        "Features\n"
        "  ddns  on   Public name\n"
        "             error    The cloud does not answer. [cloud-unreachable]\n"
        "                      fix: Check the internet connection.\n"
        "\n"
        "Attention\n"
        "  warning  The clock of this NAS is 2 hours behind. [clock-wrong]\n"
        "           fix: Switch network time on.\n");
  CHECK(has_error(object("status_trouble")));
}

TEST_CASE("status before registration, and of an agent we know nothing of") {
  const std::string fresh = status_text(object("status_fresh"), look);
  CHECK(fresh.find("Registered     no (to register: qcloud register)") != std::string::npos);
  CHECK(fresh.find("Last contact   never") != std::string::npos);
  CHECK_NOTHROW(status_text({}, look));
  CHECK_NOTHROW(status_text(
      {{"features", 3}, {"health", {1, nullptr}}, {"orders_pending", "x"}, {"last_contact", "soon"}}, look));
}

TEST_CASE("colors only where they may be") {
  CHECK(status_text(object("status_trouble"), look).find('\x1b') == std::string::npos);
  CHECK(status_text(object("status_trouble"), {.color = true, .columns = 80, .now = look.now})
            .find("\x1b[31;1merror") != std::string::npos);
}

TEST_CASE("what the server says is never obeyed by the terminal") {
  const auto poison = [](auto&& self, boost::json::value& value) -> void {
    if (value.is_string()) value.get_string() += "\x1b[2J\u009b";
    if (value.is_array())
      for (auto& one : value.get_array()) self(self, one);
    if (value.is_object()) {
      for (auto& [key, one] : value.get_object()) self(self, one);
      value.get_object()["\x1b]0;"] = "\x07";
    }
  };
  for (const char* name : {"status_trouble", "manifest", "ledger", "receipts", "data"}) {
    boost::json::value value = object(name);
    poison(poison, value);
    const auto& whole = value.get_object();
    std::string text = status_text(whole, look) + manifest_text(whole, look) + holds_text(whole, "", look) +
                       receipts_text(whole, look) + stored_text(whole, look) + summary_text(whole, look) +
                       order_text(whole, look) + claims_text(whole, look);
    for (const char* list : {"rows", "receipts"})
      if (const auto* rows = whole.if_contains(list))
        for (const auto& row : rows->as_array())
          text += ledger_row(row.as_object(), look) + receipt_text(row.as_object(), look);
    for (char c : text) CHECK((c == '\n' || static_cast<unsigned char>(c) >= 0x20));
    CHECK(text.find("\u009b") == std::string::npos);
  }
}

TEST_CASE("manifest") {
  CHECK(manifest_text(object("manifest"), look) ==
        "ddns  Public name\n"
        "  Purpose       Keeps the public name of this NAS at its current address.\n"
        "  Legal basis   contract (GDPR Art. 6(1)(b))\n"
        "  Switch        off until you switch it on\n"
        "  Switched on   The public addresses of this NAS go to the cloud and into public\n"
        "                DNS whenever they change.\n"
        "  Switched off  The direct addresses leave DNS, and the cloud erases the\n"
        "                addresses it holds.\n"
        "  Goes to       cloud.vendor.test (cloud), in Germany, run by the vendor; passed\n"
        "                on to nobody\n"
        "  May send      update: reports the addresses\n"
        "                ipv4 (public address), ipv6 (public address)\n"
        "  Cloud holds   the last addresses and the time of the last update\n"
        "  Kept for      until the switch is off\n"
        "\n"
        "erasure  Erasure\n"
        "  Purpose       Carries your orders to erase.\n"
        "  Legal basis   law (GDPR Art. 17)\n"
        "  Switch        none: works only when you command it, or when another switch\n"
        "                needs it\n"
        "  Kept for      6 months\n");
  CHECK(holds_text(object("manifest"), "", look) ==
        "  ddns        the last addresses and the time of the last update\n");
  CHECK(holds_text(object("manifest"), "erasure", look).empty());
  CHECK(consequence_text(object("manifest"), "ddns", false, look)
            .starts_with("The direct addresses leave DNS"));
}

TEST_CASE("ledger") {
  std::string text = ledger_head(look);
  const auto ledger = object("ledger");
  for (const auto& row : ledger.at("rows").as_array()) text += ledger_row(row.as_object(), look);
  CHECK(text ==
        "ID     TIME                 FEATURE     KIND        WHAT\n"
        "41     2026-11-23 10:00:01  ddns        message     reports the addresses: ipv4, ipv6 -> "
        "cloud.vendor.test  #42\n"
        "42     2026-11-23 10:00:00  ddns        connection  tcp 5.6.7.1:443 (cloud.vendor.test)  1.2 kB "
        "out, 34.6 kB in, aborted\n"
        "43     2026-11-23 11:00:00              gap         rows may be missing here: the power failed\n");
  CHECK(summary_text({{"features",
                       {{{"feature", "ddns"},
                         {"messages", 2},
                         {"connections", 1},
                         {"bytes_out", 1204},
                         {"bytes_in", 7}}}}},
                     look) ==
        "FEATURE   MESSAGES  CONNECTIONS         OUT          IN\n"
        "ddns             2            1      1.2 kB     7 bytes\n");
  CHECK(summary_text({}, look) == "Nothing left this NAS.\n");
}

TEST_CASE("receipts") {
  const auto receipts = object("receipts");
  CHECK(receipts_text(receipts, look) ==
        "ID    STATUS    ASKED FOR         SCOPE\n"
        "7d9e  verified  2026-11-21 10:00  ddns\n"
        "8e0f  pending   2026-11-23 09:59  registration\n"
        "9a11  refused   2026-11-22 10:00  ddns\n");
  const auto& rows = receipts.at("receipts").as_array();
  CHECK(receipt_text(rows[0].as_object(), look) ==
        "Receipt    7d9e\n"
        "For        ddns\n"
        "Asked for  2 days ago (2026-11-21 10:00)\n"
        "Answered   2 days ago (2026-11-21 10:00)\n"
        "Status     verified: signed by the vendor\n"
        "Erased\n"
        "  ddns            2 records, out of reach since 2026-11-21 10:00, backups end by 2027-05-20\n"
        "Kept\n"
        "  access log      until 2027-05-20  finding abuse (GDPR Art. 6(1)(f))\n");
  CHECK(receipt_text(rows[1].as_object(), look).find("pending") != std::string::npos);
  CHECK(receipt_text(rows[2].as_object(), look).find("the vendor's key did not sign it") !=
        std::string::npos);
}

TEST_CASE("a receipt that breaks a promise is found out") {
  boost::json::object row = object("receipts").at("receipts").as_array()[0].as_object();
  CHECK(broken_promises(row).empty());
  auto& store = row["stores"].as_array()[0].as_object();
  store["backup_expires_at"] = "2027-05-20T10:00:01Z";  // one second past 180 days
  CHECK(broken_promises(row).size() == 1);
  store["backup_expires_at"] = "never";
  CHECK(broken_promises(row).size() == 1);
  auto& kept = row["retained"].as_array()[0].as_object();
  kept["until"] = "2036-01-01T00:00:00Z";
  CHECK(broken_promises(row).size() == 2);
  kept["what"] = "payment";
  CHECK(broken_promises(row).size() == 1);
  kept["until"] = nullptr;
  CHECK(broken_promises(row).size() == 2);
  CHECK(broken_promises({}).size() == 1);
}

TEST_CASE("what the cloud stores") {
  CHECK(stored_text(object("data"), look) ==
        "ddns  1 record\n"
        "  ipv4     5.6.7.8\n"
        "  ipv6     -\n"
        "  updated  2026-11-23T09:00:00Z\n"
        "\n"
        "As of 3 minutes ago (2026-11-23 10:00).\n");
  CHECK(stored_text({}, look) == "The cloud stores nothing of this.\n");
}
