"""Off is off, also for the link: open visits end, nothing flows once the command has returned, and what the cloud knew
of the connection is erased (promises A1, A5)."""
import json
import random
import select
import socket
import threading
import time

from lab.compare import compare
from lab.flows import SYN, describe, parse
from lab.home import Home
from lab.nas_site import PAGE
from lab.proc import QCLOUD, Proc, bound, wait_for
from lab.relay import BOXES_PORT
from lab.says import doctor
from lab.visitor import raw_visit
from lab.world import verify_with_openssl


def _fence(home, capture, seconds=5):
    """A position in the capture: what stands behind it left the box later than now."""
    word = b"fence %d" % time.monotonic_ns()
    with home.net.nas.entered(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.sendto(word, ("192.168.77.1", 9))
    found = wait_for("the fence", seconds, lambda: [n for n, (_, f) in enumerate(capture.frames()) if word in f])
    return found[0] + 1


def _said(frames):
    """What is more than the end of a connection, which may still be on its way: payload, and openings."""
    packets = [(parse(frame), frame) for _, frame in frames]
    return [(packet, describe(frame)) for packet, frame in packets
            if not packet or packet.length or packet.flags & SYN]


def _of_the_link(frames):
    """Of it, what the box sent to a relay."""
    return [words for packet, words in _said(frames) if packet and packet.dport == BOXES_PORT]


def _until_it_ends(link, ended):
    try:
        while link.recv(1 << 18):
            pass
    except OSError:
        pass
    ended.append(time.monotonic())


def _cut_off(link):
    poll = select.poll()
    poll.register(link, 0)  # a reset, and nothing else
    return bool(poll.poll(0))


def _erased(home, receipt):
    assert home.dig(home.fqdn()) == [] and home.dig(home.host("plain")) == [], "a relay still stands in DNS"
    assert receipt["status"] == "verified" and receipt["scope"] == ["link"], receipt
    good, words = verify_with_openssl(receipt["receipt"], home.cloud.receipt_key, home.folder)
    assert good, words
    export = home.agent.get("/v1/data?feature=link")["export"]
    assert all(not store["records"] for store in export["stores"]), export
    left = [row for table, row in home.cloud.rows_naming(home.device_id()) if table == "attachments"]
    assert not left, left


def test_open_visits():
    with Home("link_disable.open_visits") as home:
        home.site.raw()
        home.attached()
        host, visits, ended = home.publish("raw", home.site.raw_port), [home.tls()], []
        for command in ("send 4000000000", "echo", "hold"):
            visits.append(raw_visit(home, host, command))
        for visit in visits:
            threading.Thread(target=_until_it_ends, args=(visit, ended), daemon=True).start()
        unread = raw_visit(home, host, "send 4000000000")
        wait_for("five visits", 30, lambda: home.visits() == 5)
        capture = home.capture()
        start = time.monotonic()
        done = home.agent.cli("disable", "link")
        mark = _fence(home, capture)
        returned = time.monotonic()
        assert "erased" in done.stdout, done.stdout
        wait_for("all visits ended", 5, lambda: len(ended) == 4)
        wait_for("cut off who does not read", 2, lambda: _cut_off(unread))
        receipt = home.wait_settled()[-1]
        assert not home.serves(), "served, although the link is off"
        time.sleep(3)
        leak = _of_the_link(capture.frames(mark))
        assert not leak, "%d segments after `disable` had returned:\n%s" % (len(leak), "\n".join(leak[:10]))
        _erased(home, receipt)
        # Back again, as if nothing had been.
        home.agent.cli("enable", "link")
        home.wait_attached()
        assert home.served_again() < bound(5)
        print("figure: disable took %.2f s, the last visit ended %.2f s after it" % (
            returned - start, max(0, max(ended) - returned)))


def _link_on(home):
    return next(f["on"] for f in home.agent.status()["features"] if f["name"] == "link")


def test_sigkill():
    """SIGKILL at random moments of `disable link`, with a visitor inside: after the restart it finishes, once."""
    with Home("link_disable.sigkill") as home:
        home.site.raw()
        home.attached()
        host = home.publish("raw", home.site.raw_port)
        seed = random.randrange(1 << 30)
        print("seed %d" % seed)
        dice, hit = random.Random(seed), {"before": 0, "after": 0}
        for _ in range(8):
            home.agent.cli("enable", "link")
            home.wait_dns(home.fqdn(), [home.relay.address], 20)
            visit, ended = raw_visit(home, host, "send 4000000000"), []
            threading.Thread(target=_until_it_ends, args=(visit, ended), daemon=True).start()
            known = {r["id"] for r in home.agent.receipts()}
            command = Proc("disable", [QCLOUD, "--socket", home.agent.socket, "disable", "link"],
                           home.folder + "/disable.log")
            time.sleep(dice.random() ** 2 * 0.1)
            home.agent.crash()
            command.popen.wait(timeout=20)
            command.stop()
            wait_for("the visit ended", 5, lambda: ended)
            home.agent.start()
            if _link_on(home):
                assert command.popen.returncode != 0, "disable was confirmed, and is forgotten"
                hit["before"] += 1
                home.agent.cli("disable", "link")
            else:
                hit["after"] += 1
            new = home.wait_settled(40, known)
            assert len(new) == 1, "one decision, %d orders: %s" % (len(new), json.dumps(new))
            _erased(home, new[0])
            assert not home.connections() and not home.serves(seconds=2)
        print("figure: 8 kills: %s" % ", ".join("%d %s" % (n, w) for w, n in hit.items()))


def test_relay_away():
    """The relay is away while the link is switched off: it is off at once all the same, and stays off when the relay
    comes back."""
    with Home("link_disable.relay_away") as home:
        home.attached()
        home.relay.kill()
        time.sleep(2)
        start = time.monotonic()
        home.agent.cli("disable", "link")
        took = time.monotonic() - start
        _erased(home, home.wait_settled()[-1])
        capture = home.capture()
        home.relay.start()
        time.sleep(3)
        said = [words for _, words in _said(capture.frames())]
        assert not said, said[:5]
        assert home.dig(home.fqdn()) == []
        print("figure: disable took %.2f s" % took)
        assert took < bound(8), took


def test_unregister():
    """Who was there when the box left the account is no more known to whoever has it next than who came before."""
    with Home("link_disable.unregister") as home:
        home.site.raw()
        home.attached()
        host, ended = home.publish("raw", home.site.raw_port), []
        assert home.curl().stdout == PAGE
        for _ in range(3):
            visit = raw_visit(home, host, "echo")
            threading.Thread(target=_until_it_ends, args=(visit, ended), daemon=True).start()
        wait_for("three visits", 10, lambda: home.visits() == 3)
        home.agent.cli("unregister", "-y")
        wait_for("all visits ended", 5, lambda: len(ended) == 3)
        left = home.agent.get("/v1/link/visitors")["visitors"]
        assert not left and home.agent.get("/v1/link")["visits"] == 0, left


def test_removed():
    """The owner removes the box on the account's page, while somebody visits it: the visit ends, and no other
    begins."""
    with Home("link_disable.removed") as home:
        home.attached()
        visit, ended = home.tls(), []
        threading.Thread(target=_until_it_ends, args=(visit, ended), daemon=True).start()
        assert home.curl().stdout == PAGE
        browser = home.cloud.browser().login("owner@example.com", "correct horse battery")
        browser.go("/account/remove?device_id=" + home.device_id())
        browser.submit(browser.form(needs="device_id", word="Remove"))
        start = time.monotonic()
        wait_for("no new visitor is served", 10, lambda: not home.serves(seconds=2), every=0.2)
        closed = time.monotonic() - start
        wait_for("the visit ended", 10, lambda: ended)
        home.wait_dns(home.fqdn(), [], 5)
        print("figure: no new visitor after %.1f s, the visit ended after %.1f s" % (closed, max(0, ended[0] - start)))


def test_stopped():
    """An agent that is told to end says goodbye on the connections that it has, and asks nobody anything any more; the
    ledger has it all (A3)."""
    with Home("link_disable.stopped") as home:
        capture = home.capture()
        home.attached()
        for feature in ("link", "ddns"):
            home.agent.cli("enable", feature)
            home.wait_attached()
            time.sleep(3)
            mark = len(capture.frames())
            home.agent.stop()
            time.sleep(0.5)
            said = [words for packet, words in _said(capture.frames(mark))
                    if packet and BOXES_PORT not in (packet.sport, packet.dport)]
            assert not said, said
            home.agent.start()
        home.wait_attached()
        home.agent.cli("disable", "ddns")
        home.agent.cli("disable", "link")
        home.wait_settled()
        differences, agreed = compare(capture.frames(), home.agent.ledger(), {"192.168.77.2"})
        assert agreed and not differences, differences


test_sigkill.seconds = 45
test_open_visits.seconds = test_relay_away.seconds = test_removed.seconds = 20


def test_waits():
    """Where an erasure waits for the cloud the link is on and nobody is served: the box says why, in one voice."""
    with Home("link_disable.waits") as home:
        home.attached()
        home.cloud.stop()
        home.agent.cli("data", "erase", "link", "--yes")
        assert not home.serves()
        assert "waits_for_erasure" in home.agent.codes(), home.agent.status()
        status = home.agent.status()
        assert status["reach"] == "none" and "confirmed" in status["reason"], status
        assert "confirmed" in home.agent.cli("link", "status").stdout
        assert not [code for code in doctor(home) if code.startswith("relay_")], "the fault is the cloud's"
        home.cloud.start()
        wait_for("the link is back", 60, lambda: home.connections() and "waits_for_erasure" not in home.agent.codes())
        assert home.serves()
