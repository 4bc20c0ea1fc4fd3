"""A running refcloud with one account and one registered NAS, for the tests of the program."""
import base64
import contextlib
import http.client
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse

REFCLOUD = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else "refcloud"
HOST = "cloud.vendor.test"


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("operator")
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


def run(*command, data=None):
    return subprocess.run(command, input=data, capture_output=True, check=True).stdout


class Program:
    """Mixed into a TestCase; start() and stop() belong into setUpClass and tearDownClass."""

    @classmethod
    def start(cls, *more):
        cls.folder = tempfile.TemporaryDirectory()
        path = cls.folder.name
        cls.state = path + "/state"
        run(REFCLOUD, "account", "--dir", cls.state, "add", "alice", data=b"password\n")
        cls.operator_socket = path + "/operator"
        cls.server = subprocess.Popen(
            [REFCLOUD, "serve", "--dir", cls.state, "--listen", "127.0.0.1:0", "--listen", "[::1]:0",
             "--operator", cls.operator_socket, "--ready", path + "/ready"] + list(more), stderr=subprocess.PIPE)
        for _ in range(200):
            if os.path.exists(path + "/ready"):
                break
            time.sleep(0.05)
        with open(path + "/ready") as ready:
            cls.ready = json.load(ready)
        cls.port = int(cls.ready["listen"][0].rsplit(":", 1)[1])
        cls.key, cls.certificate = path + "/device.key", path + "/device.pem"
        cls.device_id = cls.enroll()

    @classmethod
    def stop(cls):
        cls.server.send_signal(signal.SIGTERM)
        assert cls.server.wait(5) == 0, "refcloud must end cleanly on SIGTERM"
        cls.server.stderr.close()
        assert not os.path.exists(cls.operator_socket)
        cls.folder.cleanup()

    @classmethod
    def context(cls, client=True):
        context = ssl.create_default_context(cafile=cls.ready["ca"])
        if client:
            context.load_cert_chain(cls.certificate, cls.key)
        return context

    @classmethod
    def connect(cls, client=True, context=None):
        return http.client.HTTPSConnection("127.0.0.1", cls.port, context=context or cls.context(client), timeout=10)

    @classmethod
    def call(cls, method, path, body=None, headers=None, connection=None, client=True):
        """Closes the connection unless the caller keeps it."""
        used = connection or cls.connect(client)
        used.request(method, path, body, headers or {})
        answer = used.getresponse()
        text = answer.read()
        if connection is None:
            used.close()
        return answer, text

    @classmethod
    def json_call(cls, method, path, body=None):
        headers = {"Content-Type": "application/json"} if body is not None else {}
        answer, text = cls.call(method, path, json.dumps(body) if body is not None else None, headers)
        return answer.status, json.loads(text) if text else None

    @classmethod
    def operator(cls, method, path, body=None):
        with contextlib.closing(UnixConnection(cls.operator_socket)) as connection:
            answer, text = cls.call(method, path, json.dumps(body or {}), connection=connection)
        assert answer.status == 200, text
        return json.loads(text)

    @classmethod
    def form(cls, path, **fields):
        answer, text = cls.call("POST", path, urllib.parse.urlencode(fields),
                                {"Content-Type": "application/x-www-form-urlencoded"}, client=False)
        return json.loads(text)

    @classmethod
    def enroll(cls):
        codes = cls.form("/device/auth", client_id="qcloud-nas", scope="nas", device_model="TS-453")
        cls.operator("POST", "/approve", {"user_code": codes["user_code"], "account": "alice"})
        token = cls.form("/token", client_id="qcloud-nas", device_code=codes["device_code"],
                         grant_type="urn:ietf:params:oauth:grant-type:device_code")["access_token"]
        run("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", cls.key)
        cls.csr = base64.b64encode(run("openssl", "req", "-new", "-key", cls.key, "-subj", "/CN=x", "-outform", "DER"))
        login = base64.b64encode(b"device:" + token.encode()).decode()
        answer, text = cls.call("POST", "/.well-known/est/simpleenroll", cls.csr,
                                {"Content-Type": "application/pkcs10", "Authorization": "Basic " + login}, client=False)
        assert answer.status == 200, text
        cls.store(text)
        cls.device_id = cls.json_call("GET", "/v1/device")[1]["device_id"]
        return cls.device_id

    @classmethod
    def store(cls, bundle):
        with open(cls.certificate, "wb") as out:
            out.write(run("openssl", "pkcs7", "-inform", "DER", "-print_certs", data=base64.b64decode(bundle)))

    def kept(self, **how):
        """A connection for several requests; the test closes it."""
        connection = self.connect(**how)
        self.addCleanup(connection.close)
        return connection

    def raw(self, data, client=False):
        """Sends bytes as they are; returns everything up to the end of the connection."""
        with socket.create_connection(("127.0.0.1", self.port), 10) as plain:
            with self.context(client).wrap_socket(plain, server_hostname=HOST) as link:
                link.sendall(data)
                answer = b""
                while True:
                    more = link.recv(65536)
                    if not more:
                        return answer
                    answer += more

    def first_pem(self):
        with open(self.certificate) as pem:
            text = pem.read()
        return text[text.index("-----BEGIN"):text.index("-----END CERTIFICATE-----") + len("-----END CERTIFICATE-----\n")]

    @staticmethod
    def basic(user, password):
        return base64.b64encode(("%s:%s" % (user, password)).encode())

    @classmethod
    def update_token(cls):
        """As the owner makes it: sign in, open the NAS's page, press the button."""
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        answer, _ = cls.call("POST", "/login", "login=alice&password=password", form, client=False)
        form["Cookie"] = answer.headers["Set-Cookie"].split(";")[0]
        _, page = cls.call("GET", "/account/device?device_id=" + cls.device_id, headers=form, client=False)
        csrf = re.search(rb'name="csrf" value="([^"]+)"', page).group(1).decode()
        _, page = cls.call("POST", "/account/token", urllib.parse.urlencode(
            {"csrf": csrf, "device_id": cls.device_id, "action": "make"}), form, client=False)
        return re.search(rb'id="token">([^<]+)<', page).group(1).decode()


def main():
    unittest.main()
