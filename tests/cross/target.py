"""A target as the checks see it: cross/targets/ARCH, and where its build lies."""
import os
import shlex

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
ARCHES = sorted(name for name in os.listdir(os.path.join(ROOT, "cross", "targets")) if name != "common")


class Target:
    def __init__(self, arch):
        facts = {}
        with open(os.path.join(ROOT, "cross", "targets", arch)) as text:
            for line in text:
                if "=" in line and not line.startswith("#"):
                    key, value = line.rstrip("\n").split("=", 1)
                    facts[key] = value
        self.arch, self.triple = arch, facts["TRIPLE"]
        self.emulator = shlex.split(facts["QEMU"])
        self.page = int(facts["PAGE"] or 0)  # the largest that this processor's boxes have been seen with
        self.tree = os.path.join(ROOT, "build", "cross-" + arch)
        self.deps = os.path.join(ROOT, "build", "cross", "deps", arch)
        self.sysroot = os.path.join(ROOT, "build", "cross", "sysroot", arch)
        self.qcloudd = os.path.join(self.tree, "agent", "qcloudd")
        self.qcloud = os.path.join(self.tree, "agent", "cli", "qcloud")

    def toolchain(self):
        """All that a build tree takes from cross/, as one text."""
        text = ""
        for name in ("toolchain.cmake", "targets/common", "targets/" + self.arch):
            with open(os.path.join(ROOT, "cross", name)) as part:
                text += part.read()
        return text

    def tool(self, name):
        return "%s-%s" % (self.triple, name)

    def wrapper(self, program, folder):
        """A script that runs `program` under the emulator: no binfmt is asked of the machine."""
        path = os.path.join(folder, os.path.basename(program) + ".emulated")
        with open(path, "w") as text:
            text.write("#!/bin/sh\nexec %s \"$@\"\n" % shlex.join(self.emulator + [program]))
        os.chmod(path, 0o755)
        return path
