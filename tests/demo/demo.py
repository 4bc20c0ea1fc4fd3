#!/usr/bin/python3
"""`./dev demo`: the main job on real input. Stays up for a person with a browser; `--once` plays that person
and exits 0 only if every step was seen to work."""
import fcntl
import os
import signal
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))

from house import ACCOUNT, BUILD, FOLDER, NAME, PASSWORD, QCLOUD, ZONE, House  # noqa: E402
from once import play  # noqa: E402
from lab import powerdns  # noqa: E402
from lab.agent import Refused  # noqa: E402
from lab.proc import stop_all  # noqa: E402


def say(text=""):
    print(text, flush=True)


def invite(house):
    shown = os.path.relpath(FOLDER)
    say("""
A NAS behind a router, a cloud, its DNS server and two relays are running. You are the NAS's owner.

  1. In a second terminal, on the NAS:    . %(env)s
                                          qcloud register
     It shows a page and a code.
  2. In a browser on this machine:        %(url)s/device
     Account %(account)s, password %(password)s
     (The demo's certificate is unknown to the browser; its CA is %(ca)s)
  3. Back on the NAS:                     qcloud ddns claim %(name)s
                                          qcloud enable ddns
                                          qcloud status
  4. Ask the DNS server:                  dig @127.0.0.1 -p %(dns)d +short %(name)s.%(zone)s
     Another public address, please:      %(folder)s/new-address 5.6.7.99
  5. Reached from everywhere:             qcloud link services add web %(page)d
                                          qcloud enable link
     Through a relay, in this terminal:   curl --cacert %(page_ca)s \\
                                            --connect-to ::127.0.0.1:%(relay)d https://%(name)s.%(zone)s/
  6. What left the NAS, and off again:    qcloud ledger summary
                                          qcloud disable ddns
                                          qcloud receipts list
                                          qcloud unregister

If qcloud is not found:  PATH=%(path)s:$PATH
Logs and state are in %(folder)s. Ctrl-C stops everything.
""" % {"env": os.path.join(shown, "env"), "url": house.url, "account": ACCOUNT, "password": PASSWORD,
       "ca": house.cloud.ca, "name": NAME, "zone": ZONE, "dns": house.dns_port, "folder": shown,
       "path": os.path.dirname(QCLOUD), "page": house.site.page_port, "relay": house.relay_port,
       "page_ca": os.path.relpath(house.site.certificate)})
    if not house.opens:
        say("Where `qcloud register` shows https://cloud.vendor.test, open %s instead.\n" % house.url)


def follow(house):
    """Says what happens while a person plays, and starts the agent again if it was killed."""
    before = None
    while True:
        time.sleep(0.5)
        if not house.agent.proc.alive():
            say("qcloudd ended (%s); started again, as an init system does." % house.agent.proc.popen.returncode)
            house.agent.start()
            house.write_env()
        try:
            status = house.agent.status()
        except (OSError, Refused, ValueError):
            continue
        fqdn = status["name"]
        on = [f["name"] for f in status["features"] if f["on"]]
        now = (status["registration"], status["account"], fqdn, tuple(on), status["orders_pending"],
               tuple(house.dig(fqdn)) if fqdn else ())
        if now != before:
            if before and fqdn and fqdn != before[2]:
                house.write_env(fqdn.split(".")[0])
            say("[%s] %s%s; name %s -> %s; on: %s; erasure orders pending: %d" % (
                time.strftime("%H:%M:%S"), now[0], " to " + now[1] if now[1] else "", fqdn or "none",
                " ".join(now[5]) or "nothing", " ".join(on) or "nothing", now[4]))
            before = now


def main(arguments):
    if arguments not in ([], ["--once"]):
        print("usage: ./dev demo [--once]", file=sys.stderr)
        return 2
    if os.geteuid() != 0:
        print("The demo makes network namespaces, and only root may. Type: sudo ./dev demo", file=sys.stderr)
        return 1
    os.makedirs(BUILD, exist_ok=True)
    lock = open(os.path.join(BUILD, "demo.lock"), "w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        print("A demo of this checkout runs already; stop it with Ctrl-C in its terminal.", file=sys.stderr)
        return 1

    def interrupted(*_):
        raise KeyboardInterrupt
    signal.signal(signal.SIGTERM, interrupted)
    signal.signal(signal.SIGHUP, interrupted)
    status = 1
    try:
        powerdns.unpack()
        say("starting DNS, cloud, relays, router and NAS in %s" % os.path.relpath(FOLDER))
        with House() as house:
            if arguments:
                status = play(house)
            else:
                invite(house)
                follow(house)
    except KeyboardInterrupt:
        say("\nstopping")
        status = 0 if not arguments else 130
    finally:
        # A second Ctrl-C must not stop the stopping.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        stop_all()
        # The pids and ports in it are nobody's now.
        if os.path.exists(os.path.join(FOLDER, "env")):
            os.unlink(os.path.join(FOLDER, "env"))
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
