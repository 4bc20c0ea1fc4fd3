"""The control socket is open to every program on the box: whatever comes in, the agent lives, answers others,
and stays small."""
import json
import os
import random
import socket
import threading
import time

from lab.proc import SANITIZED, SLOW, bound, wait_for
from lab.raw import Raw, status_of
from lab.says import well
from lab.topology import Direct
from lab.world import World

GET = b"GET /v1/status HTTP/1.1\r\nHost: localhost\r\n"


def _alive(world):
    start = time.monotonic()
    assert world.agent.proc.alive(), world.agent.proc.tail()
    assert world.agent.status()["registered"]
    return time.monotonic() - start


def _post(path, body, kind=b"application/json", method=b"POST"):
    return (method + b" " + path + b" HTTP/1.1\r\nHost: localhost\r\nContent-Type: " + kind
            + b"\r\nContent-Length: " + str(len(body)).encode() + b"\r\n\r\n" + body)


def test_malformed():
    """Not HTTP, not JSON, too much, too deep, twice: 4xx with a problem object, or a closed door."""
    with World("hostile_control.malformed", Direct) as world:
        world.registered()
        before = world.agent.proc.rss()[1]
        deep = b'{"mode":' + b"[" * 50000 + b"]" * 50000 + b"}"
        cases = {
            "nothing": b"\r\n\r\n",
            "noise": bytes(random.Random(1).randrange(256) for _ in range(5000)),
            "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 600,
            "no version": b"GET /v1/status\r\n\r\n",
            "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            "a header without colon": GET + b"nonsense\r\n\r\n",
            "a header of 1 MB": GET + b"X: " + b"a" * 1_000_000 + b"\r\n\r\n",
            "10,000 headers": GET + b"".join(b"X-%d: a\r\n" % i for i in range(10000)) + b"\r\n",
            "a target of 100 KB": b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n",
            "a negative length": GET + b"Content-Length: -1\r\n\r\n",
            "a huge length": GET + b"Content-Length: 99999999999999999999\r\n\r\n",
            "two lengths": GET + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
            "a bad chunk": GET + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
            "no JSON": _post(b"/v1/features/ddns", b"{", method=b"PUT"),
            "a list": _post(b"/v1/features/ddns", b"[]", method=b"PUT"),
            "a wrong type": _post(b"/v1/features/ddns", b'{"on":"no"}', method=b"PUT"),
            "an unknown member": _post(b"/v1/features/ddns", b'{"on":true,"x":1}', method=b"PUT"),
            "no UTF-8": _post(b"/v1/name", b'{"name":"\xff\xfe"}', method=b"PUT"),
            "a huge number": _post(b"/v1/features/ddns", b'{"on":1e999999}', method=b"PUT"),
            "deep JSON": _post(b"/v1/data/erase", deep),
            "2 MB": _post(b"/v1/data/erase", b'{"feature":"' + b"x" * 2_000_000 + b'"}'),
            "an unknown path": b"GET /v1/nothing HTTP/1.1\r\n\r\n",
            "up the tree": b"GET /v1/../../etc/passwd HTTP/1.1\r\n\r\n",
            "an unknown method": b"BREW /v1/status HTTP/1.1\r\n\r\n",
            "a name with a zero": _post(b"/v1/name", b'{"name":"a\\u0000b"}', method=b"PUT"),
        }
        for what, data in cases.items():
            raw = Raw(world.agent)
            try:
                raw.send(data)
                raw.link.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # it had heard enough
            said = raw.answer()
            status = status_of(said)
            print(what, status)
            assert status == 0 or 400 <= status < 500, "%s: %r" % (what, said[:300])
            if status:
                problem = json.loads(said.split(b"\r\n\r\n", 1)[1])
                assert problem["type"] and problem["status"] == status, (what, problem)
            _alive(world)
        # Duplicate keys: one meaning or a refusal, never both.
        said = Raw(world.agent).send(_post(b"/v1/features/ddns", b'{"on":true,"on":false}', method=b"PUT")).answer()
        on = [f["on"] for f in world.agent.status()["features"] if f["name"] == "ddns"][0]
        assert status_of(said) in (200, 400), said[:300]
        assert status_of(said) == 200 or on, "refused, and done all the same"
        if not on:
            world.agent.cli("enable", "ddns")
        grown = world.agent.proc.rss()[1] - before
        world.wait_dns(world.fqdn(), [world.net.public], 20)
        well(world)
        print("figure: %d kinds refused; private memory %+d KiB" % (len(cases), grown))
        assert grown < 3000 * SLOW, grown


def test_slow():
    """A caller that never finishes is sent away, and others do not wait for it."""
    with World("hostile_control.slow", Direct) as world:
        world.registered()
        took = {}

        def drip(name, data, pause):
            took[name] = Raw(world.agent, 60).drip(data, pause, 40 * SLOW)
        threads = [threading.Thread(target=drip, args=arguments) for arguments in (
            ("head", b"GET /v1/status HTTP/1.1\r\nX: " + b"a" * 400, 0.1),
            ("body", _post(b"/v1/data/erase", b" " * 2000)[:-1900] + b" " * 400, 0.1),
            ("mute", b"GET" + b" " * 400, 0.1))]
        for thread in threads:
            thread.start()
        slowest = max(_alive(world) for _ in range(20))
        # One that asks for much and does not read.
        idle = Raw(world.agent).send(b"GET /v1/manifest HTTP/1.1\r\nHost: x\r\n\r\n")
        slowest = max(slowest, _alive(world))
        for thread in threads:
            thread.join()
        idle.link.close()
        assert all(seconds and seconds < bound(15) for seconds in took.values()), took
        print("figure: sent away after %s s; others waited %.3f s at most" % (
            ", ".join("%.0f" % s for s in took.values()), slowest))
        assert slowest < bound(1), slowest


def test_thousands():
    """Thousands of connections, held open and hung up at once, by root and by nobody: the owner still gets in."""
    with World("hostile_control.thousands", Direct) as world:
        world.registered()
        before = world.agent.proc.rss()[1]
        pid, highest = world.agent.proc.pid, 0
        for _ in range(3000):
            link = socket.socket(socket.AF_UNIX)
            link.connect(world.agent.socket)
            link.send(b"GET /v1/st")
            link.close()
        slowest = _alive(world)
        # Guests take all the places that they can get; root still gets one.
        guest = os.fork()
        if guest == 0:
            os.setuid(65534)
            held = []
            for _ in range(2000):
                link = socket.socket(socket.AF_UNIX)
                link.setblocking(False)
                try:
                    link.connect(world.agent.socket)
                except OSError:
                    pass
                held.append(link)
            time.sleep(8)
            os._exit(0)
        try:
            end = time.monotonic() + 6
            while time.monotonic() < end:
                slowest = max(slowest, _alive(world))
                highest = max(highest, len(os.listdir("/proc/%d/fd" % pid)))
                time.sleep(0.1)
        finally:
            os.waitpid(guest, 0)
        # Followers that do not read.
        followers = [Raw(world.agent).send(b"GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n") for _ in range(10)]
        for step in range(30):
            world.agent.cli("disable" if step % 2 else "enable", "ddns")
        for follower in followers:
            follower.link.close()
        wait_for("places again", 20, lambda: world.agent.cli("status", check=False).returncode in (0, 1))
        world.agent.cli("enable", "ddns")
        world.wait_dns(world.fqdn(), [world.net.public], 30)
        grown = world.agent.proc.rss()[1] - before
        print("figure: owner waited %.2f s at most, %d descriptors at most, private memory %+d KiB" % (
            slowest, highest, grown))
        assert slowest < bound(3) and (SANITIZED or grown < 4000) and highest < 200, (slowest, grown, highest)


test_slow.seconds = test_thousands.seconds = 40
test_slow.waits = True
