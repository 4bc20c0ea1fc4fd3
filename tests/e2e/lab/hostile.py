"""What the tests of hostile visitors, boxes and relays share."""
import socket

from .nas_site import PAGE
from .proc import SANITIZED, bound
from .visitor import hello

LARGEST_AGENT, LARGEST_RELAY = 64 * 1024, 96 * 1024  # KiB resident, whatever happens


def bounded(home):
    """Nobody died, nobody grew, and an honest visitor is served at once."""
    assert home.agent.proc.alive(), "the agent ended:\n" + home.agent.proc.tail()
    assert home.relay.proc.alive(), "the relay ended:\n" + home.relay.proc.tail()
    agent, relay = home.agent.proc.rss()[0], home.relay.proc.rss()[0]
    assert SANITIZED or agent < LARGEST_AGENT, "the agent holds %d KiB" % agent
    assert SANITIZED or relay < LARGEST_RELAY, "the relay holds %d KiB" % relay
    assert home.curl(seconds=5).stdout == PAGE
    return agent, relay


def said_to(home, data, then_close=False):
    """What a visitor hears who says this: all of it."""
    link = home.raw(timeout=8)
    try:
        link.sendall(data)
        if then_close:
            link.shutdown(socket.SHUT_WR)
        heard = b""
        while part := link.recv(4096):
            heard += part
        return heard
    except (BrokenPipeError, ConnectionResetError):
        return b"reset"
    finally:
        link.close()


UNEXPECTED, UNRECOGNIZED = b"\x15\x03\x01\x00\x02\x02\x0a", b"\x15\x03\x01\x00\x02\x02\x70"


def record(content, size=None):
    return b"\x16\x03\x01" + (len(content) if size is None else size).to_bytes(2, "big") + content


def visit(home, host):
    """What a visitor hears who says hello to this host."""
    return said_to(home, hello(host))
