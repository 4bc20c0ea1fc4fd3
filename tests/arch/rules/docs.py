"""Pages that must stay true because they say the same as the code."""
import os
import re
import subprocess
import tempfile

from rules.base import Proof, Rule, seeded

CATALOG, STATUS = "agent/health/catalog.cpp", "docs/status.md"
DEPS, DEPENDENCIES = "cmake/deps.cmake", "docs/dependencies.md"
PRIVACY, GENERATOR = "docs/privacy.md", "tests/docs/privacy_md"


def status_codes(context):
    if not context.has(STATUS):
        context.note = "%s is not written yet" % STATUS
        return []
    codes = set(re.findall(r'^\s*\{\s*"([a-z0-9_]+)"\s*,\s*Severity::', context.text(CATALOG), re.M))
    page = context.text(STATUS)
    listed = set(re.findall(r"^\|\s*`([a-z0-9_]+)`\s*\|", page, re.M))  # rows that begin with a code
    found = ["%s does not list %s" % (STATUS, c) for c in sorted(codes - listed)]
    found += ["%s lists %s, which %s does not have" % (STATUS, c, CATALOG) for c in sorted(listed - codes)]
    return found if codes else ["no code found in %s" % CATALOG]


def dependencies(context):
    if not context.has(DEPENDENCIES):
        return ["%s is missing" % DEPENDENCIES]
    text = re.sub(r"#[^\n]*", "", context.text(DEPS))
    names = set(re.findall(r"find_package\(\s*(\w+)", text)) - {"Threads"}  # the C library's own
    names |= set(re.findall(r"find_library\(\s*\w+\s+(?:NAMES\s+)?([\w+-]+)", text))
    names |= set(re.findall(r"pkg_check_modules\(\s*\w+\s+(?:REQUIRED\s+)?(?:IMPORTED_TARGET\s+)?([\w+-]+)", text))
    page = context.text(DEPENDENCIES).lower().replace("-", "")
    return ["%s does not name %s" % (DEPENDENCIES, n) for n in sorted(names)
            if n.lower().replace("-", "").rstrip("0123456789") not in page]


def privacy(context):
    generator = os.path.join(context.build or "", GENERATOR)
    if not context.build or not os.access(generator, os.X_OK):
        context.note = "this build has no generator for it"
        return []
    made = subprocess.run([generator], capture_output=True, text=True, timeout=20)
    if made.returncode != 0:
        return ["%s ended with %d: %s" % (generator, made.returncode, made.stderr.strip())]
    page = context.text(PRIVACY) if context.has(PRIVACY) else ""
    if page == made.stdout:
        return []
    for number, (ours, theirs) in enumerate(zip(page.splitlines() + [""], made.stdout.splitlines() + [""]), 1):
        if ours != theirs:
            return ["%s:%d is '%s', the manifests say '%s': write the generator's output there" % (PRIVACY, number, ours, theirs)]
    return ["%s and the manifests differ in length: write the generator's output there" % PRIVACY]


def stale_privacy():
    with tempfile.TemporaryDirectory(prefix="arch-") as root:
        from rules.base import Context
        os.makedirs(os.path.join(root, "docs"))
        os.makedirs(os.path.join(root, "build", os.path.dirname(GENERATOR)))
        generator = os.path.join(root, "build", GENERATOR)
        for path, text in ((os.path.join(root, PRIVACY), "sends: nothing\n"),
                           (generator, "#!/bin/sh\necho 'sends: address'\n")):
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        os.chmod(generator, 0o755)
        return privacy(Context(root, os.path.join(root, "build")))


def rules():
    catalog = '    {"no_network", Severity::error, "x", "y"},\n    {"dns_failing", Severity::error, "x", "y"},\n'
    return [
        Rule("docs: status.md lists the catalog's codes", status_codes, [
            seeded("a code is missing", status_codes, {CATALOG: catalog, STATUS: "| `no_network` | x |\n"}, "dns_failing"),
            seeded("a code too many", status_codes,
                   {CATALOG: catalog, STATUS: "| `no_network` | x |\n| `dns_failing` | x |\n| `gone` | x |\n"}, "lists gone")]),
        Rule("docs: dependencies.md names each library", dependencies, [
            seeded("a library is missing", dependencies,
                   {DEPS: "find_package(OpenSSL 3.0)\nfind_library(X cares)", DEPENDENCIES: "OpenSSL 3\n"}, "cares"),
            seeded("no page at all", dependencies, {DEPS: "find_package(OpenSSL)"}, "missing")]),
        Rule("docs: privacy.md says what the manifests say", privacy, [
            Proof("a stale page", stale_privacy, "privacy.md:1")]),
    ]
