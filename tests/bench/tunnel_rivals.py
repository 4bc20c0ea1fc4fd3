"""Other tunnels to the same server on the box, each encrypted, as they are by default; ssh with the cipher that it is
quickest with. A peer from source is left out where its toolchain is not."""
import os
import socket

import toolchains
from lab.nas_site import certificate
from lab.proc import Proc, run, wait_for
from rivals import FAR, Scene

PORT = 9443  # of the server on the box; without TLS at the next one
FRP, RATHOLE = ("github.com/fatedier/frp", "v0.61.0"), ("rathole", "0.5.0", "server,client,tls")
_ports = {"ssh -R": 8022, "frp": 8023, "rathole": 8024, "straight": 8025, "TLS alone": 8026}


def _frp():
    return toolchains.go_module(*FRP, ["frpc", "frps"])


def _rathole():
    return toolchains.cargo(*RATHOLE)


def prepare():
    """Compiles what is compiled once, minutes before anything is measured."""
    for build in (_frp, _rathole):
        try:
            build()
        except toolchains.Optional:  # said with the results
            pass


class Tunnels(Scene):
    note = ""

    def _built(self, name, argv, ns):
        return Proc(name, argv, self.path(name + ".log"), ns=ns, resolv=self.world.agent.resolv)

    def _opened(self, name, proc):
        """((host, port), the process on the box), once visitors get through."""
        target = ("127.0.0.1", _ports[name])

        def answers():
            if not proc.alive():
                raise RuntimeError("%s ended: %s" % (name, proc.tail()))
            with self.world.net.inet.entered(), socket.socket() as probe:
                return probe.connect_ex(target) == 0
        wait_for(name, 15, answers)
        return target, proc

    def _haproxy(self, name, ns, bind, server):
        conf = self._write(name + ".cfg", "global\n nbthread 1\ndefaults\n mode tcp\n timeout connect 5s\n timeout client 600s\n"
                           " timeout server 600s\nlisten box\n bind %s\n server box %s\n" % (bind, server))
        return self._start(name, ["haproxy", "-db", "-f", conf], ns)

    def straight(self):
        """HAProxy passes TCP through to the box's own address: no tunnel."""
        far = self._haproxy("straight", self.world.net.inet, "127.0.0.1:%d" % _ports["straight"],
                            "%s:%d" % (self.world.net.public, PORT))
        return self._opened("straight", far)

    def tls_alone(self):
        """A second HAProxy on the box, and TLS between the two: no tunnel, for each visitor is a connection of his own to a
        port that is open. What TLS and another program in the way cost at least."""
        pem, key = certificate(self.folder, "tls-alone", "far.test")
        with open(pem) as chain, open(key) as secret:
            both = self._write("tls-alone-both.pem", chain.read() + secret.read(), 0o600)
        where = "%s:7002" % self.world.net.public
        near = self._haproxy("tls-alone-near", self.world.net.nas, "%s ssl crt %s" % (where, both), "127.0.0.1:%d" % PORT)
        far = self._haproxy("tls-alone", self.world.net.inet, "127.0.0.1:%d" % _ports["TLS alone"],
                            "%s ssl verify required ca-file %s verifyhost far.test ciphersuites TLS_AES_128_GCM_SHA256" % (
                                where, pem))
        return self._opened("TLS alone", far)[0], near

    def rivals(self):
        """{name: ((host, port), process)}; who is missing stands in `note`."""
        made = {"ssh -R": self._opened("ssh -R", self.ssh(PORT, "-c", "aes128-gcm@openssh.com"))}
        for name, make in (("frp", self.frp), ("rathole", self.rathole)):
            try:
                made[name] = self._opened(name, make())
            except toolchains.Optional as missing:
                self.note += "%swithout %s: %s" % ("; " if self.note else "", name, " ".join(str(missing).split())[:200])
        return made

    def frp(self):
        tree = _frp()
        far = self._write("frps.toml", 'bindAddr = "%s"\nbindPort = 7000\nproxyBindAddr = "127.0.0.1"\n' % FAR)
        near = self._write("frpc.toml", 'serverAddr = "%s"\nserverPort = 7000\n[[proxies]]\nname = "box"\ntype = "tcp"\n'
                           'localIP = "127.0.0.1"\nlocalPort = %d\nremotePort = %d\n' % (FAR, PORT, _ports["frp"]))
        self._built("frps", [os.path.join(tree, "frps"), "-c", far], self.world.net.inet)
        wait_for("frps", 10, lambda: self._open(FAR, 7000))
        return self._built("frpc", [os.path.join(tree, "frpc"), "-c", near], self.world.net.nas)

    def rathole(self):
        program = _rathole()
        pem, key = certificate(self.folder, "rathole", "far.test")
        run(["openssl", "pkcs12", "-export", "-in", pem, "-inkey", key, "-passout", "pass:x", "-out", self.path("rathole.p12")])
        far = self._write("rathole-far.toml", '[server]\nbind_addr = "%s:7001"\n[server.transport]\ntype = "tls"\n'
                          '[server.transport.tls]\npkcs12 = "%s"\npkcs12_password = "x"\n[server.services.box]\ntoken = "x"\n'
                          'bind_addr = "127.0.0.1:%d"\n' % (FAR, self.path("rathole.p12"), _ports["rathole"]))
        near = self._write("rathole.toml", '[client]\nremote_addr = "%s:7001"\n[client.transport]\ntype = "tls"\n'
                           '[client.transport.tls]\ntrusted_root = "%s"\nhostname = "far.test"\n[client.services.box]\ntoken = "x"\n'
                           'local_addr = "127.0.0.1:%d"\n' % (FAR, pem, PORT))
        self._built("rathole-far", [program, "--server", far], self.world.net.inet)
        wait_for("rathole's server", 10, lambda: self._open(FAR, 7001))
        return self._built("rathole", [program, "--client", near], self.world.net.nas)
