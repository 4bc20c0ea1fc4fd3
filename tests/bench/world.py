"""The end-to-end lane's world, set up as a product runs: no debug log."""
import os

from lab.home import Home
from lab.proc import BUILD
from lab.world import World

FOLDER = os.path.join(BUILD, "bench")


def _quieten(agent):
    agent.basics = agent.basics.replace('level = "debug"', 'level = "info"')
    agent.configure()


def bench_world(name, topology):
    world = World(name, topology, folder=os.path.join(FOLDER, name))
    _quieten(world.agent)
    return world


class QuietHome(Home):
    """The same with the link."""

    def __init__(self, name, topology, **options):
        super().__init__(name, topology=topology, folder=os.path.join(FOLDER, name), **options)
        _quieten(self.agent)


def stats_of(world):
    """The part of the cloud's statistics that is summed over all measures."""
    stats = world.cloud.stats()
    return {"_updates": stats["ddns_updates"], "_noops": stats["ddns_noops"]}
