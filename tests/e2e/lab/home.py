"""A home with the link: a box behind a router, what it offers, and relays on the internet."""
import contextlib
import socket
import ssl
import time

from .nas_site import PAGE, NasSite
from .proc import bound, run, wait_for
from .relay import relay_socket, relays
from .topology import Nat
from .world import World


VISITOR = "5.6.8.99"  # where visitors come from


@contextlib.contextmanager
def dropped(router):
    router.nft("table ip cut { chain forward { type filter hook forward priority -20; policy drop; }; }")
    try:
        yield
    finally:
        router.nft("delete table ip cut")


class Home(World):
    """count: how many relays, all behind one name. after `attached()`: `web` and `plain` are published."""

    def __init__(self, name, count=1, topology=Nat, prepare=None, **options):
        def doors(net):
            return ["--relays", relay_socket(self)] + list(prepare(net) if prepare else ())
        super().__init__(name, topology, prepare=doors, **options)
        self.net.inet.ip("addr add %s/32 dev lo" % VISITOR)
        self.relays = relays(self, count)
        self.relay = self.relays[0]
        self.site = NasSite(self, self.fqdn())

    def cut(self):
        """While this lasts, the router throws every packet away, and says nothing."""
        return dropped(self.net.router)

    # --- the box -----------------------------------------------------------------------------------

    def publish(self, name, port, **how):
        self.agent.call("PUT", "/v1/link/services/" + name, dict(how, port=port))
        return self.host(name)

    def host(self, service="web"):
        return self.fqdn() if service == "web" else service + "." + self.fqdn()

    def attached(self, services=True, ddns=False):
        """Registered, the link on, and its relays in DNS."""
        self.registered(ddns=ddns)
        if services:
            self.publish("web", self.site.page_port)
            self.publish("plain", self.site.plain_port, tls="here")
        self.agent.cli("enable", "link")
        self.wait_attached()
        self.wait_dns(self.fqdn(), sorted(r.address for r in self.relays), 5)
        return self

    def wait_attached(self, count=2, seconds=10):
        """Until so many connections to relays stand; returns the seconds it took."""
        start = time.monotonic()
        wait_for("%d attachments" % count, seconds, lambda: len(self.connections()) == count, every=0.02)
        return time.monotonic() - start

    def connections(self):
        return self.agent.get("/v1/link")["attached"]

    def told(self, address):
        """Whether both connections stand, and the relays see the box at this address."""
        link = self.agent.get("/v1/link")
        return link["seen"] == address and len(link["attached"]) == 2 and \
            all(c["relay"].startswith("relay-") for c in link["attached"])

    def visits(self):
        """How many are open."""
        return sum(c["visits"] for c in self.connections())

    def last_visit(self, **expected):
        """Waits until the box's own log tells this of the visit that ended last."""
        def shown():
            return [v for v in self.agent.get("/v1/link/visitors")["visitors"] if v["outcome"] != "still here"][:1]
        try:
            wait_for("the visit's row", 5, lambda: any(expected.items() <= v.items() for v in shown()))
        except TimeoutError:
            raise AssertionError("%s is not the last visit: %s" % (expected, shown())) from None

    def box_certificate(self):
        """The one that visitors meet where TLS ends in the agent; a file."""
        anything = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        anything.check_hostname, anything.verify_mode = False, ssl.CERT_NONE
        path = self.folder + "/box.pem"
        with anything.wrap_socket(self.raw(), server_hostname=self.host("plain")) as link, open(path, "w") as out:
            out.write(ssl.DER_cert_to_PEM_cert(link.getpeercert(True)))
        return path

    # --- visitors ------------------------------------------------------------------------------------

    def curl(self, *words, service="web", relay=None, ca=None, check=True, path="/", seconds=60, direct=False):
        """curl of the service's page, as from the internet; `words` come first. direct: they tell where to
        connect."""
        host = self.host(service)
        way = [] if direct else ["--connect-to", "%s:443:%s:443" % (host, (relay or self.relay).address)]
        return run(["curl", "-sS", "--interface", VISITOR, "--max-time", str(bound(seconds)),
                    "--cacert", ca or self.site.certificate] + way + list(words) + ["https://" + host + path],
                   ns=self.net.inet, check=check, timeout=bound(seconds + 10))

    def serves(self, relay=None, seconds=5):
        """Whether a new visitor gets the page now."""
        return self.curl(relay=relay, check=False, seconds=seconds).stdout == PAGE

    def served_again(self, relay=None, within=10, patience=2):
        """New visitors come until one is served; returns the seconds since now."""
        start = time.monotonic()
        wait_for("a visitor served", within, lambda: self.serves(relay, patience), every=0.02)
        return time.monotonic() - start

    def raw(self, relay=None, timeout=30, source=VISITOR):
        """A TCP connection to the relay, as a visitor's."""
        with self.net.inet.entered():
            link = socket.create_connection(((relay or self.relay).address, 443), bound(timeout), (source, 0))
        link.settimeout(bound(timeout))
        return link

    def tls(self, service="web", relay=None, timeout=30, ca=None, alpn=()):
        """A TLS connection to the service: of the page's own certificate, or of `ca`."""
        context = ssl.create_default_context(cafile=ca or self.site.certificate)
        if alpn:
            context.set_alpn_protocols(list(alpn))
        return context.wrap_socket(self.raw(relay, timeout), server_hostname=self.host(service))
