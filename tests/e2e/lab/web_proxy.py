"""A web proxy as companies have it: HTTP CONNECT (RFC 9110 section 9.3.6), Basic (RFC 7617). It looks names up
itself, so the box behind it needs no DNS."""
import base64
import select
import socket
import threading
import time

from .topology import CLOUD_V4


class WebProxy:
    """Attributes may be changed while it runs.

    login: "user:password" that it demands, or None; refuse: a status for every CONNECT, or None; delay: seconds
    before it answers; mute: never answers.
    """

    def __init__(self, ns, address, port=3128, login=None, hosts=None):
        self.ns, self.login, self.refuse, self.delay, self.mute = ns, login, None, 0, False
        self.hosts = hosts or {"cloud.vendor.test": CLOUD_V4}
        self.seen = []  # (first line, {header: value}) of each request
        self.bytes = [0, 0]  # cleartext of the CONNECT: in, out
        self._address = (address, port)
        self._links = []
        self.start()

    def start(self):
        with self.ns.entered():
            self._listener = socket.create_server(self._address, backlog=50)
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def stop(self):
        """As if the machine were gone: existing tunnels are cut too."""
        # A thread that sleeps in accept() holds the listener: shutdown wakes it, close alone would not.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def cut(self):
        for link in self._links:
            try:
                link.shutdown(socket.SHUT_RDWR)
            except OSError:  # it has ended already
                pass
        self._links.clear()

    @property
    def url(self):
        return "http://%s:%d" % self._address

    def _accept(self, listener):
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            self._links.append(peer)
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer):
        with peer:
            try:
                self._talk(peer)
            except OSError:  # either side went away
                pass

    def _talk(self, peer):
        head = b""
        while b"\r\n\r\n" not in head:
            part = peer.recv(4096)
            if not part or len(head) > 65536:
                return
            head += part
        first, *lines = head.split(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
        headers = {n.strip().lower(): v.strip() for n, v in (line.split(":", 1) for line in lines)}
        self.seen.append((first, headers))
        self.bytes[0] += len(head)
        if self.mute:
            peer.recv(1)
            return
        time.sleep(self.delay)
        method, target, _ = first.split(" ")
        if method != "CONNECT":
            return self._say(peer, "405 Method Not Allowed")
        if self.login:
            wanted = "Basic " + base64.b64encode(self.login.encode()).decode()
            if headers.get("proxy-authorization") != wanted:
                return self._say(peer, "407 Proxy Authentication Required",
                                 "Proxy-Authenticate: Basic realm=\"office\"\r\n", "<html>Who are you?</html>")
        if self.refuse:
            return self._say(peer, "%d No" % self.refuse, "", "<html>The policy forbids this host.</html>")
        host, port = target.rsplit(":", 1)
        try:
            with self.ns.entered():
                far = socket.create_connection((self.hosts.get(host, host), int(port)), 5)
        except OSError:
            return self._say(peer, "502 Bad Gateway")
        self._links.append(far)
        with far:
            self._say(peer, "200 Connection established")
            pump(peer, far)

    def _say(self, peer, status, headers="", body=""):
        text = ("HTTP/1.1 %s\r\n%s" % (status, headers)
                + ("Content-Length: %d\r\n\r\n%s" % (len(body), body) if body else "\r\n")).encode()
        self.bytes[1] += len(text)
        peer.sendall(text)


def pump(a, b):
    """Carries bytes both ways until both sides have ended, or one has failed."""
    ways = {a: b, b: a}
    for link in (a, b):
        link.settimeout(None)
    while ways:
        for source in select.select(list(ways), [], [])[0]:
            data = source.recv(65536)
            if data:
                ways[source].sendall(data)
            else:
                ways.pop(source).shutdown(socket.SHUT_WR)
