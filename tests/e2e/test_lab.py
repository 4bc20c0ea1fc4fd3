"""The laboratory's own instruments, each with a proof that it can say no."""
import os
import socket
import threading
import time

from lab import proc
from lab.capture import Capture
from lab.checker import Checker
from lab.decrypt import Request
from lab.flows import flows, parse
from lab.odd import Satellite
from lab.proc import LOGS
from lab.topology import CLOUD_V4, CLOUD_V6, Direct, Nat


def _folder(name):
    folder = os.path.join(LOGS, name)
    os.makedirs(folder, exist_ok=True)
    return folder


def _echo_server(net, seen):
    with net.inet.entered():
        listener = socket.create_server((CLOUD_V4, 443))

    def serve():
        peer, address = listener.accept()
        seen.append(address[0])
        while data := peer.recv(65536):
            peer.sendall(data)
        peer.close()
    threading.Thread(target=serve, daemon=True).start()


def test_capture_counts_once():
    """Real translation, and a link that loses every 13th packet of each direction: bytes equal those of the
    program, although segments were sent twice."""
    folder, total = _folder("lab.capture_counts_once"), 4_000_000
    net = Nat(folder)
    try:
        for direction in ("daddr", "saddr"):
            net.router.nft("add rule ip home forward ip %s %s numgen inc mod 13 == 7 drop" % (direction, CLOUD_V4))
        capture, seen = Capture(net.nas, "eth0", folder + "/nas.pcap"), []
        _echo_server(net, seen)
        with net.nas.entered():
            link = socket.create_connection((CLOUD_V4, 443), 10)
        link.settimeout(30)
        threading.Thread(target=lambda: link.sendall(b"x" * total), daemon=True).start()
        got = 0
        while got < total:
            got += len(link.recv(65536))
        link.close()
        capture.stop()
        frames = capture.frames()
        flow, = flows(frames, {"192.168.77.2"})
        on_the_wire = sum(p.length for p in map(lambda f: parse(f[1]), frames) if p and p.dport == 443)
        assert on_the_wire > total, "nothing was sent twice, so nothing is proved"
        assert seen == [net.public], "the router does not translate: %s" % seen
        assert (flow.bytes_out, flow.bytes_in) == (total, total), (flow.bytes_out, flow.bytes_in)
    finally:
        net.close()
        proc.stop_all()


def test_capture_knows_who_was_gone():
    """An answer that comes when the socket is closed counts for nobody; one that could still be read does."""
    folder = _folder("lab.capture_knows_who_was_gone")
    net = Direct(folder)
    try:
        for ns, interface, address in ((net.inet, "toward-nas", "2a0b:2::1"), (net.nas, "eth0", "2a0b:2::10")):
            ns.ip("addr add %s/64 dev %s nodad" % (address, interface))
        net.nas.ip("-6 route add default via 2a0b:2::1")
        capture, hosts = Capture(net.nas, "eth0", folder + "/nas.pcap"), set()
        clients = []  # which stay open as long as they are here
        for family, far in ((socket.AF_INET, CLOUD_V4), (socket.AF_INET6, CLOUD_V6)):
            for stays in (True, False):
                with net.inet.entered():
                    server = socket.socket(family, socket.SOCK_DGRAM)
                    server.bind((far, 0))
                with net.nas.entered():
                    client = socket.socket(family, socket.SOCK_DGRAM)
                    client.sendto(b"question", server.getsockname()[:2])
                server.settimeout(5)
                back = server.recvfrom(100)[1]
                hosts.add(back[0])
                clients.append(client) if stays else client.close()
                server.sendto(b"an answer", back)
                time.sleep(0.3)
        capture.stop()
        seen = [(flow.bytes_out, flow.bytes_in) for flow in flows(capture.frames(), hosts) if flow.proto == "udp"]
        assert seen == [(8, 9), (8, 0)] * 2, seen
    finally:
        net.close()
        proc.stop_all()


def test_long_cable():
    """The way in user space takes as long as it says, and loses nothing of what it carries."""
    folder, total = _folder("lab.long_cable"), 300_000
    net, seen = Satellite(folder), []
    try:
        _echo_server(net, seen)
        # Whose hardware address is asked once, before anything can be timed.
        with net.nas.entered():
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"?", (CLOUD_V4, 9))
        time.sleep(1.5)
        start = time.monotonic()
        with net.nas.entered():
            link = socket.create_connection((CLOUD_V4, 443), 10)
        took = time.monotonic() - start
        assert 0.6 <= took < 1.0, took
        link.settimeout(30)
        threading.Thread(target=lambda: link.sendall(b"x" * total), daemon=True).start()
        got = 0
        while got < total:
            got += len(link.recv(65536))
        link.close()
        print("figure: connected in %.3f s" % took)
    finally:
        net.close()
        proc.stop_all()


MANIFEST = {"features": [{"name": "f", "messages": [
    {"name": "put", "method": "PUT", "path": "/v1/thing/{id}", "purpose": "p", "fields": [
        {"name": "id", "class": "request id", "where": "path"},
        {"name": "kind", "class": "protocol constant", "where": "query", "constant": "one"},
        {"name": "a", "class": "public address", "where": "json"}]},
    {"name": "probe", "method": "UDP", "path": "udp/33434", "purpose": "q", "fields": [
        {"name": "payload", "class": "protocol constant", "where": "body", "constant": "hello"}]}]}]}
DOCUMENT = """
openapi: 3.1.0
paths:
  /v1/thing/{id}:
    put:
      parameters: [{name: id, in: path, required: true}, {name: kind, in: query, required: true}]
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/T'}}}}
components: {schemas: {T: {type: object, required: [a], properties: {a: {type: string}}}}}
"""


def test_checker_says_no():
    path = os.path.join(_folder("lab.checker_says_no"), "api.yaml")
    with open(path, "w") as out:
        out.write(DOCUMENT)
    checker = Checker(MANIFEST, {"cloud.test"}, path)

    def findings(target="/v1/thing/7?kind=one", body=b'{"a":"1"}', sni="cloud.test", more=(), method="PUT"):
        headers = [("Host", "cloud.test"), ("Content-Type", "application/json"),
                   ("Content-Length", str(len(body))), ("User-Agent", "qcloud")] + list(more)
        return checker.check(Request(0, sni, method, target, headers, body))[0]

    assert findings() == [], findings()
    smuggled = {
        "a header": {"more": [("X-Serial", "Q123")]},
        "a header twice": {"more": [("User-Agent", "qcloud")]},
        "a telling constant header": {"more": [("Accept", "Q123")]},
        "a query member": {"target": "/v1/thing/7?kind=one&s=1"},
        "a constant that varies": {"target": "/v1/thing/7?kind=two"},
        "a body member": {"body": b'{"a":"1","serial":"Q123"}'},
        "no member": {"body": b"{}"},
        "a path": {"target": "/v1/other"},
        "a method": {"method": "POST"},
        "a server name": {"sni": "other.test"},
    }
    for what, change in smuggled.items():
        assert findings(**change), "not caught: " + what
    assert checker.check_dns([("5.6.8.1", "cloud.test", 1, b"")]) == []
    assert checker.check_dns([("5.6.8.1", "q123.evil.test", 1, b"")])
    assert checker.check_dns([("5.6.8.1", "cloud.test", 16, b"")])
    assert checker.check_dns([("5.6.8.1", "cloud.test", 1, b"\0" * 30)])
    assert checker.check_datagrams([(33434, b"hello")]) == []
    assert checker.check_datagrams([(33434, b"hello Q123")]) and checker.check_datagrams([(5353, b"hello")])
