"""Lines that need no box: the size of the program, the pace of the simulation, the cloud on one core."""
import json
import os
import platform
import re
import resource
import shutil
import sqlite3
import subprocess
import tempfile

from lab.ns import Namespace
from lab.powerdns import PowerDns
from lab.proc import DEV, QCLOUDD, run, stop_all
from world import FOLDER

DEVICES = BOXES = 100000


def size(_):
    os.makedirs(FOLDER, exist_ok=True)
    copy = os.path.join(FOLDER, "qcloudd.stripped")
    subprocess.run(["strip", "-o", copy, QCLOUDD], check=True)
    return {"size": {"value": os.path.getsize(copy) / 1e6, "note": platform.machine() + ", TLS inside"}}


def simulated(_):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([os.path.join(DEV, "tests", "sim", "sim_years"), "--years", "5", "--houses", "5"],
                          capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        raise RuntimeError("sim_years: exit %d: %s" % (done.returncode, done.stdout[-500:]))
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    years = float(re.search(r"([\d.]+) device-years", done.stdout).group(1))
    faults = re.search(r"([\d.]+) a device-day", done.stdout).group(1)
    return {"simulated": {"value": years / cpu * 60,
                          "note": "%.1f device-years in %.1f CPU-seconds, %s faults a device-day" % (years, cpu, faults)}}


def _fill_zone(pdns, devices):
    """What the names of the devices leave in the zone, past the API; as bench_cloud has them."""
    pdns.zone("mynas.test.")
    database = sqlite3.connect(os.path.join(pdns.folder, "pdns.db"), timeout=30)
    zone = database.execute("SELECT id FROM domains WHERE name = 'mynas.test'").fetchone()[0]
    database.executemany(
        "INSERT INTO records(domain_id, name, type, content, ttl, prio, disabled, auth) VALUES(?, ?, 'A', ?, 60, 0, 0, 1)",
        ((zone, "nas-%d.mynas.test" % i, "5.%d.%d.%d" % (i >> 16 & 255, i >> 8 & 255, i & 255)) for i in range(devices)))
    database.commit()
    database.close()


def cloud(_):
    """tests/bench/cloud.cpp beside a PowerDNS that keeps its zone in SQLite, in a namespace of their own."""
    folder = os.path.join(FOLDER, "cloud")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    try:
        ns = Namespace("cloud", folder + "/ns.log")
        ns.sysctl(net__ipv4__ip_unprivileged_port_start=0)
        pdns = PowerDns(os.path.join(folder, "pdns"), ns)
        _fill_zone(pdns, DEVICES)
        key = os.path.join(folder, "pdns.key")
        with open(key, "w") as out:
            out.write(pdns.api_key())
        done = run([os.path.join(DEV, "tests", "bench", "bench_cloud"), "--devices", str(DEVICES),
                    "--database", os.path.join(folder, "state.db"),
                    "--pdns-url", "http://127.0.0.1:%d" % pdns.api_port, "--pdns-key-file", key],
                   ns=ns, timeout=280)
        asked = run(["dig", "@127.0.0.1", "+short", "nas-%d.mynas.test" % (DEVICES - 1)], ns=ns).stdout.strip()
        if not asked.startswith("5."):
            raise RuntimeError("the zone does not have its names: " + asked)
    finally:
        stop_all()
    told = json.loads(done.stdout)
    of = "{:,} devices, filled in in {:.0f} s".format(told["devices"], told["fill_seconds"])
    return {"heartbeats": {"value": told["heartbeats_per_cpu_second"],
                           "note": "GET /v1/watch until it hangs, a second of CPU, no TLS; certificates seen before "
                                   "(the first time: {:,.0f} a second); {}".format(
                                       told["first_heartbeats_per_cpu_second"], of)},
            "dns-updates": {"value": told["updates_per_second"],
                            "note": "PUT /v1/ddns, each a new address and a transaction of PowerDNS; " + of}}


def outage(options):
    """tests/bench/outage.cpp: the shipped DDNS feature, a crowd of it, on a virtual clock."""
    told = {}
    for kind in ("refused", "busy", "silent"):
        # The ratio is the same for fewer; the line is measured with all of them.
        boxes = BOXES if kind == "refused" or options.full else BOXES // 5
        with tempfile.TemporaryDirectory(prefix="qcloud-outage-") as folder:
            done = run([os.path.join(DEV, "tests", "bench", "bench_outage"), "--boxes", str(boxes), "--kind", kind,
                        "--dir", folder], timeout=280)
        told[kind] = json.loads(done.stdout)
        if told[kind]["back"] != boxes:
            raise RuntimeError("%d of %d boxes never came back (%s)" % (boxes - told[kind]["back"], boxes, kind))
    line = told["refused"]
    return {"peak": {"value": line["peak"],
                     "note": "{boxes:,} boxes, 10 min refused: all back within {spread_seconds} s, busiest second to mean; "
                             "{tries_a_box:.1f} tries a box in vain, {tries_a_second_at_the_end:.0f} a second at the end, "
                             "then {connections_a_box:.1f} connections a box".format(**line)},
            "peak-busy": {"value": told["busy"]["peak"], "note": "{boxes:,} boxes; {tries_a_box:.1f} tries a box".format(**told["busy"])},
            "peak-silent": {"value": told["silent"]["peak"],
                            "note": "{boxes:,} boxes; connects under way at the end are let in by the kernel's next SYN: over 10 s "
                                    "{peak_10:.1f} x, over a minute {peak_60:.1f} x".format(**told["silent"])}}
