"""A server in the cloud's place, with the cloud's own certificate if it wishes."""
import os
import time

from . import certs
from .cloud import HOST
from .liar import Liar
from .proc import wait_for
from .says import complains
from .topology import CLOUD_V4


def vendor(world):
    """The authority that the box trusts: (certificate, key)."""
    return world.cloud.ca, os.path.join(world.cloud.folder, "ca.key")


class Impostor:
    """Stands where the cloud stood, as a context manager; afterwards the true cloud is back."""

    def __init__(self, world, certificate=None):
        self.world = world
        self.certificate = certificate or certs.issue(os.path.join(world.folder, "impostor"), vendor(world), HOST,
                                                      start="-2 days")

    def __enter__(self):
        self.world.cloud.stop()
        self.liar = Liar(self.world.net.inet, CLOUD_V4, 443, lambda r: None, self.certificate)
        return self

    def __exit__(self, *_):
        self.liar.stop()
        self.world.cloud.start()

    def poke(self):
        """The network changes, so the box looks again at once: another address beside its own, in place of the last
        one. (What only goes away may come back, so the box waits for that.)"""
        nas = self.world.net.nas
        last = [line.split()[3] for line in nas.ip("-o addr show dev eth0").splitlines() if " 5.6.7.20" in line]
        nas.ip("addr add 5.6.7.%d/32 dev eth0" % (201 if "5.6.7.200/32" in last else 200))
        for address in last:
            nas.ip("addr del %s dev eth0" % address)

    def says(self, what, say, words=("cloud", "Cloud")):
        """One lie, told at least once. Returns the condition that the box shows then."""
        self.liar.say, before = say if callable(say) else lambda r: say, len(self.liar.requests)
        self.poke()
        wait_for("a request to the lie '%s'" % what, 40, lambda: len(self.liar.requests) > before)
        time.sleep(0.3)
        assert self.world.agent.proc.alive(), "%s: %s" % (what, self.world.agent.proc.tail())
        return complains(self.world, *words, seconds=15) if words else None
