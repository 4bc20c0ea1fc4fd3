"""The shape of a feature: one folder, a closed set of files, one entry in app/features.cpp, and a README that
names its switch. And the words that a feature may not say: headers it needs show it more than it may use."""
import re

from rules.base import Rule, seeded

FEATURES = "agent/features/"
LIST = "agent/app/features.cpp"
FILES = {"README.md", "manifest.hpp", "policy.hpp", "policy.cpp", "wire.hpp", "wire.cpp", "feature.hpp", "feature.cpp"}
NEEDED = ("README.md", "manifest.hpp", "feature.hpp")
SWITCH = re.compile(r"^\*\*Switch\.\*\*(.*?)(?:\n\s*\n|\Z)", re.M | re.S)

# Seen through gate/lanes.hpp, gate/answer.hpp and cloud/identity.hpp, and not for a feature.
UNSPEAKABLE = {
    "Mint": "makes a value of any class (promise A2)",
    "Port": "the gate behind the lane: sends messages of any manifest",
    "RawMessage": "a message that no manifest was held against",
    "Transport": "the network itself",
    "HttpRequest": "what the gate gives to the network",
    "Datagram": "what the gate gives to the network",
    "GateDeps": "holds the network",
    "TlsIdentity": "the credential",
    "tls": "the credential",
    "sign_order": "the device key's signature; orders are filed by the owner's act, in app/",
    "Db": "the state",
    "Ledger": "who could write it could lie about what left",
    "dlsym": "reaches what the symbol list refuses",
    "asm": "reaches what the symbol list refuses",
    "__asm__": "reaches what the symbol list refuses",
}
# A call only: a time or a choice may be named so.
WORD = re.compile(r"\b(%s)\b" % "|".join(w + r"(?=\s*\()" if w == "tls" else w for w in UNSPEAKABLE))


def by_feature(context):
    folders = {}
    for path in context.files():
        if path.startswith(FEATURES):
            head, _, rest = path[len(FEATURES):].partition("/")
            folders.setdefault(head if rest else "", []).append(rest or head)
    return folders


def shape(context):
    found = []
    for name, files in sorted(by_feature(context).items()):
        if not name:
            found += ["%s%s: files stand in a feature's folder" % (FEATURES, f) for f in files]
            continue
        found += ["%s%s/%s is missing" % (FEATURES, name, f) for f in NEEDED if f not in files]
        found += ["%s%s/%s: not part of a feature's shape" % (FEATURES, name, f)
                  for f in files if "/" not in f and f not in FILES]
    return found


def listed(context):
    """In all_manifests(), as they are shown, and in make_features(), as they are started, and nothing else there."""
    if not context.has(LIST):
        return ["%s is missing" % LIST]
    manifests, _, slots = context.code(LIST).partition("make_features")
    declared = re.findall(r"&\s*(\w+)::manifest", manifests)
    started = re.findall(r"push_back\(\s*\{\s*&\s*(\w+)::manifest", slots)
    found = ["%s: %s is in the list, but has no folder" % (LIST, n) for n in declared if n not in by_feature(context)]
    for name in sorted(filter(None, by_feature(context))):
        if name not in declared:
            found.append("%s: %s is not in all_manifests()" % (LIST, name))
        if not re.search(r"\b%s::run\s*\(" % name, slots):
            found.append("%s: %s is not started by make_features()" % (LIST, name))
    if sorted(declared) != sorted(started):
        found.append("%s: two lists: %s declared, %s started" % (LIST, declared, started))
    return found


def readme_names_switch(context):
    found = []
    for name in sorted(filter(None, by_feature(context))):
        readme, manifest = (FEATURES + name + "/" + f for f in ("README.md", "manifest.hpp"))
        if not context.has(manifest):
            continue  # shape() says so
        if not context.has(readme):
            found.append("%s is missing" % readme)
            continue
        said = SWITCH.search(context.text(readme))
        declared = re.search(r"\.has_switch\s*=\s*(true|false)", context.code(manifest))
        if not said or not declared:
            found.append("%s: no '**Switch.**' paragraph, or no .has_switch in the manifest" % readme)
        elif declared[1] == "true" and not re.search(r"\b%s\b" % name, said[1]):
            found.append("%s: the manifest has a switch, the README does not name it" % readme)
        elif declared[1] == "false" and not said[1].strip().startswith("None"):
            found.append("%s: the manifest has no switch, the README does not say None" % readme)
    return found


def unspeakable(context):
    return ["%s:%d says %s: %s" % (path, line, m[1], UNSPEAKABLE[m[1]])
            for path in context.sources(FEATURES) for line, m in context.hits(path, WORD)]


def mint_words(context):
    """Mint is seen through answer.hpp, so that the include table alone does not keep it in."""
    may = ("platform/", "agent/cloud/", "agent/control/", "agent/gate/")
    return ["%s:%d mints: values get their class where the fact is read" % (path, line)
            for path in context.sources("agent/", "platform/") if not path.startswith(may)
            for line, _ in context.hits(path, re.compile(r"\bMint\b"))]


def rules():
    good = {FEATURES + "x/README.md": "# x\n\n**Switch.** `x`, off.\n", FEATURES + "x/feature.hpp": "",
            FEATURES + "x/manifest.hpp": ".has_switch = true,", LIST: "all() { return {&x::manifest}; }\nmake_features() { "
            "slots.push_back({&x::manifest, [] { return x::run(); }}); }"}

    def but(**changes):
        files = dict(good)
        for path, text in changes.values():
            if text is None:
                del files[path]
            else:
                files[path] = text
        return files

    return [
        Rule("feature: one shape", shape, [
            seeded("a file of another kind", shape, but(a=(FEATURES + "x/utils.cpp", "")), "x/utils.cpp"),
            seeded("no README", shape, but(a=(FEATURES + "x/README.md", None)), "README.md is missing"),
            seeded("a file beside the folders", shape, but(a=(FEATURES + "common.hpp", "")), "common.hpp")]),
        Rule("feature: in the list of app/features.cpp", listed, [
            seeded("a folder that is not listed", listed, but(a=(FEATURES + "y/feature.hpp", "")), "y is not in all_manifests"),
            seeded("listed, never started", listed, but(a=(LIST, "{&x::manifest} make_features()")), "not started"),
            seeded("listed without a folder", listed, but(a=(LIST, "{&x::manifest, &z::manifest} make_features()")), "z is in"),
            seeded("two lists", listed, but(a=(LIST, "{&x::manifest} make_features() {x::run();}")), "two lists")]),
        Rule("feature: the README names its switch", readme_names_switch, [
            seeded("no paragraph", readme_names_switch, but(a=(FEATURES + "x/README.md", "# x\n")), "no '**Switch.**'"),
            seeded("a switch that is not named", readme_names_switch,
                   but(a=(FEATURES + "x/README.md", "**Switch.** Yes.\n")), "does not name it"),
            seeded("no switch, and none denied", readme_names_switch,
                   but(a=(FEATURES + "x/manifest.hpp", ".has_switch = false")), "does not say None")]),
        Rule("feature: uses no name beyond its lane", unspeakable, [
            seeded("mints by way of answer.hpp", unspeakable,
                   {FEATURES + "x/wire.cpp": 'auto v = Mint::text<DataClass::public_name>(serial);'}, "Mint"),
            seeded("takes the credential", unspeakable, {FEATURES + "x/feature.cpp": "auto t = deps.identity.tls();"}, "tls"),
            seeded("holds a port", unspeakable, {FEATURES + "x/feature.hpp": "Port& port;"}, "Port")]),
        Rule("mint: named only where the fact is read", mint_words, [
            seeded("app mints", mint_words, {"agent/app/status.cpp": "Mint::text<DataClass::host_name>(x);"}, "status.cpp:1")]),
    ]
