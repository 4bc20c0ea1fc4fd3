"""From the host's loopback into a namespace: TCP byte by byte, and DNS datagrams. So a browser and `dig`
on this machine reach the demo, and neither routes nor resolver of the machine are touched."""
import socket
import threading


def _pump(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass
    # Half-close, so that an answer still on its way arrives.
    for end, how in ((sink, socket.SHUT_WR), (source, socket.SHUT_RD)):
        try:
            end.shutdown(how)
        except OSError:
            pass


def _bridge(client, ns, target):
    try:
        with ns.entered():
            server = socket.create_connection(target, 10)
    except OSError:
        client.close()
        return
    # connect has a deadline, the conversation has none: a hanging request may take hours.
    server.settimeout(None)
    back = threading.Thread(target=_pump, args=(server, client), daemon=True)
    back.start()
    _pump(client, server)
    back.join()
    client.close()
    server.close()


def forward_tcp(ns, target, port=0):
    """Listens on 127.0.0.1 (the kernel chooses the port unless told); returns the port."""
    listener = socket.create_server(("127.0.0.1", port))

    def accept():
        while True:
            client, _ = listener.accept()
            threading.Thread(target=_bridge, args=(client, ns, target), daemon=True).start()
    threading.Thread(target=accept, daemon=True).start()
    return listener.getsockname()[1]


def forward_udp(ns, target, port=0):
    """One question, one answer: a socket for each, which is enough for DNS."""
    front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    front.bind(("127.0.0.1", port))

    def ask(question, client):
        with ns.entered():
            back = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        back.settimeout(5)
        try:
            back.sendto(question, target)
            front.sendto(back.recv(65536), client)
        except OSError:
            pass
        finally:
            back.close()

    def serve():
        while True:
            question, client = front.recvfrom(65536)
            threading.Thread(target=ask, args=(question, client), daemon=True).start()
    threading.Thread(target=serve, daemon=True).start()
    return front.getsockname()[1]


def forward_dns(ns, target):
    """UDP and TCP on one port, as DNS has it."""
    for _ in range(20):
        port = forward_udp(ns, target)
        try:
            return forward_tcp(ns, target, port)
        except OSError:  # somebody else has the TCP port of that number
            continue
    raise OSError("no port that is free for UDP and TCP")
