"""The end-to-end lane's world, set up as a product runs: no debug log."""
import os

from lab.proc import BUILD
from lab.world import World

FOLDER = os.path.join(BUILD, "bench")


def bench_world(name, topology):
    world = World(name, topology, folder=os.path.join(FOLDER, name))
    config = os.path.join(world.agent.root, "etc", "qcloud", "qcloud.toml")
    with open(config) as text:
        quiet = text.read().replace('level = "debug"', 'level = "info"')
    with open(config, "w") as out:
        out.write(quiet)
    return world


def stats_of(world):
    """The part of the cloud's statistics that is summed over all measures."""
    stats = world.cloud.stats()
    return {"_updates": stats["ddns_updates"], "_noops": stats["ddns_noops"]}
