"""Bytes on the control socket, right or wrong."""
import socket
import time


class Raw:
    def __init__(self, agent, timeout=20):
        self.link = socket.socket(socket.AF_UNIX)
        self.link.connect(agent.socket)  # it waits while the queue is full; with a timeout it would not
        self.link.settimeout(timeout)

    def send(self, data):
        self.link.sendall(data)
        return self

    def answer(self):
        """Everything until the other side closes; b"" where it closes without a word."""
        data = b""
        try:
            while True:
                part = self.link.recv(65536)
                if not part:
                    break
                data += part
        except ConnectionResetError:
            pass
        self.link.close()
        return data

    def drip(self, data, pause, seconds):
        """One byte at a time; returns how long the other side bore it."""
        start = time.monotonic()
        try:
            for byte in data:
                self.link.sendall(bytes([byte]))
                time.sleep(pause)
                if time.monotonic() - start > seconds:
                    return None
        except (BrokenPipeError, ConnectionResetError):
            pass
        return time.monotonic() - start


def status_of(answer):
    words = answer.split(b" ", 2)
    return int(words[1]) if answer.startswith(b"HTTP/1.1 ") else 0
