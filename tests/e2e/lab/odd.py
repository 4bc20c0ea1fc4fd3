"""Odd ways to stand on the internet, and faults that come and go. Each fault is a context manager: the oddity
ends with the `with`."""
import contextlib

from .delay import LongCable
from .nat64 import Nat64
from .ns import Namespace, veth
from .proc import LabError
from .topology import CLOUD_V4, CLOUD_V6, GATEWAY, Direct, Nat, Nat6, Topology

ROUTER = "192.168.77.1"


class Ipv6Only(Nat6):
    """The box has no IPv4 at all; the cloud has both, and is reached over IPv6."""
    resolver = CLOUD_V6

    def __init__(self, folder):
        super().__init__(folder)
        self.nas.ip("addr flush dev eth0 scope global")
        self.advertise()


class Ipv6OnlyOldCloud(Ipv6Only):
    """The same, but the cloud has IPv4 only, and nobody translates."""
    cloud_addresses = {"A": [CLOUD_V4]}


class Ipv6OnlyNat64(Ipv6OnlyOldCloud):
    """The same, and the provider translates: the resolver makes up AAAA records (RFC 6147)."""
    cloud_addresses = {"A": [CLOUD_V4], "AAAA": ["64:ff9b::506:801"]}

    def __init__(self, folder):
        super().__init__(folder)
        self.shared = "5.6.7.64"
        self.translator = Nat64(self.inet, self.shared)

    @staticmethod
    def more_zones(pdns):
        """By this a network tells that it translates, and with which prefix: RFC 7050."""
        pdns.zone("ipv4only.arpa.", [("ipv4only.arpa.", "AAAA", ["64:ff9b::c000:aa", "64:ff9b::c000:ab"]),
                                     ("ipv4only.arpa.", "A", ["192.0.0.170", "192.0.0.171"])])


class TwoUplinks(Direct):
    """Two providers, each with an address of its own for the box; the first is used while it works."""

    def __init__(self, folder):
        super().__init__(folder)
        self.second = "5.6.9.10"
        veth(self.nas, "eth1", self.inet, "toward-nas1")
        self.inet.ip("addr add 5.6.9.1/24 dev toward-nas1")
        self.nas.ip("addr add %s/24 dev eth1" % self.second)
        self.nas.ip("route add default via 5.6.9.1 metric 200")


class Bridged(Topology):
    """The box's address sits on a bridge over two ports, as NAS systems make it for virtual machines."""

    def __init__(self, folder):
        super().__init__(folder)
        self.public = "5.6.7.10"
        self.inet.ip("link add lan type bridge")
        self.inet.ip("link set lan up")
        self.inet.ip("addr add %s/24 dev lan" % GATEWAY)
        self.nas.ip("link add br0 type bridge")
        for port in ("eth0", "eth1"):
            veth(self.nas, port, self.inet, "toward-" + port)
            self.nas.ip("link set %s master br0" % port)
        # Both cables into one network would be a loop, so the second leads nowhere until the first is pulled.
        self.inet.ip("link set toward-eth0 master lan")
        self.nas.ip("link set br0 up")
        self.nas.sysctl(net__ipv4__conf__br0__promote_secondaries=1)
        self.nas.ip("addr add %s/24 dev br0" % self.public)
        self.nas.ip("route add default via " + GATEWAY)

    def replug(self):
        """The cable moves from the first port to the second."""
        self.inet.ip("link set toward-eth0 nomaster")
        self.inet.ip("link set toward-eth1 master lan")


class Satellite(Direct):
    """As Direct, over a hop that takes 300 ms each way."""

    def __init__(self, folder):
        Topology.__init__(self, folder)
        self.public = "5.6.7.10"
        self.sky = Namespace("sky", folder + "/ns.log")
        self._hush(self.sky)
        veth(self.nas, "eth0", self.sky, "earth")
        veth(self.sky, "space", self.inet, "toward-nas")
        self.cable = LongCable(self.sky, "earth", "space", 0.3)
        self.inet.ip("addr add %s/24 dev toward-nas" % GATEWAY)
        self.nas.sysctl(net__ipv4__conf__eth0__promote_secondaries=1)
        self.nas.ip("addr add %s/24 dev eth0" % self.public)
        self.nas.ip("route add default via " + GATEWAY)

    def close(self):
        self.cable.stop()
        super().close()
        self.sky.close()


class Office(Nat):
    """A company's network: nothing gets out but through the web proxy on the router, and no name of the outside
    is answered inside."""
    resolver = ROUTER

    def __init__(self, folder):
        super().__init__(folder)
        self.router.nft("""
            table ip office {
              chain forward {
                type filter hook forward priority -5; policy accept;
                iifname "lan" reject with icmp type admin-prohibited
              }
            }""")

    def opened(self):
        """From now on as at home."""
        self.router.nft("delete table ip office")


def _table(ns, name, rules):
    @contextlib.contextmanager
    def active():
        ns.nft("table ip %s {\n%s\n}" % (name, rules))
        try:
            yield
        finally:
            ns.nft("delete table ip " + name)
    return active()


def loss(router, percent):
    """Every packet through the router is thrown away with this probability, each way."""
    return _table(router, "loss", """
        chain forward {
          type filter hook forward priority -10; policy accept;
          numgen random mod 100 < %d drop
        }""" % percent)


def redirected(router, https, http=None):
    """New connections to the web end on the router's own ports, whomever they were meant for."""
    plain = 'iifname "lan" tcp dport 80 redirect to :%d' % http if http else ""
    return _table(router, "hotel", """
        chain prerouting {
          type nat hook prerouting priority -110; policy accept;
          iifname "lan" tcp dport 443 redirect to :%d
          %s
        }
        chain forward {
          type filter hook forward priority -10; policy accept;
          iifname "lan" meta l4proto tcp reject with tcp reset
        }""" % (https, plain))


@contextlib.contextmanager
def black_hole(topology, mtu):
    """The middle link of a DoubleNat carries less than both ends believe, and nobody may tell them (RFC 2923)."""
    router, outer = topology.router, topology.outer
    for ns in (router, outer):
        ns.nft("""table ip hole {
            chain output {
              type filter hook output priority 0; policy accept;
              icmp type destination-unreachable drop
            }
            chain forward {
              type filter hook forward priority -10; policy accept;
              icmp type destination-unreachable drop
            }
            }""")
    router.ip("link set wan mtu %d" % mtu)
    outer.ip("link set inside mtu %d" % mtu)
    try:
        yield
    finally:
        router.ip("link set wan mtu 1500")
        outer.ip("link set inside mtu 1500")
        for ns in (router, outer):
            ns.nft("delete table ip hole")


def must_translate(topology):
    if topology.translator.packets == 0:
        raise LabError("nothing went through NAT64, so nothing is proved")
