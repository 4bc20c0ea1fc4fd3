"""Only declared fields leave (promise A2). A capture is decrypted with the secrets that the cloud's side
logged, and each request is held against the agent's manifest and the cloud's OpenAPI description. An agent
that was mutated to smuggle a field, below the gate, is caught by the same checker."""
import collections
import glob
import os

from lab import decrypt
from lab.checker import Checker
from lab.cloud import HOST
from lab.flows import parse
from lab.proc import DEV, instrumented, wait_for
from lab.topology import Nat
from lab.world import World

MUTANT = "qcloudd_mutant_smuggle"


def _everything(world):
    """Every message that the manifests declare, as far as an owner can cause it."""
    world.registered()
    agent = world.agent
    wait_for("a watch that hangs", 20, lambda: world.cloud.stats()["watches_hung"] >= 1)
    agent.get("/v1/data")
    agent.get("/v1/data?feature=ddns")
    agent.cli("ddns", "rename", "nas2")
    world.net.change_public("5.6.7.33", silent=False)
    world.wait_dns(world.fqdn("nas2"), ["5.6.7.33"], 40)
    agent.cli("ddns", "release")
    agent.cli("disable", "ddns")
    world.wait_settled()
    agent.cli("unregister", "--yes")
    world.wait_settled()


def _findings(world, capture):
    capture.save()
    checker = Checker(world.agent.get("/v1/manifest"), {HOST})
    findings, seen = [], collections.Counter()
    for stream in decrypt.streams(capture.path, world.cloud.keylog):
        try:
            requests = decrypt.requests(stream)
        except decrypt.Undecipherable as error:
            findings.append(str(error))
            continue
        for request in requests:
            bad, message = checker.check(request)
            findings += bad
            if message:
                seen[message] += 1
    findings += checker.check_dns(decrypt.dns_questions(capture.frames(), parse))
    findings += checker.check_datagrams(decrypt.other_datagrams(capture.frames(), parse))
    return findings, seen


def test_honest():
    with World("checker.honest", Nat) as world:
        capture = world.capture()
        _everything(world)
        rows = world.agent.ledger()
        findings, seen = _findings(world, capture)
        assert not findings, "%d findings:\n%s" % (len(findings), "\n".join(sorted(set(findings))))
        # What was decrypted is what the ledger's message rows tell, request by request.
        told = collections.Counter((r["feature"], r["purpose"]) for r in rows
                                   if r["kind"] == "message" and (r["feature"], r["purpose"]) in seen)
        # A wait for news may be called off while its connection is made: then its request never left.
        called_off = told - seen
        assert not seen - told and set(called_off) <= {("ddns", "wait for news from the cloud")} and \
            sum(called_off.values()) <= 2, "ledger %s\ncapture %s" % (told, seen)
        print("figure: %d requests of %d kinds, no finding" % (sum(seen.values()), len(seen)))


def test_smuggler_is_caught():
    if instrumented("mutants prove the tests, which sanitizers do not change"):
        return
    found = glob.glob(os.path.join(DEV, "**", MUTANT), recursive=True)
    assert found, "the build has no " + MUTANT
    with World("checker.smuggler_is_caught", Nat, binary=found[0]) as world:
        capture = world.capture()
        world.registered()
        findings, _ = _findings(world, capture)
        assert findings, "the checker did not see what the mutant adds"
        print("figure: caught: %s" % findings[0])


test_honest.seconds = 50
