#!/usr/bin/env python3
"""Recomputes the chain of a database as docs/schema.md specifies it, with Python's standard library and
the zstd command, and prints the head. Ends with 1 at the first link that does not match."""
import hashlib
import sqlite3
import subprocess
import sys
import tempfile

POLLS = """SELECT p.capture_id, a.name, a.product, p.endpoint, p.due_ms, p.sent_ms, p.received_ms,
                  p.clock_offset_ms, p.interval_ms, p.attempt, p.outcome, p.http_status, p.api_code, p.detail,
                  p.used_weight, p.request, p.row_count, p.payload_id, p.chain
             FROM capture AS p JOIN account AS a USING (account_id) ORDER BY p.capture_id"""


def netstring(value):
    if value is None:
        return b"-,"
    data = str(value).encode()
    return str(len(data)).encode() + b":" + data + b","


def decompress(frame, base):
    command = ["zstd", "-q", "-d", "-c"]
    if base is None:
        return subprocess.run(command, input=frame, capture_output=True, check=True).stdout
    with tempfile.NamedTemporaryFile() as dictionary:
        dictionary.write(base)
        dictionary.flush()
        return subprocess.run(command + ["-D", dictionary.name], input=frame, capture_output=True,
                              check=True).stdout


def body_of(database, payload_id):
    base_id, size, frame = database.execute(
        "SELECT base_id, size, zstd FROM payload WHERE payload_id = ?", (payload_id,)).fetchone()
    body = decompress(frame, None if base_id is None else body_of(database, base_id))
    assert len(body) == size
    return body


def main():
    database = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)
    head = bytes(32)
    for *columns, payload_id, chain in database.execute(POLLS):
        canonical = b"".join(netstring(value) for value in ["posrec-poll-1", *columns])
        body = bytes(32) if payload_id is None else hashlib.sha256(body_of(database, payload_id)).digest()
        head = hashlib.sha256(head + canonical + body).digest()
        if head != chain:
            print(f"poll {columns[0]}: the link does not match")
            return 1
    print(head.hex())
    return 0


if __name__ == "__main__":
    sys.exit(main())
