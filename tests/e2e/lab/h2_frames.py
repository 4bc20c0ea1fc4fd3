"""HTTP/2 frames by hand (RFC 9113), right or wrong: for a relay that lies, and for a box that does.

Header blocks are literals without indexing (RFC 7541 6.2.2) and need no state; of what comes back only the status is
read, which every HPACK encoder here spells as an index of the static table or as a literal."""
import base64
import contextlib
import hashlib
import os
import socket
import ssl
import struct
import threading
import time

from .proc import run

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, ACK, END_HEADERS = 1, 1, 4
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
ALPN = "h2-reverse"
_STATUS = {8: 200, 9: 204, 10: 206, 11: 304, 12: 400, 13: 404, 14: 500}


def frame(kind, flags=0, stream=0, payload=b""):
    return struct.pack("!I", len(payload))[1:] + struct.pack("!BBI", kind, flags, stream) + payload


def settings(**values):
    """header_table_size, enable_push, max_concurrent_streams, initial_window_size, max_frame_size, ..."""
    ids = {"header_table_size": 1, "enable_push": 2, "max_concurrent_streams": 3, "initial_window_size": 4,
           "max_frame_size": 5, "max_header_list_size": 6}
    return frame(SETTINGS, payload=b"".join(struct.pack("!HI", ids[k], v) for k, v in values.items()))


def _text(text):
    data = text.encode() if isinstance(text, str) else text
    if len(data) < 127:
        return bytes([len(data)]) + data
    rest, out = len(data) - 127, b"\x7f"
    while rest >= 128:
        out, rest = out + bytes([rest & 127 | 128]), rest >> 7
    return out + bytes([rest]) + data


def block(*fields):
    return b"".join(b"\0" + _text(name) + _text(value) for name, value in fields)


def connect(stream, authority, *more, flags=END_HEADERS):
    return frame(HEADERS, flags, stream,
                 block((":method", "CONNECT"), (":authority", authority), ("forwarded", 'for="5.6.7.99:51820"'), *more))


def window(stream, credit):
    return frame(WINDOW_UPDATE, 0, stream, struct.pack("!I", credit))


def reset(stream, code=8):
    return frame(RST_STREAM, 0, stream, struct.pack("!I", code))


def status_in(payload):
    """Of a header block that begins with the status; 0: it is not seen."""
    while payload and payload[0] & 0xE0 == 0x20:  # the size of the dynamic table
        payload = payload[1:]
    if payload and payload[0] & 0x80:
        return _STATUS.get(payload[0] & 0x7F, 0)
    digits = payload[2:2 + (payload[1] & 0x7F)] if len(payload) > 1 else b""
    if len(payload) > 1 and payload[1] & 0x80:  # Huffman (RFC 7541, Appendix B): "0", "1", "2" have 5 bits, the others 6
        bits, digits = "".join("{:08b}".format(b) for b in digits), b""
        while len(bits) >= 5 and len(digits) < 3:
            short = bits[:5] in ("00000", "00001", "00010")
            digits += b"%d" % (int(bits[:5], 2) if short else int(bits[:6], 2) - 0x19 + 3)
            bits = bits[5 if short else 6:]
    return int(digits) if digits.isdigit() else 0


class Peer:
    """One end of a connection after TLS."""

    def __init__(self, link):
        self.link, self._rest = link, b""

    def send(self, *frames):
        self.link.sendall(b"".join(frames))

    def receive(self):
        """(type, flags, stream, payload), or None at the end."""
        head = self._exactly(9)
        if head is None:
            return None
        body = self._exactly(int.from_bytes(head[:3], "big"))
        return None if body is None else (head[3], head[4], int.from_bytes(head[5:], "big") & 0x7FFFFFFF, body)

    def frames(self):
        """Until the end; SETTINGS and PING are answered."""
        while (got := self.receive()) is not None:
            if got[0] in (SETTINGS, PING) and not got[1] & ACK:
                self.send(frame(got[0], ACK, 0, got[3] if got[0] == PING else b""))
            yield got

    def until(self, kind, stream=0):
        """The next frame of this kind and stream, or None."""
        return next((f for f in self.frames() if f[0] == kind and f[2] == stream), None)

    def _exactly(self, count):
        try:
            while len(self._rest) < count:
                part = self.link.recv(65536)
                if not part:
                    return None
                self._rest += part
        except (ConnectionError, ssl.SSLError):
            return None
        out, self._rest = self._rest[:count], self._rest[count:]
        return out


class FalseRelay:
    """Stands where a relay could stand, with its certificate, and does `deed(peer)` to each box that comes: a
    function that sends what it likes, and returns when the box has left."""

    def __init__(self, world, address, certificate, key, port=4443):
        self.deed, self.came, self.left, self.failed = None, [], 0, []
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(certificate, key)
        context.load_verify_locations(world.cloud.ca)
        context.verify_mode = ssl.CERT_REQUIRED
        context.set_alpn_protocols([ALPN])
        with world.net.inet.entered():
            listener = socket.create_server((address, port))
        threading.Thread(target=self._accept, args=(listener, context), daemon=True).start()

    def _accept(self, listener, context):
        while True:
            raw, _ = listener.accept()
            threading.Thread(target=self._serve, args=(raw, context), daemon=True).start()

    def _serve(self, raw, context):
        raw.settimeout(600)
        try:
            with context.wrap_socket(raw, server_side=True) as link:
                self.came.append(time.monotonic())
                self.deed(Peer(link))
        except OSError:
            pass  # the box leaves whenever it likes
        except Exception as error:
            self.failed.append(repr(error))
        self.left += 1


def self_signed(folder, name, *options, curve="P-256", subject="/CN=new", env=None):
    """A certificate that nobody vouches for; returns its file, with the key in it. env: perhaps with another clock."""
    path = os.path.join(folder, name + ".pem")
    how = ["ec", "-pkeyopt", "ec_paramgen_curve:" + curve] if curve else ["rsa:2048"]
    run(["openssl", "req", "-x509", "-newkey"] + how + ["-nodes", "-days", "2", "-subj", subject, *options,
                                                       "-keyout", path, "-out", path + ".crt"], env=env)
    with open(path + ".crt") as crt, open(path, "a") as out:
        out.write(crt.read())
    return path


def rendezvous_id(path):
    """The name of a box that is not set up: base32 of the SHA-256 of its public key."""
    key = ssl.PEM_cert_to_DER_cert(run(["openssl", "x509", "-in", path, "-pubkey", "-noout"]).stdout.replace(
        "PUBLIC KEY", "CERTIFICATE"))
    return base64.b32encode(hashlib.sha256(key).digest()).decode().rstrip("=").lower()


class FalseBox(Peer):
    """A box's end of a connection to a relay, by hand. `certificate`: PEM with its key."""

    def __init__(self, world, address, certificate, port=4443):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.load_verify_locations(world.cloud.ca)
        context.load_cert_chain(certificate)
        context.set_alpn_protocols([ALPN])
        with world.net.inet.entered():
            raw = socket.create_connection((address, port), 10)
        raw.settimeout(60)
        super().__init__(context.wrap_socket(raw))
        self.visits, self.told = [], []  # streams that were opened, in order; codes and last ids of GOAWAY

    def attach(self):
        """False: the relay does not take it."""
        try:
            if self._exactly(len(PREFACE)) != PREFACE:
                return False
            self.send(settings(max_concurrent_streams=100))
            return self.until(SETTINGS) is not None
        except OSError:
            return False

    def leave(self):
        """Without a word of HTTP/2; also while another thread reads."""
        with contextlib.suppress(OSError):
            self.link.shutdown(socket.SHUT_RDWR)
        self.link.close()

    def serve(self, answer=b"the box"):
        """In the background: 200, these words and the end to every visit, 204 to everything else."""
        def run_it():
            try:
                for kind, flags, stream, payload in self.frames():
                    if kind == GOAWAY:
                        self.told.append(int.from_bytes(payload[:4], "big"))
                    elif kind == HEADERS and (stream == 1 or flags & END_STREAM):  # what it is told of itself
                        self.send(frame(HEADERS, END_HEADERS | END_STREAM, stream, b"\x89"))
                    elif kind == HEADERS:
                        self.visits.append(stream)
                        self.send(frame(HEADERS, END_HEADERS, stream, b"\x88"),
                                  frame(DATA, END_STREAM if answer else 0, stream, answer))
            except OSError:
                pass
            self.over.set()
        self.over = threading.Event()
        threading.Thread(target=run_it, daemon=True).start()
        return self
