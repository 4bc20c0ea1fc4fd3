"""Staying up while the way changes: addresses, with and without an event that the box can see, silence, a router that
reboots. Name and link are right again within what is promised."""
import os
import time

from lab import certs, h2_frames as h2
from lab.cloud import HOST
from lab.home import Home
from lab.liar import Liar, answer
from lab.liar_dns import LyingDns
from lab.nas_site import PAGE
from lab.ns import veth
from lab.odd import ROUTER, Office, black_hole
from lab.proc import bound, wait_for
from lab.relay import BOXES_PORT, HOST as RELAY, second_addresses
from lab.says import complains, expect, well
from lab.topology import CLOUD_V4, Direct, DoubleNat, Nat6
from lab.web_proxy import WebProxy

DROP = int(os.environ.get("QCLOUD_LINK_DROP", "45"))  # seconds; the whole is 300


def _named(home, address):
    """Whether the cloud's picture of the box, from which its name is made, has the address."""
    return any(table == "ddns" for table, _ in home.cloud.rows_naming(address))


def _right_again(home, address, seconds):
    """Until the name and the link are right, and a visitor is served; the seconds of each since `now`."""
    start = time.monotonic()
    wait_for("the relay sees " + address, seconds, lambda: home.told(address), every=0.05)
    link = time.monotonic() - start
    wait_for("the cloud knows " + address, seconds - link + 1, lambda: _named(home, address), every=0.1)
    name = time.monotonic() - start
    assert home.curl().stdout == PAGE
    return link, name


def test_silent_beside_visitors():
    """The way to one relay is cut without a word, while visitors come through the other: the dead connection is given
    up as if nobody came."""
    with Home("link_ways.silent_beside_visitors", count=2) as home:
        home.attached()
        time.sleep(3)
        dead = home.connections()[0]
        other = next(r for r in home.relays if r.address != dead["address"])
        there = home.tls(relay=next(r for r in home.relays if r != other))  # so it is watched like the other
        time.sleep(2)
        home.net.router.nft("table ip cut { chain forward { type filter hook forward priority -20; "
                            "ip daddr %s drop; ip saddr %s drop; }; }" % (dead["address"], dead["address"]))
        start = time.monotonic()
        while dead["since"] in [c["since"] for c in home.connections() if c["address"] == dead["address"]]:
            assert home.serves(other)
            assert time.monotonic() - start < bound(60), "the dead connection stands: %s" % home.connections()
            time.sleep(2)
        there.close()
        print("figure: given up after %.0f s" % (time.monotonic() - start))


def test_one_family():
    """A relay with addresses of both families, and a box with IPv4 alone: it is attached twice all the same."""
    with Home("link_ways.one_family") as home:
        second_addresses(home)
        home.attached(services=False)
        home.publish("web", home.site.page_port)
        assert home.served_again() < bound(5)


def test_many_addresses():
    """The relay's name leads to many addresses, always in the same order, of which the last one works."""
    with Home("link_ways.many_addresses") as home:
        home.attached()
        dead = ["5.6.8.%d" % (100 + i) for i in range(19)]
        for address in dead:
            home.net.inet.ip("addr add %s/32 dev lo" % address)  # where nobody listens
        LyingDns(home.net.inet, "5.6.8.53", lambda name, kind: [] if kind == 28 else
                 dead + [home.relay.address] if name == RELAY else [CLOUD_V4])
        home.agent.resolver("5.6.8.53")
        home.agent.stop()
        home.agent.start()
        took = home.wait_attached(1, seconds=60)
        print("figure: attached after %.1f s" % took)


def test_no_dns():
    """The relay dies and comes back while nobody says where its name leads: it is where it was."""
    with Home("link_ways.no_dns") as home:
        home.attached()
        home.net.router.nft("table ip nodns { chain forward { type filter hook forward priority -20; "
                            "udp dport 53 drop; tcp dport 53 drop; }; }")
        took = []
        for _ in range(2):
            home.relay.kill()
            time.sleep(1)
            home.relay.start()
            took.append(home.served_again(within=60))
            home.wait_attached(seconds=60)
        home.net.router.nft("delete table ip nodns")
        print("figure: served %.1f and %.1f s after the relay was back" % tuple(took))
        assert max(took) < bound(30), took


def test_own_address():
    """The box itself gets another address, and sees it."""
    with Home("link_ways.own_address", topology=Direct) as home:
        home.attached(ddns=True)
        worst = [0, 0]
        for last in (11, 12, 13, 14, 15):
            time.sleep(1)
            home.net.change_own("5.6.7.%d" % last)
            took = _right_again(home, home.net.public, 10)
            worst = [max(pair) for pair in zip(worst, took)]
        print("figure: worst of 5: link %.2f s, name %.2f s" % tuple(worst))
        assert max(worst) < bound(2), worst


def test_second_uplink():
    """The cable that leads out is pulled, and another one that was there all the time does; then the first is back."""
    with Home("link_ways.second_uplink", topology=Direct) as home:
        veth(home.net.nas, "eth1", home.net.inet, "toward-nas-too")
        home.net.inet.ip("addr add 5.6.9.1/24 dev toward-nas-too")
        home.net.nas.ip("addr add 5.6.9.10/24 dev eth1")
        home.net.nas.ip("route add default via 5.6.9.1 metric 100")
        home.attached(ddns=True)
        worst = [0, 0]
        for _ in range(3):
            time.sleep(6)
            home.net.link_down()
            away = _right_again(home, "5.6.9.10", 10)
            time.sleep(6)
            home.net.link_up()
            back = _right_again(home, home.net.public, 10)
            worst = [max(each) for each in zip(worst, away, back)]
        print("figure: worst of 6: link %.2f s, name %.2f s" % tuple(worst))
        assert max(worst) < bound(2), worst


def test_flapping():
    """The address changes while the box still dials because of the last change."""
    with Home("link_ways.flapping", topology=Direct) as home:
        home.attached()
        worst = 0
        for step in range(8):
            for last in range(11, 15):
                home.net.change_own("5.6.7.%d" % last)
                time.sleep(0.004 * step)
            start = time.monotonic()
            wait_for("both are told", 15, lambda: home.told(home.net.public), every=0.02)
            worst = max(worst, time.monotonic() - start)
        print("figure: worst of 8: %.2f s" % worst)
        assert worst < bound(3), worst


def _silent_change(home, silent, seconds):
    home.attached(ddns=True)
    time.sleep(3)
    home.net.change_public("5.6.7.33", silent=silent)
    took = _right_again(home, "5.6.7.33", seconds)
    print("figure: link %.1f s, name %.1f s" % took)
    assert max(took) < bound(seconds), took


def test_public_rst():
    """The router gets another public address; unknown connections are answered with RST."""
    with Home("link_ways.public_rst") as home:
        _silent_change(home, False, 30)


def test_public_silent():
    """The same, and nobody answers at all."""
    with Home("link_ways.public_silent") as home:
        _silent_change(home, True, 45)


def test_both_families():
    """The box is attached over IPv4 and over IPv6: the path that is watched is IPv4's, whose public address the box does
    not see."""
    with Home("link_ways.both_families", topology=Nat6) as home:
        second_addresses(home)
        _silent_change(home, True, 45)


def test_ipv6_to_relays():
    """Only IPv6 leads to the relay, and IPv4 elsewhere: what the link hears says nothing of the public IPv4 address,
    which is watched all the same."""
    with Home("link_ways.ipv6_to_relays", topology=Nat6) as home:
        second_addresses(home)
        home.net.router.nft("table ip no { chain forward { type filter hook forward priority -20; "
                            "tcp dport %d reject with tcp reset; }; }" % BOXES_PORT)
        home.registered(ddns=True)
        home.agent.cli("enable", "link")
        home.wait_attached(1)
        assert ":" in home.connections()[0]["address"], home.connections()
        time.sleep(3)
        home.net.change_public("5.6.7.33")
        start = time.monotonic()
        wait_for("the cloud knows it", bound(45), lambda: _named(home, "5.6.7.33"), every=0.1)
        print("figure: name %.1f s" % (time.monotonic() - start))


def test_dropped():
    """Every packet vanishes for a while, without a word; then the way is as it was."""
    with Home("link_ways.dropped") as home:
        home.attached(ddns=True)
        before = {c["since"] for c in home.connections()}
        with home.cut():
            time.sleep(DROP)
        took = home.served_again(within=60)
        # The connection that had been watched was given up, and stands anew.
        wait_for("attached anew", 60, lambda: len(home.connections()) == 2 and
                 {c["since"] for c in home.connections()} - before)
        print("figure: served %.1f s after %d s of silence" % (took, DROP))
        assert took < bound(10), took


def test_black_hole():
    """A link in the middle carries less than both ends believe, and nobody may say so. What the internet's smallest
    link carries is enough, for the second dial and for all that comes after."""
    with Home("link_ways.black_hole", topology=DoubleNat) as home:
        home.attached()
        home.agent.cli("disable", "link")
        with black_hole(home.net, 1280):
            home.agent.cli("enable", "link")
            took = home.wait_attached(1, 60)
            blob = home.folder + "/blob"
            home.curl("-o", blob, path="/big?n=3000000")
            assert home.curl("-T", blob, path="/up").stdout.startswith("3000000 ")
        print("figure: attached after %.1f s, 3 MB each way" % took)


def test_router_reboots():
    """The cable goes dead, the router forgets everything, and comes back with another address."""
    with Home("link_ways.router_reboots") as home:
        home.attached(ddns=True)
        router = home.net.router
        router.ip("link set lan down")
        router.ip("link set wan down")
        time.sleep(8)
        router.ip("link set wan up")
        router.ip("route replace default via 5.6.7.1")
        home.net.change_public("5.6.7.44")
        router.ip("link set lan up")
        took = _right_again(home, "5.6.7.44", 30)
        print("figure: link %.1f s, name %.1f s after the router was back" % took)
        assert max(took) < bound(10), took


def test_proxy():
    """Nothing leads out but a web proxy, which is asked for a tunnel to the relay and told no more."""
    with Home("link_ways.proxy", topology=Office) as home:
        proxy = WebProxy(home.net.router, ROUTER, hosts={HOST: CLOUD_V4, RELAY: home.relay.address})
        home.agent.configure('[proxy]\nurl = "%s"\n' % proxy.url)
        home.attached()
        assert home.curl("-o", "/dev/null", "-w", "%{size_download}", path="/big?n=3000000").stdout == "3000000"
        asked = {line for line, _ in proxy.seen if RELAY in line}
        assert asked == {"CONNECT %s:%d HTTP/1.1" % (RELAY, BOXES_PORT)}, proxy.seen
        assert all(set(headers) <= {"host", "user-agent"} for _, headers in proxy.seen), proxy.seen[0]
        proxy.cut()
        print("figure: served %.2f s after the proxy had cut every tunnel" % home.served_again())


def test_proxy_mute():
    """Behind a web proxy a relay that says nothing any more is left after 70 s: the proxy's kernel would never tell."""
    def hangs(peer):
        peer.send(h2.PREFACE, h2.settings())
        start = time.monotonic()
        while peer.link.recv(4096):
            pass
        lasted.append(time.monotonic() - start)
    lasted = []
    with Home("link_ways.proxy_mute", topology=Office) as home:
        proxy = WebProxy(home.net.router, ROUTER, hosts={HOST: CLOUD_V4, RELAY: home.relay.address})
        home.agent.configure('[proxy]\nurl = "%s"\n' % proxy.url)
        home.relay.stop()
        pair = ["%s/%s.%s" % (home.cloud.folder, RELAY, kind) for kind in ("pem", "key")]
        h2.FalseRelay(home, home.relay.address, *pair).deed = hangs
        home.registered(ddns=False)
        home.agent.cli("enable", "link")
        wait_for("it is left", 100, lambda: lasted)
        print("figure: %.1f s" % lasted[0])
        assert 60 < lasted[0] < bound(80), lasted


def test_proxy_alone():
    """No route leads out: the web proxy in the own network is all there is. Another one that the owner sets is used
    at once."""
    with Home("link_ways.proxy_alone", topology=Office) as home:
        home.net.nas.ip("route del default")
        hosts = {HOST: CLOUD_V4, RELAY: home.relay.address}
        proxy, other = (WebProxy(home.net.router, ROUTER, port=port, hosts=hosts) for port in (3128, 3129))
        home.agent.configure('[proxy]\nurl = "%s"\n' % proxy.url)
        home.attached()
        assert home.curl().stdout == PAGE
        well(home)
        said = home.agent.cli("doctor", check=False).stdout
        assert "no route" not in said, said
        proxy.stop()
        complains(home, "proxy", "Proxy", seconds=30)
        time.sleep(15)  # by now it asks seldom
        home.agent.cli("config", "set", "proxy.url", other.url)
        took = home.wait_attached()
        print("figure: attached %.2f s after another proxy was set" % took)
        assert took < bound(2), took


def test_opened():
    """Something in the middle opens TLS to read along: the box shows it nothing, says so, and is back when it is
    gone."""
    with Home("link_ways.opened") as home:
        home.attached()
        folder = os.path.join(home.folder, "middle")
        pair = certs.issue(folder, certs.authority(folder), RELAY)
        middle = Liar(home.net.router, ROUTER, 8443, lambda _: answer(200, "hello"), pair)
        home.net.router.nft("""table ip middle {
            chain prerouting {
              type nat hook prerouting priority -110; policy accept;
              iifname "lan" tcp dport %d redirect to :8443
            }
            }""" % BOXES_PORT)
        home.relay.kill()
        home.relay.start()
        expect(home, "link_no_relay", 20)
        text = complains(home, "ertificate", "TLS", seconds=30)
        wait_for("it was tried", 20, lambda: middle.failed)
        assert not middle.requests, middle.requests
        home.net.router.nft("delete table ip middle")
        took = home.served_again(within=40)
        print("figure: served %.1f s after it was gone; it said: %s" % (took, text["text"]))


test_second_uplink.seconds = 50
for each in (test_public_rst, test_public_silent, test_both_families, test_ipv6_to_relays, test_dropped,
             test_silent_beside_visitors, test_proxy_mute):
    each.waits, each.seconds = True, 60
for each in (test_own_address, test_flapping, test_black_hole, test_router_reboots, test_proxy, test_proxy_alone,
             test_opened):
    each.seconds = 25
