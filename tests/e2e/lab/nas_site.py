"""What a NAS has to offer, as real programs inside its namespace: a page with TLS of its own and without; when first
asked for, also sshd, nginx, and a service that is no web page."""
import os
import socket

from . import nas_page, nas_raw
from .debian import unpacked
from .proc import Proc, run, wait_for

PAGE = nas_page.PAGE
TITLE = nas_page.TITLE


def certificate(folder, name, host):
    """A self-signed one for the host and all names below it: (certificate, key)."""
    paths = [os.path.join(folder, name + end) for end in (".pem", ".key")]
    run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", "/CN=" + host, "-addext", "subjectAltName=DNS:%s,DNS:*.%s" % (host, host),
         "-keyout", paths[1], "-out", paths[0]])
    return paths


class NasSite:
    """In the namespace of the box, on its loopback interface."""
    page_port, plain_port, ssh_port, nginx_port, proxied_port, raw_port = 8443, 8080, 8022, 8444, 8445, 9000

    def __init__(self, world, host="nas1.mynas.test"):
        self.world, self.host = world, host
        self.folder = os.path.join(world.folder, "site")
        os.makedirs(self.folder, exist_ok=True)
        self.certificate, self.key = certificate(self.folder, "nas", host)
        self.ssh_key = os.path.join(self.folder, "visitor-ssh")
        self._sshd = None
        self.page = self.program("page", nas_page.__file__, self.page_port, self.certificate, self.key)
        self.plain = self.program("plain", nas_page.__file__, self.plain_port)

    def program(self, name, file, port, *arguments):
        """A Python program that listens at this port of 127.0.0.1; returns once it does."""
        proc = Proc(name, ["/usr/bin/python3", file, str(port)] + list(arguments),
                    os.path.join(self.folder, name + ".log"), ns=self.world.net.nas)
        self.listening(proc, port)
        return proc

    def listening(self, proc, port):
        def open_port():
            assert proc.alive(), proc.tail()
            with self.world.net.nas.entered(), socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0
        wait_for("%s listening" % proc.name, 15, open_port)

    def raw(self):
        """lab/nas_raw.py at `raw_port`."""
        return self.program("raw", nas_raw.__file__, self.raw_port)

    def nginx(self):
        """HTTP/2 and HTTP/1.1 at `nginx_port`, and at `proxied_port` behind PROXY headers. /whoami tells what it
        knows of its visitor."""
        tree = unpacked("nginx", ["nginx-light"])
        config = os.path.join(self.folder, "nginx.conf")
        temporary = "".join("%s_temp_path %s/nginx-%s;\n" % (what, self.folder, what) for what in (
            "client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        with open(config, "w") as out:
            out.write(_NGINX % {"folder": self.folder, "temporary": temporary, "port": self.nginx_port,
                                "proxied": self.proxied_port, "certificate": self.certificate, "key": self.key})
        proc = Proc("nginx", [os.path.join(tree, "usr/sbin/nginx"), "-p", self.folder, "-c", config,
                              "-e", os.path.join(self.folder, "nginx.log")],
                    os.path.join(self.folder, "nginx.out"), ns=self.world.net.nas)
        self.listening(proc, self.nginx_port)
        return proc

    # --- ssh -------------------------------------------------------------------------------------

    def sshd(self):
        """A real sshd; `ssh_key` opens it for the user root, whose home is the folder `ssh_home`."""
        if self._sshd:
            return self._sshd
        tree = unpacked("sshd", ["openssh-server"])
        self.ssh_home = os.path.join(self.folder, "home")
        os.makedirs(self.ssh_home, exist_ok=True)
        host_key = os.path.join(self.folder, "sshd-host")
        for path in (host_key, self.ssh_key):
            run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path])
        config, passwd = os.path.join(self.folder, "sshd_config"), os.path.join(self.folder, "passwd")
        with open(config, "w") as out:
            out.write("Port %d\nListenAddress 127.0.0.1\nHostKey %s\nAuthorizedKeysFile %s.pub\nStrictModes no\n"
                      "UsePAM no\nPasswordAuthentication no\nPermitRootLogin yes\nPidFile none\nUseDNS no\n"
                      "Subsystem sftp internal-sftp\n" % (self.ssh_port, host_key, self.ssh_key))
        # It insists on a user of its own and a folder below /run: both exist in its view only.
        with open(passwd, "w") as out:
            out.write("root:*:0:0:root:%s:/bin/sh\nsshd:*:65534:65534::/run/sshd:/usr/sbin/nologin\n" % self.ssh_home)
        mounts = "mount --bind '%s' /etc/passwd; mount -t tmpfs tmpfs /run; mkdir -m 755 /run/sshd" % passwd
        libraries = ":".join(os.path.join(tree, part, _triple()) for part in ("usr/lib", "lib"))
        self._sshd = Proc("sshd", [os.path.join(tree, "usr/sbin/sshd"), "-D", "-e", "-f", config],
                          os.path.join(self.folder, "sshd.log"), ns=self.world.net.nas,
                          env={"LD_LIBRARY_PATH": libraries}, resolv=self.world.agent.resolv, mounts=mounts)
        self.listening(self._sshd, self.ssh_port)
        with open(host_key + ".pub") as key, open(self.known_hosts, "w") as out:
            out.write("* " + key.read())
        return self._sshd

    @property
    def known_hosts(self):
        return os.path.join(self.folder, "known_hosts")

    def ssh_words(self, proxy_command):
        """Options for ssh and scp: nobody but this sshd is believed."""
        return ["-F", "none", "-i", self.ssh_key, "-o", "UserKnownHostsFile=" + self.known_hosts,
                "-o", "GlobalKnownHostsFile=none", "-o", "StrictHostKeyChecking=yes", "-o", "BatchMode=yes",
                "-o", "ConnectTimeout=20", "-o", "ProxyCommand=" + proxy_command]


_NGINX = """
daemon off; master_process off; user root; pid %(folder)s/nginx.pid; error_log %(folder)s/nginx.log;
events { worker_connections 2048; }
http {
  access_log off; %(temporary)s
  ssl_certificate %(certificate)s; ssl_certificate_key %(key)s;
  server {
    listen 127.0.0.1:%(port)d ssl http2;
    listen 127.0.0.1:%(proxied)d ssl http2 proxy_protocol;
    location /whoami { return 200 "$server_protocol from $remote_addr, told $proxy_protocol_addr\n"; }
  }
}
"""


def _triple():
    return os.uname().machine + "-linux-gnu"
