"""My devices: the account's page to see, rename, erase and remove a box and to delete the account. The box learns it
within seconds, goes quietly to unregistered, and says so (promises A4, R3)."""
import base64
import time

from lab.cloud import ACCOUNT, PASSWORD
from lab.impostor import Impostor
from lab.liar import answer
from lab.proc import bound, wait_for
from lab.quiet import assert_quiet
from lab.says import expect, well
from lab.topology import Direct
from lab.world import World, verify_with_openssl


def _signed_in(world):
    return world.cloud.browser().login(ACCOUNT, PASSWORD)


def _receipt_on(browser):
    return browser.html.split("<textarea")[1].split(">", 1)[1].split("<")[0].strip()


def _hanging(world):
    wait_for("a watch that hangs", 20, lambda: world.cloud.stats()["watches_hung"] >= 1)


def _gone(world, before):
    """From the moment the owner pressed the button: unregistered, every switch off, quiet, and it says so."""
    start = time.monotonic()
    answer = expect(world, "device_removed", 10)
    took = time.monotonic() - start
    assert answer["registration"] == "unregistered" and not answer["registered"], answer
    assert answer["device_id"] is None and answer["account"] is None and answer["name"] is None, answer
    assert not any(f["on"] for f in answer["features"]), answer["features"]
    assert world.dig(world.fqdn()) == []
    time.sleep(2)
    assert_quiet(world, 10, "removed")
    receipts = [r for r in world.agent.receipts() if r["verified"]]
    assert receipts, "the receipt is not kept on the box"
    good, words = verify_with_openssl(receipts[-1]["receipt"], world.cloud.receipt_key, world.folder)
    assert good, words
    # Nothing of the identity is left, also after a restart; the condition stays until the next registration.
    world.agent.stop()
    for word in ("PRIVATE KEY", before["device_id"]):
        kept = open(world.agent.state, "rb").read().count(word.encode())
        assert word == before["device_id"] or not kept, "the device key is still stored"
    world.agent.start()
    expect(world, "device_removed", 5)
    assert_quiet(world, 3, "removed, and started again")
    assert took <= bound(5), took
    return took


def test_removed():
    with World("devices.removed", Direct) as world:
        world.registered()
        _hanging(world)
        before = world.agent.status()
        browser = _signed_in(world)
        browser.go("/account/remove?device_id=" + before["device_id"])
        browser.submit(browser.form(needs="device_id", word="Remove"))
        assert browser.status == 200, browser.html
        took = _gone(world, before)
        browser.go("/account")
        assert before["device_id"] not in browser.html
        # Begin again: nothing of before comes back by itself.
        status, _ = world.register()
        assert status == 0, open(world.folder + "/register.log").read()
        now = world.agent.status()
        assert "device_removed" not in world.agent.codes() and not any(f["on"] for f in now["features"]), now
        world.agent.cli("ddns", "claim", "nas1")
        world.agent.cli("enable", "ddns")
        world.wait_dns(world.fqdn(), [world.net.public], 20)
        print("figure: known to the box after %.2f s" % took)


def test_account_deleted():
    with World("devices.account_deleted", Direct) as world:
        world.registered()
        _hanging(world)
        before = world.agent.status()
        browser = _signed_in(world)
        browser.go("/account/delete")
        browser.submit(browser.form(needs="password"), password="not the password")
        assert world.cloud.stats()["devices"] == 1, "deleted with a wrong password"
        browser.go("/account/delete")
        browser.submit(browser.form(needs="password"), password=PASSWORD)
        assert browser.status == 200, browser.html
        took = _gone(world, before)
        assert world.cloud.stats()["devices"] == 0 and world.cloud.stats()["accounts"] == 0, world.cloud.stats()
        try:
            _signed_in(world)
        except AssertionError:
            pass
        else:
            raise AssertionError("the deleted account still opens")
        # What is left of it in the cloud is what the receipts name.
        left = {table for table, _ in world.cloud.rows_naming(ACCOUNT)}
        assert left <= {"receipts", "access_log", "backups"}, left
        world.cloud.account("next@example.com", "a third horse battery")
        status, _ = world.register(account="next@example.com", password="a third horse battery")
        assert status == 0 and world.agent.status()["account"] == "next@example.com"
        print("figure: known to the box after %.2f s" % took)


def test_seen_and_changed():
    """All that is stored is shown; another name for people, another public name, the addresses erased."""
    with World("devices.seen_and_changed", Direct) as world:
        world.registered()
        _hanging(world)
        browser = _signed_in(world).open_nas(world.device_id())
        text = " ".join(" ".join(browser.page.text).split())
        for word in (world.fqdn(), world.net.public):
            assert word in text, "%s is stored and not shown" % word
        browser.submit(browser.form(action="/account/device-name"), device_name="Kitchen NAS")
        browser.go("/account")
        assert "Kitchen NAS" in browser.html
        browser.open_nas(world.device_id())
        browser.submit(browser.form(action="/account/rename"), name="nas2")
        expect(world, "name_changed", 10)
        world.wait_dns(world.fqdn("nas2"), [world.net.public], 10)
        browser.open_nas(world.device_id()).go("/account/erase?device_id=" + world.device_id())
        updates = world.cloud.stats()["ddns_updates"]
        browser.submit(browser.form(action="/account/erase"))
        assert browser.status == 200, browser.html
        good, words = verify_with_openssl(_receipt_on(browser), world.cloud.receipt_key, world.folder)
        assert good, words
        # The switch is on, so the box reports again: the page has said so. Off, it stays erased.
        wait_for("a new report", 10, lambda: world.cloud.stats()["ddns_updates"] > updates)
        world.wait_dns(world.fqdn("nas2"), [world.net.public], 10)
        well(world)
        # The same correction from the box.
        world.agent.cli("data", "correct", "device_name", "Attic NAS")
        browser.go("/account")
        assert "Attic NAS" in browser.html and "Kitchen" not in browser.html


def test_offline_while_removed():
    """The box was off when its owner removed it: it hears of it with its first word, and says no second one."""
    with World("devices.offline_while_removed", Direct) as world:
        world.registered()
        device = world.device_id()
        world.agent.stop()
        browser = _signed_in(world)
        browser.go("/account/remove?device_id=" + device)
        browser.submit(browser.form(needs="device_id", word="Remove"))
        assert world.dig(world.fqdn()) == [], "its name still answers"
        capture = world.capture()
        world.agent.start()
        expect(world, "device_removed", 10)
        time.sleep(3)
        requests = [r for r in world.agent.ledger() if r["kind"] == "connection" and r["proto"] == "tcp"][-10:]
        assert_quiet(world, 5, "removed")
        print("figure: %d packets at the start, then none; last connections %d" % (capture.mark(), len(requests)))


def test_removal_without_proof():
    """"You were removed", but with no receipt that holds: the box is quiet, and nothing is destroyed."""
    with World("devices.removal_without_proof", Direct) as world:
        world.registered()
        before = world.agent.status()
        head = base64.urlsafe_b64encode(b'{"alg":"EdDSA","typ":"erasure-receipt+jwt"}').decode().rstrip("=")
        body = base64.urlsafe_b64encode(b'{"status":"completed","stores":[]}').decode().rstrip("=")
        forged = ".".join([head, body, "A" * 86])
        for receipt in (forged, "", None):
            problem = {"type": "urn:qcloud:problem:device-removed", "title": "Removed", "status": 410}
            if receipt is not None:
                problem["receipt"] = receipt
            with Impostor(world) as impostor:
                impostor.liar.say = lambda r: answer(410, problem, "application/problem+json")
                impostor.poke()
                condition = expect(world, "removal_unproved", 30)
                assert condition["device_id"] == before["device_id"] and condition["registration"] == "removed"
                asked = len(impostor.liar.requests)
                time.sleep(3)
                assert len(impostor.liar.requests) == asked, "not quiet"
            # The true cloud knows nothing of it; what the liar said is forgotten with a restart.
            world.agent.stop()
            world.agent.start()
            well(world, 20)
            assert world.agent.status()["device_id"] == before["device_id"]
        assert world.dig(world.fqdn()) == [world.net.public]


test_removed.seconds = test_account_deleted.seconds = 45
test_removed.waits = test_account_deleted.waits = True
