"""`qcloud status` says what is the matter, by the table in docs/status.md: situation, code, exit status.
Each situation is made for real, and ended again where it can be."""
from lab.certs import clock
from lab.cloud import ACCOUNT, PASSWORD
from lab.proc import instrumented
from lab.says import expect, well
from lab.topology import CarrierNat, Direct, DoubleNat, Nat
from lab.world import World


def test_well():
    with World("status.well", Nat) as world:
        world.agent.start()
        expect(world, "not_registered")
        world.registered()
        status = well(world)
        assert status["schema"] == 1 and status["registered"] and status["account"] == ACCOUNT
        assert status["name"] == world.fqdn() and status["device_id"] and status["last_contact"]
        assert status["orders_pending"] == 0 and status["reach"] in ("direct", "relay", "none")
        assert [f["on"] for f in status["features"] if f["name"] == "ddns"] == [True]
        # In words: behind a router.
        expect(world, "ddns_behind_router")


def test_double_nat():
    with World("status.double_nat", DoubleNat) as world:
        world.registered()
        expect(world, "ddns_double_nat")


def test_carrier_nat():
    with World("status.carrier_nat", CarrierNat) as world:
        world.registered()
        expect(world, "ddns_carrier_nat")


def test_cloud_down():
    with World("status.cloud_down", Direct) as world:
        world.registered()
        world.cloud.stop()
        expect(world, "cloud_unreachable")
        world.cloud.start()
        well(world, 90)


def test_order_pending():
    with World("status.order_pending", Direct) as world:
        world.registered()
        world.cloud.stop()
        world.agent.cli("disable", "ddns")
        answer = expect(world, "order_pending", 10)
        assert answer["orders_pending"] == 1 and len(answer["orders"]) == 1, answer
        world.cloud.start()
        world.wait_settled(90)
        assert "order_pending" not in world.agent.codes()


def test_dns_failing():
    with World("status.dns_failing", Direct) as world:
        world.registered()
        world.pdns.stop()
        # The watch that hangs needs no name; the next one does.
        world.cloud.stop()
        world.cloud.start()
        expect(world, "dns_failing", 60)
        world.pdns.start()
        well(world, 90)


def test_no_network():
    with World("status.no_network", Direct) as world:
        world.registered()
        world.net.link_down()
        expect(world, "no_network", 60)
        world.net.link_up()
        well(world, 90)


def test_revoked():
    with World("status.revoked", Direct) as world:
        world.registered()
        world.cloud.operator("POST", "/revoke", {"device_id": world.device_id()})
        expect(world, "certificate_revoked", 20)


def test_removed():
    with World("status.removed", Direct) as world:
        world.registered()
        browser = world.cloud.browser().login(ACCOUNT, PASSWORD)
        browser.go("/account/remove?device_id=" + world.device_id())
        browser.submit(browser.form(needs="device_id", word="Remove"))
        expect(world, "device_removed", 20)


def _name_on_page(world, name):
    browser = world.cloud.browser().login(ACCOUNT, PASSWORD).open_nas(world.device_id())
    browser.submit(browser.form(action="/account/rename"), name=name)
    assert browser.status == 200, browser.html


def test_name_lost():
    """The owner gives the box another name on the page, then none."""
    with World("status.name_lost", Direct) as world:
        world.registered()
        _name_on_page(world, "renamed")
        expect(world, "name_changed", 20)
        assert world.agent.status()["name"] == world.fqdn("renamed")
        world.wait_dns(world.fqdn("renamed"), [world.net.public], 10)
        _name_on_page(world, "")
        answer = expect(world, "name_lost", 20)
        assert not answer["name"], answer["name"]
        world.agent.cli("ddns", "claim", "again")
        world.wait_dns(world.fqdn("again"), [world.net.public], 20)
        well(world)


def test_clock_wrong():
    """A clock that is a year off, in both directions: said, and the box still does its work."""
    if instrumented("another clock is preloaded, and does not go with their library"):
        return
    with World("status.clock_wrong", Direct) as world:
        world.registered()
        for step, shift in enumerate(("+365d", "-365d")):
            world.agent.stop()
            world.agent.env = clock(shift)
            world.agent.start()
            expect(world, "clock_wrong", 40)
            world.net.change_own("5.6.7.%d" % (80 + step))
            world.wait_dns(world.fqdn(), [world.net.public], 20)
        world.agent.stop()
        world.agent.env = {}
        world.agent.start()
        well(world)


test_cloud_down.seconds = test_dns_failing.seconds = test_no_network.seconds = 60
