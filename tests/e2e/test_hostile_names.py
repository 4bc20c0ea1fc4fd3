"""Names that may not be: every forbidden character, look-alikes from other alphabets, somebody else's name. Each is
refused with a word and a fix, at the command and on the page; the name that the box has stays."""
from lab.cloud import ACCOUNT, PASSWORD
from lab.says import well
from lab.topology import Direct
from lab.world import World

FORBIDDEN = [chr(c) for c in range(32, 127) if not (chr(c).isalnum() or chr(c) == "-")]
LOOK_ALIKES = ["n\u0430s2", "\uff4eas2", "na\u017f2", "n\u00e0s2", "nas\u00b2", "xn--ns-2-kma", "na\u200bs2", "\u202enas2", "nas2\u0301",
               "NAS\u212a", "\U0001d4f7as2"]
SHAPES = ["", "-", "-nas", "nas-", "a" * 64, "a" * 300, "12345", "nas2.other", "www.nas", "nas2.mynas.test.evil.test", "ab--cd",
          "localhost", "www", "mail", "admin", "ns1"]


def test_names():
    neighbor = {"account": "neighbor@example.com", "password": "the words of the neighbor"}
    with World("hostile_names.names", Direct) as world:
        world.cloud.account(neighbor["account"], neighbor["password"])
        world.registered("theirs", ddns=False, **neighbor)
        theirs = world.agent
        theirs.stop()
        agent = world.agent = world.box("second")
        world.registered("nas1")
        tried, accepted = 0, []
        for name in ["na" + c + "s2" for c in FORBIDDEN] + LOOK_ALIKES + SHAPES + ["nas2\n", "na\ts2", "na\x1bs2"]:
            tried += 1
            done = agent.cli("ddns", "rename", "--", name, check=False)
            text = done.stdout + done.stderr
            assert "\x1b" not in text and "\u202e" not in text, "printed as it came: %r" % text
            if done.returncode == 0:
                # Only what is harmless: a name that is written otherwise and means the same, or no trap at all.
                now = agent.status()["name"].split(".")[0]
                assert now.isascii() and now.replace("-", "").isalnum() and name in ("ab--cd",), (name, now)
                accepted.append(name)
                agent.cli("ddns", "rename", "nas1")
            else:
                assert done.returncode in (1, 2) and "fix:" in done.stderr, (name, done)
        assert agent.status()["name"] == world.fqdn("nas1")
        # Upper case is the same name; somebody else's is nobody's to take, in any case.
        for name in ("theirs", "THEIRS", "Theirs"):
            done = agent.cli("ddns", "rename", name, check=False)
            assert done.returncode == 1 and "fix:" in done.stderr, done
        browser = world.cloud.browser().login(ACCOUNT, PASSWORD)
        for name in ("theirs", "n\u0430s2", "na s2", "-nas", "a" * 64, "<b>x</b>"):
            browser.open_nas(world.device_id())
            browser.submit(browser.form(action="/account/rename"), name=name)
            assert browser.status >= 400, "%s: the page says %d" % (name, browser.status)
            assert "<b>x</b>" not in browser.html, "markup comes back as markup"
        world.wait_dns(world.fqdn("nas1"), [world.net.public], 10)
        assert world.dig(world.fqdn("theirs")) == []
        well(world)
        print("figure: %d names refused, accepted %s" % (tried - len(accepted), accepted))
