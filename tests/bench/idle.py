"""What the box costs while nothing happens, and that it is silent when everything is off."""
import socket
import time

from lab.proc import wait_for
from lab.topology import Direct, Nat
from probe import ip_bytes, memory, sample
from world import QuietHome, bench_world, stats_of

# Three rounds of the kernel's keepalive, so that a window holds a whole number of them.
WINDOW, ROUNDS = 75, 3
DAY = 86400.0
# What a day holds besides, where nothing moves (docs/link-protocol.md): looks at the cloud, probes of the second
# attachment, and questions to both relays. A question: a PING and its answer, 91 bytes each, and a bare ACK of 52.
LOOKS, SPARE_ROUNDS, QUESTIONS, QUESTION = 4, DAY / 200, 2 * DAY / 1200, 91 + 91 + 52


def _with(address, frames):
    """Those that go to this IPv4 address, or come from it."""
    packed = socket.inet_aton(address)
    return [frame for frame in frames if frame[1][12:14] == b"\x08\0" and packed in (frame[1][26:30], frame[1][30:34])]


def _look(home, capture):
    """IP bytes of one look at the cloud; news of it made the box look, and count too."""
    def looks():
        return home.cloud.stats()["watches"]
    begun, mark = looks(), capture.mark()
    home.cloud.operator("POST", "/notice", {"device_id": home.device_id(), "text": "Hello."})
    wait_for("a look", 20, lambda: looks() > begun)
    time.sleep(2)
    return ip_bytes(capture.frames(mark))


def idle(_):
    with QuietHome("idle", Nat, count=2) as home:
        home.attached(ddns=True)
        # The first moments of a registration are not idleness.
        time.sleep(20)
        pid = home.agent.proc.pid
        capture = home.capture()
        before = sample(pid)
        time.sleep(WINDOW)
        after = sample(pid)
        quiet = capture.frames()
        rss, anonymous = memory(pid)
        spent = {key: after[key] - before[key] for key in after}
        # The one that is watched speaks more.
        watched = max(ip_bytes(_with(relay.address, quiet)) for relay in home.relays)
        spares = min(ip_bytes(_with(relay.address, quiet)) for relay in home.relays)
        if ip_bytes(quiet) != watched + spares or len(home.connections()) != 2:
            raise RuntimeError("it was not idle")
        look = _look(home, capture)
        if capture.dropped():
            raise RuntimeError("the capture lost frames")
        stats = stats_of(home)
    a_day = watched * DAY / WINDOW + watched / ROUNDS * SPARE_ROUNDS + look * LOOKS + QUESTION * QUESTIONS
    return {
        "rss": {"value": rss / 1e6, "note": "registered, ddns and link on, attached to two relays"},
        "anonymous": {"value": anonymous / 1e6},
        "cpu": {"value": spent["nanoseconds"] / 1e9 * DAY / WINDOW,
                "note": "%.2f ms and %d ticks in %d s, times %d" % (spent["nanoseconds"] / 1e6, spent["ticks"],
                                                                    WINDOW, DAY / WINDOW)},
        "wakeups": {"value": spent["voluntary"] * 60 / WINDOW,
                    "note": "%d voluntary, %d involuntary context switches in %d s" % (
                        spent["voluntary"], spent["involuntary"], WINDOW)},
        "disk": {"value": spent["read"] + spent["written"],
                 "note": "%d read, %d written in %d s" % (spent["read"], spent["written"], WINDOW)},
        "faults": {"value": spent["major_faults"]},
        "wire": {"value": a_day / 1e3,
                 "note": "%d bytes in %d s on the first attachment (keepalive), %d rounds a day on the second, %d looks at %d "
                         "bytes, %d questions to the relays at %d, both ways" % (
                             watched, WINDOW, SPARE_ROUNDS, LOOKS, look, QUESTIONS, QUESTION)},
        **stats,
    }


def economy(_):
    """A look every quarter of an hour, each on a connection of its own. The cloud asks for one a minute here, so that one
    can be watched; the first had no TLS session to resume."""
    with bench_world("economy", Nat) as world:
        world.registered(ddns=False)
        world.agent.cli("config", "set", "economy", "on")
        world.cloud.operator("POST", "/heartbeat", {"device_id": None, "seconds": 60})
        world.agent.cli("enable", "ddns")
        world.wait_dns(world.fqdn(), [world.net.public], 20)
        capture = world.capture()
        looks = lambda: world.cloud.stats()["requests"]  # noqa: E731  nothing else asks the cloud meanwhile
        time.sleep(5)
        begun = looks()
        wait_for("a look", 90, lambda: looks() == begun + 1)
        time.sleep(3)
        mark = capture.mark()
        wait_for("another look", 90, lambda: looks() == begun + 2)
        time.sleep(3)
        frames = capture.frames(mark)
        if capture.dropped() or looks() != begun + 2:
            raise RuntimeError("the capture lost frames, or something else asked the cloud")
        look = ip_bytes(frames)
        return {"wire-economy": {"value": look * 96 / 1e3,
                                 "note": "96 looks at %d bytes in %d packets, both ways, TLS resumed" % (look, len(frames))},
                **stats_of(world)}


def off(_):
    with bench_world("off", Direct) as world:
        world.registered()
        world.agent.cli("disable", "ddns")
        world.wait_settled()
        time.sleep(5)
        capture = world.capture()
        time.sleep(60)
        packets = len(capture.frames())
        if capture.dropped():
            raise RuntimeError("the capture lost frames")
        world.agent.get("/v1/data?feature=ddns")
        if capture.mark() == packets:
            raise RuntimeError("the capture sees nothing at all")
        return {"silence": {"value": packets, "note": "60 s, from 5 s after the order was settled"},
                **stats_of(world)}
