"""Network namespaces without a name: each lives as long as a process of ours holds it.

So two runs never meet, nothing is left in /run/netns, and the kernel removes the namespace with its
interfaces when the last process in it ends.
"""
import contextlib
import ctypes
import os

from .proc import LabError, Proc, run, wait_for

_libc = ctypes.CDLL(None, use_errno=True)
_CLONE_NEWNET = 0x40000000
_home = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


def _setns(fd):
    if _libc.setns(fd, _CLONE_NEWNET) != 0:
        raise LabError("setns: " + os.strerror(ctypes.get_errno()))


class Namespace:
    def __init__(self, name, log):
        self.name = name
        self.holder = Proc("ns-" + name, ["unshare", "--net", "sleep", "infinity"], log)
        self.path = "/proc/%d/ns/net" % self.holder.pid
        home = os.stat("/proc/self/ns/net").st_ino

        def entered():
            if not self.holder.alive():
                raise LabError("cannot make a network namespace (root is needed): "
                               + self.holder.tail())
            # The holder is ready once it has both left our namespace and become `sleep`.
            return (os.stat(self.path).st_ino != home
                    and os.readlink("/proc/%d/exe" % self.holder.pid).endswith("sleep"))
        wait_for("network namespace " + name, 5, entered, every=0.005)
        self.fd = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        self.ip("link set lo up")

    @contextlib.contextmanager
    def entered(self):
        """Sockets made inside the `with` belong to the namespace, also afterwards. Only the calling thread
        enters it."""
        _setns(self.fd)
        try:
            yield
        finally:
            _setns(_home)

    def sh(self, command, check=True):
        return run(["sh", "-ec", command], ns=self, check=check).stdout

    def ip(self, arguments):
        return run(["ip"] + arguments.split(), ns=self).stdout

    def sysctl(self, **values):
        """Names with '__' for '.', interface names allowed: net__ipv4__ip_forward=1."""
        with self.entered():
            for name, value in values.items():
                with open("/proc/sys/" + name.replace("__", "/"), "w") as knob:
                    knob.write(str(value))

    def nft(self, rules):
        done = run(["nft", "-f", "-"], ns=self, check=False, text=rules)
        if done.returncode != 0:
            raise LabError("this kernel refuses nftables rules (NAT is needed for this test):\n"
                           + done.stderr)

    def close(self):
        os.close(self.fd)
        self.holder.stop()


def veth(a, a_name, b, b_name):
    """A cable between two namespaces; removed with either of them."""
    a.ip("link add %s type veth peer name %s netns %d" % (a_name, b_name, b.holder.pid))
    a.ip("link set %s up" % a_name)
    b.ip("link set %s up" % b_name)
