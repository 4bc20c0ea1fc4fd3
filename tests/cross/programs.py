"""The unit test programs of a cross build: which there are, and how they do under the emulator."""
import concurrent.futures
import glob
import os
import re
import subprocess
import time

# Cases that cannot pass under qemu-user, by test program.
NO_TCP_INFO = "qemu-user answers TCP_INFO with a single number"
CANNOT = {
    "net": {"A3 proxy: a tunnel*": NO_TCP_INFO, "proxy: what is plain goes past it*": NO_TCP_INFO,
            "tls: what resuming saves*": NO_TCP_INFO, "tls: the vendor's own certificate*": NO_TCP_INFO,
            "net: segments fit into the smallest packet*": NO_TCP_INFO},
}
SKIPPED = 77  # a test program that cannot run here says so with it
PATIENCE = 600  # seconds; ten times what CTest gives a native program
FEWER = {"QCLOUD_LINES": "4000"}  # of what takes minutes here and is the same on every processor: a tenth


def _declared(tree):
    """{test name: (words of its command, folder)}, as CMake wrote them: CTest shows no program that is not built yet, and
    its time limits are those of native programs."""
    found = {}
    for path in glob.glob(os.path.join(tree, "**", "CTestTestfile.cmake"), recursive=True):
        with open(path) as text:
            for line in text:
                test = re.match(r"add_test\((?:\[=*\[)?([\w.-]+)(?:\]=*\])? (.*)\)$", line)
                if test:
                    words = re.findall(r'"((?:[^"\\]|\\.)*)"', test[2])
                    found[test[1]] = [], (words, os.path.dirname(path))
                labels = re.match(r'set_tests_properties\((?:\[=*\[)?([\w.-]+).*\bLABELS "([^"]*)"', line)
                if labels and labels[1] in found:
                    found[labels[1]] = labels[2].split(";"), found[labels[1]][1]
    return {name: command for name, (labels, command) in found.items() if "unit" in labels}


def _sorted_out(target):
    """({test name: program to build}, {test name: why it is left out}) of all that CMake labels "unit"."""
    wanted, left_out = {}, {}
    for name, (words, _) in sorted(_declared(target.tree).items()):
        emulated = words[:len(target.emulator)] == target.emulator
        program = words[len(target.emulator) if emulated else 0]
        if not program.startswith(target.tree + "/"):
            left_out[name] = "runs on the machine that builds"
            continue
        program = os.path.relpath(program, target.tree)
        inputs = subprocess.run(["ninja", "-C", target.tree, "-t", "inputs", program], capture_output=True, text=True,
                                check=True)
        if "librefcloud_core.a" in inputs.stdout:
            left_out[name] = "has the cloud in it, which runs on no box"
        else:
            wanted[name] = program
    return wanted, left_out


def targets(target):
    """What ninja must build for them."""
    return sorted(set(_sorted_out(target)[0].values()))


def run_tests(target, report):
    wanted, left_out = _sorted_out(target)
    for name, why in left_out.items():
        print("left out: %s: %s" % (name, why))
    start = time.monotonic()
    commands = _declared(target.tree)
    logs = "build/log/cross-%s" % target.arch
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        verdicts = pool.map(lambda name: _run_one(target, name, *commands[name], logs), wanted)
        for name, (status, seconds, log) in zip(wanted, verdicts):
            if status == SKIPPED:
                print("left out: %s: it says itself that it cannot run here" % name)
                continue
            for case, why in CANNOT.get(name, {}).items() if target.emulator else ():
                print("left out: %s, \"%s\": %s" % (name, case, why))
            report.line("%s: %s" % (target.arch, name), findings(status, log), "%.1f s" % seconds)
    print("== %s: tests ran %.0f s" % (target.arch, time.monotonic() - start), flush=True)


def _run_one(target, name, words, folder, logs):
    """(exit status, seconds, log). Under the emulator with large pages; the main job has small ones."""
    command, environment = list(words), dict(os.environ)
    if target.emulator:
        environment["QEMU_PAGESIZE"] = str(target.page)
        if name in CANNOT:
            command.append("--test-case-exclude=" + ",".join(CANNOT[name]))
        environment.update(FEWER)
    log = os.path.join(logs, "test-%s.log" % name)
    return *ended(command, folder, environment, log), log


def ended(command, folder, environment, log):
    """(exit status, seconds) of a test program, whose output goes into `log`. A program without end is a failure like another."""
    os.makedirs(os.path.dirname(log), exist_ok=True)
    start, status = time.monotonic(), "none: no end after %d s" % PATIENCE
    with open(log, "w") as out:
        try:
            status = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                                    env=environment, timeout=PATIENCE).returncode
        except subprocess.TimeoutExpired:
            pass
    return status, time.monotonic() - start


def findings(status, log):
    if status == 0:
        return []
    with open(log, errors="replace") as out:
        lines = out.read().splitlines()
    wrong = [line for line in lines if "ERROR" in line][:5]
    return ["exit %s, its output: %s" % (status, log)] + wrong + lines[-12:]
