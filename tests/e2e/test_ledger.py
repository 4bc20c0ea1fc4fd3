"""The ledger tells what left, to the byte: payload of every closed connection and datagram equals the
capture's, and no packet is without a row (promise A3)."""
import json
import time

from lab.compare import compare
from lab.proc import wait_for
from lab.topology import Direct, Nat6
from lab.world import World


def _life(world):
    """A little of everything, with connections that end in every way."""
    agent = world.agent
    world.registered()
    wait_for("a watch that hangs", 20, lambda: world.cloud.stats()["watches_hung"] >= 1)
    agent.get("/v1/data")
    agent.cli("ddns", "rename", "nas2")
    world.cloud.stop()
    time.sleep(3)
    world.cloud.start()
    world.wait_dns(world.fqdn("nas2"), [world.net.public], 40)
    agent.crash()
    agent.start()
    agent.cli("disable", "ddns")
    agent.cli("enable", "ddns")
    world.wait_dns(world.fqdn("nas2"), [world.net.public], 40)
    agent.cli("offline")
    world.wait_settled()
    agent.cli("unregister", "--yes")
    world.wait_settled()
    time.sleep(3)


def _addresses(world):
    found = set()
    for line in world.net.nas.ip("-o addr show dev eth0").splitlines():
        words = line.split()
        found.add(words[3].split("/")[0])
    return found


def _agree(world):
    addresses = _addresses(world)
    capture = world.capture()
    _life(world)
    assert capture.dropped() == 0
    rows = world.agent.ledger()
    differences, agreed = compare(capture.frames(), rows, addresses)
    with open(world.folder + "/ledger.json", "w") as out:
        json.dump(rows, out, indent=1)
    open_rows = [r for r in rows if r["kind"] == "connection" and r["state"] == "open"]
    assert not open_rows, open_rows
    assert not differences, "%d differences:\n%s" % (len(differences), "\n".join(differences))
    # A connection serves one feature only, and each has a message that says why. A message without a connection
    # was taken back before a byte left (a look-up that was cancelled, a SIGKILL): few, or nothing links them.
    ids = {r["id"]: r for r in rows}
    messages = [r for r in rows if r["kind"] == "message"]
    lonely = [r for r in messages if not r["conn"]]
    assert len(lonely) <= len(messages) // 10, "messages without their connection: %s" % lonely
    named = {r["conn"] for r in messages}
    mute = [r for r in rows if r["kind"] == "connection" and r["id"] not in named]
    assert not mute, "connections without a message: %s" % mute
    for row in rows:
        if row["kind"] == "message" and row["conn"]:
            assert ids[row["conn"]]["feature"] == row["feature"], row
    print("figure: " + "; ".join("%s %d connections, %d out, %d in" % ((f,) + tuple(v))
                                 for f, v in sorted(agreed.items())))
    assert {"enroll", "ddns", "erasure"} <= set(agreed), agreed


def test_direct():
    with World("ledger.direct", Direct) as world:
        _agree(world)


def test_ipv6():
    with World("ledger.ipv6", Nat6) as world:
        wait_for("an IPv6 address", 10, world.net.nas_v6)
        _agree(world)


test_direct.seconds = test_ipv6.seconds = 40
