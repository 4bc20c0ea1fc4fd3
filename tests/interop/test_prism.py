"""All traffic of the main job but `watch` passes npm Prism, which holds each request and each answer against
docs/openapi/cloud.yaml and turns a violation into an error: box - HAProxy - Prism - refcloud's trusted front."""
import json
import os
import re

import yaml

import peers
from front import FRONT_PORT, fronted, haproxy, listening
from lab.proc import REPO, LabError, Proc, wait_for
from lab.topology import Direct, Nat

DOCUMENT = os.path.join(REPO, "docs", "openapi", "cloud.yaml")
PRISM_PORT = 4010
# The hanging watch outlives any checking proxy; everything else takes the way through it.
RULES = "  use_backend prism unless { path /v1/watch }"
WANTED = {"POST /device/auth", "POST /token", "POST /.well-known/est/simpleenroll",
          "POST /.well-known/est/simplereenroll", "GET /v1/device", "PUT /v1/name", "DELETE /v1/name", "GET /v1/whoami",
          "PUT /v1/ddns", "GET /v1/export", "GET /v1/audience", "PUT /v1/audience",
          "PATCH /v1/device", "POST /v1/erasure-requests"}
BACKEND = "backend prism\n  server prism 127.0.0.1:%d" % PRISM_PORT


def document(world, change=None):
    """cloud.yaml as it holds behind the front: Prism does not know mutual TLS, and there the certificate is a header.
    change(document) may make it say something else."""
    with open(DOCUMENT) as text:
        api = yaml.safe_load(text)
    for name, scheme in api["components"]["securitySchemes"].items():
        if scheme["type"] == "mutualTLS":
            api["components"]["securitySchemes"][name] = {"type": "apiKey", "in": "header", "name": "Client-Cert"}
    if change:
        change(api)
    path = os.path.join(world.folder, "cloud.json")
    with open(path, "w") as out:
        json.dump(api, out)
    return path


def prism(world, change=None):
    folder = peers.node()
    proxy = Proc("prism", ["node", os.path.join(folder, "node_modules", ".bin", "prism"), "proxy", document(world, change),
                           "http://127.0.0.1:%d" % FRONT_PORT, "--errors", "-h", "127.0.0.1", "-p", str(PRISM_PORT)],
                 os.path.join(world.folder, "prism.log"), ns=world.net.inet, env={"NO_COLOR": "1", "FORCE_COLOR": "0"})

    def ready():
        if not proxy.alive():
            raise LabError("Prism ended:\n" + proxy.tail())
        return listening(world, "127.0.0.1", PRISM_PORT)
    wait_for("Prism listening", 30, ready)
    haproxy(world, RULES, BACKEND)
    return proxy


def passed(world):
    """What went through Prism, as "METHOD path" by its own log, and the violations that it saw."""
    with open(os.path.join(world.folder, "prism.log"), errors="replace") as text:
        log = re.sub(r"\x1b\[[0-9;]*m", "", text.read())
    seen = re.findall(r"\b(get|post|put|delete|patch) (/\S*)", log)
    bad = [line for line in log.splitlines() if "iolation" in line or "✖" in line]
    return {"%s %s" % (method.upper(), path.split("?")[0]) for method, path in seen}, bad


def main_job(world):
    agent = world.agent.start()
    status, _ = world.register()
    assert status == 0, open(world.folder + "/register.log").read()
    agent.cli("ddns", "claim", "nas1")
    agent.cli("enable", "ddns")
    world.wait_dns(world.fqdn(), [world.net.public], 20)
    # The certificate lasts seven days.
    world.cloud.operator("POST", "/clock", {"advance_seconds": 8 * 86400})
    wait_for("the certificate renewed", 20, lambda: world.cloud.stats()["renewals"] == 1)
    world.net.change_public("5.6.7.44")
    # The box need not wait for its keepalive: its own address changes too.
    world.net.nas.sh("ip addr del 192.168.77.2/24 dev eth0; ip addr add 192.168.77.3/24 dev eth0; "
                     "ip route replace default via 192.168.77.1")
    world.wait_dns(world.fqdn(), ["5.6.7.44"], 30)
    agent.cli("data", "export")
    agent.cli("audience", "invited", "--invite", "a.friend")
    agent.cli("audience")
    agent.cli("data", "correct", "device_name", "Attic")
    agent.cli("doctor", check=False)
    agent.cli("disable", "ddns")
    world.wait_settled()
    agent.cli("ddns", "release")
    agent.cli("unregister", "--yes")
    world.wait_settled()


def test_main_job():
    peers.node()
    with fronted("prism.main_job", Nat, peers.LOGS) as world:
        prism(world)
        main_job(world)
        through, violations = passed(world)
        print("figure: %d operations" % len(through))
        assert not violations, "\n".join(violations)
        missing = WANTED - {path.rsplit("/", 1)[0] + "/ID" if "requests/" in path else path for path in through}
        assert not missing, "these did not pass through Prism: %s; these did: %s" % (sorted(missing), sorted(through))
        for call in through:
            assert not call.startswith("GET /v1/watch"), "the hanging watch went through Prism"


def _caught(name, change, words):
    """Prism must refuse what a document that says something else forbids: else the test above proves nothing."""
    peers.node()
    with fronted(name, Direct, peers.LOGS) as world:
        prism(world, change)
        agent = world.agent.start()
        status, _ = world.register()
        assert status == 0, open(world.folder + "/register.log").read()
        refused = agent.cli("ddns", "claim", "nas1", check=False)
        assert refused.returncode == 1, "exit %d: %s" % (refused.returncode, refused.stdout)
        _, violations = passed(world)
        assert any(words in line for line in violations), "Prism's log has no word of it: %s" % violations


def test_catches_a_wrong_answer():
    def change(api):
        api["components"]["schemas"]["Name"]["properties"]["fqdn"] = {"type": "integer"}
    _caught("prism.catches_a_wrong_answer", change, "#VIOLATIONS")


def test_catches_a_wrong_request():
    def change(api):
        api["components"]["schemas"]["NameRequest"]["required"].append("token")
    _caught("prism.catches_a_wrong_request", change, "#UNPROCESSABLE_ENTITY")


for _test in (test_main_job, test_catches_a_wrong_answer, test_catches_a_wrong_request):
    _test.seconds = 30
