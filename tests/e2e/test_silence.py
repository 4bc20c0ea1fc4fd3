"""With every feature off and all orders settled, not one packet leaves: asserted literally, on a cable
where nothing else speaks (promise A1)."""
import os
import time

from lab.flows import describe
from lab.topology import Direct, Nat6
from lab.world import World

SECONDS = int(os.environ.get("QCLOUD_SILENCE", "60"))


def _silent(world, off):
    world.registered()
    off(world.agent)
    world.wait_settled()
    time.sleep(5)
    capture = world.capture()
    time.sleep(SECONDS)
    frames = [describe(frame) for _, frame in capture.frames()]
    assert capture.dropped() == 0
    assert not frames, "%d packets:\n%s" % (len(frames), "\n".join(frames[:20]))
    assert world.agent.proc.alive()
    # The capture itself works: the owner's own command is seen.
    world.agent.get("/v1/data?feature=ddns")
    assert capture.mark() > 0, "the capture sees nothing at all"
    print("figure: 0 packets in %d s" % SECONDS)


def test_registered():
    """Registered, with the one switch off: no renewal, no watch, no look-up."""
    with World("silence.registered", Direct) as world:
        _silent(world, lambda agent: agent.cli("disable", "ddns"))


def test_offline():
    """`qcloud offline`, on a link with IPv6."""
    with World("silence.offline", Nat6) as world:
        _silent(world, lambda agent: agent.cli("offline"))


test_registered.seconds = 90
test_offline.seconds = 91
test_registered.waits = test_offline.waits = True
