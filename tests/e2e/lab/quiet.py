"""Silence, asserted literally: not one packet on the cable."""
import time

from .flows import describe


def assert_quiet(world, seconds, what):
    capture = world.capture("quiet-%d" % len(world.captures))
    time.sleep(seconds)
    frames = [describe(frame) for _, frame in capture.frames()]
    assert capture.dropped() == 0
    assert not frames, "%s, and yet %d packets:\n%s" % (what, len(frames), "\n".join(frames[:20]))
