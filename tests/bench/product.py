"""Lines that need no box: the size of the program, the pace of the simulation, the cloud on one core."""
import json
import os
import re
import resource
import shutil
import subprocess

from lab.ns import Namespace
from lab.powerdns import PowerDns
from lab.proc import DEV, QCLOUDD, run, stop_all
from world import FOLDER


def size(_):
    os.makedirs(FOLDER, exist_ok=True)
    copy = os.path.join(FOLDER, "qcloudd.stripped")
    subprocess.run(["strip", "-o", copy, QCLOUDD], check=True)
    return {"size": {"value": os.path.getsize(copy) / 1e6,
                     "note": "what is to be reached is a static build, with TLS inside"}}


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


def cloud(options):
    """tests/bench/cloud.cpp beside a PowerDNS that keeps its zone in SQLite, in a namespace of their own."""
    folder = os.path.join(FOLDER, "cloud")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    devices = 100000 if options.full else 2000
    try:
        ns = Namespace("cloud", folder + "/ns.log")
        ns.sysctl(net__ipv4__ip_unprivileged_port_start=0)
        pdns = PowerDns(os.path.join(folder, "pdns"), ns)
        key = os.path.join(folder, "pdns.key")
        with open(key, "w") as out:
            out.write(pdns.api_key())
        done = run([os.path.join(DEV, "tests", "bench", "bench_cloud"), "--devices", str(devices),
                    "--database", os.path.join(folder, "state.db"),
                    "--pdns-url", "http://127.0.0.1:%d" % pdns.api_port, "--pdns-key-file", key],
                   ns=ns, timeout=3600 if options.full else 120)
    finally:
        stop_all()
    told = json.loads(done.stdout)
    of = "with {:,} devices; prefilled in {:.0f} s".format(devices, told["prefill_seconds"])
    return {"heartbeats": {"value": told["heartbeats_per_cpu_second"],
                           "note": "GET /v1/watch until it hangs, a second of CPU; certificates known already, reads only, no TLS; " + of},
            "dns-updates": {"value": told["updates_per_second"],
                            "note": "PUT /v1/ddns, each a new address and a transaction of PowerDNS, " + of}}
