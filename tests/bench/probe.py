"""What the kernel says about a process and a wire; questions to a DNS server without a program between."""
import os
import random
import socket
import struct
import time

CLOCK_TICK = os.sysconf("SC_CLK_TCK")


def _field(path, name):
    with open(path) as text:
        for line in text:
            if line.startswith(name + ":"):
                return int(line.split()[1])
    raise KeyError(name)


def memory(pid):
    """(RSS, anonymous) in bytes."""
    path = "/proc/%d/smaps_rollup" % pid
    return _field(path, "Rss") * 1024, _field(path, "Anonymous") * 1024


def sample(pid):
    """Counters since the start of the process, over all of its threads."""
    with open("/proc/%d/stat" % pid) as text:
        stat = text.read().rsplit(")", 1)[1].split()
    out = {"ticks": int(stat[11]) + int(stat[12]), "major_faults": int(stat[9]), "nanoseconds": 0,
           "voluntary": 0, "involuntary": 0,
           "read": _field("/proc/%d/io" % pid, "read_bytes"), "written": _field("/proc/%d/io" % pid, "write_bytes")}
    for task in os.listdir("/proc/%d/task" % pid):
        base = "/proc/%d/task/%s/" % (pid, task)
        with open(base + "schedstat") as text:
            out["nanoseconds"] += int(text.read().split()[0])
        out["voluntary"] += _field(base + "status", "voluntary_ctxt_switches")
        out["involuntary"] += _field(base + "status", "nonvoluntary_ctxt_switches")
    return out


def ip_bytes(frames):
    """Bytes of IPv4 and IPv6 packets, headers included; ARP and Ethernet are not counted."""
    total = 0
    for _, frame in frames:
        kind = struct.unpack_from("!H", frame, 12)[0]
        if kind == 0x0800:
            total += struct.unpack_from("!H", frame, 16)[0]
        elif kind == 0x86DD:
            total += 40 + struct.unpack_from("!H", frame, 18)[0]
    return total


class Resolver:
    """Asks for A records over UDP from inside a namespace: RFC 1035, one question, no recursion."""

    def __init__(self, ns, server):
        with ns.entered():
            self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect((server, 53))
        self.socket.settimeout(0.5)

    def ask(self, name):
        """A sorted list of addresses."""
        number = random.randrange(1 << 16)
        labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split(".")) + b"\0"
        self.socket.send(struct.pack("!HHHHHH", number, 0, 1, 0, 0, 0) + labels + struct.pack("!HH", 1, 1))
        while True:
            try:
                answer = self.socket.recv(4096)
            except TimeoutError:
                return []
            if struct.unpack_from("!H", answer)[0] == number:
                return self._addresses(answer, 12 + len(labels) + 4)

    @staticmethod
    def _addresses(answer, at):
        found = []
        for _ in range(struct.unpack_from("!H", answer, 6)[0]):
            # The owner's name: a pointer, or labels.
            while answer[at] and answer[at] < 0xC0:
                at += 1 + answer[at]
            at += 1 if answer[at] == 0 else 2
            kind, _, _, size = struct.unpack_from("!HHIH", answer, at)
            at += 10
            if kind == 1 and size == 4:
                found.append(socket.inet_ntoa(answer[at:at + 4]))
            at += size
        return sorted(found)

    def until(self, name, wanted, seconds):
        """Asks every 2 ms; the seconds it took, or TimeoutError."""
        start, last = time.monotonic(), None
        while (took := time.monotonic() - start) < seconds:
            last = self.ask(name)
            if last == wanted:
                return took
            time.sleep(0.002)
        raise TimeoutError("%s is %s, not %s, after %g s" % (name, last, wanted, seconds))
