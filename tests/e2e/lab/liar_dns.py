"""A resolver that says whatever the test wants (RFC 1035): say(name, type) returns a list of addresses, "NXDOMAIN",
"SERVFAIL", or None for silence."""
import socket
import struct
import threading

CODES = {"SERVFAIL": 2, "NXDOMAIN": 3}


class LyingDns:
    def __init__(self, ns, address, say):
        ns.ip("addr add %s/32 dev lo" % address)
        self.say, self.asked = say, []
        with ns.entered():
            self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.socket.bind((address, 53))
        threading.Thread(target=self._loop, daemon=True).start()

    def _loop(self):
        while True:
            question, peer = self.socket.recvfrom(4096)
            at, labels = 12, []
            while question[at]:
                labels.append(question[at + 1:at + 1 + question[at]].decode("latin-1"))
                at += 1 + question[at]
            kind = struct.unpack_from("!H", question, at + 1)[0]
            name = ".".join(labels).lower()
            self.asked.append((name, kind))
            said = self.say(name, kind)
            if said is None:
                continue
            family, size = (socket.AF_INET6, 16) if kind == 28 else (socket.AF_INET, 4)
            records = b"".join(struct.pack("!HHHIH", 0xC00C, kind, 1, 1, size) + socket.inet_pton(family, a)
                               for a in said if (":" in a) == (kind == 28)) if isinstance(said, list) else b""
            count = len(records) // (12 + size)
            flags = 0x8180 | CODES.get(said if isinstance(said, str) else "", 0)
            self.socket.sendto(question[:2] + struct.pack("!HHHHH", flags, 1, count, 0, 0)
                               + question[12:at + 5] + records, peer)
