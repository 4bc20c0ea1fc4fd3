"""Peers built from source: with Go from its module proxy, with Rust from its registry, each pinned and kept below
build/interop. Nobody needs these toolchains for qcloud: where one is not here, its peers are left out, always with a word."""
import hashlib
import json
import os
import shutil
import subprocess

import peers

HERE = os.path.dirname(os.path.realpath(__file__))


class Optional(peers.Missing):
    """Missing, and no failure where all peers are required."""


def _run(words, what, cwd=None, env=None, timeout=600):
    try:
        done = subprocess.run(["nice"] + words, cwd=cwd, env=dict(os.environ, **(env or {})), capture_output=True, text=True,
                              timeout=timeout)
    except subprocess.TimeoutExpired:
        raise Optional("%s: not done within %d s" % (what, timeout)) from None
    if done.returncode != 0:
        raise Optional("%s: %s" % (what, done.stderr.strip()[-600:]))
    return done.stdout


def _go(words, what, cwd=None):
    if shutil.which("go") is None:
        raise Optional("%s is a Go program, and there is no Go in the PATH" % what)
    # The toolchain that is here, or none: it would fetch a newer one.
    return _run(["go"] + words, what, cwd, {"GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly -buildvcs=false"})


def own_go(folder):
    """A Go program of this repository; the path of the binary."""
    source = os.path.join(HERE, folder)
    mark = hashlib.sha256()
    for name in sorted(os.listdir(source)):
        with open(os.path.join(source, name), "rb") as part:
            mark.update(part.read())
    tree = peers.once(os.path.join(peers.CACHE, "go-" + folder), mark.hexdigest(),
                      lambda tree: _go(["build", "-trimpath", "-o", tree + "/" + folder, "."], folder, source))
    return os.path.join(tree, folder)


def go_module(module, version, commands):
    """Programs below cmd/ of a public module; the folder of the binaries. Built where the module lies, because `go install`
    takes no module with replacements."""
    name = module.rsplit("/", 1)[1]

    def make(tree):
        told = json.loads(_go(["mod", "download", "-json", module + "@" + version], name))
        _go(["build", "-trimpath", "-ldflags=-s -w", "-o", tree + "/"] + ["./cmd/" + c for c in commands], name, told["Dir"])
    return peers.once(os.path.join(peers.CACHE, "go-" + name), version, make)


def cargo(name, version, features):
    """A program of the registry; the path of the binary."""
    def make(tree):
        if shutil.which("cargo") is None:
            raise Optional("%s is a Rust program, and there is no cargo in the PATH" % name)
        print("compiling %s %s, once: this takes minutes" % (name, version), flush=True)
        _run(["cargo", "install", name, "--version", "=" + version, "--root", tree, "--no-default-features", "--features",
              features], name, env={"CARGO_TARGET_DIR": tree + "/target"})
        shutil.rmtree(tree + "/target")
    return os.path.join(peers.once(os.path.join(peers.CACHE, "cargo-" + name), version, make), "bin", name)
