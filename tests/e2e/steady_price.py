"""One steady price of an asset: equity_history and income_history against a model of the rule, on histories made at random.

Usage: steady_price.py POSREC
"""
import json
import pathlib
import sqlite3
import subprocess
import sys
import tempfile

from sample import how_many, seeded

POSREC = pathlib.Path(sys.argv[1]).resolve()
START_MS = 1790000000000
SYMBOLS = {"BTC": ("BTCUSD_PERP", "BTCUSD_261225", "BTCUSD_270326"), "ETH": ("ETHUSD_PERP", "ETHUSD_261225"),
           "DOGE": ("DOGEUSD_PERP",)}
DELIVERY = {"_261225": 1, "_270326": 2}


def history(rng):
    """Lines of two accounts that trade this and that, and what each moment's marks were told as: (time, symbol, mark)."""
    lines, told, time_ms = [], [], START_MS
    symbols = [symbol for asset in SYMBOLS.values() for symbol in asset]
    # Some have never a perpetual, or prices that nobody asks for.
    open_ones = set(rng.sample(symbols, rng.randint(1, 4)))
    asks = rng.random() < 0.5

    def line(account, endpoint, body, request=None):
        nonlocal time_ms
        time_ms += rng.choice((1, 500, 10000, 70000))
        lines.append(json.dumps({"account": account, "endpoint": endpoint, "received_ms": time_ms, "interval_ms": 10000,
                                 "request": request or f"/dapi/v1/{endpoint}", "http_status": 200, "body": json.dumps(body)}))

    for _ in range(rng.randint(20, 60)):
        account, kind = rng.choice(("a", "b")), rng.random()
        mark = {symbol: f"{rng.randint(1000, 9999)}.{rng.randint(0, 99999999):08d}" for symbol in symbols}
        if kind < 0.45:
            held = [s for s in symbols if s in open_ones and rng.random() < 0.6]
            # Flat legs have a mark of 0, or none of theirs.
            rows = [{"symbol": s, "positionSide": "BOTH", "updateTime": START_MS + 1, "positionAmt": "1" if s in held else "0",
                     "markPrice": mark[s] if s in held else "0.0", "unRealizedProfit": "0"} for s in symbols]
            line(account, "positionRisk", rows)
            told += [(time_ms, s, mark[s]) for s in held]
        elif kind < 0.6 and asks:
            pair = rng.choice(list(SYMBOLS))
            rows = [{"symbol": s, "pair": pair + "USD", "markPrice": mark[s], "indexPrice": "1", "estimatedSettlePrice": "1",
                     "lastFundingRate": "", "interestRate": "", "nextFundingTime": 0,
                     "time": time_ms - rng.choice((0, 3, 20000))} for s in SYMBOLS[pair]]
            line(account, "premiumIndex", rows, f"/dapi/v1/premiumIndex?pair={pair}USD")
            told += [(row["time"], row["symbol"], row["markPrice"]) for row in rows]
        elif kind < 0.8:
            line(account, "account", {"assets": [
                {"asset": asset, "walletBalance": f"{rng.randint(1, 9)}.5", "marginBalance": f"{rng.randint(1, 9)}",
                 "unrealizedProfit": "0", "updateTime": time_ms} for asset in SYMBOLS], "positions": []})
        else:
            line(account, "income", [{"symbol": "", "incomeType": "TRANSFER", "income": "1.5", "asset": rng.choice(list(SYMBOLS)),
                                      "time": time_ms - rng.randint(0, 90000), "tranId": str(time_ms), "tradeId": "", "info": ""}])
    return lines, told


def price_of(told, asset, time_ms):
    """The newest mark of the perpetual that was told up to then; without one the newest of the others."""
    known = [(t, s, mark) for t, s, mark in told if t <= time_ms and s in SYMBOLS[asset]]
    perpetual = [row for row in known if row[1].endswith("_PERP")]
    candidates = perpetual or known
    if not candidates:
        return None
    newest = max(t for t, _, _ in candidates)
    latest = [row for row in candidates if row[0] == newest]
    first = min(DELIVERY.get(symbol[symbol.index("_"):], 0) for _, symbol, _ in latest)
    return newest, {float(m) for _, s, m in latest if DELIVERY.get(s[s.index("_"):], 0) == first}


def main():
    rng = seeded()
    counts = {"of a perpetual": 0, "of another": 0, "none": 0}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(how_many(60, 15)):
            database, lines = pathlib.Path(folder) / f"{number}.db", pathlib.Path(folder) / "lines"
            rows, told = history(rng)
            lines.write_text("\n".join(rows) + "\n")
            subprocess.run([POSREC, "-q", "-d", database, "import", lines], check=True)
            connection = sqlite3.connect(database)
            asked = connection.execute("SELECT asset, time_ms, price_ms, price, margin_balance, margin_balance_usd FROM equity_history"
                                       " UNION ALL SELECT asset, time_ms, price_ms, price, income, income_usd FROM income_history")
            for asset, time_ms, price_ms, price, coins, usd in asked:
                expected = price_of(told, asset, time_ms)
                if expected is None:
                    assert (price_ms, price, usd) == (None, None, None), (asset, time_ms, price)
                    counts["none"] += 1
                    continue
                assert price_ms == expected[0] and price in expected[1], (asset, time_ms, price_ms, price, expected)
                assert abs(usd - coins * price) < 1e-7, (usd, coins, price)
                is_perpetual = any(s.endswith("_PERP") and t == price_ms and float(m) == price for t, s, m in told)
                counts["of a perpetual" if is_perpetual else "of another"] += 1
            connection.close()
            subprocess.run([POSREC, "-q", "-d", database, "verify"], check=True, stdout=subprocess.DEVNULL)
    assert all(counts.values()), counts
    print(", ".join(f"{count} prices {kind}" for kind, count in counts.items()))


main()
