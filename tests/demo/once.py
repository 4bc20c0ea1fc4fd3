"""The demo, unattended: each step prints what was done and what was seen. A step that was not seen to work
raises, and the demo exits 1."""
import os
import re
import sqlite3
import time

import link
from house import ACCOUNT, NAME, PASSWORD, QCLOUD
from lab.proc import Proc, wait_for
from lab.world import user_code, verify_with_openssl
from story import FQDN, step

def register(house):
    log = os.path.join(house.folder, "register.log")
    command = Proc("qcloud register", [QCLOUD, "--socket", house.agent.socket, "register"], log)
    code = wait_for("a code from `qcloud register`", 20, lambda: user_code(log, command))
    shown = re.search(r"https://\S+", open(log).read()).group(0)
    step("qcloud register asks the owner", "open %s and type %s" % (shown, code))
    browser = house.owner()
    browser.login(ACCOUNT, PASSWORD)
    if house.opens:
        assert shown.startswith(house.url + "/"), "%s does not open on this machine" % shown
    page = browser.approve(code)
    facts = re.search(r"Model .*? Account \S+", page)
    step("the owner signs in on the account's page, sees which NAS asks, and allows it",
         "%s/device: %s" % (house.url, facts.group(0) if facts else page))
    assert command.popen.wait(timeout=40) == 0, open(log).read()
    command.stop()
    status = house.agent.status()
    assert status["registered"] and status["account"] == ACCOUNT, status
    step("the NAS is registered", "account %s, device %s" % (status["account"], status["device_id"]))
    return status["device_id"]


def name_and_dns(house):
    step("qcloud ddns claim " + NAME, house.agent.cli("ddns", "claim", NAME).stdout)
    step("qcloud enable ddns", house.agent.cli("enable", "ddns").stdout)
    took = house.wait_dns(FQDN, [house.net.public], 30)
    command, answer = house.dig_host(FQDN)
    assert house.net.public in answer, answer
    step("the DNS server answers with the router's address, after %.1f s" % took, command + "\n" + answer)


def new_address(house):
    old, new = house.net.public, "5.6.7.99"
    house.net.change_public(new, silent=False)
    print("        (the kernel looks after an idle connection every 25 s, so this may take that long)", flush=True)
    took = house.wait_dns(FQDN, [new], 45)
    command, answer = house.dig_host(FQDN)
    assert new in answer and old not in answer, answer
    step("the router's public address changes from %s to %s without a word to the NAS; DNS follows after %.1f s"
         % (old, new, took), command + "\n" + answer)


def ledger(house):
    done = house.agent.cli("ledger", "summary")
    summary = house.agent.get("/v1/ledger/summary")["features"]
    assert {"enroll", "ddns"} <= {row["feature"] for row in summary}, summary
    step("qcloud ledger summary: what left the NAS", done.stdout)


def switch_off(house):
    done = house.agent.cli("disable", "ddns")
    receipt = house.wait_settled(30)[-1]
    house.wait_dns(FQDN, [], 5)
    command, answer = house.dig_host(FQDN)
    assert house.net.public not in answer
    step("qcloud disable ddns: off, and erased in the cloud", done.stdout + command + "\n" + answer)
    export = house.agent.get("/v1/data?feature=ddns")["export"]
    assert all(not store["records"] for store in export["stores"]), export
    good, words = verify_with_openssl(receipt["receipt"], house.cloud.receipt_key, house.folder)
    assert good and receipt["verified"], words
    step("the receipt %s verifies with nothing but openssl and the vendor's public key" % receipt["id"],
         "openssl pkeyutl -verify -pubin -rawin -inkey %s: %s\n" % (house.cloud.receipt_key, words)
         + "".join("erased: %s, %d records, backups end %s\n" % (s["name"], s["records"], s["backup_expires_at"])
                   for s in receipt["stores"]))


def unregister(house, device):
    database = "file:%s?mode=ro" % house.cloud.database
    with sqlite3.connect(database, uri=True) as before:
        thumbprints = [row[0] for row in before.execute("SELECT jkt FROM keys WHERE device = ?", (device,))]
    words = [device, FQDN, NAME] + thumbprints
    known = {r["id"] for r in house.agent.receipts()}
    live = {table for table, _ in house.cloud.rows_naming(*words)}
    assert live, "the search finds nothing even before"
    done = house.agent.cli("unregister", "--yes")
    receipt = house.wait_settled(30, known)[-1]
    assert not house.agent.status()["registered"]
    left = house.cloud.rows_naming(*words)
    assert not left, left
    good, _ = verify_with_openssl(receipt["receipt"], house.cloud.receipt_key, house.folder)
    assert good and receipt["verified"]
    step("qcloud unregister: nothing of the NAS is left in the cloud", done.stdout
         + "rows naming the device, its key or its name: before in %s; now 0\n" % ", ".join(sorted(live))
         + "".join("kept, says the receipt: %s (%s) until %s\n" % (r["what"], r["why"], r["until"])
                   for r in receipt["retained"]))


def play(house):
    start = time.monotonic()
    try:
        device = register(house)
        name_and_dns(house)
        new_address(house)
        link.play(house)
        ledger(house)
        switch_off(house)
        unregister(house, device)
    except Exception as error:
        print("\nNOT seen to work: %s: %s" % (type(error).__name__, error))
        print("The agent's last words (all logs are in %s):\n%s" % (house.folder, house.agent.proc.tail(25)))
        return 1
    print("every step was seen to work, in %.0f s" % (time.monotonic() - start))
    return 0
