"""HAProxy before refcloud's trusted front: it ends TLS, asks for the client's certificate and hands it on as Client-Cert
(RFC 9440), as a vendor's load balancer does. The box's cloud URL leads here instead of to refcloud itself. Dates of certificates are
refcloud's business (an expired one may be renewed), so the two errors about them are passed over."""
import os
import socket

import peers
from lab.proc import LabError, Proc, wait_for
from lab.topology import CLOUD_V4
from lab.world import World

PORT = 8443
URL = "https://cloud.vendor.test:%d" % PORT
FRONT_PORT = 8080  # refcloud's trusted front; each test has a namespace of its own

_CONFIG = """
defaults
  mode http
  timeout connect 5s
  timeout client 7h
  timeout server 7h
frontend tls
  bind %(address)s:%(port)d ssl crt %(pem)s ca-file %(ca)s verify optional crt-ignore-err 9,10 %(crl)s
  http-request del-header Client-Cert
  http-request del-header Forwarded
  http-request del-header X-Forwarded-For
  http-request set-header X-Forwarded-For %%[src]
  http-request set-header Client-Cert :%%[ssl_c_der,base64]: if { ssl_c_used }
%(rules)s
  default_backend cloud
backend cloud
  server refcloud 127.0.0.1:%(front)d
%(backends)s
"""


def fronted(name, topology, folder, public_url=URL):
    """A world whose box reaches the cloud through a proxy in front (which is still to be started)."""
    peers.overlay_works()
    world = World(name, topology, folder=os.path.join(folder, name),
                  prepare=lambda _: ["--front", "127.0.0.1:%d" % FRONT_PORT, "--public-url", public_url])
    config = os.path.join(world.agent.root, "etc", "qcloud", "qcloud.toml")
    with open(config) as text:
        led = text.read().replace('url = "%s"' % world.cloud.origin, 'url = "%s"' % URL)
    if URL not in led:
        raise LabError("the configuration of the box has another form than expected:\n" + led)
    with open(config, "w") as out:
        out.write(led)
    return world


def listening(world, address, port):
    with world.net.inet.entered(), socket.socket() as probe:
        return probe.connect_ex((address, port)) == 0


def haproxy(world, rules="", backends="", crl=None, port=PORT):
    """rules: lines of the frontend; backends: more backends. crl: a file of revoked certificates."""
    folder = world.cloud.folder
    pem = os.path.join(world.folder, "front.pem")
    with open(pem, "w") as out:
        for part in ("server.pem", "server.key"):
            with open(os.path.join(folder, part)) as text:
                out.write(text.read())
    config = os.path.join(world.folder, "haproxy.%d.cfg" % port)
    with open(config, "w") as out:
        out.write(_CONFIG % {"address": CLOUD_V4, "port": port, "pem": pem, "ca": world.cloud.ca, "rules": rules,
                             "backends": backends, "front": FRONT_PORT, "crl": "crl-file " + crl if crl else ""})
    proxy = Proc("haproxy", peers.as_installed(["haproxy", "-db", "-f", config]),
                 os.path.join(world.folder, "haproxy.log"), ns=world.net.inet)

    def ready():
        if not proxy.alive():
            raise LabError("HAProxy ended:\n" + proxy.tail())
        return listening(world, CLOUD_V4, port)
    wait_for("HAProxy listening", 10, ready)
    return proxy
