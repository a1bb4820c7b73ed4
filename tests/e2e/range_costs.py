#!/usr/bin/env python3
"""A question about a range costs the range, whatever the file holds before and after it.

    range_costs.py POSREC SOURCE

Days of everything are recorded into one file, and the first and the last of them into files of their own. Every view
that has times, every report and chart, and the cookbook's queries that name a range are asked about the same hours in
both, and the steps of SQLite's machine are counted: no clock, and no reading of plans, in which a search by the first
column of a key looks like any other.
"""
import pathlib
import re
import sqlite3
import subprocess
import sys
import tempfile

from report_texts import PARAMETERS, compositions, keep, sql_text

POSREC, SOURCE = sys.argv[1:3]
SOURCE = pathlib.Path(SOURCE)
HOUR, DAY = 3600000, 86400000
DAYS = 3
END = 1767225600000  # of the days that are made
STEPS_A_CALL = 100
MORE = 1.35  # the days around make indexes deeper, and legs are there that traded on another day only
SLACK = 500
AFTER = "with days after it"

TIMES = ("time_ms", "received_ms", "first_seen_ms", "transaction_ms", "day_ms", "from_ms", "hour_ms", "opened_ms")
# Views that are no series, or whose series is so small that it is always read: what is asked for, contracts,
# connections of the stream, gaps, the whole days of legs and accounts.
WHOLE_VIEWS = {"account_range", "asset_range", "leg_range", "leg_term", "money_range", "poll_running",
               "stream_session", "gap", "day_part", "pnl_daily", "margin_daily", "pnl_total_daily", "coverage_daily"}
# A state of a leg is judged by the one before it, which may be of any time: these go through all of the legs' changes.
LEDGER = {"timeline_told", "timeline_row", "position_timeline", "timeline_change", "position_change", "position_history",
          "position_rebuilt", "account_update_history", "happened", "chart_exposure", "trip_part", "trip_part_since",
          "trip_sum", "round_trip", "trips", "trips_by", "trips_summary", "trips_outside", "page_trips"}
# Whether its income is known is asked of all times that are.
JUDGED = {"pnl", "pnl_by", "reconcile", "page_pnl"}
# Of what the page keeps in tables of its own.
PAGE = {"page_answer", "page_assets", "page_calendar", "page_curve", "page_findings", "page_parts", "page_performances"}
# All gaps are looked at, and all spans of time that are known.
GAPS = {"coverage", "chart_gaps", "gaps", "silence", "nothing", "positions", "silence_at", "known"}
# Captures lie by account, endpoint and time: who names no endpoint goes through all of the account's.
CAPTURES = {"capture_read", "capture_log", "capture_pair"}
GROWS = {**dict.fromkeys(LEDGER, "a leg's changes"), **dict.fromkeys(JUDGED, "requests"), **dict.fromkeys(GAPS, "gaps"),
         **dict.fromkeys(CAPTURES, "captures"), "symbols_of_income": "income"}
NOW = ("status", "growth", "cookbook")  # about the time up to now, which only the last day has

EVERY = {"pnl", "pnl_by", "margin", "equity", "equity_by", "exposure", "income", "income_by", "performance", "performance_by"}


def report_questions(from_ms, to_ms):
    """(name, SQL, parameters) of every report and chart: those that others are put together of are none."""
    parts = compositions()
    texts = {path.stem: sql_text(path) for path in sorted((SOURCE / "sql/reports").glob("*.sql"))}
    names = [name for name in texts if not name.startswith("with_") and name not in PAGE and (name in parts or not texts[name].startswith(","))]
    for name in names:
        values = dict.fromkeys(PARAMETERS)
        values.update(from_ms=from_ms, to_ms=to_ms, all=0, now_ms=to_ms, running=0, ahead_ms=HOUR, by="total",
                      every_ms=HOUR if name in EVERY else None, every_months=0, first_rows=5 if name == "changes_counted" else None)
        if name.startswith("chart_") and ":account" in texts[name] or name == "changes_of_poll":
            values.update(account="main", symbol="BTC" if "equity" in name else "BTCUSD_PERP", side="BOTH")
        yield name, "".join(texts[part] for part in parts.get(name, [name])), values


def view_questions(database, from_ms, to_ms):
    for name, in database.execute("SELECT name FROM sqlite_schema WHERE type = 'view' ORDER BY name").fetchall():
        columns = [row[1] for row in database.execute(f"PRAGMA table_info({name})")]
        time = next((column for column in TIMES if column in columns), None)
        if time and name not in WHOLE_VIEWS:
            account = "account = 'main' AND " if "account" in columns else ""
            yield f"view {name}", f"SELECT * FROM {name} WHERE {account}{time} BETWEEN {from_ms} AND {to_ms}", {}


def cookbook_questions(to_ms):
    """With the range's end for `now`."""
    text = "".join((SOURCE / page).read_text() for page in ("README.md", "docs/cookbook.md"))
    for number, query in enumerate(re.findall(r"^```sql\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)):
        query = "".join(line for line in query.splitlines(True) if not line.startswith("."))
        if "unixepoch('now'" in query:
            yield (f"cookbook {number}: {query.split(chr(10))[0][:40]}",
                   query.replace("unixepoch('now'", f"unixepoch({to_ms // 1000}, 'unixepoch'"), {})


def steps(database, sql, parameters):
    calls = 0

    def count():
        nonlocal calls
        calls += 1
        return 0
    database.set_progress_handler(count, STEPS_A_CALL)
    rows = len(database.execute(sql, parameters).fetchall())
    database.set_progress_handler(None, 0)
    return calls * STEPS_A_CALL, rows


def costs(path, from_ms, to_ms):
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    # posrec's own, of steps that are no months.
    database.create_function("step_begin", 3, lambda time_ms, ms, months: time_ms // ms * ms if ms else None)
    database.create_function("step_end", 3, lambda time_ms, ms, months: (time_ms // ms + 1) * ms if ms else None)
    for name in ("page_moved", "changes_counted", "happened"):
        keep(database, name, {**dict.fromkeys(PARAMETERS), "from_ms": from_ms, "to_ms": to_ms, "all": 0, "now_ms": to_ms})
    questions = [*report_questions(from_ms, to_ms), *view_questions(database, from_ms, to_ms), *cookbook_questions(to_ms)]
    return {name: steps(database, sql, parameters) for name, sql, parameters in questions}


def record(path, lines):
    subprocess.run([POSREC, "-q", "-d", path, "import", "-"], input="".join(lines), text=True, check=True)


def check(way, all_days, one_day):
    failed = 0
    for name, (cost, rows) in all_days.items():
        if name.startswith(NOW) and way == AFTER:
            continue
        alone, _ = one_day[name]
        reason = GROWS.get(name.removeprefix("view "))
        limit = DAYS * 1.3 if reason else MORE
        if cost > alone * limit + SLACK:
            failed += 1
            print(f"{way}: {name}: {cost} steps for {rows} rows, {alone} where there is that day alone"
                  + (f" (grows with {reason})" if reason else ""))
    return failed


def main():
    with tempfile.TemporaryDirectory(prefix="posrec-costs-") as folder:
        made = subprocess.run([sys.executable, SOURCE / "tests/bench/make_captures.py", "--days", str(DAYS)],
                              capture_output=True, text=True, check=True).stdout.splitlines(True)
        received = [int(re.search(r'"received_ms":(\d+)', line)[1]) for line in made]
        start = received[0]
        record(f"{folder}/all.db", made)
        failed = 0
        for way, first, last, from_ms in ((AFTER, start, start + DAY, start + 12 * HOUR),
                                          ("with days before it", END - DAY, END, END - 12 * HOUR)):
            record(f"{folder}/one.db", [line for line, at in zip(made, received) if first <= at < last])
            to_ms = from_ms + 6 * HOUR
            asked = costs(f"{folder}/all.db", from_ms, to_ms)
            failed += check(way, asked, costs(f"{folder}/one.db", from_ms, to_ms))
            pathlib.Path(f"{folder}/one.db").unlink()
        print(f"{len(asked)} questions, {failed} that cost more than their range")
        return failed > 0 or len(asked) < 50


if __name__ == "__main__":
    sys.exit(main())
