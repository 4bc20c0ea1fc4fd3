#!/usr/bin/python3
"""usage: tests/cross/e2e.py ARCH    The main job with the agent of another processor, against a cloud of this machine.

What it shows beyond the unit tests: netlink, the local socket with its peer credentials, TLS with the static OpenSSL,
and the store, in the program as it ships. Each line "seen: ..." was seen. Logs: build/cross/e2e-ARCH/.
"""
import os
import sys

sys.dont_write_bytecode = True
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
sys.path[:0] = [os.path.join(ROOT, "tests", "e2e"), os.path.join(ROOT, "tests", "cross")]

from lab import proc  # noqa: E402
from lab.proc import run  # noqa: E402
from lab.topology import Direct  # noqa: E402
from lab.world import World, verify_with_openssl  # noqa: E402
from target import Target  # noqa: E402


def seen(what):
    print("seen: " + what, flush=True)


def main(target):
    tools = os.path.join(ROOT, "build", "cross", "tools-" + target.arch)
    os.makedirs(tools, exist_ok=True)
    qcloudd, qcloud = target.wrapper(target.qcloudd, tools), target.wrapper(target.qcloud, tools)
    with World("", Direct, binary=qcloudd, folder=os.path.join(ROOT, "build", "cross", "e2e-" + target.arch)) as world:
        agent = world.agent.start()
        exe = os.readlink("/proc/%d/exe" % agent.proc.pid)
        assert os.path.basename(exe) == (target.emulator + ["qcloudd"])[0], "this is not the program under test: " + exe
        world.registered()
        seen("registered, and the DNS server answers with the box's address")
        took = []
        for last in (41, 42, 43):
            address = "5.6.7.%d" % last
            world.net.change_own(address)
            took.append(world.wait_dns(world.fqdn(), [address], 20))
        seen("three changes of the address reached the DNS server, at last after %.1f s" % took[-1])
        agent.crash()
        world.net.change_own("5.6.7.50")
        agent.start()
        world.wait_dns(world.fqdn(), ["5.6.7.50"], 20)
        seen("killed and started again, it keeps the name")
        shown = run([qcloud, "--socket", agent.socket, "status"]).stdout
        assert world.fqdn() in shown, shown
        seen("the emulated qcloud shows its status")
        agent.cli("disable", "ddns")
        world.wait_dns(world.fqdn(), [], 20)
        receipt = world.wait_settled()[-1]
        assert receipt["verified"], receipt
        assert verify_with_openssl(receipt["receipt"], world.cloud.receipt_key, world.folder)[0]
        seen("switched off: the name is gone, and the receipt verifies")
        assert agent.stop() == 0, agent.proc.tail()
        seen("it ends in order")


if __name__ == "__main__":
    try:
        main(Target(sys.argv[1]))
    finally:
        proc.stop_all()
