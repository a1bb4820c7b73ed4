#!/usr/bin/env python3
"""Makes indexes of a database hold something else than their tables do, in ways that integrity_check passes.

    false_indexes.py DATABASE KIND

KIND is `account`: the entries of the two accounts' names lead to the other account; `time`: every time in capture_by_time
is a REAL; `own`: an index of one's own has outcomes in capitals, which compare equal.
"""
import contextlib
import sqlite3
import sys

TEXT_KINDS, PAGE_SIZE = 13, 4096


def record(name, *numbers):
    """https://www.sqlite.org/fileformat2.html, Record Format: a short text, and numbers below 128."""
    header = bytes((2 + len(numbers), TEXT_KINDS + 2 * len(name), *(1 for _ in numbers)))
    return header + name.encode() + bytes(numbers)


def leaf(records):
    page, end, cells = bytearray(PAGE_SIZE), PAGE_SIZE, []
    for one in records:
        end -= len(one) + 1
        page[end:end + len(one) + 1] = bytes((len(one),)) + one
        cells.append(end)
    page[0] = 10  # a leaf of an index
    page[3:5], page[5:7] = len(cells).to_bytes(2, "big"), end.to_bytes(2, "big")
    for number, cell in enumerate(cells):
        page[8 + 2 * number:10 + 2 * number] = cell.to_bytes(2, "big")
    return bytes(page)


def swap_accounts(path):
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = DELETE")
        root, = database.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'sqlite_autoindex_account_1'").fetchone()
        accounts = database.execute("SELECT name, account_id FROM account ORDER BY name").fetchall()
    (first, first_id), (second, second_id) = accounts
    with open(path, "r+b") as file:  # the rowid that is followed is the last field
        file.seek((root - 1) * PAGE_SIZE)
        file.write(leaf((record(first, first_id, second_id), record(second, second_id, first_id))))


def make_otherwise(path, name, made, said):
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute(f"DROP INDEX IF EXISTS {name}")
        database.execute(made)
        database.execute("PRAGMA writable_schema = ON")
        database.execute("UPDATE sqlite_schema SET sql = ? WHERE name = ?", (said, name))


def main():
    path, kind = sys.argv[1:]
    if kind == "account":
        swap_accounts(path)
    elif kind == "own":
        make_otherwise(path, "own", "CREATE INDEX own ON capture (account_id, endpoint, upper(outcome) COLLATE NOCASE, received_ms)",
                       "CREATE INDEX own ON capture (account_id, endpoint, outcome COLLATE NOCASE, received_ms)")
    else:
        with contextlib.closing(sqlite3.connect(path)) as database:
            said, = database.execute("SELECT sql FROM sqlite_schema WHERE name = 'capture_by_time'").fetchone()
        make_otherwise(path, "capture_by_time", said.replace("received_ms,", "CAST(received_ms AS REAL),"), said)
    with contextlib.closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


main()
