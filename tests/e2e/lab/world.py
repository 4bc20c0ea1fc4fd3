"""Everything of one test together: a topology, DNS, the cloud, a box; and the main job's steps."""
import base64
import json
import os
import re
import shutil
import subprocess
import time

from .agent import Agent
from .capture import Capture
from .cloud import ACCOUNT, PASSWORD, ZONE, Cloud
from .powerdns import PowerDns
from .proc import LOGS, QCLOUD, Proc, run, stop_all, wait_for
from .topology import CLOUD_V4, CLOUD_V6, Direct


class World:
    """Use as a context manager; `folder` keeps the logs afterwards."""

    def __init__(self, name, topology=Direct, binary=None, folder=None, prepare=None):
        """prepare(topology) may open doors into it, and returns more arguments for the cloud."""
        self.folder = folder or os.path.join(LOGS, name)
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)
        self.captures = []
        try:
            self.net = topology(self.folder)
            extra = prepare(self.net) if prepare else ()
            self.pdns = PowerDns(os.path.join(self.folder, "pdns"), self.net.inet,
                                 (CLOUD_V4, CLOUD_V6, "127.0.0.1"))
            self.pdns.zone(ZONE + ".")
            self.pdns.zone("vendor.test.", [("cloud.vendor.test.", kind, addresses) for kind, addresses
                                            in topology.cloud_addresses.items()])
            self.net.more_zones(self.pdns)
            self.cloud = Cloud(os.path.join(self.folder, "cloud"), self.net.inet, self.pdns,
                               [CLOUD_V4, CLOUD_V6], extra=extra)
            self._binary = {"binary": binary} if binary else {}
            self.agent = self.box()
        except BaseException:
            stop_all()
            raise

    def box(self, name="nas"):
        """A box in the place where the box stands: another one than before, if the name is another."""
        return Agent(self.folder, self.net.nas, self.net.resolver, self.cloud, name=name, **self._binary)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is not None:
            self._testimony()
        for capture in self.captures:
            capture.stop()
        stop_all()

    def _testimony(self):
        """What the box itself says at the moment of a failure, beside the logs."""
        for path in ("status", "ledger?limit=1000", "receipts", "registration"):
            try:
                answer = self.agent.get("/v1/" + path)
            except Exception as error:  # it may be the very fault that is looked for
                answer = {"no answer": str(error)}
            with open(os.path.join(self.folder, path.split("?")[0] + ".json"), "w") as out:
                json.dump(answer, out, indent=1)

    def capture(self, name="nas"):
        capture = Capture(self.net.nas, "eth0", os.path.join(self.folder, name + ".pcap"))
        self.captures.append(capture)
        return capture

    # --- DNS -----------------------------------------------------------------------------------

    def dig(self, name, kind="A", server=CLOUD_V4, ns=None):
        """What the authoritative server answers right now, sorted."""
        done = run(["dig", "@" + server, "+short", "+norecurse", "+tries=1", "+time=2", name, kind],
                   ns=ns or self.net.inet, check=False)
        return sorted(line for line in done.stdout.split("\n") if line and not line.startswith(";"))

    def wait_dns(self, name, expected, seconds, kind="A"):
        """Waits until the answer is exactly `expected` (a list); returns the seconds it took."""
        start = time.monotonic()
        last = [None]

        def answered():
            last[0] = self.dig(name, kind)
            return last[0] == sorted(expected)
        try:
            wait_for("%s %s -> %s" % (name, kind, expected), seconds, answered, every=0.02)
        except TimeoutError as error:
            raise TimeoutError("%s; it answers %s" % (error, last[0])) from None
        return time.monotonic() - start

    # --- the main job ----------------------------------------------------------------------------

    def register(self, word="Allow", account=ACCOUNT, password=PASSWORD):
        """`qcloud register` in the terminal, the code typed into the account's page."""
        log = os.path.join(self.folder, "register.log")
        open(log, "w").close()
        command = Proc("qcloud register", [QCLOUD, "--socket", self.agent.socket, "register"], log)
        code = wait_for("a code in the output of `qcloud register`", 20, lambda: user_code(log, command))
        browser = self.cloud.browser()
        browser.login(account, password)
        page = browser.approve(code, word)
        try:
            status = command.popen.wait(timeout=40)
        except subprocess.TimeoutExpired:
            raise AssertionError("`qcloud register` does not end:\n" + command.tail()) from None
        command.stop()
        return status, page

    def registered(self, name="nas1", ddns=True, **account):
        """A box that runs, is registered and has its name in DNS."""
        if self.agent.proc is None:
            self.agent.start()
        status, _ = self.register(**account)
        assert status == 0, "qcloud register: exit %d\n%s" % (status, open(self.folder + "/register.log").read())
        self.agent.cli("ddns", "claim", name)
        if ddns:
            self.agent.cli("enable", "ddns")
            self.wait_dns(self.fqdn(name), [self.net.public], 20)
        return self

    @staticmethod
    def fqdn(name="nas1"):
        return name + "." + ZONE

    def wait_settled(self, seconds=20, known=()):
        """Until no erasure order is pending; returns the receipts but those with a known id."""
        wait_for("orders settled", seconds, lambda: self.agent.orders_pending() == 0)
        return [r for r in self.agent.receipts() if r["id"] not in known]

    def device_id(self):
        return self.agent.status()["device_id"]


def user_code(log, command):
    with open(log) as text:
        found = re.search(r"\b([BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4})\b", text.read())
    if not found and not command.alive():
        raise AssertionError("`qcloud register` ended:\n" + command.tail())
    return found and found.group(1)


def verify_with_openssl(jws, public_key, folder):
    """The receipt's signature, checked by a program that shares no code with us, offline.
    RFC 7515 section 5.2, RFC 8037: Ed25519 over BASE64URL(header) '.' BASE64URL(payload)."""

    head, body, signature = jws.split(".")
    message, mark = os.path.join(folder, "signed"), os.path.join(folder, "signature")
    with open(message, "wb") as out:
        out.write((head + "." + body).encode())
    with open(mark, "wb") as out:
        out.write(base64.urlsafe_b64decode(signature + "=="))
    done = run(["openssl", "pkeyutl", "-verify", "-pubin", "-rawin", "-inkey", public_key, "-in", message,
                "-sigfile", mark], check=False)
    return done.returncode == 0, (done.stdout + done.stderr).strip()
