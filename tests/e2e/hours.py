#!/usr/bin/env python3
"""The summaries of hours, against a computation of its own from the captured bodies, however they come to be.

    hours.py POSREC

Imports the week of report_numbers.py, of each product, and compares every row of leg_hour and poll_hour. Then makes them in every
other way: in many short runs, by rebuild, and by the migration of a database that has none yet, which is killed on
its way; and verifies from captures in the middle of hours. The same of balance_hour and balance_change, on answers of account
made at random: against all balances, and what reports say with it against what they say by the rows alone. Then six such weeks: daily views and sampled reports over
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
from sample import how_many, seeded

PIECES = how_many(25, 10)
KILLS = how_many(15, 4)
VERIFIED = how_many(10, 3)
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
                               "DROP TABLE income_day; DROP TABLE trip_part_kept; DROP INDEX income_of_leg; DROP TABLE balance_hour;"
                               "DROP TABLE balance_change;"
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
            assert (version, tables) == (5, 0) or (6 <= version <= 18 and tables == 2), (version, tables)
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
        check_balances(rng)

    for path in ("pieces.db", "old.db"):
        assert not pathlib.Path(path).exists() or posrec(path, "verify") == head
    for capture in rng.sample(range(2, len(lines)), VERIFIED):
        assert posrec("whole.db", "verify", "--from", str(capture)) == head
    print(f"verify from {VERIFIED} captures in the middle of hours: sound")
    check_long_range()


def money(rng):
    """Lines of polls and answers of account, each with hours without any, in which wallets, their times and what does not add up
    change at random, fields cannot be read and ratios are none or beyond all columns."""
    lines, assets, silent = [], {asset: [5, 0, 0] for asset in ("BTC", "ETH", "USDT")}, {"positionRisk": 0, "account": 0}
    for number in range(3 * 144):
        at = week.START_MS + number * 600000
        for endpoint in silent:
            silent[endpoint] = max(silent[endpoint] - 1, rng.choice((0, 0, 20)) if rng.random() < 0.02 else 0)
        told = []
        for asset, state in assets.items():
            if rng.random() < 0.08:
                state[0] += rng.choice((0, 0.5, -0.25))
                state[1] = rng.choice((state[1], at - 1000, at - 7000))
            if rng.random() < 0.5:
                state[2] = rng.randrange(-400, 400) / 100
            margin = rng.choice((0, 1e-8, state[0] + state[2] + 0.5)) if rng.random() < 0.05 else state[0] + state[2]
            maintenance = rng.choice((0, 1, 3000))
            if number % 40 == 9:
                margin, maintenance = 1e-8, 3000
            told.append({"asset": asset, "walletBalance": "x" if rng.random() < 0.02 else f"{state[0]:.8f}",
                         "unrealizedProfit": f"{state[2]:.8f}", "marginBalance": f"{margin:.8f}",
                         "maintMargin": f"{maintenance}.{rng.randrange(10):08}", "updateTime": state[1]})
        line = {"account": "main", "product": week.PRODUCT.name, "http_status": 200}
        if not silent["positionRisk"] and number % 2 == 0:
            lines.append({**line, "endpoint": "positionRisk", "received_ms": at, "body": "[]"})
        if not silent["account"]:
            lines.append({**line, "endpoint": "account", "received_ms": at + 100,
                          "body": json.dumps({"assets": told[:3 if number > 99 else 2], "positions": []})})
        if number % 12 == 0:
            lines.append({**line, "endpoint": "income", "received_ms": at + 200, "body": "[]", "interval_ms": 2 * HOUR_MS,
                          "request": f"/dapi/v1/income?startTime={max(week.START_MS, at - 3 * HOUR_MS)}&page=1&limit=1000"})
    return [json.dumps(each) + "\n" for each in lines]


def expected_balances(database):
    """{(account, asset, hour): the ratio} and {(account, asset, time): the other columns}, of all balances."""
    hours, changes, last, over = {}, {}, {}, dict(database.execute(
        "SELECT account_id, max(received_ms) / 3600000 * 3600000 FROM capture WHERE endpoint = 'positionRisk' GROUP BY 1"))
    for *key, time_ms, wallet, update, unrealized, margin, maintenance in database.execute(
            "SELECT account_id, asset, time_ms, wallet_balance_e8, update_ms, unrealized_pnl_e8, margin_balance_e8,"
            " maintenance_margin_e8 FROM balance ORDER BY account_id, asset, time_ms").fetchall():
        before, last[tuple(key)] = last.get(tuple(key), (None, None)), (wallet, update)
        if time_ms >= over[key[0]]:
            continue
        ratios = hours.setdefault((*key, hour(time_ms)), [])
        if margin:
            ratios.append(maintenance / margin)
        adds_up = None in (wallet, unrealized, margin) or abs(margin - wallet - unrealized) <= 1
        is_state = before[0] is None or update != before[1] or wallet is not None and wallet != before[0]
        if before != (wallet, update) and is_state or not adds_up:
            changes[*key, time_ms] = (update, wallet, is_state, adds_up)
    return {key: (int(abs(max(ratios)) * 1e8 + 0.5) * (-1 if max(ratios) < 0 else 1)
                  if abs(max(ratios, default=9e10)) < 9e10 else None,) for key, ratios in hours.items()}, changes


def check_balances(rng):
    lines = money(rng)
    cuts = [0, *sorted(rng.sample(range(1, len(lines)), PIECES - 1)), len(lines)]
    for start, end in zip(cuts, cuts[1:]):
        pathlib.Path("piece.ndjson").write_text("".join(lines[start:end]))
        posrec("money.db", "import", "piece.ndjson")
    head = posrec("money.db", "verify")
    for capture in rng.sample(range(2, len(lines)), VERIFIED):
        assert posrec("money.db", "verify", "--from", str(capture)) == head
    for way in ("imported", "rebuilt", "migrated"):
        if way == "rebuilt":
            posrec("money.db", "rebuild")
        with contextlib.closing(sqlite3.connect("money.db")) as database:
            if way == "migrated":
                views = database.execute("SELECT name FROM sqlite_schema WHERE type = 'view'").fetchall()
                database.executescript("".join(f"DROP VIEW {view};" for view, in views) + "DROP TABLE balance_hour; DROP TABLE balance_change;"
                                       "DELETE FROM schema_migration WHERE version = 18; PRAGMA user_version = 17")
                posrec("money.db", "migrate")
            expected = expected_balances(database)
            for table, rows in zip(("balance_hour", "balance_change"), expected):
                stored = {tuple(row[:3]): row[3:] for row in database.execute(f"SELECT * FROM {table}")}
                for key in rows.keys() | stored.keys():
                    assert stored.get(key) == rows.get(key), (way, table, key, stored.get(key), rows.get(key))
        ratios, changes = (list(rows.values()) for rows in expected)
        assert None in sum(ratios, ()) and len(set(ratios)) > 9, ratios
        assert {row[2:] for row in changes} == {(True, True), (True, False), (False, False)}, changes
        print(f"{way}: {len(ratios)} hours of balances, {len(changes)} changes")
    # Hours count where polls are summed up.
    shutil.copy("money.db", "rows.db")
    with contextlib.closing(sqlite3.connect("rows.db")) as database:
        database.executescript("DELETE FROM poll_hour; DELETE FROM balance_hour; DELETE FROM balance_change")
    for number in range(VERIFIED * 3):
        start = week.START_MS + rng.choice((rng.randrange(60), rng.randrange(60) + 1 / 6, rng.random() * 60)) * HOUR_MS
        end = start + rng.choice((rng.randrange(1, 30), rng.random() * 3, rng.random() * 50)) * HOUR_MS
        span = ["--from", week.iso(int(start)), "--to", week.iso(int(end))] if number > 0 else []
        for report in (["equity", "--every", rng.choice(("20m", "1h", "7h", "1d"))], ["equity"], ["reconcile"]):
            said = [posrec(path, "report", *report, *span, "--format", "csv") for path in ("money.db", "rows.db")]
            assert said[0] == said[1], (report, span, *said)
            assert number > 0 or len(said[0].splitlines()) > 1, said[0]
        for finding in ("wallet_unexplained", "margin_balance_unexplained"):
            assert number > 0 or said[0].count(finding) > 10, said[0]
    # They go by what hours say: without changes all that is found is of an asset's first row, and of the hour that runs.
    with contextlib.closing(sqlite3.connect("money.db")) as database, database:
        database.execute("UPDATE balance_hour SET margin_ratio_max_e8 = 4000000000000000000")
        database.execute("DELETE FROM balance_change")
        running_ms, = database.execute("SELECT max(from_ms) FROM poll_running").fetchone()
        firsts = {week.iso(time_ms) for time_ms, in database.execute("SELECT min(time_ms) FROM balance GROUP BY account_id, asset")}
    assert "40000000000.0" in posrec("money.db", "report", "equity", "--every", "6h", "--format", "csv")
    found = {row["time"] for row in json.loads(posrec("money.db", "report", "reconcile", "--format", "json"))
             if row["finding"] in ("wallet_unexplained", "margin_balance_unexplained")}
    assert all(time in firsts or time >= week.iso(running_ms) for time in found), (found, firsts, running_ms)
    print("equity and reconcile say the same by the rows alone")


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
