"""A service that is no web page, as a program of its own: python3 nas_raw.py PORT. A visitor sends a TLS ClientHello
(the relay wants one), a line, and from then on both sides speak bare bytes.

    echo      says back what it hears, until the end        count     reads to the end, then "N sha256" and its end
    send N    N bytes and its end; then it reads to the visitor's, and the next `heard` tells "N sha256"
    hold      never reads again                             reset     resets the connection
    fate      reads to the end; the next `heard` tells whether it was one: "ended" or "cut"
"""
import hashlib
import os
import queue
import socket
import struct
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
from nas_page import pieces  # noqa: E402


def _count(link):
    total, sha = 0, hashlib.sha256()
    while part := link.recv(1 << 18):
        total += len(part)
        sha.update(part)
    return "%d %s" % (total, sha.hexdigest())


heard = queue.Queue()


def serve(link):
    _exactly(link, int.from_bytes(_exactly(link, 5)[3:], "big"))  # the ClientHello
    words = _line(link).split()
    if words[0] == "echo":
        while part := link.recv(1 << 18):
            link.sendall(part)
    elif words[0] == "count":
        link.sendall(_count(link).encode())
    elif words[0] == "send":
        for piece in pieces(int(words[1])):
            link.sendall(piece)
        link.shutdown(socket.SHUT_WR)
        heard.put(_count(link))
    elif words[0] == "heard":
        link.sendall(heard.get(timeout=60).encode())
    elif words[0] == "fate":
        try:
            _count(link)
            heard.put("ended")
        except OSError:
            heard.put("cut")
    elif words[0] == "hold":
        threading.Event().wait()
    elif words[0] == "reset":
        link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    link.close()


def _exactly(link, count):
    data = b""
    while len(data) < count:
        part = link.recv(count - len(data))
        if not part:
            raise EOFError
        data += part
    return data


def _line(link):
    data = b""
    while not data.endswith(b"\n"):
        data += _exactly(link, 1)
    return data.decode()


def guarded(link):
    try:
        serve(link)
    except (OSError, EOFError, queue.Empty):
        link.close()


def main():
    listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=1024)
    while True:
        link, _ = listener.accept()
        threading.Thread(target=guarded, args=(link,), daemon=True).start()


if __name__ == "__main__":
    main()
