"""Calls of functions with a 32-bit time_t, which ARMv7's glibc still has: in 2038 each is wrong or fails.

The names come from glibc's own headers: whatever they redirect to a function with 64 in its name is the old one.
"""
import os
import re
import subprocess

# Old in the same way, but carrying no time in any use that a program without the new flag can make of them here.
TIMELESS = {"ioctl", "fcntl", "fcntl64", "prctl", "sendmsg", "sendmmsg", "recvmsg", "getsockopt", "setsockopt",
            "shmctl", "msgctl", "semctl", "difftime"}


# Members of libstdc++.a and libc.a that call old functions, and why it may be.
HARMLESS = {
    "std::__basic_file<char>::showmanyc()": "only in_avail and readsome ask it, which nobody calls",
    "__netlink_request": "the time is a number to tell answers apart",
    "__profil": "linked by a hook for profilers, never called",
    "__sleep": "a span, not a date",
}


def old_names(include):
    names = set()
    for folder, _, files in os.walk(include):
        for file in files:
            with open(os.path.join(folder, file), errors="replace") as text:
                for new in re.finditer(r"__REDIRECT\w*\s*\(\s*(\w+)\s*,[^;]*?\)\s*,\s*(__\w+)\s*\)", text.read()):
                    if re.search(r"time64|64(_r)?$", new[2]):
                        names.add(new[1])
    if "clock_gettime" not in names or "stat64" not in names:
        raise ValueError("%s: glibc's headers do not tell the old names" % include)
    return names - TIMELESS


def in_objects(triple, files, names):
    """Our own objects and our libraries: not one may name an old function."""
    listing = subprocess.run([triple + "-nm", "-A", "-u"] + files, capture_output=True, text=True, check=True).stdout
    return ["%s wants %s" % (line.split(":")[0 if line.count(":") == 1 else 1], line.split()[-1])
            for line in listing.splitlines() if line.split() and line.split()[-1] in names]


def in_program(triple, program, names):
    """The linked program, where libstdc++ comes in: every branch to an old function, as (caller, name)."""
    listing = subprocess.run([triple + "-nm", program], capture_output=True, text=True, check=True).stdout
    at = {}
    for line in listing.splitlines():
        fields = line.split()
        if len(fields) == 3 and fields[1] in "TtWwi" and fields[2].lstrip("_") in names:
            at[int(fields[0], 16) & ~1] = fields[2].lstrip("_")
    found, caller = set(), "?"
    with subprocess.Popen([triple + "-objdump", "-d", "-C", "--no-show-raw-insn", program], stdout=subprocess.PIPE,
                          text=True) as dump:
        for line in dump.stdout:
            if line.endswith(">:\n"):
                caller = line[line.index("<") + 1:-3]
                continue
            branch = re.search(r"\tb\S*\s+([0-9a-f]+) <", line)
            if branch and int(branch[1], 16) in at and caller.lstrip("_") not in names:
                found.add((caller, at[int(branch[1], 16)]))
    return sorted(found)
