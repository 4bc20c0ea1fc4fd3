"""The demo's second half: reached from everywhere, through relays that cannot read a byte."""
import base64
import hashlib
import os
import shutil
import subprocess
import time

from lab.nas_site import TITLE
from lab.proc import run, wait_for
from story import FQDN, step

GIB = 1024 ** 3


def publish(house):
    done = house.agent.cli("link", "services", "add", "web", str(house.site.page_port))
    step("qcloud link services add web %d: the NAS's own page, and nothing else yet" % house.site.page_port, done.stdout)
    step("qcloud enable link", house.agent.cli("enable", "link").stdout)
    took = house.wait_attached()
    house.wait_dns(FQDN, sorted(relay.address for relay in house.relays), 10)
    command, answer = house.dig_host(FQDN)
    step("two relays hold the NAS after %.1f s, and its name leads to them" % took,
         house.agent.cli("link", "status").stdout + command + "\n" + answer)


def page(house):
    command = ["curl", "-sS", "--max-time", "20", "--cacert", house.site.certificate, "--connect-to",
               "%s:443:127.0.0.1:%d" % (FQDN, house.relay_port), "https://%s/" % FQDN]
    done = run(command)
    assert TITLE in done.stdout, done.stdout
    step("curl fetches the NAS's page through a relay", " ".join(command) + "\n" + done.stdout)

    shown = run(["openssl", "s_client", "-connect", "127.0.0.1:%d" % house.relay_port, "-servername", FQDN], text="",
                check=False).stdout
    digests = [run(["openssl", "x509", "-noout", "-fingerprint", "-sha256"], text=text).stdout.strip()
               for text in (shown, open(house.site.certificate).read())]
    assert digests[0] == digests[1], digests
    step("TLS ends on the NAS: the certificate that visitors see is the one in the NAS's folder",
         "through the relay: %s\non the NAS:        %s" % tuple(digests))


def browser(house):
    """Chromium, told where the relay's door is, and to trust this one key (the certificate is the NAS's own)."""
    public = run(["openssl", "x509", "-noout", "-pubkey", "-in", house.site.certificate]).stdout
    der = base64.b64decode("".join(public.split("\n")[1:-2]))
    profile = os.path.join(house.folder, "chromium")
    done = run(["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                "--user-data-dir=" + profile, "--no-first-run", "--disable-background-networking",
                "--host-resolver-rules=MAP %s:443 127.0.0.1:%d" % (FQDN, house.relay_port),
                "--ignore-certificate-errors-spki-list=" + base64.b64encode(hashlib.sha256(der).digest()).decode(),
                "--dump-dom", "https://%s/" % FQDN], timeout=90)
    shutil.rmtree(profile, ignore_errors=True)
    assert "<h1>%s</h1>" % TITLE in done.stdout, done.stdout + done.stderr
    step("a browser shows it: chromium, https://%s/" % FQDN, done.stdout)


def shell(house):
    house.site.sshd()
    words = house.agent.cli("link", "services", "add", "ssh", str(house.site.ssh_port)).stdout
    host = "ssh." + FQDN
    wait_for("the name of the service", 10, lambda: house.dig(host))
    proxy = "openssl s_client -quiet -verify_quiet -connect 127.0.0.1:%d -servername %s" % (house.relay_port, host)
    options = house.site.ssh_words(proxy)
    said = run(["ssh"] + options + ["root@" + host, "echo \"$SSH_CONNECTION\"; pwd"], timeout=60).stdout
    assert house.site.ssh_home in said, said
    near, back = os.path.join(house.folder, "scp-there"), os.path.join(house.folder, "scp-back")
    with open(near, "wb") as out:
        out.write(os.urandom(1_000_000))
    run(["scp"] + options + [near, "root@%s:copied" % host], timeout=60)
    run(["scp"] + options + ["root@%s:copied" % host, back], timeout=60)
    assert open(near, "rb").read() == open(back, "rb").read()
    step("ssh and scp work, through TLS that ends in the agent", words + "\nssh -o ProxyCommand='%s' root@%s\n%s"
         % (proxy, host, said) + "scp there and back: 1,000,000 bytes, identical")


def bulk(house):
    """One GiB down and up, by a visitor on the internet; the digests are of what arrived."""
    def visitor(script):
        start = time.monotonic()
        done = subprocess.run(["nsenter", "--net=" + house.net.inet.path, "sh", "-ec", script], capture_output=True,
                              text=True, timeout=600)
        assert done.returncode == 0, done.stderr
        return done.stdout.split(), time.monotonic() - start
    curl = "curl -sS --fail --cacert '%s' --connect-to %s:443:%s:443" % (house.site.certificate, FQDN, house.relay.address)
    wanted = house.curl(path="/sha256?n=%d" % GIB, seconds=120).stdout.strip()
    down, took_down = visitor("%s 'https://%s/big?n=%d' | sha256sum" % (curl, FQDN, GIB))
    # A sparse file: what counts here is the way, and its digest is known to the visitor alone.
    blob = os.path.join(house.folder, "blob")
    with open(blob, "wb") as out:
        for part in range(0, GIB, GIB // 16):
            out.seek(part)
            out.write(os.urandom(65536))
        out.truncate(GIB)
    sent = run(["sha256sum", blob], timeout=120).stdout.split()[0]
    up, took_up = visitor("%s -T '%s' 'https://%s/up'" % (curl, blob, FQDN))
    os.unlink(blob)
    assert down[0] == wanted and up == [str(GIB), sent], (down, wanted, up, sent)
    step("1 GiB each way, byte for byte the same", "down: %.0f MB/s, sha256 %s\nup:   %.0f MB/s, sha256 %s" % (
        GIB / 1e6 / took_down, down[0], GIB / 1e6 / took_up, up[1]))


def relay_dies(house):
    first, second = house.relays
    first.stop()
    start = time.monotonic()
    assert house.serves(second), "the second relay does not serve"
    took = time.monotonic() - start
    first.start()
    back = house.served_again(first, within=15)
    step("a relay is stopped: the other serves at once; restarted, it serves again",
         "by %s: %.2f s for a new visitor\nby %s: %.2f s after it was back" % (second.name, took, first.name, back))


def blind(house):
    lines = [line for relay in house.relays for line in relay.lines() if line.get("name") == FQDN]
    assert lines
    step("what a relay writes down of a visitor: connection information, nothing else", str(lines[-1]))
    step("qcloud link visitors: what only the NAS itself knows",
         "\n".join(house.agent.cli("link", "visitors").stdout.splitlines()[:3]))


def off(house):
    before = {r["id"] for r in house.agent.receipts()}
    done = house.agent.cli("disable", "link")
    assert not house.serves(house.relays[1], seconds=3)
    receipt = house.wait_settled(30, before)[-1]
    wait_for("the relays gone from DNS", 10, lambda: not set(house.dig(FQDN)) & {r.address for r in house.relays})
    step("qcloud disable link: nobody comes in any more, and the cloud has erased what it knew",
         done.stdout + "receipt %s: %s" % (receipt["id"], ", ".join(
             "%s, %d records" % (s["name"], s["records"]) for s in receipt["stores"])))


def play(house):
    publish(house)
    page(house)
    browser(house)
    shell(house)
    bulk(house)
    relay_dies(house)
    blind(house)
    off(house)
