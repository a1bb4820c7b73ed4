#!/usr/bin/env python3
"""How fast the extension answers, on a database of days of everything: a table for docs/benchmarks.md.

    ask_extension.py DATABASE EXTENSION

Of Debian's own Python, which can load extensions.
"""
import random
import sqlite3
import statistics
import sys
import time

MOMENTS = 500
RUNS = 3
DAY_MS = 86400000


def seconds_of(connection, sql, *arguments):
    started = time.process_time()
    rows = connection.execute(sql, arguments).fetchall()
    return time.process_time() - started, rows


def main():
    connection = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)
    connection.enable_load_extension(True)
    connection.load_extension(sys.argv[2])
    first, last = connection.execute("SELECT min(from_ms), max(to_ms) FROM leg_range").fetchone()
    begin = max(first, last - 31 * DAY_MS) // DAY_MS * DAY_MS + DAY_MS
    rng = random.Random(1)
    print("| the extension, moments drawn from all of it | rows | ms, median | ms, 99 % |\n|---|---|---|---|")
    for name, question in (("position_at(T)", "position_at(?)"), ("position_at(T), flat legs too", "position_at(?, NULL, 1)"),
                           ("equity_at(T)", "equity_at(?)")):
        answers = [seconds_of(connection, f"SELECT * FROM {question}", rng.randrange(first, last)) for _ in range(MOMENTS)]
        times = sorted(seconds * 1000 for seconds, _ in answers)
        rows = statistics.median(len(rows) for _, rows in answers)
        print(f"| {name} | {rows:.0f} | {statistics.median(times):.2f} | {times[MOMENTS * 99 // 100]:.2f} |")
    print("\n| replay: sum(unrealized_pnl_usd), min(recorded) | legs | steps a second | rows a second |\n|---|---|---|---|")
    for account in ("main", "hedge"):
        for every, width in (("10s", DAY_MS), ("1m", 5 * DAY_MS), ("1h", 28 * DAY_MS)):
            best, (steps, rows) = 1e9, (0, 0)
            for _ in range(RUNS):
                seconds, ((steps, rows, *_),) = seconds_of(
                    connection, "SELECT count(DISTINCT step_ms), count(*), sum(unrealized_pnl_usd), min(recorded)"
                    " FROM replay(?, ?, ?, ?)", begin, begin + width, every, account)
                best = min(best, seconds)
            print(f"| {account}, every {every}, {width // DAY_MS} days | {rows // steps} | {steps / best:,.0f} | {rows / best:,.0f} |")


main()
