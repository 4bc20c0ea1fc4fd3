"""PowerDNS, never installed: its Debian packages are downloaded and unpacked below build/.

One server answers three parts: the public zone of the NAS names (filled by the reference cloud
through the HTTP API), the vendor's zone with the cloud's own address, and so the resolver of every
box in the laboratory.
"""
import glob
import http.client
import json
import os
import pwd
import secrets
import socket
import sqlite3
import subprocess

from .debian import unpacked
from .proc import BUILD, LabError, Proc, wait_for

TREE = os.path.join(BUILD, "pdns")
API_KEY = secrets.token_hex(16)


def unpack():
    return unpacked("pdns", ["pdns-server", "pdns-backend-sqlite3"])


class PowerDns:
    """A running server. `addresses` are where DNS is answered; port 53 is free inside a namespace."""

    def __init__(self, folder, ns, addresses=("127.0.0.1",), port=53):
        tree = unpack()
        self.ns, self.port, self.addresses = ns, port, addresses
        self.folder = folder
        os.makedirs(folder, exist_ok=True)
        self.api_port = self._free_port()
        self._database(tree)
        self._config(tree)
        self.user = self._unprivileged(tree)
        if self.user:
            owner = pwd.getpwnam(self.user)
            for path in [folder] + glob.glob(os.path.join(folder, "*")):
                os.chown(path, owner.pw_uid, owner.pw_gid)
        self.start(tree)

    def start(self, tree=TREE):
        triple = os.path.basename(glob.glob(os.path.join(tree, "usr/lib/*-linux-gnu*"))[0])
        libraries = ":".join(os.path.join(tree, part, triple) for part in ("usr/lib", "lib"))
        self.proc = Proc("pdns", [os.path.join(tree, "usr/sbin/pdns_server"),
                                  "--config-dir=" + self.folder, "--daemon=no", "--guardian=no",
                                  "--write-pid=no"],
                         os.path.join(self.folder, "pdns.log"), ns=self.ns, user=self.user,
                         env={"LD_LIBRARY_PATH": libraries})
        wait_for("PowerDNS API", 15, self._answers)

    def stop(self):
        self.proc.stop()

    @staticmethod
    def api_key():
        return API_KEY

    def _free_port(self):
        with self.ns.entered(), socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return probe.getsockname()[1]

    def _database(self, tree):
        path = os.path.join(self.folder, "pdns.db")
        if os.path.exists(path):
            return
        schema = glob.glob(os.path.join(tree, "usr/share/**/schema.sqlite3.sql"), recursive=True)
        with open(schema[0]) as text:
            database = sqlite3.connect(path)
            database.executescript(text.read())
            database.close()

    def _config(self, tree):
        modules = glob.glob(os.path.join(tree, "usr/lib/*/pdns"))[0]
        lines = {
            "launch": "gsqlite3", "module-dir": modules,
            "gsqlite3-database": os.path.join(self.folder, "pdns.db"), "gsqlite3-pragma-synchronous": "0",
            "local-address": ",".join(self.addresses), "local-port": self.port,
            "socket-dir": self.folder, "webserver": "yes", "webserver-address": "127.0.0.1",
            "webserver-port": self.api_port, "api": "yes", "api-key": API_KEY,
            # Otherwise it asks its makers about security notices.
            "security-poll-suffix": "",
            "default-api-rectify": "no", "cache-ttl": 0, "query-cache-ttl": 0, "negquery-cache-ttl": 0,
            "zone-cache-refresh-interval": 0, "disable-syslog": "yes",
            "default-soa-content": "ns1.@ hostmaster.@ 0 10800 3600 604800 60"}
        with open(os.path.join(self.folder, "pdns.conf"), "w") as conf:
            conf.writelines("%s=%s\n" % pair for pair in lines.items())

    def _unprivileged(self, tree):
        """`nobody` when that user can reach the files; a checkout in a private folder it cannot."""
        if os.geteuid() != 0:
            return None
        probe = subprocess.run(["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups",
                                "test", "-x", os.path.join(tree, "usr/sbin/pdns_server"), "-a",
                                "-x", self.folder])
        return "nobody" if probe.returncode == 0 else None

    def _answers(self):
        if not self.proc.alive():
            raise LabError("PowerDNS ended:\n" + self.proc.tail())
        try:
            return self.api("GET", "")[0] == 200
        except OSError:
            return False

    def api(self, method, path, body=None):
        with self.ns.entered():
            link = socket.create_connection(("127.0.0.1", self.api_port), 5)
        connection = http.client.HTTPConnection("127.0.0.1", self.api_port)
        connection.sock = link
        try:
            connection.request(method, "/api/v1/servers/localhost" + path,
                               None if body is None else json.dumps(body), {"X-API-Key": API_KEY})
            answer = connection.getresponse()
            text = answer.read()
            return answer.status, json.loads(text) if text[:1] in (b"{", b"[") else text
        finally:
            connection.close()

    def zone(self, name, records=()):
        """Makes a zone; records are (name, type, [contents])."""
        rrsets = [{"name": n, "type": t, "ttl": 60,
                   "records": [{"content": c, "disabled": False} for c in contents]}
                  for n, t, contents in records]
        status, answer = self.api("POST", "/zones", {"name": name, "kind": "Native", "rrsets": rrsets,
                                                     "nameservers": ["ns1." + name]})
        if status not in (201, 409):
            raise LabError("zone %s: %s %s" % (name, status, answer))
