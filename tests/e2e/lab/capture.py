"""A packet capture inside a namespace: our own AF_PACKET reader, because it is exact and needs no
program; written as pcap so that tshark can decrypt it."""
import os
import select
import socket
import struct
import threading
import time

_ETH_P_ALL = 3
_SO_RCVBUFFORCE = 33


class Capture:
    def __init__(self, ns, interface, path):
        self.path = path
        self.packets = []  # (time, bytes of the frame), in order of arrival
        self._gate = threading.Lock()
        with ns.entered():
            # Hears nothing until it is bound: else it would begin with frames of all interfaces.
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
            self.socket.bind((interface, _ETH_P_ALL))
        self.socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, 64 << 20)
        self._stop_r, self._stop_w = os.pipe()
        self._thread = threading.Thread(target=self._loop, daemon=True)
        self._thread.start()

    def _loop(self):
        watch = select.poll()
        watch.register(self.socket, select.POLLIN)
        watch.register(self._stop_r, select.POLLIN)
        while True:
            ready = dict(watch.poll())
            if self.socket.fileno() in ready:
                try:
                    frame = self.socket.recv(1 << 18)
                except OSError:  # the link went down: nothing to read until it is up again
                    time.sleep(0.05)
                    continue
                with self._gate:
                    self.packets.append((time.time(), frame))
            elif self._stop_r in ready:
                return

    def mark(self):
        """A position; frames(mark) are those that came later."""
        with self._gate:
            return len(self.packets)

    def frames(self, since=0):
        with self._gate:
            return self.packets[since:]

    def dropped(self):
        """Frames the kernel could not hand us since last asked: must be 0 for an exact answer."""
        raw = self.socket.getsockopt(263, 6, 8)  # SOL_PACKET, PACKET_STATISTICS
        return struct.unpack("II", raw)[1]

    def save(self):
        with open(self.path, "wb") as out:
            out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 1 << 18, 1))
            for when, frame in self.frames():
                out.write(struct.pack("<IIII", int(when), int(when % 1 * 1e6), len(frame), len(frame)))
                out.write(frame)
        return self.path

    def stop(self):
        os.write(self._stop_w, b".")
        self._thread.join(5)
        self.save()
        self.socket.close()
        os.close(self._stop_r)
        os.close(self._stop_w)
