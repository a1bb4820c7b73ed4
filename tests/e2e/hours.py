#!/usr/bin/env python3
"""The summaries of hours, against a computation of its own from the captured bodies, however they come to be.

    hours.py POSREC

Imports the week of report_numbers.py, of each product, and compares every row of leg_hour and poll_hour. Then makes them in every
other way: in many short runs, by rebuild, and by the migration of a database that has none yet, which is killed on
its way; and verifies from captures in the middle of hours. Then six such weeks: daily views and sampled reports over
them, and what charts draw of hours against the valuations.
"""
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

import report_numbers as week
from sample import LONG, seeded

PIECES = 25 if LONG else 10
KILLS = 15 if LONG else 4
VERIFIED = 10 if LONG else 3
E8 = 100000000
INDEXED = ("account_update", "position_update", "balance_update", "leverage_update", "margin_call", "trade", "income")
HOUR_MS = week.HOUR_MS
LEG_COLUMNS = ["first_ms", "last_ms", "valuations", "findings"] + [
    f"{quantity}_{which}" for quantity in ("unrealized_pnl", "unrealized_pnl_usd", "isolated_margin", "initial_margin",
                                           "liquidation_distance") for which in ("first", "last", "min", "max")]


def posrec(database, *arguments):
    return subprocess.run([week.POSREC, "-q", "-d", database, *arguments], check=True, capture_output=True,
                          text=True).stdout.strip()


def hour(time_ms):
    return time_ms // HOUR_MS * HOUR_MS


def four(values):
    """First, last, lowest and highest, in integers."""
    values = [None if value is None else int(week.e8(value) * E8) for value in values]
    known = [value for value in values if value is not None]
    return [values[0], values[-1], min(known, default=None), max(known, default=None)]


def expected_legs(good, polled, findings):
    rows = {}
    for account, polls in good.items():
        running_ms = hour(polled[account][-1][0])
        for leg, values in week.valuations(polls).items():
            hours = {}
            for time_ms, row in values:
                hours.setdefault(hour(time_ms), []).append((time_ms, row))
            for hour_ms, of_hour in hours.items():
                if hour_ms == running_ms:
                    continue
                said = [row for _, row in of_hour]
                sums = []
                for quantity in (week.pnl, week.usd, lambda row: week.number_of(row, "isolatedMargin"),
                                 week.initial_margin, week.distance):
                    sums += four([None if row is None else quantity(row) for row in said])
                found = sum((account, *leg, time_ms) in findings for time_ms, _ in of_hour)
                rows[account, *leg, hour_ms] = (of_hour[0][0], of_hour[-1][0], len(of_hour), found, *sums)
    return rows


def expected_polls(polled):
    rows = {}
    for account, polls in polled.items():
        last_ms = None
        for time_ms, is_good in polls:
            if hour(time_ms) == hour(polls[-1][0]):
                break
            ok, failed, gaps = rows.get((account, hour(time_ms)), (0, 0, 0))
            is_gap = is_good and last_ms is not None and time_ms - last_ms > 1.5 * week.STEP_MS
            rows[account, hour(time_ms)] = (ok + is_good, failed + (not is_good), gaps + is_gap)
            last_ms = time_ms if is_good else last_ms
    return rows


def stored(path):
    with contextlib.closing(sqlite3.connect(path)) as database:
        legs = {row[:4]: row[4:] for row in database.execute(
            "SELECT a.name, c.symbol, l.position_side, h.* FROM leg_hour AS h JOIN leg AS l USING (leg_id)"
            " JOIN account AS a USING (account_id) JOIN contract AS c USING (contract_id)")
            for row in [(*row[:3], row[4], *row[5:])]}
        polls = {row[:2]: row[2:] for row in database.execute(
            "SELECT a.name, h.hour_ms, h.ok, h.failed, h.gaps FROM poll_hour AS h JOIN account AS a USING (account_id)")}
    return legs, polls


def same(mine, theirs):
    """A margin of a linear contract lies between two numbers of eight places now and then."""
    if not week.PRODUCT.is_linear or None in (mine, theirs) or len(mine) != len(LEG_COLUMNS):
        return mine == theirs
    return all(a == b or ("initial_margin" in name and None not in (a, b) and abs(a - b) <= 1)
               for name, a, b in zip(LEG_COLUMNS, mine, theirs))


def compare(what, got, expected):
    for kind, mine, theirs in zip(("leg_hour", "poll_hour"), expected, got):
        for key in mine.keys() | theirs.keys():
            if not same(mine.get(key), theirs.get(key)):
                sys.exit(f"{what}: {kind} {key}\n posrec: {theirs.get(key)}\n bodies: {mine.get(key)}")
    print(f"{what}: {len(got[0])} hours of legs and {len(got[1])} of accounts, each as the bodies say")


def without_hours(path, copy):
    """A copy as the schema before had it."""
    for rest in (f"{copy}-wal", f"{copy}-shm"):
        pathlib.Path(rest).unlink(missing_ok=True)
    shutil.copy(path, copy)
    with contextlib.closing(sqlite3.connect(copy)) as database:
        views = database.execute("SELECT name FROM sqlite_schema WHERE type = 'view'").fetchall()
        database.executescript("".join(f"DROP VIEW {view};" for view, in views)
                               + "DROP TABLE leg_hour; DROP TABLE poll_hour; DROP TABLE contract_term; DROP TABLE known_span;"
                               "DROP TABLE mark; DROP TABLE funding_rate; DROP TABLE tree_node;"
                               "DROP TABLE account_total; DROP TABLE symbol_config; DROP TABLE asset_index; DROP TABLE account_config;"
                               "DROP TABLE income_day; DROP TABLE trip_part_kept; DROP INDEX income_of_leg;"
                               "DROP TABLE reading; DROP TABLE read_by; PRAGMA writable_schema = ON;"
                               + "".join(f"UPDATE sqlite_schema SET sql = replace(sql, 'REFERENCES {table}({table}_id)',"
                                         f" 'REFERENCES {table}');"
                                         for table in ("account", "contract", "leg", "payload", "capture"))
                               + "PRAGMA writable_schema = RESET;"
                               "ALTER TABLE contract DROP COLUMN capture_id;"
                               "ALTER TABLE contract DROP COLUMN since_ms;"
                               + "".join(f"DROP INDEX {table}_by_capture;" for table in INDEXED)
                               + " DELETE FROM schema_migration"
                               " WHERE version >= 6; PRAGMA user_version = 5")


def migrate_killed(original, path, took_s, rng):
    """Migrates copies, each killed on its way, and the last one to the end. Returns how many were killed."""
    killed = 0
    for _ in range(KILLS):
        without_hours(original, path)
        process = subprocess.Popen([week.POSREC, "-q", "-d", path, "migrate"])
        time.sleep(rng.random() * took_s)
        process.send_signal(signal.SIGKILL)
        killed += process.wait() != 0
        with contextlib.closing(sqlite3.connect(path)) as database:
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            version, = database.execute("PRAGMA user_version").fetchone()
            tables, = database.execute("SELECT count(*) FROM sqlite_schema WHERE name IN ('leg_hour', 'poll_hour')").fetchone()
            assert (version, tables) == (5, 0) or (6 <= version <= 17 and tables == 2), (version, tables)
    posrec(path, "migrate")
    return killed


def check_chart(report, column):
    """Every point is a valuation of its hour, no day's extremes are lost, and nothing is drawn across a gap."""
    page = subprocess.run([week.POSREC, "-q", "-d", "week.db", "report", report, "--account", "second", "--format", "html"],
                          check=True, capture_output=True, text=True).stdout
    chart = json.loads(re.search(r'<script type="application/json">(.*?)</script>', page, re.S).group(1))
    with contextlib.closing(sqlite3.connect("week.db")) as database:
        gaps = database.execute("SELECT from_ms, to_ms FROM gap WHERE account = 'second'").fetchall()
        drawn = 0
        for series in chart["series"]:
            said = database.execute(f"SELECT time_ms, {column} FROM valuation_history WHERE account = 'second' AND symbol = ?"
                                    f" AND position_amount_e8 <> 0 AND {column} IS NOT NULL ORDER BY time_ms",
                                    (series["label"],)).fetchall()
            by_hour, by_day = {}, {}
            for time_ms, value in said:
                by_hour.setdefault(hour(time_ms), []).append(value)
                by_day.setdefault(time_ms // week.DAY_MS, []).append(value)
            points = [point and (chart["from"] + point[0], point[1]) for point in series["points"]]
            for before, point in zip([None, *points], points):
                if point is None:
                    continue
                drawn += 1
                near = min(abs(value - point[1]) for value in by_hour[hour(point[0])])
                assert near <= 1e-8 * max(1, abs(point[1])), (series["label"], point)
                assert not any(start < point[0] < end for start, end in gaps), (series["label"], point)
                assert before is None or not any(before[0] <= start and end <= point[0] for start, end in gaps
                                                 if end - start > 2 * HOUR_MS), (series["label"], before, point)
            for day, values in by_day.items():
                near = [point[1] for point in points if point and abs(point[0] - (day + 0.5) * week.DAY_MS) < 14 * HOUR_MS]
                digits = 1e-8 * max(1, *map(abs, values)) # points have nine
                assert min(near) <= min(values) + digits and max(near) >= max(values) - digits, (series["label"], day)
        print(f"chart of {report}: {drawn} points of {len(chart['series'])} legs, {len(gaps)} gaps")


def check_long_range():
    """Six weeks, of USD-M two: gaps, flat stretches, a delisting and revisions, in hours that are whole and not."""
    usual = week.POLLS, week.GAPS
    week.POLLS = (14 if week.PRODUCT.is_linear else 42) * 288
    week.GAPS = [(500, 524), (1203, 1207), (3000, 3001), (5000, 5600), (7001, 7009), (9000, 9002)]
    lines, good, _ = week.week()
    week.POLLS, week.GAPS = usual
    pathlib.Path("week.db").unlink(missing_ok=True)
    pathlib.Path("week.ndjson").write_text("".join(json.dumps(line) + "\n" for line in lines))
    posrec("week.db", "import", "week.ndjson")
    end = max(polls[-1][1] for polls in good.values())
    week.check_dailies(good)
    week.check_sampled(good, week.START_MS, end, week.DAY_MS, "1d")
    week.check_sampled(good, week.START_MS + 100 * HOUR_MS + 17, end - 33 * HOUR_MS - 5, 7 * HOUR_MS, "7h")
    week.check_sampled(good, week.START_MS + 3 * week.DAY_MS, end, None, None)
    check_chart("pnl", "unrealized_pnl_usd_e8 / 1e8")
    check_chart("margin", "liquidation_distance")


def check_migrated(rng, expected):
    """A database of the time when there were no hours, and COIN-M alone."""
    without_hours("whole.db", "old.db")
    started = time.monotonic()
    posrec("old.db", "migrate")
    took_s = time.monotonic() - started
    compare("migrated", stored("old.db"), expected)
    killed = migrate_killed("whole.db", "old.db", took_s, rng)
    compare(f"migrated, killed {killed} times", stored("old.db"), expected)


def check(rng):
    lines, good, injected = week.week()
    polled = {}
    for line in lines:
        if "endpoint" not in line:
            polled.setdefault(line["account"], []).append((line["received_ms"], line["http_status"] == 200))
    times = {(account, number): time_ms for account, polls in good.items() for number, time_ms, _ in polls}
    findings = {(account, symbol, side, times[account, number]) for _, account, symbol, side, number in injected}
    expected = expected_legs(good, polled, findings), expected_polls(polled)
    text = [json.dumps(line) + "\n" for line in lines]
    pathlib.Path("week.ndjson").write_text("".join(text))
    posrec("whole.db", "import", "week.ndjson")
    head = posrec("whole.db", "verify")
    compare("in one run", stored("whole.db"), expected)

    cuts = sorted(rng.sample(range(1, len(text)), PIECES - 1))
    for start, end in zip([0, *cuts], [*cuts, len(text)]):
        pathlib.Path("piece.ndjson").write_text("".join(text[start:end]))
        posrec("pieces.db", "import", "piece.ndjson")
    compare(f"in {PIECES} runs", stored("pieces.db"), expected)
    posrec("pieces.db", "rebuild")
    compare("rebuilt", stored("pieces.db"), expected)
    if not week.PRODUCT.is_linear:
        check_migrated(rng, expected)

    for path in ("pieces.db", "old.db"):
        assert not pathlib.Path(path).exists() or posrec(path, "verify") == head
    for capture in rng.sample(range(2, len(lines)), VERIFIED):
        assert posrec("whole.db", "verify", "--from", str(capture)) == head
    print(f"verify from {VERIFIED} captures in the middle of hours: sound")
    check_long_range()


def main():
    rng = seeded()
    for product in week.PRODUCTS.values():
        print(f"{product.name}:")
        week.PRODUCT = product
        with tempfile.TemporaryDirectory(prefix="posrec-hours-") as folder:
            os.chdir(folder)
            check(rng)
            os.chdir("/")


if __name__ == "__main__":
    main()
