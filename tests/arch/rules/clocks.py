"""Time and randomness are arguments: who reads a real clock or the kernel's random numbers is platform/ (the box)
or tests (the simulation and the programs around it), so that a device-year runs in a second, by seed."""
import re

from rules.base import Rule, seeded

WORDS = re.compile(r"""
    \b(?:system|steady|high_resolution|utc|tai|gps|file)_clock\s*::\s*now\b
  | \b(?:steady|system|high_resolution|deadline|basic_waitable|waitable)_timer\b
  | \bthis_thread\s*::\s*sleep_(?:for|until)\b
  | (?<![\w.>])(?:::\s*)?(?:u|nano)?sleep\s*\(
  | (?:::\s*|(?<![\w.>:]))time\s*\(\s*(?:nullptr|NULL|0|&)
  | \b(?:std\s*::\s*|(?<![\w:])::\s*)time\s*\(
  | \b(?:clock_gettime|clock_nanosleep|gettimeofday|timespec_get|timerfd_create|timer_create|setitimer|ftime|alarm)\s*\(
  | \b(?:s?rand|s?random|drand48|arc4random\w*|getrandom|getentropy|RAND_\w*bytes)\s*\(
  | \b(?:random_device|mt19937(?:_64)?|minstd_rand0?|default_random_engine|ranlux\w+|knuth_b)\b
""", re.X)

# Folders that are free, and single files with a why.
FREE = ("platform/", "tests/")
HELD = ("tests/cloud/",)            # refcloud's handlers are pure too: the simulation runs them
HELD_BUT = ("tests/cloud/adapter/", "tests/cloud/test/", "tests/cloud/relay/adapter/", "tests/cloud/relay/test/")
FILES = {
    "agent/cli/host.cpp": "the command line is no part of the simulation; it shows \"3 minutes ago\", and main injects this",
}
FILE_WORDS = re.compile(r"\btime\s*\(")


def check(context):
    found = []
    for path in context.sources("agent/", "platform/", "tests/"):
        if path.startswith(FREE) and (not path.startswith(HELD) or path.startswith(HELD_BUT)):
            continue
        for line, m in context.hits(path, WORDS):
            if path in FILES and FILE_WORDS.search(m[0]):
                continue
            found.append("%s:%d: %s: time and randomness are injected (Clock, Rng)" % (path, line, m[0].strip()))
    return found


def exceptions_used(context):
    """An exception that nobody needs any more is a door left open."""
    return ["%s needs no exception any more" % path for path in FILES
            if not context.has(path) or not FILE_WORDS.search(context.code(path))]


def rules():
    bad = ["auto t = std::chrono::steady_clock::now();", "asio::steady_timer timer(executor);", "auto t = ::time(nullptr);",
           "std::this_thread::sleep_for(1s);", "clock_gettime(CLOCK_BOOTTIME, &t);", "gettimeofday(&t, nullptr);",
           "int n = rand() % 5;", "std::random_device source;", "std::mt19937 engine(1);",
           "auto t = std::chrono::system_clock::now();", "std::chrono::high_resolution_clock::now();", "usleep(5);",
           "asio::system_timer t(e);", "long t = time(0);"]
    proofs = [seeded(text, check, {"agent/gate/gate.cpp": "void f() { %s }" % text}, "gate.cpp:1") for text in bad]
    proofs.append(seeded("a handler of refcloud reads the clock", check,
                         {"tests/cloud/ddns.cpp": "auto t = std::chrono::system_clock::now();"}, "tests/cloud/ddns.cpp"))
    return [
        Rule("clock: time and randomness are arguments", check, proofs),
        Rule("clock: each exception is still needed", exceptions_used, [
            seeded("host.cpp without a clock", exceptions_used, {"agent/cli/host.cpp": "// time("}, "no exception")]),
    ]
