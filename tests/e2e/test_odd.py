"""Networks that are odd: the main job works there, or status and doctor say truly why not; and when the oddity
ends, all is well without anybody's help."""
import random
import time

from lab.odd import (Bridged, Ipv6Only, Ipv6OnlyNat64, Satellite, TwoUplinks, black_hole, loss, must_translate)
from lab.proc import bound, wait_for
from lab.says import complains, doctor, well
from lab.topology import CLOUD_V4, CLOUD_V6, GATEWAY, Direct, DoubleNat, Nat, Nat6
from lab.world import World


def _only_ipv6(world):
    wait_for("an IPv6 address", 10, world.net.nas_v6)
    world.registered(ddns=False)
    world.agent.cli("enable", "ddns")
    took = world.wait_dns(world.fqdn(), [world.net.nas_v6()], 20, kind="AAAA")
    time.sleep(3)
    assert world.dig(world.fqdn()) == [], "an IPv4 address that is not the box's own: %s" % world.dig(world.fqdn())
    status = well(world)
    assert status["reach"] == "direct", status
    world.net.change_prefix("2a0b:77:2::/64")
    address = wait_for("an address in the new prefix", 10, world.net.nas_v6)
    world.wait_dns(world.fqdn(), [address], 20, kind="AAAA")
    print("figure: name answers after %.2f s, AAAA only" % took)


def test_ipv6_only():
    with World("odd.ipv6_only", Ipv6Only) as world:
        _only_ipv6(world)


def test_ipv6_only_nat64():
    """The cloud has IPv4 only and is reached through a translator; the translator's address is not the box's."""
    with World("odd.ipv6_only_nat64", Ipv6OnlyNat64) as world:
        _only_ipv6(world)
        must_translate(world.net)
        doctor(world, "ipv6_only_nat64")


class OldCloud(Nat6):
    """Both families at home, but the cloud has IPv4 only."""
    cloud_addresses = {"A": [CLOUD_V4]}


def test_ipv6_only_no_nat64():
    """The box loses IPv4, and only IPv6 is left to a cloud that has none: said as it is, and over when it is over."""
    with World("odd.ipv6_only_no_nat64", OldCloud) as world:
        wait_for("an IPv6 address", 10, world.net.nas_v6)
        world.registered()
        world.wait_dns(world.fqdn(), [world.net.nas_v6()], 20, kind="AAAA")
        world.agent.resolver(CLOUD_V6)
        world.net.nas.ip("addr del 192.168.77.2/24 dev eth0")
        complains(world, "IPv6", words_not=("no route to the internet",))
        doctor(world, "ipv6_only_no_nat64")
        world.net.nas.ip("addr add 192.168.77.2/24 dev eth0")
        world.net.link_up()
        well(world)
        world.net.change_public("5.6.7.88", silent=False)
        world.wait_dns(world.fqdn(), ["5.6.7.88"], 40)


def test_dual_stack_flapping():
    """Now one family, now the other, now another prefix: afterwards both records are right, and the cloud was not
    flooded."""
    with World("odd.dual_stack_flapping", Nat6) as world:
        net = world.net
        wait_for("an IPv6 address", 10, net.nas_v6)
        world.registered()
        world.wait_dns(world.fqdn(), [net.nas_v6()], 20, kind="AAAA")
        before = world.cloud.stats()
        dice = random.Random(7)
        for step in range(24):
            what = step % 3
            if what == 0:
                net.nas.ip("route del default via 192.168.77.1")
                time.sleep(dice.random() * 0.4)
                net.link_up()
            elif what == 1:
                net.change_prefix("2a0b:77:%x::/64" % (16 + step))
            else:
                net.nas.sysctl(net__ipv6__conf__eth0__disable_ipv6=1)
                time.sleep(dice.random() * 0.4)
                net.nas.sysctl(net__ipv6__conf__eth0__disable_ipv6=0)
                time.sleep(0.1)
                net.advertise()
            time.sleep(dice.random() * 0.4)
        # A router repeats itself: what the box missed while it was down comes again.
        time.sleep(2)
        net.advertise()
        start = time.monotonic()
        address = wait_for("an address in the last prefix", 10, net.nas_v6)
        world.wait_dns(world.fqdn(), [address], 40, kind="AAAA")
        world.wait_dns(world.fqdn(), [net.public], 40)
        took = time.monotonic() - start
        well(world)
        after = world.cloud.stats()
        updates = after["ddns_updates"] - before["ddns_updates"]
        print("figure: right %.1f s after the last of 24 flaps, %d updates" % (took, updates))
        doctor(world, "address_flapping")
        assert updates <= 60 and after["ddns_noops"] == before["ddns_noops"], (before, after)


def test_two_uplinks():
    """The name follows the provider that is in use, also back."""
    with World("odd.two_uplinks", TwoUplinks) as world:
        world.registered()
        took = []
        for _ in range(3):
            world.net.link_down()
            took.append(world.wait_dns(world.fqdn(), [world.net.second], 30))
            world.net.link_up()
            took.append(world.wait_dns(world.fqdn(), [world.net.public], 30))
        well(world)
        doctor(world, "several_interfaces")
        print("figure: worst of 6 changes: %.2f s" % max(took))
        assert max(took) <= bound(20), took
        assert world.cloud.stats()["ddns_noops"] == 0


def test_bridge():
    """The address sits on a bridge, and its port changes under it."""
    with World("odd.bridge", Bridged) as world:
        world.registered()
        world.net.replug()
        world.net.nas.ip("addr add 5.6.7.44/24 dev br0")
        world.net.nas.ip("addr del 5.6.7.10/24 dev br0")
        world.net.nas.ip("route replace default via " + GATEWAY)
        took = world.wait_dns(world.fqdn(), ["5.6.7.44"], 40)
        well(world)
        print("figure: right after %.2f s" % took)


def test_dhcp_storm():
    """A DHCP client that takes the address away and gives it back, sixty times: no flood, nothing wrong after."""
    with World("odd.dhcp_storm", Direct) as world:
        world.registered()
        wait_for("a watch that hangs", 20, lambda: world.cloud.stats()["watches_hung"] >= 1)
        before, nas = world.cloud.stats(), world.net.nas
        for step in range(60):
            nas.ip("addr del %s/24 dev eth0" % world.net.public)
            if step % 10 == 9:
                world.net.public = "5.6.7.%d" % (100 + step)
            nas.ip("addr add %s/24 dev eth0" % world.net.public)
            nas.ip("route replace default via " + GATEWAY)
            time.sleep(0.05)
        took = world.wait_dns(world.fqdn(), [world.net.public], 30)
        well(world)
        after = world.cloud.stats()
        updates = after["ddns_updates"] - before["ddns_updates"]
        print("figure: right %.2f s after the last of 60 renewals, %d updates" % (took, updates))
        assert updates <= 30 and after["ddns_noops"] == 0, (before, after)


def test_satellite():
    """600 ms there and back."""
    with World("odd.satellite", Satellite) as world:
        start = time.monotonic()
        world.registered()
        whole = time.monotonic() - start
        well(world)
        world.net.change_own("5.6.7.77")
        took = world.wait_dns(world.fqdn(), ["5.6.7.77"], 30)
        findings = doctor(world, "slow_path")
        print("figure: registered and named in %.0f s, own change %.1f s; doctor: %s" % (whole, took, sorted(findings)))
        assert took <= bound(20)
        assert not any(c["severity"] == "error" for c in findings.values()), findings


def test_loss():
    """30 % of all packets are lost, each way."""
    with World("odd.loss", Nat) as world:
        world.registered()
        wait_for("a watch that hangs", 20, lambda: world.cloud.stats()["watches_hung"] >= 1)
        with loss(world.net.router, 30):
            world.net.change_public("5.6.7.91", silent=False)
            took = world.wait_dns(world.fqdn(), ["5.6.7.91"], 150)
            # Chance decides what one look meets: all of its packets may be lost, or too few to speak of.
            wait_for("a look that meets the loss", 150, lambda: "packet_loss" in doctor(world))
        start = time.monotonic()
        well(world)
        world.agent.cli("ddns", "rename", "nas2")
        world.wait_dns(world.fqdn("nas2"), ["5.6.7.91"], 60)
        print("figure: silent change published after %.0f s; well %.1f s after the loss ended" % (
            took, time.monotonic() - start))


def test_mtu_black_hole():
    """A link in the middle carries less than both ends believe, and nobody may say so. What the internet's smallest
    link carries is enough; where there is less, the box says what the matter is."""
    with World("odd.mtu_black_hole", DoubleNat) as world:
        world.registered(ddns=False)
        with black_hole(world.net, 1280):
            start = time.monotonic()
            world.agent.cli("enable", "ddns")
            world.wait_dns(world.fqdn(), [world.net.public], 60)
            took = time.monotonic() - start
        with black_hole(world.net, 700):
            world.cloud.stop()
            world.cloud.start()
            complains(world, "cloud")
            doctor(world, "mtu_black_hole")
        world.agent.cli("ddns", "rename", "nas2")
        world.wait_dns(world.fqdn("nas2"), [world.net.public], 90)
        wait_for("nothing worse than two routers", 20, lambda: world.agent.codes() == {"ddns_double_nat"})
        print("figure: with 1280 it works, after %.1f s; with 700 it is said" % took)


test_loss.seconds = 130
test_mtu_black_hole.seconds = test_satellite.seconds = 60
test_ipv6_only_no_nat64.seconds = 50
test_satellite.waits = test_loss.waits = test_ipv6_only_no_nat64.waits = test_mtu_black_hole.waits = test_two_uplinks.waits = True
