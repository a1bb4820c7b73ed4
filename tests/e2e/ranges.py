#!/usr/bin/env python3
"""A year whose months, weeks and days add up.

    ranges.py POSREC

Imports a leap year of polls and income that lie on its borders: at each midnight, and a millisecond before and after.
What the reports say of each month, week and day is held against what those rows say, and together against the year;
the machine's own time is New York's.
"""
import datetime
import json
import os
import pathlib
import subprocess
import sys
import tempfile
from decimal import Decimal

POSREC = os.path.abspath(sys.argv[1])
DAY = 86400000
UTC = datetime.timezone.utc


def ms(*date):
    return int(datetime.datetime(*date, tzinfo=UTC).timestamp()) * 1000


START, END = ms(2024, 1, 1), ms(2025, 1, 1)
SILENT = (ms(2024, 4, 30), ms(2024, 5, 2))  # no polls: a month begins in it
CLOSED = ms(2024, 3, 1)  # ETHUSD_PERP is flat from this very moment on
INTERVAL = 6 * 3600000
MONEY = {"REALIZED_PNL": "realized_pnl", "FUNDING_FEE": "funding", "COMMISSION": "commission"}
SYMBOLS = {"BTCUSD_PERP": "BTC", "ETHUSD_PERP": "ETH"}


def day(time):
    return datetime.datetime.fromtimestamp(time / 1000, UTC).strftime("%Y-%m-%d")


def e8(number):
    return format(Decimal(number).scaleb(-8), "f")


def unrealized(symbol, time):
    return 0 if symbol == "ETHUSD_PERP" and time >= CLOSED else 2 * (time // 1000 % 9973 + time % 7 - 5000) + 1


def poll(time):
    rows = [{"symbol": symbol, "positionSide": "BOTH", "positionAmt": "0" if not unrealized(symbol, time) else "10",
             "entryPrice": "40000", "markPrice": str(40000 + time // DAY % 500), "unRealizedProfit": e8(unrealized(symbol, time)),
             "liquidationPrice": "0", "leverage": "5", "marginType": "cross", "isolatedMargin": "0", "isAutoAddMargin": "false",
             "maxQty": "100", "updateTime": START - 1 if symbol == "BTCUSD_PERP" or time < CLOSED else CLOSED}
            for symbol in SYMBOLS]
    return {"received_ms": time, "interval_ms": INTERVAL, "body": json.dumps(rows)}


def income_rows():
    rows = []
    for number, midnight in enumerate(range(START, END + 1, DAY)):
        for time, kind, symbol, amount in (
                (midnight, "FUNDING_FEE", "BTCUSD_PERP", -101 - number), (midnight - 1, "REALIZED_PNL", "BTCUSD_PERP", 7001 + number),
                (midnight + 1, "COMMISSION", "BTCUSD_PERP", -11 - number), (midnight, "TRANSFER", "", 1 + number)):
            if time >= START:
                rows.append({"symbol": symbol, "incomeType": kind, "income": e8(amount), "asset": "BTC", "info": "", "time": time,
                             "tranId": f"{kind}{number}", "tradeId": ""})
    return sorted(rows, key=lambda row: row["time"])


def ask(*words):
    result = subprocess.run([POSREC, "-q", "-d", "year.db", *words], env={**os.environ, "TZ": "America/New_York"},
                            capture_output=True, text=True, check=False)
    assert result.returncode == 0, (words, result.stderr)
    return result.stdout


def report(name, *words):
    return json.loads(ask("report", name, "--format", "json", *words), parse_float=Decimal)


def months():
    return [(["--month", f"2024-{n + 1:02}"], ms(2024, n + 1, 1), ms(2024 + n // 11, (n + 1) % 12 + 1, 1)) for n in range(12)]


def weeks():
    return [(["--from", day(monday), "--to", day(min(monday + 7 * DAY, END) - 1)], monday, min(monday + 7 * DAY, END))
            for monday in range(START, END, 7 * DAY)]


def days():
    return [(["--day", day(midnight)], midnight, midnight + DAY) for midnight in range(START, END, DAY)]


WHOLE = ["--from", "2024-01", "--to", "2024-12"]


def of_income(rows, start, end):
    """{(kind, symbol): (count, sum)} of what lies in [start, end)."""
    sums = {}
    for row in rows:
        if start <= row["time"] < end:
            count, total = sums.get((row["incomeType"], row["symbol"]), (0, 0))
            sums[row["incomeType"], row["symbol"]] = (count + 1, total + Decimal(row["income"]))
    return sums


def said_of_income(rows):
    return {(row["income_type"], row["symbol"]): (row["count"], row["income"]) for row in rows}


def check_income(rows):
    whole = said_of_income(report("income", *WHOLE))
    assert whole == of_income(rows, START, END), whole
    for name, parts in (("1mo", months()), ("1w", weeks()), ("1d", days())):
        steps = {}
        for row in report("income", "--every", name, *WHOLE):
            steps.setdefault(row["time"], []).append(row)
        assert len(steps) == len(parts), (name, len(steps))
        total = {}
        for options, start, end in parts:
            expected = of_income(rows, start, end)
            step = steps[day(start) + "T00:00:00.000Z"]
            assert said_of_income(step) == expected, (name, day(start), step, expected)
            assert {row["until"] for row in step} == {day(end) + "T00:00:00.000Z"}, step
            if name != "1d" or day(start)[8:] in ("01", "30"):
                said = said_of_income(report("income", *options))
                assert said == expected, (options, said, expected)
            for key, (count, income) in expected.items():
                before = total.get(key, (0, 0))
                total[key] = (before[0] + count, before[1] + income)
        assert total == whole, (name, total, whole)
    everything = said_of_income(report("income"))
    assert everything == of_income(rows, START, END + DAY), everything


PARTS = ("change", "realized_pnl", "funding", "commission", "other", "total")


def of_pnl(polls, rows, start, end):
    """{symbol: what the report says} of [start, end); what changed in a silence nobody knows."""
    times = [time for time in polls if time < end]
    first = ([time for time in times if time < start] or times[:1])[-1]
    out = {}
    for symbol in SYMBOLS:
        if not any(unrealized(symbol, time) for time in times if time >= first):
            continue
        money = {column: sum((Decimal(row["income"]) for row in rows if start <= row["time"] < end and row["incomeType"] == kind
                              and row["symbol"] == symbol), Decimal(0)) for kind, column in MONEY.items()}
        known = times[-1] >= start
        change = (Decimal(unrealized(symbol, times[-1])) - unrealized(symbol, first)).scaleb(-8) if known else None
        out[symbol] = {"change": change, **money, "other": Decimal(0), "total": change + sum(money.values()) if known else None}
    return out


def said_of_pnl(rows):
    return {row["symbol"]: {column: row[column] for column in PARTS} for row in rows}


def added(one, two):
    sums = {symbol: {column: (one.get(symbol, {}).get(column) or 0) + (two.get(symbol, {}).get(column) or 0)
                     for column in PARTS[:-1]} for symbol in {*one, *two}}
    return {symbol: {**row, "total": sum(row.values())} for symbol, row in sums.items()}


def check_pnl(polls, rows):
    whole = said_of_pnl(report("pnl", *WHOLE))
    assert whole == of_pnl(polls, rows, START, END), whole
    for name, parts in (("1mo", months()), ("1w", weeks()), ("1d", days())):
        steps = {}
        for row in report("pnl", "--every", name, *WHOLE):
            steps.setdefault(row["time"], []).append(row)
        total = {}
        for options, start, end in parts:
            expected = of_pnl(polls, rows, start, end)
            if name != "1d" or day(start)[8:] in ("01", "30"):
                said = said_of_pnl(report("pnl", *options))
                assert said == expected, (options, said, expected)
            total = added(total, expected)
            # The rows of steps count from the range's start. The last week ends after the year.
            if end == END and name == "1w":
                continue
            said = said_of_pnl(steps[day(end) + "T00:00:00.000Z"])
            if SILENT[0] < end <= SILENT[1]:
                assert said["BTCUSD_PERP"]["change"] is None, said
            else:
                assert said["BTCUSD_PERP"] == total["BTCUSD_PERP"], (name, day(end), said, total)
        assert total == whole, (name, total, whole)


def check_rows(polls):
    """Each capture, change and day is in one month."""
    for name, parts in (("months", months()), ("weeks", weeks())):
        exported = [json.loads(line)["received_ms"] for options, _, _ in parts for line in ask("export", *options).splitlines()]
        assert exported == [time for time in polls if time < END], (name, len(exported))
        seen = [row["capture_id"] for options, _, _ in parts for row in report("changes", "--all", *options)]
        assert seen == [row["capture_id"] for row in report("changes", "--all", *WHOLE)] and len(seen) == 3, (name, seen)
    covered = [row["day"] for options, _, _ in months() for row in report("coverage", *options)]
    assert covered == [day(midnight) for midnight in range(START, END, DAY)], covered
    assert report("coverage", "--to", "2024-03-01T00:00")[-1]["day"] == "2024-02-29"
    assert report("coverage", "--to", "2024-03-01")[-1]["day"] == "2024-03-01"


def main():
    with tempfile.TemporaryDirectory(prefix="posrec-ranges-") as folder:
        os.chdir(folder)
        polls = sorted({time for midnight in range(START, END + DAY, DAY)
                        for time in (*range(midnight, midnight + DAY, INTERVAL), midnight - 1, midnight + 1)
                        if time >= START and not SILENT[0] <= time < SILENT[1]})
        rows = income_rows()
        pages = [rows[at:at + 500] for at in range(0, len(rows), 500)]
        lines = [poll(time) for time in polls]
        lines += [{"received_ms": END + 2 * DAY + n, "endpoint": "income", "body": json.dumps(page)} for n, page in enumerate(pages)]
        pathlib.Path("year.ndjson").write_text("".join(json.dumps({"account": "main", **line}) + "\n" for line in lines))
        ask("import", "year.ndjson")
        check_income(rows)
        check_pnl(polls, rows)
        check_rows(polls)
        print(f"{len(polls)} polls and {len(rows)} rows of income: months, weeks and days add up to the year")


main()
