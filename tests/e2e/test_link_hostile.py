"""The link against visitors who send no hello, never read, vanish, or want what is not there."""
import collections
import contextlib
import socket
import ssl
import time

from lab.home import VISITOR, Home
from lab.hostile import LARGEST_AGENT, UNEXPECTED, UNRECOGNIZED, bounded, record, said_to
from lab.nas_site import PAGE
from lab.proc import SANITIZED, bound, wait_for
from lab.visitor import echoes, hello, raw_visit, reset, settled_visit


def test_hellos():
    """What is no ClientHello, or not for a box of ours, gets a TLS alert and is nobody's trouble."""
    with Home("link_hostile.hellos") as home:
        home.attached()
        good = hello(home.fqdn())
        for words in (b"GET / HTTP/1.1\r\nHost: nas1.mynas.test\r\n\r\n", b"SSH-2.0-OpenSSH_9.2\r\n", b"\0" * 100,
                      record(b"\x02\0\0\x04abcd"), record(b"\x01\xff\xff\xff"), record(b"", 0), b"\x16\x03\x01\xff\xff",
                      good[:5] + b"\x01\x00\x00\x01" + good[9:]):
            assert said_to(home, words) == UNEXPECTED, words
        # 16 KiB, and the hello is still not whole; then more than that.
        for size in (16384, 60000):
            assert said_to(home, record(b"\x01\x00\x3f\xf0" + b"x" * 9000) + record(b"x" * (size - 9000), 16000)) in \
                (UNEXPECTED, b"reset"), size
        # Half of a hello and the end; nothing at all and the end.
        assert said_to(home, good[:100], then_close=True) in (UNEXPECTED, b"")
        assert said_to(home, b"", then_close=True) == b""
        # No name; nobody's name; one that is close.
        for name in (None, "nas2.mynas.test", "mynas.test", "example.com", "nas1.mynas.test.evil.example",
                     "xnas1.mynas.test", "a" * 52 + ".setup.mynas.test"):
            assert said_to(home, hello(name)) == UNRECOGNIZED, name
        # A hello in pieces, over many records and segments, is as good as any.
        pieces = b"".join(record(good[5 + i:5 + i + 33]) for i in range(0, len(good) - 5, 33))
        link = home.raw()
        for i in range(0, len(pieces), 50):
            link.sendall(pieces[i:i + 50])
            time.sleep(0.002)
        assert link.recv(1)[:1] == b"\x16", "the NAS answers no fragmented hello"
        link.close()
        # Letter by letter is too slow: 5 s for all of it.
        start, link = time.monotonic(), home.raw()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            for byte in good:
                link.sendall(bytes([byte]))
                time.sleep(0.1)
        taken = time.monotonic() - start
        assert 4 < taken < bound(9), taken
        bounded(home)
        outcomes = {line["outcome"] for line in home.relay.lines()}
        assert outcomes == {"no TLS", "no box for this name", "carried"}, outcomes


def test_haste():
    """One visitor comes and resets, 700 times a second: nobody's visit ends, and others still come in."""
    with Home("link_hostile.haste") as home:
        home.net.inet.ip("addr add 5.6.8.98/32 dev lo")
        home.site.raw()
        home.attached()
        host = home.publish("raw", home.site.raw_port)
        before = [c["since"] for c in home.connections()]
        # Few, so that their turn to give way is a minute off.
        there = [settled_visit(home, host, source="5.6.8.98") for _ in range(2)]
        words, gone, start, count = hello(host), collections.deque(), time.monotonic(), 0
        served = []
        while (now := time.monotonic() - start) < 10:
            with home.net.inet.entered():
                while count < now * 700:
                    count += 1
                    link = socket.socket()
                    link.bind((VISITOR, 0))
                    with contextlib.suppress(OSError):
                        link.connect((home.relay.address, 443))
                        link.sendall(words)
                    gone.append(link)
                    if len(gone) > 30:
                        reset(gone.popleft())
            if now > 2 * len(served) + 1:
                begun = time.monotonic()
                with home.raw(timeout=8, source="5.6.8.98") as other:
                    other.sendall(hello(home.fqdn()))
                    assert other.recv(1), "another visitor is kept out"
                served.append(time.monotonic() - begun)
            time.sleep(0.005)
        for link in there:
            assert echoes(link), "cut off who was there"
        assert [c["since"] for c in home.connections()] == before, "the box left its relay"
        print("figure: %d resets; others heard the box after %.2f s at worst, he himself %.0f s later" % (
            count, max(served), home.served_again(within=60)))


def test_other_device():
    """Two boxes at one relay: each name leads to its own, and to none where the box is away."""
    with Home("link_hostile.other") as home:
        home.attached()
        first, home.agent = home.agent, home.box("other")
        home.agent.basics = first.basics
        home.agent.configure()
        home.registered(name="nas2", ddns=False)
        assert said_to(home, hello("nas2.mynas.test")) == UNRECOGNIZED
        home.publish("web", home.site.plain_port, tls="here")
        home.agent.cli("enable", "link")
        home.wait_attached()
        assert said_to(home, hello("nas3.mynas.test")) == UNRECOGNIZED
        # Its TLS ends in the agent, the other's in the NAS: the certificates tell which box has answered.
        assert home.curl(check=False).stdout == PAGE, "nas1 is not served by its own box"
        link = home.raw()
        link.sendall(hello("nas2.mynas.test"))
        assert link.recv(1) == b"\x16"
        link.close()

        def carried():
            return {line["name"]: line["device"] for line in home.relay.lines() if line["outcome"] == "carried"}
        devices = wait_for("both visits over", 10, lambda: len(carried()) == 2 and carried())
        assert devices["nas2.mynas.test"] == home.device_id() != devices["nas1.mynas.test"], devices
        home.agent, _ = first, home.agent


def test_visitors():
    """Hundreds who come and vanish, who never read, who write slowly, and services that are down or mute: everybody
    else is served, and memory stays bounded."""
    with Home("link_hostile.visitors") as home:
        home.site.raw()
        home.attached()
        host, down = home.publish("raw", home.site.raw_port), home.publish("down", 9999)
        with home.net.nas.entered():
            mute = socket.create_server(("127.0.0.1", 9998), backlog=1)  # accepts nobody, ever
        deaf = home.publish("deaf", 9998)
        for number in range(400):
            link = home.raw()
            if number % 2:
                link.sendall(hello(host if number % 4 == 1 else down)[:number + 100])
            reset(link)
        bounded(home)
        held = []
        for number in range(120):
            held.append(raw_visit(home, host, "send 50000000" if number % 2 else "hold"))
            if number % 2 == 0:  # writes what nobody reads
                held[-1].setblocking(False)
                with contextlib.suppress(BlockingIOError):
                    while True:
                        held[-1].send(b"x" * 65536)
        for _ in range(40):
            held.append(home.raw())
            held[-1].sendall(hello(deaf))
        for _ in range(40):
            assert said_to(home, hello(down)) in (b"", b"reset")
        slow = raw_visit(home, host, "echo")
        for _ in range(10):
            assert echoes(slow)
            time.sleep(0.1)
        agent, relay = bounded(home)
        print("figure: %d stuck visitors: agent %d KiB, relay %d KiB" % (len(held), agent, relay))
        for link in held:
            reset(link)
        mute.close()
        bounded(home)


def test_itself():
    """A service that is down, at a port that the kernel may choose for the agent's own end: nobody is led to himself."""
    with Home("link_hostile.itself") as home:
        home.attached()
        home.publish("away", 40000)
        home.net.nas.sysctl(net__ipv4__ip_local_port_range="40000 40003")
        for _ in range(40):
            link = home.raw()
            link.sendall(hello(home.host("away")))
            with contextlib.suppress(ConnectionResetError):
                assert link.recv(1) == b"", "the visitor hears himself"
            link.close()
        home.last_visit(service="away", outcome="service down")


def test_greed():
    """One household sends more than there is memory, to a service that takes none of it: everybody else is served after a
    moment, also who is slow or quiet; those who stand still give way."""
    with Home("link_hostile.greed") as home:
        home.site.raw()
        home.attached()
        host, other = home.publish("raw", home.site.raw_port), "5.6.8.98"
        home.net.inet.ip("addr add %s/32 dev lo" % other)
        quiet, slow = settled_visit(home, host, source=other), raw_visit(home, host, "send 50000000", source=other)

        def served():
            with contextlib.suppress(OSError), contextlib.closing(raw_visit(home, host, "echo", source=other)) as link:
                return echoes(link)

        def gave_way():
            return {visit["visitor"] for visit in home.agent.get("/v1/link/visitors")["visitors"]
                    if visit["outcome"] == "gave way"}
        held, start = [], time.monotonic()
        while len(held) < 1000 and not gave_way():
            for _ in range(50):
                assert slow.recv(1 << 15), "who is slow is cut off"
                with contextlib.suppress(OSError):  # refused, or it takes no more
                    held.append(raw_visit(home, host, "hold"))
                    held[-1].setblocking(False)
                    while True:
                        held[-1].send(b"x" * 65536)
            served()  # or not; meanwhile their bytes arrive
        assert gave_way() == {VISITOR}, gave_way()
        wait_for("everybody else is served, one after the other", 20, lambda: all(served() for _ in range(20)))
        taken = time.monotonic() - start
        assert slow.recv(1 << 20), "who is slow is cut off"
        assert echoes(quiet), "who is quiet is cut off"
        agent = home.agent.proc.rss()[0]  # the relay's memory grows with its visitors: test_crowd
        assert SANITIZED or agent < LARGEST_AGENT, "the agent holds %d KiB" % agent
        print("figure: %d whose bytes nobody takes; everybody else served %.1f s after the first of them; agent %d KiB" % (
            len(held), taken, agent))
        for link in held:
            reset(link)


def test_idlers():
    """One household takes all the room there is and says nothing more, where TLS ends in the agent and where it passes
    through: somebody else waits a moment, and is served; who was there before is not sent away."""
    with Home("link_hostile.idlers") as home:
        home.site.raw()
        home.attached()
        host, other, waited = home.publish("raw", home.site.raw_port), "5.6.8.98", []
        home.net.inet.ip("addr add %s/32 dev lo" % other)
        context = ssl.create_default_context(cafile=home.box_certificate())
        quiet = settled_visit(home, host, source=other)

        def here():
            return context.wrap_socket(home.raw(), server_hostname=home.host("plain"))
        for come, most in ((here, 500), (lambda: raw_visit(home, host, "echo"), 2000)):
            held = []
            with contextlib.suppress(OSError):  # there is no room
                while len(held) < most:
                    held.append(come())
            start = time.monotonic()
            link = raw_visit(home, host, "echo", source=other, timeout=20)
            assert echoes(link)
            waited.append("%.1f s beside %d" % (time.monotonic() - start, len(held)))
            link.close()
            for link in held:
                reset(link)
        assert echoes(quiet), "who was there before is sent away"
        print("figure: " + ", ".join(waited))


def test_crowd():
    """1,000 visitors who have said hello and wait: what one costs the relay."""
    with Home("link_hostile.crowd") as home:
        home.site.raw()
        home.attached()
        host = home.publish("raw", home.site.raw_port)
        before = home.relay.proc.rss()[1]
        held = [raw_visit(home, host, "echo") for _ in range(1000)]
        for link in held[::100]:
            assert echoes(link)
        agent, relay = bounded(home)
        each = (home.relay.proc.rss()[1] - before) / len(held)
        print("figure: %.1f KiB of the relay a visitor, %d KiB in all; agent %d KiB" % (each, relay, agent))
        assert each < bound(48), each
        for link in held:
            link.close()


for each in (test_hellos, test_visitors, test_crowd, test_greed, test_idlers, test_haste):
    each.seconds = 30
test_hellos.waits = True
