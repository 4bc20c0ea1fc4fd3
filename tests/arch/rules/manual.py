"""The manual page and the completion know every command and option that the program takes."""
import os
import re
import subprocess

from rules.base import Proof, Rule

PROGRAM = "agent/cli/qcloud"
PAGE, COMPLETION = "docs/man/qcloud.1", "packaging/completion/qcloud.bash"
DAEMON, DAEMON_PAGE = "agent/qcloudd", "docs/man/qcloudd.8"
# Said once for all commands.
EVERYWHERE = {"--help"}


def help_of(program, *words):
    done = subprocess.run([program, *words, "--help"], capture_output=True, text=True, timeout=20)
    if done.returncode != 0:
        raise RuntimeError("%s %s --help: exit %d" % (program, " ".join(words), done.returncode))
    return done.stdout


def parse_help(text):
    """(subcommands, long options) of one page that the program prints about itself."""
    head, _, tail = text.partition("\nSubcommands:\n")
    return (re.findall(r"^  ([a-z][a-z-]*)(?:\s|$)", tail, re.M), set(re.findall(r"(?<![\w-])(--[a-z][a-z-]+)", head)))


def tree(ask, words=()):
    """(command path, its options), for every command."""
    subcommands, options = parse_help(ask(*words))
    yield words, options
    for name in subcommands:
        yield from tree(ask, words + (name,))


def compare(commands, page, completion):
    plain = re.sub(r"\\f[A-Z]", "", page.replace("\\-", "-"))
    plain = re.sub(r'"', "", plain)
    found = []
    for words, options in commands:
        if words and not re.search(r"^\.(B|BI|BR|TQ)?.*\b%s\b" % " ".join(words), plain, re.M):
            found.append("%s does not tell of `qcloud %s`" % (PAGE, " ".join(words)))
        if words and not re.search(r"(?<![\w-])%s(?![\w-])" % re.escape(words[-1]), completion):
            found.append("%s does not complete `qcloud %s`" % (COMPLETION, " ".join(words)))
        for option in sorted(options - EVERYWHERE):
            if not re.search(r"(?<![\w-])%s(?![\w-])" % option, plain):
                found.append("%s does not tell of %s of `qcloud %s`" % (PAGE, option, " ".join(words)))
            if not re.search(r"(?<![\w-])%s(?![\w-])" % option, completion):
                found.append("%s does not complete %s of `qcloud %s`" % (COMPLETION, option, " ".join(words)))
    top = {words[0] for words, _ in commands if words}
    found += ["%s tells of `qcloud %s`, which does not exist" % (PAGE, told)
              for told in sorted(set(re.findall(r"^\.T[PQ]\n\.[BIR]+ ([a-z]+)\b", plain, re.M)) - top)]
    return found


def manual(context):
    program = os.path.join(context.build or "", PROGRAM)
    if not context.build or not os.access(program, os.X_OK):
        context.note = "this build has no qcloud"
        return []
    commands = list(tree(lambda *words: help_of(program, *words)))
    if len(commands) < 10:
        return ["only %d commands were found in what %s prints" % (len(commands), PROGRAM)]
    return compare(commands, context.text(PAGE), context.text(COMPLETION))


def daemon(context):
    program = os.path.join(context.build or "", DAEMON)
    if not context.build or not os.access(program, os.X_OK):
        context.note = "this build has no qcloudd"
        return []
    page = context.text(DAEMON_PAGE).replace("\\-", "-")
    options = set(re.findall(r"(?<![\w-])(--[a-z][a-z-]+)", help_of(program)))
    if len(options) < 4:
        return ["only %d options were found in what %s prints" % (len(options), DAEMON)]
    return untold(options, page)


def untold(options, page):
    return ["%s does not tell of %s" % (DAEMON_PAGE, o) for o in sorted(options - EVERYWHERE) if o not in page]


def completes(context):
    return completed(os.path.join(context.root, COMPLETION))


def completed(path):
    """The completion itself, run by bash."""
    script = 'source "%s"; COMP_WORDS=(qcloud ddns ""); COMP_CWORD=2; _qcloud; echo "${COMPREPLY[*]}"' % path
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=20)
    words = done.stdout.split()
    return [] if {"claim", "rename", "release"} <= set(words) and not done.stderr else [
        "`qcloud ddns <Tab>` offers %s %s" % (words, done.stderr.strip())]


def rules():
    commands = [(("enable",), set()), (("ledger",), {"--since"})]
    full = ".BI enable FEATURE\n.B ledger [ \\-\\-since ]\n"
    proof = lambda name, page, completion, expected: Proof(name, lambda: compare(commands, page, completion), expected)
    return [
        Rule("manual: the page and the completion know every command", manual, [
            proof("a command is missing on the page", ".B ledger \\-\\-since", "enable ledger --since", "`qcloud enable`"),
            proof("an option is missing on the page", full.replace("\\-\\-since", ""), "enable ledger --since", "--since"),
            proof("an option is not completed", full, "enable ledger", "complete --since"),
            proof("a command that is gone", full + ".TP\n.B fly\n", "enable ledger --since", "`qcloud fly`")]),
        Rule("manual: the daemon's page knows its options", daemon, [
            Proof("an option is missing", lambda: untold({"--root", "--help"}, ".B --config"), "--root")]),
        Rule("manual: the completion completes", completes, [
            Proof("no completion", lambda: completed("/dev/null"), "offers []")]),
    ]
