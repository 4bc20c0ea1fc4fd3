"""Processes that end with the test, whatever happens to it.

Each child asks the kernel for SIGKILL when its parent dies (setpriv --pdeathsig), so even a killed
test runner leaves nothing behind. Children are stopped by their pid, in reverse order of start.
"""
import os
import signal
import subprocess
import time

REPO = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
BUILD = os.path.join(REPO, "build")
# Another build tree can be tried, for example one with sanitizers.
DEV = os.environ.get("QCLOUD_TREE") or os.path.join(BUILD, "dev")
QCLOUDD = os.path.join(DEV, "agent", "qcloudd")
QCLOUD = os.path.join(DEV, "agent", "cli", "qcloud")
REFCLOUD = os.path.join(DEV, "tests", "cloud", "refcloud")

_started = []


class LabError(Exception):
    """Something of the laboratory (not of the program under test) did not work."""


def _argv(argv, ns, resolv, user):
    """The command line that runs argv inside a namespace, with its own resolv.conf and user."""
    line = ["setpriv", "--pdeathsig", "KILL"]
    if ns is not None:
        line += ["nsenter", "--net=" + ns.path]
    if resolv is not None:
        # A mount namespace of its own: the machine's /etc/resolv.conf is never touched.
        line += ["unshare", "--mount", "sh", "-c",
                 'mount --bind "$0" "$(readlink -f /etc/resolv.conf)" && exec "$@"', resolv]
    if user is not None:
        line += ["setpriv", "--pdeathsig", "KILL", "--reuid", user, "--regid", "nogroup",
                 "--clear-groups"]
    return line + list(argv)


class Proc:
    """A child process; its output goes to a log file."""

    def __init__(self, name, argv, log, ns=None, env=None, resolv=None, user=None, cwd=None):
        self.name = name
        self.log = log
        with open(log, "ab") as out:
            self.popen = subprocess.Popen(
                _argv(argv, ns, resolv, user), stdin=subprocess.DEVNULL, stdout=out,
                stderr=subprocess.STDOUT, env=dict(os.environ, **(env or {})), cwd=cwd)
        _started.append(self)

    @property
    def pid(self):
        return self.popen.pid

    def alive(self):
        return self.popen.poll() is None

    def kill(self, sig=signal.SIGKILL):
        """Sends the signal and waits for the end."""
        if self.alive():
            self.popen.send_signal(sig)
        return self.popen.wait(timeout=20)

    def stop(self):
        """SIGTERM, five seconds of patience, SIGKILL. Returns the exit status."""
        if self.alive():
            self.popen.terminate()
            try:
                self.popen.wait(timeout=5)
            except subprocess.TimeoutExpired:
                self.popen.kill()
                self.popen.wait(timeout=20)
        if self in _started:
            _started.remove(self)
        return self.popen.returncode

    def tail(self, lines=20):
        try:
            with open(self.log, "r", errors="replace") as text:
                return "".join(text.readlines()[-lines:])
        except OSError:
            return ""


def stop_all():
    for proc in reversed(list(_started)):
        try:
            proc.stop()
        except Exception:  # the others must still be stopped
            pass


def run(argv, ns=None, check=True, timeout=30, text=None, env=None, resolv=None):
    """Runs a command to its end; returns CompletedProcess with text output."""
    done = subprocess.run(_argv(argv, ns, resolv, None), input=text, capture_output=True, text=True,
                          timeout=timeout, env=dict(os.environ, **(env or {})))
    if check and done.returncode != 0:
        raise LabError("%s: exit %d: %s" % (" ".join(argv), done.returncode,
                                            (done.stderr or done.stdout).strip()))
    return done


def wait_for(what, seconds, probe, every=0.05):
    """Calls probe() until it returns something true; returns that. TimeoutError names `what`."""
    end = time.monotonic() + seconds
    while True:
        value = probe()
        if value:
            return value
        if time.monotonic() >= end:
            raise TimeoutError("not within %g s: %s" % (seconds, what))
        time.sleep(every)
