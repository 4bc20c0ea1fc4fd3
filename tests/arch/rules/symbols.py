"""What a feature's machine code can reach: every symbol that its archive needs from elsewhere is on
allowed_symbols.txt. An allow-list, because a ban list sees nothing of what Asio brings along itself."""
import glob
import os
import re
import subprocess
import tempfile

from rules.base import Proof, Rule

LIST = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "allowed_symbols.txt")


class AllowList:
    """Sections [all] and [FEATURE]; each group of patterns stands below a comment that says why."""

    def __init__(self, text):
        self.sections, self.unexplained = {"all": []}, []
        section, explained = "all", False
        for number, line in enumerate(text.splitlines(), 1):
            line = line.strip()
            if not line:
                explained = False
            elif line.startswith("#"):
                explained = True
            elif re.fullmatch(r"\[\w+\]", line):
                section = line[1:-1]
                self.sections.setdefault(section, [])
            else:
                self.sections[section].append(re.compile(line))
                if not explained:
                    self.unexplained.append("allowed_symbols.txt:%d: no comment says why" % number)

    def refused(self, feature, names):
        patterns = self.sections["all"] + self.sections.get(feature, [])
        return [n for n in sorted(names) if not any(p.fullmatch(n) for p in patterns)]


def load():
    with open(LIST, encoding="utf-8") as file:
        return AllowList(file.read())


def tool(build, name, otherwise):
    """The build's own nm, so that cross builds are read by their own."""
    cache = os.path.join(build or "", "CMakeCache.txt")
    if build and os.path.isfile(cache):
        with open(cache, encoding="utf-8") as file:
            found = re.search(r"^%s:\w+=(.+)$" % name, file.read(), re.M)
        if found and os.access(found[1], os.X_OK):
            return found[1]
    return otherwise


def needed(nm, *files):
    """Symbols that `files` use together and do not define, demangled."""
    out = subprocess.run([nm, "--format=posix", *files], capture_output=True, text=True, check=True).stdout
    used, defined = set(), set()
    for line in out.splitlines():
        parts = line.split(" ")
        if len(parts) >= 2 and len(parts[1]) == 1:
            (used if parts[1] in "Uwv" else defined).add(parts[0])
    mangled = "\n".join(sorted(used - defined))
    return set(subprocess.run(["c++filt"], input=mangled, capture_output=True, text=True, check=True).stdout.split("\n")) - {""}


def archives(build):
    found = {}
    for path in glob.glob(os.path.join(build, "agent", "**", "libqc_feature_*.a"), recursive=True):
        found[os.path.basename(path)[len("libqc_feature_"):-2]] = path
    return found


def check(context):
    allow, built = load(), archives(context.build)
    features = {p.split("/")[2] for p in context.files() if p.startswith("agent/features/") and p.endswith("/feature.cpp")}
    found = ["%s: no libqc_feature_%s.a in %s: each feature is a library of its own, built first" % (f, f, context.build)
             for f in sorted(features - set(built))]
    count = 0
    for feature, archive in sorted(built.items()):
        if feature not in features:
            continue  # left over from a feature that is gone
        names = needed(tool(context.build, "CMAKE_NM", "nm"), archive)
        count += len(names)
        found += ["%s needs %s: not on allowed_symbols.txt" % (feature, n) for n in allow.refused(feature, names)]
    context.note = "%d symbols of %d features" % (count, len(features))
    return found


def explained(context):
    return load().unexplained


def smuggler():
    """A feature that opens a socket itself."""
    with tempfile.TemporaryDirectory(prefix="arch-") as folder:
        source, object_file = os.path.join(folder, "bad.cpp"), os.path.join(folder, "bad.o")
        with open(source, "w", encoding="utf-8") as file:
            file.write("#include <sys/socket.h>\n#include <string.h>\n"
                       "int leak(const sockaddr* to, const char* what) {\n"
                       "  int fd = ::socket(AF_INET, SOCK_STREAM, 0);\n"
                       "  ::connect(fd, to, sizeof(*to));\n"
                       "  return ::send(fd, what, strlen(what), 0) < 0;\n}\n")
        subprocess.run(["g++", "-c", "-o", object_file, source], check=True)
        return load().refused("ddns", needed("nm", object_file))


# One of each way out. Names as c++filt prints them.
WAYS_OUT = """socket connect send sendto sendmsg write writev SSL_connect SSL_write BIO_new_connect curl_easy_perform
getaddrinfo gethostbyname ares_getaddrinfo open open64 openat creat fopen fopen64 freopen fwrite system popen execve posix_spawn
fork dlopen dlsym syscall io_uring_enter mmap ioctl sqlite3_open_v2 getenv clock_gettime rand stdout""".split() + [
    "std::basic_ofstream<char, std::char_traits<char> >::basic_ofstream(char const*, std::_Ios_Openmode)",
    "std::basic_filebuf<char, std::char_traits<char> >::open(char const*, std::_Ios_Openmode)",
    "std::filesystem::status(std::filesystem::__cxx11::path const&)",
    "std::chrono::_V2::system_clock::now()",
    "std::random_device::_M_getval()",
    "std::thread::_M_start_thread(std::unique_ptr<std::thread::_State>, void (*)())",
    "boost::asio::detail::socket_ops::connect(int, void const*, unsigned long, boost::system::error_code&)",
    "boost::asio::ip::address::to_string[abi:cxx11]() const",
    "boost::asio::detail::resolver_service_base::start_resolve_op(boost::asio::detail::resolve_op*)",
    "boost::asio::local::detail::endpoint::endpoint(char const*)",
    "boost::json::parse(boost::core::basic_string_view<char>)",
    "qcloud::HttpClient::exchange(qcloud::HttpRequest, qcloud::Meter&)",
    "qcloud::Db::run(char const*)",
    "qcloud::Identity::sign_order(std::string const&)",
    "qcloud::SystemClock::now() const",
    "typeinfo for qcloud::HttpClient",
]


def every_way_out():
    refused = load().refused("ddns", WAYS_OUT)
    return ["all refused"] if sorted(refused) == sorted(WAYS_OUT) else ["let through: %s" % (set(WAYS_OUT) - set(refused))]


def rules():
    return [
        Rule("symbols: a feature reaches only what it is allowed", check, [
            Proof("an object that calls ::socket and ::connect", smuggler, "connect"),
            Proof("%d other ways out" % len(WAYS_OUT), every_way_out, "all refused"),
            Proof("a feature uses what only another may", lambda: load().refused("ddns", {"X509_free"}), "X509_free")]),
        Rule("symbols: each allowance says why", explained, [
            Proof("a pattern without a comment", lambda: AllowList("[all]\n# why\na\n\nb\n").unexplained, ":5")]),
    ]
