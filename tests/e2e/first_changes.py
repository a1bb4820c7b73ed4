#!/usr/bin/env python3
"""What report changes has of a range are those rows of the whole history, and its first rows, and how many there are, those of the
whole report, on histories made at random: of two accounts, with polls that come late or tell of times before others, legs that
are listed no more, and a stream that tells of some of it.

    first_changes.py POSREC

A page asks for its first rows alone, and counts the others without making them.
"""
import collections
import json
import sqlite3
import subprocess
import sys
import tempfile

from products import CoinM, UsdM
from report_texts import PARAMETERS, SOURCE, compositions, keep, sql_text
from sample import how_many, seeded

POSREC = sys.argv[1]
START = 1795560370000
SYMBOLS = {CoinM: ("BTCUSD_PERP", "ETHUSD_PERP"), UsdM: ("BTCUSDT", "ETHUSDC")}
QUESTIONS = 40  # of each history
HELD, CAPTURE = 11, 17  # columns of the report


def history(draw, product):
    """The lines of each account, in the order of their times."""
    lines = {"a": [], "b": []}
    for account, told in lines.items():
        legs = [(symbol, side) for symbol in SYMBOLS[product] for side in draw.choice((("BOTH",), ("LONG", "SHORT")))]
        now, times = START + draw.randrange(50), collections.defaultdict(lambda: [0])
        stands = {}
        polls, streams = draw.random() < 0.9, draw.random() < 0.8
        for _ in range(draw.randrange(20, 60)):
            now += draw.choice((0, 1, 1, 5, 20))
            leg = draw.choice(legs)
            if draw.random() < 0.7:
                times[leg].append(now - draw.choice((0, 1, 3, 10)))
                stands[leg] = draw.choice((0, 0, 1, 2)) * (-1 if leg[1] == "SHORT" or draw.random() < 0.2 else 1), times[leg][-1]
            if streams and draw.random() < 0.5:
                told.append((now, "userData", {"e": "ACCOUNT_UPDATE", "E": now, "T": draw.choice(times[leg][-2:]) or now, "a": {
                    "m": "ORDER", "B": [], "P": [{"s": leg[0], "ps": leg[1], "pa": str(stands.get(leg, (0, 0))[0]), "ep": "100"}]}}))
            if polls and draw.random() < 0.6:
                now += 1
                told.append((now, "positionRisk", [
                    {"symbol": symbol, "positionSide": side, "positionAmt": str(stands.get((symbol, side), (0, 0))[0]),
                     "updateTime": draw.choice((times[symbol, side][-1],) * 5 + tuple(times[symbol, side][-3:])), "entryPrice": "100",
                     "leverage": draw.choice(("5", "5", "6")), "markPrice": "100", "unRealizedProfit": "0"}
                    for symbol, side in legs if (symbol, side) in stands and draw.random() < 0.9 or draw.random() < 0.2]))
    return {account: [(time, json.dumps({"account": account, "received_ms": time, "endpoint": endpoint, "body": json.dumps(body)}))
                      for time, endpoint, body in told] for account, told in lines.items()}


def ask(database, **asked):
    """The rows of the report, and of how many changes they were found."""
    parameters = {**dict.fromkeys(PARAMETERS), **asked}
    for name in ("changes_counted", "happened"):
        database.execute(f"DROP TABLE IF EXISTS temp.{name}")
        keep(database, name, parameters)
    rows = database.execute(sql_text(SOURCE / "sql/reports/changes.sql"), parameters).fetchall()
    return rows, database.execute("SELECT count(*) FROM happened").fetchone()[0]


def states(row):
    """What it says but for how long the position had been held, exit price and PnL, which may need what was told later."""
    return row[:HELD] + row[HELD + 1:CAPTURE + 1]


def main():
    draw, counts = seeded(), collections.Counter()
    assert compositions()["changes_counted"][-1] == "changes_counted"
    for number in range(how_many(150, 15)):
        product = (CoinM, UsdM)[number % 2]
        lines = history(draw, product)
        both = sorted(lines["a"] + lines["b"], key=lambda line: line[0]) if draw.random() < 0.5 else lines["a"] + lines["b"]
        with tempfile.TemporaryDirectory(prefix="posrec-first-") as folder:
            subprocess.run([POSREC, "-q", "-d", f"{folder}/a.db", "import", "--product", product.name, "-"], text=True, check=True,
                           input="".join(text + "\n" for _, text in both))
            database = sqlite3.connect(f"file:{folder}/a.db?mode=ro", uri=True)
            end = max(time for time, _ in both)
            received = dict(database.execute("SELECT capture_id, received_ms FROM capture"))
            history_rows, _ = ask(database, all=1, now_ms=end + 10)
            for _ in range(QUESTIONS):
                bounds = sorted(draw.choice((START - 9, end + 9, *(draw.randrange(START, end + 2) for _ in range(6)))) for _ in range(2))
                bounds = {"from_ms": draw.choice((None, bounds[0])), "to_ms": draw.choice((None, bounds[1])), "now_ms": end + 10}
                asked = {**bounds, "all": draw.randrange(2), "account": draw.choice((None, None, "a", "b")),
                         "side": draw.choice((None, None, None, "LONG")),
                         "symbol": draw.choice((None, None, SYMBOLS[product][0]))}
                whole, made = ask(database, **asked)
                first_rows = draw.choice((1, 2, 3, 5, 8, 20))
                first, of_first = ask(database, **asked, first_rows=first_rows)
                assert len(first) == len(whole), (asked, first_rows, len(first), len(whole))
                assert first[:first_rows] == whole[:first_rows], (asked, first_rows)
                assert all(row == (None,) * len(row) for row in first[first_rows:])
                assert [states(row) for row in ask(database, **bounds, all=1)[0]] == \
                    [states(row) for row in history_rows
                     if (bounds["from_ms"] or 0) <= received[row[CAPTURE]] < (bounds["to_ms"] or end + 10)], asked
                counts.update(questions=1, rows=len(whole), counted=max(0, len(whole) - first_rows), made=made, of_first=of_first)
            database.close()
    print(", ".join(f"{value} {name}" for name, value in counts.items()))
    assert counts["counted"] > counts["rows"] / 4 and counts["of_first"] < counts["made"] * 0.8, counts


if __name__ == "__main__":
    main()
