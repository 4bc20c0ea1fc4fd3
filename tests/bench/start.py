"""How long a start takes. The agent is a direct child here: no program of the laboratory stands between
fork and the first answer, so nothing but the agent and the cloud is timed."""
import contextlib
import ctypes
import os
import socket
import statistics
import subprocess
import time

from lab.proc import LabError
from lab.topology import Direct
from world import bench_world, stats_of

_CLONE_NEWNS = 0x00020000
_ASK = b"GET /v1/status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def own_resolver(path):
    """This process and its children see `path` as /etc/resolv.conf; nobody else does."""
    if ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWNS) != 0:
        raise LabError("unshare: " + os.strerror(ctypes.get_errno()))
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    subprocess.run(["mount", "--bind", path, os.path.realpath("/etc/resolv.conf")], check=True)


@contextlib.contextmanager
def started(agent):
    """Runs the agent; gives the moment before fork."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(agent.socket)
    line = [agent.binary, "--root", agent.root, "--platform", "linux", "--foreground"]
    with open(agent.log, "ab") as log, agent.ns.entered():
        begin = time.monotonic()
        child = subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        yield begin
    finally:
        child.terminate()
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _answers(path):
    link = socket.socket(socket.AF_UNIX)
    link.settimeout(5)
    try:
        link.connect(path)
        link.sendall(_ASK)
        return link.recv(64).startswith(b"HTTP/1.1 200")
    except (FileNotFoundError, ConnectionRefusedError):
        return False
    finally:
        link.close()


def until(probe, begin, every):
    while not probe():
        if time.monotonic() - begin > 30:
            raise TimeoutError("the agent does not get ready")
        time.sleep(every)
    return time.monotonic() - begin


def start(_):
    with bench_world("start", Direct) as world:
        took = []
        for _ in range(20):
            with started(world.agent) as begin:
                took.append(until(lambda: _answers(world.agent.socket), begin, 0.0002) * 1e3)
    return {"start-best": {"value": min(took)},
            "start": {"value": statistics.median(took),
                      "note": "not registered; fork to the first answer of GET /v1/status; worst %.0f ms" % max(took)}}


def again(_):
    with bench_world("again", Direct) as world:
        world.registered()
        world.agent.stop()
        own_resolver(world.agent.resolv)
        took = []
        for _ in range(10):
            time.sleep(0.3)
            hung = world.cloud.stats()["watches_hung"]
            with started(world.agent) as begin:
                took.append(until(lambda: world.cloud.stats()["watches_hung"] > hung, begin, 0.002) * 1e3)
        return {"again": {"value": statistics.median(took),
                          "note": "10 starts; fork to the watch hanging at a local cloud: %.0f to %.0f ms" % (
                              min(took), max(took))},
                **stats_of(world)}
