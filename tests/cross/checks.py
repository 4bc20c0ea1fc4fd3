"""The checks of cross/run, and for each the proof that it can say no."""
import glob
import os
import subprocess
import tempfile

import elf
import programs
import time32
from target import ROOT

FUTURE = ["faketime", "2040-01-01 00:00:00"]
# MB of 10^6 bytes: the limit, and what we would like (stripped qcloudd).
SIZES = {"x86_64": (9.0, 7.5), "aarch64": (8.5, 7.0), "armv7": (6.0, 5.0)}


class Report:
    def __init__(self):
        self.passed = self.failed = 0

    def line(self, what, findings, note=""):
        if findings:
            self.failed += 1
            print("FAIL %s" % what)
            for finding in findings[:20]:
                print("     %s" % finding)
        else:
            self.passed += 1
            print("ok   %s%s" % (what, " (%s)" % note if note else ""), flush=True)

    def proof(self, what, findings):
        """The check was given a bad thing, and has to have found it."""
        self.line(what + ": proof", [] if findings else ["the check does not see a bad program"],
                  findings[0] if findings else "")


def specimen(target, folder, name, source, *options, compiler="gcc", suffix=".c"):
    """A small program for the target, most often with something wrong."""
    path = os.path.join(folder, name)
    with open(path + suffix, "w") as text:
        text.write(source)
    done = subprocess.run([target.tool(compiler), "-O1", path + suffix, "-o", path] + list(options), capture_output=True,
                          text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return path


HELLO = "#include <stdio.h>\nstatic int word = 1;\nint main(int n, char** v) { word += n; printf(\"%s %d\\n\", *v, word); }\n"
CLOCK = "#include <time.h>\nint main(void) { struct timespec t; return clock_gettime(CLOCK_REALTIME, &t); }\n"
NAMES = "#include <netdb.h>\nint main(void) { return !gethostbyname(\"nas\"); }\n"
NOW = ("#include <chrono>\n#include <cstdio>\nint main() { auto now = std::chrono::system_clock::now();\n"
       "  std::printf(\"%lld\\n\", (long long)std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count()); }\n")
NEON = "int main(int n, char** v) { (void)v; __asm__ volatile(\"vdup.32 q0, %0\\n vadd.i32 q0, q0, q0\" ::\"r\"(n) : \"q0\"); return 0; }\n"


def files(target, report):
    """What can be told without running."""
    arch = target.arch
    with tempfile.TemporaryDirectory() as folder:
        dynamic = specimen(target, folder, "dynamic", HELLO, "-Wl,-z,max-page-size=4096")
        soft = specimen(target, folder, "soft", HELLO, "-static", "-fno-stack-protector", "-z", "execstack")
        for program in (target.qcloudd, target.qcloud):
            name = "%s: %s" % (arch, os.path.basename(program))
            report.line(name + " is static", elf.static(program))
            if target.page:
                report.line(name + " can be mapped in pages of 64 KB", elf.pages(program))
            report.line(name + " is hardened", elf.hardened(program))
            report.line(name + " asks nothing of libc's name service", elf.names_of_libc(program))
            report.line(name + " is for this processor", elf.processor(program, arch))
        report.proof(arch + ": static", elf.static(dynamic))
        if target.page:
            report.proof(arch + ": pages", elf.pages(dynamic))
        report.proof(arch + ": hardened", elf.hardened(soft))
        names = specimen(target, folder, "names", NAMES, "-static")
        report.proof(arch + ": name service", elf.names_of_libc(names))
        report.proof(arch + ": processor", elf.processor("/bin/true", "armv7" if arch != "armv7" else "aarch64"))
        if arch == "armv7":
            _armv7(target, report, folder)
    _sizes(target, report)


def _armv7(target, report, folder):
    ours = glob.glob(target.tree + "/**/*.o", recursive=True)
    libraries = glob.glob(target.deps + "/lib/*.[ao]")
    report.line("armv7: no object of ours is compiled for NEON", elf.neon(ours), "%d objects" % len(ours))
    specimen(target, folder, "neon.o", NEON, "-c", "-mfpu=neon")
    report.proof("armv7: NEON", elf.neon([folder + "/neon.o"]))
    names = time32.old_names(os.path.join(target.sysroot, "usr", "include"))
    report.line("armv7: no object of ours and no library wants a 32-bit time",
                time32.in_objects(target.triple, ours + libraries, names),
                "%d objects, %d libraries, %d old names" % (len(ours), len(libraries), len(names)))
    specimen(target, folder, "clock.o", CLOCK, "-c")
    report.proof("armv7: 32-bit time in objects", time32.in_objects(target.triple, [folder + "/clock.o"], names))
    for program in (target.qcloudd, target.qcloud):
        calls = time32.in_program(target.triple, program, names)
        for caller, name in calls:
            if caller in time32.HARMLESS:
                print("     armv7: %s: %s calls %s: %s" % (os.path.basename(program), caller, name, time32.HARMLESS[caller]))
        report.line("armv7: %s calls nothing with a 32-bit time" % os.path.basename(program),
                    ["%s calls %s" % call for call in calls if call[0] not in time32.HARMLESS])
    old = specimen(target, folder, "clock", CLOCK, "-static")
    report.proof("armv7: 32-bit time in programs", 
                 ["%s calls %s" % c for c in time32.in_program(target.triple, old, names) if c[0] == "main"])


def _sizes(target, report):
    ship = os.path.join(target.tree, "ship")
    os.makedirs(ship, exist_ok=True)
    for program in (target.qcloudd, target.qcloud):
        out = os.path.join(ship, os.path.basename(program))
        subprocess.run([target.tool("strip"), "-s", "-R", ".comment", "-o", out, program], check=True)
        size = os.path.getsize(out) / 1e6
        if program == target.qcloudd:
            limit, wish = SIZES[target.arch]
            report.line("%s: qcloudd, stripped, at most %.1f MB" % (target.arch, limit),
                        [] if size <= limit else ["%.2f MB" % size], "%.2f MB; we would like %.1f" % (size, wish))
        else:
            print("     %s: qcloud, stripped: %.2f MB" % (target.arch, size))


def _run(target, program, *arguments, page=0):
    environment = dict(os.environ, QEMU_PAGESIZE=str(page)) if page else None
    return subprocess.run(target.emulator + [program] + list(arguments), capture_output=True, text=True, timeout=60,
                          env=environment)


def _says_version(done):
    return [] if done.returncode == 0 and "0." in done.stdout else ["exit %d: %s" % (done.returncode, (done.stdout + done.stderr)[-300:])]


def emulated(target, report):
    """What only running tells. Large pages: that the program copes with them (SQLite, malloc); how its file is laid out the
    emulator does not mind, unlike a kernel, so elf.pages holds that."""
    arch, how = target.arch, " ".join(target.emulator) or "this machine"
    for program in (target.qcloudd, target.qcloud):
        name = os.path.basename(program)
        report.line("%s: %s --version" % (arch, name), _says_version(_run(target, program, "--version")), how)
        if target.page:
            report.line("%s: %s --version with pages of %d KB" % (arch, name, target.page // 1024),
                        _says_version(_run(target, program, "--version", page=target.page)))
    if arch == "armv7":
        with tempfile.TemporaryDirectory() as folder:
            done = _run(target, specimen(target, folder, "neon", NEON, "-static", "-mfpu=neon"))
            report.proof("armv7: the emulated processor has no NEON", [] if done.returncode == 0 else ["exit %d" % done.returncode])
            _year_2040(target, report, folder)


def _year_2040(target, report, folder):
    """Beyond 2^31 seconds: the clock of libstdc++ by itself, and all that the unit tests see."""
    def clock(name, *options):
        program = specimen(target, folder, name, NOW, "-std=c++20", "-static", "-D_TIME_BITS=64", "-D_FILE_OFFSET_BITS=64",
                           *options, compiler="g++", suffix=".cpp")
        says = subprocess.run(FUTURE + target.emulator + [program], capture_output=True, text=True,
                              timeout=60).stdout.strip()
        return [] if says.startswith("22089") else ["the clock says " + says]
    report.line("armv7: the clock in 2040", clock("good", os.path.join(target.deps, "lib", "time64.o")))
    report.proof("armv7: the clock in 2040", clock("bad"))
    # Only what waits for no timer of the kernel, whose clock faketime does not reach. Texts know no clock.
    log = "build/log/cross-%s/unit-2040.log" % target.arch
    status, seconds = programs.ended(
        FUTURE + target.emulator + [os.path.join(target.tree, "tests", "unit", "unit_test"),
                                    "--test-case-exclude=A8 anonymize*"], ROOT, os.environ, log)
    report.line("armv7: unit_test in 2040", programs.findings(status, log), "%.1f s" % seconds)


def main_job(target, report):
    if os.geteuid() != 0:
        report.line(target.arch + ": main job", ["network namespaces need root. Type: sudo ./dev cross " + target.arch])
        return
    done = subprocess.run([os.path.join(ROOT, "tests", "cross", "e2e.py"), target.arch], capture_output=True, text=True)
    log = "build/log/cross-%s/e2e.log" % target.arch
    with open(os.path.join(ROOT, log), "w") as out:
        out.write(done.stdout + done.stderr)
    for line in done.stdout.splitlines():
        if line.startswith("seen: "):
            report.line("%s: %s" % (target.arch, line[6:]), [])
    if done.returncode != 0:
        report.line("%s: the main job, emulated" % target.arch, done.stderr.splitlines()[-20:] + ["its output: " + log])
