"""Holds every decrypted request against two documents that the sender did not write for the occasion:
the agent's manifest (what the owner was told) and the cloud's OpenAPI description. Returns findings.

Promise A2: only declared fields leave. So a name that neither document has is a finding, wherever it
stands: path, query, header, form, JSON body, TLS server name, DNS question.
"""
import json
import os
import re
import urllib.parse

import yaml

from .proc import REPO

# What HTTP itself needs. Their values are checked too: none may carry anything.
PROTOCOL = {
    "host": lambda v, ctx: v == ctx["sni"] or v == ctx["sni"] + ":443",
    "content-length": lambda v, ctx: v == str(ctx["length"]),
    "content-type": lambda v, ctx: v in ctx["types"],
    "connection": lambda v, ctx: v.lower() in ("close", "keep-alive"),
    "accept": lambda v, ctx: v in ("*/*", "application/json", "application/json, application/pkcs7-mime",
                                   "application/pkcs7-mime"),
    "accept-encoding": lambda v, ctx: v == "identity",
    "user-agent": lambda v, ctx: re.fullmatch(r"qcloud(/\d+(\.\d+)*)?", v) is not None,
}
DOCUMENT = os.path.join(REPO, "docs", "openapi", "cloud.yaml")


def _pattern(template):
    parts = re.split(r"(\{[^}]+\})", template)
    return re.compile("".join("([^/]+)" if p.startswith("{") else re.escape(p) for p in parts) + r"\Z")


class Checker:
    def __init__(self, manifest, hosts, document=DOCUMENT):
        """manifest: answer of /v1/manifest; hosts: names of the cloud's hosts that may be contacted."""
        self.hosts = hosts
        self.messages = [(feature["name"], message, _pattern(message["path"]))
                         for feature in manifest["features"] for message in feature["messages"]
                         if message["method"] != "UDP"]
        # Datagrams: the manifest's path is "udp/PORT", their payload a constant.
        self.datagrams = {(int(message["path"].split("/")[1]), field["constant"].encode())
                          for feature in manifest["features"] for message in feature["messages"]
                          if message["method"] == "UDP" for field in message["fields"]}
        with open(document) as text:
            self.api = yaml.safe_load(text)
        self.operations = [(_pattern(path), method.upper(), path, item, operation)
                           for path, item in self.api["paths"].items()
                           for method, operation in item.items()
                           if method in ("get", "put", "post", "patch", "delete")]

    # --- helpers -------------------------------------------------------------------------------

    def _deref(self, node):
        while isinstance(node, dict) and "$ref" in node:
            target = self.api
            for part in node["$ref"][2:].split("/"):
                target = target[part.replace("~1", "/").replace("~0", "~")]
            node = target
        return node

    @staticmethod
    def _body(request):
        """(kind, {name: value}) of a body; kind is json, form, opaque or none."""
        if not request.body:
            return "none", {}
        kind = next((v for n, v in request.headers if n.lower() == "content-type"), "").split(";")[0]
        if kind == "application/json":
            value = json.loads(request.body)
            return "json", value if isinstance(value, dict) else {"(no object)": value}
        if kind == "application/x-www-form-urlencoded":
            return "form", dict(urllib.parse.parse_qsl(request.body.decode(), keep_blank_values=True,
                                                       strict_parsing=True))
        return "opaque", {"(body)": request.body}

    # --- the two documents -----------------------------------------------------------------------

    def _against_manifest(self, request, path, query, kind, body):
        candidates = [(f, m) for f, m, p in self.messages if m["method"] == request.method and p.match(path)]
        if not candidates:
            return ["no feature declares it"], None
        best, name = None, None
        for feature, message in candidates:
            where = {}
            for field in message["fields"]:
                where.setdefault(field["where"], set()).add(field["name"].lower() if field["where"] == "header"
                                                            else field["name"])
            bad = ["query member '%s' is not in the manifest" % n for n in query if n not in where.get("query", ())]
            if kind in ("json", "form"):
                bad += ["%s member '%s' is not in the manifest" % (kind, n) for n in body
                        if n not in where.get(kind, ())]
            elif kind == "opaque" and "body" not in where:
                bad.append("a body that the manifest does not declare")
            given = dict(query, **(body if kind in ("json", "form") else {}))
            bad += ["'%s' is '%s', not the constant of the manifest" % (f["name"], given[f["name"]])
                    for f in message["fields"]
                    if f.get("constant") and given.get(f["name"], f["constant"]) != f["constant"]]
            declared = set(where.get("header", ()))
            if "basic password" in where:
                declared.add("authorization")
            bad += ["header '%s' is not in the manifest" % n for n, _ in request.headers
                    if n.lower() not in declared and n.lower() not in PROTOCOL]
            if best is None or len(bad) < len(best):
                best, name = bad, (feature, message["purpose"])
        return best, name

    def _against_openapi(self, request, path, query, kind, body):
        found = [(t, item, op) for p, m, t, item, op in self.operations if m == request.method and p.match(path)]
        if not found:
            return ["docs/openapi/cloud.yaml has no such operation"], set()
        # A literal path beats one with a hole.
        template, item, operation = min(found, key=lambda entry: entry[0].count("{"))
        parameters = [self._deref(p) for p in item.get("parameters", []) + operation.get("parameters", [])]
        allowed = {(p["in"], p["name"].lower()) for p in parameters}
        bad = ["query member '%s' is not in OpenAPI" % n for n in query if ("query", n.lower()) not in allowed]
        secured = {"authorization"} if "Authorization" in json.dumps(operation.get("description", "")) \
            or operation.get("security") else set()
        bad += ["header '%s' is not in OpenAPI" % n for n, _ in request.headers
                if n.lower() not in PROTOCOL and ("header", n.lower()) not in allowed and n.lower() not in secured]
        bad += ["%s '%s' is required by OpenAPI" % (p["in"], p["name"]) for p in parameters
                if p.get("required") and p["in"] == "query" and p["name"] not in query]
        content = self._deref(operation.get("requestBody", {})).get("content", {})
        if kind == "none":
            return bad, set(content)
        if not content:
            return bad + ["a body where OpenAPI has none"], set()
        media = next((v for n, v in request.headers if n.lower() == "content-type"), "").split(";")[0]
        if media not in content:
            return bad + ["media type %s is not in OpenAPI" % media], set(content)
        schema = self._deref(content[media].get("schema", {}))
        if kind in ("json", "form"):
            properties = schema.get("properties", {})
            bad += ["body member '%s' is not in OpenAPI" % n for n in body if n not in properties]
            bad += ["body member '%s' is required by OpenAPI" % n for n in schema.get("required", []) if n not in body]
        return bad, set(content)

    # --- the verdict -------------------------------------------------------------------------------

    def check(self, request):
        """(findings, (feature, purpose) or None)"""
        target = urllib.parse.urlsplit(request.target)
        query = dict(urllib.parse.parse_qsl(target.query, keep_blank_values=True))
        try:
            kind, body = self._body(request)
        except ValueError as error:
            return ["%s %s: unreadable body: %s" % (request.method, target.path, error)], None
        findings, message = self._against_manifest(request, target.path, query, kind, body)
        more, types = self._against_openapi(request, target.path, query, kind, body)
        findings = findings + more
        if request.sni not in self.hosts:
            findings.append("server name '%s' is no host of ours" % request.sni)
        context = {"sni": request.sni, "length": len(request.body), "types": types}
        names = [n.lower() for n, _ in request.headers]
        findings += ["header '%s' stands there twice" % n for n in sorted(set(names)) if names.count(n) > 1]
        for name, value in request.headers:
            rule = PROTOCOL.get(name.lower())
            if rule and not rule(value, context):
                findings.append("header '%s' carries '%s'" % (name, value))
        return ["%s %s: %s" % (request.method, target.path, f) for f in findings], message

    def check_dns(self, questions):
        findings = []
        for server, name, kind, extra in questions:
            if name not in self.hosts:
                findings.append("DNS question for '%s' to %s" % (name, server))
            if kind not in (1, 28):
                findings.append("DNS question of type %d for '%s'" % (kind, name))
            # Nothing, or an OPT record without options (RFC 6891): 11 bytes.
            if extra not in (b"",) and not (len(extra) == 11 and extra[-2:] == b"\0\0"):
                findings.append("%d bytes ride behind the DNS question for '%s'" % (len(extra), name))
        return findings

    def check_datagrams(self, datagrams):
        return ["datagram to port %d, which no manifest declares: %r" % (port, payload[:80])
                for port, payload in datagrams if (port, payload) not in self.datagrams]
