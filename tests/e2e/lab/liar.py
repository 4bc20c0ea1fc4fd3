"""A server that says whatever the test wants, over TLS or plain: in the cloud's place, or as a hotel's sign-in
page. And a proxy that opens TLS, as some companies and some thieves have it."""
import collections
import email.utils
import json
import socket
import ssl
import threading

from .web_proxy import pump

Request = collections.namedtuple("Request", "method target headers body")


def answer(status=200, body=b"", content_type="application/json", headers=(), date=True):
    """Bytes of an HTTP/1.1 answer; body: bytes, text, or something for JSON."""
    if not isinstance(body, (bytes, str)):
        body = json.dumps(body)
    body = body.encode() if isinstance(body, str) else body
    head = ["HTTP/1.1 %d Said" % status, "Content-Length: %d" % len(body), "Connection: close"]
    if content_type:
        head.append("Content-Type: " + content_type)
    if date:
        head.append("Date: " + email.utils.formatdate(usegmt=True))
    head += ["%s: %s" % pair for pair in headers]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


class _Server:
    def __init__(self, ns, address, port, certificate):
        """certificate: (PEM of certificate, PEM of key), or None for plain."""
        self.context = None
        if certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(*certificate)
        self.ns, self.failed = ns, []  # handshakes that the other side refused
        self._links = []
        with ns.entered():
            self._listener = socket.create_server((address, port), backlog=100)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            self._links.append(peer)
            threading.Thread(target=self._guarded, args=(peer,), daemon=True).start()

    def _guarded(self, peer):
        try:
            if self.context:
                peer = self.context.wrap_socket(peer, server_side=True)
        except OSError as error:
            self.failed.append(str(error))
            return peer.close()
        try:
            with peer:
                self.serve(peer)
        except (OSError, ValueError):  # it went away in the middle
            pass

    def stop(self):
        # A thread that sleeps in accept() holds the listener: shutdown wakes it, close alone would not.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for link in self._links:
            try:
                link.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class Liar(_Server):
    """say(request) returns bytes, an iterator of bytes, or None to close without a word."""

    def __init__(self, ns, address, port, say, certificate=None):
        self.say, self.requests = say, []
        super().__init__(ns, address, port, certificate)

    def serve(self, peer):
        data = b""
        while b"\r\n\r\n" not in data:
            part = peer.recv(65536)
            if not part:
                return
            data += part
        head, _, body = data.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ")
        headers = {n.strip().lower(): v.strip() for n, v in (line.split(":", 1) for line in lines)}
        while len(body) < int(headers.get("content-length", "0")):
            body += peer.recv(65536)
        request = Request(method, target, headers, body)
        self.requests.append(request)
        said = self.say(request)
        if said is None:
            return
        for part in [said] if isinstance(said, bytes) else said:
            peer.sendall(part)


class Interceptor(_Server):
    """Ends TLS with a certificate of its own, and speaks TLS again to the real host (without the client's
    certificate: it has no key for that)."""

    def __init__(self, ns, address, port, certificate, beyond):
        self.beyond, self.read = beyond, []
        super().__init__(ns, address, port, certificate)

    def serve(self, peer):
        self.read.append(peer.recv(65536))  # whatever the box told it: a test asserts that it is nothing
        with self.ns.entered():
            raw = socket.create_connection(self.beyond, 10)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with context.wrap_socket(raw) as far:
            far.sendall(self.read[-1])
            pump(peer, far)
