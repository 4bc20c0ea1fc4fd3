"""What goes through the link arrives to the byte, ends as it was ended, and no visitor waits for another."""
import hashlib
import os
import socket
import ssl
import threading
import time

from lab.home import Home
from lab.nas_page import digest, pieces
from lab.nas_site import PAGE
from lab.proc import SANITIZED, bound, wait_for
from lab.visitor import hello, raw_visit, read_all, reset

MIB = int(os.environ.get("QCLOUD_LINK_MIB", "64" if SANITIZED else "256"))


def test_bulk():
    """Byte-identical both ways, with TLS of the NAS and with TLS of the agent."""
    with Home("link_traffic.bulk") as home:
        home.attached()
        size, blob, figures = MIB << 20, home.folder + "/blob", []
        for service, ca in (("web", None), ("plain", home.box_certificate())):
            begin = time.monotonic()
            home.curl("-o", blob, service=service, ca=ca, path="/big?n=%d" % size, seconds=300)
            middle = time.monotonic()
            with open(blob, "rb") as got:
                assert hashlib.file_digest(got, "sha256").hexdigest() == digest(size), service + ": other bytes came"
            half = time.monotonic()
            answer = home.curl("-T", blob, service=service, ca=ca, path="/up", seconds=300).stdout
            end = time.monotonic()
            assert answer == "%d %s\n" % (size, digest(size)), service + ": " + answer
            figures.append("%s %.0f MB/s down, %.0f up" % (
                service, size / 1e6 / (middle - begin), size / 1e6 / (end - half)))
        os.unlink(blob)
        print("figure: %d MiB each way: %s" % (MIB, "; ".join(figures)))


def _in_parallel(count, visit):
    """Runs visit(number) in so many threads; the results in order, an exception in the place of one that failed."""
    results = [None] * count

    def one(number):
        try:
            results[number] = visit(number)
        except Exception as error:
            results[number] = error
    threads = [threading.Thread(target=one, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_many():
    """1,000 visitors who are all there at once, each served in full."""
    count = 200 if SANITIZED else 1000
    with Home("link_traffic.many") as home:
        home.attached()
        gate, wanted = threading.Barrier(count), digest(20000)
        context = ssl.create_default_context(cafile=home.site.certificate)

        def visit(_):
            try:
                with context.wrap_socket(home.raw(timeout=60), server_hostname=home.fqdn()) as link:
                    gate.wait(bound(60))
                    link.sendall(b"GET /big?n=20000 HTTP/1.1\r\nHost: nas\r\nConnection: close\r\n\r\n")
                    return hashlib.sha256(read_all(link).partition(b"\r\n\r\n")[2]).hexdigest()
            except BaseException:
                gate.abort()
                raise
        begin = time.monotonic()
        results = _in_parallel(count, visit)
        bad = [r for r in results if r != wanted]
        assert not bad, "%d of %d failed: %s" % (len(bad), count, [repr(r) for r in bad[:3]])
        print("figure: %d at once in %.1f s; agent %d KiB resident, %d private" % (
            (count, time.monotonic() - begin) + home.agent.proc.rss()))
        wait_for("no visit left", 30, lambda: home.visits() == 0)


def test_crowd_here():
    """1,000 visitors at the same moment where TLS ends in the agent: more than there is memory for at once, so that some
    wait for their turn; each is served in full."""
    count = 200 if SANITIZED else 1000
    with Home("link_traffic.crowd_here") as home:
        home.attached()
        context, wanted = ssl.create_default_context(cafile=home.box_certificate()), digest(20000)

        def visit(_):
            with context.wrap_socket(home.raw(timeout=60), server_hostname=home.host("plain")) as link:
                link.sendall(b"GET /big?n=20000 HTTP/1.1\r\nHost: nas\r\nConnection: close\r\n\r\n")
                return hashlib.sha256(read_all(link).partition(b"\r\n\r\n")[2]).hexdigest()
        begin = time.monotonic()
        bad = [r for r in _in_parallel(count, visit) if r != wanted]
        assert not bad, "%d of %d failed: %s" % (len(bad), count, [repr(r) for r in bad[:3]])
        print("figure: %d in %.1f s; agent %d KiB resident" % (count, time.monotonic() - begin, home.agent.proc.rss()[0]))


def _descriptors(home):
    return len(os.listdir("/proc/%d/fd" % home.agent.proc.pid))


def test_ends():
    """Half-close each way, and ends without a word: what one side does, the other sees, and nothing is left."""
    with Home("link_traffic.ends") as home:
        home.site.raw()
        home.attached()
        host = home.publish("raw", home.site.raw_port)
        size = 3_000_000
        wanted = "%d %s" % (size, digest(size))
        # The visitor ends first, and still gets the answer.
        link = raw_visit(home, host, "count")
        for piece in pieces(size):
            link.sendall(piece)
        link.shutdown(socket.SHUT_WR)
        assert read_all(link).decode() == wanted
        # The service ends first, and still hears the visitor.
        link = raw_visit(home, host, "send %d" % size)
        assert hashlib.sha256(read_all(link)).hexdigest() == digest(size)
        for piece in pieces(size):
            link.sendall(piece)
        link.shutdown(socket.SHUT_WR)
        assert read_all(raw_visit(home, host, "heard")).decode() == wanted
        link.close()
        # A service that resets: the visitor learns it, and does not take it for an end.
        try:
            said = read_all(raw_visit(home, host, "reset"))
            raise AssertionError("a reset of the service looks like an orderly end: %r" % said)
        except ConnectionError:
            pass
        # A visitor who is cut off: the service learns it, and does not take what it has for all there is.
        def fate():
            return read_all(raw_visit(home, host, "heard")).decode()
        link = raw_visit(home, host, "fate")
        link.sendall(b"x" * size)
        link.shutdown(socket.SHUT_WR)
        assert fate() == "ended"
        link.close()
        link = raw_visit(home, host, "fate")
        link.sendall(b"x" * size)
        reset(link)
        assert fate() == "cut"
        here = home.publish("here", home.site.raw_port, tls="here")
        context = ssl.create_default_context(cafile=home.box_certificate())
        for last_word, wanted_fate in ((True, "ended"), (False, "cut")):
            link = context.wrap_socket(home.raw(), server_hostname=here)
            link.sendall(hello(here) + b"fate\n" + b"x" * size)
            if last_word:
                link = link.unwrap()
            link.shutdown(socket.SHUT_WR)  # without it anybody on the way could have said that
            assert fate() == wanted_fate, wanted_fate
            link.close()
        # One who has ended, and is gone before he has heard anything.
        link = raw_visit(home, host, "hold")
        link.shutdown(socket.SHUT_WR)
        wait_for("a visit", 5, lambda: home.visits() == 1)
        time.sleep(0.5)
        reset(link)
        # Visitors who vanish: before they spoke, in the middle, while the other side sends.
        wait_for("no visit left", 30, lambda: home.visits() == 0)
        before = _descriptors(home)

        def vanish(number):
            if number % 3 == 0:
                return reset(home.raw())
            link = raw_visit(home, host, ("echo", "send 50000000")[number % 2])
            if number % 3 == 1:
                link.sendall(b"x" * 100)
                link.recv(10)
            reset(link)
        failed = [r for r in _in_parallel(150, vanish) if r]
        assert not failed, failed[:3]
        assert home.curl().stdout == PAGE
        wait_for("no visit left", 30, lambda: home.visits() == 0)
        wait_for("no descriptor left", 10, lambda: _descriptors(home) <= before)


def test_slow_readers():
    """Visitors who do not read stop themselves, and nobody else; the same for a service. Memory stays bounded."""
    with Home("link_traffic.slow_readers") as home:
        home.site.raw()
        home.attached()
        host = home.publish("raw", home.site.raw_port)
        size, slow = 20_000_000, []
        for _ in range(30):
            slow.append(raw_visit(home, host, "send %d" % size))
            held = raw_visit(home, host, "hold")
            held.setblocking(False)
            try:
                while True:
                    held.send(b"x" * 65536)
            except BlockingIOError:
                slow.append(held)
        time.sleep(1)
        worst = 0
        for _ in range(5):
            begin = time.monotonic()
            assert home.curl().stdout == PAGE
            worst = max(worst, time.monotonic() - begin)
        assert worst < bound(2), "beside slow visitors a page takes %.1f s" % worst
        resident, private = home.agent.proc.rss()
        assert SANITIZED or private < 48 * 1024, "%d KiB private" % private
        # Late is not lost.
        assert hashlib.sha256(read_all(slow[0])).hexdigest() == digest(size)
        print("figure: 60 stuck visitors: a page in %.2f s, agent %d KiB resident, %d private" % (
            worst, resident, private))


def test_cut_off():
    """A program on the way that is killed, or a relay whose patience is over: nobody takes what he has for all there is,
    neither the service nor the visitor."""
    with Home("link_traffic.cut_off") as home:
        home.site.raw()
        home.attached()
        host, here = home.publish("raw", home.site.raw_port), home.publish("here", home.site.raw_port, tls="here")
        context = ssl.create_default_context(cafile=home.box_certificate())

        def under_way():
            """Uploads, with the TLS of each, and a download."""
            links = [raw_visit(home, host, "fate"), context.wrap_socket(home.raw(), server_hostname=here),
                     raw_visit(home, host, "send 500000000")]
            links[1].sendall(hello(here) + b"fate\n")
            for link in links[:2]:
                link.sendall(b"x" * 100_000)
            assert links[2].recv(1000)
            wait_for("three visits", 5, lambda: home.visits() == 3)
            time.sleep(0.5)
            return links

        def cut(link):
            link.settimeout(bound(40))
            try:
                while socket.socket.recv(link, 1 << 18):  # below TLS
                    pass
            except ConnectionError:
                return True
            return False

        def relay_out_of_patience():
            old = home.relay.proc
            home.relay.retire()
            home.relay.start()
            old.popen.wait(timeout=bound(40))

        for who, end, again in (("agent killed", home.agent.crash, home.agent.start),
                                ("relay killed", home.relay.kill, home.relay.start),
                                ("relay drained", relay_out_of_patience, home.wait_attached)):
            links = under_way()
            end()
            ends = [cut(link) for link in links]
            again()
            home.served_again()
            fates = [read_all(raw_visit(home, host, "heard")).decode() for _ in range(2)]
            assert ends == [True] * 3 and fates == ["cut"] * 2, (who, ends, fates)
            for link in links:
                link.close()
            wait_for("no visit left", 5, lambda: home.visits() == 0)


test_cut_off.seconds, test_cut_off.waits = 90, True
test_bulk.seconds = test_many.seconds = test_crowd_here.seconds = 30
test_ends.seconds = test_slow_readers.seconds = 15
