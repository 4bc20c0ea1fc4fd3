"""What must not compile, and does not: compile_fail/NAME.cpp compiles as it is, and with -DMUST_FAIL the compiler
refuses it with the words of its `// expect:` line. (As it is, it is good: clang-tidy reads every source.)"""
import json
import os
import re
import shlex
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor

from rules.base import Context, Proof, Rule

FOLDER = "tests/arch/compile_fail/"
EXPECT = re.compile(r"^// expect: (.+)$", re.M)


def flags(context):
    """As the build compiles a feature: what a feature's author would see."""
    try:
        with open(os.path.join(context.build or "", "compile_commands.json"), encoding="utf-8") as file:
            entry = next(e for e in json.load(file) if "/agent/features/" in e["file"])
        words = shlex.split(entry["command"])
    except (OSError, StopIteration):
        return ["g++", "-std=c++20", "-I" + context.root]
    while words and not re.search(r"(?:c\+\+|g\+\+|clang)[^/]*$", words[0]):
        words.pop(0)  # the launcher
    kept = [w for w in words[1:] if re.match(r"-(?:D|I|std|U|stdlib)", w)]
    for i, word in enumerate(words):
        if word == "-isystem":
            kept += words[i:i + 2]
    return words[:1] + kept


def compiles(command, path, *more):
    done = subprocess.run(command + ["-fsyntax-only", "-w", "-fno-diagnostics-color", *more, path],
                          capture_output=True, text=True, timeout=120)
    return done.returncode == 0, done.stderr


def first_error(text):
    return next((line for line in text.splitlines() if "error:" in line), text[:200])


def look_at(context, path, command):
    expected = EXPECT.search(context.text(path))
    if not expected:
        return ["%s: no '// expect:' line" % path]
    full = os.path.join(context.root, path)
    good, said = compiles(command, full)
    if not good:
        return ["%s: does not even compile as it should: %s" % (path, first_error(said))]
    bad, said = compiles(command, full, "-DMUST_FAIL")
    if bad:
        return ["%s: compiles, and must not" % path]
    if expected[1] not in said:
        return ["%s: refused for another reason: %s" % (path, first_error(said))]
    return []


def check(context):
    snippets = [f for f in context.sources(FOLDER) if f.endswith(".cpp")]
    command = flags(context)
    context.note = "%d snippets" % len(snippets)
    with ThreadPoolExecutor(2) as pool:
        found = [f for findings in pool.map(lambda p: look_at(context, p, command), snippets) for f in findings]
    return found if snippets else ["no snippets in %s" % FOLDER]


def snippet(text):
    with tempfile.TemporaryDirectory(prefix="arch-") as root:
        os.makedirs(os.path.join(root, FOLDER))
        with open(os.path.join(root, FOLDER, "x.cpp"), "w", encoding="utf-8") as file:
            file.write(text)
        return check(Context(root))


def rules():
    return [Rule("compile: what must not compile does not", check, [
        Proof("a wall that lets through", lambda: snippet("// expect: refused\nint a = 1;\n"), "compiles, and must not"),
        Proof("refused for another reason",
              lambda: snippet("// expect: refused\n#ifdef MUST_FAIL\nint a = b;\n#endif\n"), "another reason"),
        Proof("a twin that is broken itself", lambda: snippet("// expect: refused\nint a = b;\n"), "does not even compile")])]
