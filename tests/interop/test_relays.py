"""Relays that nobody here wrote lead visitors to our agent: HAProxy 3, for two boxes, and Go's HTTP/2 client. nginx behind
the agent is told by PROXY v2 who visits."""
import hashlib
import os
import threading

import peers
from edge import GoRelay, HAProxy
from lab.home import VISITOR
from lab.nas_page import digest
from lab.nas_site import PAGE, NasSite
from lab.proc import wait_for
from lab.topology import Nat
from lab.world import World

TOLD = "HTTP/2.0 from 127.0.0.1, told %s\n" % VISITOR


def _box(world, agent, name, port, **how):
    """Registered, a page published; its id."""
    world.agent = agent
    world.registered(name, ddns=False)
    agent.call("PUT", "/v1/link/services/web", dict(how, port=port))
    return world.device_id()


def _attached(agent, count=2):
    wait_for("%d attachments" % count, 30, lambda: len(agent.get("/v1/link")["attached"]) == count)


def _refuses(edge, host, certificate, status):
    told = edge.refused(host, certificate)
    assert told == status, "%s: %d instead of %d" % (host, told, status)


def test_haproxy():
    """It tells no box which address it has (PUT /v1/attachment): the link works without."""
    name = "relays.haproxy"
    with World(name, Nat, folder=os.path.join(peers.LOGS, name)) as world:
        edge, site = HAProxy(world), NasSite(world, "mynas.test")
        site.nginx()
        first, second = world.agent, world.box("nas2")
        with open(first.config) as text:
            second.configure(text=text.read())
        edge.names({"nas1.mynas.test": _box(world, first, "nas1", site.page_port),
                    "nas2.mynas.test": _box(world, second, "nas2", site.proxied_port, proxy_protocol=True)})
        edge.start()
        for agent in (first, second):
            agent.cli("enable", "link")
            _attached(agent)

        def get(host, path="/", *words):
            return edge.curl(host, path, site.certificate, *words).stdout
        assert get("nas1.mynas.test") == PAGE
        told = get("nas2.mynas.test", "/whoami", "--http2")
        assert told == TOLD, told
        edge.carries("nas1.mynas.test", site.certificate)

        # The edge goes away and comes back: so do the boxes.
        edge.proc.stop()
        edge.start()
        for agent in (first, second):
            _attached(agent)
        assert get("nas1.mynas.test") == PAGE
        # What nobody answers for: the edge says so, or the box. One box leaves, the other stays.
        _refuses(edge, "nas3.mynas.test", site.certificate, 503)
        _refuses(edge, "files.nas1.mynas.test", site.certificate, 403)
        second.cli("disable", "link")
        _refuses(edge, "nas2.mynas.test", site.certificate, 503)
        assert get("nas1.mynas.test") == PAGE


def test_go():
    name = "relays.go"
    with World(name, Nat, folder=os.path.join(peers.LOGS, name)) as world:
        edge, site, agent = GoRelay(world), NasSite(world), world.agent
        site.nginx()
        device = _box(world, agent, "nas1", site.page_port)
        agent.call("PUT", "/v1/link/services/proxied", {"port": site.proxied_port, "proxy_protocol": True})
        agent.call("PUT", "/v1/link/services/down", {"port": 9})
        edge.start()
        agent.cli("enable", "link")
        wait_for("two boxes told", 30, lambda: len(edge.said("attached")) == 2)
        assert edge.said("attached") == [["h2-reverse", device, "204"]] * 2, edge.said("attached")
        wait_for("the relay's name", 5, lambda: [c["relay"] for c in agent.get("/v1/link")["attached"]] == ["go", "go"])

        host, certificate = "nas1.mynas.test", site.certificate
        assert edge.curl(host, "/", certificate).stdout == PAGE
        told = edge.curl("proxied." + host, "/whoami", certificate, "--http2").stdout
        assert told == TOLD, told
        _refuses(edge, "files." + host, certificate, 403)
        _refuses(edge, "down." + host, certificate, 502)
        edge.carries(host, certificate)
        # GOAWAY: what is under way may end; then both connections are over, in order.
        size, blob = 8_000_000, os.path.join(world.folder, "blob")
        download = threading.Thread(target=edge.curl, args=(host, "/big?n=%d" % size, certificate, "--limit-rate", "4M",
                                                            "-o", blob))
        download.start()
        wait_for("the download runs", 10, lambda: os.path.exists(blob) and os.path.getsize(blob) > 500_000)
        assert edge.proc.stop() == 0
        download.join()
        with open(blob, "rb") as got:
            assert hashlib.file_digest(got, "sha256").hexdigest() == digest(size), "cut by the relay's goodbye"
        assert edge.said("goodbye") == [["<nil>"]] * 2, edge.said("goodbye")


test_haproxy.seconds = test_go.seconds = 25
