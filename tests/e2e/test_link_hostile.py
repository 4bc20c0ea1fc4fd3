"""The link against those who lie: relays that flood and cheat, boxes that do, visitors who send no hello."""
import contextlib
import signal
import socket
import ssl
import threading
import time

from lab import h2_frames as h2
from lab.home import Home
from lab.nas_site import PAGE
from lab.proc import bound, wait_for
from lab.relay import HOST
from lab.visitor import hello, raw_visit, reset

LARGEST_AGENT, LARGEST_RELAY = 64 * 1024, 96 * 1024  # KiB resident, whatever happens


def bounded(home):
    """Nobody died, nobody grew, and an honest visitor is served at once."""
    assert home.agent.proc.alive(), "the agent ended:\n" + home.agent.proc.tail()
    assert home.relay.proc.alive(), "the relay ended:\n" + home.relay.proc.tail()
    agent, relay = home.agent.proc.rss()[0], home.relay.proc.rss()[0]
    assert agent < bound(LARGEST_AGENT), "the agent holds %d KiB" % agent
    assert relay < bound(LARGEST_RELAY), "the relay holds %d KiB" % relay
    assert home.curl(seconds=5).stdout == PAGE
    return agent, relay


# --- visitors ----------------------------------------------------------------------------------------

def said_to(home, data, then_close=False):
    """What a visitor hears who says this: all of it."""
    link = home.raw(timeout=8)
    try:
        link.sendall(data)
        if then_close:
            link.shutdown(socket.SHUT_WR)
        heard = b""
        while part := link.recv(4096):
            heard += part
        return heard
    except (BrokenPipeError, ConnectionResetError):
        return b"reset"
    finally:
        link.close()


UNEXPECTED, UNRECOGNIZED = b"\x15\x03\x01\x00\x02\x02\x0a", b"\x15\x03\x01\x00\x02\x02\x70"


def record(content, size=None):
    return b"\x16\x03\x01" + (len(content) if size is None else size).to_bytes(2, "big") + content


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
        for name in (None, "nas2.mynas.test", "mynas.test", "example.com", "nas1.mynas.test.evil.example", "xnas1.mynas.test",
                     "a" * 52 + ".setup.mynas.test"):
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
            slow.sendall(b"x")
            assert slow.recv(1) == b"x"
            time.sleep(0.1)
        agent, relay = bounded(home)
        print("figure: %d stuck visitors: agent %d KiB, relay %d KiB" % (len(held), agent, relay))
        for link in held:
            reset(link)
        mute.close()
        bounded(home)


def test_crowd():
    """1,000 visitors who have said hello and wait: what one costs the relay."""
    with Home("link_hostile.crowd") as home:
        home.site.raw()
        home.attached()
        host = home.publish("raw", home.site.raw_port)
        before = home.relay.proc.rss()[1]
        held = [raw_visit(home, host, "echo") for _ in range(1000)]
        for link in held[::100]:
            link.sendall(b"x")
            assert link.recv(1) == b"x"
        agent, relay = bounded(home)
        each = (home.relay.proc.rss()[1] - before) / len(held)
        print("figure: %.1f KiB of the relay a visitor, %d KiB in all; agent %d KiB" % (each, relay, agent))
        assert each < bound(48), each
        for link in held:
            link.close()


# --- relays --------------------------------------------------------------------------------------------

@contextlib.contextmanager
def beside_a_false_relay(name):
    """An honest relay, and in the place of the second one that lies."""
    with Home("link_hostile." + name, count=2) as home:
        home.relays[1].stop()
        cloud = home.cloud.folder
        liar = h2.FalseRelay(home, home.relays[1].address, "%s/%s.pem" % (cloud, HOST), "%s/%s.key" % (cloud, HOST))
        liar.deed = greet_and_wait
        home.site.raw()
        home.registered(ddns=False)
        home.publish("web", home.site.page_port)
        home.publish("raw", home.site.raw_port)
        home.agent.cli("enable", "link")
        wait_for("attached at both", 20, lambda: liar.came and home.serves())
        yield home, liar
        assert not liar.failed, liar.failed


def greet(peer, **values):
    peer.send(h2.PREFACE, h2.settings(**values))


def greet_and_wait(peer):
    greet(peer)
    for _ in peer.frames():
        pass


def until_it_leaves(home, liar, deed, seconds=20):
    """The box comes to the liar, who does this to it; returns what the deed returned, when the box is gone."""
    result, done = [], threading.Event()

    def once(peer):
        liar.deed = greet_and_wait
        try:
            result.append(deed(peer))
            for _ in peer.frames():
                pass
        finally:
            done.set()
    home.agent.cli("disable", "link")  # it forgets how often it was lied to
    liar.deed = once
    home.agent.cli("enable", "link")
    assert done.wait(bound(seconds)), "the box bears it: " + deed.__name__
    bounded_soon(home)
    return result[0] if result else None


def bounded_soon(home):
    wait_for("an honest visitor served", 10, home.serves)
    return bounded(home)


def test_floods():
    """A relay that floods is left, whatever it floods with."""
    def garbage(peer):
        peer.send(h2.PREFACE, b"\xff" * 4000)

    def no_h2(peer):
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    def pings(peer):
        greet(peer)
        for _ in range(2000):
            peer.send(h2.frame(h2.PING, payload=b"12345678"))

    def settings(peer):
        greet(peer)
        for _ in range(2000):
            peer.send(h2.settings(initial_window_size=65535))

    def resets(peer):
        greet(peer)
        for i in range(20000):
            peer.send(h2.connect(2 * i + 1, home.fqdn() + ":443"), h2.reset(2 * i + 1))

    def continuations(peer):
        greet(peer)
        peer.send(h2.connect(1, home.fqdn() + ":443", flags=0))
        for _ in range(20000):
            peer.send(h2.frame(h2.CONTINUATION, 0, 1, h2.block(("x", "y" * 1000))))

    def empty_continuations(peer):
        greet(peer)
        peer.send(h2.connect(1, home.fqdn() + ":443", flags=0))
        for _ in range(20000):
            peer.send(h2.frame(h2.CONTINUATION, 0, 1))

    def empty_data(peer):
        greet(peer)
        peer.send(h2.connect(1, "raw.%s:443" % home.fqdn()))
        for _ in range(20000):
            peer.send(h2.frame(h2.DATA, 0, 1))

    with beside_a_false_relay("floods") as (home, liar):
        for deed in (garbage, no_h2, pings, settings, resets, continuations, empty_continuations, empty_data):
            until_it_leaves(home, liar, deed)


def test_cheats():
    """A relay that breaks the rules of HTTP/2, or asks for what is not published."""
    def mute(peer):
        pass  # TLS, and then not a word

    def unasked_data(peer):
        greet(peer)
        peer.send(h2.frame(h2.DATA, 0, 1, b"x"))

    def even(peer):
        greet(peer)
        peer.send(h2.connect(2, home.fqdn() + ":443"))

    def push(peer):
        greet(peer)
        peer.send(h2.frame(h2.PUSH_PROMISE, h2.END_HEADERS, 1, b"\0\0\0\2" + h2.block((":method", "GET"))))

    def window_overflow(peer):
        greet(peer)
        peer.send(h2.window(0, 0x7FFFFFFF), h2.window(0, 0x7FFFFFFF))

    def overrun(peer):
        greet(peer)
        host = "raw." + home.fqdn()
        peer.send(h2.connect(1, host + ":443"), h2.frame(h2.DATA, 0, 1, hello(host) + b"hold\n"))
        for _ in range(1024):  # four times the largest window, and the service reads none of it
            peer.send(h2.frame(h2.DATA, 0, 1, b"x" * 16384))
        said = next((f for f in peer.frames() if f[0] in (h2.RST_STREAM, h2.GOAWAY)), None)
        peer.link.close()
        return said[0] if said else None

    def too_many(peer):
        greet(peer)
        host = "raw." + home.fqdn()
        for i in range(5000):
            peer.send(h2.connect(2 * i + 1, host + ":443"), h2.frame(h2.DATA, 0, 2 * i + 1, hello(host)[:100]))

    def wrong_names(peer):
        greet(peer)
        asked = {}
        for i, authority in enumerate(("nas2.mynas.test:443", "127.0.0.1:22", "localhost:443", "192.168.77.1:80", "[::1]:443",
                                       "files.%s:443" % home.fqdn(), "", "nas1.mynas.test.evil:443", "x" * 4000)):
            asked[2 * i + 1] = authority
            peer.send(h2.connect(2 * i + 1, authority), h2.frame(h2.DATA, 0, 2 * i + 1, b"hello"))
        for i, path in enumerate(("/", "/v1/status", "/v1/attachment/../../v1/status")):
            stream = 2 * (len(asked) + i) + 1
            peer.send(h2.frame(h2.HEADERS, h2.END_HEADERS | h2.END_STREAM, stream, h2.block(
                (":method", "GET"), (":scheme", "https"), (":authority", home.fqdn()), (":path", path))))
        served, over = [], set()
        for kind, flags, stream, payload in peer.frames():
            if kind == h2.HEADERS and h2.status_in(payload) == 200:
                served.append(stream)
            if stream and (kind == h2.RST_STREAM or flags & h2.END_STREAM and kind in (h2.HEADERS, h2.DATA)):
                over.add(stream)
            if len(over) == len(asked) + 3:
                break
        peer.link.close()
        return [asked.get(s, "a request") for s in served], len(asked) + 3 - len(over)

    def large_header(peer):
        greet(peer)
        fields = [("x-%d" % i, "y" * 1000) for i in range(60)]
        whole = h2.block((":method", "CONNECT"), (":authority", home.fqdn() + ":443"), *fields)
        peer.send(h2.frame(h2.HEADERS, 0, 1, whole[:16000]), *[
            h2.frame(h2.CONTINUATION, h2.END_HEADERS if at + 16000 >= len(whole) else 0, 1, whole[at:at + 16000])
            for at in range(16000, len(whole), 16000)])
        said = next((f for f in peer.frames() if f[2] == 1 or f[0] == h2.GOAWAY), None)
        peer.link.close()
        return said[0] if said else None

    def endless_window(peer):
        greet(peer, initial_window_size=0x7FFFFFFF)
        peer.send(h2.window(0, 0x7FFFFFFF - 65535))
        host = "raw." + home.fqdn()
        for i in range(20):
            peer.send(h2.connect(2 * i + 1, host + ":443"),
                      h2.frame(h2.DATA, 0, 2 * i + 1, hello(host) + b"send 500000000\n"))
        time.sleep(3)  # it never reads
        figures.append(bounded(home)[0])
        peer.link.close()

    figures = []
    with beside_a_false_relay("cheats") as (home, liar):
        for deed in (mute, unasked_data, even, push, window_overflow, too_many):
            until_it_leaves(home, liar, deed)
        assert until_it_leaves(home, liar, overrun) in (h2.RST_STREAM, h2.GOAWAY, None)
        served, unanswered = until_it_leaves(home, liar, wrong_names)
        assert not served and not unanswered, (served, unanswered)
        assert until_it_leaves(home, liar, large_header) in (h2.RST_STREAM, h2.HEADERS, h2.GOAWAY, None)
        until_it_leaves(home, liar, endless_window)
        print("figure: agent %d KiB while a relay with an endless window never reads 20 downloads" % figures[0])


def test_backoff():
    """A relay that takes connections and drops them is not hammered, and the box says what is wrong."""
    def insult(peer):
        peer.send(h2.PREFACE, b"\xff" * 100)
    with beside_a_false_relay("backoff") as (home, liar):
        liar.deed = insult
        home.agent.cli("disable", "link")
        home.agent.cli("enable", "link")
        before, start = len(liar.came), time.monotonic()
        while time.monotonic() - start < 10:
            assert home.serves(), "the honest relay does not serve"
            time.sleep(0.2)
        tries = len(liar.came) - before
        print("figure: %d tries in 10 s" % tries)
        assert 1 <= tries <= 14, tries
        bounded(home)


# --- boxes ---------------------------------------------------------------------------------------------

def visit(home, host):
    """What a visitor hears who says hello to this host."""
    return said_to(home, hello(host))


def test_setup():
    """A box that is not set up is reached by the name of its key, by no other, and takes nobody's place."""
    with Home("link_hostile.setup") as home:
        home.attached()
        at, folder = home.relay.address, home.folder
        key = h2.self_signed(folder, "new")
        name = h2.rendezvous_id(key) + ".setup.mynas.test"
        assert visit(home, name) == UNRECOGNIZED
        box = h2.FalseBox(home, at, key)
        assert box.attach()
        box.serve()
        assert visit(home, name) == b"the box"
        assert visit(home, name.upper()) == b"the box"
        assert home.relay.lines()[-1]["device"] == "setup:" + name.split(".")[0]
        # Another key gets another name. And whoever signs for himself may write any name, and is not believed; each of
        # these was taken for a device by some check of some program.
        device = home.device_id()
        for number, more in enumerate(([], ["-addext", "keyUsage=critical,digitalSignature"],
                                       ["-addext", "basicConstraints=critical,CA:FALSE", "-addext", "keyUsage=digitalSignature",
                                        "-addext", "extendedKeyUsage=clientAuth"])):
            thief = h2.FalseBox(home, at, h2.self_signed(folder, "thief%d" % number, *more, subject="/CN=" + device))
            thief.attach() and thief.serve(b"stolen")
            assert visit(home, name) == b"the box"
            for _ in range(3):
                assert home.curl(check=False, seconds=5).stdout == PAGE, "a self-signed certificate takes a box's place: %s" % more
            thief.leave()
        # Keys that are not P-256, no certificate of ours, no ALPN: no place.
        for curve in ("P-384", None):
            assert not h2.FalseBox(home, at, h2.self_signed(folder, "other-key", curve=curve)).attach(), curve
        box.leave()
        wait_for("the name is gone", 5, lambda: visit(home, name) == UNRECOGNIZED)
        bounded(home)


def test_stale_slot():
    """The same box again: new visitors go to the new connection at once, and the dead one ends soon. A box that is
    told goodbye hears it twice, and finishes what it has."""
    with Home("link_hostile.stale") as home:
        home.attached()
        key = h2.self_signed(home.folder, "new")
        name = h2.rendezvous_id(key) + ".setup.mynas.test"
        old = h2.FalseBox(home, home.relay.address, key)
        assert old.attach()  # and from now on it reads nothing and says nothing
        new = h2.FalseBox(home, home.relay.address, key)
        assert new.attach()
        new.serve()
        start = time.monotonic()
        assert visit(home, name) == b"the box"
        print("figure: served by the new one after %.2f s" % (time.monotonic() - start))
        while old.receive() is not None:  # not so much as a PING is answered
            pass
        taken = time.monotonic() - start
        assert 2 < taken < bound(6), taken
        for _ in range(5):
            assert visit(home, name) == b"the box"
        # One that is alive stays; a third beside two makes the oldest leave, in order.
        more = []
        for _ in range(2):
            more.append(h2.FalseBox(home, home.relay.address, key))
            assert more[-1].attach()
            more[-1].serve()
        wait_for("the oldest was seen off", 10, new.over.is_set)
        assert new.told == [0x7FFFFFFE, 0], new.told
        assert not any(box.over.is_set() for box in more)
        assert visit(home, name) == b"the box"
        bounded(home)


def test_false_boxes():
    """Boxes that flood the relay or break the rules lose their place, and no other box does."""
    def pings(box):
        for _ in range(20000):
            box.send(h2.frame(h2.PING, payload=b"12345678"))

    def settings(box):
        for _ in range(20000):
            box.send(h2.settings(initial_window_size=65535))

    def garbage(box):
        box.send(b"\xff" * 1000)

    def own_stream(box):
        box.send(h2.frame(h2.HEADERS, h2.END_HEADERS, 2, b"\x88"))

    def window_overflow(box):
        box.send(h2.window(0, 0x7FFFFFFF), h2.window(0, 0x7FFFFFFF))

    def continuations(box):
        box.send(h2.frame(h2.HEADERS, 0, 1, h2.block((":status", "200"))))
        for _ in range(20000):
            box.send(h2.frame(h2.CONTINUATION, 0, 1, h2.block(("x", "y" * 1000))))

    with Home("link_hostile.boxes") as home:
        home.attached()
        key = h2.self_signed(home.folder, "new")
        name = h2.rendezvous_id(key) + ".setup.mynas.test"
        for deed in (pings, settings, garbage, own_stream, window_overflow, continuations):
            box = h2.FalseBox(home, home.relay.address, key)
            assert box.attach(), deed.__name__
            box.link.settimeout(bound(10))
            with contextlib.suppress(ConnectionError, ssl.SSLError):
                deed(box)
            try:
                while box.receive() is not None:
                    pass
            except TimeoutError:
                raise AssertionError("the relay bears it: " + deed.__name__) from None
            bounded(home)
        # One that never says SETTINGS, and one that never says hello.
        mute = h2.FalseBox(home, home.relay.address, key)
        with home.net.inet.entered():
            bare = socket.create_connection((home.relay.address, 4443), 10)
        bare.settimeout(bound(15))
        mute.link.settimeout(bound(15))
        while mute.receive() is not None:
            pass
        assert bare.recv(1) == b""
        # One that sends a visitor what he does not read: no more than the window, whatever it would like.
        liar = h2.FalseBox(home, home.relay.address, key)
        assert liar.attach()
        liar.serve(b"")
        visitor = home.raw()
        visitor.sendall(hello(name))
        stream = wait_for("the visit", 5, lambda: liar.visits and liar.visits[0])
        liar.link.settimeout(bound(10))
        with contextlib.suppress(OSError):
            for _ in range(4096):
                liar.send(h2.frame(h2.DATA, 0, stream, b"x" * 16384))
        assert bounded(home)[1] < bound(64 * 1024)


def test_revoked():
    """A box that was revoked is thrown out by the relay itself, whatever the box does, and not let in again."""
    with Home("link_hostile.revoked") as home:
        home.site.raw()
        home.attached()
        host = home.publish("raw", home.site.raw_port)
        held = raw_visit(home, host, "echo", timeout=8)
        held.sendall(b"x")
        assert held.recv(1) == b"x"
        box, device = home.agent.proc.popen, home.device_id()
        box.send_signal(signal.SIGSTOP)  # it can hear nothing, and end nothing
        try:
            start = time.monotonic()
            home.cloud.operator("POST", "/revoke", {"device_id": device})
            try:
                assert held.recv(1) == b"", "the visit goes on"
            except ConnectionResetError:
                pass
            print("figure: an open visit ends %.2f s after the revocation" % (time.monotonic() - start))
            assert visit(home, home.fqdn()) == UNRECOGNIZED
        finally:
            box.send_signal(signal.SIGCONT)
        wait_for("the box has given up", 20, lambda: not home.connections())
        time.sleep(2)
        assert visit(home, home.fqdn()) == UNRECOGNIZED and home.relay.proc.alive()


test_hellos.seconds = test_visitors.seconds = test_crowd.seconds = 30
test_floods.seconds = test_cheats.seconds = 60
test_hellos.waits = test_backoff.waits = True
