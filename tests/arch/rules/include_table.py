"""The tables of rules/includes.py. To change a wall, change its line here, and its why."""
import re


class Area:
    """Files below `folder` include of the house only what begins with one of `may`, and nothing of `but`."""

    def __init__(self, name, folder, may, why, seeds, but=()):
        self.name, self.folder, self.may, self.why, self.seeds, self.but = name, folder, may, why, seeds, but


class Ban:
    """`header` is included only by files that match `may`."""

    def __init__(self, name, header, may, why, seeds):
        self.name, self.header, self.may, self.why, self.seeds = name, re.compile(header), re.compile(may), why, seeds


ALLOWED = [
    Area("core stands on nothing", "agent/core/", ("agent/core/",),
         "what core includes, everyone includes",
         [("agent/core/backoff.cpp", "agent/gate/gate.hpp"), ("agent/core/rng.cpp", "platform/system_rng.hpp")]),
    Area("store knows core only", "agent/store/", ("agent/core/", "agent/store/"),
         "the state must not depend on what is kept in it",
         [("agent/store/db.cpp", "agent/cloud/identity.hpp")]),
    Area("health knows core only", "agent/health/", ("agent/core/", "agent/health/"),
         "a condition is data; who reports it is not known here",
         [("agent/health/catalog.cpp", "agent/features/ddns/manifest.hpp")]),
    Area("config knows core only", "agent/config/", ("agent/core/", "agent/config/"),
         "a value of the file means nothing before app/ gives it to someone",
         [("agent/config/load.cpp", "agent/store/db.hpp")]),
    Area("the gate knows neither network nor cloud nor feature", "agent/gate/", ("agent/core/", "agent/gate/", "agent/store/"),
         "what it enforces must not depend on whom it watches",
         [("agent/gate/gate.cpp", "agent/net/http_client.hpp"), ("agent/gate/gate.cpp", "agent/features/ddns/manifest.hpp")]),
    Area("net carries bytes, and knows not whose", "agent/net/", ("agent/core/", "agent/net/", "agent/gate/transport.hpp", "agent/gate/byte_stream.hpp",
          "agent/gate/local_dial.hpp", "agent/gate/tls_end.hpp"),
         "a transport that knew messages could change or add to them",
         [("agent/net/http_client.cpp", "agent/gate/message.hpp"), ("agent/net/trust.cpp", "agent/cloud/identity.hpp")]),
    Area("cloud is beside the gate, not above the network", "agent/cloud/",
         ("agent/core/", "agent/gate/", "agent/store/", "agent/cloud/", "agent/net/tls_identity.hpp"),
         "who we are to the cloud is told to the gate; nothing here connects",
         [("agent/cloud/identity.cpp", "agent/net/connection.hpp"), ("agent/cloud/orders.cpp", "agent/features/ddns/wire.hpp")]),
    Area("control takes the owner's words, and can send nothing", "agent/control/",
         ("agent/core/", "agent/gate/", "agent/health/", "agent/control/", "platform/platform.hpp"),
         "the local API meets the features in app/, nowhere else",
         [("agent/control/server.cpp", "agent/net/connection.hpp"), ("agent/control/api.cpp", "agent/cloud/identity.hpp")]),
    Area("a feature holds lanes, facts, codecs and its own folder", "agent/features/",
         ("agent/core/", "agent/gate/", "agent/health/", "agent/cloud/identity.hpp", "agent/cloud/cloud_session.hpp",
          "agent/cloud/orders.hpp", "agent/cloud/est.hpp", "agent/cloud/riding.hpp", "platform/platform.hpp"),
         "what a feature can include it can use to get around its lane (promises A1, A2)",
         [("agent/features/ddns/feature.cpp", "agent/features/enroll/wire.hpp"),
          ("agent/features/ddns/wire.cpp", "agent/gate/mint.hpp"),
          ("agent/features/ddns/feature.cpp", "agent/net/connection.hpp"),
          ("agent/features/ddns/feature.cpp", "agent/store/db.hpp"),
          ("agent/features/ddns/feature.cpp", "agent/app/agent.hpp"),
          ("agent/features/ddns/feature.cpp", "platform/system_clock.hpp"),
          ("agent/features/link/switchboard/mux.cpp", "agent/cloud/device_key.hpp")],
         but=("agent/gate/mint.hpp",)),
    Area("app sees everything but the command line", "agent/app/",
         tuple("agent/%s/" % f for f in ("app", "core", "gate", "net", "store", "config", "health", "control", "cloud",
                                         "features")) + ("platform/",),
         "qcloud is another program",
         [("agent/app/api.cpp", "agent/cli/text.hpp")]),
    Area("the command line knows the local API only", "agent/cli/", ("agent/cli/",),
         "qcloud talks to the agent's socket, never to the cloud or the state",
         [("agent/cli/client.cpp", "agent/core/result.hpp"), ("agent/cli/client.cpp", "agent/store/db.hpp")]),
    Area("main is arguments, then app", "agent/main.cpp", ("agent/app/",),
         "what main did itself, the simulation would not run",
         [("agent/main.cpp", "agent/gate/gate.hpp")]),
    Area("platform reads the box, and mints what it read", "platform/",
         ("platform/", "agent/core/", "agent/gate/data_class.hpp", "agent/gate/value.hpp", "agent/gate/mint.hpp"),
         "a platform is ported by people who do not know the agent",
         [("platform/linux/net_watch.cpp", "agent/gate/gate.hpp"), ("platform/qts/facts.cpp", "agent/cloud/identity.hpp")]),
    Area("refcloud shares no code with the agent", "tests/cloud/", ("tests/cloud/",),
         "two sides with one parser agree on its mistakes",
         [("tests/cloud/json.cpp", "agent/core/result.hpp"), ("tests/cloud/test/world.cpp", "platform/system_clock.hpp")]),
]

# Below agent/, but without C++ of its own rules.
UNRULED = ()

TESTS = r"tests/(?!cloud/)"
PURE = r"agent/features/[^/]+/(?:.*/)?(?:policy|wire)\.[ch]pp$"

BANNED = [
    Ban("production code includes no test", r"tests/", r"tests/",
        "no test knob exists in production code; refcloud shares no code with the agent",
        [("agent/app/process.cpp", "tests/cloud/clock.hpp"), ("platform/system_rng.cpp", "tests/sim/sim_clock.hpp")]),
    Ban("only process.cpp brings the network in", r"agent/net/(?!tls_identity\.hpp)", r"agent/(?:net/|app/process\.cpp$)|" + TESTS,
        "no other way out than the lane: who holds a transport can send past the gate (promise A1)",
        [("agent/app/agent.cpp", "agent/net/http_client.hpp"), ("agent/cloud/identity.cpp", "agent/net/trust.hpp")]),
    Ban("only cloud/ and net/ see the credential", r"agent/net/tls_identity\.hpp", r"agent/(?:net|cloud)/|" + TESTS,
        "no feature sees a credential",
        [("agent/app/agent.cpp", "agent/net/tls_identity.hpp"), ("agent/gate/gate.cpp", "agent/net/tls_identity.hpp")]),
    Ban("values are minted where the fact is read", r"agent/gate/mint\.hpp", r"platform/|agent/(?:cloud|control|gate)/|" + TESTS,
        "whoever mints decides what a value is called; a feature would call a serial number a name (promise A2)",
        [("agent/app/operations_data.cpp", "agent/gate/mint.hpp"), ("agent/net/http_client.cpp", "agent/gate/mint.hpp")]),
    Ban("nobody includes the root but main", r"agent/app/", r"agent/(?:app/|main\.cpp$)|" + TESTS,
        "never pass \"the app\": who includes it can reach everything",
        [("agent/control/server.cpp", "agent/app/agent.hpp"), ("platform/linux/linux_platform.cpp", "agent/app/options.hpp")]),
    Ban("app sees a feature's door only", r"agent/features/[^/]+/(?!feature\.hpp$|manifest\.hpp$)", r"agent/features/|" + TESTS,
        "feature.hpp and manifest.hpp are what a feature is to others",
        [("agent/app/features.cpp", "agent/features/ddns/wire.hpp"), ("agent/app/status.cpp", "agent/features/ddns/policy.hpp")]),
    Ban("only app knows the features", r"agent/features/", r"agent/(?:features|app)/|" + TESTS,
        "a feature can be removed by its folder and its entry",
        [("agent/control/api.cpp", "agent/features/ddns/feature.hpp")]),
    Ban("policies and wires are pure",
        r"boost/asio|agent/(?:net|store)/|agent/core/(?:log|signal|race|nursery|fact|task)\.hpp|agent/cloud/|platform/"
        r"|fstream$|iostream$|filesystem$|thread$|future$|fcntl\.h$|unistd\.h$|sys/|netinet/|netdb\.h$",
        r"(?!%s)" % PURE,
        "pure: inputs to what should be true; bytes to structs. No Asio, clock, log or I/O, so that they can be fuzzed and run "
        "through years in a loop",
        [("agent/features/ddns/policy.cpp", "boost/asio/awaitable.hpp"), ("agent/features/ddns/wire.hpp", "agent/core/log.hpp"),
         ("agent/features/ddns/policy.hpp", "agent/store/db.hpp"), ("agent/features/link/mux/wire.cpp", "sys/socket.h")]),
    Ban("no umbrella headers", r"boost/(?:asio|beast)\.hpp$", r"(?!)",
        "each costs seconds in every file that includes it",
        [("agent/net/connection.cpp", "boost/asio.hpp"), ("tests/cloud/adapter/server.cpp", "boost/beast.hpp")]),
    Ban("Boost is compiled in one place", r"boost/.*(?:/impl/|/)src\.hpp$", r"cmake/boost\.cpp$",
        "a second copy of its symbols breaks the link, or worse, does not",
        [("agent/core/signal.cpp", "boost/json/src.hpp"), ("tests/sim/run.cpp", "boost/asio/impl/src.hpp")]),
    Ban("Beast in three files", r"boost/beast", r"agent/(?:control/server|net/http_response|cli/client)\.cpp$|cmake/boost\.cpp$|tests/",
        "heavy to include; HTTP is spoken in three places only",
        [("agent/gate/answer.hpp", "boost/beast/http/fields.hpp"), ("agent/net/http_client.hpp", "boost/beast/http/parser.hpp")]),
    Ban("no libcurl", r"curl/", r"(?!)",
        "its TLS and sockets cannot be counted to the byte (promise A3)",
        [("agent/net/http_client.cpp", "curl/curl.h"), ("tests/cloud/adapter/pdns.cpp", "curl/curl.h")]),
    Ban("sockets to the outside in net/ only",
        r"boost/asio/ip/(?:tcp|udp|icmp|basic_)|boost/asio/(?:basic_)?(?:connect|stream_socket|datagram_socket|raw_socket|ssl)\b"
        r"|netinet/(?:tcp|udp|ip)|openssl/ssl\.h|ares\.h|netdb\.h",
        r"agent/net/|agent/main\.cpp$|cmake/boost\.cpp$|tests/",
        "what can open a connection stands in one folder (main.cpp turns the name service off, and needs its header for that)",
        [("agent/gate/gate.cpp", "boost/asio/ip/tcp.hpp"), ("agent/cloud/identity.cpp", "openssl/ssl.h"),
         ("platform/linux/net_watch.cpp", "netdb.h")]),
    Ban("SQLite in store/ only", r"sqlite3\.h", r"agent/store/|tests/",
        "a statement elsewhere would escape the migrations and the power-cut tests",
        [("agent/gate/ledger.cpp", "sqlite3.h")]),
]
