"""Where the peers come from: Debian packages, downloaded and unpacked below build/interop but never installed, so that
no service starts and no file of this machine changes; and npm packages, pinned by node/package-lock.json."""
import fcntl
import glob
import hashlib
import os
import shutil
import subprocess

from lab.proc import BUILD, LabError

HERE = os.path.dirname(os.path.realpath(__file__))
CACHE = os.path.join(BUILD, "interop")
NODE = os.path.join(CACHE, "node")
LOGS = os.path.join(CACHE, "logs")
DEBIAN = ["strongswan-pki", "libstrongswan-standard-plugins", "libstrongswan-extra-plugins", "haproxy", "inadyn",
          "ddclient", "libio-socket-ssl-perl", "stunnel4", "openssh-client", "openssh-server"]
# What packages depend on only because they are services; nothing of it is run.
NOT_RUN = ("systemd", "udev", "runit", "dbus", "sftp")


class Missing(Exception):
    """A peer that cannot be had here, and why."""


def once(folder, mark, make):
    """Makes `folder` unless it was made for the same `mark`; only one process at a time."""
    os.makedirs(CACHE, exist_ok=True)
    done = os.path.join(folder, ".complete")
    with open(folder + ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if os.path.exists(done) and open(done).read() == mark:
            return folder
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        make(folder)
        with open(done, "w") as out:
            out.write(mark)
    return folder


def _apt(arguments, cwd=None):
    return subprocess.run(["apt-get", "-q"] + arguments, cwd=cwd, capture_output=True, text=True)


def _closure():
    """The packages and those of their dependencies that this machine lacks."""
    command = ["install", "--print-uris", "-q", "-y", "--no-install-recommends"] + DEBIAN
    done = _apt(command)
    if done.returncode != 0:
        _apt(["update"])
        done = _apt(command)
    if done.returncode != 0:
        raise Missing("apt-get finds no packages of the Debian peers: " + done.stderr.strip())
    files = [line.split("'")[2].split()[0] for line in done.stdout.splitlines() if line.startswith("'")]
    names = set(DEBIAN) | {name.split("_")[0] for name in files}
    return sorted(name for name in names if not any(word in name for word in NOT_RUN))


def _unpack(folder):
    debs = os.path.join(folder, "debs")
    os.makedirs(debs)
    names = _closure()
    print("downloading (not installing) %s" % " ".join(names), flush=True)
    done = _apt(["download"] + names, cwd=debs)
    if done.returncode != 0:
        # An index that is too old names files that are gone.
        _apt(["update"])
        done = _apt(["download"] + names, cwd=debs)
    if done.returncode != 0:
        raise Missing("apt-get download: " + done.stderr.strip())
    for package in glob.glob(os.path.join(debs, "*.deb")):
        subprocess.run(["dpkg", "-x", package, folder], check=True)
    shutil.rmtree(debs)


def debian():
    """The folder that the Debian peers are unpacked in."""
    if shutil.which("apt-get") is None:
        raise Missing("there is no apt-get here, and the peers are Debian packages")
    return once(os.path.join(CACHE, "peers"), " ".join(DEBIAN), _unpack)


def as_installed(argv, mounts=""):
    """The command line that runs argv as if the Debian peers were installed: in a view of its own, their /usr lies over
    this machine's. `mounts`: more shell commands that prepare the view."""
    script = 'PATH=$PATH:/usr/sbin:/usr/bin; mount -t overlay overlay -o "lowerdir=$0/usr:/usr" /usr; %s\nexec "$@"' % mounts
    return ["unshare", "--mount", "sh", "-ec", script, debian()] + list(argv)


def _npm_install(folder):
    for name in ("package.json", "package-lock.json"):
        shutil.copy(os.path.join(HERE, "node", name), folder)
    print("downloading the npm peers", flush=True)
    try:
        done = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1"], cwd=folder,
                              capture_output=True, text=True, timeout=300)
    except subprocess.TimeoutExpired:
        raise Missing("npm ci does not end") from None
    if done.returncode != 0:
        raise Missing("npm ci: " + done.stderr.strip()[-800:])


def node():
    """The folder of the npm peers, with the scripts of node/ beside them (Node finds packages that way)."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        raise Missing("the npm peers need Node.js 20 or newer, with npm, in the PATH")
    version = subprocess.run(["node", "--version"], capture_output=True, text=True).stdout.strip()
    if int(version.lstrip("v").split(".")[0]) < 20:
        raise Missing("the npm peers need Node.js 20 or newer; this is " + version)
    with open(os.path.join(HERE, "node", "package-lock.json"), "rb") as lock:
        mark = hashlib.sha256(lock.read()).hexdigest()
    folder = once(NODE, mark, _npm_install)
    for script in glob.glob(os.path.join(HERE, "node", "*.mjs")):
        target = os.path.join(folder, os.path.basename(script))
        shutil.copy(script, target + ".new%d" % os.getpid())
        os.rename(target + ".new%d" % os.getpid(), target)
    return folder


def overlay_works():
    """Whether this kernel lets one folder lie over another; without it no Debian peer can run."""
    done = subprocess.run(as_installed(["true"]), capture_output=True, text=True)
    if done.returncode != 0:
        raise LabError("this kernel refuses an overlay of /usr, which the Debian peers run in: " + done.stderr.strip())
