"""The reference cloud as a process, with its account, its operator's socket and its database."""
import http.client
import json
import os
import socket
import sqlite3
import subprocess

from .browser import Browser
from .proc import REFCLOUD, LabError, Proc, wait_for

HOST = "cloud.vendor.test"
ZONE = "mynas.test"
ACCOUNT, PASSWORD = "owner@example.com", "correct horse battery"


class Cloud:
    def __init__(self, folder, ns, pdns, addresses, port=443, host_name=HOST, extra=()):
        self.folder, self.ns, self.port = folder, ns, port
        os.makedirs(folder, exist_ok=True)
        self.operator_socket = os.path.join(folder, "operator.sock")
        self.keylog = os.path.join(folder, "tls.keys")
        self.ca = os.path.join(folder, "vendor-ca.pem")
        self.receipt_key = os.path.join(folder, "vendor-receipts.pem")
        self.database = os.path.join(folder, "state.db")
        self.addresses = addresses
        self.origin = "https://" + host_name + ("" if port == 443 else ":%d" % port)
        key_file = os.path.join(folder, "pdns.key")
        with open(key_file, "w") as key:
            key.write(pdns.api_key())
        os.chmod(key_file, 0o600)
        self.ready = os.path.join(folder, "ready.json")
        self.argv = [REFCLOUD, "serve", "--dir", folder, "--host", host_name, "--zone", ZONE,
                     "--pdns-url", "http://127.0.0.1:%d" % pdns.api_port, "--pdns-key-file", key_file,
                     "--operator", self.operator_socket, "--keylog", self.keylog,
                     "--ready", self.ready] + list(extra)
        for address in addresses:
            self.argv += ["--listen", ("[%s]:%d" if ":" in address else "%s:%d") % (address, port)]
        self.proc = None
        self.start()
        self.account(ACCOUNT, PASSWORD)

    def start(self):
        for stale in (self.ready, self.operator_socket):
            if os.path.exists(stale):
                os.unlink(stale)
        self.proc = Proc("refcloud", self.argv, os.path.join(self.folder, "refcloud.log"), ns=self.ns)

        def listening():
            if not self.proc.alive():
                raise LabError("refcloud ended:\n" + self.proc.tail())
            return os.path.exists(self.ready) and os.path.getsize(self.ready)
        wait_for("refcloud listening", 20, listening)

    def stop(self):
        self.proc.stop()

    def account(self, login, password):
        done = subprocess.run([REFCLOUD, "account", "--dir", self.folder, "add", login],
                              input=password + "\n", capture_output=True, text=True, timeout=30)
        if done.returncode != 0:
            raise LabError("refcloud account add: " + done.stderr.strip())

    def browser(self, ns=None):
        return Browser(ns or self.ns, self.origin, (self.addresses[0], self.port), self.ca)

    def operator(self, method, path, body=None):
        link = socket.socket(socket.AF_UNIX)
        link.settimeout(20)
        link.connect(self.operator_socket)
        connection = http.client.HTTPConnection("operator")
        connection.sock = link
        try:
            text = None if body is None else json.dumps(body)
            connection.request(method, path, text, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            raw = answer.read()
            if answer.status >= 400:
                raise LabError("operator %s %s: %d %s" % (method, path, answer.status, raw))
            return json.loads(raw) if raw else None
        finally:
            connection.close()

    def stats(self):
        return self.operator("GET", "/stats")

    def rows_naming(self, *needles):
        """Every row of every table with one of the needles in any column, as (table, {column: value}).
        Blobs are searched as bytes. What is not named in words is not found; that is the limit."""
        database = sqlite3.connect("file:%s?mode=ro" % self.database, uri=True, timeout=10)
        database.row_factory = sqlite3.Row
        found = []
        try:
            tables = [r[0] for r in database.execute(
                "SELECT name FROM sqlite_master WHERE type='table'")]
            for table in tables:
                for row in database.execute('SELECT * FROM "%s"' % table):
                    values = dict(row)
                    haystack = b"\0".join(v if isinstance(v, bytes) else str(v).encode()
                                          for v in values.values())
                    if any(n.encode() in haystack for n in needles if n):
                        found.append((table, values))
        finally:
            database.close()
        return found
