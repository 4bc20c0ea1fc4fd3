"""Off is off: nothing of the feature leaves any more, its data in the cloud is erased, and there is a
receipt that anybody can verify (promises A1, A5)."""
import json
import random
import time

from lab.flows import SYN, describe, parse
from lab.proc import bound, Proc, QCLOUD, run, wait_for
from lab.topology import Direct
from lab.world import World, verify_with_openssl


def _erased_everywhere(world, receipt):
    """DNS, export and receipt agree that the feature's data is gone."""
    world.wait_dns(world.fqdn(), [], 5)
    assert world.dig(world.fqdn(), "AAAA") == []
    export = world.agent.get("/v1/data?feature=ddns")["export"]
    assert all(not store["records"] for store in export["stores"]), export
    assert receipt["status"] == "verified" and receipt["verified"], receipt
    assert receipt["scope"] == ["ddns"], receipt
    good, words = verify_with_openssl(receipt["receipt"], world.cloud.receipt_key, world.folder)
    assert good, words
    head, body, signature = receipt["receipt"].split(".")
    bad, _ = verify_with_openssl(".".join([head, body[:-2] + ("AA" if body[-2:] != "AA" else "BB"), signature]),
                                 world.cloud.receipt_key, world.folder)
    assert not bad, "openssl accepts a changed receipt"


def _of_feature(frames, rows, feature):
    """SYNs, datagrams and payload that belong to the feature's connections, as text."""
    tuples = {(r["local"], r["remote"]) for r in rows
              if r["kind"] == "connection" and r["feature"] == feature}
    found = []
    for _, frame in frames:
        packet = parse(frame)
        if packet is None or not (packet.length or packet.flags & SYN or packet.proto == "udp"):
            continue
        if ("%s:%d" % (packet.src, packet.sport), "%s:%d" % (packet.dst, packet.dport)) in tuples:
            found.append(describe(frame))
    return found


def test_silent_at_once():
    with World("disable.silent_at_once", Direct) as world:
        world.registered()
        wait_for("a watch that hangs", 20, lambda: world.cloud.stats()["watches_hung"] >= 1)
        capture = world.capture()
        start = time.monotonic()
        done = world.agent.cli("disable", "ddns")
        mark = capture.mark()
        took = time.monotonic() - start
        assert "erased" in done.stdout, done.stdout
        receipt = world.wait_settled()[-1]
        time.sleep(3)
        settled = capture.mark()
        time.sleep(12)
        assert capture.dropped() == 0
        leak = _of_feature(capture.frames(mark), world.agent.ledger(), "ddns")
        assert not leak, "after `disable` had returned:\n" + "\n".join(leak)
        late = [describe(frame) for _, frame in capture.frames(settled)]
        assert not late, "after the order was settled:\n" + "\n".join(late)
        _erased_everywhere(world, receipt)
        # Offline means offline: the command gets no agent, no network, just two files.
        jws = world.folder + "/receipt.jws"
        open(jws, "w").write(receipt["receipt"])
        run([QCLOUD, "--socket", "/nonexistent", "receipts", "verify", "--file", jws,
             "--key", world.cloud.receipt_key])
        print("figure: disable took %.2f s, then 0 packets" % took)


def test_cloud_down():
    """The cloud is away: off at once all the same; the order waits, survives a restart, and settles."""
    with World("disable.cloud_down", Direct) as world:
        world.registered()
        world.cloud.stop()
        capture = world.capture()
        start = time.monotonic()
        done = world.agent.cli("disable", "ddns")
        took = time.monotonic() - start
        mark = capture.mark()
        assert "order filed" in done.stdout and took < bound(8), (took, done.stdout)
        assert world.agent.orders_pending() == 1
        world.agent.crash()
        world.agent.start()
        assert world.agent.orders_pending() == 1
        time.sleep(2)
        leak = _of_feature(capture.frames(mark), world.agent.ledger(), "ddns")
        assert not leak, leak
        world.cloud.start()
        back = time.monotonic()
        receipt = world.wait_settled(90)[-1]
        print("figure: disable %.2f s; settled %.1f s after the cloud was back" % (took, time.monotonic() - back))
        assert world.cloud.stats()["erasures"] == 1
        _erased_everywhere(world, receipt)


def _ddns_on(world):
    return next(f["on"] for f in world.agent.status()["features"] if f["name"] == "ddns")


def test_sigkill():
    """SIGKILL at random moments of `disable`: after the restart it finishes, once."""
    with World("disable.sigkill", Direct) as world:
        world.registered()
        start = time.monotonic()
        world.agent.cli("disable", "ddns")
        normal = time.monotonic() - start
        seed = random.randrange(1 << 30)
        print("seed %d" % seed)
        dice = random.Random(seed)
        hit = {"before": 0, "pending": 0, "after": 0}
        for step in range(12):
            world.agent.cli("enable", "ddns")
            world.wait_dns(world.fqdn(), [world.net.public], 20)
            erasures = world.cloud.stats()["erasures"]
            known = {r["id"] for r in world.agent.receipts()}
            command = Proc("disable", [QCLOUD, "--socket", world.agent.socket, "disable", "ddns"],
                           world.folder + "/disable.log")
            # Early moments are the short ones, so they get more of the dice.
            time.sleep(dice.random() ** 2 * normal)
            world.agent.crash()
            command.popen.wait(timeout=20)
            command.stop()
            world.agent.start()
            if _ddns_on(world):
                # The owner was told nothing yet, and nothing happened: all is as before.
                assert command.popen.returncode != 0, "disable was confirmed, and is forgotten"
                assert world.agent.orders_pending() == 0
                hit["before"] += 1
                world.agent.cli("disable", "ddns")
            else:
                hit["pending" if world.agent.orders_pending() else "after"] += 1
            new = world.wait_settled(40, known)
            assert len(new) == 1, "one decision, %d orders: %s" % (len(new), json.dumps(new))
            assert world.cloud.stats()["erasures"] == erasures + 1, world.cloud.stats()
            _erased_everywhere(world, new[0])
        print("figure: 12 kills: %s" % ", ".join("%d %s" % (n, w) for w, n in hit.items()))


test_sigkill.seconds = 45
test_silent_at_once.seconds = 30
test_cloud_down.seconds = 30
test_silent_at_once.waits = True
