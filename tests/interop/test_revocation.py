"""Who is revoked: refcloud itself, OpenSSL with the published list, and a TLS server with that list must agree, before
and after; and a device that was not revoked stays good everywhere."""
import http.client
import os
import ssl

import peers
from ask import ask
from front import PORT, fronted, haproxy
from lab.proc import run
from lab.topology import Direct
from strongswan import Pki

LISTED = PORT + 1  # HAProxy with the revocation list; beside it the one that has none


def _crl(world):
    path = os.path.join(world.folder, "crl.pem")
    status, text = ask(world, "GET", "/crl.pem")
    assert status == 200, text
    with open(path, "wb") as out:
        out.write(text)
    # Signed by the authority, current, and the same as the one in DER.
    told = run(["openssl", "crl", "-in", path, "-CAfile", world.cloud.ca, "-noout", "-nextupdate"])
    assert "verify OK" in told.stderr, told.stderr
    status, der = ask(world, "GET", "/v1/crl")
    with open(path + ".der", "wb") as out:
        out.write(der)
    texts = [run(["openssl", "crl", "-in", file, "-inform", kind, "-noout", "-text"]).stdout.split("Signature Value")[0]
             for file, kind in ((path, "PEM"), (path + ".der", "DER"))]
    serials = [[line for line in text.splitlines() if "Serial Number" in line] for text in texts]
    assert serials[0] == serials[1], serials
    return path


def _openssl(world, crl, device):
    """True: good; False: revoked. Anything else that OpenSSL minds is an error of the test."""
    done = run(["openssl", "verify", "-crl_check", "-CAfile", world.cloud.ca, "-CRLfile", crl, device[0]], check=False)
    if done.returncode == 0:
        return True
    assert "certificate revoked" in done.stdout + done.stderr, done.stdout + done.stderr
    return False


def _cloud(world, device, port=443):
    status, text = ask(world, "GET", "/v1/device", certificate=device, port=port)
    assert status == 200 or (status == 401 and b"certificate-revoked" in text), (status, text)
    return status == 200


def _tls(world, device):
    """A TLS server with the list: the handshake says it, before any request is read."""
    try:
        return _cloud(world, device, LISTED)
    except (ssl.SSLError, http.client.RemoteDisconnected, ConnectionResetError) as error:
        assert "revoked" in str(error).lower(), "refused, but not as revoked: %r" % error
        return False


def _verdicts(world, devices):
    crl = _crl(world)
    proxy = haproxy(world, crl=crl, port=LISTED)
    try:
        return {name: (_cloud(world, device), _cloud(world, device, PORT), _openssl(world, crl, device),
                       _tls(world, device)) for name, device in devices.items()}
    finally:
        proxy.stop()


def test_all_agree():
    with fronted("revocation.all_agree", Direct, peers.LOGS) as world:
        haproxy(world)
        pki = Pki(world, world.cloud.origin)
        devices = {"kept": pki.enroll("kept"), "lost": pki.enroll("lost")}
        before = _verdicts(world, devices)
        assert before == {"kept": (True,) * 4, "lost": (True,) * 4}, before
        lost = run(["openssl", "x509", "-in", devices["lost"][0], "-noout", "-subject", "-nameopt", "multiline"]).stdout
        device_id = next(line.split("=")[1].strip() for line in lost.splitlines() if "commonName" in line)
        world.cloud.operator("POST", "/revoke", {"device_id": device_id})
        after = _verdicts(world, devices)
        assert after == {"kept": (True,) * 4, "lost": (False,) * 4}, after
        # Nor does a renewal bring it back.
        _, request = pki.key_and_request("again")
        done = pki.est(request, "--cert", devices["lost"][0], "--key", devices["lost"][1], check=False)
        assert done.returncode != 0, done.stdout


test_all_agree.seconds = 20
