"""A long cable: frames between two interfaces of one namespace, each handed on after a delay. In user space,
because not every kernel has netem."""
import heapq
import os
import select
import socket
import threading
import time

_ETH_P_ALL, _SOL_PACKET, _VNET_HDR, _IGNORE_OUTGOING = 3, 263, 15, 23
_SNDBUFFORCE, _RCVBUFFORCE = 32, 33


class LongCable:
    def __init__(self, ns, a, b, seconds):
        """seconds: one way."""
        self.seconds, self.frames = seconds, 0
        self._ends = [self._open(ns, a), self._open(ns, b)]
        self._stop_r, self._stop_w = os.pipe()
        self._thread = threading.Thread(target=self._loop, daemon=True)
        self._thread.start()

    @staticmethod
    def _open(ns, interface):
        with ns.entered():
            end = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
            # With its header a frame keeps what the sending kernel left to the card: checksums, cutting.
            end.setsockopt(_SOL_PACKET, _VNET_HDR, 1)
            end.setsockopt(_SOL_PACKET, _IGNORE_OUTGOING, 1)
            # The cable delays; only the queue that a test asks for may lose frames.
            for force in (_SNDBUFFORCE, _RCVBUFFORCE):
                end.setsockopt(socket.SOL_SOCKET, force, 64 << 20)
            end.bind((interface, _ETH_P_ALL))
        return end

    def _loop(self):
        flying, number = [], 0
        a, b = self._ends
        while True:
            wait = max(0, flying[0][0] - time.monotonic()) if flying else None
            ready = select.select([a, b, self._stop_r], [], [], wait)[0]
            if self._stop_r in ready:
                return
            for end in ready:
                try:
                    frame = end.recv(1 << 18)
                except OSError:  # the link is down
                    time.sleep(0.01)
                    continue
                number += 1
                heapq.heappush(flying, (time.monotonic() + self.seconds, number, b if end is a else a, frame))
            while flying and flying[0][0] <= time.monotonic():
                _, _, end, frame = heapq.heappop(flying)
                try:
                    end.send(frame)
                    self.frames += 1
                except OSError:  # lost: the other side is down
                    pass

    def stop(self):
        os.write(self._stop_w, b".")
        self._thread.join(5)
