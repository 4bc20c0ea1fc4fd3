"""qcloudd as a process below a root folder of its own, its CLI, and its local API."""
import http.client
import json
import os
import signal
import socket

from .proc import QCLOUD, QCLOUDD, LabError, Proc, run, wait_for


class Refused(Exception):
    """A problem+json answer of the local API."""

    def __init__(self, status, problem):
        super().__init__("%d %s" % (status, json.dumps(problem)))
        self.status, self.problem = status, problem


class Agent:
    def __init__(self, folder, ns, resolver, cloud, binary=QCLOUDD, url=None):
        self.root = os.path.join(folder, "nas")
        self.ns, self.binary, self.env = ns, binary, {}
        self.log = os.path.join(folder, "qcloudd.log")
        self.socket = os.path.join(self.root, "run", "qcloud", "control.sock")
        self.state = os.path.join(self.root, "var", "lib", "qcloud", "state.db")
        if len(self.socket.encode()) > 107:
            raise LabError("the path of this checkout is too long for a Unix socket: " + self.socket)
        for part in ("etc/qcloud", "run/qcloud", "var/lib/qcloud"):
            os.makedirs(os.path.join(self.root, part), exist_ok=True)
        self.resolv = os.path.join(folder, "resolv.conf")
        self.resolver(resolver)
        with open(os.path.join(self.root, "etc", "qcloud", "qcloud.toml"), "w") as config:
            config.write('[cloud]\nurl = "%s"\ntrust = "%s"\nreceipt_key = "%s"\n\n[log]\nlevel = "debug"\n'
                         % (url or cloud.origin, cloud.ca, cloud.receipt_key))
        self.proc = None

    def resolver(self, address):
        """Whom the box asks for names; in place, because the file is mounted into its view."""
        with open(self.resolv, "w") as text:
            text.write("nameserver %s\noptions timeout:1 attempts:2\n" % address)

    def start(self, wait=True):
        self.proc = Proc("qcloudd", [self.binary, "--root", self.root, "--platform", "linux",
                                     "--foreground"], self.log, ns=self.ns, resolv=self.resolv,
                         env=self.env)
        if wait:
            self.wait_ready()
        return self

    def wait_ready(self):
        def answers():
            if not self.proc.alive():
                raise LabError("qcloudd ended (%s):\n%s" % (self.proc.popen.returncode, self.proc.tail()))
            try:
                return self.get("/v1/status")
            except (OSError, http.client.HTTPException):
                return None
        return wait_for("the agent's socket", 10, answers, every=0.01)

    def stop(self):
        return self.proc.stop()

    def crash(self):
        """SIGKILL, as the out-of-memory killer does it."""
        self.proc.kill(signal.SIGKILL)

    # --- the local API -------------------------------------------------------------------------

    def call(self, method, path, body=None, timeout=30):
        link = socket.socket(socket.AF_UNIX)
        link.settimeout(timeout)
        connection = http.client.HTTPConnection("localhost")
        connection.sock = link
        try:
            link.connect(self.socket)
            text = None if body is None else json.dumps(body)
            headers = {"Content-Type": "application/json"} if body is not None else {}
            connection.request(method, path, text, headers)
            answer = connection.getresponse()
            raw = answer.read()
        finally:
            connection.close()
        value = json.loads(raw) if raw else None
        if answer.status >= 400:
            raise Refused(answer.status, value)
        return value

    def get(self, path):
        return self.call("GET", path)

    def status(self):
        return self.get("/v1/status")

    def codes(self):
        """The condition codes that `status` shows now, of the box and of its features."""
        status = self.status()
        found = {c["code"] for c in status["health"]}
        for feature in status["features"]:
            found |= {c["code"] for c in feature["health"]}
        return found

    def ledger(self):
        rows, after = [], 0
        while True:
            page = self.get("/v1/ledger?after=%d&limit=500" % after)["rows"]
            if not page:
                return rows
            rows += page
            after = max(row["id"] for row in page)

    def receipts(self):
        return self.get("/v1/receipts")["receipts"]

    def orders_pending(self):
        return self.status()["orders_pending"]

    # --- the CLI -------------------------------------------------------------------------------

    def cli(self, *arguments, check=True, timeout=60):
        """qcloud ARGUMENTS; returns its CompletedProcess."""
        done = run([QCLOUD, "--socket", self.socket] + list(arguments), check=False, timeout=timeout)
        if check and done.returncode != 0:
            raise AssertionError("qcloud %s: exit %d\n%s%s" % (" ".join(arguments), done.returncode,
                                                               done.stdout, done.stderr))
        return done

    def json(self, *arguments):
        return json.loads(self.cli("--json", *arguments).stdout)
