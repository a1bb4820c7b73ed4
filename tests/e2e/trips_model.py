#!/usr/bin/env python3
"""Round trips, against a model of their own.

    trips_model.py POSREC

Makes histories by chance of both products, a file each, one-way and hedge: positions that are added to, reduced, turned, liquidated, deleveraged, delivered, held
before the recording began; several trades of one millisecond, fees in another asset, funding while open, trades
that nobody told, and times in which polls, trades, income and stream were not recorded; of USD-M polls that list
what is open or ordered alone, leverage by symbolConfig, USD by assetIndex. A walk through what was recorded, in
Python's decimal, says what `round_trip` must; and what it has and what `report trips` names besides must be all income.
"""
import contextlib
import json
import pathlib
import re
import sqlite3
import subprocess
import sys
import tempfile
from urllib.parse import quote
from decimal import ROUND_HALF_UP, Decimal, getcontext

from products import CoinM, UsdM
from sample import how_many, seeded

getcontext().prec = 60
POSREC = None
HISTORIES = how_many(60, 10)
MINUTE, HOUR = 60000, 3600000
START = 1760000400000
STEP = 10 * MINUTE
STEPS = 300
DELIVERY = 1760083200000  # 2025-10-10 08:00
COLUMNS = ("account, symbol, position_side, trip, direction, opened_ms, closed_ms, held_s, max_amount, entry_amount, exit_amount,"
           " entry_price, exit_price, trades, realized_pnl, commission, funding, net_pnl, close_kind, max_favourable,"
           " max_adverse, missing")
MORE_COLUMNS = ", leverage, net_pnl_usd"


class Inverse(CoinM):
    symbols = {"BTCUSD_PERP": "BTC", "ETHUSD_PERP": "ETH", "BTCUSD_251010": "BTC"}
    sizes = {"BTC": 100, "ETH": 10}
    delivered = "BTCUSD_251010"
    columns = COLUMNS


class Linear(UsdM):
    symbols = {"BTCUSDT": "USDT", "币安人生USDC": "USDC", "BTCUSDT_251010": "USDT"}
    sizes = {"USDT": 1, "USDC": 1}
    delivered = "BTCUSDT_251010"
    columns = COLUMNS + MORE_COLUMNS


def e8(value):
    return value.quantize(Decimal("1e-8"), ROUND_HALF_UP)


def posrec(*arguments, text=None):
    done = subprocess.run([POSREC, *arguments], input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (arguments, done.returncode, done.stderr)
    return done


class Market:
    """One account at the exchange."""

    def __init__(self, rng, name, hedge, product):
        self.rng, self.name, self.product = rng, name, product
        self.sides = ("LONG", "SHORT") if hedge else ("BOTH",)
        self.legs = {(s, side): {"amount": 0, "entry": Decimal(0), "update": 0} for s in product.symbols for side in self.sides}
        self.marks = dict(zip(product.symbols, (Decimal(60000), Decimal(2500), Decimal(60500))))
        self.trades, self.income, self.ids = [], [], 0

    def earn(self, time, kind, symbol, asset, amount, trade=""):
        self.ids += 1
        self.income.append({"symbol": symbol, "incomeType": kind, "income": format(amount, "f"), "asset": asset, "time": time,
                            "info": "", "tranId": str(self.ids), "tradeId": trade})

    def trade(self, time, symbol, side, delta, how):
        leg, product, price = self.legs[symbol, side], self.product, self.marks[symbol]
        asset = product.symbols[symbol]
        size = product.sizes[asset]
        before, after, realized = leg["amount"], leg["amount"] + delta, Decimal(0)
        if before * delta < 0:
            closed = min(abs(delta), abs(before)) * (1 if before > 0 else -1)
            realized = e8(product.profit(closed, size, leg["entry"], price))
        leg["entry"] = price if before * after <= 0 or before == 0 else leg["entry"] if before * delta < 0 else \
            e8(product.average(after, product.weight(before, leg["entry"]) + product.weight(delta, price)))
        leg["amount"], leg["update"] = after, time
        self.ids += 1
        fee_asset = "BNB" if self.rng.random() < 0.1 else asset
        fee = e8(product.worth(abs(delta), size, price) * self.rng.choice((Decimal("0.0005"), Decimal("-0.0001"))))
        row = {"symbol": symbol, "id": self.ids, "orderId": self.ids, "side": "BUY" if delta > 0 else "SELL",
               "price": format(price, "f"), "qty": str(abs(delta)), "realizedPnl": format(realized, "f"), "marginAsset": asset,
               "commission": format(fee, "f"), "commissionAsset": fee_asset, "time": time, "positionSide": side, "maker": False}
        self.trades.append((row, how, self.rng.random() < 0.03))
        if realized:
            self.earn(time, "REALIZED_PNL", symbol, asset, realized, str(self.ids))
        if fee:
            self.earn(time, "COMMISSION", symbol, fee_asset, -fee, row["id"] and str(row["id"]))

    def act(self, time):
        rng, lot = self.rng, self.product.lot
        symbol, side = rng.choice([key for key in self.legs if key[0] != self.product.delivered or time < DELIVERY - STEP])
        sign, amount = {"LONG": 1, "SHORT": -1}.get(side) or rng.choice((1, -1)), self.legs[symbol, side]["amount"]
        what, how = rng.random(), "TRADE"
        if amount:
            sign = 1 if amount > 0 else -1
        if amount == 0 or what < 0.3:
            delta = sign * rng.randrange(1, 30) * lot
        elif what < 0.55 and abs(amount) > lot:
            delta = -sign * rng.randrange(1, int(abs(amount) / lot)) * lot
        elif what < 0.7 and side == "BOTH":
            delta = -amount - sign * rng.randrange(1, 20) * lot
        else:
            delta, how = -amount, rng.choice(("TRADE", "TRADE", "liquidation", "adl"))
        if abs(delta) > lot and rng.random() < 0.25:  # two trades of one millisecond
            first = int(delta / lot) // 2 * lot or delta
            self.trade(time, symbol, side, first, how)
            self.trade(time, symbol, side, delta - first, how)
        else:
            self.trade(time, symbol, side, delta, how)

    def fund(self, time):
        for symbol, asset in self.product.symbols.items():
            if symbol == self.product.delivered:
                continue
            rate = Decimal(self.rng.randrange(-30, 30)) / 100000
            for side in self.sides:
                amount = self.legs[symbol, side]["amount"]
                if amount and rate:
                    self.earn(time, "FUNDING_FEE", symbol, asset, e8(
                        -self.product.worth(amount, self.product.sizes[asset], self.marks[symbol]) * rate))

    def deliver(self):
        for (symbol, side), leg in list(self.legs.items()):
            if symbol == self.product.delivered:
                if leg["amount"]:
                    self.earn(DELIVERY, "DELIVERED_SETTELMENT", symbol, self.product.symbols[symbol], self.unrealized((symbol, side)))
                del self.legs[symbol, side]

    def unrealized(self, key):
        leg, product = self.legs[key], self.product
        return e8(product.profit(leg["amount"], product.sizes[product.symbols[key[0]]], leg["entry"], self.marks[key[0]])) \
            if leg["amount"] else Decimal(0)


class Recorder:
    """What was recorded of an account, as capture lines and as the model reads it."""

    def __init__(self, market, rng):
        self.market, self.rng, self.lines = market, rng, []
        self.polls, self.known = [], {"polls": [], "trades": [], "income": [], "stream": []}
        self.first_step = rng.choice((0, rng.randrange(5, 60)))
        self.hole = rng.randrange(100, 250), rng.randrange(0, 30)
        self.told, self.heard, self.configs, self.indexes = [], {}, [], []

    def line(self, time, endpoint, **more):
        self.lines.append({"account": self.market.name, "endpoint": endpoint, "received_ms": time, **more})

    def poll(self, step, time):
        if step < self.first_step or self.hole[0] <= step < sum(self.hole):
            return
        market = self.market
        legs = market.legs
        more = {"leverage": "20", "marginType": "cross"}
        if market.product.is_flat_when_absent:  # a resting order lists what is flat
            legs = {key: leg for key, leg in legs.items() if leg["amount"] or self.rng.random() < 0.05}
            more = {"notional": "0", "marginAsset": "USDT", "adl": 2}
        body = [{"symbol": s, "positionSide": side, "positionAmt": str(leg["amount"]), "entryPrice": format(leg["entry"], "f"),
                 "markPrice": format(market.marks[s], "f"), "unRealizedProfit": format(market.unrealized((s, side)), "f"),
                 **more, "updateTime": leg["update"]} for (s, side), leg in legs.items()]
        self.line(time + 30, "positionRisk", sent_ms=time, interval_ms=STEP, http_status=200, body=json.dumps(body))
        self.polls.append((time + 30, time, {key: (leg["amount"], leg["update"], market.unrealized(key))
                                             for key, leg in legs.items()}))
        if self.known["polls"] and 2 * (time + 30 - self.known["polls"][-1][1]) <= 3 * STEP:
            self.known["polls"][-1][1] = time + 30
        else:
            self.known["polls"].append([time + 30, time + 30])

    def ask_worth(self, time):
        """Now and then leverage by symbol, and what the assets are worth."""
        if not self.market.product.is_linear or self.rng.random() < 0.9:
            return
        configs = {s: self.rng.choice((5, 20)) for s in self.market.product.symbols}
        body = [{"symbol": s, "marginType": "CROSSED", "isAutoAddMargin": False, "leverage": leverage, "maxNotionalValue": "1000000"}
                for s, leverage in configs.items()]
        self.line(time + 1, "symbolConfig", http_status=200, request="/fapi/v1/symbolConfig", body=json.dumps(body))
        self.configs.append((time + 1, configs))
        indexes = {asset: e8(1 + Decimal(self.rng.randrange(-50, 50)) / 10000) for asset in self.market.product.sizes}
        body = [{"symbol": asset + "USD", "time": time, "index": format(index, "f")} for asset, index in indexes.items()]
        self.line(time + 2, "assetIndex", http_status=200, request="/fapi/v1/assetIndex", body=json.dumps(body))
        self.indexes.append((time, indexes))

    def stream(self, end):
        """Of some hours what the stream told."""
        first = START + self.rng.randrange(end - START - HOUR)
        last = first + self.rng.randrange(HOUR, 20 * HOUR)
        self.line(first, "userData", outcome="opened", attempt=1)
        for row, how, is_lost in self.market.trades:
            if first < row["time"] < last and not is_lost:
                if self.rng.random() < 0.1:  # told otherwise than userTrades has it
                    row = {**row, "price": format(Decimal(row["price"]) + Decimal("0.1"), "f")}
                client = {"adl": "adl_autoclose", "liquidation": "autoclose-7"}.get(how, "web_1")
                order = {"s": row["symbol"], "c": client, "S": row["side"], "x": "TRADE" if how == "TRADE" else "CALCULATED",
                         "X": "FILLED", "i": row["orderId"], "l": row["qty"], "L": row["price"], "N": row["commissionAsset"],
                         "n": row["commission"], "T": row["time"], "t": row["id"], "rp": row["realizedPnl"], "m": False,
                         "ps": row["positionSide"]}
                if Decimal(row["commission"]) == 0:
                    del order["N"], order["n"]
                self.line(row["time"] + 5, "userData", body=json.dumps({"e": "ORDER_TRADE_UPDATE", "E": row["time"],
                                                                        "T": row["time"], "o": order}))
                self.heard[row["id"]] = how
                self.told.append(row)
        self.line(last, "userData", outcome="closed", attempt=1, detail="posrec stops")
        self.known["stream"].append((first, last))

    def ask(self, kind, end, number):
        """Up to two ranges, which may leave a hole, of each symbol's trades or of income."""
        first = START - HOUR if self.rng.random() < 0.7 else START + self.rng.randrange(10 * HOUR)
        ranges = [(first, end)]
        if self.rng.random() < 0.4:
            middle = first + (end - first) // 3
            ranges = [(first, middle), (middle + self.rng.randrange(6 * HOUR), end)]
        for symbol in self.market.product.symbols if kind == "trades" else ("",):
            for begin, stop in ranges:
                number += 1
                endpoint = "userTrades" if kind == "trades" else "income"
                rows = [row for row, _, is_lost in self.market.trades if row["symbol"] == symbol and not is_lost] \
                    if kind == "trades" else self.market.income
                rows = [row for row in rows if begin <= row["time"] <= stop]
                words = [f"symbol={quote(symbol)}"] if symbol else []
                words += [f"startTime={begin}", f"endTime={stop}", "limit=1000"]
                self.line(end + HOUR + number, endpoint, sent_ms=end + HOUR + number - 1, http_status=200,
                          request=f"{self.market.product.paths[endpoint]}?" + "&".join(words), body=json.dumps(rows))
                self.known[kind].append((symbol, begin, stop + 1))
                self.told += rows if kind == "trades" else []
        self.income = [row for row in self.market.income if any(b <= row["time"] <= e for b, e in ranges)] if kind == "income" \
            else getattr(self, "income", [])


def live(rng, name, hedge, product):
    market = Market(rng, name, hedge, product)
    recorder = Recorder(market, rng)
    for step in range(STEPS):
        time = START + step * STEP
        market.marks = {s: e8(mark * (1 + Decimal(rng.randrange(-100, 101)) / 20000)).quantize(Decimal("0.1"))
                        for s, mark in market.marks.items()}
        if time >= DELIVERY and (product.delivered, market.sides[0]) in market.legs:
            market.deliver()
        if time % (2 * HOUR) == 0:
            market.fund(time)
        recorder.poll(step, time + 1000)
        recorder.ask_worth(time + 2000 + (0 if hedge else 10))
        for _ in range(rng.choice((0, 0, 1, 1, 2))):
            market.act(time + 60000 + rng.randrange(STEP - 120000))
            # the next is later
            time = max(time, market.trades[-1][0]["time"] - 59000)
            if time + 60000 > START + (step + 1) * STEP - 120000:
                break
            time = min(time, START + (step + 1) * STEP - STEP)
            break
    end = START + STEPS * STEP
    recorder.poll(STEPS, end + 1000)
    recorder.stream(end)
    recorder.ask("trades", end + 2000, 0)
    recorder.ask("income", end + 2000, 100)
    return recorder


def joined(spans):
    result = []
    for begin, end in sorted(spans):
        if result and begin <= result[-1][1]:
            result[-1][1] = max(result[-1][1], end)
        else:
            result.append([begin, end])
    return result


class Walk:
    """One leg's trips, step by step through what was recorded of it."""

    def __init__(self, recorder, key):
        self.recorder, self.key, self.product = recorder, key, recorder.market.product
        self.asset = self.product.symbols[key[0]]
        trades = {row["id"]: row for row in recorder.told if (row["symbol"], row["positionSide"]) == key}
        self.trades = sorted(trades.values(), key=lambda row: (row["time"], row["id"]))
        self.states = self.stated()
        gone = [row["time"] for row in recorder.income if row["incomeType"] == "DELIVERED_SETTELMENT" and row["symbol"] == key[0]]
        if gone:
            self.states.append((max(gone), 0, 0))
        self.states.sort(key=lambda state: state[:2])
        self.base = self.states[0][2] - sum(self.signed(row) for row in self.trades if row["time"] <= self.states[0][0]) \
            if self.states else 0
        self.start = min([self.states[0][0]] + [row["time"] for row in self.trades]) if self.states else 0
        self.trips, self.open = [], None

    @staticmethod
    def signed(row):
        return Decimal(row["qty"]) * (1 if row["side"] == "BUY" else -1)

    def stated(self):
        """(time, order, amount) of what polls showed, when it changed."""
        states, last = [], None
        for _, sent, legs in self.recorder.polls:
            now = legs.get(self.key)
            if now is None and self.product.is_flat_when_absent and last is not None and last[0] == 0:
                continue
            if now is None and last is not None:
                states.append((sent, 1, 0))
            elif now is not None and now[:2] != last:
                states.append((now[1] or sent, 1, now[0]))
            last = now and now[:2]
        return states

    def begin(self, time, amount, is_start=False):
        self.open = {"number": len(self.trips) + 1, "sign": 1 if amount > 0 else -1, "from": time, "opened": None if is_start else time,
                     "closed": None, "max": abs(amount), "in": 0, "out": 0, "in_value": Decimal(0), "out_value": Decimal(0),
                     "trades": 0, "realized": Decimal(0), "commission": Decimal(0), "funding": Decimal(0), "funded": False,
                     "unknown": False, "changed": time, "steps": [(time, Decimal(0), False)], "kind": None}
        self.trips.append(self.open)

    def move(self, time, delta, price, row=None, kind="trade"):
        """The amount changes: what stands is added to or left, and what is beyond is entered anew."""
        before, after = self.amount, self.amount + delta
        fee = Decimal(row["commission"]) if row and row["commissionAsset"] == self.asset else Decimal(0)
        realized = Decimal(row["realizedPnl"]) if row else Decimal(0)
        left = min(abs(before), abs(delta)) if before * delta < 0 else 0
        turned = before * after < 0
        if before:
            trip = self.open
            first_fee = e8(fee * left / abs(delta)) if turned else fee
            trip["commission"] += first_fee
            fee -= first_fee
            trip["realized"] += realized
            self.count(trip, time, row)
            if left:
                trip["out"] += left
                trip["out_value"] = trip["out_value"] + self.product.weight(left, price) if price and trip["out_value"] is not None else None
            else:
                self.enter(trip, abs(delta), price)
            trip["max"] = max(trip["max"], abs(before), 0 if turned else abs(after))
            if after == 0 or turned:
                trip["closed"], trip["kind"], self.open = time, (kind, row), None
            else:
                trip["steps"].append((time, trip["realized"], row is not None))
        if after and (before == 0 or turned):
            self.begin(time, after)
            self.open["realized"] += 0 if before else realized  # of what stood by trades that are not known
            self.open["steps"] = [(time, self.open["realized"], row is not None)]
            self.open["commission"] += fee
            self.count(self.open, time, row)
            self.enter(self.open, abs(after), price)
        self.amount = after

    @staticmethod
    def count(trip, time, row):
        trip["changed"] = time
        trip["trades"] += row is not None

    def enter(self, trip, amount, price):
        trip["in"] += amount
        trip["in_value"] = trip["in_value"] + self.product.weight(amount, price) if price and trip["in_value"] is not None else None

    def events(self):
        for row in self.trades:
            yield row["time"], 3, row["id"], ("trade", row)
        for time, order, amount in self.states:
            yield time, 4 + order, 0, ("state", amount)
        for row in self.recorder.income:
            if row["incomeType"] in ("FUNDING_FEE", "DELIVERED_SETTELMENT") and row["symbol"] == self.key[0]:
                yield row["time"], 1 if row["incomeType"] == "FUNDING_FEE" else 2, int(row["tranId"]), ("income", row)
        if self.base:
            yield self.start, 0, 0, ("start", None)

    def run(self, paid):
        """paid(row, leg, amount) tells what income came while the leg held an amount."""
        self.amount, started = self.base, self.base == 0
        for time, order, _, (what, value) in sorted(self.events(), key=lambda event: event[:3]):
            if what == "start":
                self.begin(time, self.base, True)
                started = True
            elif what == "trade":
                self.move(time, self.signed(value), Decimal(value["price"]), value)
            elif what == "income" and self.amount and started:
                paid(value, self, self.amount, self.open)
            elif what == "state" and value != self.amount:
                delivered = order == 4
                touched = [self.open] if self.amount else []
                self.move(time, value - self.amount, None, None, "delivery" if delivered else "unknown")
                touched += [self.open] if self.open else []
                for trip in touched if not delivered else ():
                    trip["unknown"] = True


def share(candidates, recorded):
    """Gives each row of income to one of the legs that were open; `recorded` is their order in the file."""
    moments = {}
    for row, walk, amount, trip in candidates:
        moments.setdefault((row["incomeType"], row["symbol"], row["time"]), []).append((row, walk, amount, trip))
    for found in moments.values():
        rows = sorted({row["tranId"]: row for row, *_ in found}.values(), key=lambda row: (-abs(Decimal(row["income"])), int(row["tranId"])))
        legs = sorted({walk.key: (amount, trip) for _, walk, amount, trip in found}.items(), key=lambda leg: (-abs(leg[1][0]), recorded.index(leg[0])))
        apart = len(rows) == len(legs) and len({abs(amount) for _, (amount, _) in legs}) == len(legs)
        for number, row in enumerate(rows):
            trip = legs[number if apart else 0][1][1]
            trip["funding" if row["incomeType"] == "FUNDING_FEE" else "realized"] += Decimal(row["income"])
            trip["funded"] |= row["incomeType"] == "FUNDING_FEE"
            row["in_trip"] = True
            if row["incomeType"] != "FUNDING_FEE":
                trip["steps"].append((row["time"], trip["realized"], False))


def covered(spans, begin, end, closed=True):
    return any(first <= begin and (last > end if closed else last >= end) for first, last in spans)


def rows_of(recorder, walk, indexes):
    known, key, product = recorder.known, walk.key, walk.product
    trades = joined([span[1:] for span in known["trades"] if span[0] == key[0]])
    income = joined([span[1:] for span in known["income"]])
    for trip in walk.trips:
        begin, end = trip["from"], trip["closed"]
        missing = ["start"] if trip["opened"] is None else []
        if trip["unknown"] or not (covered(trades, begin, trip["changed"]) or covered(known["stream"], begin, trip["changed"])):
            missing.append("trades")
        if not covered(known["polls"], begin, known["polls"][-1][1] if end is None else end, False):
            missing.append("polls")
        if not covered(income, begin, end or trip["changed"]):
            missing.append("income")
        has_money = trip["funded"] or any((end is None or first <= end) and last > begin for first, last in income)
        last_poll = max([time for time, _, legs in recorder.polls if legs.get(key, (0,))[0] and time >= trip["changed"]],
                        default=trip["changed"])
        funding = trip["funding"] if has_money else None
        kind, row = trip["kind"] or (None, None)
        if kind == "trade":
            how = recorder.heard.get(row["id"], "TRADE")
            kind = "trade" if how == "TRADE" else how
        elif kind == "unknown":
            kind = "delivery" if key[0] == product.delivered and end >= DELIVERY else None
        steps = sorted(trip["steps"], key=lambda step: step[0])
        unrealized = []
        for number, (time, realized, is_trade) in enumerate(steps):
            until = steps[number + 1][0] if number + 1 < len(steps) else end or 1e18
            unrealized += [realized + legs[key][2] for at, _, legs in recorder.polls
                           if time <= at < until and key in legs and (not is_trade or legs[key][1] >= time) and
                           (legs[key][0] or legs[key][1] >= time)]
        net = None if funding is None else trip["realized"] - trip["commission"] + funding
        leverage = ([configs[key[0]] for time, configs in recorder.configs if end is None or time < end] or [None])[-1]
        index = ([told[walk.asset] for time, told in indexes if end is None or time <= end] or [None])[-1]
        yield (recorder.market.name, *key, trip["number"], "long" if trip["sign"] > 0 else "short", trip["opened"], end,
               None if trip["opened"] is None else Decimal((end or last_poll) - trip["opened"]) / 1000, trip["max"],
               None if trip["opened"] is None else trip["in"], trip["out"],
               None if trip["opened"] is None or trip["in_value"] is None else e8(product.average(trip["in"], trip["in_value"])),
               e8(product.average(trip["out"], trip["out_value"])) if trip["out_value"] else None,
               trip["trades"], trip["realized"], trip["commission"], funding,
               net, kind, max(unrealized, default=None), min(unrealized, default=None), ",".join(missing),
               *((leverage, None if net is None or index is None else e8(net * index)) if product.is_linear else ()))


def expected_rows(recorder, indexes, recorded):
    keys = [(s, side) for s in recorder.market.product.symbols for side in recorder.market.sides]
    walks = [Walk(recorder, key) for key in keys]
    candidates = []
    for walk in walks:
        walk.run(lambda *candidate: candidates.append(candidate))
    share(candidates, recorded)
    return [row for walk in walks for row in rows_of(recorder, walk, indexes)]


def outside(recorder):
    """What income is in no trip, by symbol, type and asset."""
    in_trip = {str(row["id"]) for row in recorder.told}
    result = {}
    for row in recorder.income:
        is_in = row.get("in_trip") or (row["tradeId"] in in_trip and row["asset"] == recorder.market.product.symbols[row["symbol"]])
        if not is_in:
            key = (recorder.market.name, row["symbol"], row["incomeType"], row["asset"])
            count, total = result.get(key, (0, Decimal(0)))
            result[key] = count + 1, total + Decimal(row["income"])
    return result


def same(mine, theirs):
    if isinstance(mine, Decimal) and theirs is not None:
        return abs(mine - Decimal(str(theirs))) <= Decimal("1.1e-8") * max(1, abs(mine)) * Decimal("0.01") or e8(mine) == e8(Decimal(str(theirs)))
    return mine == theirs


def check_sums(rng, path, recorders):
    """Over any range the parts of trips are the income that is in them."""
    begin = START + rng.randrange(STEPS) * STEP
    end = begin + rng.randrange(STEPS) * STEP
    with contextlib.closing(sqlite3.connect(path)) as database:
        sums = {row[:2]: row[2:] for row in database.execute("""
            SELECT a.name, c.margin_asset, sum(p.realized_pnl_e8), -sum(p.commission_e8), sum(p.funding_e8)
              FROM trip_part AS p
              JOIN leg AS l USING (leg_id)
              JOIN contract AS c USING (contract_id)
              JOIN account AS a USING (account_id)
             WHERE p.time_ms >= ? AND p.time_ms < ?
             GROUP BY 1, 2""", (begin, end))}
    for recorder in recorders:
        known = {str(row["id"]) for row in recorder.told}
        for asset in recorder.market.product.sizes:
            rows = [row for row in recorder.market.income if begin <= row["time"] < end and row["asset"] == asset
                    and (row.get("in_trip") or row["tradeId"] in known)]
            expected = tuple(int(100000000 * sum(Decimal(row["income"]) for row in rows if row["incomeType"] in kinds))
                             for kinds in (("REALIZED_PNL", "DELIVERED_SETTELMENT"), ("COMMISSION",), ("FUNDING_FEE",)))
            got = sums.get((recorder.market.name, asset), (0, 0, 0))
            assert got == expected, (recorder.market.name, asset, begin, end, got, expected)


def left_by(product, trades, amount):
    """What trades leave of a position of that amount: contracts that left, their value, and what that realized."""
    out, value, realized = 0, Decimal(0), Decimal(0)
    for row in trades:
        delta = Walk.signed(row)
        left = min(abs(amount), abs(delta)) if amount * delta < 0 else 0
        out, value = out + left, value + product.weight(left, Decimal(row["price"]))
        realized, amount = realized + Decimal(row["realizedPnl"]), amount + delta
    return out, value, realized


def check_changes(path, recorders):
    """Exits in `report changes` are what the trades since the change before come to, and of a trip what round_trip says of it, where
    all of it is recorded: else a trade that nobody told may have been in it."""
    with contextlib.closing(sqlite3.connect(path)) as database:
        times = dict(database.execute("SELECT DISTINCT time, time_ms FROM position_timeline"))
        trips = database.execute("""SELECT account, symbol, position_side, opened_ms, closed_ms, exit_amount, exit_price, realized_pnl
                                      FROM round_trip WHERE opened_ms < closed_ms AND exit_price > 0 AND missing = ''""").fetchall()
    parts, seen, told, product = {}, {}, {}, recorders[0].market.product
    for recorder in recorders:
        for key in {(row["symbol"], row["positionSide"]) for row in recorder.told}:
            told[recorder.market.name, *key] = Walk(recorder, key).trades
    rows = json.loads(posrec("-q", "-d", path, "report", "changes", "--all", "--format", "json").stdout, parse_float=Decimal)
    for row in sorted(rows, key=lambda row: (row["time"], row["capture_id"])):
        leg, time = (row["account"], row["symbol"], row["position_side"]), times[row["time"]]
        before, expected = seen.get(leg), (None, None)
        seen[leg] = time
        if row["change"] in ("reduce", "close", "flip", "vanish"):
            between = [trade for trade in told.get(leg, []) if before < trade["time"] <= time]
            was, now = Decimal(row["previous_position_amount"]), Decimal(row["position_amount"] or 0)
            if between and sum(map(Walk.signed, between)) == now - was:
                out, value, realized = left_by(product, between, was)
                expected = e8(product.average(out, value)), realized
                parts.setdefault(leg, []).append((time, out, value, realized))
        # An average is reckoned in floats: of one that lies between two the last place may be the other's.
        got = (row["exit_price"], row["realized_pnl"])
        assert got[1] == expected[1] and (got[0] == expected[0] or abs(got[0] - expected[0]) <= Decimal("1e-8")), (path, row, got, expected)
    shared = 0
    for *leg, opened, closed, exit_amount, exit_price, realized in trips:
        inside = [part for part in parts.get(tuple(leg), []) if opened < part[0] <= closed]
        if float(sum(out for _, out, _, _ in inside)) == exit_amount:
            price = float(product.average(Decimal(str(exit_amount)), sum(value for _, _, value, _ in inside)))
            assert abs(price - exit_price) < 1e-7 and round(float(sum(earned for *_, earned in inside)) - realized, 8) == 0, (path, leg, opened, inside)
            shared += 1
    return shared


def check(rng, folder, number):
    product = (Inverse, Linear)[number % 2]
    recorders = [live(rng, "one", False, product), live(rng, "two", True, product)]
    indexes = sorted((index for recorder in recorders for index in recorder.indexes), key=lambda index: index[0])
    lines = sorted((line for recorder in recorders for line in recorder.lines), key=lambda line: line["received_ms"])
    path = folder / f"{number}.db"
    posrec("-q", "-d", path, "import", "--product", product.name, "-", text="".join(json.dumps(line) + "\n" for line in lines))
    with contextlib.closing(sqlite3.connect(path)) as database:
        recorded = database.execute("SELECT symbol, position_side FROM leg JOIN contract USING (contract_id) ORDER BY leg_id").fetchall()
        got = sorted(database.execute(f"SELECT {product.columns} FROM round_trip").fetchall(), key=lambda row: row[:4])
    expected = sorted((row for recorder in recorders for row in expected_rows(recorder, indexes, recorded)), key=lambda row: row[:4])
    for mine, theirs in zip(expected, got):
        for name, a, b in zip(product.columns.split(", "), mine, theirs):
            if not same(a, b):
                sys.exit(f"history {number}: {name.strip()}: the model says {a}, round_trip {b}\n{mine}\n{theirs}")
    assert len(expected) == len(got), (number, len(expected), len(got))
    check_sums(rng, path, recorders)
    shared = check_changes(path, recorders)
    said = posrec("-d", path, "report", "trips", "--format", "csv").stderr
    named = {(account, symbol, kind, asset): (int(count), Decimal(total)) for account, symbol, kind, total, asset, count in
             re.findall(r"(\w+), (\w+), (\w+) of (-?[\d.]+) (\w+) \((\d+)\)", said)}
    others = {key: value for recorder in recorders for key, value in outside(recorder).items()}
    assert named == others, (number, named, others)
    return len(got), shared


def main():
    global POSREC
    POSREC = pathlib.Path(sys.argv[1]).resolve()
    rng = seeded()
    with tempfile.TemporaryDirectory() as name:
        trips, shared = map(sum, zip(*(check(rng, pathlib.Path(name), number) for number in range(HISTORIES))))
    print(f"{HISTORIES} histories, {trips} round trips, each as the model says; {shared} of them left as their changes tell")
    assert shared > trips / 3


if __name__ == "__main__":
    main()
