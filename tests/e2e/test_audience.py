"""Who may look the NAS up (promise L2): public DNS shows a home address only while the audience is everyone; to
others the addresses are told only after they have proved their account."""
import json
import time

from lab.cloud import ACCOUNT, PASSWORD, ZONE
from lab.proc import run, wait_for
from lab.topology import CLOUD_V4, Nat6
from lab.world import World

FRIEND, STRANGER = ("friend@example.com", "friend's own words"), ("stranger@example.com", "someone else's words")


def _look_up(world, who, name="nas1"):
    """What the page tells: (status, text)."""
    browser = world.cloud.browser().login(*who)
    browser.go("/lookup?name=" + name)
    return browser.status, " ".join(" ".join(browser.page.text).split())


def _public(world):
    """Every record of the name that any kind of question brings to light."""
    found = []
    for kind in ("A", "AAAA", "ANY", "TXT", "HTTPS"):
        found += world.dig(world.fqdn(), kind)
    return found


def test_three_audiences():
    with World("audience.three_audiences", Nat6) as world:
        world.cloud.account(*FRIEND)
        world.cloud.account(*STRANGER)
        wait_for("an IPv6 address", 10, world.net.nas_v6)
        world.registered()
        v6 = world.net.nas_v6()
        world.wait_dns(world.fqdn(), [v6], 20, kind="AAAA")
        agent, home = world.agent, (world.net.public, v6)
        assert agent.json("audience")["audience"] == "everyone"

        agent.cli("audience", "owner")
        assert world.dig(world.fqdn()) == [] and world.dig(world.fqdn(), "AAAA") == [], "still in public DNS"
        assert not any(a in line for line in _public(world) for a in home), _public(world)
        status, text = _look_up(world, (ACCOUNT, PASSWORD))
        assert status == 200 and all(a in text for a in home), (status, text)
        nobody = _look_up(world, STRANGER, "no-such-name")
        for who in (FRIEND, STRANGER):
            status, text = _look_up(world, who)
            assert status == 404 and not any(a in text for a in home), (who, status, text)
            # What one who may not know hears is what one hears about a name that does not exist.
            assert (status, text.replace("nas1", "no-such-name").replace(who[0], "")) == (
                nobody[0], nobody[1].replace(STRANGER[0], "")), (text, nobody)

        agent.cli("audience", "invited", "--invite", FRIEND[0], "--invite", "nobody@example.com")
        told = agent.json("audience")
        assert told["audience"] == "invited" and set(told["invited"]) == {FRIEND[0], "nobody@example.com"}, told
        assert _look_up(world, FRIEND)[0] == 200 and _look_up(world, STRANGER)[0] == 404
        assert world.dig(world.fqdn()) == []
        # A new address is told to the friend, and still not to the world.
        world.net.change_public("5.6.7.99", silent=False)
        wait_for("the friend sees it", 40, lambda: "5.6.7.99" in _look_up(world, FRIEND)[1], every=2)
        assert world.dig(world.fqdn()) == [] and world.dig(world.fqdn(), "AAAA") == []

        agent.cli("audience", "invited", "--uninvite", FRIEND[0])
        assert _look_up(world, FRIEND)[0] == 404, "the friend keeps access"
        agent.cli("audience", "everyone")
        world.wait_dns(world.fqdn(), ["5.6.7.99"], 5)
        world.wait_dns(world.fqdn(), [v6], 5, kind="AAAA")

        # The page decides as well as the box, and the box hears no less of it.
        browser = world.cloud.browser().login(ACCOUNT, PASSWORD).open_nas(world.device_id())
        browser.submit(browser.form(action="/account/audience"), audience="owner", invited="")
        world.wait_dns(world.fqdn(), [], 5)
        assert agent.json("audience")["audience"] == "owner"
        # A rename or a report does not leak it again; unregistering forgets it.
        agent.cli("ddns", "rename", "nas2")
        time.sleep(2)
        assert world.dig(world.fqdn("nas2")) == [] and world.dig(world.fqdn("nas2"), "AAAA") == []
        agent.cli("unregister", "--yes")
        world.wait_settled()
        assert not world.cloud.rows_naming("nobody@example.com"), "an invited account is still stored"
        world.registered("nas3")
        assert agent.json("audience")["audience"] == "everyone"


def test_own_domain():
    """The owner's own domain, by CNAME in a zone of somebody else: it follows the name, and falls silent with it."""
    with World("audience.own_domain", Nat6) as world:
        world.pdns.zone("family.test.", [("nas.family.test.", "CNAME", [world.fqdn() + "."])])
        world.registered()

        def own():
            lines = run(["dig", "@" + CLOUD_V4, "+short", "+tries=1", "+time=2", "nas.family.test", "A"],
                        ns=world.net.inet).stdout.split()
            return [line for line in lines if not line.endswith(".")]
        wait_for("the own domain", 5, lambda: own() == [world.net.public])
        world.net.change_public("5.6.7.98", silent=False)
        world.wait_dns(world.fqdn(), ["5.6.7.98"], 40)
        assert own() == ["5.6.7.98"], own()
        world.agent.cli("audience", "owner")
        assert own() == [], own()
        world.agent.cli("audience", "everyone")
        wait_for("the own domain again", 5, lambda: own() == ["5.6.7.98"])
        world.agent.cli("ddns", "release")
        assert own() == [], own()


def test_update_token():
    """The door for routers and old clients (dyndns2): a token from the page, good for one name until it changes."""
    with World("audience.update_token", Nat6) as world:
        world.registered()
        browser = world.cloud.browser().login(ACCOUNT, PASSWORD).open_nas(world.device_id())
        browser.submit(browser.form(action="/account/token"), word="ake")
        token = browser.html.split('id="token">')[1].split("<")[0]
        assert len(token) >= 32, browser.html

        def update(query, secret=token):
            return world.cloud.browser().basic("/nic/update?hostname=%s&%s" % (world.fqdn(), query), "nas1", secret)
        assert update("myip=5.6.7.123") == (200, "good 5.6.7.123"), update("myip=5.6.7.123")
        assert update("myip=5.6.7.123")[1].startswith("nochg"), update("myip=5.6.7.123")
        assert update("myip=5.6.7.124", "wrong")[1] == "badauth"
        assert update("myip=192.168.1.1")[1] != "good 192.168.1.1"
        assert "5.6.7.123" in world.dig(world.fqdn()), world.dig(world.fqdn())
        assert token not in json.dumps([str(row) for row in world.cloud.rows_naming(token)]), "kept in clear"
        world.agent.cli("ddns", "rename", "nas2")
        assert update("myip=5.6.7.125")[1] in ("badauth", "nohost"), update("myip=5.6.7.125")
        assert ZONE in world.agent.status()["name"]


test_three_audiences.seconds = 60
test_three_audiences.waits = test_own_domain.waits = True
