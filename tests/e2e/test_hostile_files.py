"""Broken configuration files and broken state: a clear word, the right exit code, and nothing lost."""
import json
import os
import shutil
import socket
import sqlite3

from lab.proc import Proc, wait_for
from lab.says import complains, well
from lab.topology import Direct
from lab.world import World

BAD_CONFIG, OTHER_INSTANCE, BAD_STATE = 2, 3, 4


def _same_as_before(world, before):
    """The agent runs again with the good file, and nothing was lost."""
    world.agent.start()
    now = world.agent.status()
    for key in ("registered", "registration", "account", "device_id", "name"):
        assert now[key] == before[key], (key, before[key], now[key])
    assert [f["on"] for f in now["features"]] == [f["on"] for f in before["features"]]
    well(world)


def test_configuration():
    """Garbage, cut short, 5 MB, a key that does not exist, wrong types, a pipe, a folder, no permission: refused
    with exit 2, by name, line and fix, within a moment and without a look at the state."""
    with World("hostile_files.configuration", Direct) as world:
        world.registered()
        before, agent = world.agent.status(), world.agent
        agent.stop()
        state = open(agent.state, "rb").read()
        good = agent.basics
        cases = {
            "garbage": (os.urandom(4000).decode("latin-1"), ()),
            "zero bytes": ("\0" * 500, ()),
            "cut in a string": (good[:good.index('"') + 10], ("line 2",)),
            "cut in a table": ("[cloud", ("line 1",)),
            "empty": ("", ("[cloud]",)),
            "5 MB": (good + "# more\n" * 750_000, ("64 KiB",)),
            "deep": ("a = " + "[" * 20000 + "]" * 20000, ()),
            "unknown key": (good.replace("url", "uri", 1), ("cloud.uri", "line 2")),
            "unknown table": (good + "[clod]\nurl = \"x\"\n", ("clod",)),
            "a number": (good.replace('"%s"' % world.cloud.origin, "443"), ("cloud.url", "line 2")),
            "a list": (good.replace('"debug"', '["debug"]'), ("log.level",)),
            "no https": (good.replace("https://", "http://"), ("cloud.url", "https://")),
            "twice": (good + good, ()),
            "a level of its own": (good.replace("debug", "loud"), ("log.level",)),
            "no such trust": (good.replace(world.cloud.ca, "/nowhere/ca.pem"), ("/nowhere/ca.pem",)),
            "trust is no certificate": (good.replace(world.cloud.ca, agent.config), ("cloud.trust",)),
            "a proxy without port": (good + '[proxy]\nurl = "http://[::1"\n', ("proxy.url",)),
        }
        for what, (text, words) in cases.items():
            with open(agent.config, "w", encoding="utf-8") as out:
                out.write(text)
            print(what)
            said = agent.refuses(BAD_CONFIG, *words)
            assert len(said) < 2000, "%s: %d bytes of complaint" % (what, len(said))
            done = agent.refuses(BAD_CONFIG, *words) if what == "unknown key" else said
            assert agent.config in done or what.startswith("no such"), (what, said)
        os.unlink(agent.config)
        agent.refuses(BAD_CONFIG, agent.config, "qcloud.toml.example")
        os.mkfifo(agent.config)
        agent.refuses(BAD_CONFIG, "not a plain file", seconds=5)
        os.unlink(agent.config)
        os.mkdir(agent.config)
        agent.refuses(BAD_CONFIG, "not a plain file")
        os.rmdir(agent.config)
        os.symlink(agent.config, agent.config)
        agent.refuses(BAD_CONFIG, agent.config)
        os.unlink(agent.config)
        assert open(agent.state, "rb").read() == state, "the state was touched"
        agent.configure()
        _same_as_before(world, before)
        print("figure: %d files refused" % (len(cases) + 4))


def _unwritable(agent, size=None):
    """The state folder as a read-only mount, or on a volume of that size, seen by the agent alone."""
    folder = os.path.dirname(agent.state)
    if size is None:
        return "mount --bind '%s' '%s'; mount -o remount,bind,ro '%s'" % (folder, folder, folder)
    return ("cp -a '%s' '%s.kept'; mount -t tmpfs -o size=%s tmpfs '%s'; cp -a '%s.kept/.' '%s'"
            % (folder, folder, size, folder, folder, folder))


def test_state():
    """Damaged, newer, of another program, a folder, locked, not writable: exit 4 (or on with a clear status), and
    the file is as it was."""
    with World("hostile_files.state", Direct) as world:
        world.registered()
        before, agent = world.agent.status(), world.agent
        agent.stop()
        folder = os.path.dirname(agent.state)
        good = open(agent.state, "rb").read()

        def put(data):
            for name in os.listdir(folder):
                os.unlink(os.path.join(folder, name))
            with open(agent.state, "wb") as out:
                out.write(data)
            os.chmod(agent.state, 0o600)

        # Newer than this agent: not touched.
        database = sqlite3.connect(agent.state)
        version = database.execute("PRAGMA user_version").fetchone()[0]
        database.execute("PRAGMA user_version = %d" % (version + 1))
        database.close()
        newer = open(agent.state, "rb").read()
        agent.refuses(BAD_STATE, agent.state, "newer")
        assert open(agent.state, "rb").read() == newer
        # Somebody else's database.
        put(b"")
        database = sqlite3.connect(agent.state)
        database.execute("CREATE TABLE photos (a)")
        database.close()
        other = open(agent.state, "rb").read()
        agent.refuses(BAD_STATE, agent.state)
        assert open(agent.state, "rb").read() == other
        # Locked by a program that reads it.
        put(good)
        database = sqlite3.connect(agent.state, isolation_level=None)
        database.execute("BEGIN EXCLUSIVE")
        agent.refuses(BAD_STATE, agent.state, seconds=20)
        database.close()
        # A folder in its place; a folder that cannot be made.
        os.unlink(agent.state)
        os.mkdir(agent.state)
        agent.refuses(BAD_STATE, agent.state)
        os.rmdir(agent.state)
        put(good)
        agent.arguments = ["--state-dir", agent.config + "/below-a-file"]
        agent.refuses(BAD_STATE, "below-a-file")
        agent.arguments = []
        _same_as_before(world, before)
        print("figure: newer, foreign, locked, folder, no folder: exit 4, untouched")


def test_corrupt_state():
    """A damaged database is kept aside and said so; the box is never bound silently again, and never crashes."""
    with World("hostile_files.corrupt_state", Direct) as world:
        world.registered()
        agent = world.agent
        agent.stop()
        folder, good = os.path.dirname(agent.state), open(agent.state, "rb").read()
        hits = {"refused": 0, "aside": 0, "runs": 0}
        flaws = [good[:len(good) // 2], b"SQLite format 3\0" + b"\xff" * (len(good) - 16), os.urandom(len(good)),
                 good[:100] + b"\0" * (len(good) - 100)]
        for page in range(1, 5):  # one page of the file is lost
            flaws.append(good[:page * 4096] + b"\xa5" * 4096 + good[(page + 1) * 4096:])
        for bad in flaws:
            for name in os.listdir(folder):
                os.unlink(os.path.join(folder, name))
            with open(agent.state, "wb") as out:
                out.write(bad)
            agent.start(wait=False)
            try:
                agent.wait_ready()
            except Exception:
                assert agent.proc.popen.returncode == BAD_STATE, agent.proc.popen.returncode
                assert "fix:" in agent.proc.tail(3), agent.proc.tail()
                assert open(agent.state, "rb").read() == bad, "the damaged file was changed"
                hits["refused"] += 1
                continue
            kept = [n for n in os.listdir(folder) if "corrupt" in n or "damaged" in n or "aside" in n]
            if kept:
                hits["aside"] += 1
                assert open(os.path.join(folder, kept[0]), "rb").read() == bad, "what is kept is not what was there"
                assert not agent.status()["registered"], "registered without an identity"
                complains(world, "damaged", "Damaged", "aside")
            else:
                hits["runs"] += 1
                if not agent.status()["registered"]:
                    complains(world, "damaged", "Damaged", "aside", seconds=5)
                agent.cli("ledger", check=False)
                agent.cli("receipts", "list", check=False)
                agent.cli("doctor", check=False)
                assert agent.proc.alive(), agent.proc.tail()
            agent.stop()
        print("figure: %s" % hits)
        assert hits["aside"] + hits["refused"] >= 4, hits
        for name in os.listdir(folder):
            os.unlink(os.path.join(folder, name))
        with open(agent.state, "wb") as out:
            out.write(good)
        agent.start()
        assert agent.status()["registered"]
        well(world)


def test_state_cannot_be_written():
    """Read-only, and full: status says so, nothing is sent, a decision is refused rather than forgotten; well again
    without the owner."""
    with World("hostile_files.state_cannot_be_written", Direct) as world:
        world.registered()
        before, agent = world.agent.status(), world.agent
        agent.stop()
        agent.mounts = _unwritable(agent)
        agent.start(wait=False)
        try:
            agent.wait_ready()
            runs = True
        except Exception:
            runs = False
            assert agent.proc.popen.returncode == BAD_STATE, agent.proc.popen.returncode
            assert "fix:" in agent.proc.tail(3), agent.proc.tail()
        if runs:
            complains(world, "written")
            assert agent.cli("disable", "ddns", check=False).returncode == 1
            assert agent.proc.alive()
        agent.stop()
        print("figure: read-only: %s" % ("runs and says so" if runs else "exit 4"))
        agent.mounts = _unwritable(agent, "96k")
        agent.start(wait=False)
        try:
            agent.wait_ready()
        except Exception:
            assert agent.proc.popen.returncode == BAD_STATE, agent.proc.tail()
        else:
            # Fill what is left, as another program on that volume would.
            Proc("fill", ["nsenter", "-t", str(agent.proc.pid), "-m", "sh", "-c",
                          "cat /dev/zero > '%s/filler'" % os.path.dirname(agent.state)],
                 world.folder + "/fill.log").popen.wait(timeout=20)
            refused = 0
            for step in range(6):
                done = agent.cli("disable" if step % 2 == 0 else "enable", "ddns", check=False)
                refused += done.returncode == 1
                assert done.returncode == 0 or "fix:" in done.stderr, done
                on = [f["on"] for f in agent.status()["features"] if f["name"] == "ddns"][0]
                if done.returncode == 0:
                    assert on == (step % 2 == 1), "confirmed, but not so"
            assert agent.proc.alive()
            if refused == 6:
                found = [f["code"] for f in json.loads(agent.cli("doctor", "--json", check=False).stdout)["checks"]]
                assert "state_not_writable" in found and "state_ok" not in found, found
            print("figure: full: %d of 6 decisions refused" % refused)
            agent.stop()
        agent.mounts = ""
        kept = os.path.dirname(agent.state) + ".kept"
        shutil.rmtree(kept)
        _same_as_before(world, before)


def test_second_instance():
    """A second agent ends with exit 3 and leaves the first alone; a socket that nobody serves is no obstacle."""
    with World("hostile_files.second_instance", Direct) as world:
        agent = world.agent.start()
        agent.refuses(OTHER_INSTANCE, "runs already")
        assert agent.get("/v1/status")
        agent.crash()
        assert os.path.exists(agent.socket)
        agent.start()  # over the stale socket
        agent.stop()
        assert not os.path.exists(agent.socket)
        with open(agent.socket, "w") as out:  # a plain file in the socket's place
            out.write("x")
        agent.start()
        agent.stop()
        stale = socket.socket(socket.AF_UNIX)
        stale.bind(agent.socket)
        stale.close()
        agent.start()
        wait_for("status", 5, lambda: agent.cli("status", check=False).returncode == 0)
        agent.stop()
        assert agent.cli("status", check=False).returncode == 3
        print("figure: exit 3; stale socket and plain file replaced")
