"""Debian's strongSwan enrolls and re-enrolls by `pki --est` (RFC 7030): the cloud's EST is not only our own agent's."""
import base64
import json
import os
import subprocess

import peers
from ask import access_token, ask
from front import PORT, URL, fronted, haproxy
from lab.proc import run
from lab.topology import Direct
from lab.world import World
from strongswan import Pki, subject


def _device(world, certificate, port=443):
    status, text = ask(world, "GET", "/v1/device", certificate=certificate, port=port)
    return status, json.loads(text)


def _life_of_a_device(world, pki, port):
    # What the authority is called by EST is what the vendor hands out.
    authority = pki.keep("cacerts.pem", "--estca", "--url", pki.origin, "--cacert", world.cloud.ca, "--outform", "pem")
    fingerprints = [run(["openssl", "x509", "-in", file, "-noout", "-fingerprint", "-sha256"]).stdout
                    for file in (authority, world.cloud.ca)]
    assert fingerprints[0] == fingerprints[1], fingerprints

    first = pki.enroll("first")
    run(["openssl", "verify", "-purpose", "sslclient", "-CAfile", world.cloud.ca, first[0]])
    status, told = _device(world, first, port)
    assert status == 200 and told["device_id"] in subject(first[0]), (status, told, subject(first[0]))

    second = pki.renew("second", first)
    assert subject(second[0]) == subject(first[0]), "a renewal must not make another device"
    status, again = _device(world, second, port)
    assert status == 200 and again["device_id"] == told["device_id"], again
    assert world.cloud.stats()["devices"] == 1
    # The fresh key has been seen: the old one is no good any more, neither for reading nor for another renewal.
    status, refused = _device(world, first, port)
    assert status == 401 and refused["type"].endswith("key-superseded"), refused
    _, request = pki.key_and_request("third")
    done = pki.est(request, "--cert", first[0], "--key", first[1], check=False)
    assert done.returncode != 0 and b"CERTIFICATE" not in done.stdout, done.stdout
    assert world.cloud.stats()["renewals"] == 1
    return second


def test_enroll_and_reenroll():
    peers.overlay_works()
    with World("est", Direct, folder=os.path.join(peers.LOGS, "est.enroll_and_reenroll")) as world:
        _life_of_a_device(world, Pki(world, world.cloud.origin), 443)


def test_behind_haproxy():
    """The same with TLS ended by HAProxy: the certificate reaches the cloud as Client-Cert."""
    with fronted("est.behind_haproxy", Direct, peers.LOGS) as world:
        haproxy(world)
        certificate, _ = _life_of_a_device(world, Pki(world, URL), PORT)
        # Nobody becomes a device by writing the header himself: a certificate is no secret, its key is.
        der = subprocess.run(["openssl", "x509", "-in", certificate, "-outform", "DER"], capture_output=True, check=True).stdout
        header = {"Client-Cert": ":%s:" % base64.b64encode(der).decode()}
        status, _ = ask(world, "GET", "/v1/device", headers=header, port=PORT)
        assert status == 401, status


def test_tokens():
    """A token is good once, an invented one never; and a refused request uses none up."""
    peers.overlay_works()
    with World("est", Direct, folder=os.path.join(peers.LOGS, "est.tokens")) as world:
        pki = Pki(world, world.cloud.origin)
        _, request = pki.key_and_request("one")
        assert pki.est(request, "--userpass", "device:invented", check=False).returncode != 0
        token = access_token(world)
        rsa = pki.keep("rsa.key", "--gen", "--type", "rsa", "--size", "2048", "--outform", "pem")
        wrong = pki.keep("rsa.csr", "--req", "--in", rsa, "--type", "rsa", "--dn", "CN=whatever")
        assert pki.est(wrong, "--userpass", "device:" + token, check=False).returncode != 0
        assert b"CERTIFICATE" in pki.est(request, "--userpass", "device:" + token).stdout
        _, other = pki.key_and_request("other")
        assert pki.est(other, "--userpass", "device:" + token, check=False).returncode != 0
        assert world.cloud.stats()["devices"] == 1
