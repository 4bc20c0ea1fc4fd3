"""The tunnel, measured side by side: our link, `ssh -R`, frp and rathole lead visitors to the same TLS server, and so does
HAProxy that passes TCP through, without any tunnel, alone and with TLS to a second one. bench_pump is the server, and all
visitors."""
import json
import os
import statistics

import peers
from lab.nas_site import certificate
from lab.proc import DEV, Proc, run, wait_for
from lab.topology import Direct
from probe import sample
from tunnel_rivals import PORT, Tunnels
from world import QuietHome

PUMP = os.path.join(DEV, "tests", "bench", "bench_pump")
OURS, STRAIGHT, TLS = "qcloud", "TCP pass-through", "TLS alone"
MIB, GIB = 1 << 20, float(1 << 30)
NEAR = ["tunnel-down", "tunnel-up", "throughput", "tunnel-cpu", "tunnel-cpu-ssh", "tunnel-share",
        "latency-1", "latency-16", "latency-1-ssh", "latency-16-ssh"]
MEMORY = ["rss-streams", "rss-streams-1000"]


def everyday(net):
    """TCP on both sides sends as a NAS does, whatever this machine prefers: some algorithms pace, which between processes
    of one machine measures their timers. Says which it is."""
    for control in ("cubic", "reno"):
        try:
            for ns in (net.nas, net.inet):
                ns.sysctl(net__ipv4__tcp_congestion_control=control)
            return control
        except OSError:  # not for namespaces, on this machine
            continue
    raise RuntimeError("this kernel gives namespaces neither CUBIC nor Reno")


class Near(Direct):
    def __init__(self, folder):
        super().__init__(folder)
        self.control = everyday(self)


class Place(QuietHome):
    """The pump is what the box publishes."""

    def __init__(self, name, topology):
        super().__init__(name, topology)
        pair = certificate(self.folder, "pump", self.fqdn())
        self.server = Proc("pump", [PUMP, "serve", str(PORT)] + pair, self.folder + "/pump.log", ns=self.net.nas)
        self.attached(services=False)
        self.publish("web", PORT)

    def _where(self, target):
        host, port = target
        return [host, str(port), "-" if port == PORT + 1 else self.fqdn()]

    def _words(self, what, target, *words):
        return [PUMP, what] + self._where(target) + [str(w) for w in words]

    def pump(self, *words):
        return json.loads(run(self._words(*words), ns=self.net.inet, timeout=250).stdout)

    def ping(self, targets, connections, turns):
        """[[seconds, of each target], of each turn]: the median of small requests."""
        words = [PUMP, "ping", str(connections), str(turns)] + [word for target in targets for word in self._where(target)]
        return json.loads(run(words, ns=self.net.inet, timeout=250).stdout)["turns"]

    def start(self, *words):
        return Proc("visitor", self._words(*words), self.folder + "/visitor.log", ns=self.net.inet)

    @property
    def link(self):
        return (self.relay.address, 443)


def _peak(place, count, size):
    """The agent's largest RSS in MB while so many streams are busy."""
    wait_for("no visit left", 10, lambda: place.visits() == 0)
    pid = place.agent.proc.pid
    with open("/proc/%d/clear_refs" % pid, "w") as out:
        out.write("5")  # proc(5): forget the highest RSS so far
    told = place.pump("busy", place.link, count, size)
    with open("/proc/%d/status" % pid) as text:
        high = next(int(line.split()[1]) for line in text if line.startswith("VmHWM"))
    if told["failed"]:
        raise RuntimeError("%d of %d streams failed" % (told["failed"], count))
    return {"value": high * 1024 / 1e6, "note": "half of them down, half up, %d MiB each, in %.1f s" % (
        size // MIB, told["seconds"])}


def memory(_):
    with Place("tunnel-memory", Near) as place:
        return {"rss-streams": _peak(place, 64, 4 * MIB), "rss-streams-1000": _peak(place, 1000, MIB)}


def _streams(place, paths, rounds, size):
    """{path: {down, up: MB/s, cpu: s/GiB}}, each a list: of rounds in which each path has its turn."""
    seen = {name: {"down": [], "up": [], "cpu down": [], "cpu up": []} for name in paths}
    for _ in range(rounds):
        for name, (target, proc) in paths.items():
            for way in ("down", "up"):
                before = sample(proc.pid)["nanoseconds"]
                seconds = place.pump(way, target, size)["seconds"]
                spent = (sample(proc.pid)["nanoseconds"] - before) / 1e9
                seen[name][way].append(size / 1e6 / seconds)
                seen[name]["cpu " + way].append(spent / (size / GIB))
    return seen


def _to(ours, theirs):
    """What one is of the other in the middle round: what else the machine does differs from round to round, and
    within one it is the same for both."""
    return statistics.median(a / b for a, b in zip(ours, theirs))


def _latencies(place, paths, turns):
    """{connections: {path: us}}: what each path adds to the one without a tunnel, the median over turns so short that
    whatever else this machine does meets both; and of the latter all that it takes."""
    names, out = list(paths), {}
    for count in (1, 16):
        seen = [dict(zip(names, turn)) for turn in place.ping([paths[name][0] for name in names], count, turns)]
        out[count] = {name: 1e6 * statistics.median(turn[name] - (turn[STRAIGHT] if name != STRAIGHT else 0)
                                                    for turn in seen) for name in names}
    return out


def near(options):
    """Everything on this machine: what it costs in CPU and microseconds."""
    rounds, size, turns = (1, 256 * MIB, 5) if options.quick else (9, 256 * MIB, 100)
    with Place("tunnel", Near) as place:
        try:
            tunnels = Tunnels(place)
            paths = {OURS: (place.link, place.agent.proc), STRAIGHT: tunnels.straight(), TLS: tunnels.tls_alone(),
                     **tunnels.rivals()}
        except peers.Missing as missing:
            return {line: {"value": None, "note": str(missing)} for line in NEAR}
        seen = _streams(place, paths, rounds, size)
        added = _latencies(place, paths, turns)
    streams = {name: {what: statistics.median(values) for what, values in of.items()} for name, of in seen.items()}
    ours, out = streams[OURS], {}
    rivals = [name for name in paths if name not in (OURS, STRAIGHT, TLS)]
    best = {way: max(rivals, key=lambda name: streams[name][way]) for way in ("down", "up")}
    ratio = {way: _to(seen[OURS][way], seen[best[way]][way]) for way in best}
    shares = {name: {way: _to(seen[name][way], seen[STRAIGHT][way]) for way in best} for name in paths}
    for way in best:
        out["tunnel-" + way] = {"value": ours[way], "note": tunnels.note if way == "down" else ""}
        out["tunnel-" + way]["note"] = out["tunnel-" + way]["note"] or "medians of %d rounds; %s" % (rounds, place.net.control)
    out["throughput"] = {"value": min(ratio.values()), "note": ", ".join(
        "%s %.2f of %s" % (way, ratio[way], best[way]) for way in best)}
    out["tunnel-share"] = {"value": min(shares[OURS].values()),
                           "note": "down %.2f, up %.2f" % (shares[OURS]["down"], shares[OURS]["up"])}
    out["tunnel-cpu"] = {"value": max(ours["cpu down"], ours["cpu up"]),
                         "note": "down %.2f, up %.2f" % (ours["cpu down"], ours["cpu up"])}
    cost = {way: _to(seen[OURS]["cpu " + way], seen["ssh -R"]["cpu " + way]) for way in best}
    out["tunnel-cpu-ssh"] = {"value": max(cost.values()), "note": "down %.2f, up %.2f" % (cost["down"], cost["up"])}
    for count, of in added.items():
        out["latency-%d" % count] = {"value": of[OURS], "note": "to the %.0f of passing through" % of[STRAIGHT]}
        out["latency-%d-ssh" % count] = {"value": of[OURS] / of["ssh -R"], "note": "%.0f us with ssh -R" % of["ssh -R"]}
    rows = [{"name": name, **({} if name == STRAIGHT else {"latency-1": added[1][name], "latency-16": added[16][name],
                                                           "tunnel-share": min(shares[name].values())}),
             "tunnel-cpu": max(streams[name]["cpu down"], streams[name]["cpu up"]),
             "tunnel-down": streams[name]["down"], "tunnel-up": streams[name]["up"]} for name in rivals + [TLS, STRAIGHT]]
    return {**out, "_peers": rows}
