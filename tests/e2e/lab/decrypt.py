"""What really left the box, in plain words: the capture, decrypted by tshark with the TLS secrets that
the *cloud's* side logged, cut into HTTP/1.1 requests (RFC 9112) by a parser of our own."""
import collections
import subprocess

Request = collections.namedtuple("Request", "stream sni method target headers body")
# payload: whether application data left in it, readable or not.
Stream = collections.namedtuple("Stream", "number sni remote port payload sent received")


class Undecipherable(Exception):
    """Bytes on the wire that cannot be read: a finding in itself."""


def _tshark(pcap, keys, *arguments):
    # Segments may be sent twice or overtake each other on a busy machine. The certificate request of an enrollment
    # is base64, which tshark takes for DER, and now and then gives up the whole request as malformed.
    done = subprocess.run(["tshark", "-n", "--disable-protocol", "pkcs10", "-r", pcap, "-o", "tls.keylog_file:" + keys,
                           "-o", "tcp.reassemble_out_of_order:TRUE"] + list(arguments),
                          capture_output=True, text=True, timeout=120)
    if done.returncode != 0:
        raise RuntimeError("tshark: " + done.stderr)
    return done.stdout


def streams(pcap, keys):
    """Every TCP stream that carried payload, with its decrypted bytes in both directions."""
    table = collections.OrderedDict()
    for line in _tshark(pcap, keys, "-Y", "tcp.len>0", "-T", "fields", "-e", "tcp.stream", "-e", "ip.dst",
                        "-e", "ipv6.dst", "-e", "tcp.dstport",
                        "-e", "tls.handshake.extensions_server_name", "-e", "tls.app_data").splitlines():
        number, v4, v6, port, sni, data = (line.split("\t") + [""] * 6)[:6]
        entry = table.setdefault(int(number), {"remote": v4 or v6, "port": int(port), "sni": "",
                                               "payload": False})
        entry["sni"] = entry["sni"] or sni
        entry["payload"] |= bool(data) and int(port) == entry["port"]
    if not table:
        return []
    follow = []
    for number in table:
        follow += ["-z", "follow,tls,raw,%d" % number]
    text = _tshark(pcap, keys, "-q", *follow)
    plain = _follow(text)
    return [Stream(n, e["sni"], e["remote"], e["port"], e["payload"], *plain.get(n, (b"", b""))) for n, e in table.items()]


def _follow(text):
    """tshark's own format: a head per stream, hex lines, those of the second node indented by a tab.
    Which node is the box shows in the payload alone: for TLS the head may name the server first, and
    the other not at all. A request starts with a method, an answer with "HTTP/"."""
    found, number, sides, active = {}, None, None, False
    for line in text.splitlines():
        if line.startswith("Filter: tcp.stream eq "):
            number, sides = int(line.split()[-1]), (bytearray(), bytearray())
            found[number] = sides
        elif line.startswith("Node 1:"):
            active = True
        elif line.startswith("==="):
            active = False
        elif active and line.strip():
            sides[1 if line.startswith("\t") else 0].extend(bytes.fromhex(line.strip()))
    def answer(data):
        return not data or data.startswith(b"HTTP/")
    return {n: (bytes(a), bytes(b)) if answer(b) and not answer(a) else (bytes(b), bytes(a))
            for n, (a, b) in found.items()}


def requests(stream):
    """All requests of a stream, to the last byte; anything that is no HTTP/1.1 raises. A handshake that was
    given up before any request is no request."""
    data, found = stream.sent, []
    if not data and stream.payload:
        raise Undecipherable("stream %d to %s:%d could not be decrypted" % (
            stream.number, stream.remote, stream.port))
    while data:
        head, gap, rest = data.partition(b"\r\n\r\n")
        if not gap:
            raise Undecipherable("stream %d: no complete request in %r" % (stream.number, data[:200]))
        first, *lines = head.decode("latin-1").split("\r\n")
        words = first.split(" ")
        if len(words) != 3 or words[2] != "HTTP/1.1":
            raise Undecipherable("stream %d: not HTTP/1.1: %r" % (stream.number, first))
        headers = [tuple(part.strip() for part in line.split(":", 1)) for line in lines]
        if any(len(h) != 2 for h in headers):
            raise Undecipherable("stream %d: a header without colon in %r" % (stream.number, head))
        length = int(next((v for n, v in headers if n.lower() == "content-length"), "0"))
        if any(n.lower() == "transfer-encoding" for n, _ in headers):
            raise Undecipherable("stream %d: a transfer coding, which no manifest declares" % stream.number)
        found.append(Request(stream.number, stream.sni, words[0], words[1], headers, rest[:length]))
        if len(rest) < length:
            raise Undecipherable("stream %d: a body cut short" % stream.number)
        data = rest[length:]
    return found


def dns_questions(frames, parse):
    """(server, name, type, extra bytes after the question) of each DNS query that left over UDP."""
    for _, frame in frames:
        packet = parse(frame)
        if packet is None or packet.proto != "udp" or packet.dport != 53:
            continue
        data, at, labels = packet.raw, 12, []
        while data[at]:
            labels.append(data[at + 1:at + 1 + data[at]].decode("latin-1"))
            at += 1 + data[at]
        kind = int.from_bytes(data[at + 1:at + 3], "big")
        yield packet.dst, ".".join(labels).lower(), kind, data[at + 5:]


def other_datagrams(frames, parse):
    """(destination port, payload) of each datagram that is neither a DNS question nor a DNS answer."""
    for _, frame in frames:
        packet = parse(frame)
        if packet is not None and packet.proto == "udp" and 53 not in (packet.sport, packet.dport):
            yield packet.dport, packet.raw
