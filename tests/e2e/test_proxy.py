"""Behind a company's web proxy: nothing else leads out, not even DNS."""
import json
import os
import subprocess
import time

from lab.compare import compare
from lab.debian import unpacked
from lab.flows import SYN, parse
from lab.odd import ROUTER, Office
from lab.proc import Proc, wait_for
from lab.says import complains, doctor, well
from lab.topology import CLOUD_V4
from lab.web_proxy import WebProxy
from lab.world import World

PROXY = '[proxy]\nurl = "%s"\n'


def _destinations(capture, own):
    """Whom the box spoke to: (protocol, address, port)."""
    found = set()
    for _, frame in capture.frames():
        packet = parse(frame)
        if packet and packet.src == own and (packet.proto == "udp" or packet.flags & SYN or packet.length):
            found.add((packet.proto, packet.dst, packet.dport))
    return found


def test_main_job():
    """All of it through CONNECT, seen from outside; the ledger counts the clear text too."""
    with World("proxy.main_job", Office) as world:
        proxy = WebProxy(world.net.router, ROUTER)
        world.agent.configure(PROXY % proxy.url)
        capture = world.capture()
        world.registered()
        wait_for("a watch that hangs", 20, lambda: world.cloud.stats()["watches_hung"] >= 1)
        well(world)
        assert {line for line, _ in proxy.seen} == {"CONNECT cloud.vendor.test:443 HTTP/1.1"}, proxy.seen
        # Nothing tells the proxy more than where to.
        assert all(set(headers) <= {"host", "user-agent"} for _, headers in proxy.seen), proxy.seen[0]
        world.agent.cli("disable", "ddns")
        world.wait_settled()
        time.sleep(2)
        assert _destinations(capture, "192.168.77.2") <= {("tcp", ROUTER, 3128)}, _destinations(capture, "192.168.77.2")
        differences, agreed = compare(capture.frames(), world.agent.ledger(), {"192.168.77.2"})
        assert not differences, "\n".join(differences)
        print("figure: %d tunnels; %d bytes of CONNECT in the ledger like all others" % (
            len(proxy.seen), sum(proxy.bytes)))


def test_login():
    """407: without a password and with a wrong one it is said; with the right one all is well, at once. The
    password is shown nowhere."""
    with World("proxy.login", Office) as world:
        proxy = WebProxy(world.net.router, ROUTER, login="nas:s3cret-word")
        world.agent.configure(PROXY % proxy.url)
        world.agent.start()
        done = world.agent.cli("register", check=False)
        assert done.returncode == 1 and "proxy" in done.stderr.lower(), done
        wrong = proxy.url.replace("//", "//nas:wr0ng-word@")
        world.agent.cli("config", "set", "proxy.url", wrong)
        done = world.agent.cli("register", check=False)
        assert done.returncode == 1 and "proxy" in done.stderr.lower(), done
        doctor(world, "proxy_auth")
        world.agent.cli("config", "set", "proxy.url", proxy.url.replace("//", "//nas:s3cret-word@"))
        world.registered()
        well(world)
        # The password changes under a box that is registered.
        proxy.login = "nas:an0ther-word"
        proxy.cut()
        complains(world, "proxy", "Proxy")
        doctor(world, "proxy_auth")
        world.agent.cli("config", "set", "proxy.url", proxy.url.replace("//", "//nas:an0ther-word@"))
        well(world, 20)
        shown = world.agent.cli("config", "show").stdout + world.agent.cli("--json", "config", "show").stdout
        assert "***" in shown, shown
        shown += json.dumps(world.agent.status()) + json.dumps(world.agent.ledger()) + open(world.agent.log).read()
        shown += world.agent.cli("doctor", check=False).stdout
        for word in ("s3cret", "wr0ng", "an0ther"):
            assert word not in shown, "the password is shown"
        # Not in a backup either, and the box goes on without it once the line is taken back.
        path = os.path.join(world.folder, "backup.json")
        world.agent.cli("config", "backup", path)
        assert "an0ther" not in open(path).read()


def test_troubles():
    """It refuses, it is slow, it is mute, it is gone: each said by name, and over when it is over."""
    with World("proxy.troubles", Office) as world:
        proxy = WebProxy(world.net.router, ROUTER)
        world.agent.configure(PROXY % proxy.url)
        world.registered()
        figures = []

        def trouble(code, *words):
            start = time.monotonic()
            proxy.cut()
            complains(world, *words, seconds=60)
            doctor(world, *code)
            figures.append("%s said after %.1f s" % (code[0], time.monotonic() - start))

        proxy.refuse = 403
        trouble(("proxy_refused",), "proxy", "Proxy")
        proxy.refuse = None
        well(world, 60)
        proxy.stop()
        trouble(("proxy_unreachable",), "proxy", "Proxy")
        proxy.start()
        well(world, 60)
        proxy.delay = 4  # slow is no fault
        proxy.cut()
        world.agent.cli("ddns", "rename", "nas2")
        world.wait_dns(world.fqdn("nas2"), [world.net.public], 60)
        well(world, 60)
        proxy.delay, proxy.mute = 0, True
        trouble(("proxy_unreachable", "proxy_mute"), "proxy", "Proxy")
        proxy.mute = False
        proxy.cut()
        well(world, 90)
        print("figure: " + "; ".join(figures))


def test_tinyproxy():
    """A proxy that nobody here wrote: Debian's tinyproxy, with Basic authentication."""
    tree = unpacked("tinyproxy", ["tinyproxy-bin"])
    with World("proxy.tinyproxy", Office) as world:
        conf = os.path.join(world.folder, "tinyproxy.conf")
        with open(conf, "w") as out:
            out.write("Port 3128\nListen %s\nTimeout 600\nMaxClients 50\nConnectPort 443\nBasicAuth nas s3cret\n"
                      "LogLevel Connect\n" % ROUTER)
        hosts = os.path.join(world.folder, "hosts")
        with open(hosts, "w") as out:
            out.write("%s cloud.vendor.test\n" % CLOUD_V4)
        Proc("tinyproxy", [os.path.join(tree, "usr/bin/tinyproxy"), "-d", "-c", conf],
             os.path.join(world.folder, "tinyproxy.log"), ns=world.net.router, resolv=world.agent.resolv,
             mounts="mount --bind '%s' /etc/hosts" % hosts)
        wait_for("tinyproxy", 10, lambda: subprocess.run(
            ["nsenter", "--net=" + world.net.router.path, "bash", "-c", "exec 3<>/dev/tcp/%s/3128" % ROUTER],
            stderr=subprocess.DEVNULL).returncode == 0)
        world.agent.start()
        world.agent.cli("config", "set", "proxy.url", "http://nas:wrong@%s:3128" % ROUTER)
        done = world.agent.cli("register", check=False)
        assert done.returncode == 1 and "proxy" in done.stderr.lower(), done
        world.agent.cli("config", "set", "proxy.url", "http://nas:s3cret@%s:3128" % ROUTER)
        world.registered()
        well(world)
        log = open(os.path.join(world.folder, "tinyproxy.log")).read()
        print("figure: %d tunnels through tinyproxy" % log.count("Established connection"))


test_troubles.seconds = 100
test_troubles.waits = True
