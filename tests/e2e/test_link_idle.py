"""What it costs to be reachable when nobody comes: bytes on the wire a day."""
import os
import time

from lab.flows import parse
from lab.home import Home
from lab.relay import BOXES_PORT

SECONDS = int(os.environ.get("QCLOUD_LINK_IDLE", "75"))
# The standby's probe and its answer come every 200 s: a short look may see none, so a day's are added.
STANDBY = 86400 // 200 * 104


def test_bytes_a_day():
    """The name and the link on, registered, nobody visiting: at most 500 KB a day, of IP bytes both ways."""
    with Home("link_idle.bytes_a_day") as home:
        home.attached(ddns=True)
        time.sleep(12)  # what follows the start: the second look, probes of the path
        capture = home.capture()
        time.sleep(SECONDS)
        assert capture.dropped() == 0 and len(home.connections()) == 2
        sums = {}
        for _, frame in capture.frames():
            packet = parse(frame)
            if packet is None:  # ARP
                continue
            port = packet.dport if packet.src == "192.168.77.2" else packet.sport
            what = {BOXES_PORT: "relay", 443: "cloud"}.get(port, "port %d" % port)
            sums[what] = sums.get(what, 0) + len(frame) - 14
        day = sum(sums.values()) * 86400 // SECONDS + STANDBY
        print("figure: %d KB a day (%s in %d s)" % (
            day // 1000, ", ".join("%s %d B" % pair for pair in sorted(sums.items())), SECONDS))
        assert day <= 500_000, "%d bytes a day" % day


test_bytes_a_day.waits, test_bytes_a_day.seconds = True, 95
