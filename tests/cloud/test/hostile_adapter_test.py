#!/usr/bin/env python3
"""The program refcloud against clients that are slow, greedy or broken; and what a resumed session may do.

    hostile_adapter_test.py PATH/TO/refcloud
"""
import http.client
import json
import os
import socket
import ssl
import threading
import time
import unittest

from program import HOST, Program, main


class HostileTest(unittest.TestCase, Program):
    @classmethod
    def setUpClass(cls):
        cls.start("--plain", "127.0.0.1:0", "--max-per-source", "60")

    @classmethod
    def tearDownClass(cls):
        cls.stop()

    def link(self):
        plain = socket.create_connection(("127.0.0.1", self.port), 20)
        self.addCleanup(plain.close)
        link = self.context(client=False).wrap_socket(plain, server_hostname=HOST)
        self.addCleanup(link.close)
        return link

    @staticmethod
    def until_closed(link, drip, every=0.5, patience=25):
        """Sends a byte now and then; how long the server bears it, and what it said."""
        begun, said = time.monotonic(), b""
        link.settimeout(every)
        while time.monotonic() - begun < patience:
            try:
                link.sendall(drip)
                more = link.recv(4096)
                said += more
                if not more:
                    break
            except socket.timeout:
                continue
            except (OSError, ssl.SSLError):
                break
        return time.monotonic() - begun, said

    def test_slow_clients_are_cut_off_and_others_do_not_notice(self):
        slow = {
            "no TLS at all": (socket.create_connection(("127.0.0.1", self.port), 20), b"\x16", b""),
            "header by the byte": (self.link(), b"x", b"GET /login HTTP/1.1\r\nHost: x\r\nX-Slow: "),
            "body by the byte": (self.link(), b"x", b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n"),
            "chunks by the byte": (self.link(), b"1\r\nx\r\n",
                                   b"POST /login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"),
            "request line by the byte": (self.link(), b"G", b""),
        }
        taken = {}

        def play(name, link, drip, first):
            if first:
                link.sendall(first)
            taken[name] = self.until_closed(link, drip)
        threads = [threading.Thread(target=play, args=(name,) + parts) for name, parts in slow.items()]
        for thread in threads:
            thread.start()
        worst = 0
        while any(thread.is_alive() for thread in threads):
            begun = time.monotonic()
            self.assertEqual(self.call("GET", "/login", client=False)[0].status, 200)
            worst = max(worst, time.monotonic() - begun)
            time.sleep(0.3)
        for thread in threads:
            thread.join()
        slow["no TLS at all"][0].close()
        for name, (seconds, said) in taken.items():
            self.assertLess(seconds, 14, name)
            self.assertNotIn(b" 200 ", said, name)
        self.assertLess(worst, 2)

    def test_one_source_cannot_take_all_places(self):
        held = [socket.create_connection(("127.0.0.1", self.port), 20) for _ in range(70)]
        time.sleep(0.5)
        refused = 0
        for sock in held:
            sock.setblocking(False)
            try:
                refused += sock.recv(1) == b""
            except BlockingIOError:
                pass
            except ConnectionResetError:
                refused += 1
        self.assertGreaterEqual(refused, 10)
        self.assertLess(refused, 40)
        # Another source has its own places.
        port = int(self.ready["listen"][1].rsplit(":", 1)[1])
        other = http.client.HTTPSConnection("::1", port, context=self.context(client=False), timeout=10)
        other.request("GET", "/login")
        self.assertEqual(other.getresponse().status, 200)
        other.close()
        for sock in held:
            sock.close()
        time.sleep(0.3)
        self.assertEqual(self.call("GET", "/login", client=False)[0].status, 200)

    def test_garbage_in_many_forms_is_refused_or_dropped_and_nothing_breaks(self):
        for garbage in (b"\0" * 100, b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"G\x80T / HTTP/1.1\r\n\r\n",
                        b"GET / HTTP/1.1\r\nHost : x\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\n folded: y\r\nConnection: close\r\n\r\n",
                        b"GET /\x01 HTTP/1.1\r\nHost: x\r\n\r\n", b"GET / HTTP/1.1\nHost: x\nConnection: close\n\n",
                        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
                        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
                        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff1\r\n",
                        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\nContent-Length: 3\r\n\r\nabc",
                        b"GET / HTTP/1.1\r\n" + b"".join(b"X%d: y\r\n" % i for i in range(3000)) + b"\r\n",
                        b"GET /" + b"a" * 20000 + b" HTTP/1.1\r\nHost: x\r\n\r\n"):
            answer = self.raw(garbage)
            self.assertRegex(answer, rb"^(HTTP/1\.1 (4\d\d|303) |$)", garbage[:60])
        answer = self.raw(b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                          b"Transfer-Encoding: chunked\r\n\r\n" + (b"ffff\r\n" + b"a" * 0xffff + b"\r\n") * 3 + b"0\r\n\r\n")
        self.assertIn(b" 413 ", answer)
        self.assertIsNone(self.server.poll())

    def test_plain_listener_says_204_and_nothing_else(self):
        port = int(self.ready["plain"].rsplit(":", 1)[1])

        def ask(method, path):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            connection.request(method, path)
            answer = connection.getresponse()
            body = answer.read()
            connection.close()
            return answer.status, body
        self.assertEqual(ask("GET", "/generate_204"), (204, b""))
        for method, path in (("GET", "/"), ("GET", "/login"), ("GET", "/v1/device"), ("POST", "/generate_204"),
                             ("GET", "/generate_204?x=1"), ("GET", "/.well-known/est/cacerts")):
            self.assertEqual(ask(method, path), (404, b""), path)

    def test_a_resumed_session_gets_no_further_than_its_certificate(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            self.enroll()
            context = self.context()
            context.minimum_version = context.maximum_version = version
            session, answers = None, []
            for attempt in range(3):
                with socket.create_connection(("127.0.0.1", self.port), 10) as plain:
                    with context.wrap_socket(plain, server_hostname=HOST, session=session) as link:
                        link.sendall(b"GET /v1/whoami HTTP/1.1\r\nHost: x\r\n\r\n")
                        answers.append(link.recv(4096))
                        self.assertEqual(link.session_reused, attempt > 0)
                        session = link.session
                if attempt == 1:
                    self.operator("POST", "/revoke", {"device_id": self.device_id})
            self.assertIn(b" 200 ", answers[0])
            self.assertIn(b" 200 ", answers[1])
            self.assertIn(b" 401 ", answers[2])
            self.assertIn(b"certificate-revoked", answers[2])

    def test_heartbeat_wish_rides_in_the_watch(self):
        self.enroll()
        self.operator("POST", "/heartbeat", {"device_id": self.device_id, "seconds": 900})
        answer, text = self.call("GET", "/v1/watch?hold=0&seen=127.0.0.1")
        self.assertEqual(json.loads(text)["heartbeat_seconds"], 900)

    def test_dyndns2_as_ddclient_and_inadyn_write_it(self):
        self.enroll()
        self.assertEqual(self.json_call("PUT", "/v1/name", {"name": "nas1"})[0], 200)
        token = self.update_token()
        basic = self.basic("nas1", token)
        ddclient = (b"GET /nic/update?system=dyndns&hostname=nas1.mynas.test&myip=5.6.7.8 HTTP/1.1\r\nHost: x\r\n"
                    b"Authorization: Basic " + basic + b"\r\nUser-Agent: ddclient/3.10.0\r\nConnection: close\r\n\r\n")
        head, body = self.raw(ddclient).split(b"\r\n\r\n", 1)
        self.assertTrue(head.startswith(b"HTTP/1.1 200 "), head)
        self.assertEqual(body, b"good 5.6.7.8\n")
        inadyn = (b"GET /nic/update?hostname=nas1.mynas.test&myip=5.6.7.8 HTTP/1.0\r\nHost: x\r\n"
                  b"Authorization: Basic " + basic + b"\r\nUser-Agent: inadyn/2.10.0 (x)\r\n\r\n")
        self.assertTrue(self.raw(inadyn).endswith(b"\r\n\r\nnochg 5.6.7.8\n"))


if __name__ == "__main__":
    main()
