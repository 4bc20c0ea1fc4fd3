"""NAT64 for one box, in user space: RFC 6146 with the header translation of RFC 7915 and the well-known prefix
of RFC 6052. A TUN device takes 64:ff9b::/96 from the IPv6 side and one IPv4 address from the other."""
import fcntl
import os
import socket
import struct
import threading

_TUNSETIFF, _IFF_TUN, _IFF_NO_PI = 0x400454CA, 1, 0x1000
PREFIX = socket.inet_pton(socket.AF_INET6, "64:ff9b::")[:12]
TCP, UDP = 6, 17


def _sum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def _with_checksum(proto, payload, pseudo):
    at = 16 if proto == TCP else 6
    payload = payload[:at] + b"\0\0" + payload[at + 2:]
    value = ~_sum(pseudo + payload) & 0xFFFF
    if proto == UDP and value == 0:
        value = 0xFFFF
    return payload[:at] + struct.pack("!H", value) + payload[at + 2:]


class Nat64:
    def __init__(self, ns, address):
        """address: the IPv4 address that the box has for the rest of the world."""
        self.address, self.box, self.packets = socket.inet_aton(address), None, 0
        with ns.entered():
            self.tun = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC)
            fcntl.ioctl(self.tun, _TUNSETIFF, struct.pack("16sH22x", b"nat64", _IFF_TUN | _IFF_NO_PI))
        ns.sysctl(net__ipv6__conf__nat64__disable_ipv6=0)
        ns.ip("link set nat64 up")
        ns.ip("-6 route add 64:ff9b::/96 dev nat64")
        ns.ip("route add %s/32 dev nat64" % address)
        threading.Thread(target=self._loop, daemon=True).start()

    def _loop(self):
        while True:
            packet = os.read(self.tun, 1 << 16)
            out = self._to_v4(packet) if packet[0] >> 4 == 6 else self._to_v6(packet)
            if out:
                os.write(self.tun, out)
                self.packets += 1

    def _to_v4(self, packet):
        length, proto, hops = struct.unpack_from("!HBB", packet, 4)
        source, target, payload = packet[8:24], packet[24:40], packet[40:40 + length]
        if proto not in (TCP, UDP) or target[:12] != PREFIX:
            return None
        self.box = source
        addresses = self.address + target[12:]
        payload = _with_checksum(proto, payload, addresses + struct.pack("!HH", proto, length))
        head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + length, 0, 0x4000, hops - 1, proto, 0) + addresses
        return head[:10] + struct.pack("!H", ~_sum(head) & 0xFFFF) + head[12:] + payload

    def _to_v6(self, packet):
        size, proto, hops = (packet[0] & 15) * 4, packet[9], packet[8]
        payload = packet[size:struct.unpack_from("!H", packet, 2)[0]]
        if proto not in (TCP, UDP) or self.box is None:
            return None
        addresses = PREFIX + packet[12:16] + self.box
        payload = _with_checksum(proto, payload, addresses + struct.pack("!II", len(payload), proto))
        return struct.pack("!IHBB", 6 << 28, len(payload), proto, hops - 1) + addresses + payload
