"""The link coming back: after a start of the agent, and after the death of the only relay."""
import statistics
import time

from lab.topology import Direct, Nat
from start import own_resolver, started, until
from world import QuietHome


def again(_):
    with QuietHome("again-link", Direct) as home:
        home.attached(ddns=True)
        home.agent.stop()
        own_resolver(home.agent.resolv)
        took, both = [], []

        def connections():
            try:
                return len(home.connections())
            except OSError:  # it does not listen yet
                return 0
        for _ in range(10):
            time.sleep(0.3)
            with started(home.agent) as begin:
                took.append(until(lambda: connections() > 0, begin, 0.002) * 1e3)
                both.append(until(lambda: connections() > 1, begin, 0.002) * 1e3)
        return {"again-link": {"value": statistics.median(took), "note": "10 starts; fork to the first connection to a relay that "
                               "stands: %.0f to %.0f ms; to both: %.0f ms" % (min(took), max(took), statistics.median(both))}}


def killed(_):
    with QuietHome("relay-killed", Nat) as home:
        home.attached()
        took = []
        for _ in range(20):
            begin = time.monotonic()
            home.relay.kill()
            home.relay.start()
            home.served_again()
            took.append(time.monotonic() - begin)
            home.agent.stop()  # one that runs remembers for a minute that a relay went away
            home.agent.start()
            home.wait_attached()
        return {"relay-killed": {"value": max(took), "note": "median %.2f s; the relay is started again at once, and new visitors "
                                 "come every 20 ms" % statistics.median(took)}}
