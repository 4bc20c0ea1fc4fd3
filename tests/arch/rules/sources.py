"""Rules on the text of the sources: size, no shell, no environment, few places where a secret leaves its type, and
no braced temporary in a co_await expression."""
import re
import statistics

from rules.base import Rule, seeded

LIMIT = 400
SIZED = (".cpp", ".hpp", ".py", ".sh")

SHELL = re.compile(r"(?<![\w.>])(?:::\s*|std\s*::\s*)?(?:system|popen|fork|vfork|wordexp|posix_spawnp?|"
                   r"f?exec(?:lp?|le|ve?|vpe?|veat))\s*\(")
ENVIRONMENT = re.compile(r"\b(?:secure_)?getenv\s*\(|\benviron\b")
ENVIRONMENT_MAY = {
    "agent/cli/host.cpp": "QCLOUD_SOCKET, and what the terminal can show",
    "agent/main.cpp": "before anything else runs",
    "agent/cli/main.cpp": "before anything else runs",
}
REVEAL = re.compile(r"(?:\.|->)\s*reveal\s*\(")
REVEAL_MAY = {
    "agent/cloud/device_key.cpp": "reads the key's PEM, to sign with it",
    "agent/cloud/identity.cpp": "writes the key into the state, which only the agent can read",
}


def size(context):
    lines = {}
    for path in context.files():
        text = context.text(path) if path.endswith(SIZED) or "." not in path.rsplit("/", 1)[-1] else None
        if text and (path.endswith(SIZED) or text.startswith("#!")):
            lines[path] = text.count("\n")
    if lines:
        context.note = "%d files, median %d lines, longest %d" % (
            len(lines), statistics.median(lines.values()), max(lines.values()))
    return ["%s has %d lines; the limit is %d" % (path, n, LIMIT) for path, n in lines.items() if n > LIMIT]


def shell(context):
    return ["%s:%d: %s: the agent starts no program" % (path, line, m[0].strip())
            for path in context.sources("agent/", "platform/") for line, m in context.hits(path, SHELL)]


def environment(context):
    return ["%s:%d reads the environment: configuration is the file's, decisions are the owner's" % (path, line)
            for path in context.sources("agent/", "platform/") if path not in ENVIRONMENT_MAY
            for line, _ in context.hits(path, ENVIRONMENT)]


def reveal(context):
    return ["%s:%d reveals a secret, and is not on the list of rules/sources.py" % (path, line)
            for path in context.sources("agent/", "platform/") if path not in REVEAL_MAY
            for line, _ in context.hits(path, REVEAL)]


def reveal_list(context):
    return ["%s reveals no secret any more: take it off the list" % path for path in REVEAL_MAY
            if not context.has(path) or not REVEAL.search(context.code(path))]


LAMBDA = re.compile(r"(?:\)|\])\s*(?:mutable\b|noexcept\b|const\b|\s)*(?:->\s*[\w:<>,&*\s]+)?$")


def _closing(code, at):
    depth = 0
    for i in range(at, len(code)):
        depth += {"{": 1, "}": -1}.get(code[i], 0)
        if depth == 0:
            return i
    return len(code) - 1


def braced_after(code, at):
    """The first braced temporary from a co_await to the end of its expression; bodies of lambdas are others' business."""
    depth, i = 0, at
    while i < len(code):
        c = code[i]
        if c in "([":
            depth += 1
        elif c in ")]":
            depth -= 1
        elif c == ";" and depth <= 0 or c == "}":
            return None
        elif c == "{":
            if not LAMBDA.search(code, max(0, i - 200), i):
                return i
            if depth < 0:
                return None  # the block of an if, for or while around the expression
            i = _closing(code, i)
        i += 1
    return None


def braced_before(code, at):
    """A braced temporary between the statement's start and its co_await: f(T{1}, co_await g())."""
    i = at - 1
    while i >= 0 and code[i] not in ";{":
        if code[i] == "}":
            return i if re.match(r"\s*[,).]", code[i + 1:i + 20]) else None
        i -= 1
    # f(T{co_await g()}): the brace that holds the co_await is itself a temporary, unless it opens a block.
    if i >= 0 and code[i] == "{" and re.search(r"[\w>]\s*$", code[max(0, i - 80):i]):
        before = code[max(0, i - 200):i]
        if not re.search(r"\b(?:else|do|try|namespace(?:\s+[\w:]+)?)\s*$", before) and not LAMBDA.search(before):
            return i
    return None


def braced(context):
    found = []
    for path in context.sources("agent/", "platform/"):
        code = context.code(path)
        for m in re.finditer(r"\bco_await\b", code):
            for at in (braced_after(code, m.end()), braced_before(code, m.start())):
                if at is not None:
                    found.append("%s:%d: a braced temporary in a co_await expression: GCC 12 destroys it twice; name it first"
                                 % (path, code.count("\n", 0, at) + 1))
                    break
    return found


def rules():
    def one(name, check, path, text, expect):
        return seeded(name, check, {path: text}, expect)

    here = "agent/gate/gate.cpp"
    return [
        Rule("size: no source above %d lines" % LIMIT, size, [
            one("a long header", size, "agent/core/ip.hpp", "\n" * 401, "401 lines"),
            one("a long script without an ending", size, "dev", "#!/bin/bash\n" * 401, "dev has 401")]),
        Rule("shell: the agent starts no program", shell, [
            one("system()", shell, here, 'int n = system("reboot");', "system("),
            one("std::system()", shell, here, 'std::system("reboot");', "system("),
            one("popen()", shell, here, 'auto* p = popen("id", "r");', "popen("),
            one("execve()", shell, "platform/qts/services.cpp", "::execve(path, argv, env);", "execve(")]),
        Rule("environment: read by the command line only", environment, [
            one("a knob in the agent", environment, here, 'if (std::getenv("QCLOUD_TEST")) return;', "environment")]),
        Rule("secrets: revealed in listed files only", reveal, [
            one("a key in a log line", reveal, here, "log.info(key.reveal());", "gate.cpp:1")]),
        Rule("secrets: each listed file still reveals one", reveal_list, [
            one("a line that nobody needs", reveal_list, "agent/cloud/identity.cpp", "", "identity.cpp")]),
        Rule("gcc 12: no braced temporary in a co_await expression", braced, [
            one("as an argument", braced, here, "auto a = co_await lane.send(Message{1}, 2);", "gate.cpp:1"),
            one("without a type", braced, here, "auto a = co_await connect({address, port});", "gate.cpp:1"),
            one("inside an if", braced, here, "if (auto a = co_await send(M{1}); !a) {\n}", "gate.cpp:1"),
            one("before it", braced, here, "{ use(M{1}, co_await g()); }", "gate.cpp:1"),
            one("around it", braced, here, "{ use(M{co_await g()}); }", "gate.cpp:1"),
            one("after a lambda", braced, here, "co_await both([&]() -> int { return 1; }, M{1});", "gate.cpp:1")]),
    ]
