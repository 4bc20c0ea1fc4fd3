"""The link: reached from behind NAT through a relay that cannot read a byte (promises L1, L3, L4)."""
import os
import socket
import ssl
import threading
import time

from lab.proc import Proc, bound, run, wait_for
from lab.relay import relay_socket, relays
from lab.topology import Nat
from lab.world import World

SITE = r'''
import http.server, ssl, sys
class Page(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        size = int(self.path.split("=")[1]) if "=" in self.path else 0
        body = b"x" * size if size else b"the sample page of a NAS\n"
        self.send_response(200); self.send_header("Content-Length", str(len(body))); self.end_headers()
        self.wfile.write(body)
    def do_PUT(self):
        left = int(self.headers["Content-Length"]); total = left
        while left:
            got = self.rfile.read(min(left, 65536)); left -= len(got)
        body = b"%d bytes\n" % total
        self.send_response(200); self.send_header("Content-Length", str(len(body))); self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_): pass
http.server.ThreadingHTTPServer.request_queue_size = 1024
server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Page)
if len(sys.argv) > 2:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[2], sys.argv[3])
    server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
'''


class Home(World):
    """A box behind NAT with a page of its own TLS, a plain page, and relays."""

    def __init__(self, name, count=1, **options):
        super().__init__("link." + name, Nat, prepare=lambda _: ["--relays", relay_socket(self)], **options)
        self.relays = relays(self, count)
        self.net.nas.ip("link set lo up")
        self.key, self.certificate = self.folder + "/nas.key", self.folder + "/nas.pem"
        run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
             "-subj", "/CN=nas1.mynas.test", "-addext", "subjectAltName=DNS:nas1.mynas.test,DNS:*.nas1.mynas.test",
             "-keyout", self.key, "-out", self.certificate])
        for port, more in ((8443, [self.certificate, self.key]), (8080, [])):
            Proc("page %d" % port, ["/usr/bin/python3", "-c", SITE, str(port)] + more, self.folder + "/page.log",
                 ns=self.net.nas)

    def attached(self, services=True):
        self.registered(ddns=False)
        if services:
            self.agent.call("PUT", "/v1/link/services/web", {"port": 8443})
            self.agent.call("PUT", "/v1/link/services/plain", {"port": 8080, "tls": "here"})
        self.agent.cli("enable", "link")
        wait_for("attachments", bound(10), lambda: len(self.agent.get("/v1/link")["attached"]) == 2)
        self.wait_dns(self.fqdn(), sorted(r.address for r in self.relays), bound(5))
        return self

    def curl(self, *words, host=None, relay=None, check=True, ca=None):
        host = host or self.fqdn()
        return run(["curl", "-sS", "--max-time", "60", "--cacert", ca or self.certificate, "--connect-to",
                    "%s:443:%s:443" % (host, (relay or self.relays[0]).address)] + list(words), ns=self.net.inet,
                   check=check, timeout=90)

    def page(self, **options):
        return self.curl("https://%s/" % self.fqdn(), **options).stdout


def test_page():
    with Home("page") as home:
        home.attached()
        assert home.page() == "the sample page of a NAS\n"
        # The services' names lead there too, and TLS may end in the agent.
        assert home.dig("plain." + home.fqdn()) == [home.relays[0].address]
        shown = run(["openssl", "s_client", "-connect", home.relays[0].address + ":443", "-servername",
                     "plain." + home.fqdn(), "-showcerts"], ns=home.net.inet, check=False, timeout=20).stdout
        own = home.folder + "/box.pem"
        with open(own, "w") as out:
            out.write(shown[shown.index("-----BEGIN"):shown.index("-----END CERTIFICATE-----") + 26])
        name = "plain." + home.fqdn()
        assert home.curl("https://%s/" % name, host=name, ca=own).stdout == "the sample page of a NAS\n"
        visitors = home.agent.get("/v1/link/visitors")["visitors"]
        assert visitors[0]["outcome"] == "served" and visitors[0]["service"] == "plain", visitors[0]


def test_bulk():
    with Home("bulk") as home:
        home.attached()
        size = 64 * 1024 * 1024
        for name, ca in ((home.fqdn(), None),):
            begin = time.monotonic()
            down = home.curl("-o", "/dev/null", "-w", "%{size_download}", "https://%s/?n=%d" % (name, size), host=name, ca=ca)
            assert down.stdout == str(size), down.stdout
            middle = time.monotonic()
            blob = home.folder + "/blob"
            with open(blob, "wb") as out:
                out.truncate(size)
            up = home.curl("-T", blob, "https://%s/up" % name, host=name, ca=ca)
            assert up.stdout == "%d bytes\n" % size, up.stdout
            print("figure: %.0f MB/s down, %.0f MB/s up" % (size / 1e6 / (middle - begin), size / 1e6 / (time.monotonic() - middle)))


def test_many():
    """1,000 visitors at once, each served; memory stays in its budget."""
    with Home("many") as home:
        home.attached()
        served, failed = [], []

        def visit():
            try:
                with home.net.inet.entered():
                    raw = socket.create_connection((home.relays[0].address, 443), 30)
                raw.settimeout(60)
                context = ssl.create_default_context(cafile=home.certificate)
                with context.wrap_socket(raw, server_hostname=home.fqdn()) as link:
                    gate.wait(60)
                    link.sendall(b"GET /?n=20000 HTTP/1.1\r\nHost: nas\r\nConnection: close\r\n\r\n")
                    got = 0
                    while True:
                        part = link.recv(65536)
                        if not part:
                            break
                        got += len(part)
                    (served if got > 20000 else failed).append(got)
            except Exception as error:
                failed.append(repr(error))
                gate.abort()
        count = 1000
        gate = threading.Barrier(count)
        threads = [threading.Thread(target=visit) for _ in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(served) == count, failed[:5]


def test_disable():
    with Home("disable") as home:
        home.attached()
        with home.net.inet.entered():
            raw = socket.create_connection((home.relays[0].address, 443), 10)
        context = ssl.create_default_context(cafile=home.certificate)
        link = context.wrap_socket(raw, server_hostname=home.fqdn())
        capture = home.capture()
        home.agent.cli("disable", "link")
        returned = time.time()
        link.settimeout(5)
        try:
            assert link.recv(10) == b""
        except (ConnectionError, ssl.SSLError):
            pass
        home.wait_settled()
        time.sleep(3)
        assert home.curl("https://%s/" % home.fqdn(), check=False).returncode != 0
        home.wait_dns(home.fqdn(), [], 5)
        late = [f for f in capture.frames() if f.time > returned + 1 and "5.6.8.2" in (f.source, f.target)
                and f.payload] if hasattr(capture.frames()[0], "payload") else []
        assert not late, late[:3]


def test_relay_restart():
    with Home("restart", count=2) as home:
        home.attached()
        first, second = home.relays
        first.stop()
        begin = time.monotonic()
        # A new visitor never waits: the other relay has the box all the time.
        assert home.page(relay=second) == "the sample page of a NAS\n"
        print("figure: other relay %.2f s" % (time.monotonic() - begin))
        first.start()
        begin = time.monotonic()
        wait_for("served through the restarted relay", bound(10),
                 lambda: home.curl("https://%s/" % home.fqdn(), relay=first, check=False).returncode == 0, every=0.05)
        print("figure: %.2f s after the restart" % (time.monotonic() - begin))


def test_strangers():
    """What is no visitor, or no visitor of ours, gets an end and harms nobody."""
    with Home("strangers") as home:
        home.attached()
        address = (home.relays[0].address, 443)
        for words in (b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\xff\xff", b"SSH-2.0-x\r\n", b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00"):
            with home.net.inet.entered():
                link = socket.create_connection(address, 5)
            link.settimeout(8)
            link.sendall(words)
            assert len(link.recv(100)) in (0, 7)
            link.close()
        for name in ("nas2.mynas.test", "files.nas1.mynas.test", "example.com"):
            done = home.curl("https://%s/" % name, host=name, check=False)
            assert done.returncode != 0, name
        assert home.page() == "the sample page of a NAS\n"
        lines = home.relays[0].lines()
        assert all(set(l) == {"relay", "visitor", "name", "device", "milliseconds", "bytes_to_box", "bytes_from_box", "outcome"}
                   for l in lines), lines[0]


def test_blind_relay():
    """A marker that goes through the link is nowhere in the relay: memory, log, files (promise L4)."""
    with Home("blind") as home:
        home.attached()
        marker = "SEARCHME" + os.urandom(8).hex()
        with home.net.inet.entered():
            raw = socket.create_connection((home.relays[0].address, 443), 10)
        link = ssl.create_default_context(cafile=home.certificate).wrap_socket(raw, server_hostname=home.fqdn())
        for _ in range(50):
            link.sendall(("GET /%s HTTP/1.1\r\nHost: %s\r\n\r\n" % (marker, marker)).encode())
            link.recv(65536)
        pid = home.relays[0].proc.popen.pid
        found = 0
        with open("/proc/%d/maps" % pid) as maps, open("/proc/%d/mem" % pid, "rb", 0) as memory:
            for line in maps:
                area, mode = line.split()[:2]
                if "r" not in mode or "[v" in line:
                    continue
                start, end = (int(x, 16) for x in area.split("-"))
                memory.seek(start)
                try:
                    block = memory.read(end - start)
                except OSError:
                    continue
                found += marker.encode() in block
                # The proof that the search finds what is there.
                found_name = home.fqdn().encode() in block or locals().get("found_name", False)
        assert found_name, "the search does not even find the server name"
        assert found == 0, "the marker is in the relay's memory"
        for root, _, files in os.walk(home.relays[0].folder):
            for file in files:
                with open(os.path.join(root, file), "rb") as text:
                    assert marker.encode() not in text.read(), file


test_many.seconds = test_bulk.seconds = 30
