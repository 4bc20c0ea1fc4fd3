"""Owners who change (docs/ownership.md): nobody is bound silently, and nobody keeps access (promise R1)."""
import os
import shutil
import time

from lab.agent import Refused
from lab.cloud import ACCOUNT, PASSWORD
from lab.proc import wait_for
from lab.quiet import assert_quiet
from lab.says import expect, well
from lab.topology import Direct
from lab.world import World

BUYER = {"account": "buyer@example.com", "password": "another horse battery"}


def _devices_on_page(world, account=ACCOUNT, password=PASSWORD):
    """The device ids that the account's page lists."""
    browser = world.cloud.browser().login(account, password)
    browser.go("/account")
    assert browser.status == 200, browser.status
    parts = browser.html.split("/account/remove?device_id=")[1:]
    return [part[:36] for part in parts]


def _remove_on_page(world, device, account=ACCOUNT, password=PASSWORD):
    browser = world.cloud.browser().login(account, password)
    browser.go("/account/remove?device_id=" + device)
    browser.submit(browser.form(needs="device_id", word="Remove"))
    assert browser.status == 200 and "no longer registered" in browser.html, browser.html
    return browser.html.split("<textarea")[1].split(">")[1].split("<")[0]


def _reset(agent):
    """As the box's own factory reset: everything of ours is gone."""
    agent.stop()
    shutil.rmtree(os.path.dirname(agent.state))


def _off(status):
    return not any(f["on"] for f in status["features"])


def test_resold_as_it_is():
    """Bound already: a second registration is refused and says to whom it belongs. The buyer, who is admin of the
    box, unregisters it; then it is the buyer's, and the seller has nothing left."""
    with World("ownership.resold_as_it_is", Direct) as world:
        world.cloud.account(BUYER["account"], BUYER["password"])
        world.registered()
        agent, old = world.agent, world.device_id()
        before = world.cloud.stats()
        done = agent.cli("register", check=False)
        assert "already" in done.stdout + done.stderr and ACCOUNT in done.stdout + done.stderr, done
        assert "unregister" in done.stdout + done.stderr, done
        assert world.cloud.stats()["enrollments"] == before["enrollments"] and world.device_id() == old
        agent.cli("unregister", "--yes")
        world.wait_settled()
        assert _off(agent.status()), "switched on without a registration"
        assert_quiet(world, 5, "unregistered")
        assert _devices_on_page(world) == []
        status, _ = world.register(**BUYER)
        assert status == 0
        now = agent.status()
        assert now["account"] == BUYER["account"] and now["device_id"] != old, now
        assert _off(now), "the buyer is found by name without having asked for it"
        assert now["name"] is None, now
        agent.cli("ddns", "claim", "nas1")  # the seller's name is free again
        agent.cli("enable", "ddns")
        world.wait_dns(world.fqdn(), [world.net.public], 20)
        assert _devices_on_page(world, **BUYER) == [now["device_id"]] and _devices_on_page(world) == []


def test_factory_reset():
    """Reset without a word to the cloud: the box knows nobody and is quiet. The old entry stays on the old page, with
    its name, and has no power over the box."""
    with World("ownership.factory_reset", Direct) as world:
        world.cloud.account(BUYER["account"], BUYER["password"])
        world.registered()
        agent, old = world.agent, world.device_id()
        _reset(agent)
        agent.start()
        now = expect(world, "not_registered", 5)
        assert now["registration"] == "unregistered" and _off(now) and not now["account"] and not now["name"], now
        assert_quiet(world, 5, "reset")
        status, _ = world.register(**BUYER)
        assert status == 0
        assert _devices_on_page(world) == [old], "the old entry vanished by itself"
        new = agent.status()["device_id"]
        assert new != old and _devices_on_page(world, **BUYER) == [new]
        done = agent.cli("ddns", "claim", "nas1", check=False)
        assert done.returncode == 1 and "fix:" in done.stderr, "the name of another account was given away: %s" % done
        agent.cli("ddns", "claim", "nas2")
        agent.cli("enable", "ddns")
        world.wait_dns(world.fqdn("nas2"), [world.net.public], 20)
        # The seller tidies up: only what was the seller's goes.
        _remove_on_page(world, old)
        world.wait_dns(world.fqdn(), [], 10)
        time.sleep(2)
        assert agent.status()["device_id"] == new and agent.status()["registered"]
        assert world.dig(world.fqdn("nas2")) == [world.net.public]
        well(world)
        agent.cli("ddns", "rename", "nas1")
        world.wait_dns(world.fqdn(), [world.net.public], 20)


def test_disks_moved():
    """The disks in another box: the registration is set aside, nothing is sent, nothing is lost; back home it counts
    again. Registered anew there, it is another device."""
    with World("ownership.disks_moved", Direct) as world:
        agent = world.agent
        agent.hardware("Q204I00042")
        world.registered()
        home = world.device_id()
        agent.stop()
        agent.hardware("Q999I77777")
        agent.start()
        now = expect(world, "identity_set_aside", 10)
        assert not now["registered"] and now["registration"] == "set_aside", now
        assert_quiet(world, 8, "on other hardware")
        done = agent.cli("ddns", "claim", "nas5", check=False)
        assert done.returncode == 1, done
        agent.stop()
        agent.hardware("Q204I00042")
        agent.start()
        well(world)
        assert world.device_id() == home
        world.net.change_own("5.6.7.61")
        world.wait_dns(world.fqdn(), ["5.6.7.61"], 20)
        # Both at once: a copy of the disks in a second box never speaks with the first one's identity.
        copy = world.box("copy")
        copy.hardware("Q999I77777")
        shutil.copytree(os.path.dirname(agent.state), os.path.dirname(copy.state), dirs_exist_ok=True)
        requests = world.cloud.stats()["requests"]
        copy.start()
        time.sleep(3)
        assert "identity_set_aside" in copy.codes(), copy.codes()
        world.agent = copy
        status, _ = world.register()
        assert status == 0 and copy.status()["device_id"] != home
        assert not {"identity_set_aside"} & copy.codes()
        print("figure: %d requests while two boxes held one state" % (world.cloud.stats()["requests"] - requests))
        world.agent = agent
        well(world)
        assert world.device_id() == home and sorted(_devices_on_page(world)) == sorted([home, copy.status()["device_id"]])


def test_restored_backup():
    """The state of last month comes back: what the owner decided since is not undone in the cloud."""
    with World("ownership.restored_backup", Direct) as world:
        world.registered()
        agent, folder = world.agent, os.path.dirname(world.agent.state)
        backup = os.path.join(world.folder, "backup")

        def restore():
            agent.stop()
            shutil.rmtree(folder)
            shutil.copytree(backup, folder)
            agent.start()
        agent.stop()
        shutil.copytree(folder, backup)
        agent.start()
        # Renamed since: the newer name counts.
        agent.cli("ddns", "rename", "nas2")
        restore()
        wait_for("the newer name", 30, lambda: agent.status()["name"] == world.fqdn("nas2"))
        world.wait_dns(world.fqdn("nas2"), [world.net.public], 20)
        assert world.dig(world.fqdn()) == []
        # Unregistered since: the old identity opens nothing. The box hears so, forgets it, and is quiet.
        agent.cli("unregister", "--yes")
        world.wait_settled()
        devices = world.cloud.stats()["devices"]
        restore()
        wait_for("the box hears of it", 30, lambda: not agent.status()["registered"])
        assert world.cloud.stats()["devices"] == devices == 0
        assert world.dig(world.fqdn("nas2")) == []
        print("figure: after unregister and restore: %s" % sorted(agent.codes()))
        time.sleep(3)
        assert_quiet(world, 8, "its identity is void")
        agent.stop()
        agent.start()
        time.sleep(2)
        status, _ = world.register()
        assert status == 0, open(world.folder + "/register.log").read()
        well(world)


def test_removed_then_claimed():
    """The seller removes the box on the page; the buyer registers it. Nothing of the seller comes along."""
    with World("ownership.removed_then_claimed", Direct) as world:
        world.cloud.account(BUYER["account"], BUYER["password"])
        world.registered()
        agent, old = world.agent, world.device_id()
        _remove_on_page(world, old)
        wait_for("the box hears of it", 10, lambda: not agent.status()["registered"])
        status, _ = world.register(**BUYER)
        assert status == 0, open(world.folder + "/register.log").read()
        now = agent.status()
        assert now["account"] == BUYER["account"] and now["device_id"] != old and _off(now), now
        assert "device_removed" not in agent.codes()
        try:
            agent.cli("ddns", "claim", "nas1")
        except (AssertionError, Refused) as error:
            raise AssertionError("the name was not given free: %s" % error) from None
        browser = world.cloud.browser().login(ACCOUNT, PASSWORD)
        browser.go("/account/remove?device_id=" + now["device_id"])
        assert browser.status == 404, "the seller still sees the box: %d" % browser.status


test_restored_backup.seconds = test_disks_moved.seconds = 40
test_restored_backup.waits = True
