#!/usr/bin/env python3
"""No answer hangs on the query plan: all views and reports of a database full of ties, whatever the planner does.

    any_plan.py POSREC

Two accounts at equal times, quarterlies without a perpetual, both sides of a contract in one trade, and several incomes,
trades, messages and connections of one millisecond. What the file says as it was recorded it must say, byte for
byte, after ANALYZE, after VACUUM, with unordered rows reversed, and with random indexes and statistics of a user's own.
"""
import json
import os
import pathlib
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile

POSREC = os.path.abspath(sys.argv[1])
MINUTE, HOUR = 60000, 3600000
START = 1767225600000  # 2026-01-01
END = START + 2 * HOUR
# Neither the order of their names nor of their delivery is that in which they come.
SYMBOLS = {"BTCUSD_260925": "BTC", "BTCUSD_260327": "BTC", "BTCUSD_260626": "BTC", "ETHUSD_260626": "ETH", "ETHUSD_260327": "ETH"}
SIDES = ("SHORT", "LONG")
SEEDS = 4
EVERY = ("equity", "pnl", "exposure", "margin", "income", "performance")
REPORTS = [*(("report", kind, "--format", "json") for kind in (*EVERY, "trades", "trips", "changes", "coverage", "reconcile")),
           *(("report", kind, "--format", "csv", "--every", "30m") for kind in EVERY), ("report", "changes", "--all"),
           *(("report", kind, "--by", "total") for kind in ("equity", "pnl", "income", "trips", "performance")),
           *(("report", kind, "--by", key, "--format", "json") for kind, key in (("pnl", "symbol"), ("trips", "leg"), ("income", "asset"))),
           ("report", "equity", "--by", "account", "--every", "30m"),
           ("report", "all", "--format", "html"), ("positions", "--format", "json"), ("export",)]


class Lines:
    def __init__(self):
        self.list, self.rng = [], random.Random(1)

    def add(self, time, account, endpoint, body=None, **more):
        if body is not None:
            more.update(body=json.dumps(body), **({} if endpoint == "userData" else {"http_status": 200}))
        self.list.append({"account": account, "endpoint": endpoint, "received_ms": time, **more})

    def number(self, low, high):
        return f"{self.rng.randrange(low * 10**8, high * 10**8) / 10**8:.8f}"


def poll(lines, account, time):
    lines.add(time, account, "positionRisk", [
        {"symbol": s, "positionAmt": ("-" if side == "SHORT" else "") + lines.number(1, 90000), "entryPrice": lines.number(100, 90000),
         "markPrice": lines.number(100, 90000), "unRealizedProfit": lines.number(-5000, 5000), "liquidationPrice": lines.number(10, 99),
         "leverage": "20", "maxQty": "50", "marginType": "cross", "isolatedMargin": "0.1", "isAutoAddMargin": "false",
         "positionSide": side, "updateTime": time - time % HOUR} for s in SYMBOLS for side in SIDES], interval_ms=5 * MINUTE)


def account_answer(lines, account, time):
    lines.add(time, account, "account", {"assets": [
        {"asset": asset, "walletBalance": lines.number(1, 900), "unrealizedProfit": lines.number(1, 900),
         "marginBalance": lines.number(1, 900), "maintMargin": lines.number(1, 9), "updateTime": time - 7000}
        for asset in ("ETH", "BTC", "ADA")], "positions": []}, interval_ms=10 * MINUTE)


def money(lines, account, time, number):
    """Trades and income of one millisecond; each trade has both sides of its contract."""
    trades = {s: [{"symbol": s, "id": number + n, "orderId": n, "side": "BUY" if side == "LONG" else "SELL", "qty": "3",
                   "price": lines.number(100, 90000), "realizedPnl": lines.number(1, 900), "commission": lines.number(1, 9),
                   "commissionAsset": SYMBOLS[s], "time": time - 9000, "positionSide": side, "maker": False}
                  for n in (2, 0, 1) for side in SIDES] for s in SYMBOLS}
    for later, s in enumerate(SYMBOLS):
        lines.add(time + later, account, "userTrades", trades[s], request=f"/dapi/v1/userTrades?symbol={s}&startTime={START}&limit=1000")
    kinds = ("REALIZED_PNL", "COMMISSION", "FUNDING_FEE", "TRANSFER")
    rows = [{"symbol": s, "incomeType": kind, "income": lines.number(-90, 900), "asset": SYMBOLS[s], "info": "",
             "time": time - 9000, "tranId": str(number * 100 + n), "tradeId": str(number) if kind in kinds[:2] else ""}
            for n in (3, 1, 2) for s in SYMBOLS for kind in kinds]
    lines.add(time, account, "income", rows, request=f"/dapi/v1/income?startTime={START}&page=1&limit=1000")


def stream(lines, account, time):
    """Two connections and six messages of one millisecond, each of which tells of every leg."""
    for attempt in (2, 1):
        lines.add(time, account, "userData", outcome="opened", attempt=attempt)
    for _ in range(6):
        lines.add(time, account, "userData", {"e": "ACCOUNT_UPDATE", "E": time - 10, "T": time - 20, "a": {
            "m": "ORDER", "B": [], "P": [{"s": s, "pa": str(lines.rng.randrange(1, 99)), "ep": lines.number(100, 90000),
                                          "mt": "cross", "ps": side} for s in SYMBOLS for side in SIDES]}})
    for attempt in (1, 2):
        lines.add(time + MINUTE * attempt, account, "userData", outcome="closed", attempt=attempt, detail=f"end {attempt}")


def record(path):
    lines = Lines()
    for account in ("second", "first"):
        money(lines, account, START - HOUR, 10000)
        for time in range(START, END + 1, 5 * MINUTE):
            if (time // MINUTE) % 50 and time != START:
                poll(lines, account, time + 1000)
            else:
                lines.add(time + 1000, account, "positionRisk", outcome="timeout")
            if time % (10 * MINUTE) == 0:
                account_answer(lines, account, time + 2000)
            if time % (30 * MINUTE) == 0:
                stream(lines, account, time + 3000)
                money(lines, account, time + 150000, 20000 + (time - START) // MINUTE)
    text = "".join(json.dumps(line) + "\n" for line in sorted(lines.list, key=lambda line: line["received_ms"]))
    subprocess.run([POSREC, "-q", "-d", path, "import", "-"], input=text, text=True, check=True)


def record_mute(path):
    """Accounts that never gave a good answer."""
    text = "".join(json.dumps({"account": name, "received_ms": START + n, "outcome": "timeout"}) + "\n"
                   for n, name in enumerate(("second", "third", "first")))
    subprocess.run([POSREC, "-q", "-d", path, "import", "-"], input=text, text=True, check=True)


def ask_views(path, is_reversed):
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    database.execute(f"PRAGMA reverse_unordered_selects = {int(is_reversed)}")
    views = [name for name, in database.execute("SELECT name FROM sqlite_schema WHERE type = 'view' ORDER BY 1")]
    answers = {name: sorted(repr(row) for row in database.execute(f"SELECT * FROM {name}")) for name in views}
    database.close()
    return answers


def ask_reports(path):
    answers = {}
    for question in REPORTS:
        done = subprocess.run([POSREC, "-d", path, *question], capture_output=True, text=True, check=False)
        answers[" ".join(question)] = [re.sub(r">[^<>]*(</a> <small>ago)", r">some time\1", line)
                                        for line in (done.stdout + done.stderr).splitlines() if "Made by posrec at" not in line]
    return answers


def shake(path, seed):
    """Indexes and statistics as a user might have made them, and none would."""
    rng = random.Random(seed)
    database = sqlite3.connect(path)
    tables = [name for name, in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE"
                                                 " 'sqlite%' ORDER BY 1")]
    for table in tables:
        info = list(database.execute(f"PRAGMA table_info({table})"))
        columns, key = [row[1] for row in info], [row[1] for row in info if row[5]]
        for number in range(6):
            chosen = rng.sample(key, rng.randrange(len(key))) if number % 2 else []
            others = [name for name in columns if name not in chosen]
            chosen += rng.sample(others, min(4 - len(chosen) // 2, len(others)))
            database.execute(f"CREATE INDEX own_{table}_{number} ON {table} ("
                             + ", ".join(name + rng.choice(("", " DESC")) for name in chosen) + ")")
    database.execute("ANALYZE")
    if seed % 2:
        for rowid, stat in list(database.execute("SELECT rowid, stat FROM sqlite_stat1 ORDER BY tbl, idx")):
            numbers = sorted((rng.choice((1, 2, 10, 1000, 100000)) for _ in stat.split()), reverse=True)
            database.execute("UPDATE sqlite_stat1 SET stat = ? WHERE rowid = ?", (" ".join(map(str, numbers)), rowid))
    database.commit()
    database.close()


def differ(way, before, now):
    names = [name for name in before if now[name] != before[name]]
    for name in names:
        rows = [pair for pair in zip(before[name], now[name]) if pair[0] != pair[1]] or [(len(before[name]), len(now[name]))]
        print(f"{way}: {name}: {len(rows)} rows differ, first\n  {rows[0][0]}\n  {rows[0][1]}")
    return names


def run(database, way):
    connection = sqlite3.connect(database)
    connection.execute(way)
    connection.close()


def main():
    with tempfile.TemporaryDirectory(prefix="posrec-plan-") as folder:
        os.chdir(folder)
        record("plain.db")
        record_mute("mute.db")
        views, reports = ask_views("plain.db", False), ask_reports("plain.db")
        mute = ask_reports("mute.db")
        empty = [name for name, rows in {**views, **reports}.items() if len(rows) < 2]
        print(f"{len(views)} views, {sum(map(len, views.values()))} rows; {len(reports)} reports; with little to show: {empty}")
        wrong = differ("reversed", views, ask_views("plain.db", True))
        ways = {"ANALYZE": lambda path: run(path, "ANALYZE"), "VACUUM": lambda path: run(path, "VACUUM"),
                **{f"indexes, seed {seed}": lambda path, seed=seed: shake(path, seed) for seed in range(SEEDS)}}
        for way, change in ways.items():
            for path, before in (("plain.db", reports), ("mute.db", mute)):
                shutil.copy(path, "changed.db")
                change("changed.db")
                wrong += differ(way, before, ask_reports("changed.db"))
                if path == "plain.db":
                    for is_reversed in (False, True):
                        wrong += differ(f"{way}, reversed {is_reversed}", views, ask_views("changed.db", is_reversed))
        if wrong:
            sys.exit(f"answers hang on the plan: {sorted(set(wrong))}")
        print(f"the same in all of {len(ways)} ways")


main()
