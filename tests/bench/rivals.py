"""What other programs cost while nothing happens, measured beside ours: Debian's inadyn, ddclient, stunnel and `ssh -R`.

Each does its job: the two DDNS clients have updated a name at the cloud and look at their address as often as they do
unless told otherwise; stunnel and ssh hold one connection through which nothing passes, and notice a dead path as
quickly as our agent does (25 seconds)."""
import os
import re
import signal
import socket
import time

import peers
from door import asked, token
from lab.cloud import HOST
from lab.proc import Proc, run, wait_for
from lab.topology import Direct
from probe import ip_bytes, memory, sample
from world import bench_world

SETTLE, WINDOW, DAY = 15, 75, 86400.0
CHECK, FAR = "5.6.9.1", "5.6.9.2"  # who says from where one comes; the far end of the tunnels
SECURE = 4443  # its port with TLS: ddclient asks so whenever it speaks TLS to the cloud
PERIOD = {"inadyn": 600, "ddclient": 300}  # seconds; both programs' defaults

_CHECKIP = """
import http.server, ssl, sys, threading
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = ("Current IP Address: %s\\n" % self.client_address[0]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
plain, secure = (http.server.ThreadingHTTPServer(("0.0.0.0", port), Answer) for port in (80, int(sys.argv[1])))
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(*sys.argv[2:])
secure.socket = context.wrap_socket(secure.socket, server_side=True, do_handshake_on_connect=False)
threading.Thread(target=plain.serve_forever, daemon=True).start()
secure.serve_forever()
"""


class Scene:
    """Where peers run: as if installed, on the box or on the internet; with `ssh -R`, which is measured idle and busy."""

    def __init__(self, world):
        self.world, self.folder = world, os.path.join(world.folder, "rivals")
        os.makedirs(self.folder)
        world.net.inet.ip("addr add %s/32 dev lo" % FAR)

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def _open(self, address, port):
        with self.world.net.nas.entered(), socket.socket() as probe:
            return probe.connect_ex((address, port)) == 0

    def _start(self, name, argv, ns=None, mounts=""):
        return Proc(name, peers.as_installed(argv, mounts), self.path(name + ".log"), ns=ns or self.world.net.nas,
                    resolv=self.world.agent.resolv)

    def _write(self, name, text, mode=0o644):
        with open(self.path(name), "w") as out:
            out.write(text)
        os.chmod(self.path(name), mode)
        return self.path(name)

    def ssh(self, port=22, *options):
        """The box's port becomes port 8022 of the internet's loopback interface."""
        for name in ("host", "user"):
            run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.path(name)])
        with open(self.path("user.pub")) as text:
            self._write("authorized", text.read(), 0o600)
        with open("/etc/passwd") as text:
            known = text.read()
        if not re.search("^sshd:", known, re.M):
            known += "sshd:x:65533:65534::/run/sshd:/usr/sbin/nologin\n"
        users = self._write("passwd", known)
        self._write("sshd.conf", "HostKey %s\nAuthorizedKeysFile %s\nStrictModes no\nUsePAM no\nPermitRootLogin yes\nPidFile none\n"
                    "ListenAddress %s:22\n" % (self.path("host"), self.path("authorized"), FAR))
        self._start("sshd", ["/usr/sbin/sshd", "-D", "-e", "-f", self.path("sshd.conf")], self.world.net.inet,
                    'mount --bind "%s" /etc/passwd; mkdir -p /run/sshd; mount -t tmpfs tmpfs /run/sshd; chmod 755 /run/sshd' % users)
        wait_for("sshd", 10, lambda: self._open(FAR, 22))
        proc = self._start("ssh", ["ssh", "-F", "none", "-N", "-R", "127.0.0.1:8022:127.0.0.1:%d" % port, "-i", self.path("user"),
                                   "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
                                   "-o", "ExitOnForwardFailure=yes", "-o", "ServerAliveInterval=25", *options, "root@" + FAR])

        def forwarded():
            if not proc.alive():
                raise RuntimeError("ssh ended: " + proc.tail())
            with self.world.net.inet.entered(), socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", 8022)) == 0
        wait_for("ssh's remote port", 15, forwarded)
        return proc


class Rivals(Scene):
    def __init__(self, world):
        super().__init__(world)
        world.net.inet.ip("addr add %s/32 dev lo" % CHECK)
        pair = [os.path.join(world.cloud.folder, name) for name in ("server.pem", "server.key")]
        self._start("checkip", ["/usr/bin/python3", "-c", _CHECKIP, str(SECURE)] + pair, world.net.inet)
        wait_for("the address service", 10, lambda: self._open(CHECK, 80))
        self.secret = token(world)

    def inadyn(self):
        conf = self._write("inadyn.conf", """
            ca-trust-file = "%s"
            custom cloud {
              username = nas1
              password = "%s"
              ssl = true
              checkip-server = "%s"
              checkip-path = "/"
              checkip-ssl = false
              ddns-server = "%s"
              ddns-path = "/nic/update?hostname=%%h&myip=%%i"
              hostname = %s
            }
            """ % (self.world.cloud.ca, self.secret, CHECK, HOST, self.world.fqdn()))
        proc = self._start("inadyn", ["inadyn", "--foreground", "--cache-dir=" + self.folder, "--pidfile=" + self.path("inadyn.pid"),
                                      "--config=" + conf])
        wait_for("inadyn's update", 20, lambda: len(asked(self.world)) == 1)
        return proc

    def ddclient(self, *more):
        conf = self._write("ddclient.conf", "ssl=yes\nssl_ca_file=%s\nuse=web, web=%s:%d/\nprotocol=dyndns2\nserver=%s\n"
                           "login=nas1\npassword=%s\n%s\n" % (self.world.cloud.ca, HOST, SECURE, HOST, self.secret, self.world.fqdn()), 0o600)
        more = more or ("-daemon=%d" % PERIOD["ddclient"],)
        return self._start("ddclient", ["ddclient", "-foreground", "-file", conf, "-cache", self.path("ddclient.cache"), "-pid",
                                        self.path("ddclient.pid"), *more])

    def stunnel(self):
        cloud = self.world.cloud.folder
        keepalive = "socket = r:SO_KEEPALIVE=1\nsocket = r:TCP_KEEPIDLE=25\nsocket = r:TCP_KEEPINTVL=5\nsocket = r:TCP_KEEPCNT=2\n"
        far = self._write("far.conf", "foreground = yes\npid =\ncert = %s/server.pem\nkey = %s/server.key\n[far]\n"
                          "accept = %s:4433\nconnect = %s:80\n" % (cloud, cloud, FAR, CHECK))
        near = self._write("near.conf", "foreground = yes\npid =\n" + keepalive + "[near]\nclient = yes\naccept = 127.0.0.1:9000\n"
                           "connect = %s:4433\nCAfile = %s\nverifyChain = yes\n" % (FAR, self.world.cloud.ca))
        self._start("stunnel-far", ["stunnel4", far], self.world.net.inet)
        wait_for("stunnel's far end", 10, lambda: self._open(FAR, 4433))
        proc = self._start("stunnel", ["stunnel4", near])
        wait_for("stunnel", 10, lambda: self._open("127.0.0.1", 9000))
        with self.world.net.nas.entered():
            self.held = socket.create_connection(("127.0.0.1", 9000))
        return proc


def _between(frames, port):
    """Frames of TCP or UDP with this port at either end."""
    for when, frame in frames:
        if frame[12:14] == b"\x08\x00" and frame[23] in (6, 17):
            at = 14 + (frame[14] & 15) * 4
            if port in (int.from_bytes(frame[at:at + 2], "big"), int.from_bytes(frame[at + 2:at + 4], "big")):
                yield when, frame


def _one_check(capture, port, act):
    """IP bytes of one question for the own address. (Made to look now, both send an update as well: not counted.)"""
    mark = capture.mark()
    act()
    time.sleep(3)
    return ip_bytes(_between(capture.frames(mark), port))


def rivals(_):
    try:
        peers.debian()
    except peers.Missing as missing:
        return {"peers": {"value": None, "note": str(missing)}}
    with bench_world("rivals", Direct) as world:
        world.registered(ddns=False)
        made = Rivals(world)
        procs = {"inadyn": made.inadyn(), "ddclient": made.ddclient(), "stunnel": made.stunnel(), "ssh -R": made.ssh()}
        wait_for("ddclient's update", 30, lambda: len(asked(world)) == 2)
        time.sleep(SETTLE)
        capture = world.capture()
        before = {name: sample(proc.pid) for name, proc in procs.items()}
        time.sleep(WINDOW)
        after = {name: sample(proc.pid) for name, proc in procs.items()}
        quiet = capture.frames()
        a_day = {"stunnel": ip_bytes(_between(quiet, 4433)) * DAY / WINDOW, "ssh -R": ip_bytes(_between(quiet, 22)) * DAY / WINDOW}
        look = _one_check(capture, 80, lambda: os.kill(procs["inadyn"].pid, signal.SIGUSR1))
        a_day["inadyn"] = look * DAY / PERIOD["inadyn"]
        once = _one_check(capture, SECURE, lambda: made.ddclient("-daemon=0").popen.wait(timeout=20))
        a_day["ddclient"] = once * DAY / PERIOD["ddclient"]
        if capture.dropped() or not all(a_day.values()):
            raise RuntimeError("the capture lost frames, or saw nothing: %s" % a_day)
        rows = []
        for name, proc in procs.items():
            rss, anonymous = memory(proc.pid)
            spent = {key: after[name][key] - before[name][key] for key in after[name]}
            rows.append({"name": name, "rss": rss / 1e6, "anonymous": anonymous / 1e6,
                         "cpu": spent["nanoseconds"] / 1e9 * DAY / WINDOW, "wakeups": spent["voluntary"] * 60 / WINDOW,
                         "wire": a_day[name] / 1e3})
        return {"_peers": rows,
                "peers": {"value": len(rows), "note": "inadyn and ddclient ask for their address every %d and %d minutes; stunnel "
                          "and ssh hold a connection, keepalive 25 s" % (PERIOD["inadyn"] / 60, PERIOD["ddclient"] / 60)}}
