"""Something answers that is not the cloud: a sign-in page, a proxy that opens TLS, a DNS server that lies. The box
tells it nothing, says what it met, and goes on by itself when it is gone."""
import os
import time

from lab import certs
from lab.flows import parse
from lab.liar import Interceptor, Liar, answer
from lab.liar_dns import LyingDns
from lab.odd import ROUTER, redirected
from lab.proc import wait_for
from lab.says import doctor, expect, well
from lab.topology import CLOUD_V4, Direct, Nat
from lab.world import World

HOST = "cloud.vendor.test"


def _plain(net):
    """The cloud's page for the check whether someone signs in first; other tests live without it."""
    return ["--plain", CLOUD_V4 + ":80"]


def _hanging(world):
    wait_for("a watch that hangs", 20, lambda: world.cloud.stats()["watches_hung"] >= 1)


def _cut(world):
    """The watch that hangs would not notice for half a minute."""
    world.cloud.stop()
    world.cloud.start()


def test_captive_portal():
    """A hotel: every web request ends on the sign-in page until somebody signs in."""
    with World("false_friends.captive_portal", Nat, prepare=_plain) as world:
        world.registered()
        _hanging(world)
        router = world.net.router
        folder = os.path.join(world.folder, "hotel")
        pair = certs.issue(folder, certs.authority(folder, "Hotel"), "login.hotel.test")
        secure = Liar(router, ROUTER, 8443, lambda r: answer(200, "<html>sign in", "text/html"), pair)
        plain = Liar(router, ROUTER, 8080,
                     lambda r: answer(302, b"", None, [("Location", "http://login.hotel.test/?from=nas")]))
        with redirected(router, 8443, 8080):
            _cut(world)
            expect(world, "cloud_untrusted", 60)
            doctor(world, "captive_portal")
            assert not secure.requests, "the box told the sign-in page something: %s" % secure.requests
            assert all(r.method == "GET" and not r.body and set(r.headers) <= {"host", "user-agent", "accept",
                                                                              "connection"}
                       for r in plain.requests), plain.requests
        start = time.monotonic()
        well(world, 90)
        print("figure: well %.1f s after signing in; %d handshakes refused" % (
            time.monotonic() - start, len(secure.failed)))
        world.agent.cli("ddns", "rename", "nas2")
        world.wait_dns(world.fqdn("nas2"), [world.net.public], 20)


def test_sign_in_during_registration():
    """The same while the owner registers: the command says what is the matter."""
    with World("false_friends.sign_in_during_registration", Nat, prepare=_plain) as world:
        folder = os.path.join(world.folder, "hotel")
        # A certificate that is right in all but its issuer.
        pair = certs.issue(folder, certs.authority(folder, "Hotel"), HOST)
        server = Liar(world.net.router, ROUTER, 8443, lambda r: answer(200, {"device_code": "x"}), pair)
        world.agent.start()
        with redirected(world.net.router, 8443):
            done = world.agent.cli("register", check=False)
            assert done.returncode == 1 and "fix:" in done.stderr and "cloud" in done.stderr, done
            assert not server.requests
        world.registered()


def test_interception():
    """A company opens TLS with its own authority. Not one byte of a request may reach it."""
    with World("false_friends.interception", Nat) as world:
        world.registered()
        _hanging(world)
        folder = os.path.join(world.folder, "office")
        pair = certs.issue(folder, certs.authority(folder), HOST)
        proxy = Interceptor(world.net.router, ROUTER, 8443, pair, (CLOUD_V4, 443))
        with redirected(world.net.router, 8443):
            _cut(world)
            condition = expect(world, "cloud_untrusted", 60)
            found = doctor(world, "tls_intercepted")
            if found:
                assert "Office Inspection CA" in str(found["tls_intercepted"]["evidence"]), found
            assert not proxy.read, "it could read %s" % proxy.read
            assert condition["reach"] == "direct", "the name still leads here"
        well(world, 90)
        print("figure: %d handshakes refused, 0 bytes told" % len(proxy.failed))


def test_dns_lies():
    """No such name, a private address, another host, now this and now that."""
    with World("false_friends.dns_lies", Direct) as world:
        folder = os.path.join(world.folder, "other")
        pair = certs.issue(folder, certs.authority(folder, "Other Host"), "shop.example.test")
        net = world.net
        net.inet.ip("addr add 5.6.8.9/32 dev lo")
        net.inet.ip("addr add 192.168.99.1/32 dev lo")
        others = [Liar(net.inet, a, 443, lambda r: answer(200, {}), pair) for a in ("5.6.8.9", "192.168.99.1")]
        dns = LyingDns(net.inet, "5.6.8.53", lambda name, kind: [CLOUD_V4])
        world.agent.resolver("5.6.8.53")
        world.registered()
        took = []

        def lie(say, code, *codes):
            _hanging(world)
            dns.say = say
            _cut(world)  # the watch that hangs needs no name; the next one does
            start = time.monotonic()
            expect(world, code, 60)
            took.append("%s %.0f s" % (code, time.monotonic() - start))
            doctor(world, *codes)
            dns.say = lambda name, kind: [CLOUD_V4]
            well(world, 90)

        lie(lambda name, kind: "NXDOMAIN", "dns_failing", "dns_no_name")
        lie(lambda name, kind: "SERVFAIL", "dns_failing", "dns_no_answer", "dns_refused", "dns_no_name")
        lie(lambda name, kind: ["5.6.8.9"], "cloud_untrusted", "tls_intercepted", "dns_wrong_host")
        capture = world.capture()
        lie(lambda name, kind: ["192.168.99.1"], "cloud_untrusted", "dns_private_answer")
        turns = iter(range(10 ** 6))
        lie(lambda name, kind: ["192.168.99.1" if next(turns) % 3 else "5.6.8.9"], "cloud_untrusted",
            "dns_private_answer", "tls_intercepted", "dns_wrong_host")
        assert not any(server.requests for server in others)
        inside = {p.dport for p in (parse(f) for _, f in capture.frames()) if p and p.dst == "192.168.99.1"}
        # To where the name led, and only on the ports of the cloud (80 is the doctor's look for a sign-in page).
        assert inside <= {443, 80}, inside
        print("figure: " + ", ".join(took))


test_dns_lies.seconds = 60
test_captive_portal.seconds = test_interception.seconds = 40
