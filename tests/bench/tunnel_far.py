"""The tunnel on a long path: 20 ms each way between the box and the internet, in user space (lab/delay.py), at the rate of
an uplink (tc tbf), with and without loss (nftables). Raw TCP on the same path is what it is compared with."""
import statistics
import threading

from lab.odd import Satellite
from lab.proc import LabError
from rivals import Scene
from tunnel import OURS, PORT, Place, everyday

ONE_WAY, SLOW, FAST = 0.02, 20, 100  # seconds, Mbit/s
FAR = ["fresh", "long-path"]


class Far(Satellite):
    def __init__(self, folder):
        super().__init__(folder)
        self.cable.seconds = ONE_WAY
        self.control = everyday(self)
        self.rate(FAST)

    def rate(self, mbit):
        """Both ways; the queue before it holds what is on the way in one round trip, as a good modem's does."""
        queue = int(mbit * 1e6 / 8 * 2 * ONE_WAY)
        try:
            for end in ("earth", "space"):
                self.sky.sh("tc qdisc replace dev %s root tbf rate %dmbit burst 32kb limit %d" % (end, mbit, queue))
        except LabError as error:
            raise LabError("this kernel cannot limit the rate of a link: %s" % error) from None

    def lossy(self, percent):
        """From now on; and single segments, or the loss of one would be that of forty."""
        for ns, end in ((self.nas, "eth0"), (self.inet, "toward-nas")):
            ns.ip("link set %s gso_max_segs 1" % end)
            ns.nft('''table ip loss {
                chain input {
                  type filter hook input priority -10; policy accept;
                  iifname "%s" numgen random mod 100 < %d drop
                }
                }''' % (end, percent))


def _shares(place, rounds, size, at_once):
    """Of raw TCP, by direction: MB/s, ours and raw TCP's. One after the other it is the median, for the machine has bad
    moments; at_once, both directions and ours beside raw TCP, it is the speed over all rounds, for chance decides in each."""
    targets = {OURS: place.link, "raw": (place.net.public, PORT + 1)}
    spent = {(way, name): [] for way in ("down", "up") for name in targets}

    def one(way, name):
        spent[way, name].append(place.pump(way, targets[name], size)["seconds"])
    for _ in range(rounds):
        turns = [threading.Thread(target=one, args=turn) for turn in spent]
        for turn in turns:
            turn.start()
            at_once or turn.join()
        for turn in turns:
            turn.join()
    if min(len(done) for done in spent.values()) < rounds:
        raise RuntimeError("a stream broke on the long path")
    of = statistics.mean if at_once else statistics.median
    return {way: [size / 1e6 / of(spent[way, name]) for name in targets] for way in ("down", "up")}


def _fresh(place, target, count):
    """Medians in ms: alone, beside a bulk download; and the worst of these."""
    alone = place.pump("fresh", target, count)["p50"]
    bulk = place.start("down", target, 1 << 40)
    threading.Event().wait(4)  # until it has filled whatever it fills
    beside = place.pump("fresh", target, count)
    if not bulk.alive():
        raise RuntimeError("the download ended before the requests: " + bulk.tail())
    bulk.kill()
    return alone * 1e3, beside["p50"] * 1e3, beside["max"] * 1e3


def far(options):
    rounds, count, size = (1, 6, 20) if options.quick else (5, 20, 40)  # size: MB
    with Place("tunnel-far", Far) as place:
        tunnels = Scene(place)
        clean = _shares(place, rounds, size * 1000 * 1000, at_once=False)
        place.net.rate(SLOW)
        ours = _fresh(place, place.link, count)
        tunnels.ssh(PORT, "-c", "aes128-gcm@openssh.com")
        others = {"ssh -R": _fresh(place, ("127.0.0.1", 8022), count), "no tunnel": _fresh(place, (place.net.public, PORT), count)}
        place.net.rate(FAST)
        place.net.lossy(1)
        place.agent.cli("disable", "link")  # its connections are to learn of the single segments
        place.agent.cli("enable", "link")
        place.wait_attached()
        # Loss is what holds these back, not the rate: they do not disturb each other. Each is long, or a fresh connection's
        # start, before its first loss, is what is measured.
        lossy = _shares(place, rounds, size * 300 * 1000, at_once=True)
    words = ["%d %% loss: %s" % (percent, ", ".join("%s %.2f of %.2f MB/s" % (way, *pair) for way, pair in of.items()))
             for percent, of in ((0, clean), (1, lossy))]
    return {"long-path": {"value": min(100 * a / b for of in (clean, lossy) for a, b in of.values()), "note": "; ".join(words + [place.net.control])},
            "fresh": {"value": ours[1] / ours[0], "note": "%.0f ms, at worst %.0f; alone %.0f; %d Mbit/s" % (
                ours[1], ours[2], ours[0], SLOW)},
            "_peers": [{"name": name, "fresh": told[1] / told[0]} for name, told in others.items()]}
