"""In the cloud's place, with its own certificate: a server that is broken or means harm. The agent lives, stays
small, says so, and is well again with the true cloud; nothing is lost."""
import email.utils
import json
import os
import time

from lab import certs
from lab.cloud import HOST
from lab.flows import SYN, parse
from lab.impostor import Impostor, vendor
from lab.liar import answer
from lab.proc import SANITIZED, SLOW, bound, instrumented, wait_for
from lab.says import complains, expect, well
from lab.topology import CLOUD_V4, Direct
from lab.world import World


def _chunks(first, rest, limit):
    """first, then rest again and again, until the other side hangs up; `sent` counts."""
    def tell(request):
        tell.sent = 0
        yield first
        while tell.sent < limit:
            yield rest
            tell.sent += len(rest)
    tell.sent = 0
    return tell


def test_lies():
    """5 MB, endless, cut, redirected, of a wrong kind, too deep, twice: each is refused, none is followed."""
    with World("hostile_cloud.lies", Direct) as world:
        world.registered()
        before, device = world.agent.proc.rss()[1], world.device_id()
        addresses = {"ipv4": "5.6.7.10", "ipv6": None}
        good = {"cursor": 1, "seen": "5.6.7.10", "name": "nas1", "fqdn": world.fqdn(), "reported": addresses,
                "published": {"a": ["5.6.7.10"], "aaaa": []}, "events": []}
        endless = _chunks(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
                          b"4000\r\n" + b" " * 0x4000 + b"\r\n", 50_000_000)
        endless_head = _chunks(b"HTTP/1.1 200 OK\r\n", b"X-More: " + b"a" * 4000 + b"\r\n", 50_000_000)
        lies = {
            "5 MB": answer(200, b'{"seen":"' + b"a" * 5_000_000 + b'"}'),
            "endless": endless,
            "an endless head": endless_head,
            "cut short": answer(200, good)[:-10],
            "moved": answer(301, b"", None, [("Location", "https://5.6.8.9/v1/watch")]),
            "moved for now": answer(307, b"", None, [("Location", "http://5.6.8.9/")]),
            "HTML": answer(200, "<html>Welcome</html>", "text/html"),
            "JSON as HTML": answer(200, good, "text/html"),
            "no type": answer(200, good, None),
            "no JSON": answer(200, "{"),
            "deep": answer(200, b'{"seen":' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
            "a list": answer(200, []),
            "empty": answer(200, b""),
            "wrong types": answer(200, dict(good, seen=7, reported="x", cursor=[])),
            "a huge number": answer(200, b'{"cursor":1e999999,"seen":-99999999999999999999999}'),
            "no UTF-8": answer(200, b'{"seen":"\xff\xfe","name":"\xc3\x28"}'),
            "a name of another zone": answer(200, dict(good, name="nas1", fqdn="nas1.evil.test")),
            "an address with a command": answer(200, dict(good, seen="5.6.7.10; reboot")),
            "no HTTP": b"220 smtp.example.test ESMTP\r\n",
            "noise": os.urandom(3000),
            "not a word": lambda r: None,
            "nothing to say": answer(204, b"", None),
            "100 for ever": _chunks(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 2_000_000),
            "a negative length": b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n{}",
            "its own fault": answer(500, {"type": "about:blank", "title": "Oops", "status": 500}),
            "a problem of nonsense": answer(403, {"type": 7, "title": ["x"], "status": "four"},
                                            "application/problem+json"),
        }
        capture = world.capture()
        with Impostor(world) as impostor:
            for what, say in lies.items():
                condition = impostor.says(what, say)
                print(what, condition["code"], condition["text"])
            # A key that stands twice has one meaning at most: nothing of it may come out half.
            impostor.says("twice", answer(200, json.dumps(good).replace(
                '"name"', '"name": "other", "name"').replace('"fqdn"', '"fqdn": "other.mynas.test", "fqdn"')), ())
            # Both were cut off early; what the kernels hold on the way counts as sent.
            assert 0 < endless.sent < 16_000_000 and 0 < endless_head.sent < 16_000_000, (endless.sent,
                                                                                           endless_head.sent)
            rss = world.agent.proc.rss()[1]
        impostor.poke()
        well(world, 90)
        status = world.agent.status()
        assert status["registered"] and status["device_id"] == device and status["name"] == world.fqdn()
        world.wait_dns(world.fqdn(), [world.net.public], 20)
        elsewhere = {p.dst for p in (parse(f) for _, f in capture.frames())
                     if p and p.proto == "tcp" and p.flags & SYN and p.src.startswith("5.6.7.")} - {CLOUD_V4}
        assert not elsewhere, "a redirect was followed to %s" % elsewhere
        print("figure: %d lies; private memory %+d KiB" % (len(lies), rss - before))
        assert SANITIZED or rss - before < 4000, (before, rss)


def test_slow_body():
    """A byte now and then holds nobody for ever: the request ends, the status says so."""
    with World("hostile_cloud.slow_body", Direct) as world:
        world.registered()
        ended = []

        def drip(request):
            start = time.monotonic()
            yield b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n"
            try:
                while True:
                    yield b" "
                    time.sleep(0.5)
            finally:
                ended.append(time.monotonic() - start)
        with Impostor(world) as impostor:
            impostor.liar.say = drip
            wait_for("the request given up", 90, lambda: ended)
            complains(world, "cloud", "Cloud")
        impostor.poke()
        well(world, 90)
        print("figure: given up after %.0f s" % ended[0])


def test_retry_after():
    """Retry-After in both forms (RFC 9110 section 10.2.3) is obeyed, and is no way to silence the box: a change of
    the network is reported at once."""
    with World("hostile_cloud.retry_after", Direct) as world:
        world.registered()
        figures = []
        with Impostor(world) as impostor:
            for form in ("seconds", "date"):
                times = []

                def busy(request):
                    times.append(time.monotonic())
                    value = "6" if form == "seconds" else email.utils.formatdate(time.time() + 6.9, usegmt=True)
                    return answer(503, {"type": "about:blank", "title": "Busy", "status": 503},
                                  "application/problem+json", [("Retry-After", value)])
                impostor.says(form, busy)
                del times[:-1]  # the change of the network may have made it look twice
                wait_for("a second try", 40, lambda: len(times) >= 2)
                gap = times[1] - times[0]
                figures.append("%s: %.1f s" % (form, gap))
                assert 5.0 <= gap <= bound(20), times
            for nonsense in ("-1", "soon", "99999999999999999999", "Thu, 01 Jan 1970 00:00:00 GMT", "6; drop"):
                impostor.says(nonsense, answer(503, b"", None, [("Retry-After", nonsense)]))
        impostor.poke()
        well(world, 30)
        print("figure: asked for 6 s; " + ", ".join(figures))


def test_certificates():
    """Another authority, another host, expired, not valid yet: not one byte of a request leaves."""
    with World("hostile_cloud.certificates", Direct) as world:
        world.registered()
        trusted, other = vendor(world), certs.authority(os.path.join(world.folder, "other"), "Other CA")
        folder, told = os.path.join(world.folder, "impostor"), []
        cases = {
            "another authority": certs.issue(folder, other, HOST, name="other"),
            "another host": certs.issue(folder, trusted, "shop.vendor.test", name="host"),
            "expired": certs.issue(folder, trusted, HOST, "-20 days", 10, name="expired"),
            "not valid yet": certs.issue(folder, trusted, HOST, "+10 days", 10, name="future"),
            "its own authority": certs.authority(os.path.join(world.folder, "self"), HOST),
        }
        for what, pair in cases.items():
            with Impostor(world, pair) as impostor:
                impostor.liar.say = lambda r: answer(500, {})
                impostor.poke()
                wait_for("a handshake", 20, lambda: impostor.liar.failed or impostor.liar.requests)
                words = ("expired", "valid", "date") if what in ("expired", "not valid yet") else ("certificate",)
                condition = complains(world, *words)
                told.append("%s: %s" % (what, condition["code"]))
                assert not impostor.liar.requests, "%s: it was told %s" % (what, impostor.liar.requests[0])
            impostor.poke()
            well(world, 90)
        print("figure: " + ", ".join(told))


def test_clock():
    """A box whose clock says 1970 or 2040 registers, keeps its name and says that its clock is wrong; and a
    certificate that has run out does not become good by it."""
    if instrumented("another clock is preloaded, and does not go with their library"):
        return
    for when in ("1970-01-02 00:00:00", "2040-06-01 00:00:00"):
        with World("hostile_cloud.clock", Direct) as world:
            world.agent.env = certs.clock("@" + when)
            world.registered()
            expect(world, "clock_wrong", 40)
            world.net.change_own("5.6.7.81")
            world.wait_dns(world.fqdn(), ["5.6.7.81"], 20)
            pair = certs.issue(os.path.join(world.folder, "impostor"), vendor(world), HOST, "-20 days", 10)
            with Impostor(world, pair) as impostor:
                impostor.liar.say = lambda r: answer(500, {})
                impostor.poke()
                complains(world, "expired", "valid", "certificate")
                assert not impostor.liar.requests, impostor.liar.requests[0]
            impostor.poke()
            world.agent.cli("ddns", "rename", "nas2")
            world.wait_dns(world.fqdn("nas2"), ["5.6.7.81"], 40)
            done = world.agent.cli("disable", "ddns")
            receipt = world.wait_settled()[-1]
            assert receipt["verified"], (done.stdout, receipt)
            print("figure: %s: the whole main job, an old certificate refused" % when[:4])


def test_registration():
    """The first contact, with a server that answers nonsense: the command says so, and prints nothing that could
    harm the terminal."""
    code = {"device_code": "d" * 40, "user_code": "BCDF-GHJK", "verification_uri": "https://%s/device" % HOST,
            "expires_in": 600, "interval": 1}
    lies = {
        "5 MB": answer(200, b'{"device_code":"' + b"a" * 5_000_000 + b'"}'),
        "no JSON": answer(200, "hello"),
        "nothing": answer(200, {}),
        "an escape in the code": answer(200, dict(code, user_code="\x1b[2J\x1b]0;x\x07")),
        "an open site": answer(200, dict(code, verification_uri="http://evil.test/", verification_uri_complete="x:y")),
        "a script": answer(200, dict(code, verification_uri="javascript:alert(1)")),
        "a long code": answer(200, dict(code, user_code="B" * 10_000)),
        "a wrong type": answer(200, dict(code, expires_in="soon", interval=-5)),
        "an error with an escape": answer(400, {"error": "x\x1b[31m", "error_description": "\x1b]0;y\x07"}),
        "HTML": answer(503, "<html>", "text/html"),
    }
    with World("hostile_cloud.registration", Direct) as world:
        world.agent.start()
        with Impostor(world) as impostor:
            for what, say in lies.items():
                impostor.liar.say = (lambda r, say=say: say if r.target == "/device/auth" else answer(
                    400, {"error": "access_denied"}))
                done = world.agent.cli("register", check=False, timeout=bound(40))
                text = done.stdout + done.stderr
                assert done.returncode == 1, "%s: exit %d\n%s" % (what, done.returncode, text[:1000])
                assert "\x1b" not in text and "\x07" not in text, "%s: %r" % (what, text[:1000])
                assert len(text) < 6000 and "evil.test" not in text and "javascript" not in text, (what, text[:1000])
                assert world.agent.proc.alive()
        world.registered()
        well(world)
        print("figure: %d lies" % len(lies))


test_lies.seconds = 60
test_slow_body.seconds = 90
test_clock.seconds = test_certificates.seconds = 40
test_lies.waits = test_slow_body.waits = test_retry_after.waits = True
