"""Ways to stand on the internet.

    Direct   NAS 5.6.7.10 ---------------------------- internet 5.6.7.1
    Nat      NAS 192.168.77.2 -- router 5.6.7.20 ----- internet 5.6.7.1
    DoubleNat, CarrierNat   as Nat, with a second router between
    Nat6     as Nat, and IPv6: the router advertises 2a0b:77:1::/64 and a private fd77:77:1::/64

The cloud and the DNS server live in the internet namespace at 5.6.8.1 and 2a0b:1::1. The addresses
look public because the program under test refuses to publish any other; no packet leaves.
"""
import socket

from .advertise import Advertiser
from .ns import Namespace, veth
from .proc import LabError

CLOUD_V4 = "5.6.8.1"
CLOUD_V6 = "2a0b:1::1"
GATEWAY = "5.6.7.1"


class Topology:
    ipv6 = False
    resolver = CLOUD_V4
    cloud_addresses = {"A": [CLOUD_V4]}

    def __init__(self, folder):
        log = folder + "/ns.log"
        self.nas = Namespace("nas", log)
        self.inet = Namespace("internet", log)
        # Ports below 1024 for everyone: nobody may serve DNS on 53 here.
        self.inet.sysctl(net__ipv4__ip_unprivileged_port_start=0,
                         net__ipv6__conf__all__forwarding=1, net__ipv4__ip_forward=1)
        self.inet.ip("addr add %s/32 dev lo" % CLOUD_V4)
        self.inet.ip("addr add %s/128 dev lo nodad" % CLOUD_V6)
        self._hush(self.nas)
        self._hush(self.inet)

    @staticmethod
    def more_zones(pdns):
        """What the resolver of this network knows beside the vendor's zone."""

    def _hush(self, ns):
        """A quiet cable: nothing but the program under test may speak, so that "no packet" can be
        asserted literally. Only Nat6 has link-local addresses, and asks nobody for routers."""
        ns.sysctl(net__ipv6__conf__default__accept_ra=0,
                  net__ipv6__conf__default__router_solicitations=0,
                  net__ipv6__conf__default__addr_gen_mode=0 if self.ipv6 else 1)

    def link_down(self):
        self.nas.ip("link set eth0 down")

    def close(self):
        self.nas.close()
        self.inet.close()


class Direct(Topology):
    """The NAS has a public address of its own."""

    def __init__(self, folder):
        super().__init__(folder)
        self.public = "5.6.7.10"
        veth(self.nas, "eth0", self.inet, "toward-nas")
        self.inet.ip("addr add %s/24 dev toward-nas" % GATEWAY)
        self.nas.sysctl(net__ipv4__conf__eth0__promote_secondaries=1)
        self.nas.ip("addr add %s/24 dev eth0" % self.public)
        self.nas.ip("route add default via " + GATEWAY)

    def change_own(self, address):
        """The NAS gets another public address, as from DHCP: an event the box can see."""
        self.nas.ip("addr add %s/24 dev eth0" % address)
        self.nas.ip("addr del %s/24 dev eth0" % self.public)
        self.public = address

    def link_up(self):
        self.nas.ip("link set eth0 up")
        self.nas.ip("route replace default via " + GATEWAY)


def _translate(router):
    """Masquerade on the interface `wan`; segments of unknown connections are dropped, as routers do."""
    router.sysctl(net__ipv4__ip_forward=1, net__ipv4__conf__wan__promote_secondaries=1)
    router.nft("""
        table ip home {
          chain forward {
            type filter hook forward priority 0; policy accept;
            ct state invalid drop
          }
          chain masquerade_wan {
            type nat hook postrouting priority 100; policy accept;
            oifname "wan" masquerade
          }
        }
        """)
    if "masquerade" not in router.sh("nft list ruleset"):
        raise LabError("this kernel has no nftables NAT: the router of this test cannot exist")


class Nat(Topology):
    """The NAS is behind a router with real address translation."""

    def __init__(self, folder):
        super().__init__(folder)
        self.public = "5.6.7.20"
        self.router = self._router("router", folder)
        veth(self.nas, "eth0", self.router, "lan")
        self.nas.ip("addr add 192.168.77.2/24 dev eth0")
        self.nas.ip("route add default via 192.168.77.1")
        self.router.ip("addr add 192.168.77.1/24 dev lan")
        self._uplink(folder)

    def _router(self, name, folder):
        router = Namespace(name, folder + "/ns.log")
        self._hush(router)
        return router

    def _uplink(self, _):
        self._to_internet(self.router)

    def _to_internet(self, router):
        veth(router, "wan", self.inet, "toward-router")
        self.inet.ip("addr add %s/24 dev toward-router" % GATEWAY)
        router.ip("addr add %s/24 dev wan" % self.public)
        router.ip("route add default via " + GATEWAY)
        _translate(router)

    def change_public(self, address, silent=True):
        """The router's public address changes; the NAS gets no event.

        silent: the router drops segments of connections it no longer knows (most do). Otherwise it
        translates them afresh, and the cloud's kernel answers the unknown connection with RST.
        """
        self.router.sysctl(net__netfilter__nf_conntrack_tcp_loose=0 if silent else 1)
        self.router.ip("addr add %s/24 dev wan" % address)
        # Deleting the address makes the kernel forget its translations.
        self.router.ip("addr del %s/24 dev wan" % self.public)
        self.router.ip("route replace default via " + GATEWAY)
        self.public = address

    def link_up(self):
        self.nas.ip("link set eth0 up")
        self.nas.ip("route replace default via 192.168.77.1")

    def close(self):
        super().close()
        self.router.close()


class Nat6(Nat):
    """The same router, with IPv6 that needs no translation."""
    ipv6 = True
    cloud_addresses = {"A": [CLOUD_V4], "AAAA": [CLOUD_V6]}

    def __init__(self, folder):
        super().__init__(folder)
        self.router.sysctl(net__ipv6__conf__all__forwarding=1)
        self.router.ip("addr add 2a0b:2::20/64 dev wan nodad")
        self.inet.ip("addr add 2a0b:2::1/64 dev toward-router nodad")
        self.router.ip("-6 route add default via 2a0b:2::1")
        self.nas.sysctl(net__ipv6__conf__eth0__accept_ra=2)
        self.advertiser = Advertiser(self.router, "lan")
        self._route("2a0b:77:1::/64")
        self.prefix = "2a0b:77:1::/64"
        self.advertise()

    def _route(self, prefix):
        self.inet.ip("-6 route add %s via 2a0b:2::20" % prefix)
        self.router.ip("-6 route add %s dev lan" % prefix)

    def advertise(self, retired=()):
        self.advertiser.send([self.prefix, "fd77:77:1::/64"], retired)

    def change_prefix(self, prefix):
        """The provider hands out another prefix; the old one is withdrawn in the same breath."""
        old, self.prefix = self.prefix, prefix
        self._route(prefix)
        self.advertise(retired=[old])
        self.inet.ip("-6 route del %s via 2a0b:2::20" % old)

    def nas_v6(self):
        """The box's address in the current prefix, once duplicate address detection is over."""
        wanted = socket.inet_pton(socket.AF_INET6, self.prefix.split("/")[0])[:8]
        for line in self.nas.ip("-6 -o addr show dev eth0 scope global").splitlines():
            address = line.split("inet6 ")[1].split("/")[0]
            if (socket.inet_pton(socket.AF_INET6, address)[:8] == wanted
                    and "tentative" not in line and "deprecated" not in line):
                return address
        return None


class DoubleNat(Nat):
    """A second router behind the owner's own, which has a private address on its outer side."""
    middle = "10.11.12"

    def _uplink(self, folder):
        self.outer = self._router("outer", folder)
        veth(self.router, "wan", self.outer, "inside")
        self.outer.ip("addr add %s.1/24 dev inside" % self.middle)
        self.router.ip("addr add %s.2/24 dev wan" % self.middle)
        self.router.ip("route add default via %s.1" % self.middle)
        _translate(self.router)
        self._to_internet(self.outer)

    def close(self):
        super().close()
        self.outer.close()


class CarrierNat(DoubleNat):
    """The second router is the provider's, and shares one address among its customers: RFC 6598."""
    middle = "100.64.7"
