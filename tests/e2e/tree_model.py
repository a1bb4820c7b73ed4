#!/usr/bin/env python3
"""Computes the tree over a database's captures as docs/schema.md specifies it, and prints its root after each capture.

    tree_model.py DB
"""
import hashlib
import sqlite3
import sys

from recompute_chain import POLLS, netstring


def sha256(data):
    return hashlib.sha256(data).digest()


def root_of(leaves):
    """RFC 9162, 2.1.1, of the leaves' hashes."""
    if len(leaves) == 1:
        return leaves[0]
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\1" + root_of(leaves[:half]) + root_of(leaves[half:]))


def leaves_of(database):
    bodies = dict(database.execute("SELECT payload_id, sha256 FROM payload"))
    for *columns, payload_id, _ in database.execute(POLLS):
        canonical = b"".join(netstring(value) for value in ["posrec-poll-1", *columns])
        yield sha256(b"\0" + canonical + bodies.get(payload_id, bytes(32)))


def main():
    database = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)
    leaves = list(leaves_of(database))
    rows = 0
    for capture_id, level, stored in database.execute("SELECT capture_id, level, sha256 FROM tree_node"):
        assert stored == root_of(leaves[capture_id - (1 << level):capture_id]), (capture_id, level)
        rows += 1
    assert rows == sum(len(leaves) >> level for level in range(5, 60, 5)), rows
    for count in range(1, len(leaves) + 1):
        print(root_of(leaves[:count]).hex())


if __name__ == "__main__":
    main()
