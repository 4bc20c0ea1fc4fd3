"""The link against relays that flood, cheat and drop: the box leaves them, and the honest relay keeps serving."""
import contextlib
import resource
import threading
import time

from lab import h2_frames as h2
from lab.home import Home
from lab.hostile import bounded
from lab.proc import bound, wait_for
from lab.relay import HOST
from lab.visitor import hello


@contextlib.contextmanager
def beside_a_false_relay(name):
    """An honest relay, and in the place of the second one that lies."""
    with Home("link_false_relay." + name, count=2) as home:
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
    start = time.monotonic()
    assert done.wait(bound(seconds)), "the box bears it: " + deed.__name__
    print("%s: %.1f s" % (deed.__name__, time.monotonic() - start))
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
        while peer.link.recv(4096):  # TLS, and then not a word, not even an answer
            pass

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
        half = hello(host)[:100]
        for i in range(5000):
            if i == 2500:
                peer.until(h2.SETTINGS)  # so far it may not know how many it may open; from here on it does
            peer.send(h2.connect(2 * i + 1, host + ":443"), h2.frame(h2.DATA, 0, 2 * i + 1, half))

    def wrong_names(peer):
        greet(peer)
        asked = {}
        wrong = ("nas2.mynas.test:443", "127.0.0.1:22", "localhost:443", "192.168.77.1:80", "[::1]:443", "",
                 "files.%s:443" % home.fqdn(), home.fqdn() + ":22", home.fqdn() + ".evil:443", "x" * 4000)
        for i, authority in enumerate(wrong):
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


def test_bounds():
    """How many visits a relay may open where descriptors are few; how long its last visits have after its goodbye."""
    def told(peer):
        greet(peer)
        payload = peer.until(h2.SETTINGS)[3]
        peer.link.close()
        return {int.from_bytes(payload[i:i + 2], "big"): int.from_bytes(payload[i + 2:i + 6], "big")
                for i in range(0, len(payload), 6)}

    def last_visit(peer):
        greet(peer)
        peer.send(h2.connect(1, "raw.%s:443" % home.fqdn()),
                  h2.frame(h2.DATA, 0, 1, hello("raw." + home.fqdn()) + b"hold\n"))
        assert h2.status_in(peer.until(h2.HEADERS, 1)[3]) == 200
        peer.send(h2.frame(h2.GOAWAY, payload=bytes(8)))
        start = time.monotonic()
        for _ in peer.frames():
            pass
        return time.monotonic() - start

    with beside_a_false_relay("bounds") as (home, liar):
        limit = resource.prlimit(home.agent.proc.pid, resource.RLIMIT_NOFILE)
        many = until_it_leaves(home, liar, told)[3]
        resource.prlimit(home.agent.proc.pid, resource.RLIMIT_NOFILE, (400, limit[1]))
        few = until_it_leaves(home, liar, told)[3]
        resource.prlimit(home.agent.proc.pid, resource.RLIMIT_NOFILE, limit)
        assert few == (400 - 128) // 2 and many == min(1024, (limit[0] - 128) // 2), (few, many, limit)
        lasted = until_it_leaves(home, liar, last_visit, seconds=90)
        print("figure: %.1f s after the goodbye its visit was ended" % lasted)
        assert 50 < lasted < bound(70), lasted


def test_backoff():
    """A relay that takes connections and drops them, or says goodbye to them, is not hammered; what it keeps open costs
    nobody his place; and the box says what is wrong."""
    def insult(peer):
        peer.send(h2.PREFACE, b"\xff" * 100)

    def goodbye(peer):
        greet(peer)
        peer.send(h2.frame(h2.GOAWAY, payload=bytes(8)))

    def goodbye_within(peer):
        greet(peer)
        peer.send(h2.connect(1, "raw.%s:443" % home.fqdn()), h2.frame(h2.GOAWAY, payload=bytes(8)))
        for _ in peer.frames():
            pass

    def goodbye_before(peer):
        greet(peer)
        peer.send(h2.frame(h2.GOAWAY, payload=bytes(8)), h2.connect(1, "raw.%s:443" % home.fqdn()))
        for _ in peer.frames():
            pass
    with beside_a_false_relay("backoff") as (home, liar):
        for deed in (goodbye, goodbye_within, goodbye_before, insult):
            liar.deed = deed
            home.agent.cli("disable", "link")
            home.agent.cli("enable", "link")
            wait_for("attached at the honest relay", 10, home.serves)
            before, start = len(liar.came), time.monotonic()
            while time.monotonic() - start < 10:
                assert home.serves(), "the honest relay does not serve"
                time.sleep(0.2)
            tries = len(liar.came) - before
            print("figure: %s: %d tries in 10 s, %d of them open" % (deed.__name__, tries, len(liar.came) - liar.left))
            assert 1 <= tries <= 14, tries
            assert len(liar.came) - liar.left <= 2, "they are kept"
            bounded(home)
        home.relay.stop()
        wait_for("the status says that no relay is there", 20, lambda: "link_no_relay" in home.agent.codes())


test_floods.seconds = test_cheats.seconds = 60
test_backoff.waits = test_bounds.waits = True
