"""What the box costs while nothing happens, and that it is silent when everything is off."""
import time

from lab.proc import wait_for
from lab.topology import Direct, Nat
from probe import ip_bytes, memory, sample
from world import bench_world, stats_of

# Three rounds of the kernel's keepalive, so that a window holds a whole number of them.
WINDOW = 75
DAY = 86400.0
HOLD = 21600


def _renewal(world, capture):
    """IP bytes of one renewal of the watch: the cloud's clock goes on by the longest hold."""
    hung = world.cloud.stats()["watches_hung"]
    mark = capture.mark()
    world.cloud.operator("POST", "/clock", {"advance_seconds": HOLD + 1})
    wait_for("the watch again", 60, lambda: world.cloud.stats()["watches_hung"] > hung)
    time.sleep(2)
    return ip_bytes(capture.frames(mark))


def idle(_):
    with bench_world("idle", Nat) as world:
        world.registered()
        wait_for("a watch that hangs", 20, lambda: world.cloud.stats()["watches_hung"] >= 1)
        # The first moments of a registration are not idleness.
        time.sleep(20)
        pid = world.agent.proc.pid
        capture = world.capture()
        before = sample(pid)
        time.sleep(WINDOW)
        after = sample(pid)
        quiet = capture.frames()
        rss, anonymous = memory(pid)
        spent = {name: after[name] - before[name] for name in after}
        renewal = _renewal(world, capture)
        if capture.dropped():
            raise RuntimeError("the capture lost frames")
        in_window = ip_bytes(quiet)
        a_day = in_window * DAY / WINDOW + renewal * DAY / HOLD
        return {
            "rss": {"value": rss / 1e6, "note": "registered, ddns on, watch hanging; shared libraries count in RSS"},
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
                     "note": "%d bytes in %d s (keepalive) + %d renewals of the watch at %d bytes, both ways" % (
                         in_window, WINDOW, DAY / HOLD, renewal)},
            **stats_of(world),
        }


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
