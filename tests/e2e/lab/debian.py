"""Programs of Debian that are only peers or tools of a test: downloaded and unpacked below build/, never
installed; no maintainer script runs."""
import fcntl
import glob
import os
import shutil
import subprocess

from .proc import BUILD, LabError


def unpacked(name, packages):
    """build/<name> with these packages and those of their dependencies that this machine lacks."""
    tree, cache = os.path.join(BUILD, name), os.path.join(BUILD, "cache", name)
    if os.path.exists(os.path.join(tree, ".complete")):
        return tree
    os.makedirs(cache, exist_ok=True)
    with open(os.path.join(cache, "lock"), "w") as lock:  # two tests may want it at once
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.exists(os.path.join(tree, ".complete")):
            _fetch(tree, cache, packages)
    return tree


def _fetch(tree, cache, packages):
    names = _closure(packages)
    print("downloading (not installing) %s" % " ".join(names), flush=True)
    done = subprocess.run(["apt-get", "-q", "download"] + names, cwd=cache, capture_output=True, text=True)
    if done.returncode != 0:
        raise LabError("apt-get download: " + done.stderr.strip())
    scratch = "%s.%d" % (tree, os.getpid())
    shutil.rmtree(scratch, ignore_errors=True)
    for package in sorted(glob.glob(os.path.join(cache, "*.deb"))):
        subprocess.run(["dpkg", "-x", package, scratch], check=True)
    open(os.path.join(scratch, ".complete"), "w").close()
    shutil.rmtree(tree, ignore_errors=True)
    os.rename(scratch, tree)


def _closure(packages):
    command = ["apt-get", "install", "--print-uris", "-qq", "-y", "--no-install-recommends"] + packages
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0 and os.geteuid() == 0:
        subprocess.run(["apt-get", "-q", "update"], capture_output=True)
        done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise LabError("apt-get does not find %s: %s" % (" ".join(packages), done.stderr.strip()))
    files = [line.split("'")[2].split()[0] for line in done.stdout.splitlines() if line.startswith("'")]
    return sorted(set(packages) | {name.split("_")[0] for name in files})
