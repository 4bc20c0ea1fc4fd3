"""Words that stay out of the project, and the promises' numbers, which have to be in its tests."""
import re

from rules.base import Rule, seeded

# Put together here, so that this file does not break its own rule.
UNFINISHED = re.compile(r"\b(?:%s)\b" % "|".join(("TO" "DO", "FIX" "ME", "XX" "X", "HA" "CK")))
MACHINE = re.compile(r"(?<![\w.}~*])/(?:%s)(?![\w-])" % "|".join(("wo" "rk", "ro" "ot", "ho" "me(?=/)")))
WORKPLACE = re.compile("|".join(("iss" "ue #", "sub" "agent", "helper " "agent")), re.I)

MACHINE_MAY = {
    "tests/platform/auth_test.cpp": "lines of passwd(5): a home folder is part of the format",
}
PROMISES = ("A1", "A2", "A3", "A5", "A8", "R1", "R3", "L1", "K1", "K2")


def words(regex, why, but=()):
    def check(context):
        found = []
        for path in context.files():
            text = None if path == "LICENSE" or path in but else context.text(path)
            for m in regex.finditer(text or ""):
                found.append("%s:%d: '%s': %s" % (path, text.count("\n", 0, m.start()) + 1, m[0], why))
        return found
    return check


def is_test(path):
    """refcloud is a program of its own: that it cites a promise proves nothing; its tests do. Nor does this lane."""
    return path.startswith("tests/") and path.endswith((".cpp", ".hpp", ".py")) and not path.startswith("tests/arch/") and (
        not path.startswith("tests/cloud/") or path.startswith("tests/cloud/test/"))


def cited(context):
    cited_in = {number: None for number in PROMISES}
    for path in filter(is_test, context.files()):
        for number in re.findall(r"(?<![%%\w])(?:%s)\b" % "|".join(PROMISES), context.text(path) or ""):
            cited_in[number] = path
    return ["promise %s is cited by no test" % number for number, path in cited_in.items() if not path]


def rules():
    unfinished = words(UNFINISHED, "finish it, or write down in docs/out-of-scope.md that it is out of scope")
    machine = words(MACHINE, "a path of one machine", MACHINE_MAY)
    workplace = words(WORKPLACE, "who wrote it and how is no part of the project")
    all_cited = {"tests/e2e/test_%s.py" % n: '"""promise %s"""' % n for n in PROMISES if n != "K2"}
    return [
        Rule("words: nothing unfinished", unfinished, [
            seeded("a note to oneself", unfinished, {"agent/core/ip.cpp": "// TO" "DO: later\n"}, "ip.cpp:1")]),
        Rule("words: no path of one machine", machine, [
            seeded("a folder of the author's", machine, {"tests/e2e/run": "\ncd /wo" "rk/main\n"}, "run:2"),
            seeded("a home", machine, {"docs/a.md": "see /ho" "me/anna/x"}, "a.md:1")]),
        Rule("words: nothing about how it was written", workplace, [
            seeded("a number of a tracker", workplace, {"docs/a.md": "see Iss" "ue #5"}, "a.md:1")]),
        Rule("promises: each is cited by a test", cited, [
            seeded("K2 by no test", cited, all_cited, "promise K2"),
            seeded("K2 by refcloud itself", cited, dict(all_cited, **{"tests/cloud/retention.cpp": "// promise K2"}), "promise K2")]),
    ]
