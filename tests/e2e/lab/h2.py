"""What a box says on its connection to the relay, frame by frame (RFC 9113): a parser of our own, which shares no
code with either end. Returns findings: whatever could carry a word that no visitor's service said."""

DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
SIZES = {RST_STREAM: 4, PING: 8, WINDOW_UPDATE: 4}
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def _frames(data):
    """(type, flags, stream, payload) of each complete frame; an incomplete one at the end was never sent in full."""
    at = 0
    while at + 9 <= len(data):
        size = int.from_bytes(data[at:at + 3], "big")
        if at + 9 + size > len(data):
            return
        stream = int.from_bytes(data[at + 5:at + 9], "big") & 0x7FFFFFFF
        yield data[at + 3], data[at + 4], stream, data[at + 9:at + 9 + size]
        at += 9 + size


def _only_status(block):
    """A header block (RFC 7541) that tells a status and nothing else."""
    if block[:1] and block[0] >> 5 == 1:  # the size of the table
        block = block[2:] if block[0] == 0x3F else block[1:]
        if block[:1] and block[0] < 0x80 and block[0] >> 4 not in (0, 1, 4):
            block = block[1:]
    if len(block) == 1:
        return block[0] >= 0x88  # a status of the static table, or one that was told before
    return len(block) in (4, 5) and block[0] in (0x08, 0x18, 0x48)


def box_side(one, other):
    """The decrypted bytes of both directions, in any order: (findings, bytes of visits that left)."""
    relay, box = (one, other) if one.startswith(PREFACE) else (other, one)
    if not relay.startswith(PREFACE):
        # A handshake that was given up says nothing at all.
        return (["no HTTP/2 on the link: %r" % (relay + box)[:60]] if relay or box else []), 0
    asked = {stream for kind, _, stream, _ in _frames(relay[len(PREFACE):]) if kind == HEADERS}
    echoes = {payload for kind, flags, _, payload in _frames(relay[len(PREFACE):]) if kind == PING and not flags & 1}
    bad, carried = [], 0
    for kind, flags, stream, payload in _frames(box):
        if kind in (DATA, HEADERS) and stream not in asked:
            bad.append("the box speaks on stream %d, which no relay opened" % stream)
        if kind == DATA:
            carried += len(payload)
        elif kind == HEADERS:
            if not _only_status(payload):
                bad.append("headers beside the status: %s" % payload.hex())
        elif kind == SETTINGS:
            values = {payload[i:i + 6] for i in range(0, len(payload), 6)}
            if len(payload) % 6 or len(values) > 8:
                bad.append("settings of %d bytes" % len(payload))
        elif kind == PING:
            if payload != b"\0" * 8 and payload not in echoes:
                bad.append("a PING that carries %s" % payload.hex())
        elif kind == GOAWAY:
            if len(payload) != 8:
                bad.append("a GOAWAY with words: %r" % payload[8:])
        elif SIZES.get(kind) != len(payload):
            bad.append("a frame of type %d, %d bytes" % (kind, len(payload)))
        if kind in (DATA, HEADERS) and flags & 8:
            bad.append("padding, which could carry anything")
    return bad, carried
