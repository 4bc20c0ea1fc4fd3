"""Programs of a newer Debian than this machine's. apt fetches them with an index and a state of its own, below
build/interop, and verifies them as always; they run with their own C library, so nothing of this machine changes."""
import glob
import os
import shutil
import subprocess

import peers

CODENAME = "trixie"
PACKAGES = ["haproxy"]
KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"


def _mirror():
    """Where this machine has its own packages from."""
    done = subprocess.run(["apt-get", "indextargets", "--format", "$(REPO_URI) $(ORIGIN) $(LABEL) $(COMPONENT)",
                           "Created-By: Packages"], capture_output=True, text=True)
    for line in done.stdout.splitlines():
        if line.endswith(" Debian Debian main"):
            return line.split()[0]
    raise peers.Missing("this machine has no packages of Debian, so those of Debian %s are out of reach" % CODENAME)


def _unpack(folder):
    if not os.path.exists(KEYS):
        raise peers.Missing("Debian's keys are not here (package debian-archive-keyring)")
    scratch = os.path.join(folder, "apt")
    for part in ("lists/partial", "cache/archives/partial", "debs"):
        os.makedirs(os.path.join(scratch, part))
    open(os.path.join(scratch, "status"), "w").close()  # nothing is installed: every library is named
    sources = os.path.join(scratch, "sources.list")
    with open(sources, "w") as out:
        out.write("deb [signed-by=%s] %s %s main\n" % (KEYS, _mirror(), CODENAME))
    options = ["-q", "-o", "Dir::Etc::sourcelist=" + sources, "-o", "Dir::Etc::sourceparts=/dev/null", "-o", "APT::Sandbox::User=root",
               "-o", "Dir::State=" + scratch, "-o", "Dir::State::status=%s/status" % scratch, "-o", "Dir::Cache=%s/cache" % scratch,
               "-o", "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false", "-o", "Acquire::Languages=none"]

    def apt(*words, cwd=None):
        done = subprocess.run(["apt-get"] + options + list(words), cwd=cwd, capture_output=True, text=True)
        if done.returncode != 0:
            raise peers.Missing("Debian %s: apt-get %s: %s" % (CODENAME, words[0], done.stderr.strip()))
        return done.stdout
    apt("update")
    told = apt("install", "--print-uris", "-q", "-y", "--no-install-recommends", *PACKAGES)
    names = {line.split("'")[2].split()[0].split("_")[0] for line in told.splitlines() if line.startswith("'")}
    wanted = sorted(name for name in names if name in PACKAGES or name.startswith(("lib", "zlib1g")))
    print("downloading (not installing) of Debian %s: %s" % (CODENAME, " ".join(wanted)), flush=True)
    apt("download", *wanted, cwd=os.path.join(scratch, "debs"))
    for package in glob.glob(os.path.join(scratch, "debs", "*.deb")):
        subprocess.run(["dpkg", "-x", package, folder], check=True)
    shutil.rmtree(scratch)


def program(name):
    """The words that start a program of these packages."""
    if shutil.which("apt-get") is None:
        raise peers.Missing("there is no apt-get here, and %s is a Debian package" % name)
    tree = peers.once(os.path.join(peers.CACHE, CODENAME), " ".join(PACKAGES), _unpack)
    loader = (glob.glob(tree + "/usr/lib64/ld-linux*.so.*") + glob.glob(tree + "/usr/lib/ld-linux*.so.*"))[0]
    libraries = glob.glob(tree + "/usr/lib/*-linux-gnu*")[0]
    return [loader, "--library-path", libraries, os.path.join(tree, "usr", "sbin", name)]
