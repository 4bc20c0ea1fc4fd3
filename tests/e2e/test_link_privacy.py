"""What the link tells, and to whom: the relay carries bytes that it cannot read (L4), the ledger tells what left to
the byte (A3), only what is declared leaves (A2), and nobody reaches a box that not everybody may look up (L2)."""
import collections
import os
import re
import ssl
import time

from lab import decrypt
from lab.checker import Checker
from lab.cloud import HOST as CLOUD
from lab.compare import compare
from lab.flows import parse
from lab.h2 import PREFACE, box_side
from lab.home import VISITOR, Home
from lab.nas_site import PAGE
from lab.proc import SANITIZED, bound, wait_for
from lab.quiet import assert_quiet
from lab.relay import BOXES_PORT, HOST as RELAY
from lab.visitor import WebSocket, raw_visit

SECONDS = int(os.environ.get("QCLOUD_SILENCE", "60"))
LOG_MEMBERS = {"relay", "visitor", "name", "device", "milliseconds", "bytes_to_box", "bytes_from_box", "outcome"}


def _in_memory(pid, *needles):
    """Which of the needles stand anywhere in the memory of a process, as in a core taken now."""
    found = set()
    with open("/proc/%d/maps" % pid) as maps, open("/proc/%d/mem" % pid, "rb", 0) as memory:
        for line in maps:
            area, mode = line.split()[:2]
            if "r" not in mode or "[v" in line:
                continue
            start, end = (int(x, 16) for x in area.split("-"))
            if SANITIZED and end - start > 1 << 32:  # the sanitizer's shadow: what it knows of bytes, not bytes
                continue
            try:
                memory.seek(start)
                block = memory.read(end - start)
            except OSError:
                continue
            found |= {n for n in needles if n.encode() in block}
    return found


def test_blind_relay():
    """A marker that goes through the link, both ways, in every kind of visit, is nowhere in the relay: not in its
    memory while its buffers are full of it, not in its log, not in its files."""
    with Home("link_privacy.blind_relay") as home:
        home.attached()
        marker, words = "SEARCHME" + os.urandom(8).hex(), []
        own = home.box_certificate()
        for service, ca in (("web", None), ("plain", own)):
            link = WebSocket(home.tls(service, ca=ca), home.host(service), "/echo?" + marker)
            for _ in range(20):
                link.send(marker.encode() * 50)
                assert link.receive()[1] == marker.encode() * 50
            words.append(link)
            # This one is full of it and is not read: what it hears waits in the relay.
            stuck = WebSocket(home.tls(service, ca=ca), home.host(service))
            stuck.link.setblocking(False)
            try:
                for _ in range(400):
                    stuck.send(marker.encode() * 2000)
            except OSError:  # it takes no more
                pass
            words.append(stuck)
        # The proof that the search finds what is there: bytes without TLS, and the names that a relay must know.
        naked = "NAKED" + os.urandom(8).hex()
        home.site.raw()
        bare = raw_visit(home, home.publish("raw", home.site.raw_port), "hold")
        bare.setblocking(False)
        try:
            while True:
                bare.send(naked.encode() * 2000)
        except BlockingIOError:
            pass
        time.sleep(0.5)
        found = _in_memory(home.relay.proc.pid, marker, naked, home.fqdn())
        assert found >= {naked, home.fqdn()}, "the search does not find what is there: %s" % found
        assert marker not in found, "the marker is in the relay's memory"
        for link in words + [bare]:
            link.close()
        wait_for("the relay's log", 10, lambda: len(home.relay.lines()) >= 5)
        home.relay.stop()
        files = 0
        for root, _, names in os.walk(home.relay.folder):
            for name in names:
                with open(os.path.join(root, name), "rb") as text:
                    assert marker.encode() not in text.read(), name
                files += 1
        lines = home.relay.lines()
        assert files and all(set(line) <= LOG_MEMBERS for line in lines), lines
        assert {line["visitor"] for line in lines} == {VISITOR}, lines
        assert {line["name"] for line in lines} <= {home.host(s) for s in ("web", "plain", "raw")}, lines
        assert not home.cloud.rows_naming(marker, VISITOR), "the cloud knows of a visit"


def _visits(home):
    """Some of everything."""
    assert home.curl().stdout == PAGE
    home.curl("-o", "/dev/null", path="/big?n=3000000")
    home.curl("-T", home.site.certificate, path="/up")
    assert home.curl(service="plain", ca=home.box_certificate()).stdout == PAGE
    home.curl(service="nobody", check=False)
    home.raw().close()
    wait_for("no visit left", 30, lambda: home.visits() == 0)


def test_ledger():
    """Every connection of the link has a row, and not one payload byte is missing in it."""
    with Home("link_privacy.ledger") as home:
        capture = home.capture()
        home.attached(ddns=True)
        _visits(home)
        home.relay.kill()
        time.sleep(1)
        home.relay.start()
        home.served_again(within=20)
        home.agent.cli("disable", "link")
        home.agent.cli("unregister", "--yes")
        home.wait_settled()
        time.sleep(3)
        assert capture.dropped() == 0
        rows = home.agent.ledger()
        differences, agreed = compare(capture.frames(), rows, {"192.168.77.2"})
        assert not differences, "%d differences:\n%s" % (len(differences), "\n".join(differences))
        mine = [r for r in rows if r["kind"] == "connection" and r["feature"] == "link"]
        assert len(mine) >= 4 and not [r for r in mine if r["state"] == "open"], mine
        ports = {r["remote"].rsplit(":", 1)[1] for r in mine if r["proto"] == "tcp"}
        assert ports == {str(BOXES_PORT)}, "the link speaks to other ports: %s" % ports
        assert agreed["link"][1] > 3000000, agreed
        print("figure: link %d connections, %d out, %d in, 0 apart" % tuple(agreed["link"]))


def test_checker():
    """Only what is declared leaves. The streams to the relay are decrypted too: HTTP/2 without a word of its own, and
    the bytes of visits, which are declared as relayed."""
    with Home("link_privacy.checker") as home:
        capture = home.capture()
        home.attached(ddns=True)
        _visits(home)
        home.agent.cli("disable", "link")
        home.wait_settled()
        manifest = home.agent.get("/v1/manifest")
        declared = [m for f in manifest["features"] if f["name"] == "link" for m in f["messages"]]
        classes = [[f["class"] for f in m["fields"]] for m in declared if m["path"] == "h2-reverse"]
        assert classes == [["bytes between a visitor and a published service"]], declared
        capture.save()
        keys = home.folder + "/all.keys"
        with open(keys, "w") as out:
            for path in (home.cloud.keylog, home.relay.keylog):
                if os.path.exists(path):
                    with open(path) as text:
                        out.write(text.read())
        checker, findings, relayed, carried = Checker(manifest, {CLOUD, RELAY}), [], 0, 0
        seen = collections.Counter()
        for stream in decrypt.streams(capture.path, keys):
            if (stream.remote, stream.port) == (home.relay.address, BOXES_PORT):
                relayed += 1
                if stream.sni != RELAY:
                    findings.append("server name '%s' toward the relay" % stream.sni)
                if os.path.exists(home.relay.keylog):
                    bad, bytes_out = box_side(stream.sent, stream.received)
                    findings += bad
                    carried += bytes_out
                continue
            for request in decrypt.requests(stream):
                bad, message = checker.check(request)
                findings += bad + ([] if request.sni == CLOUD else ["a request to " + request.sni])
                seen[message] += 1
        findings += checker.check_dns(decrypt.dns_questions(capture.frames(), parse))
        findings += checker.check_datagrams(decrypt.other_datagrams(capture.frames(), parse))
        assert not findings, "%d findings:\n%s" % (len(findings), "\n".join(sorted(set(findings))))
        assert relayed >= 2 and seen, (relayed, seen)
        told = home.agent.get("/v1/link")["bytes_out"]
        if os.path.exists(home.relay.keylog):
            assert carried >= told > 3000000, (carried, told)
        print("figure: %d streams to the relay, %d bytes of visits in them, %d requests" % (
            relayed, carried, sum(seen.values())))


def test_checker_says_no():
    """The eye on the streams to the relay sees each way in which a box could add a word of its own."""
    def frame(kind, flags, stream, payload):
        return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload
    relay = PREFACE + frame(4, 0, 0, b"") + frame(1, 4, 1, b"\x82") + frame(6, 0, 0, b"relay's.")
    fine = (frame(4, 0, 0, b"\0\3\0\0\4\0") + frame(4, 1, 0, b"") + frame(1, 4, 1, b"\x88") + frame(0, 0, 1, b"bytes")
            + frame(6, 1, 0, b"relay's.") + frame(6, 0, 0, bytes(8)) + frame(8, 0, 1, b"\0\0\1\0")
            + frame(3, 0, 1, b"\0\0\0\x08") + frame(1, 5, 1, b"\x48\x03403") + frame(7, 0, 0, bytes(8)))
    assert box_side(relay, fine) == ([], 5) == box_side(fine, relay), box_side(relay, fine)
    for what, more in {"a stream of its own": frame(0, 0, 2, b"Q123"),
                       "a header": frame(1, 4, 1, b"\x88\x40\x01a\x04Q123"),
                       "a PING": frame(6, 0, 0, b"Q1234567"), "a GOAWAY": frame(7, 0, 0, bytes(8) + b"Q123"),
                       "padding": frame(0, 8, 1, b"\x04xQ123"), "an unknown frame": frame(0x51, 0, 0, b"Q123"),
                       "a setting": frame(4, 0, 0, b"Q123"), "a promise": frame(5, 4, 1, b"\0\0\0\2\x82")}.items():
        assert box_side(relay, fine + more)[0], "not caught: " + what
    assert box_side(b"GET / HTTP/1.1\r\n", b"")[0]


def test_silence():
    """The link on for a while, and off again: not one packet (A1)."""
    with Home("link_privacy.silence") as home:
        home.attached()
        assert home.curl().stdout == PAGE
        home.agent.cli("disable", "link")
        home.wait_settled()
        time.sleep(5)
        assert_quiet(home, SECONDS, "the link is off")
        print("figure: 0 packets in %d s" % SECONDS)


def test_audience():
    """Who may not look the box up does not reach it by its name either, and its name shows no relay."""
    with Home("link_privacy.audience") as home:
        home.attached(ddns=True)
        agent, relays = home.agent, [home.relay.address]
        for who in ("owner", "invited"):
            words = ["--invite", "friend@example.com"] if who == "invited" else []
            inside = home.tls()
            agent.cli("audience", who, *words)
            # Who is inside is cut off.
            inside.settimeout(bound(5))
            try:
                left = inside.recv(1)
            except (ConnectionResetError, ssl.SSLEOFError):
                left = b""
            assert left == b"", left
            inside.close()
            for name in (home.fqdn(), home.host("plain")):
                home.wait_dns(name, [], 5)
                for kind in ("AAAA", "ANY", "TXT", "HTTPS"):
                    shown = home.dig(name, kind)
                    assert not re.search(r"\d+\.\d+\.\d+\.\d+", " ".join(shown)), shown
            # Neither by a relay's address that was learned before: the first look of a new visitor ends it.
            assert home.curl(check=False).returncode != 0, "reached, although the audience is " + who
            refused = agent.cli("link", "services", "add", "files", "8444", check=False)
            assert refused.returncode != 0 and "audience" in (refused.stdout + refused.stderr), refused
            agent.cli("audience", "everyone")
            home.wait_dns(home.fqdn(), relays, 5)
            home.wait_dns(home.host("plain"), relays, 5)
            assert home.served_again() < bound(5)


test_silence.waits = True
test_silence.seconds = 90
test_ledger.seconds = test_checker.seconds = test_audience.seconds = 20
test_blind_relay.seconds = 15
