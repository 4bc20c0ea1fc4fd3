"""The ledger against the capture: the same connections, the same payload bytes (promise A3)."""
import collections

from .flows import flows


def _sums(rows):
    """Connections by 5-tuple; a tuple that was used again adds up on both sides."""
    total = collections.defaultdict(lambda: [0, 0])
    for key, bytes_out, bytes_in in rows:
        total[key][0] += bytes_out
        total[key][1] += bytes_in
    return total


def compare(frames, rows, local_addresses):
    """Differences as lines of text, and how many connections and bytes agreed, per feature.

    Every TCP or UDP packet must belong to a row. Rows that are closed, and all datagrams, must agree to
    the byte; a row that SIGKILL interrupted is a lower bound.
    """
    connections = [r for r in rows if r["kind"] == "connection"]
    key = lambda r: (r["proto"], r["local"], r["remote"])
    seen = _sums((f.key(), f.bytes_out, f.bytes_in) for f in flows(frames, local_addresses))
    told = _sums((key(r), r["bytes_out"], r["bytes_in"]) for r in connections)
    states = collections.defaultdict(set)
    for row in connections:
        states[key(row)].add(row["state"])
    differences = []
    agreed = collections.defaultdict(lambda: [0, 0, 0])
    for which in seen:
        if which not in told:
            differences.append("no ledger row for %s %s -> %s (%d out, %d in)" % (which + tuple(seen[which])))
    for row_key in told:
        # A connect that was refused before any packet left (no route) has a row and no packet.
        if row_key not in seen and told[row_key] != [0, 0]:
            differences.append("no packet for the row %s %s -> %s: %s" % (row_key + (told[row_key],)))
        exact = states[row_key] <= {"closed", "aborted"}
        if row_key in seen and exact and seen[row_key] != told[row_key]:
            differences.append("%s %s -> %s: capture %s, ledger %s (%s)" % (
                row_key + (seen[row_key], told[row_key], ",".join(states[row_key]))))
        if row_key in seen and not exact and any(told[row_key][i] > seen[row_key][i] for i in (0, 1)):
            differences.append("%s %s -> %s: ledger %s, more than the capture's %s" % (
                row_key + (told[row_key], seen[row_key])))
    for row in connections:
        if key(row) in seen and row["state"] in ("closed", "aborted"):
            entry = agreed[row["feature"]]
            entry[0] += 1
            entry[1] += row["bytes_out"]
            entry[2] += row["bytes_in"]
    return differences, dict(agreed)
