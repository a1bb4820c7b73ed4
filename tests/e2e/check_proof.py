#!/usr/bin/env python3
"""Checks files that `posrec prove` wrote, as docs/proof.md specifies them, with Python's standard library alone.

    check_proof.py FILE...
"""
import base64
import hashlib
import json
import re
import sys

MEMBERS = ["format", "capture", "count", "path", "root", "head", "timestamp", "body", "sha256"]
FIELDS = ["mark", "capture_id", "account", "product", "endpoint", "due_ms", "sent_ms", "received_ms", "clock_offset_ms", "interval_ms",
          "attempt", "outcome", "http_status", "api_code", "detail", "used_weight", "request", "row_count"]


def sha256(data):
    return hashlib.sha256(data).digest()


def escaped(match):
    return {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(match[0]) or f"\\u{ord(match[0]):04x}"


def written(value):
    if value is None:
        return "null"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list):
        return "[\n" + ",\n".join(f"  {written(each)}" for each in value) + "\n ]" if value else "[]"
    return '"' + re.sub('["\\\\\x00-\x1f]', escaped, value) + '"'


def netstrings(text):
    while text:
        if text.startswith(b"-,"):
            yield None
            text = text[2:]
            continue
        size, colon, rest = text.partition(b":")
        assert colon and size == b"%d" % int(size), "no netstring"
        value, text = rest[:int(size)], rest[int(size) + 1:]
        assert rest[:int(size) + 1] == value + b",", "no netstring"
        yield value.decode()


def climb(leaf, index, count, path):
    """RFC 9162, 2.1.3.2"""
    assert 0 <= index < count
    node, last, root = index, count - 1, leaf
    for other in path:
        assert last > 0, "the path is too long"
        if node % 2 or node == last:
            root = sha256(b"\1" + other + root)
            while node % 2 == 0 and node:
                node, last = node >> 1, last >> 1
        else:
            root = sha256(b"\1" + root + other)
        node, last = node >> 1, last >> 1
    assert last == 0, "the path is too short"
    return root


def check(data):
    """What a file says: its members, the capture's fields. Raises where it proves nothing."""
    proof = json.loads(data.decode())
    members = [name if name in proof else "body_base64" for name in MEMBERS]
    again = "{" + ",".join(f'\n "{name}": {written(proof[name])}' for name in members) + "\n}\n"
    assert list(proof) == members and again.encode() == data, "not as it is written"
    assert proof["format"] == "posrec-proof-1"
    assert proof["sha256"] == sha256(data[:data.rindex(b',\n "sha256": ')]).hex(), "damaged"
    text = proof["capture"].encode()
    fields = dict(zip(FIELDS, netstrings(text), strict=True))
    assert fields["mark"] == "posrec-poll-1"
    body = proof.get("body")
    if body is not None:
        body = body.encode()
    elif "body_base64" in proof:
        body = base64.b64decode(proof["body_base64"], validate=True)
        assert base64.b64encode(body).decode() == proof["body_base64"]
    path = [base64.b64decode(each, validate=True) for each in proof["path"]]
    assert all(len(each) == 32 for each in path) and [base64.b64encode(each).decode() for each in path] == proof["path"]
    leaf = sha256(b"\0" + text + (bytes(32) if body is None else sha256(body)))
    root = climb(leaf, int(fields["capture_id"]) - 1, proof["count"], path)
    assert root.hex() == proof["root"], "the path leads to another root"
    return proof, fields


def main():
    for path in sys.argv[1:]:
        try:
            with open(path, "rb") as file:
                proof, fields = check(file.read())
        except (AssertionError, ValueError, KeyError, TypeError, AttributeError, IndexError) as problem:
            print(f"{path}: {problem!r}", file=sys.stderr)
            return 1
        print(f"{path}: capture {fields['capture_id']}: {fields['endpoint']} of {fields['account']}, received_ms {fields['received_ms']};"
              f" root {proof['root']} of {proof['count']} captures")
    return 0


if __name__ == "__main__":
    sys.exit(main())
