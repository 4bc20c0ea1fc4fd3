"""Programs that are no relay of ours in the place of the relay. Visitors ask them for CONNECT (RFC 9110 9.3.6): leading by
the server name in a ClientHello is what only ours does."""
import concurrent.futures
import hashlib
import os

import newer
import toolchains
from lab.home import VISITOR
from lab.nas_page import digest
from lab.nas_site import PAGE
from lab.proc import LabError, Proc, bound, run, wait_for
from lab.relay import BOXES_PORT, HOST, place

ADDRESS, VISITORS_PORT = "5.6.8.2", 8080
REFUSED = 56  # curl: the proxy answered CONNECT with something else than 200


class Edge:
    name, words = "", ()

    def __init__(self, world):
        self.world, self.proc = world, None
        place(world, [ADDRESS])
        world.net.inet.ip("addr add %s/32 dev lo" % VISITOR)
        self.certificate, self.key = (os.path.join(world.cloud.folder, HOST + end) for end in (".pem", ".key"))

    def path(self, name):
        return os.path.join(self.world.folder, "edge." + name)

    def start(self):
        self.proc = Proc(self.name, self.words, self.path("log"), ns=self.world.net.inet)

        def ready():
            if not self.proc.alive():
                raise LabError("%s ended:\n%s" % (self.name, self.proc.tail()))
            return run(["curl", "-s", "-o", "/dev/null", "http://%s:%d/" % (ADDRESS, VISITORS_PORT)], ns=self.world.net.inet,
                       check=False).returncode == 0
        wait_for(self.name, 10, ready)
        return self

    def curl(self, host, path, certificate, *words, check=True):
        """A visitor's: CONNECT at the edge, then TLS with the box's service."""
        return run(["curl", "-sS", "--interface", VISITOR, "--max-time", "%d" % bound(30), "--cacert", certificate,
                    "--proxytunnel", "--proxy", "http://%s:%d" % (ADDRESS, VISITORS_PORT), *words, "https://" + host + path],
                   ns=self.world.net.inet, check=check, timeout=bound(60))

    def refused(self, host, certificate):
        """The status that a visitor of this name gets instead of a connection."""
        done = self.curl(host, "/", certificate, "-w", "%{http_connect}", check=False)
        assert done.returncode == REFUSED and done.stdout != "000", done
        return int(done.stdout)

    def carries(self, host, certificate):
        """Bytes both ways, to the last one, and many visitors at once."""
        size, blob = 16 << 20, os.path.join(self.world.folder, "blob")
        self.curl(host, "/big?n=%d" % size, certificate, "-o", blob)
        with open(blob, "rb") as got:
            assert hashlib.file_digest(got, "sha256").hexdigest() == digest(size)
        assert self.curl(host, "/up", certificate, "-T", blob).stdout == "%d %s\n" % (size, digest(size))
        os.unlink(blob)
        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            pages = list(pool.map(lambda _: self.curl(host, "/", certificate).stdout, range(40)))
        assert pages == [PAGE] * 40


# A reversed connection lies in HAProxy's pool of idle ones, and three things follow. With two threads it answers 503 while
# the box is busy on the other one. Without `http-reuse always` each connection of the box carries one visitor at a time,
# and the others get 503. And after pool-purge-delay an idle box is thrown out.
_CONFIG = """
global
  expose-experimental-directives
  nbthread 1
defaults
  mode http
  http-reuse always
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  timeout tunnel 60s
frontend boxes
  bind %(edge)s:%(boxes)d ssl crt %(pem)s alpn h2 verify required ca-file %(ca)s
  tcp-request session attach-srv boxes/box name ssl_c_s_dn(CN)
frontend visitors
  bind %(edge)s:%(visitors)d
  http-request set-var(txn.box) req.hdr(host),host_only,lower,map_end(%(names)s)
  default_backend boxes
backend boxes
  option forwarded for for_port
  server box rhttp@ pool-conn-name var(txn.box) pool-purge-delay 24d
"""


class HAProxy(Edge):
    """`rhttp@`, since 2.9: the box says first that it is a client, and the roles change after SETTINGS."""
    name = "haproxy"

    def __init__(self, world):
        self.words = newer.program("haproxy") + ["-db", "-f", os.path.join(world.folder, "edge.cfg")]
        super().__init__(world)
        with open(self.path("pem"), "w") as out:
            for part in (self.certificate, self.key):
                with open(part) as text:
                    out.write(text.read())
        with open(self.path("cfg"), "w") as out:
            out.write(_CONFIG % {"edge": ADDRESS, "boxes": BOXES_PORT, "visitors": VISITORS_PORT, "pem": self.path("pem"),
                                 "ca": world.cloud.ca, "names": self.path("map")})

    def names(self, boxes):
        """{name: device id}, for names below it too; read when it starts."""
        with open(self.path("map"), "w") as out:
            out.writelines("%s %s\n" % pair for pair in boxes.items())


class GoRelay(Edge):
    """go_relay/relay.go: golang.org/x/net/http2 as the client of a reversed connection."""
    name = "go_relay"

    def __init__(self, world):
        binary = toolchains.own_go("go_relay")
        super().__init__(world)
        self.words = [binary, "-boxes", "%s:%d" % (ADDRESS, BOXES_PORT), "-visitors", "%s:%d" % (ADDRESS, VISITORS_PORT),
                      "-certificate", self.certificate, "-key", self.key, "-authority", world.cloud.ca]

    def said(self, word):
        """What it printed in lines that begin with the word."""
        with open(self.path("log")) as text:
            return [line.split()[1:] for line in text if line.startswith(word + " ")]
