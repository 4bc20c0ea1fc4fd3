"""The sample page of a NAS, as a program of its own: python3 nas_page.py PORT [CERTIFICATE KEY].

    GET /            a page with a title          GET /big?n=N     N bytes, always the same ones
    GET /sha256?n=N  the digest of those          PUT, POST        answers with bytes and digest of what came
    GET /echo        WebSocket (RFC 6455): says back what it hears
"""
import base64
import functools
import hashlib
import http.server
import random
import ssl
import struct
import sys

TITLE = "The sample page of a NAS"
PAGE = "<!doctype html><html><head><title>%s</title></head><body><h1>%s</h1></body></html>\n" % (TITLE, TITLE)
PIECE = 64 * 1024


@functools.cache
def _block():
    return random.Random(4).randbytes(PIECE)


def pieces(size):
    """The bytes of /big: no two pieces are alike, so none can be lost, doubled or moved unseen."""
    for number in range(-(-size // PIECE)):
        yield (struct.pack("!Q", number) + _block()[8:])[:size - number * PIECE]


def digest(size):
    sha = hashlib.sha256()
    for piece in pieces(size):
        sha.update(piece)
    return sha.hexdigest()


def masked(data, mask):
    """RFC 6455 section 5.3; all at once, because byte by byte is slow."""
    key = (mask * (len(data) // 4 + 1))[:len(data)]
    return (int.from_bytes(data, "big") ^ int.from_bytes(key, "big")).to_bytes(len(data), "big")


class Page(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        path, _, query = self.path.partition("?")
        size = int(query.split("=")[1]) if query.startswith("n=") else 0
        if self.headers.get("Upgrade", "").lower() == "websocket":
            self._web_socket()
        elif path == "/big":
            self._head(size, "application/octet-stream")
            for piece in pieces(size):
                self.wfile.write(piece)
        else:
            self._answer(digest(size) + "\n" if path == "/sha256" else PAGE)

    def do_PUT(self):
        left, total, sha = int(self.headers["Content-Length"]), 0, hashlib.sha256()
        while total < left:
            got = self.rfile.read1(min(left - total, PIECE))
            if not got:
                break
            total += len(got)
            sha.update(got)
        self._answer("%d %s\n" % (total, sha.hexdigest()))

    do_POST = do_PUT

    def _head(self, size, kind):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(size))
        self.end_headers()

    def _answer(self, text):
        self._head(len(text), "text/html")
        self.wfile.write(text.encode())

    def _web_socket(self):
        key = self.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", base64.b64encode(hashlib.sha1(key.encode()).digest()).decode())
        self.end_headers()
        self.close_connection = True
        while True:
            head = self.rfile.read(2)
            if len(head) < 2:
                return
            size = head[1] & 127
            if size > 125:
                size = int.from_bytes(self.rfile.read(2 if size == 126 else 8), "big")
            mask, data = self.rfile.read(4), self.rfile.read(size)
            length = bytes([size]) if size < 126 else b"\x7e" + struct.pack("!H", size)
            self.wfile.write(head[:1] + length + masked(data, mask))
            if head[0] & 15 == 8:  # close
                return

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 1024

    def handle_error(self, *_):
        """A visitor who leaves in the middle is no error of the page."""


def main():
    server = Server(("127.0.0.1", int(sys.argv[1])), Page)
    if len(sys.argv) > 2:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[2], sys.argv[3])
        # The handshake belongs to the visitor's own thread: one who is slow makes nobody else wait.
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.serve_forever()


if __name__ == "__main__":
    main()
