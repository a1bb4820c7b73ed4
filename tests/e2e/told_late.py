#!/usr/bin/env python3
"""What is kept of days that are over (tables income_day, trip_part_kept) on histories made at random, of each product, in which
much is told late: income, trades, marks and indexes of days that are kept already, a contract's type, states of positions, a delivery, and
accounts that are imported after others.

    told_late.py POSREC

After each import sums of income are held against the rows, added up here, every day that is over has some, parts of trips are what
they are without those that are kept, and reports are the same to the byte without either. `rebuild` makes the same, and `verify` agrees.
"""
import json
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections import defaultdict

from products import CoinM, UsdM
from sample import how_many, seeded

POSREC = pathlib.Path(sys.argv[1]).resolve()
MINUTE, HOUR, DAY = 60000, 3600000, 86400000
START = 1767225600000  # 2026-01-01
ASSETS = {CoinM: {"BTCUSD_PERP": "BTC", "BTCUSD_261225": "BTC", "ETHUSD_PERP": "ETH"},
          UsdM: {"BTCUSDT": "USDT", "ETHUSDC": "USDC", "ETHUSDT": "USDT"}}
REPORTS = [["income", "--every", "1d"], ["income", "--every", "1h"], ["income", "--by", "symbol"], ["pnl", "--every", "1d"],
           ["pnl", "--every", "1w"], ["pnl", "--all"], ["performance", "--every", "1d"], ["performance"],
           ["trips"], ["trips", "--from", "2026-01-02T03:00:00Z", "--to", "2026-01-05T07:00:00Z"], ["trips", "--side", "SHORT"],
           ["trips", "--account", "a", "--day", "2026-01-04"], ["pnl", "--from", "2026-01-02T03:00:00Z", "--to", "2026-01-05T07:00:00Z"]]


def history(rng, product):
    """Lines of two accounts, each in the order of its times."""
    assets, lines = ASSETS[product], {"a": [], "b": []}
    hedge = {"a": rng.random() < 0.5, "b": False}
    trades = defaultdict(list)

    def line(account, time_ms, endpoint, body, query="", path=None):
        lines[account].append((time_ms, json.dumps({
            "account": account, "endpoint": endpoint, "received_ms": time_ms, "interval_ms": HOUR, "http_status": 200,
            "product": product.name, "request": (path or product.paths[endpoint]) + query, "body": json.dumps(body)})))

    for account in lines:
        time_ms, late, events, updates = START + rng.randrange(DAY), [], 0, [START - 1]
        asked = rng.sample(list(assets), rng.randint(1, 3))
        while time_ms < START + 7 * DAY:
            time_ms += rng.choice((MINUTE, 20 * MINUTE, HOUR, 3 * HOUR, 9 * HOUR))
            sides = ("LONG", "SHORT") if hedge[account] else ("BOTH",)
            updates.append(time_ms - rng.randrange(1, 9000))
            rows = [{"symbol": s, "positionSide": side, "updateTime": rng.choice((updates[-1], updates[-1], updates[-2], updates[0], 0)),
                     "positionAmt": str(amount := rng.choice((0, 0, 1, 5)) * (-1 if side == "SHORT" else 1)),
                     "entryPrice": "100", "markPrice": f"{rng.randint(90, 120)}.{rng.randrange(10**8):08d}" if amount else "0.0",
                     "unRealizedProfit": "0"} for s in asked for side in sides]
            line(account, time_ms, "positionRisk", rows)
            for _ in range(rng.choice((0, 1, 4))):
                events += 1
                symbol = rng.choice(list(assets))
                kind = rng.choice(("REALIZED_PNL", "COMMISSION", "FUNDING_FEE", "FUNDING_FEE", "INSURANCE_CLEAR", "TRANSFER"))
                kind = "DELIVERED_SETTELMENT" if rng.random() < 0.08 else kind
                asset = "BNB" if kind == "COMMISSION" and rng.random() < 0.2 else assets[symbol]
                when = time_ms - rng.choice((1, rng.randrange(HOUR), rng.randrange(60 * HOUR)))
                number = str(events) if kind in ("REALIZED_PNL", "COMMISSION") else ""
                late.append((time_ms + rng.choice((0, HOUR, rng.randrange(50 * HOUR))), "income", {
                    "symbol": "" if kind == "TRANSFER" else symbol, "incomeType": kind, "asset": asset, "time": when, "info": "",
                    "income": f"{rng.choice((-1, 1)) * rng.randrange(10**9) / 10**8:.8f}", "tranId": str(9000 + events),
                    "tradeId": number}))
                if number and rng.random() < 0.8:
                    late.append((time_ms + rng.randrange(50 * HOUR), "userTrades", {
                        "symbol": symbol, "id": events, "orderId": events, "side": rng.choice(("BUY", "SELL")), "price": "100",
                        "qty": rng.choice(("1", "1", "5")), "realizedPnl": rng.choice(("0", "0.5")), "marginAsset": assets[symbol],
                        "commission": rng.choice(("0", "0.00000001", "0.3")), "commissionAsset": rng.choice((assets[symbol], "BNB")),
                        "time": when, "positionSide": rng.choice(sides)}))
            for due in [told for told in late if told[0] <= time_ms]:
                late.remove(due)
                time_ms += 1
                if due[1] == "income":
                    line(account, time_ms, "income", [due[2]], f"?startTime={due[2]['time']}")
                    if rng.random() < 0.1:  # told otherwise
                        time_ms += 1
                        line(account, time_ms, "income", [dict(due[2], income="7")], f"?startTime={due[2]['time']}")
                else:
                    line(account, time_ms, "userTrades", [due[2]], f"?symbol={due[2]['symbol']}")
                    if rng.random() < 0.1:  # at another time, and otherwise
                        time_ms += 1
                        line(account, time_ms, "userTrades", [dict(due[2], time=due[2]["time"] + rng.choice((0, 1, -DAY, 9 * HOUR)), qty="2")],
                             f"?symbol={due[2]['symbol']}")
                    trades[account].append(due[2])
            time_ms += 1
            old = rng.choice((0, 5, 5, rng.randrange(40 * HOUR)))
            if product is CoinM and rng.random() < 0.4:
                line(account, time_ms, "premiumIndex", [
                    {"symbol": s, "pair": s.split("_")[0], "markPrice": f"{rng.randint(90, 120)}", "indexPrice": "1",
                     "lastFundingRate": "", "nextFundingTime": 0, "time": time_ms - old} for s in assets], "?pair=BTCUSD")
            elif product is UsdM and rng.random() < 0.4:
                line(account, time_ms, "assetIndex", [
                    {"symbol": asset + "USD", "index": f"{rng.uniform(0.9, 1.1):.8f}", "time": time_ms - old}
                    for asset in ("USDT", "USDC", "BNB")])
            elif rng.random() < 0.05:
                line(account, time_ms, "exchangeInfo", {"symbols": [
                    {"symbol": s, "pair": s.split("_")[0], "marginAsset": asset, "contractSize": 10,
                     "contractType": rng.choice(("PERPETUAL", "CURRENT_QUARTER")), "deliveryDate": START + 400 * DAY}
                    for s, asset in assets.items()]})
    return lines


def pieces(rng, lines):
    """The lines in some order of imports."""
    if rng.random() < 0.4:  # one account after the other
        order = rng.sample(list(lines), 2)
        return [[text for _, text in lines[name]] for name in order]
    both = [text for _, text in sorted(lines["a"] + lines["b"])]
    cuts = sorted(rng.sample(range(1, len(both)), 3))
    return [both[i:j] for i, j in zip([0] + cuts, cuts + [len(both)])]


def sums(connection):
    """What income_day is to hold of the days that it holds."""
    held = {row for row in connection.execute("SELECT a.name, d.day_ms FROM income_day AS d JOIN account AS a USING (account_id)")}
    made = defaultdict(lambda: [0, 0, None, 0])
    sides = {row[:6]: row[6] for row in connection.execute(
        "SELECT account, time_ms, income_type, symbol, asset, tran_id, l.position_side FROM income_history AS h JOIN leg_income AS l"
        " USING (account, time_ms, income_type, symbol, asset, capture_id, income)")}
    for account, time_ms, kind, symbol, asset, tran_id, income, usd in connection.execute(
            "SELECT account, time_ms, income_type, symbol, asset, tran_id, income, income_usd FROM income_history"):
        day_ms = time_ms // DAY * DAY
        if (account, day_ms) in held:
            side = sides.get((account, time_ms, kind, symbol, asset, tran_id)) or ""
            sum_ = made[account, day_ms, kind, symbol, asset, side]
            sum_[0] += 1
            sum_[1] += round(income * 10**8)
            sum_[2] = sum_[2] if usd is None else (sum_[2] or 0) + round(usd * 10**8)
            sum_[3] += usd is None
            made[account, day_ms, "", "", "", ""][0] += 1
    for key, sum_ in made.items():
        if key[2] == "":
            sum_[1] = None
    return {key: tuple(value) for key, value in made.items()}


def kept(connection):
    return {row[:6]: row[6:] for row in connection.execute(
        "SELECT a.name, day_ms, income_type, symbol, asset, position_side, count, income_e8, usd_e8, unpriced"
        " FROM income_day JOIN account AS a USING (account_id)")}


def open_days(connection):
    """Days that are over and have income, but no sums."""
    return connection.execute(
        "SELECT DISTINCT i.account_id, i.time_ms / 86400000 FROM income AS i WHERE i.time_ms / 86400000 < (SELECT (max(s.received_ms)"
        " / 3600000 - 1) / 24 FROM capture AS s WHERE s.account_id = i.account_id AND s.endpoint = 'positionRisk')"
        " EXCEPT SELECT account_id, day_ms / 86400000 FROM income_day").fetchall()


def parts(connection, without=False):
    """The parts of trips, with those that are kept or made of all that stands."""
    if without:
        connection.execute("DELETE FROM trip_part_kept")
    found = connection.execute("SELECT * FROM trip_part ORDER BY leg_id, trip, number").fetchall()
    connection.rollback()
    return found


def tamper(rng, database, copy, table, odd):
    """Changes one row of what is kept, in each way: verify names the table."""
    shutil.copy(database, copy)
    connection = sqlite3.connect(copy)
    names = [column[1] for column in connection.execute(f"PRAGMA table_info({table})")]
    key = " AND ".join(f"{name} IS ?" for name in names)
    row = rng.choice(connection.execute(f"SELECT * FROM {table}").fetchall())
    changes = [f"UPDATE {table} SET {name} = {name} || 'x'" if isinstance(value, str) else
               f"UPDATE {table} SET {name} = coalesce({name}, 0) + {1000 if name in ('account_id', 'leg_id', 'trip', 'number') else 1}"
               for name, value in zip(names, row)]
    changes += odd
    for change in changes:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute(f"{change} WHERE {key}", row)
        connection.commit()
        told = subprocess.run([POSREC, "-q", "-d", copy, "verify"], capture_output=True, text=True)
        assert told.returncode == 1 and (table in told.stderr or "_id" in change), (change, row, told)
        connection.execute(f"DELETE FROM {table}")
        connection.execute("ATTACH ? AS whole", (str(database),))
        connection.execute(f"INSERT INTO {table} SELECT * FROM whole.{table}")
        connection.commit()
        connection.execute("DETACH whole")
    connection.close()
    return len(changes)


def run(database, *arguments):
    done = subprocess.run([POSREC, "-q", "-d", database, *arguments], capture_output=True)
    assert done.returncode == 0, (arguments, done.stderr)
    return done.stdout


def line_of(time_ms, endpoint, rows, query=""):
    return json.dumps({"account": "a", "endpoint": endpoint, "received_ms": time_ms, "interval_ms": HOUR, "http_status": 200,
                       "request": f"/dapi/v1/{endpoint}{query}", "body": json.dumps(rows)})


def poll_of(time_ms, symbol, amounts, update_ms):
    return line_of(time_ms, "positionRisk", [{"symbol": symbol, "positionSide": side, "updateTime": update_ms, "positionAmt": amount,
                                              "markPrice": "100", "unRealizedProfit": "0"} for side, amount in amounts.items()])


def income_of(time_ms, symbol, kind, number, amount="0.1"):
    return line_of(time_ms + 1, "income", [{"symbol": symbol, "incomeType": kind, "asset": "BTC", "time": time_ms, "info": "",
                                            "income": amount, "tranId": number, "tradeId": ""}], f"?startTime={time_ms}")


def check_many(folder):
    """With thousands of legs, with each of which a price is looked for, there are no sums; what there was goes."""
    database, lines = folder / "many.db", folder / "many.lines"

    def poll(time_ms, symbols):
        return line_of(time_ms, "positionRisk", [{"symbol": s, "positionSide": "BOTH", "updateTime": 1, "positionAmt": "1",
                                                  "markPrice": "100", "unRealizedProfit": "0"} for s in symbols])
    paid = income_of(START + 1, "BTCUSD_PERP", "FUNDING_FEE", "1", "1")
    counted = []
    for text in ([poll(START, ["BTCUSD_PERP"]), paid, poll(START + 2 * DAY, ["BTCUSD_PERP"])],
                 [poll(START + 4 * DAY, [f"S{n}USD_PERP" for n in range(5001)])]):
        lines.write_text("\n".join(text) + "\n")
        run(database, "import", lines)
        run(database, "verify")
        connection = sqlite3.connect(database)
        counted += connection.execute("SELECT count(*) FROM income_day").fetchone()
        connection.close()
    assert counted == [2, 0], counted
    assert b"FUNDING_FEE" in run(database, "report", "income", "--every", "1d", "--format", "csv")


def check_delivery(folder):
    """A contract is delivered when it was last: a later settlement takes away what was kept of the one before."""
    database, lines = folder / "delivered.db", folder / "delivered.lines"
    symbol = "BTCUSD_260105"
    first = [poll_of(START, symbol, {"BOTH": "1"}, START - 5), income_of(START + HOUR, symbol, "DELIVERED_SETTELMENT", "1"),
             *(poll_of(START + hours * HOUR, symbol, {"BOTH": "0"}, START + HOUR) for hours in (2, 24, 48, 72, 96))]
    for text, kinds in ((first, {"start", "settlement", "delivery"}),
                        ([income_of(START + 5 * DAY, symbol, "DELIVERED_SETTELMENT", "2")], {"start", "settlement", "unknown"})):
        lines.write_text("\n".join(text) + "\n")
        run(database, "import", lines)
        connection = sqlite3.connect(database)
        assert {part[3] for part in parts(connection)} == kinds, parts(connection)
        assert parts(connection) == parts(connection, True)
        connection.close()
        run(database, "verify")


def check_sides(folder):
    """Of funding while both sides stand the larger has all, of what is kept as of what is not."""
    database, lines, symbol = folder / "sides.db", folder / "sides.lines", "BTCUSD_PERP"
    times = [START + hours * HOUR for hours in range(8, 120, 8)]
    lines.write_text("\n".join(text for time_ms in times for text in (
        income_of(time_ms, symbol, "FUNDING_FEE", str(time_ms)),
        poll_of(time_ms + HOUR, symbol, {"LONG": "1", "SHORT": "-5"}, START))) + "\n")
    run(database, "import", lines)
    connection = sqlite3.connect(database)
    found = [(side, kind) for side, kind in connection.execute(
        "SELECT position_side, kind FROM trip_part JOIN leg USING (leg_id) ORDER BY leg_id, number")]
    assert found == [("LONG", "start"), ("SHORT", "start")] + [("SHORT", "funding")] * len(times), found
    assert connection.execute("SELECT count(*) FROM trip_part_kept").fetchone()[0] > 5
    assert parts(connection) == parts(connection, True)
    connection.close()
    run(database, "verify")


def check_absurd(folder):
    """Amounts whose sum does not fit into 64 bits keep nothing, and lose nothing."""
    database, lines = folder / "absurd.db", folder / "absurd.lines"
    much = "90000000000"
    symbol = "BTCUSD_PERP"
    text = [poll_of(START + HOUR, symbol, {"BOTH": "1"}, START),
            *(income_of(START + 2 * HOUR + n, symbol, "FUNDING_FEE", str(n), much) for n in range(3)),
            line_of(START + 2 * HOUR + 9, "userTrades", [
                {"symbol": symbol, "id": n, "orderId": n, "side": "BUY", "price": "100", "qty": much, "realizedPnl": much,
                 "marginAsset": "BTC", "commission": much, "commissionAsset": "BTC", "time": START + HOUR + n, "positionSide": "BOTH"}
                for n in range(3)], f"?symbol={symbol}"),
            *(poll_of(START + n * DAY + 3 * HOUR, symbol, {"BOTH": "1"}, START) for n in range(4))]
    lines.write_text("\n".join(text) + "\n")
    run(database, "import", lines)
    run(database, "verify")
    run(database, "rebuild")
    connection = sqlite3.connect(database)
    found = [connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
             for table in ("capture", "income", "trade", "income_day", "trip_part_kept")]
    connection.close()
    assert found == [len(text), 3, 3, 0, 0], found


def main():
    rng = seeded()
    counts = defaultdict(int)
    with tempfile.TemporaryDirectory() as folder:
        check_many(pathlib.Path(folder))
        check_delivery(pathlib.Path(folder))
        check_sides(pathlib.Path(folder))
        check_absurd(pathlib.Path(folder))
        for number in range(how_many(40, 4)):
            product = (CoinM, UsdM)[number % 2]
            database, copy, lines = (pathlib.Path(folder) / f"{number}{end}" for end in (".db", ".copy.db", ".lines"))
            for piece in pieces(rng, history(rng, product)):
                lines.write_text("\n".join(piece) + "\n")
                run(database, "import", lines)
                connection = sqlite3.connect(database)
                got, expected = kept(connection), sums(connection)
                assert got == expected, sorted(set(got.items()) ^ set(expected.items()))[:4]
                assert not open_days(connection), open_days(connection)
                assert parts(connection) == parts(connection, True)
                kept_parts = connection.execute("SELECT * FROM trip_part_kept").fetchall()
                counts["parts kept"] += len(kept_parts)
                counts["parts"] += len(parts(connection))
                counts["days"] += sum(key[2] == "" for key in got)
                counts["unpriced"] += sum(value[3] for value in got.values())
                counts["of no leg"] += sum(key[2] != "" and key[5] == "" for key in got)
                connection.close()
                run(database, "verify")
            shutil.copy(database, copy)
            connection = sqlite3.connect(copy)
            connection.execute("DELETE FROM income_day")
            connection.execute("DELETE FROM trip_part_kept")
            connection.commit()
            connection.close()
            for report in [*REPORTS, ["trips", "--symbol", next(iter(ASSETS[product]))]]:
                with_sums, without = (run(path, "report", *report, "--format", "csv") for path in (database, copy))
                assert with_sums == without, (report, number)
                counts["reports' lines"] += with_sums.count(b"\n")
            counts["changes found"] += tamper(rng, database, copy, "income_day", [
                "DELETE FROM income_day",
                "INSERT INTO income_day SELECT account_id, day_ms, 'ODD', '', '', '', 0, 0, 0, 0 FROM income_day"])
            if kept_parts:
                counts["changes found"] += tamper(rng, database, copy, "trip_part_kept", [])
            run(database, "rebuild")
            connection = sqlite3.connect(database)
            assert kept(connection) == got
            assert parts(connection) == parts(connection, True)
            connection.close()
    assert all(counts.values()), counts
    print(", ".join(f"{count} {what}" for what, count in counts.items()))


main()
