"""What a program file says of itself: static, pages, hardening, processor. Each function returns findings."""
import re
import subprocess


def read(tool, option, path):
    return subprocess.run([tool, option, "-W", path], capture_output=True, text=True, check=True).stdout


def static(path):
    """Runs on any box whatever its libc: no interpreter, no shared library."""
    headers = read("readelf", "-l", path)
    found = []
    if "INTERP" in headers:
        found.append("asks for an interpreter: not static")
    found += ["needs " + name for name in re.findall(r"\(NEEDED\)\s+Shared library: \[(.*?)\]", read("readelf", "-d", path))]
    return found


def pages(path, size=65536):
    """LOAD segments that a kernel with pages of `size` bytes can map apart from each other."""
    found, end = [], 0
    for line in re.findall(r"^\s+LOAD\s+(.*)$", read("readelf", "-l", path), re.M):
        fields = line.split()
        offset, address, memory = int(fields[0], 16), int(fields[1], 16), int(fields[4], 16)
        if int(fields[-1], 16) < size or (offset - address) % size:
            found.append("LOAD at %#x is aligned to %s" % (address, fields[-1]))
        if end > address - address % size:
            found.append("LOAD at %#x shares a page with the one before" % address)
        end = address + memory
    return found


def hardened(path):
    headers = read("readelf", "-l", path)
    found = []
    if not re.search(r"GNU_STACK\s.*\sRW\s", headers):
        found.append("the stack is executable")
    if "GNU_RELRO" not in headers:
        found.append("no RELRO")
    names = subprocess.run(["nm", path], capture_output=True, text=True, check=True).stdout
    for wanted in ("__stack_chk_fail", "__memcpy_chk"):
        if wanted not in names:
            found.append("no %s: compiled without protection" % wanted)
    return found


def names_of_libc(path):
    """The box's name-service modules would be loaded into the process: cross/no_nss.c keeps them out."""
    names = subprocess.run(["nm", path], capture_output=True, text=True, check=True).stdout
    return ["has " + name for name in re.findall(r" [Tt] (__nss_\w+|__res_context_send|_nss_dns_\w+)$", names, re.M)]


def processor(path, arch):
    """The instruction set that the file is for; whether it really keeps to it, the emulator tells."""
    header = read("readelf", "-h", path)
    wanted = {"armv7": "ARM", "aarch64": "AArch64", "x86_64": "Advanced Micro Devices X86-64"}[arch]
    found = [] if re.search(r"Machine:\s+%s$" % wanted, header, re.M) else ["not for " + wanted]
    if arch == "armv7":
        attributes = read("readelf", "-A", path)
        if "Tag_CPU_arch: v7" not in attributes:
            found.append("not for ARMv7")
        if "Tag_ABI_VFP_args: VFP registers" not in attributes:
            found.append("not the hard-float ABI")
    return found


def neon(objects):
    """Of ARMv7 objects: those whose compiler was allowed NEON (OpenSSL asks the processor first, and is left out)."""
    return [path + ": compiled for NEON" for path in objects if "Advanced_SIMD" in read("readelf", "-A", path)]
