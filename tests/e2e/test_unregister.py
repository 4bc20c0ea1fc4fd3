"""Unregistering leaves no row of the device in the cloud but what the receipt names, each with an end
(promises R3, A5)."""
import base64
import json
import sqlite3
import time

from lab.topology import Direct
from lab.world import World, verify_with_openssl

# Which retained kind of the receipt answers for which table.
KINDS = {"receipts": "erasure_receipt", "access_log": "access_log", "tombstones": "other",
         "revoked_certificates": "other", "backups": "erasure_receipt"}


def payload(jws):
    body = jws.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))


def identity(world):
    """Every word by which the cloud could find this device again."""
    database = sqlite3.connect("file:%s?mode=ro" % world.cloud.database, uri=True, timeout=10)
    try:
        device = world.device_id()
        words = [device, world.fqdn(), "nas1", world.net.public]
        words += [row[0] for row in database.execute("SELECT jkt FROM keys WHERE device = ?", (device,))]
        words += [row[0] for row in database.execute("SELECT serial FROM certificates WHERE device = ?", (device,))]
        row = database.execute("SELECT model, device_name, serial_tail FROM devices WHERE id = ?", (device,)).fetchone()
        words += [w for w in row if len(w) > 3]
        return words
    finally:
        database.close()


def leftovers(world, words):
    """Rows with one of the words; the JSON inside stored receipts is read, not just their base64."""
    found = world.cloud.rows_naming(*words)
    database = sqlite3.connect("file:%s?mode=ro" % world.cloud.database, uri=True, timeout=10)
    for row in database.execute("SELECT id, jws FROM receipts"):
        if any(w in json.dumps(payload(row[1])) for w in words):
            found.append(("receipts", {"id": row[0]}))
    database.close()
    return found


def _clean(world, words, receipt):
    told = payload(receipt)
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    named = {r["what"] for r in told["retained"] if r["until"] > now}
    assert len(named) == len({r["what"] for r in told["retained"]}), told["retained"]
    left = leftovers(world, words)
    for table, row in left:
        assert table in KINDS and KINDS[table] in named, "left in %s: %s; the receipt names %s" % (table, row, named)
    records = sqlite3.connect("file:%s?mode=ro" % (world.folder + "/pdns/pdns.db"), uri=True)
    dns = [r for r in records.execute("SELECT name, type, content FROM records WHERE type != 'SOA'")
           if any(w in str(r) for w in words)]
    records.close()
    assert not dns, "left in DNS: %s" % dns
    print("figure: %d rows left, all named by the receipt: %s" % (len(left), sorted({t for t, _ in left})))


def test_on_the_box():
    with World("unregister.on_the_box", Direct) as world:
        world.registered()
        words = identity(world)
        assert leftovers(world, [words[0]]), "the search finds nothing even before"
        done = world.agent.cli("unregister", "--yes")
        assert "erased" in done.stdout, done.stdout
        receipt = world.wait_settled()[-1]
        assert receipt["verified"] and receipt["scope"] == ["registration"], receipt
        assert verify_with_openssl(receipt["receipt"], world.cloud.receipt_key, world.folder)[0]
        assert world.agent.status()["registered"] is False
        assert world.dig(world.fqdn()) == []
        assert world.cloud.stats()["devices"] == 0
        _clean(world, words, receipt["receipt"])
        # And again: a box can start over.
        world.registered("nas2")


def test_needs_yes():
    """Without a terminal and without --yes nothing is asked, so nothing is done: exit 2."""
    with World("unregister.needs_yes", Direct) as world:
        world.registered(ddns=False)
        assert world.agent.cli("unregister", check=False).returncode == 2
        assert world.agent.status()["registered"] is True


def test_on_the_page():
    """The owner removes the box on the account's page; the box hears of it and shows the receipt."""
    from lab.cloud import ACCOUNT, PASSWORD
    from lab.proc import wait_for
    with World("unregister.on_the_page", Direct) as world:
        world.registered()
        words = identity(world)
        browser = world.cloud.browser().login(ACCOUNT, PASSWORD)
        browser.go("/account/remove?device_id=" + words[0])
        browser.submit(browser.form(needs="device_id", word="Remove"))
        assert browser.status == 200 and "no longer registered" in browser.html, browser.html
        wait_for("the box hears of its removal", 20, lambda: "device_removed" in world.agent.codes())
        assert world.dig(world.fqdn()) == []
        receipt = browser.html.split("<textarea")[1].split(">")[1].split("<")[0]
        assert verify_with_openssl(receipt, world.cloud.receipt_key, world.folder)[0]
        _clean(world, words, receipt)
