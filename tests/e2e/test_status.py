"""`qcloud status` says what is the matter, by the table in docs/status.md: situation, code, exit status.
Each situation is made for real, and ended again where it can be."""
import glob
import json
import os
import re

from lab.cloud import ACCOUNT, PASSWORD
from lab.proc import REPO, LabError, wait_for
from lab.topology import CarrierNat, Direct, DoubleNat, Nat
from lab.world import World


def documented():
    """From docs/status.md: {code: exit status}, and the situations as (registered, registration, reach, codes)."""
    table, situations = {}, []
    with open(os.path.join(REPO, "docs", "status.md")) as text:
        for line in text:
            cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
            if not line.startswith("|") or not re.fullmatch(r"\d", cells[-1]):
                continue
            if cells[1] in ("true", "false"):
                situations.append((cells[1] == "true", cells[2], cells[3], re.findall(r"`([a-z0-9_]+)`", cells[4])))
            elif cells[0].startswith("`"):
                table[cells[0].strip("`")] = int(cells[-1])
    return table, situations


def expect(world, code, seconds=40):
    """Until `status` shows the code; then its JSON, its text and its exit status must agree with the table."""
    table, situations = documented()
    assert code in table, "docs/status.md does not list '%s': %s" % (code, sorted(table))
    try:
        wait_for(code, seconds, lambda: code in world.agent.codes(), every=0.1)
    except TimeoutError:
        raise AssertionError("no '%s' within %d s; status: %s" % (
            code, seconds, json.dumps(world.agent.status(), indent=1))) from None
    words = world.agent.cli("status", check=False)
    assert "[%s]" % code in words.stdout, words.stdout
    exits = [table[c] for c in world.agent.codes() if c in table]
    assert words.returncode == max(exits), "exit %d:\n%s" % (words.returncode, words.stdout)
    answer = json.loads(world.agent.cli("--json", "status", check=False).stdout)
    found = [c for c in answer["health"] + [c for f in answer["features"] for c in f["health"]]
             if c["code"] == code]
    assert found[0]["severity"] in ("info", "warning", "error") and found[0]["text"], found
    assert found[0]["severity"] == "info" or "fix" in found[0]
    told = (answer["registered"], answer["registration"], answer["reach"])
    rows = [row[:3] for row in situations if code in row[3]]
    assert any(told[:2] == row[:2] and row[2] in (told[2], "as before") for row in rows), "%s, but the table has %s" % (
        told, rows)
    return answer


def well(world, seconds=60):
    """Nothing worse than information, and exit 0."""
    def calm():
        status = world.agent.status()
        conditions = status["health"] + [c for f in status["features"] for c in f["health"]]
        return all(c["severity"] == "info" for c in conditions)
    try:
        wait_for("a healthy status", seconds, calm, every=0.1)
    except TimeoutError:
        raise AssertionError("not well again: %s" % world.agent.codes()) from None
    done = world.agent.cli("status", check=False)
    assert done.returncode == 0, done.stdout
    return world.agent.status()


def test_well():
    with World("status.well", Nat) as world:
        world.agent.start()
        expect(world, "not_registered")
        world.registered()
        status = well(world)
        assert status["schema"] == 1 and status["registered"] and status["account"] == ACCOUNT
        assert status["name"] == world.fqdn() and status["device_id"] and status["last_contact"]
        assert status["orders_pending"] == 0 and status["reach"] in ("direct", "relay", "none")
        assert [f["on"] for f in status["features"] if f["name"] == "ddns"] == [True]
        # In words: behind a router.
        expect(world, "ddns_behind_router")


def test_double_nat():
    with World("status.double_nat", DoubleNat) as world:
        world.registered()
        expect(world, "ddns_double_nat")


def test_carrier_nat():
    with World("status.carrier_nat", CarrierNat) as world:
        world.registered()
        expect(world, "ddns_carrier_nat")


def test_cloud_down():
    with World("status.cloud_down", Direct) as world:
        world.registered()
        world.cloud.stop()
        expect(world, "cloud_unreachable")
        world.cloud.start()
        well(world, 90)


def test_order_pending():
    with World("status.order_pending", Direct) as world:
        world.registered()
        world.cloud.stop()
        world.agent.cli("disable", "ddns")
        answer = expect(world, "order_pending", 10)
        assert answer["orders_pending"] == 1 and len(answer["orders"]) == 1, answer
        world.cloud.start()
        world.wait_settled(90)
        assert "order_pending" not in world.agent.codes()


def test_dns_failing():
    with World("status.dns_failing", Direct) as world:
        world.registered()
        world.pdns.stop()
        # The watch that hangs needs no name; the next one does.
        world.cloud.stop()
        world.cloud.start()
        expect(world, "dns_failing", 60)
        world.pdns.start()
        well(world, 90)


def test_no_network():
    with World("status.no_network", Direct) as world:
        world.registered()
        world.net.link_down()
        expect(world, "no_network", 60)
        world.net.link_up()
        well(world, 90)


def test_revoked():
    with World("status.revoked", Direct) as world:
        world.registered()
        world.cloud.operator("POST", "/revoke", {"device_id": world.device_id()})
        expect(world, "certificate_revoked", 20)


def test_removed():
    with World("status.removed", Direct) as world:
        world.registered()
        browser = world.cloud.browser().login(ACCOUNT, PASSWORD)
        browser.go("/account/remove?device_id=" + world.device_id())
        browser.submit(browser.form(needs="device_id", word="Remove"))
        expect(world, "device_removed", 20)


def _name_on_page(world, name):
    browser = world.cloud.browser().login(ACCOUNT, PASSWORD)
    browser.go("/account")
    browser.submit(browser.form(needs="name", word="Save"), name=name)
    assert browser.status == 200, browser.html


def test_name_lost():
    """The owner gives the box another name on the page, then none."""
    with World("status.name_lost", Direct) as world:
        world.registered()
        _name_on_page(world, "renamed")
        expect(world, "name_changed", 20)
        assert world.agent.status()["name"] == world.fqdn("renamed")
        world.wait_dns(world.fqdn("renamed"), [world.net.public], 10)
        _name_on_page(world, "")
        answer = expect(world, "name_lost", 20)
        assert not answer["name"], answer["name"]
        world.agent.cli("ddns", "claim", "again")
        world.wait_dns(world.fqdn("again"), [world.net.public], 20)
        well(world)


def test_clock_wrong():
    """A clock that is a year off, in both directions: said, and the box still does its work."""
    library = glob.glob("/usr/lib/*/faketime/libfaketime.so.1")
    if not library:
        raise LabError("the package faketime is missing")
    with World("status.clock_wrong", Direct) as world:
        world.registered()
        for step, shift in enumerate(("+365d", "-365d")):
            world.agent.stop()
            world.agent.env = {"LD_PRELOAD": library[0], "FAKETIME": shift, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
            world.agent.start()
            expect(world, "clock_wrong", 40)
            world.net.change_own("5.6.7.%d" % (80 + step))
            world.wait_dns(world.fqdn(), [world.net.public], 20)
        world.agent.stop()
        world.agent.env = {}
        world.agent.start()
        well(world)


test_cloud_down.seconds = test_dns_failing.seconds = test_no_network.seconds = 60
