"""The main job, on each way to stand on the internet: the owner approves the box on the account's page,
it claims its name, and the authoritative DNS server answers with its address (promises R1, L1)."""
from lab.cloud import ACCOUNT
from lab.proc import wait_for
from lab.topology import Direct, Nat, Nat6
from lab.world import World


def _main_job(world):
    agent = world.agent.start()
    assert agent.status()["registered"] is False
    status, page = world.register()
    assert status == 0, open(world.folder + "/register.log").read()
    # The page said which NAS asks: the owner must be able to recognize it.
    for word in ("Model", "Name", "Serial"):
        assert word in page, page
    assert ACCOUNT in open(world.folder + "/register.log").read(), "the account is not shown on the NAS"
    now = agent.status()
    assert now["registered"] and now["account"] == ACCOUNT and now["device_id"], now
    agent.cli("ddns", "claim", "nas1")
    agent.cli("enable", "ddns")
    took = world.wait_dns(world.fqdn(), [world.net.public], 20)
    print("figure: name answers after %.2f s" % took)
    assert agent.status()["name"] == world.fqdn()
    return agent


def test_direct():
    with World("main_job.direct", Direct) as world:
        agent = _main_job(world)
        assert agent.status()["reach"] == "direct", agent.status()
        assert world.dig(world.fqdn(), "AAAA") == []


def test_nat():
    with World("main_job.nat", Nat) as world:
        agent = _main_job(world)
        assert world.dig(world.fqdn()) == ["5.6.7.20"]
        # Nothing private in public, whatever the box has on its own link.
        assert not world.cloud.rows_naming("192.168.77.2")
        agent.stop()


def test_ipv6():
    with World("main_job.ipv6", Nat6) as world:
        wait_for("an IPv6 address", 10, world.net.nas_v6)
        agent = _main_job(world)
        world.wait_dns(world.fqdn(), [world.net.nas_v6()], 20, kind="AAAA")
        # Beside it, the unique local address of the house stays at home.
        assert not world.cloud.rows_naming("fd77:77:1")
        agent.stop()


def test_denied():
    """The owner says no on the page: nothing is bound, and the terminal says so."""
    with World("main_job.denied", Direct) as world:
        agent = world.agent.start()
        status, _ = world.register("Deny")
        assert status == 1, "qcloud register: exit %d" % status
        assert agent.status()["registered"] is False
        assert world.cloud.stats()["devices"] == 0
