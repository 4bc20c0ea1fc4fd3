"""From a change of address to the authoritative DNS, and the ledger of it against a capture."""
import collections
import random
import struct
import time

from lab.flows import endpoint, flows, parse
from lab.proc import wait_for
from lab.topology import CLOUD_V4, Direct, Nat
from probe import Resolver
from world import bench_world, stats_of

ACK = 16


def _acknowledged(frames, found):
    """Flow -> how many of the peer's payload bytes the box's kernel has acknowledged."""
    flow_of, most = {flow.key(): flow for flow in found}, collections.Counter()
    for _, frame in frames:
        packet = parse(frame)
        if packet is None or packet.proto != "tcp" or not packet.flags & ACK:
            continue
        flow = flow_of.get(("tcp", endpoint(packet.src, packet.sport), endpoint(packet.dst, packet.dport)))
        if flow is None or flow.inward.start is None:
            continue
        at = 14 + (frame[14] & 15) * 4 if frame[12:14] == b"\x08\x00" else 54
        span = struct.unpack_from("!I", frame, at + 8)[0] - flow.inward.start & 0xFFFFFFFF
        if span < 1 << 31:
            most[flow.key()] = max(most[flow.key()], min(span, flow.bytes_in))
    return most


def _apart(frames, rows, addresses, kept):
    """(payload bytes that only one of ledger and capture has, bytes that the ledger has). What arrived for
    an address (all but the one that is kept) just when the box lost it may or may not have been taken, from
    what it acknowledged upwards."""
    found = flows(frames, addresses)
    acknowledged = _acknowledged(frames, found)
    bounds, told = collections.defaultdict(lambda: [0, 0, 0]), collections.defaultdict(lambda: [0, 0])
    for flow in found:
        lost = not flow.local.startswith(kept + ":")
        low = flow.bytes_in
        if lost:
            low = acknowledged[flow.key()] if flow.proto == "tcp" else 0
        for index, value in enumerate((flow.bytes_out, low, flow.bytes_in)):
            bounds[flow.key()][index] += value
    for row in rows:
        if row["kind"] == "connection":
            key = (row["proto"], row["local"], row["remote"])
            told[key][0] += row["bytes_out"]
            told[key][1] += row["bytes_in"]
    apart = 0
    for key in set(bounds) | set(told):
        (out, low, high), (told_out, told_in) = bounds[key], told[key]
        apart += abs(out - told_out) + max(low - told_in, told_in - high, 0)
    return apart, sum(map(sum, told.values()))


def own(_):
    with bench_world("own", Direct) as world:
        capture = world.capture()
        world.registered()
        resolver = Resolver(world.net.inet, CLOUD_V4)
        took, addresses = [], {world.net.public}
        for step in range(20):
            time.sleep(random.uniform(0.1, 0.6))
            address = "5.6.7.%d" % (40 + step)
            addresses.add(address)
            world.net.change_own(address)
            took.append(resolver.until(world.fqdn(), [address], 15))
        took.sort()
        stats = stats_of(world)
        # Everything is closed before it is counted.
        world.agent.cli("offline")
        world.wait_settled()
        time.sleep(2)
        if capture.dropped():
            raise RuntimeError("the capture lost frames")
        rows = world.agent.ledger()
        apart, total = _apart(capture.frames(), rows, addresses, world.net.public)
        connections = sum(row["kind"] == "connection" for row in rows)
        return {"own-change": {"value": took[18], "note": "median %.2f s, worst %.2f s" % (took[9], took[-1])},
                "ledger": {"value": apart, "note": "%d connections, %d bytes in the ledger" % (connections, total)},
                **stats}


def _public(name, silent, bound):
    with bench_world(name, Nat) as world:
        world.registered()
        resolver, took = Resolver(world.net.inet, CLOUD_V4), []
        for step in range(2):
            wait_for("a watch that hangs", 20, lambda: world.cloud.stats()["watches_hung"] >= 1)
            time.sleep(random.uniform(1, 6))
            address = "5.6.7.%d" % (60 + step)
            world.net.change_public(address, silent=silent)
            took.append(resolver.until(world.fqdn(), [address], bound + 60))
        return {"value": max(took), "note": "2 changes: " + ", ".join("%.1f s" % t for t in took)}, stats_of(world)


def reset(_):
    value, stats = _public("rst", False, 30)
    return {"change-rst": value, **stats}


def silent(_):
    value, stats = _public("silent", True, 45)
    return {"change-silent": value, **stats}
