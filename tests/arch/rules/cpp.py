"""Just enough C++ for rules on the text: no preprocessor, no parser."""
import posixpath
import re

# Numbers are a token, so that 1'000 does not open a character.
_TOKEN = re.compile(r"""
    (?P<comment> //[^\n]* | /\*.*?\*/ )
  | (?P<raw>     R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)" )
  | (?P<text>    "(?:\\.|[^"\\\n])*" )
  | (?P<number>  \b\d[\w.']* )
  | (?P<char>    '(?:\\.|[^'\\\n])+' )
""", re.S | re.X)
_BLANK = re.compile(r"[^\n]")
_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"\n]*)"|<([^>\n]*)>|([^\s"<][^\n]*))', re.M)


def _blank(text):
    return _BLANK.sub(" ", text)


def uncommented(text):
    return _TOKEN.sub(lambda m: _blank(m[0]) if m["comment"] else m[0], text)


def bare(text):
    def replace(m):
        if m["comment"]:
            return _blank(m[0])
        if m["raw"] or m["text"]:
            return '"' + _blank(m[0][1:-1]) + '"'
        return "' " + _blank(m[0][2:-1]) + "'" if m["char"] else m[0]
    return _TOKEN.sub(replace, text)


class Include:
    """One #include: `path` normalized; `house` when it names a file of ours."""

    def __init__(self, line, path, macro=False):
        self.line, self.macro = line, macro
        self.path = path if macro else posixpath.normpath(path)
        self.house = self.path.startswith(("agent/", "platform/", "tests/"))


def includes(text):
    text = uncommented(text)
    out = []
    for m in _INCLUDE.finditer(text):
        line = text.count("\n", 0, m.start(0)) + 1
        out.append(Include(line, m[1] or m[2] or m[3], macro=m[3] is not None))
    return out
