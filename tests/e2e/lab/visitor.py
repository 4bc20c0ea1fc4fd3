"""Visitors made by hand: what curl cannot be asked for."""
import base64
import os
import socket
import ssl
import struct

from .nas_page import masked


def hello(host):
    """A TLS ClientHello for this server name: all that a relay reads of a visitor."""
    out = ssl.MemoryBIO()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.wrap_bio(ssl.MemoryBIO(), out, server_hostname=host).do_handshake()
    except ssl.SSLWantReadError:
        pass
    return out.read()


def raw_visit(home, host, command, **options):
    """A visitor of the service `nas_raw.py`: a ClientHello, a command, and from then on bare bytes."""
    link = home.raw(**options)
    link.sendall(hello(host) + command.encode() + b"\n")
    return link


def settled_visit(home, host, **options):
    """One of `echo` who has answered what he heard: under way, and no stranger who only knocked, who has to give way
    after ten seconds where there is no room."""
    link = raw_visit(home, host, "echo", **options)
    for _ in range(2):
        assert echoes(link)
    return link


def echoes(link):
    link.sendall(b"y")
    return link.recv(1) == b"y"


def read_all(link):
    """Everything until the other side ends; a reset raises."""
    parts = []
    while part := link.recv(1 << 18):
        parts.append(part)
    return b"".join(parts)


def reset(link):
    """Closes with RST, as a program that is killed in the middle."""
    link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    link.close()


class WebSocket:
    """RFC 6455, as much as an echo needs."""

    def __init__(self, link, host, path="/echo"):
        self.link = link
        key = base64.b64encode(os.urandom(16)).decode()
        link.sendall(("GET %s HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                      "Sec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\n\r\n" % (path, host, key)).encode())
        self.stream = link.makefile("rb")
        first = self.stream.readline()
        assert b" 101 " in first, first
        while self.stream.readline().strip():
            pass

    def send(self, data, opcode=2):
        mask = os.urandom(4)
        size = len(data)
        length = bytes([128 | size]) if size < 126 else b"\xfe" + struct.pack("!H", size)
        self.link.sendall(bytes([128 | opcode]) + length + mask + masked(data, mask))

    def receive(self):
        head = self.stream.read(2)
        size = head[1] if head[1] < 126 else struct.unpack("!H", self.stream.read(2))[0]
        return head[0] & 15, self.stream.read(size)

    def close(self):
        self.stream.close()
        self.link.close()
