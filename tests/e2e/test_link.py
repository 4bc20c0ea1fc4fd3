"""The link: what the box publishes is reached from anywhere through a relay, with its own certificate, by any
browser's means, and by ssh (promises L1, L3)."""
import hashlib
import os

from lab.home import VISITOR, Home
from lab.nas_site import PAGE
from lab.proc import bound, run, wait_for
from lab.visitor import WebSocket


def test_page():
    with Home("link.page") as home:
        home.attached()
        # The certificate that visitors verify is the NAS's own: curl trusts no other here.
        assert home.curl().stdout == PAGE
        assert home.curl(ca=home.cloud.ca, check=False).returncode == 60, "another authority is believed"
        # Services have names of their own; TLS may end in the agent, whose certificate the owner can look up.
        assert home.dig(home.host("plain")) == [home.relay.address]
        own = home.box_certificate()
        assert home.curl(service="plain", ca=own).stdout == PAGE
        told = home.agent.get("/v1/link/services")["certificate_sha256"].replace(":", "").lower()
        print_of = run(["openssl", "x509", "-in", own, "-noout", "-fingerprint", "-sha256"]).stdout
        assert print_of.split("=")[1].strip().replace(":", "").lower() == told, (print_of, told)
        # Nothing else answers: not what listens without being published, not a name of nobody.
        for service in ("files", "a.plain"):
            assert home.curl(service=service, check=False).returncode in (35, 52, 56), service
        assert "plain" in home.agent.cli("link", "services", "list").stdout
        with home.tls("plain", ca=own):
            wait_for("a visitor inside", 5, lambda: home.visits() == 1)
            home.agent.cli("link", "services", "remove", "plain")
            wait_for("it closed to him as well", 5, lambda: home.visits() == 0)
        assert home.curl(service="plain", ca=own, check=False).returncode != 0, "withdrawn, and still served"
        home.agent.cli("link", "services", "add", "plain", str(home.site.plain_port), "--tls", "here")
        assert home.curl(service="plain", ca=own).stdout == PAGE
        home.last_visit(service="plain", outcome="served", visitor=VISITOR)
        # Who is there is shown, and counted.
        with home.tls() as there:
            there.sendall(b"GET / HTTP/1.1\r\nHost: nas\r\n\r\n")
            assert there.recv(1 << 16).startswith(b"HTTP/1.1 200")
            newest = home.agent.get("/v1/link/visitors")["visitors"][0]
            assert newest["outcome"] == "still here" and newest["service"] == "web", newest
            assert newest["visitor"] == VISITOR and newest["bytes_out"] > len(PAGE), newest
            total = home.agent.get("/v1/link")["bytes_out"]
        home.last_visit(service="web", outcome="served")
        assert home.agent.get("/v1/link")["bytes_out"] >= total
        # A service that does not run is told from one that is not published, and harms no other.
        home.publish("down", 9999)
        assert home.curl(service="down", check=False).returncode != 0
        home.last_visit(service="down", outcome="service down")
        assert home.curl().stdout == PAGE


def test_browsers():
    """What browsers do: connections kept, HTTP/2, WebSocket; and services that want to know whom they serve."""
    with Home("link.browsers") as home:
        home.site.nginx()
        home.attached()
        home.publish("modern", home.site.nginx_port)
        home.publish("proxied", home.site.proxied_port, proxy_protocol=True)
        own = home.box_certificate()
        for service, ca in (("web", None), ("plain", own)):
            again = "https://%s/" % home.host(service)
            done = home.curl("-w", "%{num_connects} ", "-o", "/dev/null", "-o", "/dev/null", "-o", "/dev/null",
                             again, again, service=service, ca=ca)
            assert done.stdout.split() == ["1", "0", "0"], "connections: " + done.stdout
            link = WebSocket(home.tls(service, ca=ca), home.host(service))
            for size in (5, 300, 40000):
                said = os.urandom(size)
                link.send(said)
                assert link.receive() == (2, said), size
            link.send(b"\x03\xe8", opcode=8)
            assert link.receive() == (8, b"\x03\xe8") and link.stream.read() == b""
        two = home.curl("--http2", "-w", "%{http_version}", service="modern", path="/whoami").stdout
        assert two == "HTTP/2.0 from 127.0.0.1, told \n2", two
        told = home.curl("--http2", service="proxied", path="/whoami").stdout
        assert told == "HTTP/2.0 from 127.0.0.1, told %s\n" % VISITOR, told


def test_ssh():
    """ssh and scp with no other tool than openssl, exactly as `qcloud link services add ssh` says; sshd's own host key
    is what the visitor believes."""
    with Home("link.ssh") as home:
        home.site.sshd()
        home.attached(services=False)
        said = home.agent.cli("link", "services", "add", "ssh", str(home.site.ssh_port)).stdout
        host, words = home.host("ssh"), home.site.ssh_words(said.split("ProxyCommand='")[1].split("'")[0])

        def ssh(*argv, **options):
            return run(list(argv[:1]) + words + list(argv[1:]), ns=home.net.inet, resolv=home.agent.resolv,
                       timeout=bound(60), **options)
        assert ssh("ssh", "root@" + host, "pwd; cat", text="over ssh\n").stdout == home.site.ssh_home + "\nover ssh\n"
        assert ssh("ssh", "root@" + host, "exit 7", check=False).returncode == 7
        there, back, data = home.folder + "/there", home.folder + "/back", os.urandom(8 << 20)
        with open(there, "wb") as out:
            out.write(data)
        ssh("scp", "-q", there, "root@%s:copied" % host)
        ssh("scp", "-q", "root@%s:copied" % host, back)
        with open(back, "rb") as got:
            assert hashlib.sha256(got.read()).digest() == hashlib.sha256(data).digest()


def test_admin_page():
    """A page that rules the NAS: who fails too often is turned away for a while, and nobody else."""
    with Home("link.admin_page") as home:
        home.net.inet.ip("addr add 5.6.8.98/32 dev lo")
        home.attached()
        home.publish("web", home.site.page_port, admin_page=True)
        tries = 0
        while home.serves() and tries < 40:
            tries += 1
        assert 10 <= tries < 40, "turned away after %d short visits" % tries
        home.last_visit(outcome="too many failures", visitor=VISITOR)
        assert home.curl("--interface", "5.6.8.98").stdout == PAGE, "an innocent visitor is turned away"
        assert home.curl(service="plain", ca=home.box_certificate()).stdout == PAGE, "another service is closed too"
        print("figure: turned away after %d short visits" % tries)


test_page.seconds = test_browsers.seconds = test_ssh.seconds = test_admin_page.seconds = 15
