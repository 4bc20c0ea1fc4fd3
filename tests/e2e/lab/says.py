"""What the box says about itself, held against docs/status.md and docs/doctor.md."""
import json
import os
import re

from .proc import REPO, wait_for


def documented():
    """From docs/status.md: {code: exit status}, and the situations as (registered, registration, reach, codes)."""
    table, situations = {}, []
    with open(os.path.join(REPO, "docs", "status.md")) as text:
        for line in text:
            cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
            if not line.startswith("|") or not re.fullmatch(r"\d", cells[-1]):
                continue
            if cells[1] in ("true", "false"):
                situations.append((cells[1] == "true", cells[2], cells[3], re.findall(r"`([a-z0-9_]+)`", cells[4])))
            elif cells[0].startswith("`"):
                table[cells[0].strip("`")] = int(cells[-1])
    return table, situations


def expect(world, code, seconds=40):
    """Until `status` shows the code, and its JSON, its text and its exit status agree with the table. (Between two
    looks the box may have heard something else: then it is looked again.)"""
    table, situations = documented()
    assert code in table, "docs/status.md does not list '%s': %s" % (code, sorted(table))
    apart = None

    def shown():
        nonlocal apart
        if code not in world.agent.codes():
            return None
        words = world.agent.cli("status", check=False)
        answer = json.loads(world.agent.cli("--json", "status", check=False).stdout)
        codes = {c["code"] for c in conditions(answer)}
        agree = (code in codes and "[%s]" % code in words.stdout
                 and words.returncode == max(table[c] for c in codes if c in table))
        apart = None if agree else "exit %d:\n%s\nand as JSON %s" % (words.returncode, words.stdout, codes)
        return answer if agree else None
    try:
        answer = wait_for(code, seconds, shown, every=0.1)
    except TimeoutError:
        raise AssertionError("no '%s' within %d s; status: %s" % (
            code, seconds, apart or json.dumps(world.agent.status(), indent=1))) from None
    found = [c for c in conditions(answer) if c["code"] == code]
    assert found[0]["severity"] in ("info", "warning", "error") and found[0]["text"], found
    assert found[0]["severity"] == "info" or "fix" in found[0]
    told = (answer["registered"], answer["registration"], answer["reach"])
    rows = [row[:3] for row in situations if code in row[3]]
    assert any(told[:2] == row[:2] and row[2] in (told[2], "as before") for row in rows), "%s, but the table has %s" % (
        told, rows)
    return answer


def conditions(status):
    return status["health"] + [c for f in status["features"] for c in f["health"]]


def complains(world, *words, seconds=40, words_not=()):
    """Until `status` shows a warning or error that has one of the words in its text, as JSON and in words; returns
    the condition. (Between two looks the box may have heard something else: then it is looked again.)"""
    shown = None

    def found():
        nonlocal shown
        for condition in conditions(world.agent.status()):
            if condition["severity"] != "info" and any(w in condition["text"] for w in words):
                shown = condition["text"], world.agent.cli("status", check=False).stdout
                return condition if condition["text"] in " ".join(shown[1].split()) else None
    try:
        condition = wait_for("a complaint", seconds, found, every=0.1)
    except TimeoutError:
        raise AssertionError("status says nothing of %s within %d s: %s; in words: %s" % (
            words, seconds, json.dumps(conditions(world.agent.status()), indent=1), shown)) from None
    table, _ = documented()
    assert condition["code"] in table, "docs/status.md does not list '%s'" % condition["code"]
    for lie in words_not:
        assert lie not in condition["text"], condition
    return condition


def well(world, seconds=60):
    """Nothing worse than information, and exit 0."""
    def calm():
        return all(c["severity"] == "info" for c in conditions(world.agent.status()))
    try:
        wait_for("a healthy status", seconds, calm, every=0.1)
    except TimeoutError:
        raise AssertionError("not well again: %s" % world.agent.codes()) from None
    done = world.agent.cli("status", check=False)
    assert done.returncode == 0, done.stdout
    return world.agent.status()


def doctor(world, *codes):
    """`qcloud doctor` names the situation by one of the codes; every finding has cause, evidence and a fix, and is
    in docs/doctor.md. Returns all that it has to say, by code, but what is well."""
    with open(os.path.join(REPO, "docs", "doctor.md")) as text:
        listed = set(re.findall(r"`([a-z0-9_]+)`", text.read()))
    done = world.agent.cli("--json", "doctor", check=False)
    assert done.returncode in (0, 1), "doctor: exit %d\n%s" % (done.returncode, done.stderr)
    checks = json.loads(done.stdout)["checks"]
    found = {c["code"]: c for c in checks if c["severity"] in ("info", "warning", "error")}
    for check in found.values():
        assert check["text"] and isinstance(check["evidence"], dict), check
        assert check["severity"] == "info" or (check["cause"] and check["fix"]), check
        assert check["code"] in listed, "docs/doctor.md does not list " + check["code"]
    assert done.returncode == int(any(c["severity"] == "error" for c in checks)), (done.returncode, found)
    assert not codes or set(codes) & set(found), "the doctor does not find %s: %s" % (
        codes, json.dumps(checks, indent=1))
    return found
