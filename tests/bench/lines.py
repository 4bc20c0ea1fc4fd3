"""The lines of the table: what is measured, and what is to be reached. A line without a measure says
"none yet", so that the table always shows all that is wanted."""
import collections

# better: "<=", ">=" or "==" against reach and stretch; None where nothing is to be reached.
Line = collections.namedtuple("Line", "id part title unit better reach stretch")

COST, REACH, TUNNEL, CLOUD, TRUST = ("cost of having it", "reachability", "tunnel", "cloud side", "trust")

LINES = [Line(*row) for row in [
    ("rss", COST, "idle RSS", "MB", "<=", 10, 8),
    ("anonymous", COST, "idle anonymous memory", "MB", "<=", 3, 2),
    ("rss-streams", COST, "RSS with 64 busy streams", "MB", "<=", 32, 20),
    ("rss-streams-1000", COST, "RSS with 1,000 busy streams", "MB", "<=", 32, 20),
    ("cpu", COST, "CPU a day, idle", "s", "<=", 1, None),
    ("wakeups", COST, "wake-ups a minute, idle", "", "<=", 2, 1),
    ("disk", COST, "bytes to and from disks, idle", "bytes", "==", 0, None),
    ("faults", COST, "major page faults, idle", "", "==", 0, None),
    ("wire", COST, "IP bytes a day, idle", "KB", "<=", 500, 400),
    ("wire-economy", COST, "IP bytes a day, idle, economy mode", "KB", "<=", 220, None),
    ("silence", COST, "packets with every feature off", "", "==", 0, None),
    ("size", COST, "stripped qcloudd", "MB", "<=", 9.0, 7.5),
    ("start-best", COST, "start to socket ready, best of 20", "ms", "<=", 30, 8),
    ("start", COST, "start to socket ready, median of 20", "ms", "<=", 30, 8),
    ("again", COST, "start to name confirmed again, median", "ms", "<=", 300, 150),
    ("again-link", COST, "start to link up again, median", "ms", "<=", 300, 150),
    ("peers", COST, "peers measured beside it", "", None, None, None),
    ("own-change", REACH, "own address change to DNS, p95 of 20", "s", "<=", 2, 1),
    ("change-rst", REACH, "silent public change to DNS, path says RST, worst", "s", "<=", 30, 10),
    ("change-silent", REACH, "silent public change to DNS, silent path, worst", "s", "<=", 45, 10),
    ("no-ops", REACH, "no-op DNS updates in all of this", "", "==", 0, None),
    ("relay-killed", REACH, "relay killed to visitor served again, worst of 20", "s", "<=", 2, 0),
    ("tunnel-down", TUNNEL, "one stream, the visitor downloads", "MB/s", None, None, None),
    ("tunnel-up", TUNNEL, "one stream, the visitor uploads", "MB/s", None, None, None),
    ("throughput", TUNNEL, "throughput, one stream, to the best peer", "x", ">=", 0.95, 1.2),
    ("tunnel-cpu", TUNNEL, "agent CPU", "s/GiB", "<=", 0.8, 0.5),
    ("tunnel-cpu-ssh", TUNNEL, "agent CPU, to that of ssh -R", "x", "<=", 1.27, 0.8),
    ("tunnel-share", TUNNEL, "share of TCP pass-through", "x", ">=", 0.6, 0.75),
    ("latency-1", TUNNEL, "added latency p50, 1 connection", "us", "<=", 70, 50),
    ("latency-16", TUNNEL, "added latency p50, 16 connections", "us", "<=", 110, 80),
    ("latency-1-ssh", TUNNEL, "added latency, 1 connection, to that of ssh -R", "x", "<=", 1.6, 1.15),
    ("latency-16-ssh", TUNNEL, "added latency, 16 connections, to that of ssh -R", "x", "<=", 0.9, 0.65),
    ("fresh", TUNNEL, "fresh request beside a bulk download, to idle", "x", "<=", 2, 1.2),
    ("long-path", TUNNEL, "one stream at 40 ms RTT, share of raw TCP", "%", ">=", 80, 95),
    ("heartbeats", CLOUD, "heartbeats a second, one core, handler + store", "", ">=", 10000, None),
    ("dns-updates", CLOUD, "DNS updates a second, handler + PowerDNS", "", ">=", 250, None),
    ("peak", CLOUD, "100,000 boxes after an outage, peak to mean", "x", "<=", 3, None),
    ("peak-busy", CLOUD, "the same, a balancer says 503, Retry-After: 60", "x", "<=", 3, None),
    ("peak-silent", CLOUD, "the same, packets vanished meanwhile", "x", "<=", 3, None),
    ("ledger", TRUST, "ledger against capture, bytes apart", "bytes", "==", 0, None),
    ("simulated", TRUST, "simulated device-years a CPU-minute", "", None, None, None),
]]


def verdict(line, value):
    """The word for a line; "measured" where nothing is to be reached."""
    if value is None:
        return "none yet"
    if line.better is None:
        return "measured"
    return "reached" if holds(line.better, value, line.reach) else "not reached"


def holds(better, value, bound):
    return {"<=": value <= bound, ">=": value >= bound, "==": value == bound}[better]


def number(value):
    if value is None:
        return "-"
    if value == int(value) or abs(value) >= 1000:
        return "{:,.0f}".format(value)
    return "%.3g" % value if abs(value) < 1 else "%.1f" % value


def table(results, peers=()):
    """Lines of text; a note stands below the line that it explains, then what the peers need in the same run."""
    def cell(line, bound):
        return "" if bound is None else "%s %s" % (line.better, number(bound))

    def with_unit(line, value):
        return number(value) + (" " + line.unit if line.unit and value is not None else "")
    rows, out, part = [("measure", "this run", "reach", "stretch", "verdict", "", "")], [], None
    for line in LINES:
        result = results.get(line.id)
        if result is None:
            continue
        rows.append((line.title, with_unit(line, result["value"]), cell(line, line.reach), cell(line, line.stretch),
                     verdict(line, result["value"]), result.get("note", ""), line.part))
        for peer in peers:  # a row has what was measured of it, by the names of the lines
            if line.id in peer:
                rows.append(("    " + peer["name"], with_unit(line, peer[line.id]), "", "", "peer", "", line.part))
    widths = [max(len(row[i]) for row in rows) for i in range(5)]
    for index, row in enumerate(rows):
        if index and row[6] != part:
            part = row[6]
            out.append("-- " + part)
        out.append("%-*s  %*s  %*s  %*s  %s" % (widths[0], row[0], widths[1], row[1], widths[2], row[2],
                                               widths[3], row[3], row[4]))
        if row[5]:
            out.append("      " + row[5])
    return out
