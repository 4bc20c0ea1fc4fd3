"""Certificates with a flaw, made by the openssl program, and clocks that are wrong."""
import glob
import os

from .proc import LabError, run


def authority(folder, name="Office Inspection CA"):
    """A certificate authority of its own: (certificate, key)."""
    os.makedirs(folder, exist_ok=True)
    certificate, key = os.path.join(folder, "ca.pem"), os.path.join(folder, "ca.key")
    run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "3650",
         "-subj", "/CN=" + name, "-keyout", key, "-out", certificate,
         "-addext", "keyUsage=critical,keyCertSign,cRLSign"])
    return certificate, key


def issue(folder, ca, host, start=None, days=365, name="server"):
    """A server's certificate for `host` by `ca`: (certificate, key). start: when the validity begins,
    "-10 days" from now."""
    os.makedirs(folder, exist_ok=True)
    path = [os.path.join(folder, name + end) for end in (".pem", ".key", ".csr", ".ext")]
    certificate, key, request, extensions = path
    with open(extensions, "w") as out:
        out.write("subjectAltName=DNS:%s\nextendedKeyUsage=serverAuth\nbasicConstraints=critical,CA:FALSE\n" % host)
    run(["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
         "-subj", "/CN=" + host, "-keyout", key, "-out", request])
    run(["openssl", "x509", "-req", "-in", request, "-CA", ca[0], "-CAkey", ca[1], "-CAcreateserial",
         "-days", str(days), "-extfile", extensions, "-out", certificate], env=clock(start) if start else None)
    return certificate, key


def clock(when):
    """The environment of a program that shall believe in another time: "-20 days", "@1970-01-02 00:00:00"."""
    library = glob.glob("/usr/lib/*/faketime/libfaketime.so.1")
    if not library:
        raise LabError("the package faketime is missing")
    # Relative times in its own words: seconds, or a number and a unit letter.
    return {"LD_PRELOAD": library[0], "FAKETIME": when.replace(" days", "d"), "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
