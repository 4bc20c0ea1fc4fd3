"""qcloudd as a process below a root folder of its own, its CLI, and its local API."""
import http.client
import json
import os
import signal
import socket

from .proc import QCLOUD, QCLOUDD, SLOW, LabError, Proc, bound, run, wait_for


class Refused(Exception):
    """A problem+json answer of the local API."""

    def __init__(self, status, problem):
        super().__init__("%d %s" % (status, json.dumps(problem)))
        self.status, self.problem = status, problem


class Agent:
    """mounts: shell commands that prepare the view of the file system before the program starts."""
    platform = "linux"

    def __init__(self, folder, ns, resolver, cloud, binary=QCLOUDD, url=None, name="nas"):
        self.root = os.path.join(folder, name)
        self.ns, self.binary, self.env, self.mounts, self.arguments = ns, binary, {}, "", []
        self.log = os.path.join(folder, "qcloudd.log" if name == "nas" else name + ".log")
        self._places()
        if len(self.socket.encode()) > 107:
            raise LabError("the path of this checkout is too long for a Unix socket: " + self.socket)
        for path in (self.config, self.socket, self.state):
            os.makedirs(os.path.dirname(path), exist_ok=True)
        self.resolv = os.path.join(self.root, "resolv.conf")
        self.resolver(resolver)
        self.basics = ('[cloud]\nurl = "%s"\ntrust = "%s"\nreceipt_key = "%s"\n\n[log]\nlevel = "debug"\n'
                       % (url or cloud.origin, cloud.ca, cloud.receipt_key))
        self.configure()
        self.proc = None

    def _places(self):
        self.config = os.path.join(self.root, "etc", "qcloud", "qcloud.toml")
        self.socket = os.path.join(self.root, "run", "qcloud", "control.sock")
        self.state = os.path.join(self.root, "var", "lib", "qcloud", "state.db")

    def configure(self, more="", text=None):
        """Writes the configuration file: what this laboratory needs and `more`, or just `text`."""
        with open(self.config, "w") as config:
            config.write(self.basics + more if text is None else text)

    def hardware(self, serial):
        """Which box this state lies in: the kernel's tables of hardware, as this process sees them."""
        tables = os.path.join(self.root, "sys-class")
        os.makedirs(os.path.join(tables, "dmi", "id"), exist_ok=True)
        os.makedirs(os.path.join(tables, "net"), exist_ok=True)
        with open(os.path.join(tables, "dmi", "id", "product_serial"), "w") as out:
            out.write(serial + "\n")
        self.mounts = "mount --bind '%s' /sys/class" % tables

    def resolver(self, address):
        """Whom the box asks for names; in place, because the file is mounted into its view."""
        with open(self.resolv, "w") as text:
            text.write("nameserver %s\noptions timeout:1 attempts:2\n" % address)

    def start(self, wait=True):
        self.proc = Proc("qcloudd", self._argv(), self.log, ns=self.ns, resolv=self.resolv, env=self.env,
                         mounts=self.mounts)
        if wait:
            self.wait_ready()
        return self

    def _argv(self):
        return [self.binary, "--root", self.root, "--platform", self.platform, "--foreground"] + self.arguments

    def refuses(self, code, *words, seconds=10):
        """Starts it, and expects it to end by itself with this exit code, saying the words."""
        done = run(self._argv(), ns=self.ns, resolv=self.resolv, env=self.env, mounts=self.mounts, check=False,
                   timeout=bound(seconds))
        said = done.stdout + done.stderr
        assert done.returncode == code, "exit %d instead of %d:\n%s" % (done.returncode, code, said)
        for word in words:
            assert word in said, "'%s' is not said:\n%s" % (word, said)
        assert "fix:" in said, "no fix is said:\n" + said
        return said

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

    def call(self, method, path, body=None, timeout=30 * SLOW):
        link = socket.socket(socket.AF_UNIX)
        connection = http.client.HTTPConnection("localhost")
        connection.sock = link
        try:
            link.connect(self.socket)  # it waits while the queue is full; with a timeout it would not
            link.settimeout(timeout)
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
        rows, after = [], ""
        while True:
            page = self.get("/v1/receipts?limit=500&after=" + after)["receipts"]
            rows += page
            if len(page) < 500:
                return rows
            after = page[-1]["id"]

    def orders_pending(self):
        return self.status()["orders_pending"]

    # --- the CLI -------------------------------------------------------------------------------

    def cli(self, *arguments, check=True, timeout=60 * SLOW):
        """qcloud ARGUMENTS; returns its CompletedProcess."""
        done = run([QCLOUD, "--socket", self.socket] + list(arguments), check=False, timeout=timeout)
        if check and done.returncode != 0:
            raise AssertionError("qcloud %s: exit %d\n%s%s" % (" ".join(arguments), done.returncode,
                                                               done.stdout, done.stderr))
        return done

    def json(self, *arguments, check=True):
        return json.loads(self.cli("--json", *arguments, check=check).stdout)
