#!/usr/bin/env python3
"""The program refrelay beside a cloud that fails and is kept busy, and boxes that do not behave.

    program_test.py PATH/TO/refrelay

The cloud's socket is played here, because a real one does not fail on demand. Needs the openssl program.
"""
import collections
import contextlib
import json
import os
import socket
import socketserver
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest

REFRELAY = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else "refrelay"
HEADERS, RST, SETTINGS, PING, WINDOW = 1, 3, 4, 6, 8
ACK, END_HEADERS = 1, 4


def frame(kind, flags, stream, payload=b""):
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


class Cloud(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True

    def __init__(self, path):
        super().__init__(path, Question)
        self.revoked, self.newest, self.asked = set(), collections.Counter(), collections.Counter()
        self.host_of, self.fails = "one", False  # whose every name is; whether that can be asked
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def news(self, attached):
        return ([box for box in attached if box in self.revoked],
                {box: self.newest[box] for box, told in attached.items() if self.newest[box] > told})


class Question(socketserver.StreamRequestHandler):
    def handle(self):
        target = self.rfile.readline().split()[1].decode()
        size = 0
        while (line := self.rfile.readline().strip()):
            if line.lower().startswith(b"content-length:"):
                size = int(line.split(b":")[1])
        body = json.loads(self.rfile.read(size)) if size else {}
        status, answer = self.answer(target, body)
        words = json.dumps(answer).encode()
        with contextlib.suppress(OSError):
            self.wfile.write(b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n" % (status, len(words)) + words)

    def answer(self, target, body):
        cloud = self.server
        cloud.asked[target.split("?")[0]] += 1
        if target == "/relay/attach":
            box = body["device_id"]
            return (403 if box in cloud.revoked else 200), {"ok": True, "news": cloud.newest[box]}
        if target == "/relay/news":
            until = time.monotonic() + body.get("hold", 25)
            while not any(found := cloud.news(body["attached"])) and time.monotonic() < until:
                time.sleep(0.02)
            return 200, {"gone": found[0], "news": found[1]}
        if target.startswith("/relay/device"):
            if cloud.fails:
                return 500, {}
            return (200, {"device_id": cloud.host_of}) if cloud.host_of else (404, {})
        return 200, {"ok": True}


class Box:
    """Answers PINGs, and 200 to every visit, unless it is `sullen`; `over` when the relay has ended it."""

    def __init__(self, test, name, sullen=False):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.load_cert_chain(test.path(name + ".pem"), test.path(name + ".key"))
        context.set_alpn_protocols(["h2-reverse"])
        self.link = context.wrap_socket(socket.create_connection(test.boxes, 10))
        self.sullen, self.over, self.visited = sullen, threading.Event(), threading.Event()
        with contextlib.suppress(OSError):  # it may be turned away
            self.link.sendall(frame(SETTINGS, 0, 0) + frame(SETTINGS, ACK, 0))
        test.addCleanup(self.leave)
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        buffer, skip = b"", 24  # the relay's preface
        with contextlib.suppress(OSError):
            while part := self.link.recv(65536):
                buffer += part
                if skip and len(buffer) >= skip:
                    buffer, skip = buffer[skip:], 0
                while not skip and len(buffer) >= 9 and len(buffer) >= 9 + int.from_bytes(buffer[:3], "big"):
                    end = 9 + int.from_bytes(buffer[:3], "big")
                    self._hear(buffer[3], buffer[4], int.from_bytes(buffer[5:9], "big"), buffer[9:end])
                    buffer = buffer[end:]
        self.over.set()

    def _hear(self, kind, flags, stream, payload):
        if self.sullen:
            return
        if kind == PING and not flags & ACK:
            self.link.sendall(frame(PING, ACK, 0, payload))
        if kind == HEADERS and stream > 1:
            self.link.sendall(frame(HEADERS, END_HEADERS, stream, b"\x88"))
            self.visited.set()

    def chat(self):
        """Says something each second, and nothing that it is asked for."""
        def words():
            with contextlib.suppress(OSError):
                while not self.over.wait(1):
                    self.link.sendall(frame(WINDOW, 0, 0, b"\0\0\0\1"))
        threading.Thread(target=words, daemon=True).start()
        return self

    def leave(self):
        with contextlib.suppress(OSError):
            self.link.shutdown(socket.SHUT_RDWR)
        self.over.wait(10)
        self.link.close()


def within(seconds, what):
    until = time.monotonic() + seconds
    while not (done := what()) and time.monotonic() < until:
        time.sleep(0.05)
    return done


class RelayCase(unittest.TestCase):
    silent, setup_lifetime = 1500, 86400  # seconds

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.certificate("ca", "-x509")
        for name in ("one", "two", "relay"):
            self.certificate(name, "-CA", self.path("ca.pem"), "-CAkey", self.path("ca.key"), "-x509")
        self.cloud = Cloud(self.path("cloud"))
        self.addCleanup(self.cloud.server_close)
        self.addCleanup(self.cloud.shutdown)
        with open(self.path("log"), "w") as log:
            self.relay = subprocess.Popen(
                [REFRELAY, "--name", "r", "--visitors", "127.0.0.1:0", "--boxes", "127.0.0.1:0", "--ipv4", "127.0.0.1",
                 "--certificate", self.path("relay.pem"), "--key", self.path("relay.key"), "--device-ca",
                 self.path("ca.pem"), "--cloud", self.path("cloud"), "--silent", str(self.silent), "--setup-suffix", "setup.test",
                 "--setup-lifetime", str(self.setup_lifetime), "--ready", self.path("ready")], stdout=log)
        self.addCleanup(self.end)
        self.assertTrue(within(10, lambda: os.path.exists(self.path("ready")) and os.path.getsize(self.path("ready"))))
        with open(self.path("ready")) as ready:
            told = json.load(ready)
        self.boxes, self.visitors = (("127.0.0.1", int(told[which][0].rsplit(":", 1)[1]))
                                     for which in ("boxes", "visitors"))

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def certificate(self, name, *how):
        subprocess.run(["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-subj", "/CN=" + name, "-days", "2", "-keyout", self.path(name + ".key"),
                        "-out", self.path(name + ".pem"), *how], check=True, capture_output=True)

    def end(self):
        self.relay.terminate()
        self.assertEqual(self.relay.wait(40), 0)


class RelayTest(RelayCase):
    def test_news_reach_all_beside_one_who_comes_and_goes(self):
        one = Box(self, "one")
        stop = threading.Event()

        def hammer():
            while not stop.wait(0.01):
                with contextlib.suppress(OSError):
                    Box(self, "two").link.shutdown(socket.SHUT_RDWR)
        threads = [threading.Thread(target=hammer) for _ in range(3)]
        for thread in threads:
            thread.start()
        try:
            self.assertTrue(within(10, lambda: self.cloud.asked["/relay/attach"] > 20))
            self.cloud.revoked.add("one")
            self.assertTrue(one.over.wait(5), "a box that was revoked stays")
        finally:
            stop.set()
            for thread in threads:
                thread.join()

    def visitor(self):
        out, context = ssl.MemoryBIO(), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        with contextlib.suppress(ssl.SSLWantReadError):
            context.wrap_bio(ssl.MemoryBIO(), out, server_hostname="nas1.mynas.test").do_handshake()
        visitor = socket.create_connection(self.visitors, 10)
        self.addCleanup(visitor.close)
        visitor.sendall(out.read())
        visitor.settimeout(1)
        return visitor

    def test_a_review_that_the_cloud_does_not_answer_is_made_up_for(self):
        Box(self, "one")
        self.assertTrue(within(5, lambda: self.cloud.asked["/relay/attach"]))
        visitor = self.visitor()
        with self.assertRaises(TimeoutError):
            visitor.recv(1)
        self.cloud.fails = True
        self.cloud.host_of = ""  # its audience is not everyone any more
        self.cloud.newest["one"] += 1
        before = self.cloud.asked["/relay/device"]
        self.assertTrue(within(10, lambda: self.cloud.asked["/relay/device"] > before))
        with self.assertRaises(TimeoutError):  # a cloud that does not answer ends nobody's visit
            visitor.recv(1)
        # But what it said before the change lets in nobody (promise L2).
        late = self.visitor()
        late.settimeout(5)
        self.assertEqual(late.recv(7), b"\x15\x03\x01\0\2\2\x70", "let in by what was true once")
        self.cloud.fails = False
        visitor.settimeout(10)
        with self.assertRaises(ConnectionResetError):
            visitor.recv(1)

    def test_what_changed_while_a_box_was_away_is_not_known_of_before(self):
        """Promise L2, where the cloud cannot be asked any more."""
        one = Box(self, "one")
        self.assertTrue(within(5, lambda: self.cloud.asked["/relay/attach"]))
        with self.assertRaises(TimeoutError):
            self.visitor().recv(1)
        one.leave()
        self.assertTrue(within(5, lambda: self.cloud.asked["/relay/detach"]))
        self.cloud.host_of = ""
        Box(self, "one")
        self.assertTrue(within(5, lambda: self.cloud.asked["/relay/attach"] == 2))
        time.sleep(0.5)
        self.cloud.fails = True
        late = self.visitor()
        late.settimeout(5)
        self.assertEqual(late.recv(7), b"\x15\x03\x01\0\2\2\x70", "let in by what was true once")

    def test_a_visit_that_a_dead_attachment_took_is_led_to_the_other(self):
        older, younger = Box(self, "one"), Box(self, "one")
        self.assertTrue(within(5, lambda: self.cloud.asked["/relay/attach"] == 2))
        time.sleep(0.5)
        self.visitor()
        self.assertTrue(older.visited.wait(2))
        older.sullen = True
        began = time.monotonic()
        self.visitor()
        self.assertTrue(younger.visited.wait(15), "the visitor waits for who is dead")
        self.assertGreater(time.monotonic() - began, 2)
        self.assertTrue(older.over.is_set())
        self.assertFalse(younger.over.is_set())

    def test_a_box_has_so_many_places_and_no_more(self):
        many = [Box(self, "one", sullen=True).chat() for _ in range(20)]
        self.assertTrue(within(10, lambda: sum(box.over.is_set() for box in many) >= 14))
        # Those who answer nothing but go on talking are dropped in the end, but for the newest.
        self.assertFalse(many[-1].over.is_set())


class SilentBoxTest(RelayCase):
    silent = 1

    def test_a_box_that_died_without_a_word_is_cut_off_and_one_that_answers_is_not(self):
        two, one = Box(self, "two"), Box(self, "one", sullen=True)
        self.assertTrue(one.over.wait(10), "a box that answers nothing stays")
        self.assertFalse(two.over.is_set())
        self.assertTrue(within(5, lambda: self.cloud.asked["/relay/detach"]), "the cloud was not told")


class SetupTest(RelayCase):
    setup_lifetime = 6

    def test_a_box_that_waits_for_its_set_up_has_its_time_and_no_more(self):
        """Promise I2, of one who stays; and coming back does not prolong it."""
        self.certificate("fresh", "-x509")
        one, fresh = Box(self, "one"), Box(self, "fresh")
        began = time.monotonic()
        self.assertTrue(fresh.over.wait(15), "it stays")
        self.assertGreater(time.monotonic() - began, 4)
        self.assertTrue(Box(self, "fresh").over.wait(3), "it came back")
        self.assertFalse(one.over.is_set())


if __name__ == "__main__":
    unittest.main()
