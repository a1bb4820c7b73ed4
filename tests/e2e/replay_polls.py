#!/usr/bin/env python3
"""Replays a database in Python and compares the legs with the bodies that made it.

    replay_polls.py POSREC
"""
import json
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "python"))
import posrec as library  # noqa: E402
from sample import how_many  # noqa: E402

POLLS = how_many(100000, 20000)
COMPARE_EVERY = 97


def make(posrec, polls, database):
    """Imports generated captures, one in some thousand left out; returns {time: body} of some, and all times."""
    generator = subprocess.Popen([sys.executable, HERE.parent / "bench/make_captures.py", str(polls)],
                                 stdout=subprocess.PIPE)
    importer = subprocess.Popen([posrec, "-q", "-d", database, "import", "-"], stdin=subprocess.PIPE)
    bodies, times = {}, []
    for number, line in enumerate(generator.stdout):
        if number % 3001 == 3000:
            continue
        importer.stdin.write(line)
        received = line.index(b'"received_ms":') + 14
        times.append(int(line[received:line.index(b",", received)]))
        if number % COMPARE_EVERY == 0:
            bodies[times[-1]] = json.loads(json.loads(line)["body"])
    importer.stdin.close()
    assert generator.wait() == 0 and importer.wait() == 0
    return bodies, times


def replay(path, from_ms=None, to_ms=None):
    with library.open(path) as database:
        for step in database.replay(from_ms, to_ms):
            yield step.time_ms, step.legs


def state(row):
    return (float(row["positionAmt"]), float(row["entryPrice"]), float(row["unRealizedProfit"]),
            int(row["leverage"]), float(row["liquidationPrice"]))


def check(time_ms, legs, body):
    for row in body:
        leg = legs["main", row["symbol"], row["positionSide"]]
        seen = (leg.position_amount, leg.entry_price, leg.unrealized_pnl, leg.leverage, leg.liquidation_price)
        assert seen == state(row), (time_ms, seen, row)
        assert leg.position_amount == 0 or (leg.mark_price == float(row["markPrice"]) and leg.time_ms == time_ms)
    assert len(legs) == len(body)


def main():
    posrec = sys.argv[1]
    with tempfile.TemporaryDirectory(prefix="posrec-replay-") as folder:
        database = f"{folder}/replay.db"
        bodies, times = make(posrec, POLLS, database)
        started = time.perf_counter()
        count = sum(1 for _ in replay(database))
        seconds = time.perf_counter() - started
        assert count == len(times), (count, len(times))
        replayed = []
        for time_ms, legs in replay(database):
            replayed.append(time_ms)
            if time_ms in bodies:
                check(time_ms, legs, bodies.pop(time_ms))
        assert replayed == times and not bodies
        middle = times[len(times) // 2]
        from_ms, to_ms = middle + 1, times[len(times) // 2 + 11]
        assert [t for t, _ in replay(database, from_ms, to_ms)] == [from_ms] + times[len(times) // 2 + 1:][:10]
        whole = next(dict(legs) for t, legs in replay(database, middle, middle + 1))
        assert next(dict(legs) for t, legs in replay(database, from_ms, to_ms)) == whole
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
        print(f"{count} polls replayed in order, {count / seconds:.0f} a second, {memory} MiB at most; "
              f"every {COMPARE_EVERY}th compared with its body")


main()
