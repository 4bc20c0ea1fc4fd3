"""The end-to-end lane's world, set up as a product runs: no debug log."""
import os

from lab.home import Home
from lab.proc import BUILD
from lab.world import World

FOLDER = os.path.join(BUILD, "bench")


# The program that ships; cross/run makes it.
STATIC = os.environ.get("QCLOUD_STATIC") or os.path.join(BUILD, "cross-x86_64", "ship", "qcloudd")


def bench_world(name, topology, binary=None):
    world = World(name, topology, folder=os.path.join(FOLDER, name), binary=binary)
    config = os.path.join(world.agent.root, "etc", "qcloud", "qcloud.toml")
    with open(config) as text:
        quiet = text.read().replace('level = "debug"', 'level = "info"')
    with open(config, "w") as out:
        out.write(quiet)
    return world


class QuietHome(Home):
    """The same with the link."""

    def __init__(self, name, topology):
        super().__init__(name, topology=topology, folder=os.path.join(FOLDER, name))
        self.agent.basics = self.agent.basics.replace('level = "debug"', 'level = "info"')
        self.agent.configure()


def stats_of(world):
    """The part of the cloud's statistics that is summed over all measures."""
    stats = world.cloud.stats()
    return {"_updates": stats["ddns_updates"], "_noops": stats["ddns_noops"]}
