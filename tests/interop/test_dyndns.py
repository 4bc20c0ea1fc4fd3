"""Stock dyndns2 clients at the cloud's `/nic/update`: Debian's inadyn and ddclient, on the box, with its own address.
PowerDNS is asked what became of it."""
import glob
import os
import signal
import time

import peers
from door import asked, press, token
from lab.cloud import HOST
from lab.proc import Proc, wait_for
from lab.topology import Direct
from lab.world import World

FAKETIME = (glob.glob("/usr/lib/*/faketime/libfaketime.so.1") + ["the package faketime is missing"])[0]


def named(name):
    """A registered box with a public name and DDNS off: the other program reports instead."""
    peers.overlay_works()
    return World(name, Direct, folder=os.path.join(peers.LOGS, "dyndns." + name)).__enter__().registered(ddns=False)


class Inadyn:
    name = "inadyn"

    def __init__(self, world, secret):
        self.world, self.folder, self.proc = world, os.path.join(world.folder, "inadyn"), None
        os.makedirs(self.folder)
        self.log = os.path.join(self.folder, "log")
        with open(os.path.join(self.folder, "conf"), "w") as conf:
            conf.write('period = 30\niface = eth0\nca-trust-file = "%s"\ncustom cloud {\n  username = nas1\n  password = "%s"\n'
                       '  ssl = true\n  ddns-server = "%s"\n  ddns-path = "/nic/update?hostname=%%h&myip=%%i"\n'
                       '  hostname = %s\n}\n' % (world.cloud.ca, secret, HOST, world.fqdn()))

    def _run(self, *more):
        return Proc(self.name, peers.as_installed(
            ["inadyn", "--foreground", "--loglevel=debug", "--cache-dir=" + self.folder, "--pidfile=" + self.folder + "/pid",
             "--config=" + self.folder + "/conf", *more]), self.log, ns=self.world.net.nas, resolv=self.world.agent.resolv)

    def look(self):
        """Starts it, or makes it look at once at what it looks at every 30 seconds."""
        if self.proc is None:
            self.proc = self._run()
        elif self.proc.alive():
            os.kill(int(open(self.folder + "/pid").read()), signal.SIGUSR1)

    def once_more(self):
        self.proc.stop()
        return self._run("--once", "--force").popen.wait(timeout=30)


class Ddclient:
    name = "ddclient"

    def __init__(self, world, secret):
        self.world, self.folder, self.later = world, os.path.join(world.folder, "ddclient"), 0
        os.makedirs(self.folder)
        self.log = os.path.join(self.folder, "log")
        self.conf = os.path.join(self.folder, "conf")
        with open(self.conf, "w") as conf:
            conf.write("ssl=yes\nssl_ca_file=%s\nuse=if, if=eth0\nprotocol=dyndns2\nserver=%s\nlogin=nas1\npassword=%s\n%s\n"
                       % (world.cloud.ca, HOST, secret, world.fqdn()))
        os.chmod(self.conf, 0o600)

    def _run(self, clock, *more):
        return Proc(self.name, peers.as_installed(
            ["ddclient", "-foreground", "-noquiet", "-verbose", "-file", self.conf, "-cache",
             self.folder + "/cache", "-pid", self.folder + "/pid", *more]), self.log, ns=self.world.net.nas,
            resolv=self.world.agent.resolv, env={"LD_PRELOAD": FAKETIME, "FAKETIME": clock})

    def look(self):
        """One look each, a minute apart by its own clock."""
        self._run("+%ds" % self.later, "-daemon=0").popen.wait(timeout=30)
        self.later += 60

    def once_more(self):
        return self._run("+%ds" % self.later, "-daemon=0", "-force").popen.wait(timeout=30)

    def live(self):
        """As a service that looks each minute; a minute takes two seconds."""
        self.proc = self._run("+0 x30", "-daemon=60")


def _updates(client_type):
    world = named(client_type.name + "_updates")
    try:
        client = client_type(world, token(world))
        assert world.dig(world.fqdn()) == [], "nobody has reported yet"
        client.look()
        world.wait_dns(world.fqdn(), [world.net.public], 20)
        world.net.change_own("5.6.7.44")
        client.look()
        world.wait_dns(world.fqdn(), ["5.6.7.44"], 20)
        assert asked(world) == [200, 200], asked(world)
        # Once more with nothing new: nochg, which it takes for good, and nothing changes.
        updates = world.cloud.stats()["ddns_updates"]
        status = client.once_more()
        log = open(client.log, errors="replace").read()
        assert status == 0 and "nochg 5.6.7.44" in log, log[-1500:]
        assert asked(world) == [200] * 3 and world.cloud.stats()["ddns_updates"] == updates, asked(world)
        assert world.dig(world.fqdn()) == ["5.6.7.44"]
    finally:
        world.__exit__(None)


def test_inadyn_updates():
    _updates(Inadyn)


def test_ddclient_updates():
    _updates(Ddclient)


def test_own_domain():
    """The owner's own domain leads here by a CNAME that he makes himself; it follows, and ends with the audience."""
    world = named("own_domain")
    try:
        world.pdns.zone("family.test.", [("nas.family.test.", "CNAME", [world.fqdn() + "."])])
        client = Inadyn(world, token(world))
        client.look()
        world.wait_dns("nas.family.test", [world.fqdn() + ".", world.net.public], 20)
        press(world, "/account/audience", audience="invited", invited="")
        world.wait_dns("nas.family.test", [world.fqdn() + "."], 20)
    finally:
        world.__exit__(None)


def test_inadyn_stops():
    """The wrong token: it says so, and ends."""
    world = named("inadyn_stops")
    try:
        client = Inadyn(world, "not-the-token-of-this-name")
        client.look()
        assert client.proc.popen.wait(timeout=20) != 0
        assert asked(world) == [401] and "badauth" in open(client.log, errors="replace").read(), asked(world)
        assert world.dig(world.fqdn()) == []
    finally:
        world.__exit__(None)


def test_ddclient_stops():
    """The wrong token: it says so and asks at most every other minute from then on (its own rule; it does not end). With
    the right one it recovers."""
    world = named("ddclient_stops")
    try:
        client = Ddclient(world, "not-the-token-of-this-name")
        client.live()
        wait_for("the first try", 20, lambda: asked(world))
        time.sleep(7)
        said = open(client.log, errors="replace").read()
        assert set(asked(world)) == {401} and len(asked(world)) <= 3, asked(world)
        assert client.proc.alive() and "badauth" in said and "skipping update" in said, said
        assert world.dig(world.fqdn()) == []
        with open(client.conf) as conf:
            right = conf.read().replace("not-the-token-of-this-name", token(world))
        with open(client.conf, "w") as conf:
            conf.write(right)
        client.proc.popen.send_signal(signal.SIGHUP)
        world.wait_dns(world.fqdn(), [world.net.public], 20)
    finally:
        world.__exit__(None)


for _test in (test_inadyn_updates, test_ddclient_updates, test_inadyn_stops, test_ddclient_stops):
    _test.seconds = 25
