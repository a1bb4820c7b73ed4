#!/usr/bin/env python3
"""Proves captures among many: what it takes must not grow with them, and what is recorded next goes on with their tree.

    many_captures.py POSREC LONG

The captures, requests that timed out, are links and nothing else: made here by docs/schema.md, with the nodes of their tree. LONG 1 makes
ten million of them.
"""
import hashlib
import json
import os
import pathlib
import random
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time

from check_proof import check
from recompute_chain import netstring

FIRST_MS = 1600000000000
STEP_MS = 10000


def sha256(data):
    return hashlib.sha256(data).digest()


class Maker:
    """Makes captures after those that a file has."""

    def __init__(self, database):
        self.captures = 0
        self.edge = []  # of each level the last complete subtree
        self.nodes = []
        for row in database.execute("SELECT p.capture_id, a.name, a.product, p.endpoint, p.due_ms, p.sent_ms, p.received_ms,"
                                    " p.clock_offset_ms, p.interval_ms, p.attempt, p.outcome, p.http_status, p.api_code, p.detail,"
                                    " p.used_weight, p.request, p.row_count, y.sha256, p.chain FROM capture AS p"
                                    " JOIN account AS a USING (account_id) LEFT JOIN payload AS y USING (payload_id) ORDER BY 1"):
            *fields, body, self.chain = row
            self.add_leaf(b"".join(netstring(value) for value in ["posrec-poll-1", *fields]) + (body or bytes(32)))

    def add_leaf(self, leaf):
        count, level, node = self.captures, 0, sha256(b"\0" + leaf)
        while True:
            if level == len(self.edge):
                self.edge.append(None)
            left, self.edge[level] = self.edge[level], node
            if level and level % 5 == 0:
                self.nodes.append((count + 1, level, node))
            if not count >> level & 1:
                break
            node, level = sha256(b"\1" + left + node), level + 1
        self.captures += 1

    def root(self):
        levels = [level for level in range(len(self.edge)) if self.captures >> level & 1]
        root = self.edge[levels[0]]
        for level in levels[1:]:
            root = sha256(b"\1" + self.edge[level] + root)
        return root.hex()

    def make(self, until):
        """Yields the rows of `capture`."""
        while self.captures < until:
            capture_id = self.captures + 1
            received_ms = FIRST_MS + capture_id * STEP_MS
            canonical = (b"13:posrec-poll-1,%d:%d,4:main,6:coin-m,12:positionRisk,-,-,13:%d,-,-,1:1,7:timeout,-,-,-,-,-,1:0,"
                         % (len(str(capture_id)), capture_id, received_ms)) + bytes(32)
            self.chain = sha256(self.chain + canonical)
            self.add_leaf(canonical)
            yield capture_id, received_ms, self.chain


def fill(path, until):
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA synchronous = OFF")
        maker = Maker(database)
        while maker.captures < until:  # what is kept here counts as memory of what is started later
            database.executemany("INSERT INTO capture (capture_id, account_id, endpoint, received_ms, attempt, outcome, row_count,"
                                 " chain) VALUES (?, 1, 'positionRisk', ?, 1, 'timeout', 0, ?)",
                                 maker.make(min(until, maker.captures + 20000)))
            database.executemany("INSERT INTO tree_node VALUES (?, ?, ?)", maker.nodes)
            maker.nodes.clear()
    return maker


def run(posrec, path, *arguments):
    """What a command wrote, how long it took, and its memory in KiB."""
    before = time.monotonic()
    with subprocess.Popen([posrec, "-q", "-d", path, *arguments], stdout=subprocess.PIPE) as process:
        out = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, arguments
    return out, time.monotonic() - before, usage


def line(received_ms):
    return json.dumps({"received_ms": received_ms, "body": "[]"}) + "\n"


def measure(posrec, folder, count, rng):
    """What proofs among so many captures take at most: seconds of processor, KiB of memory, bytes."""
    path = folder / f"{count}.db"
    subprocess.run([posrec, "-q", "-d", path, "import", "-"], input=line(FIRST_MS), text=True, check=True)
    maker = fill(path, count)
    seconds = memory = size = 0
    for capture in [1, 2, count, count - 1, 1 << count.bit_length() - 1, *rng.sample(range(1, count), 6)]:
        data, took, usage = run(posrec, path, "prove", str(capture))
        proof, fields = check(data)
        assert (int(fields["capture_id"]), proof["root"], proof["count"]) == (capture, maker.root(), count)
        size = max(size, len(data) - len(json.dumps(proof["body"])))
        seconds, memory = max(seconds, usage.ru_utime + usage.ru_stime), max(memory, usage.ru_maxrss)
        print(f"  capture {capture}: {len(data)} bytes, {took * 1000:.0f} ms, {usage.ru_maxrss} KiB")
    with sqlite3.connect(path) as database:
        pages = database.execute("PRAGMA page_count").fetchone()[0] * database.execute("PRAGMA page_size").fetchone()[0]
    tables = subprocess.run(["sqlite3", path, "SELECT sum(pgsize) FROM dbstat WHERE name = 'tree_node'"], capture_output=True,
                            text=True, check=False).stdout.strip()
    share = f"{int(tables) / count:.2f} bytes a capture are the tree's" if tables else "no dbstat here"
    print(f"{count} captures, {pages >> 20} MiB: {share}")
    assert not tables or int(tables) / count < 3
    return seconds, memory, size


def go_on(posrec, path, count):
    """What is recorded now goes on with the tree that was made here."""
    with sqlite3.connect(path) as database:
        maker = Maker(database)
    out, _, _ = run(posrec, path, "verify", "--from", str(count - 40))
    assert out.decode().split() == [maker.chain.hex(), "root", maker.root()], out
    for i in range(1, 41):
        subprocess.run([posrec, "-q", "-d", path, "import", "-"], input=line(FIRST_MS + (count + i) * STEP_MS), text=True, check=True)
    with sqlite3.connect(path) as database:
        later = Maker(database)
        assert database.execute("SELECT * FROM tree_node ORDER BY 1, 2").fetchall() == later.nodes
    new, _, _ = run(posrec, path, "verify", "--from", str(count - 40), "--root", maker.root())
    proof, _ = check(run(posrec, path, "prove", "3")[0])
    assert new.decode().split() == [later.chain.hex(), "root", later.root()]
    assert (proof["root"], proof["count"]) == (later.root(), count + 40)
    print("what is recorded goes on with the tree")


def main():
    posrec, long = sys.argv[1:]
    rng = random.Random(20261129)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with tempfile.TemporaryDirectory(prefix="posrec-many-") as folder:
        few = measure(posrec, pathlib.Path(folder), 2000, rng)
        go_on(posrec, pathlib.Path(folder) / "2000.db", 2000)
        many = measure(posrec, pathlib.Path(folder), 10000000 if long == "1" else 100000, rng)
    print(f"a proof takes {many[0] * 1000:.0f} ms of a processor, {many[1]} KiB (of few: {few[1]}), {many[2]} bytes")
    assert many[0] < 1 and many[2] < 2048
    assert many[1] < few[1] + 16384  # what this program had when it started a command counts too


if __name__ == "__main__":
    main()
