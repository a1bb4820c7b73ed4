#!/usr/bin/env python3
"""A history of three accounts in which the size of contracts changes, and what its numbers come to.

    changing_sizes.py lines SEED [--by-account]   capture lines, in the order of time or account after account
    changing_sizes.py check SEED DATABASE         holds the views of the first against a computation of its own

Sizes change within hours, at their edges, and in the millisecond of a poll; some answers say nothing new.
"""
import contextlib
import json
import pathlib
import random
import sqlite3
import sys

HOUR_MS = 3600000
START_MS = 1795557600000
SYMBOLS = {"ETHUSD_PERP": ("ETH", 10), "BTCUSD_PERP": ("BTC", 100)}
ACCOUNTS = ("main", "other", "third")


def poll(rng, account, time_ms):
    rows = [{"symbol": symbol, "positionAmt": str(rng.choice((-3, 2, 7))), "entryPrice": "2000", "leverage": "10",
             "markPrice": str(rng.choice((1999, 2100, 2503))), "unRealizedProfit": "0.1", "liquidationPrice": "1500",
             "marginType": "cross", "isolatedMargin": "0", "positionSide": "BOTH", "updateTime": time_ms}
            for symbol in SYMBOLS]
    return {"account": account, "received_ms": time_ms, "interval_ms": 60000, "body": rows}


def info(rng, account, time_ms, said):
    for symbol in rng.sample(sorted(SYMBOLS), rng.randrange(len(SYMBOLS) + 1)):
        said[symbol] = rng.choice((5, 20, 50))
    symbols = [{"symbol": symbol, "pair": f"{SYMBOLS[symbol][0]}USD", "marginAsset": SYMBOLS[symbol][0],
                "contractType": "PERPETUAL", "deliveryDate": 4133404800000, "contractSize": size}
               for symbol, size in sorted(said.items())]
    return {"account": account, "received_ms": time_ms, "endpoint": "exchangeInfo", "body": {"symbols": symbols}}


def history(seed):
    rng = random.Random(seed)
    lines, said, time_ms, last_ms = [], {}, START_MS, {}
    for _ in range(40):
        before_ms = time_ms
        time_ms += rng.choice((0, 1, 20000, 600000, 2400000))
        edge_ms = (before_ms // HOUR_MS + 1) * HOUR_MS
        if time_ms >= edge_ms:
            time_ms = edge_ms + rng.choice((-1, 0, 1))
        account = rng.choice(ACCOUNTS)
        time_ms = max(time_ms, before_ms, last_ms.get(account, 0) + 1)
        last_ms[account] = time_ms
        lines.append(info(rng, account, time_ms, said) if rng.random() < 0.3 else poll(rng, account, time_ms))
    lines.extend(poll(rng, account, time_ms + HOUR_MS + index) for index, account in enumerate(ACCOUNTS))
    return lines


def expected(lines):
    """{(account, symbol): [(time, initial margin at 10^8)]}: by the last that was said at or before that time."""
    told = {symbol: [(0, size)] for symbol, (_, size) in SYMBOLS.items()}
    named, margins = set(), {}
    for line in lines:
        if "endpoint" not in line:
            named.update(SYMBOLS)
            continue
        for contract in line["body"]["symbols"]:
            first = contract["symbol"] not in named
            named.add(contract["symbol"])
            told[contract["symbol"]] += [(0 if first else line["received_ms"], contract["contractSize"])]
    for line in lines:
        for row in line["body"] if "endpoint" not in line else ():
            size = [size for from_ms, size in told[row["symbol"]] if from_ms <= line["received_ms"]][-1]
            margin = abs(int(row["positionAmt"])) * size * 10**8 / int(row["markPrice"]) / 10
            margins.setdefault((line["account"], row["symbol"]), []).append((line["received_ms"], round(margin)))
    return margins


def check_chart(file):
    """What is drawn of the exposure stands at each poll where the view has it."""
    query = (pathlib.Path(__file__).parents[2] / "sql/reports/chart_exposure.sql").read_text()
    for account in ACCOUNTS:
        points = file.execute(query, {"account": account, "symbol": None, "side": None, "from_ms": START_MS,
                                      "to_ms": START_MS + 10**9}).fetchall()
        for time_ms, gross in file.execute("SELECT time_ms, sum(gross_usd) FROM exposure WHERE account = ? GROUP BY 1", (account,)):
            assert [point[4] for point in points if point[0] <= time_ms][-1] == gross, (account, time_ms, gross, points)


def check(lines, database):
    with contextlib.closing(sqlite3.connect(database)) as file:
        for leg, margins in expected(lines).items():
            got = file.execute("SELECT time_ms, CAST(round(initial_margin * 1e8) AS INTEGER) FROM margin_history"
                               " WHERE (account, symbol) = (?, ?) ORDER BY time_ms", leg).fetchall()
            assert got == margins, (leg, got, margins)
            hours = {}
            for time_ms, margin in margins:
                hours.setdefault(time_ms // HOUR_MS * HOUR_MS, []).append(margin)
            hours.popitem()  # which runs
            got = file.execute("SELECT hour_ms, valuations, initial_margin_first_e8, initial_margin_last_e8,"
                               " initial_margin_min_e8, initial_margin_max_e8 FROM hour_kept"
                               " WHERE (account, symbol) = (?, ?) ORDER BY hour_ms", leg).fetchall()
            assert got == [(hour, len(said), said[0], said[-1], min(said), max(said)) for hour, said in hours.items()], (leg, got)
        said = {(line["account"], line["received_ms"]) for line in lines if "endpoint" not in line}
        for account, time_ms in said:
            usd, = file.execute("SELECT sum(gross_usd) FROM exposure WHERE (account, time_ms) = (?, ?)",
                                (account, time_ms)).fetchone()
            rows = next(line["body"] for line in lines if (line["account"], line["received_ms"]) == (account, time_ms))
            marks = {row["symbol"]: int(row["markPrice"]) for row in rows}
            mine = sum(dict(margins)[time_ms] * marks[symbol] * 10 / 1e8
                       for (name, symbol), margins in expected(lines).items() if name == account)
            assert abs(usd - mine) < 0.01, (account, time_ms, usd, mine)
        check_chart(file)


if __name__ == "__main__":
    made = history(int(sys.argv[2]))
    if sys.argv[1] == "check":
        check(made, sys.argv[3])
    else:
        if "--by-account" in sys.argv:
            made.sort(key=lambda line: line["account"])
        print(*map(json.dumps, made), sep="\n")
