#!/usr/bin/env python3
"""The recorder that most people write first: json and sqlite3, one text row per symbol per poll.

    plain_recorder.py import DB < captures.ndjson
    plain_recorder.py series|asof|exposure DB

What posrec is measured against: the same captures in, the same questions asked.
"""
import json
import sqlite3
import sys
import time

COLUMNS = ("symbol positionAmt entryPrice breakEvenPrice markPrice unRealizedProfit liquidationPrice leverage "
           "maxQty marginType isolatedMargin isAutoAddMargin positionSide notionalValue isolatedWallet").split()
POLLS_PER_TRANSACTION = 1000


def open_database(path):
    database = sqlite3.connect(path)
    database.execute("PRAGMA journal_mode = WAL")
    return database


def create(database):
    database.execute("CREATE TABLE position (time INTEGER, " + ", ".join(f"{name} TEXT" for name in COLUMNS)
                     + ", updateTime INTEGER)")
    database.execute("CREATE INDEX position_leg ON position (symbol, positionSide, time)")


def import_lines(path):
    database = open_database(path)
    create(database)
    insert = f"INSERT INTO position VALUES ({', '.join('?' * (len(COLUMNS) + 2))})"
    for number, line in enumerate(sys.stdin, 1):
        capture = json.loads(line)
        rows = json.loads(capture["body"])
        database.executemany(insert, [(capture["received_ms"], *(row[name] for name in COLUMNS),
                                       row["updateTime"]) for row in rows])
        if number % POLLS_PER_TRANSACTION == 0:
            database.commit()
    database.commit()
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


QUESTIONS = {
    # The PnL series of one leg.
    "series": """SELECT time, CAST(unRealizedProfit AS REAL) FROM position
                  WHERE symbol = 'ETHUSD_PERP' AND positionSide = 'BOTH' ORDER BY time""",
    # How all legs stood in the middle of the history.
    "asof": """SELECT symbol, positionAmt, markPrice, unRealizedProfit FROM position AS p
                WHERE time = (SELECT max(time) FROM position AS q
                               WHERE q.symbol = p.symbol AND q.positionSide = p.positionSide AND q.time <= :middle)
                  AND symbol IN (SELECT DISTINCT symbol FROM position)""",
    # Net notional of each margin asset at each time.
    "exposure": """SELECT time, substr(symbol, 1, instr(symbol, 'USD') - 1) AS asset,
                          sum(CAST(notionalValue AS REAL) * CAST(markPrice AS REAL))
                     FROM position WHERE positionAmt <> '0' GROUP BY time, asset""",
}


def ask(question, path):
    database = open_database(path)
    first, last = database.execute("SELECT min(time), max(time) FROM position WHERE symbol = 'BTCUSD_PERP'"
                                   " AND positionSide = 'BOTH'").fetchone()
    started = time.perf_counter()
    if question == "asof":
        rows = as_of(database, (first + last) // 2)
    else:
        rows = sum(1 for _ in database.execute(QUESTIONS[question]))
    print(f"{rows} {(time.perf_counter() - started) * 1000:.3f}")


def as_of(database, middle):
    """The best way with this index: one look-up for each symbol."""
    rows = 0
    symbols = [row[0] for row in database.execute(
        """WITH RECURSIVE s(symbol) AS (SELECT min(symbol) FROM position UNION ALL
           SELECT (SELECT min(symbol) FROM position WHERE symbol > s.symbol) FROM s WHERE s.symbol IS NOT NULL)
           SELECT symbol FROM s WHERE symbol IS NOT NULL""")]
    for symbol in symbols:
        row = database.execute(
            """SELECT symbol, positionAmt, entryPrice, markPrice, unRealizedProfit FROM position
                WHERE symbol = ? AND positionSide = 'BOTH' AND time <= ? ORDER BY time DESC LIMIT 1""",
            (symbol, middle)).fetchone()
        rows += row is not None
    return rows


def main():
    if sys.argv[1] == "import":
        import_lines(sys.argv[2])
    else:
        ask(sys.argv[1], sys.argv[2])


if __name__ == "__main__":
    main()
