"""The mutants (tests/mutants): a mutation that no longer changes anything would let its test pass for nothing."""
import os
import subprocess
import tempfile

from rules.base import Proof, Rule

SCRIPT = "tests/mutants/mutate.cmake"
MUTANT = "tests/mutants/qcloudd_mutant_smuggle"
TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))


def mutate(source, pattern, replacement):
    """(exit code, what it wrote or said)"""
    with tempfile.TemporaryDirectory(prefix="arch-") as folder:
        paths = {n: os.path.join(folder, n) for n in ("source", "pattern", "replacement", "out")}
        for name, text in (("source", source), ("pattern", pattern), ("replacement", replacement)):
            with open(paths[name], "w", encoding="utf-8") as file:
                file.write(text)
        done = subprocess.run(["cmake", "-DSOURCE=" + paths["source"], "-DOUTPUT=" + paths["out"],
                               "-DPATTERN=" + paths["pattern"], "-DREPLACEMENT=" + paths["replacement"],
                               "-P", os.path.join(TOP, SCRIPT)], capture_output=True, text=True)
        if done.returncode != 0:
            return done.returncode, " ".join(done.stderr.split())
        with open(paths["out"], encoding="utf-8") as file:
            return 0, file.read()


def changes_one_place(context):
    source = 'a = "x;y[0]\\r\\n";  // ${A} @B@\nb = {1, 2};\n'
    code, text = mutate(source, 'y[0]\\r\\n', 'y[0]\\r\\nX: "1";')
    wanted = source.replace('y[0]\\r\\n', 'y[0]\\r\\nX: "1";')
    return [] if (code, text) == (0, wanted) else ["mutate.cmake made %r of %r" % (text, source)]


def built(context):
    honest, mutant = (os.path.join(context.build, p) for p in ("agent/qcloudd", MUTANT))
    if not os.path.exists(mutant):
        return ["%s is not built: the checker's test needs it" % mutant]
    return differ(honest, mutant)


def differ(honest, mutant):
    with open(honest, "rb") as a, open(mutant, "rb") as b:
        return [] if b"X-Serial" in b.read() and b"X-Serial" not in a.read() else ["the mutant has no such header in it, or qcloudd has"]


def rules():
    return [
        Rule("mutants: a mutation changes one place, byte by byte", changes_one_place, [
            Proof("the pattern is gone", lambda: [mutate("int a;", "int b;", "x")[1]], "does not occur"),
            Proof("the pattern is not unique", lambda: [mutate("a; a;", "a;", "x")[1]], "more than once"),
            Proof("it changes nothing", lambda: [mutate("a;", "a;", "a;")[1]], "changes nothing")]),
        Rule("mutants: the smuggler is built, with its header in it", built, [
            Proof("the agent itself in its place", lambda: differ("/bin/true", "/bin/true"), "no such header")]),
    ]
