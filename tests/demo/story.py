"""How a step of the unattended demo is told."""
from house import NAME, ZONE

FQDN = NAME + "." + ZONE
_step = 0


def step(what, evidence):
    global _step
    _step += 1
    lines = [line for line in evidence.strip().splitlines() if line.strip()]
    print("step %d: %s" % (_step, what))
    print("".join("        %s\n" % line for line in lines), end="", flush=True)
