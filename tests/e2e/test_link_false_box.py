"""The relay against boxes: not set up yet, revoked, twice there, or hostile. Each has its own place and no other's."""
import contextlib
import signal
import socket
import ssl
import time

from lab import certs, h2_frames as h2
from lab.home import Home
from lab.hostile import UNRECOGNIZED, bounded, visit
from lab.nas_site import PAGE
from lab.proc import bound, wait_for
from lab.visitor import hello, raw_visit


def test_setup():
    """A box that is not set up is reached by the name of its key, by no other, and takes nobody's place."""
    with Home("link_false_box.setup") as home:
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
                                       ["-addext", "basicConstraints=critical,CA:FALSE", "-addext",
                                        "keyUsage=digitalSignature", "-addext", "extendedKeyUsage=clientAuth"])):
            thief = h2.FalseBox(home, at, h2.self_signed(folder, "thief%d" % number, *more, subject="/CN=" + device))
            thief.attach() and thief.serve(b"stolen")
            assert visit(home, name) == b"the box"
            for _ in range(3):
                got = home.curl(check=False, seconds=5).stdout
                assert got == PAGE, "a self-signed certificate takes a box's place: %s" % more
            thief.leave()
        # It may not know the time yet.
        for number, date in enumerate(("1970-01-02", "2040-01-02")):
            lost = h2.self_signed(folder, "lost%d" % number, env=certs.clock("@%s 00:00:00" % date))
            elsewhen = h2.FalseBox(home, at, lost)
            assert elsewhen.attach(), date
            elsewhen.serve(b"some time")
            assert visit(home, h2.rendezvous_id(lost) + ".setup.mynas.test") == b"some time"
            elsewhen.leave()
        # Keys that are not P-256, no certificate of ours, no ALPN: no place.
        for curve in ("P-384", None):
            assert not h2.FalseBox(home, at, h2.self_signed(folder, "other-key", curve=curve)).attach(), curve
        box.leave()
        wait_for("the name is gone", 5, lambda: visit(home, name) == UNRECOGNIZED)
        bounded(home)


def test_stale_slot():
    """The same box again: new visitors go to the new connection at once, and the dead one ends soon. A box that is
    told goodbye hears it twice, and finishes what it has."""
    with Home("link_false_box.stale") as home:
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


def test_floods():
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

    with Home("link_false_box.floods") as home:
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
    with Home("link_false_box.revoked") as home:
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


test_floods.seconds = 30
