"""Daily life: economy mode, settings, backups of them, the bundle for the vendor's help."""
import json
import os
import re
import time

from lab.compare import compare
from lab.flows import SYN, parse
from lab.proc import bound, run, wait_for
from lab.says import well
from lab.topology import Direct
from lab.world import World

OWN = "5.6.7.10"


def _openings(frames):
    """When the box opened a TCP connection."""
    return [when for when, frame in frames for p in [parse(frame)]
            if p and p.proto == "tcp" and p.flags & SYN and p.src.startswith("5.6.7.") and p.dport == 443]


def _established(world):
    return run(["ss", "-Htn", "state", "established"], ns=world.net.nas).stdout.strip()


def test_economy():
    """No standing connection; a look at the cloud's period with TLS resumption; what the kernel tells is reported at
    once as ever; off again, the watch hangs again."""
    with World("daily.economy", Direct) as world:
        world.registered()
        wait_for("a watch that hangs", 20, lambda: world.cloud.stats()["watches_hung"] >= 1)
        world.cloud.operator("POST", "/heartbeat", {"device_id": world.device_id(), "seconds": 60})
        world.agent.cli("config", "set", "economy", "on")
        wait_for("no standing connection", 15, lambda: not _established(world))
        # A look, and with it the period that the cloud wishes.
        world.net.change_own("5.6.7.29")
        world.wait_dns(world.fqdn(), ["5.6.7.29"], 20)
        time.sleep(5)
        capture = world.capture()
        start = time.time()
        time.sleep(140)
        opened = [round(when - start) for when in _openings(capture.frames())]
        assert 1 <= len(opened) <= 3 and not _established(world), opened
        gaps = [b - a for a, b in zip(opened, opened[1:])]
        assert all(45 <= gap <= 75 for gap in gaps), opened
        rows = [r for r in world.agent.ledger() if r["kind"] == "connection" and r["proto"] == "tcp"
                and r["state"] == "closed" and r["feature"] == "ddns"]
        sizes = [r["bytes_in"] for r in rows[-len(opened):]]
        differences, _ = compare(capture.frames(), rows[-len(opened):], {"5.6.7.29"})
        assert not [d for d in differences if "capture" in d], differences
        # A resumed handshake brings no certificate: much shorter than a full one.
        full = max(r["bytes_in"] for r in rows[:-len(opened)])
        assert sizes[-1] < full - 300, "not resumed: %s, a full one %d" % (sizes, full)
        world.net.change_own("5.6.7.30")
        took = world.wait_dns(world.fqdn(), ["5.6.7.30"], 20)
        assert took <= bound(5), took
        well(world)
        assert not _established(world) or wait_for("quiet again", 10, lambda: not _established(world))
        hung = world.cloud.stats()["watches_hung"]
        world.agent.cli("config", "set", "economy", "off")
        wait_for("a watch that hangs", 20, lambda: world.cloud.stats()["watches_hung"] > hung and _established(world))
        print("figure: looks at %s s of 140, %s bytes in (a full handshake: %d), change after %.2f s" % (
            opened, sizes, full, took))


def test_settings():
    """Shown with where each comes from; wrong ones refused; kept over a restart; backup and restore carry the
    settings and the switches and no identity."""
    with World("daily.settings", Direct) as world:
        world.registered()
        agent = world.agent
        shown = {s["key"]: s for s in agent.json("config", "show")["settings"]}
        assert shown["economy"]["value"] == "off" and shown["economy"]["origin"] == "default", shown
        assert shown["log.level"]["value"] == "debug" and shown["log.level"]["origin"] == "file", shown
        for key, value in (("economy", "maybe"), ("log.level", "loud"), ("proxy.url", "ftp://x"), ("cloud.url", "https://x"),
                           ("switches", "on"), ("economy", "")):
            done = agent.cli("config", "set", key, value, check=False)
            assert done.returncode in (1, 2) and "fix:" in done.stderr, (key, value, done)
        agent.cli("config", "set", "economy", "on")
        agent.cli("config", "set", "log.level", "error")
        agent.stop()
        agent.start()
        shown = {s["key"]: s for s in agent.json("config", "show")["settings"]}
        assert (shown["economy"]["value"], shown["economy"]["origin"]) == ("on", "owner"), shown
        path = os.path.join(world.folder, "backup.json")
        agent.cli("config", "backup", path)
        text = open(path).read()
        backup = json.loads(text)
        assert backup["kind"] == "qcloud-settings" and backup["switches"] == {"ddns": True, "link": False}, backup
        status = agent.status()
        for secret in (status["device_id"], status["account"], status["name"], "PRIVATE", "BEGIN"):
            assert secret not in text, "'%s' is in the backup" % secret
        agent.cli("config", "unset", "economy")
        agent.cli("disable", "ddns")
        world.wait_settled()
        assert agent.cli("config", "restore", path, check=False).returncode == 2, "it did not ask"
        agent.cli("config", "restore", path, "--yes")
        shown = {s["key"]: s for s in agent.json("config", "show")["settings"]}
        assert shown["economy"]["value"] == "on" and shown["log.level"]["value"] == "error", shown
        world.wait_dns(world.fqdn(), [world.net.public], 20)
        # A backup that is broken or not ours changes nothing.
        for bad in ("{", "[]", "{}", json.dumps(dict(backup, kind="other")), json.dumps(dict(backup, schema=99)),
                    json.dumps(dict(backup, settings={"economy": 7})), "x" * 3_000_000):
            with open(path, "w") as out:
                out.write(bad)
            done = agent.cli("config", "restore", path, "--yes", check=False)
            assert done.returncode in (1, 2) and "fix:" in done.stderr, (bad[-60:], done)
        assert agent.proc.alive()
        # On a box that is not registered it brings no registration.
        with open(path, "w") as out:
            out.write(text)
        agent.cli("unregister", "--yes")
        world.wait_settled()
        agent.cli("config", "restore", path, "--yes", check=False)
        assert not agent.status()["registered"]


SEEDS = {
    "mail": ["Jane.Doe@Example.COM", "o'neil+nas@mail.example.co.uk", "JANE%40example.com"],
    "ipv4": ["93.184.216.34", "10.11.12.13"],
    "ipv6": ["2a0b:77:1::dead:beef", "2A0B:0077:0001:0000:0000:0000:DEAD:BEEF", "fe80::1234:5678:9abc:def0"],
    "mac": ["24:5E:BE:12:34:56", "24-5e-be-12-34-56", "245e.be12.3456"],
    "serial": ["Q204I00042", "q204i00042"],
    "token": ["eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJqYW5lIn0.c2lnbmF0dXJlc2lnbmF0dXJl", "s3cr3t-Passw0rd"],
}


def _seeded():
    """A log as programs write it: text, JSON, URLs, headers, file names, mixed case."""
    lines = []
    for mail in SEEDS["mail"]:
        lines += ["login of %s failed" % mail, json.dumps({"account": mail, "n": 1}),
                  "GET /share?user=%s&x=1 HTTP/1.1" % mail, "/share/homes/%s/notes.txt" % mail]
    for address in SEEDS["ipv4"] + SEEDS["ipv6"]:
        shown = "[%s]" % address if ":" in address else address
        lines += ["from %s:" % shown, json.dumps({"ip": address}), "https://%s:8443/cgi-bin/" % shown,
                  "peer=%s;port=443" % address, "dump-%s.log" % address.replace(":", "_") if "." in address else ""]
    for mac in SEEDS["mac"]:
        lines += ["eth0 HWaddr %s" % mac, json.dumps({"MAC": mac}), "wol?mac=%s" % mac]
    for serial in SEEDS["serial"]:
        lines += ["Serial Number: %s" % serial, json.dumps({"serial": serial}), "serial=%s" % serial]
    for token in SEEDS["token"]:
        lines += ["Authorization: Bearer %s" % token, json.dumps({"access_token": token}), "?token=%s&a=b" % token,
                  "password=%s" % token, 'Cookie: session="%s"' % token, "https://jane:%s@cloud.example/" % token]
    return "\n".join(lines) + "\n"


def test_bundle():
    """Whatever stands in the logs and in files that are added, nothing that names people, places or secrets is in the
    bundle (promise A8), and nothing of the bundle leaves the box."""
    with World("daily.bundle", Direct) as world:
        agent = world.agent
        agent.hardware("Q204I00042")
        world.registered()
        included = os.path.join(world.folder, "jane.doe@example.com-24-5E-BE-12-34-56.log")
        with open(included, "w") as out:
            out.write(_seeded())
        status = agent.status()
        capture = world.capture()
        path = os.path.join(world.folder, "bundle")
        done = agent.cli("bundle", path, "--include", included)
        text = open(path, errors="replace").read() + done.stdout
        survivors = [s for seeds in SEEDS.values() for s in seeds if s.lower() in text.lower()]
        # Also in the shapes that other programs would write.
        flat = re.sub(r"[^0-9a-z]", "", text.lower())
        survivors += [s for s in SEEDS["mac"] if re.sub(r"[^0-9a-z]", "", s.lower()) in flat]
        survivors += [s for s in (status["account"], status["device_id"], OWN, status["name"]) if s in text]
        assert not survivors, "in the bundle: %s" % survivors
        assert "93.184.216." in text, "not even the network of an address is left, so nobody could help with it"
        assert "ddns" in text and len(text) > 2000, "the bundle says nothing"
        spoken = [f for _, f in capture.frames() if parse(f) and parse(f).length > 0]
        print("figure: %d bytes, %d seeds gone, %d packets with payload meanwhile" % (
            len(text), sum(map(len, SEEDS.values())), len(spoken)))
        for name in ("status", "doctor", "ledger"):
            assert name in text, "no %s in the bundle" % name


test_economy.seconds = 175
test_settings.seconds = 40
test_economy.waits = True
