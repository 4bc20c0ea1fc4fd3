"""What the programs are linked with, and the one call that must come before all others."""
import os
import re
import subprocess

from rules.base import Proof, Rule, seeded
from rules.symbols import needed, tool



def libraries(readelf):
    return ["the agent is linked with %s: its bytes could not be counted" % lib
            for lib in re.findall(r"\(NEEDED\).*\[([^\]]*)\]", readelf) if "curl" in lib]


def no_curl(context):
    program = os.path.join(context.build, "agent", "qcloudd")
    if not os.path.exists(program):
        return ["%s is not built" % program]
    read = subprocess.run(["readelf", "-d", program], capture_output=True, text=True, check=True).stdout
    found = libraries(read)
    loaded = subprocess.run(["ldd", program], capture_output=True, text=True).stdout  # says nothing of a static one
    found += ["the agent loads %s" % line.strip() for line in loaded.splitlines() if "curl" in line]
    rules_file = os.path.join(context.build, "build.ninja")
    if os.path.exists(rules_file):
        with open(rules_file, encoding="utf-8") as file:
            found += link_lines(file.read())
    context.note = "%d shared libraries" % len(re.findall(r"\(NEEDED\)", read))
    return found


def link_lines(ninja):
    return ["a link line has %s" % m for m in re.findall(r"(?<!\S)(?:-lcurl\S*|\S*libcurl\S*)", ninja)]


RESOLVERS = re.compile(r"(?:getaddrinfo|gethostby\w+|getnameinfo|res_n?(?:query|search|init|send)|__res_\w+|curl_\w+|"
                       r"boost::asio::detail::(?:resolver_service_base|socket_ops::(?:background_)?get(?:addr|name)info).*)")


def strangers(names):
    return ["net/ uses %s: one resolver, so that look-ups are attributed and counted" % n
            for n in sorted(names) if RESOLVERS.fullmatch(n)]


def one_resolver(context):
    archive = os.path.join(context.build, "agent", "libqc_net.a")
    if not os.path.exists(archive):
        return ["%s is not built" % archive]
    return strangers(needed(tool(context.build, "CMAKE_NM", "nm"), archive))


def rules():
    return [
        Rule("link: the agent has no libcurl", no_curl, [
            Proof("a NEEDED entry", lambda: libraries(" 0x1 (NEEDED)  Shared library: [libcurl.so.4]"), "libcurl"),
            Proof("a link line", lambda: link_lines("  LINK_LIBRARIES = a.a -lcurl -lz"), "-lcurl")]),
        Rule("link: net/ has one resolver", one_resolver, [
            Proof("getaddrinfo", lambda: strangers({"getaddrinfo", "ares_getaddrinfo"}), "uses getaddrinfo")]),
    ]
