"""strongSwan's `pki`: an EST client (RFC 7030), and what it needs to be one."""
import os
import subprocess

import peers
from ask import access_token
from lab.proc import run


class Pki:
    def __init__(self, world, origin):
        self.world, self.origin = world, origin
        self.folder = os.path.join(world.folder, "pki")
        os.makedirs(self.folder)
        self.env = {"STRONGSWAN_CONF": os.path.join(peers.debian(), "etc", "strongswan.conf")}

    def path(self, name):
        return os.path.join(self.folder, name)

    def run(self, *arguments, check=True):
        """pki ARGUMENTS in the internet namespace; its standard output is bytes."""
        line = ["nsenter", "--net=" + self.world.net.inet.path] + peers.as_installed(
            ["pki"] + list(arguments), 'mount --bind "%s" "$(readlink -f /etc/resolv.conf)"' % self.world.agent.resolv)
        done = subprocess.run(line, capture_output=True, timeout=30, env=dict(os.environ, **self.env))
        if check and done.returncode != 0:
            raise AssertionError("pki %s: exit %d: %s" % (arguments, done.returncode, done.stderr.decode()[-800:]))
        return done

    def keep(self, name, *arguments):
        with open(self.path(name), "wb") as out:
            out.write(self.run(*arguments).stdout)
        return self.path(name)

    def key_and_request(self, name):
        key = self.keep(name + ".key", "--gen", "--type", "ecdsa", "--size", "256", "--outform", "pem")
        return key, self.keep(name + ".csr", "--req", "--in", key, "--type", "ecdsa", "--dn", "CN=whatever")

    def est(self, request, *more, check=True):
        return self.run("--est", "--url", self.origin, "--in", request, "--cacert", self.world.cloud.ca,
                        "--outform", "pem", *more, check=check)

    def enroll(self, name):
        """A device of its own: (certificate, key)."""
        key, request = self.key_and_request(name)
        done = self.est(request, "--userpass", "device:" + access_token(self.world, name))
        with open(self.path(name + ".pem"), "wb") as out:
            out.write(done.stdout)
        return self.path(name + ".pem"), key

    def renew(self, name, old):
        """With a fresh key; the old certificate and its key speak for the device."""
        key, request = self.key_and_request(name)
        done = self.est(request, "--cert", old[0], "--key", old[1])
        with open(self.path(name + ".pem"), "wb") as out:
            out.write(done.stdout)
        return self.path(name + ".pem"), key


def subject(certificate):
    return run(["openssl", "x509", "-in", certificate, "-noout", "-subject", "-nameopt", "RFC2253"]).stdout.strip()
