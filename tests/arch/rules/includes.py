"""Include edges: the walls between the folders, as two tables. ALLOWED says what a folder may include of the
house, BANNED who else may not include what; every line has its why, and every line is proved to be able to fail."""
import posixpath
import re

from rules import cpp
from rules.base import Rule, seeded
from rules.include_table import ALLOWED, BANNED, UNRULED


def edges(context, *below):
    for path in context.sources(*below):
        for include in cpp.includes(context.text(path)):
            yield path, include


def finding(path, include, why):
    return "%s:%d includes %s: %s" % (path, include.line, include.path, why)


def allowed_check(area):
    def check(context):
        found = []
        for path, include in edges(context, area.folder):
            may = area.may
            if area.folder == "agent/features/":
                may = may + ("/".join(path.split("/")[:3]) + "/",)  # its own folder
            if include.house and not include.path.startswith(may) or include.path.startswith(area.but):
                found.append(finding(path, include, area.why))
        return found
    return check


def banned_check(ban):
    def check(context):
        return [finding(path, include, ban.why) for path, include in edges(context)
                if ban.header.match(include.path) and not ban.may.match(path)]
    return check


def known_folders(context):
    """A new folder is a decision: it gets a line in the table."""
    ruled = tuple(area.folder for area in ALLOWED) + UNRULED
    return ["%s: no line of the include table knows this folder" % path
            for path in context.sources("agent/", "platform/") if not path.startswith(ruled)]


def one_root(context):
    """The tables read paths from the top, so there must be no other way to write one."""
    found = []
    for path, include in edges(context):
        if include.macro:
            found.append(finding(path, include, "an include through a macro hides its edge"))
        elif include.house:
            continue
        elif "/" not in include.path and include.path.endswith(".hpp") or any(
                context.has(p) for p in (include.path, posixpath.normpath(posixpath.dirname(path) + "/" + include.path))):
            found.append(finding(path, include, "house headers are included by their path from the top"))
    return found


def separate_link(context):
    """Sharing code needs no include: a library on the link line does it too."""
    found = []
    for path in context.files():
        if path.startswith("tests/cloud/") and path.endswith("CMakeLists.txt"):
            for name in re.findall(r"\bqc_\w+", context.text(path)):
                if name not in ("qc_boost", "qc_nghttp2"):
                    found.append("%s links %s: refcloud shares no code with the agent" % (path, name))
    return found


def rules():
    out = []
    for area in ALLOWED:
        check = allowed_check(area)
        out.append(Rule("include: " + area.name, check, [
            seeded("%s includes %s" % (path, header), check, {path: '#include "%s"\n' % header}, header)
            for path, header in area.seeds]))
    for ban in BANNED:
        check = banned_check(ban)
        out.append(Rule("include: " + ban.name, check, [
            seeded("%s includes %s" % (path, header), check, {path: "#include <%s>\n" % header}, header)
            for path, header in ban.seeds]))
    out.append(Rule("include: every folder has its line in the table", known_folders, [
        seeded("a folder that nobody decided on", known_folders, {"agent/magic/wand.cpp": ""}, "magic")]))
    out.append(Rule("include: one root, no macros", one_root, [
        seeded("a neighbor by its bare name", one_root, {"agent/gate/gate.cpp": '#include "mint.hpp"\n'}, "mint.hpp"),
        seeded("a neighbor's folder", one_root, {"agent/gate/gate.cpp": '#include "../net/trust.hpp"\n', "agent/net/trust.hpp": ""},
               "trust.hpp"),
        seeded("an include through a macro", one_root, {"agent/gate/gate.cpp": "#include HEADER\n"}, "macro")]))
    out.append(Rule("include: refcloud links nothing of the agent", separate_link, [
        seeded("refcloud links qc_cloud", separate_link, {"tests/cloud/CMakeLists.txt": "target_link_libraries(x qc_cloud)"},
               "qc_cloud")]))
    return out
