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
DEV = os.path.realpath(os.environ.get("QCLOUD_BUILD") or os.environ.get("QCLOUD_TREE") or os.path.join(BUILD, "dev"))
# Each tree has its logs, so that two lanes never meet.
LOGS = os.path.join(DEV if os.environ.get("QCLOUD_BUILD") else BUILD, "e2e")
QCLOUDD = os.path.join(DEV, "agent", "qcloudd")
QCLOUD = os.path.join(DEV, "agent", "cli", "qcloud")
REFCLOUD = os.path.join(DEV, "tests", "cloud", "refcloud")

# Instrumented programs are slower and larger: every patience grows by this factor, no bound is dropped.
SANITIZED = os.environ.get("QCLOUD_SAN") == "1"
SLOW = 4 if SANITIZED else 1

_started = []


def instrumented(why):
    """True, and a clear word, where a test cannot be run with sanitized programs."""
    if SANITIZED:
        print("figure: skipped with sanitizers: " + why)
    return SANITIZED


class LabError(Exception):
    """Something of the laboratory (not of the program under test) did not work."""


def bound(seconds):
    """A figure to assert, as generous as the build under test needs."""
    return seconds * SLOW


def _argv(argv, ns, resolv, user, mounts=""):
    """The command line that runs argv inside a namespace, with its own resolv.conf and user. `mounts`:
    shell commands that prepare its view of the file system."""
    line = ["setpriv", "--pdeathsig", "KILL"]
    if ns is not None:
        line += ["nsenter", "--net=" + ns.path]
    if resolv is not None:
        # A mount namespace of its own: the machine's files are never touched.
        line += ["unshare", "--mount", "sh", "-ec",
                 'mount --bind "$0" "$(readlink -f /etc/resolv.conf)"; ' + mounts + '\nexec "$@"', resolv]
    if user is not None:
        line += ["setpriv", "--pdeathsig", "KILL", "--reuid", user, "--regid", "nogroup",
                 "--clear-groups"]
    return line + list(argv)


class Proc:
    """A child process; its output goes to a log file."""

    def __init__(self, name, argv, log, ns=None, env=None, resolv=None, user=None, cwd=None, mounts=""):
        self.name = name
        self.log = log
        with open(log, "ab") as out:
            self.popen = subprocess.Popen(
                _argv(argv, ns, resolv, user, mounts), stdin=subprocess.DEVNULL, stdout=out,
                stderr=subprocess.STDOUT, env=dict(os.environ, **(env or {})), cwd=cwd)
        _started.append(self)

    @property
    def pid(self):
        return self.popen.pid

    def rss(self):
        """Resident memory in KiB: all of it, and what is private to the process."""
        with open("/proc/%d/status" % self.pid) as text:
            found = dict(line.split(":", 1) for line in text)
        return int(found["VmRSS"].split()[0]), int(found["RssAnon"].split()[0])

    def alive(self):
        return self.popen.poll() is None

    def kill(self, sig=signal.SIGKILL):
        """Sends the signal and waits for the end."""
        if self.alive():
            self.popen.send_signal(sig)
        return self.popen.wait(timeout=20)

    def stop(self):
        """SIGTERM, some patience, SIGKILL. Returns the exit status."""
        if self.alive():
            self.popen.terminate()
            try:
                self.popen.wait(timeout=bound(5))
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


def run(argv, ns=None, check=True, timeout=30 * SLOW, text=None, env=None, resolv=None, mounts=""):
    """Runs a command to its end; returns CompletedProcess with text output."""
    done = subprocess.run(_argv(argv, ns, resolv, None, mounts), input=text, capture_output=True, text=True,
                          timeout=timeout, env=dict(os.environ, **(env or {})))
    if check and done.returncode != 0:
        raise LabError("%s: exit %d: %s" % (" ".join(argv), done.returncode,
                                            (done.stderr or done.stdout).strip()))
    return done


def wait_for(what, seconds, probe, every=0.05):
    """Calls probe() until it returns something true; returns that. TimeoutError names `what`."""
    end = time.monotonic() + bound(seconds)
    while True:
        value = probe()
        if value:
            return value
        if time.monotonic() >= end:
            raise TimeoutError("not within %g s: %s" % (seconds, what))
        time.sleep(every)
