"""Relays as processes, each at an address of its own on the internet, behind one name."""
import json
import os
import subprocess

from .proc import DEV, REFCLOUD, LabError, Proc, wait_for

REFRELAY = os.path.join(DEV, "tests", "cloud", "relay", "refrelay")
HOST, BOXES_PORT = "relay.vendor.test", 4443


class Relay:
    """Visitors come to port 443 of `address`, boxes to 4443."""

    def __init__(self, world, name, address):
        self.world, self.name, self.address = world, name, address
        self.folder = os.path.join(world.folder, name)
        os.makedirs(self.folder, exist_ok=True)
        self.ready = os.path.join(self.folder, "ready.json")
        self.log = os.path.join(self.folder, "relay.log")
        self.keylog = os.path.join(world.folder, name + ".keys")  # of connections with boxes; never of a visitor
        self.proc = None
        self.also = None  # an IPv6 address

    def start(self):
        if os.path.exists(self.ready):
            os.unlink(self.ready)
        cloud = self.world.cloud.folder
        self.proc = Proc("refrelay", [
            REFRELAY, "--name", self.name, "--visitors", self.address + ":443", "--boxes",
            "%s:%d" % (self.address, BOXES_PORT), "--ipv4", self.address,
            "--certificate", os.path.join(cloud, HOST + ".pem"), "--key", os.path.join(cloud, HOST + ".key"),
            "--device-ca", self.world.cloud.ca, "--cloud", relay_socket(self.world),
            "--setup-suffix", "setup.mynas.test", "--ready", self.ready] + self._also() + self._keylog(),
            self.log, ns=self.world.net.inet)

        def listening():
            if not self.proc.alive():
                raise LabError("refrelay ended:\n" + self.proc.tail())
            return os.path.exists(self.ready) and os.path.getsize(self.ready)
        wait_for("refrelay listening", 10, listening)
        return self

    def _also(self):
        if not self.also:
            return []
        return ["--visitors", "[%s]:443" % self.also, "--boxes", "[%s]:%d" % (self.also, BOXES_PORT), "--ipv6", self.also]

    def _keylog(self):
        known = "--keylog" in subprocess.run([REFRELAY, "--help"], capture_output=True, text=True).stdout
        return ["--keylog", self.keylog] if known else []

    def kill(self):
        """SIGKILL: its kernel says so to every peer."""
        self.proc.kill()

    def retire(self):
        """SIGTERM: it says goodbye, lets visits finish, and ends by itself."""
        self.proc.popen.terminate()

    def stop(self):
        self.proc.stop()

    def lines(self):
        with open(self.log, errors="replace") as text:
            return [json.loads(line) for line in text if line.startswith("{")]


def relay_socket(world):
    return os.path.join(world.folder, "relays.sock")


def place(world, addresses):
    """Where relays may stand: a certificate for their name, the addresses on the internet, DNS, and the box's
    configuration. Nothing listens there yet."""
    done = subprocess.run([REFCLOUD, "certificate", "--dir", world.cloud.folder, HOST] + addresses,
                          capture_output=True, text=True, timeout=30)
    if done.returncode != 0:
        raise LabError("refcloud certificate: " + done.stderr)
    for address in addresses:
        world.net.inet.ip("addr add %s/32 dev lo" % address)
    status, answer = world.pdns.api("PATCH", "/zones/vendor.test.", {"rrsets": [{
        "name": HOST + ".", "type": "A", "ttl": 60, "changetype": "REPLACE",
        "records": [{"content": a, "disabled": False} for a in addresses]}]})
    assert status == 204, answer
    world.agent.basics = world.agent.basics.replace(
        "[cloud]\n", '[cloud]\nrelay = "https://%s:%d"\n' % (HOST, BOXES_PORT), 1)
    world.agent.configure()


def second_addresses(world):
    """Each relay of this world listens on an IPv6 address besides, to which their name leads too."""
    for i, relay in enumerate(world.relays):
        relay.stop()
        relay.also = "2a0b:1::%d" % (2 + i)
        world.net.inet.ip("addr add %s/128 dev lo nodad" % relay.also)
        relay.start()
    status, answer = world.pdns.api("PATCH", "/zones/vendor.test.", {"rrsets": [{
        "name": HOST + ".", "type": "AAAA", "ttl": 60, "changetype": "REPLACE",
        "records": [{"content": relay.also, "disabled": False} for relay in world.relays]}]})
    assert status == 204, answer


def relays(world, count=1):
    """Starts relays at 5.6.8.2 and up."""
    addresses = ["5.6.8.%d" % (2 + i) for i in range(count)]
    place(world, addresses)
    return [Relay(world, "relay-%s" % "abcdefgh"[i], address).start() for i, address in enumerate(addresses)]
