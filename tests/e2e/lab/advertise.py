"""A router's advertisements, sent when the test says so and never by a timer: RFC 4861 section 4.2,
prefix information option section 4.6.2."""
import socket
import struct
import time

ALL_NODES = "ff02::1"


class Advertiser:
    def __init__(self, ns, interface):
        with ns.entered():
            self.socket = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
            self.index = socket.if_nametoindex(interface)
        # The receiver drops advertisements that may have crossed a router.
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, self.index)

    def send(self, prefixes, retired=()):
        """prefixes live for a day; retired ones are deprecated at once (preferred lifetime 0)."""
        message = struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, 1800, 0, 0)
        for prefix in prefixes:
            message += self._prefix(prefix, 86400, 43200)
        for prefix in retired:
            message += self._prefix(prefix, 7200, 0)
        self._send(message)

    def _send(self, message):
        # The link-local source address may still be tentative right after the link came up.
        for attempt in range(50):
            try:
                self.socket.sendto(message, (ALL_NODES, 0, 0, self.index))
                return
            except OSError:
                if attempt == 49:
                    raise
                time.sleep(0.1)

    @staticmethod
    def _prefix(prefix, valid, preferred):
        network, length = prefix.split("/")
        on_link_and_autonomous = 0xC0
        return struct.pack("!BBBBIII", 3, 4, int(length), on_link_and_autonomous, valid, preferred, 0) \
            + socket.inet_pton(socket.AF_INET6, network)
