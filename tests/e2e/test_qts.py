"""The shape of the real boxes: QTS's files, links and folders (tests/fixtures/qts), with a real network around."""
import os
import re

from lab.flows import SYN, parse
from lab.odd import ROUTER, Office
from lab.qts import QtsAgent
from lab.quiet import assert_quiet
from lab.says import expect, well
from lab.topology import Nat
from lab.web_proxy import WebProxy
from lab.world import World


def _box(world, fixture):
    world.agent = QtsAgent(world.folder + "/qts", world.net.nas, world.net.resolver, world.cloud, fixture)
    return world.agent


def test_main_job():
    """An x86 box that is set up: the owner recognizes it on the page, and everything is kept on its disks."""
    with World("qts.main_job", Nat) as world:
        os.makedirs(world.folder + "/qts")
        agent = _box(world, "x86_64-initialized").start()
        status, page = world.register()
        assert status == 0, open(world.folder + "/register.log").read()
        assert "Attic-NAS" in page and re.search(r"ends in \w{4}\b", page), page
        agent.cli("ddns", "claim", "nas1")
        agent.cli("enable", "ddns")
        took = world.wait_dns(world.fqdn(), [world.net.public], 20)
        well(world)
        agent.stop()
        assert os.path.exists(agent.state), "the state is not on the disks"
        assert not os.path.exists(os.path.join(agent.root, "var", "lib", "qcloud")), "a folder that QTS does not have"
        agent.start()
        well(world)
        print("figure: name answers after %.2f s" % took)


def test_system_proxy():
    """An ARM box whose system has a web proxy: it is used without a word from the owner."""
    with World("qts.system_proxy", Office) as world:
        os.makedirs(world.folder + "/qts")
        agent = _box(world, "arm64-initialized")
        proxy = WebProxy(world.net.router, ROUTER)
        path = os.path.join(agent.settings, "uLinux.conf")
        text = open(path).read()
        with open(path, "w") as out:
            out.write(text.replace("squid.home.example:3128", "%s:3128" % ROUTER))
        capture = world.capture()
        world.registered()
        shown = {s["key"]: s for s in agent.json("config", "show")["settings"]}
        assert shown["proxy.url"]["origin"] == "system", shown
        direct = {p.dst for p in (parse(f) for _, f in capture.frames()) if p and p.proto == "tcp" and p.flags & SYN
                  and p.src == "192.168.77.2"} - {ROUTER}
        assert not direct and proxy.seen, direct


def test_before_set_up():
    """An ARMv7 box without a volume: nothing is bound, nothing is sent, and it says why."""
    with World("qts.before_set_up", Nat) as world:
        os.makedirs(world.folder + "/qts")
        agent = _box(world, "armv7-uninitialized").start()
        expect(world, "not_set_up", 5)
        assert_quiet(world, 3, "not set up")
        done = agent.cli("register", check=False)
        assert done.returncode == 1 and "fix:" in done.stderr, done
        assert world.cloud.stats()["enrollments"] == 0
        assert agent.proc.alive()
