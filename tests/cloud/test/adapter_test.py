#!/usr/bin/env python3
"""The program refcloud over real sockets: TLS, limits, hanging watches, the trusted front, PowerDNS's API.

    adapter_test.py PATH/TO/refcloud

What the handlers answer is tested in C++; here it is how the answers travel. Needs the openssl program.
"""
import base64
import contextlib
import http.client
import http.server
import json
import os
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest

from program import HOST, REFCLOUD, Program, UnixConnection, main, run


class FakePowerDns(http.server.BaseHTTPRequestHandler):
    """The four calls that refcloud makes; keeps them, and fails on demand."""
    calls, zone_exists, failing = [], False, False

    def answer(self):
        cls = FakePowerDns
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        cls.calls.append((self.command, self.path, json.loads(body) if body else None, self.headers["X-API-Key"]))
        status = {"GET": 200 if cls.zone_exists else 404, "POST": 201, "PUT": 204, "PATCH": 204}[self.command]
        if cls.failing:
            status = 500
        cls.zone_exists = cls.zone_exists or self.command == "POST"
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_POST = do_PUT = do_PATCH = answer

    def log_message(self, *_):
        pass


class AdapterTest(unittest.TestCase, Program):
    @classmethod
    def setUpClass(cls):
        cls.dns = http.server.ThreadingHTTPServer(("127.0.0.1", 0), FakePowerDns)
        threading.Thread(target=cls.dns.serve_forever, daemon=True).start()
        cls.keys = tempfile.TemporaryDirectory()
        key = os.path.join(cls.keys.name, "api-key")
        with open(key, "w") as out:
            out.write("secret\n")
        cls.keylog = os.path.join(cls.keys.name, "keylog")
        cls.relays = os.path.join(cls.keys.name, "relays")
        cls.start("--front", "127.0.0.1:0", "--keylog", cls.keylog, "--relays", cls.relays,
                  "--pdns-url", "http://127.0.0.1:%d" % cls.dns.server_port, "--pdns-key-file", key)

    @classmethod
    def tearDownClass(cls):
        cls.stop()
        cls.dns.shutdown()
        cls.dns.server_close()
        cls.keys.cleanup()

    def test_a_relay_may_name_all_of_its_boxes(self):
        def news(boxes):
            attached = {"%08d-0000-4000-8000-000000000000" % i: 2000000000 + i for i in range(boxes)}
            with contextlib.closing(UnixConnection(self.relays)) as connection:
                return self.call("POST", "/relay/news", json.dumps({"relay": "relay-a", "attached": attached, "hold": 0}),
                                 {"Content-Type": "application/json"}, connection)
        answer, text = news(10000)
        self.assertEqual((answer.status, len(json.loads(text)["gone"])), (200, 10000))
        with self.assertRaises(ConnectionError):  # refused by its length, before all of it is sent
            news(30000)

    def test_answers_carry_date_and_length_and_keep_the_connection(self):
        connection = self.kept()
        for _ in range(3):
            answer, text = self.call("GET", "/v1/whoami", connection=connection)
            self.assertEqual((answer.status, json.loads(text)), (200, {"address": "127.0.0.1"}))
            self.assertIsNotNone(answer.headers["Date"])
            self.assertEqual(int(answer.headers["Content-Length"]), len(text))
            self.assertFalse(answer.will_close)
        answer, _ = self.call("GET", "/v1/whoami", headers={"Connection": "close"}, connection=connection)
        self.assertTrue(answer.will_close)

    def test_ipv6_listener_and_names_of_the_certificate(self):
        port = int(self.ready["listen"][1].rsplit(":", 1)[1])
        with contextlib.closing(http.client.HTTPSConnection("::1", port, context=self.context(), timeout=10)) as connection:
            _, text = self.call("GET", "/v1/whoami", connection=connection)
        self.assertEqual(json.loads(text), {"address": "::1"})

    def test_tls_versions_and_resumption(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = self.context()
            context.minimum_version = context.maximum_version = version
            session = None
            for attempt in range(2):
                with socket.create_connection(("127.0.0.1", self.port), 10) as plain:
                    with context.wrap_socket(plain, server_hostname=HOST, session=session) as link:
                        link.sendall(b"GET /v1/whoami HTTP/1.1\r\nHost: x\r\n\r\n")
                        self.assertIn(b"200 OK", link.recv(4096))
                        self.assertEqual(link.session_reused, attempt == 1)
                        session = link.session

    def test_a_certificate_of_another_authority_does_not_pass_the_handshake(self):
        with tempfile.TemporaryDirectory() as folder:
            key, certificate = folder + "/key", folder + "/certificate"
            run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key,
                "-out", certificate, "-subj", "/CN=x")
            context = self.context(client=False)
            context.load_cert_chain(certificate, key)
            with self.assertRaises((ssl.SSLError, ConnectionError)):
                self.call("GET", "/v1/whoami", connection=self.kept(context=context))

    def test_headers_of_the_front_mean_nothing_elsewhere(self):
        der = base64.b64encode(ssl.PEM_cert_to_DER_cert(self.first_pem())).decode()
        headers = {"Client-Cert": ":" + der + ":", "Forwarded": 'for=1.2.3.4, for="[2a00:1450::1]:4711"'}
        self.assertEqual(self.call("GET", "/v1/whoami", headers=headers, client=False)[0].status, 401)
        port = int(self.ready["front"].rsplit(":", 1)[1])

        def front(extra):
            with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
                return self.call("GET", "/v1/whoami", headers=extra, connection=connection)
        answer, text = front(headers)
        self.assertEqual(json.loads(text), {"address": "2a00:1450::1"})
        answer, text = front({"Client-Cert": ":" + der + ":", "X-Forwarded-For": "9.9.9.9, 5.6.7.8"})
        self.assertEqual(json.loads(text), {"address": "5.6.7.8"})
        for bad in ({"Client-Cert": der}, {"Client-Cert": ":%:"}, {"Forwarded": "for=unknown"}, {"X-Forwarded-For": "home"}):
            self.assertEqual(front(bad)[0].status, 400, bad)

    def test_broken_and_oversized_requests(self):
        self.assertIn(b" 400 ", self.raw(b"NONSENSE\r\n\r\n"))
        self.assertIn(b" 431 ", self.raw(b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 20000 + b"\r\n\r\n"))
        self.assertIn(b" 413 ", self.raw(b"PUT /v1/ddns HTTP/1.1\r\nHost: x\r\nContent-Length: 70000\r\n\r\n"))
        self.assertIn(b" 400 ", self.raw(b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx"))
        both = b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        self.assertIn(b" 400 ", self.raw(both))
        self.assertIn(b"Connection: close", self.raw(b"GET / HTTP/1.0\r\n\r\n"))

    def test_expect_continue_and_pipelining(self):
        answer = self.raw(b"PUT /v1/name HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n{}"
                          b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        self.assertTrue(answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 401 "))
        self.assertIn(b"HTTP/1.1 303 ", answer)

    def test_watch_hangs_and_wakes(self):
        cursor = self.json_call("GET", "/v1/watch")[1]["cursor"]
        path = "/v1/watch?seen=127.0.0.1&hold=30&cursor=%d" % cursor
        connections = [self.kept() for _ in range(3)]
        for connection in connections:
            connection.request("GET", path)
        time.sleep(0.2)
        self.operator("GET", "/stats")  # wakes all hangs, answers none
        begun = time.monotonic()
        self.operator("POST", "/notice", {"device_id": self.device_id, "text": "hello"})
        for connection in connections:
            answer = connection.getresponse()
            self.assertEqual(json.loads(answer.read())["events"][0]["text"], "hello")
        self.assertLess(time.monotonic() - begun, 2)
        # The connection is still good after the read that waited beside the hang.
        for connection in connections:
            self.assertEqual(self.call("GET", "/v1/whoami", connection=connection)[0].status, 200)

    def test_watch_ends_by_itself_and_with_its_client(self):
        cursor = self.json_call("GET", "/v1/watch")[1]["cursor"]
        begun = time.monotonic()
        status, body = self.json_call("GET", "/v1/watch?seen=127.0.0.1&hold=1&cursor=%d" % cursor)
        self.assertEqual((status, body["events"]), (200, []))
        self.assertGreater(time.monotonic() - begun, 0.5)
        gone = self.kept()
        gone.request("GET", "/v1/watch?seen=127.0.0.1&cursor=%d" % cursor)
        time.sleep(0.1)
        gone.sock.close()
        self.assertEqual(self.json_call("GET", "/v1/device")[0], 200)

    def test_expired_certificate_reaches_simplereenroll(self):
        self.operator("POST", "/clock", {"advance_seconds": 200 * 86400})
        self.assertEqual(self.json_call("GET", "/v1/device")[1]["type"], "urn:qcloud:problem:certificate-expired")
        answer, text = self.call("POST", "/.well-known/est/simplereenroll", self.csr, {"Content-Type": "application/pkcs10"})
        self.assertEqual(answer.status, 200)
        self.store(text)
        self.assertEqual(self.json_call("GET", "/v1/device")[0], 200)

    def test_powerdns_is_told_in_one_patch(self):
        self.assertEqual([call[0] for call in FakePowerDns.calls[:3]], ["GET", "POST", "PUT"])
        self.assertEqual(FakePowerDns.calls[1][2]["name"], "mynas.test.")
        self.assertEqual(FakePowerDns.calls[2][1:3], ("/api/v1/servers/localhost/zones/mynas.test.", {"api_rectify": False}))
        self.assertEqual(self.json_call("PUT", "/v1/name", {"name": "nas1"})[0], 200)
        report = {"ipv4": "5.6.7.8", "ipv6": None}
        FakePowerDns.failing = True
        status, problem = self.json_call("PUT", "/v1/ddns", report)
        self.assertEqual((status, problem["type"], problem["retryable"]), (503, "urn:qcloud:problem:dns-unavailable", True))
        FakePowerDns.failing = False
        self.assertEqual(self.json_call("PUT", "/v1/ddns", report)[1]["published"], {"a": ["5.6.7.8"], "aaaa": []})
        method, path, body, key = FakePowerDns.calls[-1]
        self.assertEqual((method, path, key), ("PATCH", "/api/v1/servers/localhost/zones/mynas.test.", "secret"))
        self.assertEqual(body, {"rrsets": [
            {"name": "nas1.mynas.test.", "type": "A", "changetype": "REPLACE", "ttl": 60, "records": [{"content": "5.6.7.8", "disabled": False}]},
            {"name": "nas1.mynas.test.", "type": "AAAA", "changetype": "DELETE"}]})

    def test_files_and_their_modes(self):
        self.assertEqual(os.stat(self.operator_socket).st_mode & 0o777, 0o600)
        for name in ("ca.key", "receipts.key", "server.key"):
            self.assertEqual(os.stat(os.path.join(self.state, name)).st_mode & 0o777, 0o600, name)
        self.assertEqual(os.stat(self.state).st_mode & 0o777, 0o700)
        with open(self.ready["receipt_key"]) as pem:
            self.assertTrue(pem.read().startswith("-----BEGIN PUBLIC KEY-----"))
        with open(self.keylog) as keylog:
            self.assertIn("CLIENT_TRAFFIC_SECRET_0", keylog.read())
        self.assertEqual(self.ready["pid"], self.server.pid)

    def test_a_second_account_of_the_same_name_is_refused(self):
        again = subprocess.run([REFCLOUD, "account", "--dir", self.state, "add", "alice"], input=b"x\n", capture_output=True)
        self.assertEqual(again.returncode, 1)


if __name__ == "__main__":
    main()
