"""What all rules share: the tree as they see it, and how a rule proves that it can fail."""
import os
import subprocess
import tempfile

from rules import cpp

SOURCE = (".cpp", ".hpp")


class Context:
    """The tree below `root`, and the build folder that was made from it (None in most counterexamples)."""

    def __init__(self, root, build=None):
        self.root, self.build, self.note = root, build, ""
        self._files, self._text, self._code = None, {}, {}

    def files(self):
        """Every file that is, or will be, part of the project; paths from the top."""
        if self._files is None:
            self._files = sorted(f for f in _listed(self.root) if os.path.isfile(os.path.join(self.root, f)))
        return self._files

    def sources(self, *below):
        return [f for f in self.files() if f.endswith(SOURCE) and (not below or f.startswith(below))]

    def has(self, path):
        return os.path.isfile(os.path.join(self.root, path))

    def text(self, path):
        """None for what is not text."""
        if path not in self._text:
            try:
                with open(os.path.join(self.root, path), encoding="utf-8", newline="") as file:
                    self._text[path] = file.read()
            except UnicodeDecodeError:
                self._text[path] = None
        return self._text[path]

    def code(self, path):
        """The text without comments and the insides of strings; lines and columns stay."""
        if path not in self._code:
            self._code[path] = cpp.bare(self.text(path))
        return self._code[path]

    def hits(self, path, regex):
        """(line number, match) of each place in the code."""
        code = self.code(path)
        return [(code.count("\n", 0, m.start()) + 1, m) for m in regex.finditer(code)]


def _listed(root):
    if os.path.isdir(os.path.join(root, ".git")):
        done = subprocess.run(["git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                              capture_output=True, text=True)
        if done.returncode == 0:
            return set(filter(None, done.stdout.split("\0")))
    found = []
    for folder, inner, files in os.walk(root):
        inner[:] = [d for d in inner if d not in ("build", ".git", "__pycache__")]
        found += [os.path.relpath(os.path.join(folder, f), root) for f in files]
    return found


class Proof:
    """A counterexample: `findings()` must have one that contains `expect`."""

    def __init__(self, name, findings, expect):
        self.name, self.findings, self.expect = name, findings, expect

    def missed(self):
        found = self.findings()
        if any(self.expect in f for f in found):
            return []
        return ["the counterexample was not reported; expected '%s', got %s" % (self.expect, found or "nothing")]


class Rule:
    def __init__(self, name, check, proofs):
        assert proofs, "%s: a rule without a proof proves nothing" % name
        self.name, self.check, self.proofs = name, check, proofs


def seeded(name, check, files, expect):
    """A proof by a tiny tree: {path: text}."""
    def findings():
        with tempfile.TemporaryDirectory(prefix="arch-") as root:
            for path, text in files.items():
                path = os.path.join(root, path)
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with open(path, "w", encoding="utf-8") as file:
                    file.write(text)
            return check(Context(root))
    return Proof(name, findings, expect)
