"""npm openid-client as a NAS: it discovers refcloud's authorization server and runs the device flow (RFC 8628)."""
import json
import os

import peers
from door import press
from lab.cloud import ACCOUNT, PASSWORD
from lab.proc import Proc, wait_for
from lab.topology import Direct
from lab.world import World
from strongswan import Pki


class Client:
    def __init__(self, world, *more, log="openid-client"):
        folder = peers.node()
        self.log = os.path.join(world.folder, log + ".log")
        self.proc = Proc("openid-client", ["node", os.path.join(folder, "device_client.mjs"), world.cloud.origin, *more],
                         self.log, ns=world.net.inet, resolv=world.agent.resolv,
                         env={"NODE_EXTRA_CA_CERTS": world.cloud.ca})

    def events(self, name=None):
        with open(self.log) as text:
            told = [json.loads(line) for line in text if line.startswith("{") and line.endswith("}\n")]
        return [event for event in told if name in (None, event["event"])]

    def wait(self, name, seconds=20, count=1):
        def there():
            found = self.events(name)
            if len(found) >= count:
                return found[count - 1]
            if not self.proc.alive() and len(self.events(name)) < count:
                raise AssertionError("openid-client ended without '%s':\n%s" % (name, self.proc.tail()))
            return None
        return wait_for("openid-client: " + name, seconds, there)


def _world(name):
    peers.node()
    return World(name, Direct, folder=os.path.join(peers.LOGS, "oauth_client." + name))


def _browser(world):
    return world.cloud.browser().login(ACCOUNT, PASSWORD)


def test_allowed():
    peers.overlay_works()
    with _world("allowed") as world:
        client = Client(world)
        codes = client.wait("codes")
        assert codes["verification_uri"] == world.cloud.origin + "/device", codes
        assert "openid-client" in _browser(world).approve(codes["user_code"]), "the page does not say who asks"
        token = client.wait("token")
        assert token["scope"] == "nas" and token["token_type"].lower() == "bearer", token
        assert client.wait("second").get("error") == "invalid_grant", "a device code is good once"
        # And what it got is good for a certificate: a registration without a line of our agent.
        pki = Pki(world, world.cloud.origin)
        _, request = pki.key_and_request("device")
        assert b"CERTIFICATE" in pki.est(request, "--userpass", "device:" + token["access_token"]).stdout


def test_lookup():
    """A program of the owner's looks up a name that public DNS keeps to itself; a stranger's does not find it."""
    with _world("lookup") as world:
        world.registered()
        press(world, "/account/audience", audience="owner", invited="")
        world.wait_dns(world.fqdn(), [], 20)
        world.cloud.account("stranger", PASSWORD)
        found = {}
        for account in (ACCOUNT, "stranger"):
            client = Client(world, "-", world.cloud.origin + "/v1/lookup/nas1", log=account)
            world.cloud.browser().login(account, PASSWORD).approve(client.wait("codes")["user_code"])
            client.wait("second")
            found[account] = next(e for e in client.events("answer") if e["path"].startswith("/v1/lookup"))
        assert found[ACCOUNT]["body"]["addresses"]["ipv4"] == world.net.public, found[ACCOUNT]
        assert found["stranger"]["status"] == 404 and world.net.public not in str(found["stranger"]), found["stranger"]


def test_denied():
    with _world("denied") as world:
        client = Client(world)
        _browser(world).approve(client.wait("codes")["user_code"], "Deny")
        assert client.wait("failed")["error"] == "access_denied", client.events()


def test_expired():
    with _world("expired") as world:
        client = Client(world)
        codes = client.wait("codes")
        world.cloud.operator("POST", "/clock", {"advance_seconds": codes["expires_in"] + 1})
        assert client.wait("failed")["error"] == "expired_token", client.events()


def test_slow_down():
    """It polls each second, though five were asked for: it is told, and waits five seconds longer from then on."""
    with _world("slow_down") as world:
        client = Client(world, "1")
        codes = client.wait("codes")
        client.wait("answer", count=3)  # the codes, one poll in time, one too early
        # The next one would be too early as well; in the cloud's time it is not.
        world.cloud.operator("POST", "/clock", {"advance_seconds": 60})
        world.cloud.operator("POST", "/approve", {"user_code": codes["user_code"], "account": ACCOUNT})
        client.wait("token")
        polls = [event for event in client.events("answer") if event["path"] == "/token"]
        assert [poll.get("error") for poll in polls[:3]] == ["authorization_pending", "slow_down", None], polls
        assert polls[1]["at"] - polls[0]["at"] < 3 < 5.5 < polls[2]["at"] - polls[1]["at"], polls
