#!/usr/bin/env python3
"""The money of a simulated quarter, against the books that it was made from.

    money_numbers.py POSREC

Two accounts, one in hedge and one in one-way mode, with trades, flips, funding every eight hours at rates that are told, fees and rebates,
transfers, a liquidation, a delivery and two hours in which posrec was down; recorded from the fourth day on, the trades
before are backfilled. Imports it, compares every view and report with what Python's decimal says of the
books, and expects `reconcile --strict` to find nothing. Then the same quarter with one thing wrong at a time, which
reconcile must name, with the capture that shows it. Then half a quarter of USD-M: commission in BNB now and then, exchanged
assets, USD by assetIndex.
"""
import bisect
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
from urllib.parse import quote
from datetime import datetime, timezone
from decimal import ROUND_HALF_UP, Decimal, getcontext

from products import CoinM, UsdM

getcontext().prec = 60
POSREC = os.path.abspath(sys.argv[1])
SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
MINUTE, HOUR, DAY = 60000, 3600000, 86400000
START = 1767225600000  # 2026-01-01
FIRST_POLL = START + 3 * DAY
STEP = 30 * MINUTE


class Inverse(CoinM):
    sizes = {"BTCUSD_PERP": 100, "ETHUSD_PERP": 10, "BTCUSD_260327": 100}
    assets = {"BTCUSD_PERP": "BTC", "ETHUSD_PERP": "ETH", "BTCUSD_260327": "BTC"}
    wallets = {"BTC": 5, "ETH": 100}
    end, delivery = START + 90 * DAY, 1774598400000  # 2026-03-27 08:00
    fee_in_bnb = 0


class Linear(UsdM):
    sizes = {"BTCUSDT": 1, "币安人生USDC": 1, "BTCUSDT_260210": 1}
    assets = {"BTCUSDT": "USDT", "币安人生USDC": "USDC", "BTCUSDT_260210": "USDT"}
    wallets = {"USDT": 50000, "USDC": 30000, "BNB": 10}
    end, delivery = START + 46 * DAY, 1770710400000  # 2026-02-10 08:00
    fee_in_bnb = Decimal("0.25")


PRODUCT = Inverse
OUTAGES = [(START + 20 * DAY + 5 * HOUR, START + 20 * DAY + 6 * HOUR),
           (START + 61 * DAY + 14 * HOUR, START + 61 * DAY + 15 * HOUR)]
FEE, REBATE, MAINTENANCE = Decimal("0.0005"), Decimal("-0.0001"), Decimal("0.004")


def e8(value):
    return value.quantize(Decimal("1e-8"), ROUND_HALF_UP)


def text(value):
    return format(e8(value), "f")


def iso(ms):
    return datetime.fromtimestamp(ms / 1000, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03d}Z"


def day_of(ms):
    return iso(ms)[:10]


def funding_rate(symbol, time):
    """The same to everybody."""
    return Decimal(random.Random(f"{symbol} {time}").randrange(-20, 30)) / 100000


class Books:
    """One account at the exchange: its legs, wallets, income and trades, and what its stream told."""

    def __init__(self, name, hedge, seed):
        self.name, self.hedge, self.rng = name, hedge, random.Random(seed)
        self.sides = ("BOTH", "LONG", "SHORT") if hedge else ("BOTH",)
        self.legs = {(s, side): {"amount": 0, "entry": Decimal(0), "update": 0} for s in PRODUCT.sizes for side in self.sides}
        self.wallets = {asset: Decimal(amount) for asset, amount in PRODUCT.wallets.items()}
        self.wallet_ms = {asset: START for asset in self.wallets}
        self.delivered = list(PRODUCT.sizes)[-1]
        self.income, self.trades, self.told = [], [], []
        self.tran, self.trade_id, self.amounts = 7000, 100, []

    def earn(self, time, kind, asset, amount, symbol="", trade_id="", info=""):
        self.tran += 1
        self.income.append({"symbol": symbol, "incomeType": kind, "income": text(amount), "asset": asset, "info": info,
                            "time": time, "tranId": str(self.tran), "tradeId": trade_id})
        self.wallets[asset] += e8(amount)
        self.wallet_ms[asset] = time

    def message(self, time, content):
        self.told.append((time, json.dumps(content)))

    def tell_account(self, time, reason, asset, legs=()):
        self.message(time, {"e": "ACCOUNT_UPDATE", "E": time + 1, "T": time, "a": {
            "m": reason, "B": [{"a": asset, "wb": text(self.wallets[asset]), "cw": text(self.wallets[asset]), "bc": "0"}],
            "P": [{"s": s, "pa": str(self.legs[s, side]["amount"]), "ep": text(self.legs[s, side]["entry"]), "mt": "cross",
                   "ps": side} for s, side in legs]}})

    def trade(self, time, symbol, side, delta, price, execution="TRADE"):
        leg, size, asset = self.legs[symbol, side], PRODUCT.sizes[symbol], PRODUCT.assets[symbol]
        before, realized = leg["amount"], Decimal(0)
        after = before + delta
        if before and (before > 0) != (delta > 0):
            closed = min(abs(delta), abs(before)) * (1 if before > 0 else -1)
            realized = e8(PRODUCT.profit(closed, size, leg["entry"], price))
        if before == 0 or (after and (after > 0) != (before > 0)):
            leg["entry"] = price
        elif (before > 0) == (delta > 0):
            leg["entry"] = e8(PRODUCT.average(after, PRODUCT.weight(before, leg["entry"]) + PRODUCT.weight(delta, price)))
        if after == 0:
            leg["entry"] = Decimal(0)
        leg["amount"], leg["update"] = after, time
        self.trade_id += 1
        maker = self.trade_id % 3 == 0
        worth = PRODUCT.worth(abs(delta), size, price)
        fee_asset = "BNB" if PRODUCT.fee_in_bnb and self.rng.random() < PRODUCT.fee_in_bnb else asset
        commission = e8(worth / (600 if fee_asset != asset else 1) * (REBATE if maker else FEE))
        number = str(self.trade_id)
        row = {"symbol": symbol, "id": self.trade_id, "orderId": self.trade_id * 10, "pair": symbol.split("_")[0],
               "side": "BUY" if delta > 0 else "SELL", "price": text(price), "qty": str(abs(delta)),
               "realizedPnl": text(realized), "marginAsset": asset, "baseQty": text(abs(delta) if PRODUCT.is_linear else worth),
               "quoteQty": text(worth) if PRODUCT.is_linear else str(abs(delta) * size), "commission": text(commission),
               "commissionAsset": fee_asset, "time": time,
               "positionSide": side, "buyer": delta > 0, "maker": maker}
        self.trades.append(row)
        self.amounts.append((symbol, side, self.trade_id, after))
        if realized:
            self.earn(time, "REALIZED_PNL", asset, realized, symbol, number)
        self.earn(time, "COMMISSION", fee_asset, -commission, symbol, number)
        self.message(time, {"e": "ORDER_TRADE_UPDATE", "E": time + 1, "T": time, "o": {
            "s": symbol, "c": "x", "S": row["side"], "o": "MARKET", "f": "GTC", "q": row["qty"], "p": "0", "x": execution,
            "X": "FILLED", "i": row["orderId"], "l": row["qty"], "z": row["qty"], "L": row["price"], "N": fee_asset,
            "n": row["commission"], "T": time, "t": self.trade_id, "rp": row["realizedPnl"], "m": maker, "ps": side}})
        self.tell_account(time, "ORDER", asset, [(symbol, side)])
        if fee_asset != asset:
            self.tell_account(time + 1, "ORDER", fee_asset)
            self.wallet_ms[fee_asset] = time

    def act(self, time, marks):
        symbol = self.rng.choice([s for s in PRODUCT.sizes if time < PRODUCT.delivery - DAY or s != self.delivered])
        side = self.rng.choice(self.sides[1:]) if self.hedge else "BOTH"
        amount, sign = self.legs[symbol, side]["amount"], {"LONG": 1, "SHORT": -1}.get(side) or self.rng.choice((1, -1))
        what, lot = self.rng.random(), PRODUCT.lot
        if amount == 0:
            delta = sign * self.rng.randrange(1, 40) * lot
        elif what < 0.4:
            delta = (1 if amount > 0 else -1) * self.rng.randrange(1, 20) * lot
        elif what < 0.7 and abs(amount) > lot:
            delta = (-1 if amount > 0 else 1) * self.rng.randrange(1, int(abs(amount) / lot)) * lot
        elif what < 0.85 and side == "BOTH":
            delta = -2 * amount
        else:
            delta = -amount
        self.trade(time, symbol, side, delta, marks[symbol])

    def fund(self, time, marks):
        for (symbol, side), leg in self.legs.items():
            if leg["amount"] and symbol != self.delivered:
                paid = -PRODUCT.worth(leg["amount"], PRODUCT.sizes[symbol], marks[symbol]) * funding_rate(symbol, time)
                self.earn(time, "FUNDING_FEE", PRODUCT.assets[symbol], e8(paid), symbol)
                self.tell_account(time, "FUNDING_FEE", PRODUCT.assets[symbol])

    def deliver(self, time, marks):
        for (symbol, side), leg in self.legs.items():
            if symbol == self.delivered and leg["amount"]:
                settled = self.unrealized((symbol, side), marks)
                self.earn(time, "DELIVERED_SETTELMENT", PRODUCT.assets[symbol], settled, symbol)
                self.tell_account(time, "ADJUSTMENT", PRODUCT.assets[symbol])
        for symbol, side in [key for key in self.legs if key[0] == self.delivered]:
            del self.legs[symbol, side]

    def unrealized(self, key, marks):
        leg = self.legs[key]
        return e8(PRODUCT.profit(leg["amount"], PRODUCT.sizes[key[0]], leg["entry"], marks[key[0]])) if leg["amount"] else Decimal(0)

    def listed(self):
        return {key: leg for key, leg in self.legs.items() if leg["amount"] or not PRODUCT.is_flat_when_absent}

    def positions(self, marks):
        if PRODUCT.is_linear:
            return [{"symbol": s, "positionSide": side, "positionAmt": str(leg["amount"]), "entryPrice": text(leg["entry"]),
                     "markPrice": text(marks[s]), "unRealizedProfit": text(self.unrealized((s, side), marks)),
                     "liquidationPrice": "0", "isolatedMargin": "0", "marginAsset": PRODUCT.assets[s], "isolatedWallet": "0",
                     "updateTime": leg["update"]} for (s, side), leg in self.listed().items()]
        return [{"symbol": s, "positionAmt": str(leg["amount"]), "entryPrice": text(leg["entry"]), "markPrice": text(marks[s]),
                 "unRealizedProfit": text(self.unrealized((s, side), marks)), "liquidationPrice": "0", "leverage": "20",
                 "maxQty": "50", "marginType": "cross", "isolatedMargin": "0.00000000", "isAutoAddMargin": "false",
                 "positionSide": side, "updateTime": leg["update"]} for (s, side), leg in self.legs.items()]

    def maintenance(self, key, marks):
        return e8(PRODUCT.worth(abs(self.legs[key]["amount"]), PRODUCT.sizes[key[0]], marks[key[0]]) * MAINTENANCE)

    def account(self, marks):
        assets = []
        for asset, wallet in self.wallets.items():
            keys = [key for key in self.legs if PRODUCT.assets[key[0]] == asset]
            unrealized = sum((self.unrealized(key, marks) for key in keys), Decimal(0))
            assets.append({"asset": asset, "walletBalance": text(wallet), "unrealizedProfit": text(unrealized),
                           "marginBalance": text(wallet + unrealized),
                           "maintMargin": text(sum((self.maintenance(key, marks) for key in keys), Decimal(0))),
                           "updateTime": self.wallet_ms[asset]})
        return {"assets": assets, "positions": [
            {"symbol": s, "positionAmt": str(leg["amount"]), "maintMargin": text(self.maintenance((s, side), marks)),
             "positionSide": side, "updateTime": leg["update"]} for (s, side), leg in self.listed().items()]}


INDEXES = []


class Recorder:
    """What posrec would have captured of an account."""

    def __init__(self, books):
        self.books, self.lines, self.last_id, self.told = books, [], {}, 0
        self.polls, self.accounts, self.is_up, self.rates = [], [], False, 0

    def line(self, time, endpoint, body=None, request=None, **more):
        line = {"account": self.books.name, "product": PRODUCT.name, "endpoint": endpoint, "sent_ms": time, "received_ms": time + 30, **more}
        if body is not None:
            line.update({"http_status": 200, "body": json.dumps(body)})
        if request:
            line["request"] = f"{PRODUCT.paths[endpoint]}?{request}&recvWindow=5000"
        self.lines.append(line)

    def listen(self, time):
        """What the stream told since the last time; what it told while posrec was down is lost."""
        for told_ms, message in self.books.told[self.told:]:
            if self.is_up and told_ms > self.opened:
                self.lines.append({"account": self.books.name, "endpoint": "userData", "received_ms": told_ms + 5,
                                   "body": message})
        self.told = len(self.books.told)
        if not self.is_up and self.books.hedge:
            self.is_up, self.opened = True, time
            self.lines.append({"account": self.books.name, "endpoint": "userData", "received_ms": time, "outcome": "opened"})

    def stop(self, time):
        if self.is_up:
            self.lines.append({"account": self.books.name, "endpoint": "userData", "received_ms": time, "outcome": "closed",
                               "detail": "posrec stops"})
        self.is_up = False

    def poll(self, time, marks):
        body = self.books.positions(marks)
        self.line(time, "positionRisk", body, due_ms=time, interval_ms=STEP)
        self.polls.append((time + 30, body))
        if PRODUCT.is_linear and self.books.hedge:
            told = {asset: e8(Decimal(600 if asset == "BNB" else 1) * (1 + Decimal(self.books.rng.randrange(-99, 100)) / 100000))
                    for asset in PRODUCT.wallets}
            self.line(time + 1, "assetIndex", [{"symbol": asset + "USD", "time": time + 20, "index": text(index)}
                                               for asset, index in told.items()])
            INDEXES.append((time + 20, told))

    def ask_rates(self, time, fundings):
        """Of each perpetual, whatever came since it was asked last; they are told once for both accounts."""
        for number, symbol in enumerate(list(PRODUCT.sizes)[:-1]):
            rows = [{"symbol": symbol, "fundingTime": paid_ms, "fundingRate": text(funding_rate(symbol, paid_ms)),
                     "markPrice": text(marks[symbol])} for paid_ms, marks in fundings[self.rates:]]
            self.line(time + number, "fundingRate", rows, f"symbol={quote(symbol)}&limit=100", interval_ms=8 * HOUR)
        self.rates = len(fundings)

    def ask_account(self, time, marks):
        body = self.books.account(marks)
        self.line(time, "account", body, interval_ms=HOUR)
        self.accounts.append((time + 30, body))

    def ask_income(self, time):
        known = [row["time"] for row in self.books.income if row["time"] < getattr(self, "income_ms", 0)]
        start = max(known) - MINUTE if known else START
        self.income_ms = time
        self.line(time, "income", [row for row in self.books.income if start <= row["time"] < time],
                  f"startTime={start}&page=1&limit=1000", interval_ms=2 * HOUR)

    def ask_trades(self, time):
        for number, symbol in enumerate(PRODUCT.sizes):
            trades = [row for row in self.books.trades if row["symbol"] == symbol and row["id"] > self.last_id.get(symbol, 0)
                      and row["time"] < time]
            if trades or symbol not in self.last_id:
                request = f"fromId={self.last_id[symbol] + 1}" if symbol in self.last_id else f"startTime={START}"
                self.line(time + number, "userTrades", trades, f"symbol={quote(symbol)}&{request}&limit=1000")
                self.last_id[symbol] = max([row["id"] for row in trades], default=self.last_id.get(symbol, 0))


def quarter(spoil=None):
    """(books, recorders) of each account; spoil(books, time) may do a wrong at each step."""
    rng = random.Random(1)
    marks = dict(zip(PRODUCT.sizes, (Decimal(90000), Decimal(3100), Decimal(91000))))
    INDEXES.clear()
    fundings = []
    accounts = [Books("main", True, 3), Books("second", False, 4)]
    recorders = {books.name: Recorder(books) for books in accounts}
    for books in accounts:
        for asset in books.wallets:
            books.earn(START, "TRANSFER", asset, books.wallets[asset], info="DEPOSIT")
            books.wallets[asset] /= 2
    for time in range(START, PRODUCT.end, STEP):
        marks = {s: e8(mark * (1 + Decimal(rng.randrange(-100, 101)) / 30000)) for s, mark in marks.items()}
        if time % (8 * HOUR) == 0 and time > START:
            fundings.append((time, marks))
        for books in accounts:
            recorder = recorders[books.name]
            down = any(first <= time < last for first, last in OUTAGES)
            recorder.listen(time) if time >= FIRST_POLL and not down else None
            if down and recorder.is_up:
                recorder.listen(time)
                recorder.stop(time)
            if time % (8 * HOUR) == 0 and time > START:
                books.fund(time, marks)
                recorder.listen(time) if recorder.is_up else None
            if time == PRODUCT.delivery:
                books.deliver(time, marks)
            if time >= FIRST_POLL and not down:
                recorder.poll(time + 1000, marks)
                if time % HOUR == 0:
                    recorder.ask_account(time + 2000, marks)
                if time % (2 * HOUR) == 0:
                    recorder.ask_income(time + 3000)
                recorder.ask_trades(time + 4000)
                if books.hedge and recorder.rates < len(fundings):
                    recorder.ask_rates(time + 5000, fundings)
            if spoil:
                spoil(books, time)
            if books.rng.random() < 0.15:
                books.act(time + books.rng.randrange(10000, STEP - 10000), marks)
            if books.rng.random() < 0.004:
                books.earn(time + STEP - 5000, "TRANSFER", next(iter(PRODUCT.wallets)),
                           Decimal(books.rng.randrange(-20, 30)) / 100)
            if PRODUCT.is_linear and books.rng.random() < 0.01:
                for number, (asset, amount) in enumerate((("BNB", "-0.01"), ("USDT", "6.0123"))):
                    books.earn(time + STEP - 4500 + number, "AUTO_EXCHANGE", asset, Decimal(amount))
            if time == START + 45 * DAY:
                symbol, side = next(key for key, leg in books.legs.items() if leg["amount"])
                books.trade(time + STEP - 4000, symbol, side, -books.legs[symbol, side]["amount"], marks[symbol], "CALCULATED")
                books.earn(time + STEP - 3000, "INSURANCE_CLEAR", PRODUCT.assets[symbol], Decimal("-0.00123"), symbol)
    for recorder in recorders.values():
        recorder.listen(PRODUCT.end)
        recorder.poll(PRODUCT.end + 1000, marks)
        recorder.ask_account(PRODUCT.end + 2000, marks)
        recorder.ask_income(PRODUCT.end + 3000)
        recorder.ask_trades(PRODUCT.end + 4000)
        recorder.stop(PRODUCT.end + 5000)
    return {books.name: books for books in accounts}, recorders


def copied(recorders):
    """Each account's lines, to be changed."""
    return {name: [dict(line) for line in recorder.lines] for name, recorder in recorders.items()}


def record(name, lines_of):
    lines = sorted((line for lines in lines_of.values() for line in lines), key=lambda line: line["received_ms"])
    pathlib.Path(name + ".db").unlink(missing_ok=True)
    pathlib.Path(name + ".ndjson").write_text("".join(json.dumps(line) + "\n" for line in lines))
    subprocess.run([POSREC, "-q", "-d", name + ".db", "import", "--product", PRODUCT.name, name + ".ndjson"], check=True)
    return lines


def ask(name, *arguments):
    output = subprocess.run([POSREC, "-q", "-d", name + ".db", *arguments, "--format", "json"], check=True,
                            capture_output=True).stdout
    return json.loads(output, parse_float=Decimal, parse_int=Decimal)


def same(what, got, expected):
    if len(got) != len(expected):
        sys.exit(f"{what}: {len(got)} rows, expected {len(expected)}")
    checked = 0
    for mine, theirs in zip(expected, got):
        for name, value in mine.items():
            if theirs[name] != value:
                sys.exit(f"{what}: {name} is {theirs[name]}, expected {value}\n posrec: {theirs}\n books: {mine}")
            checked += 1
    print(f"{what}: {len(expected)} rows, {checked} values equal")


class Prices:
    """The mark price of an asset that was known at a time: that of the last poll, the perpetual's."""

    def __init__(self, recorder):
        self.times = [time for time, _ in recorder.polls]
        self.marks = [{row["symbol"]: Decimal(row["markPrice"]) for row in rows} for _, rows in recorder.polls]

    def at(self, time, asset):
        if PRODUCT.is_linear:
            index = bisect.bisect_right(INDEXES, time, key=lambda told: told[0]) - 1
            return INDEXES[index][1][asset] if index >= 0 else None
        index = bisect.bisect_right(self.times, time) - 1
        return self.marks[index][asset + "USD_PERP"] if index >= 0 else None


def usd(amount, price):
    return None if price is None else e8(amount * price)


def check_balances(books, recorders):
    balances, equity = [], []
    for name, recorder in recorders.items():
        prices = Prices(recorder)
        for asset in sorted(PRODUCT.wallets):
            for time, body in recorder.accounts:
                row = next(row for row in body["assets"] if row["asset"] == asset)
                wallet, margin = Decimal(row["walletBalance"]), Decimal(row["marginBalance"])
                head = {"account": name, "asset": asset, "time_ms": time, "time": iso(time), "wallet_balance": wallet,
                        "unrealized_pnl": Decimal(row["unrealizedProfit"]), "margin_balance": margin}
                balances.append({**head, "maintenance_margin": Decimal(row["maintMargin"]), "update_ms": row["updateTime"]})
                price = prices.at(time, asset)
                equity.append({**head, "price": price, "margin_balance_usd": usd(margin, price),
                               "wallet_balance_usd": usd(wallet, price)})
    order = "ORDER BY account, asset, time_ms"
    same("balance_history", ask("quarter", "sql", f"SELECT * FROM balance_history {order}"), balances)
    same("equity_history", ask("quarter", "sql", f"SELECT * FROM equity_history {order}"), equity)


def check_margins(recorders):
    expected = []
    for name, recorder in recorders.items():
        times = [at for at, _ in recorder.accounts]
        for time, rows in recorder.polls:
            number = bisect.bisect_right(times, time)
            asked = recorder.accounts[number - 1][1]["positions"] if number else []
            for row in rows:
                if row["positionAmt"] == "0":
                    continue
                known = next((p for p in asked if (p["symbol"], p["positionSide"]) ==
                              (row["symbol"], row["positionSide"])), None)
                expected.append({"account": name, "symbol": row["symbol"], "position_side": row["positionSide"],
                                 "time_ms": time, "maintenance_margin": Decimal(known["maintMargin"]) if known else None})
    expected.sort(key=lambda row: (row["account"], row["symbol"], row["position_side"], row["time_ms"]))
    same("margin_history", ask("quarter", "sql", "SELECT m.* FROM margin_history AS m JOIN pnl_history AS p USING (account, symbol,"
                               " position_side, time_ms) WHERE p.position_amount <> 0 ORDER BY account, symbol,"
                               " position_side, time_ms"), expected)


def check_facts(books, recorders):
    income, trades, listed = [], [], []
    for name, account in books.items():
        prices = Prices(recorders[name])
        sides = {str(row["id"]): row["positionSide"] for row in account.trades}
        for row in account.income:
            amount, price = Decimal(row["income"]), prices.at(row["time"], row["asset"])
            income.append({"account": name, "symbol": row["symbol"], "position_side": sides.get(row["tradeId"]),
                           "asset": row["asset"], "time_ms": row["time"], "income_type": row["incomeType"], "income": amount,
                           "income_usd": usd(amount, price), "tran_id": row["tranId"], "trade_id": row["tradeId"]})
        heard = [json.loads(line["body"])["o"]["t"] for line in recorders[name].lines
                 if line["endpoint"] == "userData" and "ORDER_TRADE" in line.get("body", "")]
        for row in account.trades:
            quantity = Decimal(row["qty"])
            trades.append({"account": name, "symbol": row["symbol"], "position_side": row["positionSide"],
                           "time_ms": row["time"], "trade_id": str(row["id"]), "side": row["side"],
                           "price": Decimal(row["price"]), "quantity": quantity,
                           "signed_quantity": quantity if row["side"] == "BUY" else -quantity,
                           "realized_pnl": Decimal(row["realizedPnl"]), "commission": Decimal(row["commission"]),
                           "base_quantity": Decimal(row["baseQty"]), "maker": int(row["maker"]),
                           "source": "both" if row["id"] in heard else "rest"})
    for row in sorted(trades, key=lambda row: (row["account"], row["time_ms"], row["symbol"], int(row["trade_id"]))):
        listed.append({key: row[key] for key in ("account", "symbol", "position_side", "side", "quantity", "price", "realized_pnl",
                                                 "commission", "trade_id", "source")} | {"time": iso(row["time_ms"])})
    income.sort(key=lambda row: (row["account"], row["time_ms"], int(row["tran_id"])))
    same("income_history", ask("quarter", "sql", "SELECT * FROM income_history ORDER BY account, time_ms,"
                               " CAST(tran_id AS INTEGER)"), income)
    trades.sort(key=lambda row: (row["account"], int(row["trade_id"])))
    same("trade_history", ask("quarter", "sql", "SELECT * FROM trade_history ORDER BY account,"
                              " CAST(trade_id AS INTEGER)"), trades)
    assert {row["source"] for row in trades} == {"both", "rest"}
    same("report trades", ask("quarter", "report", "trades"), listed)
    return income


KINDS = {"REALIZED_PNL": "realized_pnl", "FUNDING_FEE": "funding", "COMMISSION": "commission"}


def changes_of_unrealized(recorder):
    """{(symbol, asset, day): (change, change in USD)}, each leg from the last value before the day."""
    out, last = {}, {}
    days, times, prices = {}, {}, Prices(recorder)
    for time, rows in recorder.polls:
        times.setdefault(day_of(time), []).append(time)
        days.setdefault(day_of(time), []).append({(row["symbol"], row["positionSide"]): row for row in rows})
    for day, polls in days.items():
        for leg in set(last) | {leg for rows in polls for leg in rows}:
            values = [(Decimal(rows[leg]["unRealizedProfit"]), usd(Decimal(rows[leg]["unRealizedProfit"]),
                       prices.at(time, PRODUCT.assets[leg[0]]) if PRODUCT.is_linear else Decimal(rows[leg]["markPrice"])))
                      if leg in rows else (Decimal(0), Decimal(0)) for time, rows in zip(times[day], polls)]
            # On its first day from the first that was said of it, or, where that was not the first answer, from nothing.
            is_first = leg in days[min(days)][0]
            before = last.get(leg) or (values[0] if is_first else (Decimal(0), Decimal(0)))
            change = out.setdefault((leg[0], PRODUCT.assets[leg[0]], day), [Decimal(0), Decimal(0)])
            change[0] += values[-1][0] - before[0]
            change[1] += values[-1][1] - before[1]
            last[leg] = values[-1]
    return out


def check_totals(income, recorders):
    expected = []
    for name, recorder in recorders.items():
        changes, sums = changes_of_unrealized(recorder), {}
        for row in income:
            if row["account"] == name and row["income_type"] != "TRANSFER":
                of = sums.setdefault((row["symbol"], row["asset"], day_of(row["time_ms"])), [])
                of.append((KINDS.get(row["income_type"], "other"), row["income"], row["income_usd"]))
        for key in sorted(set(sums) | {key for key, change in changes.items() if any(change)}):
            symbol, asset, day = key
            rows = sums.get(key, [])
            polled = day >= day_of(FIRST_POLL)
            priced = all(row[2] is not None for row in rows)
            line = {"account": name, "symbol": symbol, "asset": asset, "day": day}
            total = [changes.get(key, [Decimal(0)])[0], changes.get(key, [0, Decimal(0)])[1]]
            line["unrealized_change"], line["unrealized_change_usd"] = total if polled else (None, None)
            for kind in ("realized_pnl", "funding", "commission", "other"):
                line[kind] = sum((row[1] for row in rows if row[0] == kind), Decimal(0))
                line[kind + "_usd"] = sum((row[2] for row in rows if row[0] == kind), Decimal(0)) if priced else None
            line["total"] = total[0] + sum(row[1] for row in rows) if polled else None
            line["total_usd"] = total[1] + sum(row[2] for row in rows) if polled and priced else None
            expected.append(line)
    same("pnl_total_daily", ask("quarter", "sql", "SELECT * FROM pnl_total_daily ORDER BY account, symbol, asset, day"), expected)


def check_reports(income, books, recorders):
    # Equity at each midnight: the last answer of account before.
    expected = []
    for name, recorder in recorders.items():
        prices = Prices(recorder)
        for asset in sorted(PRODUCT.wallets):
            before = START
            for moment in range(FIRST_POLL + DAY, PRODUCT.end + 1, DAY):
                known = [(time, body) for time, body in recorder.accounts if time < moment]
                rows = [next(row for row in body["assets"] if row["asset"] == asset) for _, body in known]
                row, time = rows[-1], known[-1][0]
                ratios = [e8(Decimal(r["maintMargin"]) / Decimal(r["marginBalance"]))
                          for r, (at, _) in zip(rows, known) if at >= before]
                before = moment
                expected.append({"account": name, "asset": asset, "time": iso(moment),
                                 "wallet_balance": Decimal(row["walletBalance"]), "margin_balance": Decimal(row["marginBalance"]),
                                 "margin_ratio_max": max(ratios),
                                 "margin_balance_usd": usd(Decimal(row["marginBalance"]), prices.at(time, asset))})
    same("report equity, every 1d", ask("quarter", "report", "equity", "--every", "1d"), expected)
    # Income by day, kind, symbol.
    sums = {}
    for row in income:
        key = (row["account"], row["time_ms"] // DAY, row["income_type"], row["symbol"], row["asset"])
        sums.setdefault(key, []).append(row)
    same("report income, every 1d", ask("quarter", "report", "income", "--every", "1d"), [
        {"account": key[0], "income_type": key[2], "symbol": key[3], "asset": key[4], "count": len(rows),
         "income": sum(row["income"] for row in rows),
         "income_usd": None if any(row["income_usd"] is None for row in rows) else sum(row["income_usd"] for row in rows)}
        for key, rows in sorted(sums.items())])
    # PnL of the whole range and at two steps: what each leg realized, and what each symbol was paid.
    for options, end in ((("--from", str(START + 10 * DAY), "--to", str(START + 40 * DAY)), START + 40 * DAY),
                         (("--every", "30d", "--from", str(START + 10 * DAY), "--to", str(PRODUCT.end)), None)):
        rows = ask("quarter", "report", "pnl", *options)
        for row in rows:
            time = int(datetime.fromisoformat(row["time"].replace("Z", "+00:00")).timestamp() * 1000) if end is None else end
            of = [r for r in income if r["account"] == row["account"] and r["symbol"] == row["symbol"]
                  and START + 10 * DAY <= r["time_ms"] < time]
            mine = [r for r in of if r["position_side"] == row["position_side"]]
            for column, kind in (("realized_pnl", "REALIZED_PNL"), ("commission", "COMMISSION")):
                assert row[column] == sum(r["income"] for r in mine if r["income_type"] == kind
                                          and r["asset"] == row["margin_asset"]), (row, column)
                paid_usd = [r["income_usd"] for r in mine if r["income_type"] == kind]
                assert row[column + "_usd"] == (None if None in [r["income_usd"] for r in mine] else sum(paid_usd)), (row, column)
            alike = [r for r in rows if (r["account"], r["symbol"], r["time"]) == (row["account"], row["symbol"], row["time"])]
            assert sum(r["funding"] for r in alike) == sum(r["income"] for r in of if r["income_type"] == "FUNDING_FEE"), row
            if row["change"] is not None:
                assert row["total"] == sum(row[c] for c in ("realized_pnl", "funding", "commission", "other", "change")), row
        print(f"report pnl {' '.join(options)}: {len(rows)} rows add up")


def check_steps(books, recorders):
    """The replay in Python: the trades that happened between polls, and the equity at the end."""
    sys.path.insert(0, str(SOURCE / "python"))
    import posrec
    trades, last = [], None
    for step in posrec.open("quarter.db").replay():
        trades += [(trade.account, trade.trade_id) for trade in step.trades]
        last = step
    expected = {(name, str(row["id"])) for name, account in books.items() for row in account.trades}
    assert len(trades) == len(expected) and set(trades) == expected, (len(trades), len(expected))
    for name, recorder in recorders.items():
        # The last answer of account before the last poll.
        body = [body for time, body in recorder.accounts if time <= recorder.polls[-1][0]][-1]
        for row in body["assets"]:
            assert last.equity[name, row["asset"]].wallet_balance == float(row["walletBalance"]), row
    print(f"replay: {len(trades)} trades and the equity of each step")


def check_rebuilt(books, recorders):
    expected = []
    for name, account in books.items():
        first = {}  # of each leg the first poll that lists it
        for time, rows in recorders[name].polls:
            for row in rows:
                first.setdefault((row["symbol"], row["positionSide"]), time)
        before = {row["id"] for row in account.trades if row["time"] < first.get((row["symbol"], row["positionSide"]), 0)}
        expected += [{"account": name, "symbol": s, "position_side": side, "trade_id": str(number), "position_amount": amount}
                     for s, side, number, amount in account.amounts if number in before]
    expected.sort(key=lambda row: (row["account"], int(row["trade_id"])))
    same("position_rebuilt", ask("quarter", "sql", "SELECT * FROM position_rebuilt ORDER BY account,"
                                 " CAST(trade_id AS INTEGER)"), expected)


def findings(name):
    return [row for row in ask(name, "report", "reconcile") if row["finding"] != "not_recorded"]


def capture_of(name, lines, predicate):
    """The id of the first capture that is so."""
    line = next(line for line in lines if predicate(line))
    return int(ask(name, "sql", f"SELECT capture_id FROM capture_log WHERE account = '{line['account']}' AND endpoint ="
                   f" '{line['endpoint']}' AND received_ms = {line['received_ms']}")[0]["capture_id"])


def check_spoiled():
    middle = START + 30 * DAY
    # One income row missing (funding), one trade missing, one amount changed, one wallet off.
    books, recorders = quarter()
    gone = next(row for row in books["second"].income if row["time"] > middle and row["incomeType"] == "FUNDING_FEE"
                and Decimal(row["income"]) and not any(-STEP <= trade["time"] - row["time"] <= MINUTE for trade in books["second"].trades))

    def without(line, endpoint, drop):
        if line["endpoint"] == endpoint and line["account"] == "second":
            line["body"] = json.dumps([row for row in json.loads(line["body"]) if not drop(row)])

    left = {number: amount for *_, number, amount in books["second"].amounts}
    trade = next(row for row in books["second"].trades if row["time"] > middle and (left[row["id"]] or not PRODUCT.is_linear))
    cases = {
        "income": lambda line: without(line, "income", lambda row: row["tranId"] == gone["tranId"]),
        "trade": lambda line: without(line, "userTrades", lambda row: row["id"] == trade["id"]),
    }
    for name, change in cases.items():
        changed = copied(recorders)
        for line in changed["second"]:
            change(line)
        lines = record(name, changed)
        found = [(row["finding"], row["account"], row["symbol"], row["asset"], int(row["capture_id"])) for row in findings(name)]
        if name == "income":
            shows = capture_of(name, lines, lambda line: line["account"] == "second" and line["endpoint"] == "account" and any(
                a["asset"] == gone["asset"] and a["updateTime"] >= gone["time"] for a in json.loads(line["body"])["assets"]))
            rate = capture_of(name, lines, lambda line: line["endpoint"] == "fundingRate" and any(
                (r["symbol"], r["fundingTime"]) == (gone["symbol"], gone["time"]) for r in json.loads(line["body"])))
            expected = [("funding_unexplained", "second", gone["symbol"], gone["asset"], rate),
                        ("wallet_unexplained", "second", None, gone["asset"], shows)]
            detail, = (row["detail"] for row in findings(name) if row["finding"] == "funding_unexplained")
            assert detail.startswith("0.00000000 was paid, ") and detail.endswith(f" make {gone['income']}"), (detail, gone)
            found.sort()
        else:
            shows = capture_of(name, lines, lambda line: line["account"] == "second" and line["endpoint"] == "positionRisk" and any(
                p["symbol"] == trade["symbol"] and p["updateTime"] >= trade["time"] for p in json.loads(line["body"])))
            expected = [("amount_unexplained", "second", trade["symbol"], None, shows)]
        assert found == expected, (name, found, expected)
        print(f"one {name} missing: found, at capture {shows}")
    if PRODUCT.is_linear:  # what follows is of what all answers list
        return
    # A wallet that is off by the last place in one answer; an amount that one poll says wrong.
    changed = copied(recorders)
    line = next(line for line in changed["main"] if line["endpoint"] == "account" and line["received_ms"] > middle)
    body = json.loads(line["body"])
    body["assets"][0]["walletBalance"] = text(Decimal(body["assets"][0]["walletBalance"]) + Decimal("1e-8"))
    line["body"] = json.dumps(body)
    lines = record("wallet", changed)
    shows = capture_of("wallet", lines, lambda other: other is line)
    found = [(row["finding"], row["asset"], int(row["capture_id"])) for row in findings("wallet")]
    assert found == [("wallet_unexplained", "BTC", shows)], found
    print(f"one wallet off by 0.00000001: found, at capture {shows}")
    changed = copied(recorders)
    at = next(n for n, line in enumerate(changed["second"]) if line["endpoint"] == "positionRisk" and
              line["received_ms"] > trade["time"])
    wrong = changed["second"][at]
    body = json.loads(wrong["body"])
    row = next(row for row in body if row["symbol"] == trade["symbol"])
    row["positionAmt"] = str(int(row["positionAmt"]) + 1)
    wrong["body"] = json.dumps(body)
    lines = record("amount", changed)
    shows = capture_of("amount", lines, lambda other: other is wrong)
    found = [(row["finding"], row["symbol"], int(row["capture_id"])) for row in findings("amount")
             if row["finding"] == "amount_unexplained"]
    assert found == [("amount_unexplained", trade["symbol"], shows)], found
    others = {(row["finding"], int(row["capture_id"])) for row in findings("amount")} - {("amount_unexplained", shows)}
    assert {kind for kind, _ in others} <= {"pnl_difference", "changed_without_update"}, others
    print(f"one amount changed: found, at capture {shows}")


def check(product):
    global PRODUCT
    PRODUCT = product
    books, recorders = quarter()
    record("quarter", copied(recorders))
    check_balances(books, recorders)
    check_margins(recorders)
    income = check_facts(books, recorders)
    check_totals(income, recorders)
    check_reports(income, books, recorders)
    check_rebuilt(books, recorders)
    check_steps(books, recorders)
    result = subprocess.run([POSREC, "-d", "quarter.db", "report", "reconcile", "--strict"], capture_output=True, text=True,
                            check=False)
    if result.returncode != 0:
        sys.exit(f"reconcile --strict: {result.returncode}\n{result.stdout}{result.stderr}")
    print("report reconcile --strict: nothing")
    subprocess.run([POSREC, "-q", "-d", "quarter.db", "verify"], check=True, stdout=subprocess.DEVNULL)


def main():
    with tempfile.TemporaryDirectory(prefix="posrec-money-") as folder:
        os.chdir(folder)
        for product in PRODUCTS:
            print(f"{product.name}:")
            check(product)
            check_spoiled()


PRODUCTS = [product for product in (Inverse, Linear) if product.name in sys.argv[2:] or not sys.argv[2:]]
main()
