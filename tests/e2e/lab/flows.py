"""From frames to flows: payload bytes of each connection, both ways.

TCP payload is counted as sequence span (RFC 9293 section 3.4), SYN and FIN excluded, so a segment
sent twice counts once. UDP payload is counted datagram by datagram; one that found no socket any more reached nobody.
"""
import collections
import socket
import struct

Packet = collections.namedtuple("Packet", "proto src sport dst dport seq flags length raw")
SYN, FIN, RST = 2, 1, 4


def parse(frame):
    """An Ethernet frame as Packet; None when it is neither TCP nor UDP over IP."""
    kind = struct.unpack_from("!H", frame, 12)[0]
    at = 14
    if kind == 0x0800:
        size = (frame[at] & 15) * 4
        total = struct.unpack_from("!H", frame, at + 2)[0]
        proto = frame[at + 9]
        src, dst = (socket.inet_ntop(socket.AF_INET, frame[at + o:at + o + 4]) for o in (12, 16))
        end, at = at + total, at + size
    elif kind == 0x86DD:
        total, proto = struct.unpack_from("!HB", frame, at + 4)
        src, dst = (socket.inet_ntop(socket.AF_INET6, frame[at + o:at + o + 16]) for o in (8, 24))
        at += 40
        end = at + total
    else:
        return None
    if proto == 17:
        sport, dport, size = struct.unpack_from("!HHH", frame, at)
        return Packet("udp", src, sport, dst, dport, 0, 0, size - 8, frame[at + 8:at + size])
    if proto == 6:
        sport, dport, seq = struct.unpack_from("!HHI", frame, at)
        offset, flags = (frame[at + 12] >> 4) * 4, frame[at + 13]
        return Packet("tcp", src, sport, dst, dport, seq, flags, end - at - offset,
                      frame[at + offset:end])
    return None


def turned_away(frame):
    """The datagram of which this frame says that its port is unreachable (RFC 792, RFC 4443 section 3.1), or None. The
    kernel's word: a program without privilege cannot say it."""
    kind, at, says = struct.unpack_from("!H", frame, 12)[0], 54, (1, 4)
    if kind == 0x0800 and frame[23] == socket.IPPROTO_ICMP:
        at, says = 14 + (frame[14] & 15) * 4, (3, 3)
    elif kind != 0x86DD or frame[20] != socket.IPPROTO_ICMPV6:
        return None
    return parse(frame[:14] + frame[at + 8:]) if (frame[at], frame[at + 1]) == says else None


def describe(frame):
    """One line for a failure message."""
    packet = parse(frame)
    if packet:
        return "%s %s:%d > %s:%d flags %d, %d bytes" % (
            packet.proto, packet.src, packet.sport, packet.dst, packet.dport, packet.flags,
            packet.length)
    return "ethertype 0x%04x, %d bytes: %s" % (struct.unpack_from("!H", frame, 12)[0], len(frame),
                                              frame[14:54].hex())


def endpoint(address, port):
    return ("[%s]:%d" if ":" in address else "%s:%d") % (address, port)


class Side:
    """One direction of a TCP connection."""

    def __init__(self):
        self.start = None
        self.span = 0

    def see(self, packet):
        if packet.flags & SYN:
            self.start = (packet.seq + 1) & 0xFFFFFFFF
        if self.start is None or packet.length == 0:
            return
        offset = (packet.seq - self.start) & 0xFFFFFFFF
        if offset < 1 << 31:
            self.span = max(self.span, offset + packet.length)


class Flow:
    def __init__(self, proto, local, remote):
        self.proto, self.local, self.remote = proto, local, remote
        self.out, self.inward = Side(), Side()
        self.bytes_out = self.bytes_in = self.reset = 0

    def key(self):
        return (self.proto, self.local, self.remote)


def flows(frames, local_addresses):
    """Flows seen from the box that has local_addresses, in order of their first packet. A tuple used
    again after its SYN makes a new flow."""
    found, current = [], {}
    for _, frame in frames:
        packet = parse(frame)
        if packet is None:
            lost = turned_away(frame)
            flow = lost and current.get(("udp", endpoint(lost.dst, lost.dport), endpoint(lost.src, lost.sport)))
            if flow:
                flow.bytes_in -= lost.length
            continue
        outward = packet.src in local_addresses
        here, there = (packet.src, packet.sport), (packet.dst, packet.dport)
        if not outward:
            here, there = there, here
        key = (packet.proto, endpoint(*here), endpoint(*there))
        opening = packet.flags & SYN and outward and key in current \
            and current[key].out.start != (packet.seq + 1) & 0xFFFFFFFF
        if key not in current or opening:
            current[key] = Flow(*key)
            found.append(current[key])
        flow = current[key]
        if packet.proto == "udp":
            if outward:
                flow.bytes_out += packet.length
            else:
                flow.bytes_in += packet.length
            continue
        if packet.flags & RST:
            flow.reset = 1
        # Data that arrives after our own reset is the peer's, and nobody reads it.
        (flow.out if outward else flow.inward).see(packet)
        flow.bytes_out, flow.bytes_in = flow.out.span, flow.inward.span
    return found
