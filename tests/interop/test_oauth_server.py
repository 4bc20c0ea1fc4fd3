"""npm oidc-provider as the authorization server of our agent's device flow. To the box it is one cloud: HAProxy sends
authorization and pages to oidc-provider, everything else to refcloud's trusted front.

An access token of oidc-provider means nothing to refcloud. So the EST door stands beside oidc-provider (provider.mjs):
it takes that server's token once and trades it for one of refcloud's, as a vendor's own door would look it up."""
import json
import os

import peers
from front import FRONT_PORT, PORT, URL, fronted, haproxy
from lab.browser import Browser
from lab.cloud import ACCOUNT
from lab.proc import QCLOUD, LabError, Proc, wait_for
from lab.topology import CLOUD_V4, Direct
from lab.world import user_code

PROVIDER_PORT = 3000
RULES = "  http-request set-header X-Forwarded-Proto https\n  use_backend provider if { path /token }\n" \
    "  use_backend provider if { path_beg /device /interaction /auth }\n"
DOOR = "  use_backend provider if { path /.well-known/est/simpleenroll }\n"
BACKEND = "backend provider\n  server provider 127.0.0.1:%d" % PROVIDER_PORT


class Provider:
    def __init__(self, world, door=True, code_seconds=600):
        self.world, folder = world, peers.node()
        self.log = os.path.join(world.folder, "oidc-provider.log")
        proc = Proc("oidc-provider", ["node", os.path.join(folder, "provider.mjs"), URL, str(PROVIDER_PORT),
                                      str(FRONT_PORT), world.cloud.operator_socket, str(code_seconds)],
                    self.log, ns=world.net.inet)

        def ready():
            if not proc.alive():
                raise LabError("oidc-provider ended:\n" + proc.tail())
            return self.events("listening")
        wait_for("oidc-provider listening", 20, ready)
        haproxy(world, RULES + (DOOR if door else ""), BACKEND)

    def events(self, name):
        with open(self.log) as text:
            told = [json.loads(line) for line in text if line.startswith("{") and line.endswith("}\n")]
        return [event for event in told if event["event"] == name]

    def confirm(self, code, word="Continue"):
        """The owner types the code on oidc-provider's own page, and confirms or aborts."""
        browser = Browser(self.world.net.inet, URL, (CLOUD_V4, PORT), self.world.cloud.ca)
        browser.go("/device")
        browser.submit(browser.form(needs="user_code"), user_code=code)
        browser.submit(browser.form(needs="user_code"), word)
        return browser

    def approve(self, code):
        browser = self.confirm(code)
        browser.submit(browser.form(needs="login"), login=ACCOUNT, password="any")
        browser.submit(browser.form(needs="prompt"))
        assert browser.status == 200 and "successful" in browser.html, (browser.url, browser.status, browser.html[:2000])


def _register(world):
    log = os.path.join(world.folder, "register.log")
    open(log, "w").close()
    if world.agent.proc is None:
        world.agent.start()
    command = Proc("qcloud register", [QCLOUD, "--socket", world.agent.socket, "register"], log)
    return command, wait_for("a code of oidc-provider", 20, lambda: user_code(log, command))


def _ended(command, seconds=40):
    status = command.popen.wait(timeout=seconds)
    command.stop()
    return status, open(command.log).read()


def test_registered():
    peers.node()
    with fronted("oauth_server.registered", Direct, peers.LOGS) as world:
        provider = Provider(world)
        command, code = _register(world)
        provider.approve(code)
        status, said = _ended(command)
        assert status == 0, said
        assert provider.events("enroll") == [{"event": "enroll", "known": True, "status": 200}], provider.events("enroll")
        # The whole job with it: the name answers.
        world.agent.cli("ddns", "claim", "nas1")
        world.agent.cli("enable", "ddns")
        world.wait_dns(world.fqdn(), [world.net.public], 20)


def test_denied():
    peers.node()
    with fronted("oauth_server.denied", Direct, peers.LOGS) as world:
        provider = Provider(world)
        command, code = _register(world)
        provider.confirm(code, "Abort")
        status, said = _ended(command)
        assert status == 1 and "refused on the account's page" in said, (status, said)
        assert world.agent.status()["registered"] is False


def test_expired():
    peers.node()
    with fronted("oauth_server.expired", Direct, peers.LOGS) as world:
        Provider(world, code_seconds=8)
        command, _ = _register(world)
        status, said = _ended(command)
        assert status == 1 and "was not used in time" in said, (status, said)
        assert world.agent.status()["registered"] is False


def test_token_of_a_stranger():
    """Without the door: the consent and the token are real, but refcloud does not know the token. The box says so, is
    not registered, and can try again."""
    peers.node()
    with fronted("oauth_server.token_of_a_stranger", Direct, peers.LOGS) as world:
        provider = Provider(world, door=False)
        command, code = _register(world)
        provider.approve(code)
        status, said = _ended(command)
        assert status == 1 and "access token" in said, (status, said)
        now = world.agent.status()
        assert now["registered"] is False and world.cloud.stats()["devices"] == 0, now
        _, again = _register(world)
        assert again != code, "a new try has a new code"


for _test in (test_registered, test_denied, test_expired, test_token_of_a_stranger):
    _test.seconds = 25
