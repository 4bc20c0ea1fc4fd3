"""What the demo runs: a NAS behind a router, the internet with the cloud and its DNS server, each in a
network namespace; and doors from this machine into it. Everything lives below build/demo."""
import os
import shlex
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "e2e"))
sys.dont_write_bytecode = True

from forward import forward_dns, forward_tcp  # noqa: E402
from lab.browser import Browser  # noqa: E402
from lab.cloud import ACCOUNT, HOST, PASSWORD, ZONE  # noqa: E402
from lab.home import Home  # noqa: E402
from lab.proc import BUILD, DEV, QCLOUD, REFCLOUD  # noqa: E402
from lab.topology import CLOUD_V4, Nat  # noqa: E402

FOLDER = os.path.join(BUILD, "demo")
NAME = "nas1"


class House(Home):
    def __init__(self):
        super().__init__("demo", count=2, topology=Nat, folder=FOLDER, prepare=self._doors)
        self.relay_port = forward_tcp(self.net.inet, (self.relay.address, 443))
        self.agent.start()
        self.write_env()

    def _doors(self, net):
        """Called when the namespaces stand, before the cloud starts: it has to know its public URL."""
        self.cloud_port = forward_tcp(net.inet, (CLOUD_V4, 443))
        self.dns_port = forward_dns(net.inet, (CLOUD_V4, 53))
        self.url = "https://127.0.0.1:%d" % self.cloud_port
        help_text = subprocess.run([REFCLOUD, "serve", "--help"], capture_output=True, text=True).stdout
        # What the NAS shows its owner must open in a browser on this machine.
        self.opens = "--public-url" in help_text
        return ["--public-url", self.url] if self.opens else []

    def owner(self):
        """A browser on this machine, through the same door as a person's."""
        return Browser(None, self.url, ("127.0.0.1", self.cloud_port), self.cloud.ca)

    def processes(self):
        pids = {"qcloudd": self.agent.proc.pid, "refcloud": self.cloud.proc.pid, "pdns": self.pdns.proc.pid}
        pids.update((relay.name, relay.proc.pid) for relay in self.relays)
        return dict(pids, nas_page=self.site.page.pid)

    def write_env(self, name=NAME):
        pids = self.processes()
        values = {
            "QCLOUD_SOCKET": self.agent.socket, "DNS_ADDR": "127.0.0.1", "DNS_PORT": self.dns_port,
            "ZONE": ZONE, "NAME": name, "CLOUD_URL": self.url, "ACCOUNT": ACCOUNT, "PASSWORD": PASSWORD,
            "VENDOR_CA": self.cloud.ca, "VENDOR_PUBLIC_KEY": self.cloud.receipt_key,
            "RELAY_ADDR": "127.0.0.1", "RELAY_PORT": self.relay_port,
            "NAS_PAGE_URL": "https://%s.%s/" % (name, ZONE), "PANEL_URL": "",
            "PIDS": " ".join(str(pid) for pid in pids.values()),
            # Beyond the parts that every version has: to look inside.
            "QCLOUDD_PID": pids["qcloudd"], "REFCLOUD_PID": pids["refcloud"], "PDNS_PID": pids["pdns"],
            "REFRELAY_PIDS": " ".join(str(relay.proc.pid) for relay in self.relays),
            "NAS_PAGE_PORT": self.site.page_port, "NAS_PAGE_CA": self.site.certificate,
            "CLOUD_HOST": HOST, "CLOUD_DB": self.cloud.database, "CLOUD_OPERATOR": self.cloud.operator_socket,
            "CLOUD_KEYLOG": self.cloud.keylog, "NAS_NETNS": self.net.nas.path,
            "ROUTER_NETNS": self.net.router.path, "INTERNET_NETNS": self.net.inet.path,
        }
        text = "".join("%s=%s\n" % (key, shlex.quote(str(value)) if value != "" else "")
                       for key, value in values.items())
        text += "PATH=%s:$PATH\nexport QCLOUD_SOCKET PATH\n" % shlex.quote(os.path.dirname(QCLOUD))
        scratch = os.path.join(FOLDER, "env.new")
        with open(scratch, "w") as out:
            out.write(text)
        os.replace(scratch, os.path.join(FOLDER, "env"))
        self._write_router()

    def _write_router(self):
        """A way to play the internet provider from the second terminal."""
        path = os.path.join(FOLDER, "new-address")
        with open(path, "w") as out:
            out.write("""#!/bin/sh -e
# Gives the demo's router another public address: build/demo/new-address 5.6.7.99
exec nsenter --net=%s sh -ec '
  old=$(ip -4 -o addr show dev wan | sed "s/.*inet \\([^ ]*\\).*/\\1/")
  ip addr add "$1/24" dev wan
  ip addr del "$old" dev wan
  ip route replace default via 5.6.7.1' sh "${1:?which address? one of 5.6.7.2 to 5.6.7.254}"
""" % self.net.router.path)
        os.chmod(path, 0o755)

    def dig_host(self, name, kind="A"):
        """dig, typed on this machine: (the command, question and answer as dig prints them)."""
        command = ["dig", "@127.0.0.1", "-p", str(self.dns_port), "+norecurse", "+noall", "+question", "+answer",
                   name, kind]
        done = subprocess.run(command, capture_output=True, text=True)
        return " ".join(command), done.stdout.strip()
