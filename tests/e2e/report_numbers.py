#!/usr/bin/env python3
"""Every number of the views and reports, against a computation of its own from the captured bodies.

    report_numbers.py POSREC

Makes a week of two accounts of each product: trades, flips, funding, gaps, failed polls, a delisting, and some answers
that do not add up; of USD-M answers list what is open or ordered alone, symbolConfig tells leverage, and assetIndex USD,
neither from the start on. Imports it, asks posrec, and compares with what Python's decimal says of the bodies.
"""
import bisect
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
from datetime import datetime, timezone
from decimal import Decimal, ROUND_HALF_UP, getcontext

from products import CoinM, UsdM

getcontext().prec = 60
POSREC = os.path.abspath(sys.argv[1])
START_MS = 1767571200000  # 2026-01-05, a Monday
STEP_MS = 300000
POLLS = 7 * 288
HOUR_MS, DAY_MS = 3600000, 86400000
FIRST_CONFIG, FIRST_INDEX, INDEX_EVERY = 30, 50, 12  # polls


class Inverse(CoinM):
    sizes = {"BTCUSD_PERP": 100, "ETHUSD_PERP": 10, "BTCUSD_260109": 100, "DOGEUSD_PERP": 10}
    assets = {"BTCUSD_PERP": "BTC", "ETHUSD_PERP": "ETH", "BTCUSD_260109": "BTC", "DOGEUSD_PERP": "DOGE"}
    position = ("updateTime", "positionAmt", "entryPrice", "breakEvenPrice", "leverage", "maxQty", "marginType",
                "isAutoAddMargin", "isolatedWallet")
    findings = {"pnl_difference", "isolated_margin_on_cross", "close_never_seen", "changed_without_update", "gap_hides_change",
                "not_recorded"}


class Linear(UsdM):
    sizes = {"BTCUSDT": 1, "ETHUSDC": 1, "BTCUSDT_260109": 1, "币安人生USDT": 1}
    assets = {"BTCUSDT": "USDT", "ETHUSDC": "USDC", "BTCUSDT_260109": "USDT", "币安人生USDT": "USDT"}
    position = ("updateTime", "positionAmt", "entryPrice", "breakEvenPrice", "isolatedWallet")
    findings = {"pnl_difference", "isolated_margin_on_cross", "gap_hides_change", "not_recorded"}


PRODUCTS = {product.name: product for product in (Inverse, Linear)}
PRODUCT = Inverse
DELISTED_AT = START_MS + 4 * DAY_MS + 8 * HOUR_MS
GAPS = [(500, 524), (1203, 1207)]  # polls that were never sent
FAILED = {700, 701, 1500}


def e8(value):
    return value.quantize(Decimal("1e-8"), ROUND_HALF_UP)


def text(value):
    return format(e8(value), "f")


class Leg:
    def __init__(self, rng, symbol, side, isolated):
        self.rng, self.symbol, self.side, self.isolated = rng, symbol, side, isolated
        self.size = PRODUCT.sizes[symbol]
        self.amount, self.entry, self.leverage, self.update = 0, Decimal(0), 20, 0
        self.wallet = Decimal(0)

    def sign(self):
        return {"LONG": 1, "SHORT": -1}.get(self.side) or self.rng.choice((1, -1))

    def act(self, now, mark):
        """Opens, increases, reduces, closes or flips; rarely changes leverage and nothing else."""
        what = self.rng.random()
        lot = PRODUCT.lot
        if what < 0.12:
            self.leverage = self.rng.choice((5, 10, 20, 50))
            return
        before = self.amount
        if self.amount == 0:
            self.amount, self.entry = self.sign() * self.rng.randrange(1, 60) * lot, mark
        elif what < 0.45:
            more = self.rng.randrange(1, 20) * lot * (1 if self.amount > 0 else -1)
            self.entry = e8(PRODUCT.average(self.amount + more, PRODUCT.weight(self.amount, self.entry) + PRODUCT.weight(more, mark)))
            self.amount += more
        elif what < 0.7 and abs(self.amount) > lot:
            self.amount -= (1 if self.amount > 0 else -1) * self.rng.randrange(1, int(abs(self.amount) / lot)) * lot
        elif what < 0.85 and self.side == "BOTH":
            self.amount, self.entry = -self.amount, mark
        else:
            self.amount, self.entry = 0, Decimal(0)
        assert self.amount != before
        self.update = now - self.rng.randrange(1, STEP_MS // 2)
        self.wallet = e8(PRODUCT.worth(abs(self.amount), self.size, mark) / self.leverage) if self.isolated else Decimal(0)

    def fund(self, now, mark):
        if self.isolated and self.amount:
            self.wallet -= e8(PRODUCT.worth(abs(self.amount), self.size, mark) / 10000)
            self.update = now - 1

    def row(self, mark):
        opened = self.amount != 0
        pnl = e8(PRODUCT.profit(self.amount, self.size, self.entry, mark)) if opened else Decimal(0)
        notional = text(PRODUCT.worth(self.amount, self.size, mark))
        liquidation = e8(self.entry * (Decimal("0.9") if self.amount > 0 else Decimal("1.1"))) if opened else Decimal(0)
        more = {"notional": notional, "marginAsset": PRODUCT.assets[self.symbol], "adl": 1} if PRODUCT.is_linear else {
            "leverage": str(self.leverage), "maxQty": "100", "marginType": "isolated" if self.isolated else "cross",
            "isAutoAddMargin": "false", "notionalValue": notional}
        return {"symbol": self.symbol, "positionAmt": str(self.amount), "entryPrice": text(self.entry),
                "breakEvenPrice": text(self.entry), "markPrice": text(mark), "unRealizedProfit": text(pnl),
                "liquidationPrice": text(liquidation),
                "isolatedMargin": text(self.wallet + pnl if self.isolated and opened else Decimal(0)),
                "positionSide": self.side, "isolatedWallet": text(self.wallet), "updateTime": self.update, **more}


def find(rows, symbol, side):
    return next((row for row in rows if row["symbol"] == symbol and row["positionSide"] == side), None)


def spoil(account, number, rows, expected):
    """Some answers that do not add up; notes what reconcile must find."""
    def note(kind, symbol, side):
        expected.append((kind, account, symbol, side, number))
    if account != "main":
        return
    bitcoin, ether, *_ = PRODUCT.sizes
    if number == 300:
        row = find(rows, bitcoin, "LONG")
        row["unRealizedProfit"] = text(Decimal(row["unRealizedProfit"]) + Decimal("0.00005"))
        note("pnl_difference", bitcoin, "LONG")
    if number == 301:
        row = find(rows, ether, "SHORT") or rows[0]  # whatever is listed
        row["isolatedMargin"] = "0.5"
        note("isolated_margin_on_cross", row["symbol"], row["positionSide"])


class Told:
    """What symbolConfig and assetIndex told so far, which positionRisk of USD-M does not: beside the rows, under names with _."""

    def __init__(self):
        self.configs, self.index, self.written = {}, {}, {}

    def ask_configs(self, name, legs):
        configs = {leg.symbol: (leg.leverage, leg.isolated) for leg in legs}
        if configs == self.configs.get(name):
            return None
        self.configs[name] = configs
        return [{"symbol": s, "marginType": "ISOLATED" if isolated else "CROSSED", "isAutoAddMargin": False, "leverage": leverage,
                 "maxNotionalValue": "1000000"} for s, (leverage, isolated) in configs.items()]

    def ask_indexes(self, rng, time):
        self.index = {asset: e8(1 + Decimal(rng.randrange(-99, 100)) / 100000) for asset in ("USDT", "USDC")}
        return [{"symbol": asset + "USD", "time": time, "index": text(index)} for asset, index in self.index.items()]

    def stand(self, name, rows):
        """How every leg stands by an answer: one that is not listed is flat, and nothing else is said of it."""
        legs, listed = self.written.setdefault(name, {}), {key(row): row for row in rows}
        for leg, row in legs.items():
            if leg not in listed:
                listed[leg] = row if amount(row) == 0 else {
                    "symbol": leg[0], "positionSide": leg[1], "positionAmt": "0", "unRealizedProfit": "0",
                    "updateTime": row["updateTime"], "_is_absent": True}
        for leg, row in listed.items():
            if leg not in legs or amount(row) != 0 or said(row) != said(legs[leg]):
                leverage, isolated = self.configs.get(name, {}).get(leg[0], (None, None))
                legs[leg] = {**row, "_leverage": leverage, "_index": self.index.get(PRODUCT.assets[leg[0]]),
                             "_marginType": None if isolated is None else "isolated" if isolated else "cross"}
        return [legs[leg] for leg in listed]


def week():
    """(capture lines, good polls {account: [(number, time, rows)]}, injected findings)"""
    rng = random.Random(7)
    symbols = list(PRODUCT.sizes)
    marks = dict(zip(symbols, (Decimal(90000), Decimal(3100), Decimal(90500), Decimal("0.14"))))
    told = Told()
    accounts = {
        "main": [Leg(rng, s, side, False) for s in symbols for side in ("BOTH", "LONG", "SHORT")],
        "second": [Leg(rng, s, "BOTH", s == symbols[1]) for s in symbols]}
    lines, good, findings = [], {name: [] for name in accounts}, []

    def ask(name, legs, number, due):
        head = {"account": name, "product": PRODUCT.name, "http_status": 200}
        configs = told.ask_configs(name, legs) if number >= FIRST_CONFIG else None
        if configs:
            lines.append({**head, "received_ms": due + 20, "endpoint": "symbolConfig", "body": json.dumps(configs)})
        if number >= FIRST_INDEX and number % INDEX_EVERY == 0 and name == "main":
            lines.append({**head, "received_ms": due + 25, "endpoint": "assetIndex",
                          "body": json.dumps(told.ask_indexes(rng, due + 10))})

    for number in range(POLLS):
        due = START_MS + number * STEP_MS
        for symbol in marks:
            marks[symbol] = e8(marks[symbol] * Decimal(1 + (rng.random() - 0.5) / 200))
        for name, legs in accounts.items():
            usable = [leg for leg in legs if name == "second" or leg.side != "BOTH"]
            if number == 0:
                for leg in usable[::2]:
                    leg.amount, leg.entry, leg.update = leg.sign() * 10 * PRODUCT.lot, marks[leg.symbol], due - 1000
            elif number == 300:  # what spoil() touches is open there
                leg = next(leg for leg in legs if leg.symbol == symbols[0] and leg.side in ("LONG", "BOTH"))
                leg.amount, leg.entry, leg.update = 25 * PRODUCT.lot, marks[leg.symbol], due - 1
            elif rng.randrange(12) == 0:
                leg = rng.choice(usable)
                leg.act(due, marks[leg.symbol])
                for other in legs if PRODUCT.is_linear else ():  # leverage is the symbol's
                    other.leverage = leg.leverage if other.symbol == leg.symbol else other.leverage
            if due % (8 * HOUR_MS) == 0 and number:
                for leg in legs:
                    leg.fund(due, marks[leg.symbol])
            legs[:] = [leg for leg in legs if due < DELISTED_AT or leg.symbol != symbols[2]]
            time = due + 40 + rng.randrange(50)
            line = {"account": name, "product": PRODUCT.name, "due_ms": due, "sent_ms": due + 1, "received_ms": time, "interval_ms": STEP_MS}
            if any(first <= number < last for first, last in GAPS):
                continue
            if number in FAILED:
                lines.append({**line, "http_status": 503, "body": "overloaded"})
                continue
            rows = [leg.row(marks[leg.symbol]) for leg in legs if not PRODUCT.is_flat_when_absent or leg.amount or rng.random() < 0.03]
            spoil(name, number, rows, findings)
            if PRODUCT.is_linear:
                ask(name, legs, number, due)
                good[name].append((number, time, told.stand(name, rows)))
            else:
                good[name].append((number, time, rows))
            lines.append({**line, "http_status": 200, "body": json.dumps(rows)})
    return lines, good, findings


# What the bodies say, without posrec.

def key(row):
    return row["symbol"], row["positionSide"]


def amount(row):
    return Decimal(row["positionAmt"])


def pnl(row):
    return Decimal(row["unRealizedProfit"])


def said(row):
    return {name: value for name, value in row.items() if name[0] != "_" or name == "_is_absent"}


def number_of(row, name):
    return None if row is None or row.get(name) is None else Decimal(row[name])


def leverage_of(row):
    return number_of(row, "_leverage" if PRODUCT.is_linear else "leverage")


def price_of(row):
    """What one of the margin asset is worth."""
    return number_of(row, "_index" if PRODUCT.is_linear else "markPrice")


def usd(row):
    return Decimal(0) if pnl(row) == 0 else None if price_of(row) is None else e8(pnl(row) * price_of(row))


def less(value, other):
    return None if value is None or other is None else value - other


def expected_pnl(row):
    if amount(row) == 0:
        return Decimal(0)
    return e8(PRODUCT.profit(amount(row), PRODUCT.sizes[row["symbol"]], Decimal(row["entryPrice"]), Decimal(row["markPrice"])))


def initial_margin(row):
    if amount(row) == 0 or leverage_of(row) is None:
        return Decimal(0) if amount(row) == 0 else None
    return PRODUCT.worth(abs(amount(row)), PRODUCT.sizes[row["symbol"]], Decimal(row["markPrice"])) / leverage_of(row)


def distance(row):
    if amount(row) == 0 or Decimal(row["liquidationPrice"]) == 0:
        return None
    mark, liquidation = Decimal(row["markPrice"]), Decimal(row["liquidationPrice"])
    return (mark - liquidation if amount(row) > 0 else liquidation - mark) / mark


def valuations(polls):
    """{leg: [(time, row)]}: what docs/schema.md says is written: at every poll while the leg is open,
    whenever its position row is new, and else when a value differs."""
    out, last = {}, {}
    for _, time, rows in polls:
        for row in rows:
            leg = key(row)
            before = last.get(leg)
            if amount(row) != 0 or before is None or said(before) != said(row):
                out.setdefault(leg, []).append((time, row))
            last[leg] = row
        for leg in [leg for leg in last if leg not in {key(row) for row in rows}]:
            out[leg].append((time, None))
            del last[leg]
    return out


def iso(ms):
    return datetime.fromtimestamp(ms / 1000, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03d}Z"


def day(ms):
    return datetime.fromtimestamp(ms / 1000, timezone.utc).strftime("%Y-%m-%d")


def ask(*arguments):
    output = subprocess.run([POSREC, "-q", "-d", "week.db", *arguments, "--format", "json"], check=True,
                            capture_output=True).stdout
    return json.loads(output, parse_float=Decimal, parse_int=Decimal)


def same(what, got, expected):
    """Compares rows by their first columns in order; every cell must be equal."""
    checked = 0
    if len(got) != len(expected):
        sys.exit(f"{what}: {len(got)} rows, expected {len(expected)}")
    for mine, theirs in zip(expected, got):
        for name, value in mine.items():
            # A margin is a ratio: of linear contracts it lies between two numbers of eight places now and then.
            is_tie = PRODUCT.is_linear and name.startswith("initial_margin") and None not in (value, theirs[name]) \
                and abs(theirs[name] - value) == Decimal("1e-8")
            if theirs[name] != value and not is_tie:
                sys.exit(f"{what}: {name} is {theirs[name]}, expected {value}\n posrec: {theirs}\n bodies: {mine}")
            checked += 1
    print(f"{what}: {len(expected)} rows, {checked} values equal")


def leg_columns(account, leg):
    return {"account": account, "symbol": leg[0], "position_side": leg[1]}


def check_histories(good):
    pnl_rows, margin_rows = [], []
    for account, polls in good.items():
        for leg, values in sorted(valuations(polls).items()):
            for time, row in values:
                head = {**leg_columns(account, leg), "time_ms": time, "time": iso(time)}
                gone = row is None
                pnl_rows.append({**head, "margin_asset": PRODUCT.assets[leg[0]],
                                 "position_amount": None if gone else amount(row),
                                 "entry_price": number_of(row, "entryPrice"),
                                 "mark_price": number_of(row, "markPrice"),
                                 "unrealized_pnl": None if gone else pnl(row),
                                 "unrealized_pnl_usd": None if gone else usd(row),
                                 "expected_pnl": None if gone else expected_pnl(row),
                                 "pnl_difference": None if gone else pnl(row) - expected_pnl(row)})
                margin_rows.append({**head, "leverage": leverage_of(row),
                                    "margin_type": None if gone else row["_marginType" if PRODUCT.is_linear else "marginType"],
                                    "isolated_margin": number_of(row, "isolatedMargin"),
                                    "isolated_wallet": number_of(row, "isolatedWallet"),
                                    "notional_value": number_of(row, "notional" if PRODUCT.is_linear else "notionalValue"),
                                    "liquidation_price": number_of(row, "liquidationPrice")})
    order = "ORDER BY account, symbol, position_side, time_ms"
    same("pnl_history", ask("sql", f"SELECT * FROM pnl_history {order}"), pnl_rows)
    same("margin_history", ask("sql", f"SELECT * FROM margin_history {order}"), margin_rows)


def known(values):
    return [value for value in values if value is not None]


def check_dailies(good):
    pnl_rows, margin_rows = [], []
    for account, polls in good.items():
        for leg, values in sorted(valuations(polls).items()):
            days = {}
            for time, row in values:
                days.setdefault(day(time), []).append(row)
            for name, rows in days.items():
                def four(column, of):
                    all_of = [None if row is None else of(row) for row in rows]
                    return {f"{column}_first": all_of[0], f"{column}_last": all_of[-1],
                            f"{column}_min": min(known(all_of), default=None),
                            f"{column}_max": max(known(all_of), default=None)}
                head = {**leg_columns(account, leg), "day": name}
                pnl_rows.append({**head, **four("unrealized_pnl", pnl), **four("unrealized_pnl_usd", usd)})
                margin_rows.append({**head, **four("isolated_margin", lambda row: number_of(row, "isolatedMargin")),
                                    **four("initial_margin", initial_margin), **four("liquidation_distance", distance)})
    order = "ORDER BY account, symbol, position_side, day_ms"
    same("pnl_daily", ask("sql", f"SELECT * FROM pnl_daily {order}"), pnl_rows)
    got = ask("sql", f"SELECT * FROM margin_daily {order}")
    same("margin_daily", rounded(got), rounded(margin_rows))


def rounded(rows):
    """Ratios are compared to eight places."""
    return [{name: e8(value) if isinstance(value, Decimal) and name != "day_ms" else value
             for name, value in row.items()} for row in rows]


def at_stake(row):
    """In USD: of an inverse contract what its contracts are of."""
    size = amount(row) * PRODUCT.sizes[row["symbol"]]
    if not PRODUCT.is_linear or size == 0:
        return size
    return None if price_of(row) is None else e8(size * Decimal(row["markPrice"]) * price_of(row))


def exposure_of(rows, asset):
    legs = [row for row in rows if PRODUCT.assets[row["symbol"]] == asset]
    sides = [[at_stake(row) for row in legs if sign * amount(row) > 0] for sign in (1, -1)]
    long, short = (None if None in side else abs(sum(side)) for side in sides)
    return {"long_usd": long, "short_usd": short, "net_usd": less(long, short),
            "gross_usd": None if None in (long, short) else long + short, "unrealized_pnl": sum(pnl(row) for row in legs)}


def check_exposure(good):
    expected = []
    for account, polls in good.items():
        written = {}
        for leg, values in valuations(polls).items():
            for time, _ in values:
                written.setdefault((PRODUCT.assets[leg[0]], time), set()).add(leg)
        states = {time: rows for _, time, rows in polls}
        for asset, time in sorted(written):
            legs = [row for row in states[time] if key(row) in written[asset, time]]
            expected.append({"account": account, "margin_asset": asset, "time_ms": time, "time": iso(time),
                             **exposure_of(legs, asset)})
    same("exposure", ask("sql", "SELECT * FROM exposure ORDER BY account, margin_asset, time_ms"), expected)


class Sampler:
    """An account's good polls, asked at steps."""

    def __init__(self, account, polls):
        self.account = account
        self.polls = [(time, {key(row): row for row in rows}) for _, time, rows in polls]
        self.times = [time for time, _ in self.polls]
        self.legs = sorted({leg for _, rows in self.polls for leg in rows})

    def at(self, moment):
        """The rows that are known just before a moment, None in a gap."""
        following = bisect.bisect_left(self.times, moment)
        if following == 0:
            return None
        time, rows = self.polls[following - 1]
        apart = (self.times[following] if following < len(self.times) else moment) - time
        return rows if time == moment - 1 or apart <= 1.5 * STEP_MS else None

    def since(self, before, moment):
        return [rows for _, rows in self.polls[bisect.bisect_left(self.times, before):bisect.bisect_left(self.times, moment)]]

    def opened(self, leg, start, end):
        """At some poll from the last before `start` on."""
        first = max((time for time, _ in self.polls if time < start), default=start)
        return any(leg in rows and amount(rows[leg]) != 0 for time, rows in self.polls if first <= time < end)


def steps(start, end, every):
    moments = list(range(start // every * every + every, end + 1, every))
    return list(zip([start] + moments[:-1], moments))


def check_sampled(good, start, end, every, name):
    pnl_rows, margin_rows, exposure_rows = [], [], []
    for account, polls in good.items():
        sampler = Sampler(account, polls)
        low, high = max(start, sampler.polls[0][0]), end
        listed = [rows for time, rows in sampler.polls if time < low] or [sampler.polls[0][1]]
        base = listed[-1]
        legs = [leg for leg in sampler.legs if sampler.opened(leg, low, high)]
        moments = steps(low, high, every) if every else [(low, high)]
        for leg in legs:
            for before, moment in moments:
                between = [rows[leg] for rows in sampler.since(before, moment) if leg in rows]
                if every:
                    shown, state = moment, sampler.at(moment)
                else:
                    shown, state = [poll for poll in sampler.polls if poll[0] < high][-1]
                row = (state or {}).get(leg)
                head = {**leg_columns(account, leg), "time": iso(shown)}
                unknown = state is None
                # What no answer had listed before held nothing.
                began = (pnl(base[leg]), usd(base[leg])) if leg in base else (None, None) if any(leg in rows for rows in listed) else (0, 0)
                pnl_rows.append({
                    **head, "position_amount": amount(row) if row else None,
                    "unrealized_pnl": pnl(row) if row else None,
                    "unrealized_pnl_usd": usd(row) if row else None,
                    "change": pnl(row) - began[0] if row and began[0] is not None else None,
                    "change_usd": less(usd(row), began[1]) if row else None,
                    "min": None if unknown else min(map(pnl, between), default=None),
                    "max": None if unknown else max(map(pnl, between), default=None),
                    "min_usd": None if unknown else min(known(map(usd, between)), default=None),
                    "max_usd": None if unknown else max(known(map(usd, between)), default=None)})
                margin_rows.append({
                    **head, "leverage": leverage_of(row),
                    "isolated_margin": number_of(row, "isolatedMargin"),
                    "initial_margin": e8(initial_margin(row)) if row and initial_margin(row) is not None else None,
                    "liquidation_distance": e8(distance(row)) if row and distance(row) is not None else None,
                    "liquidation_distance_min": None if unknown else min(
                        map(e8, known(map(distance, between))), default=None)})
        for asset in sorted({PRODUCT.assets[leg[0]] for leg in legs}):
            for _, moment in moments:
                if every:
                    shown, state = moment, sampler.at(moment)
                else:
                    shown, state = [poll for poll in sampler.polls if poll[0] < high][-1]
                values = {"long_usd": None, "gross_usd": None, "net_usd": None, "unrealized_pnl": None}
                rows = [row for leg, row in (state or {}).items() if leg in legs]
                # A leg that no answer listed yet is no row.
                if state is not None and any(PRODUCT.assets[row["symbol"]] == asset for row in rows):
                    values = exposure_of(rows, asset)
                exposure_rows.append({"account": account, "margin_asset": asset, "time": iso(shown), **values})
    options = ["--from", str(start), "--to", str(end)] + (["--every", name] if every else [])
    label = f"every {name}" if every else "whole range"
    same(f"report pnl, {label}", ask("report", "pnl", *options), pnl_rows)
    same(f"report margin, {label}", ask("report", "margin", *options), margin_rows)
    same(f"report exposure, {label}", ask("report", "exposure", *options), exposure_rows)


def kind_of(before, row):
    if row is None:
        return "vanish"
    now, was = amount(row), amount(before) if before else None
    if before is None:
        return "open" if now else "seen"
    if now == was:
        return "settings"
    if was == 0:
        return "open"
    if now == 0:
        return "close"
    if (now > 0) != (was > 0):
        return "flip"
    return "increase" if abs(now) > abs(was) else "reduce"


def position_changes(polls):
    """(number, time, leg, before, row) of each position row in the order of its coming."""
    last = {}
    for number, time, rows in polls:
        for row in rows:
            before = last.get(key(row))
            if before is None or any(before.get(name) != row.get(name) for name in PRODUCT.position):
                yield number, time, key(row), before, row
            last[key(row)] = row
        for leg in [leg for leg in last if leg not in {key(row) for row in rows}]:
            yield number, time, leg, last.pop(leg), None


def check_changes(good):
    expected = []
    for account, polls in good.items():
        events = {}
        for _, seen, leg, before, row in position_changes(polls):
            moved = row is not None and row["updateTime"] > (before["updateTime"] if before else 0)
            events.setdefault(leg, []).append((row["updateTime"] if moved else seen, seen, row))
        for leg, of_leg in events.items():
            before, opened = None, None
            # An order can list what was closed before that was seen: when it was closed comes first.
            for time, seen, row in sorted(of_leg, key=lambda event: event[:2]):
                kind = kind_of(before, row)
                held = Decimal(time - opened) / 1000 if before and amount(before) != 0 else None
                opened = time if kind in ("open", "flip") else opened
                if kind != "seen":
                    now_open = row is not None and amount(row) != 0
                    expected.append((seen, time, {
                        **leg_columns(account, leg), "time": iso(time), "change": kind,
                        "previous_position_amount": amount(before) if before else None,
                        "position_amount": amount(row) if row else None,
                        "amount_change": (amount(row) - (amount(before) if before else 0)) if row else None,
                        "average_entry_price": Decimal(row["entryPrice"]) if now_open else
                        (number_of(before, "entryPrice") or None) if before else None,
                        "leverage": None if PRODUCT.is_linear else leverage_of(row), "held_s": held}))
                before = row
    expected.sort(key=lambda item: (item[0], item[2]["account"], item[2]["symbol"], item[2]["position_side"], item[1]))
    same("report changes", ask("report", "changes"), [row for *_, row in expected])
    kinds = {row["change"] for *_, row in expected}
    wanted = {"open", "increase", "reduce", "close", "flip", "settings"} | (set() if PRODUCT.is_flat_when_absent else {"vanish"})
    assert kinds - {"seen"} == wanted, kinds


def check_reconcile(good, injected):
    expected = set()
    times = {(account, number): time for account, polls in good.items() for number, time, _ in polls}
    for kind, account, symbol, side, number in injected:
        expected.add((kind, account, symbol, side, iso(times[account, number])))
    for account, polls in good.items():
        before_ms = dict(zip([time for _, time, _ in polls][1:], [time for _, time, _ in polls]))
        expected |= {("not_recorded", account, None, None, iso(last_ms)) for time_ms, last_ms in before_ms.items()
                     if time_ms - last_ms > 1.5 * STEP_MS}
        for _, seen, leg, before, row in position_changes(polls):
            where = (account, *leg, iso(seen))
            if row is None:
                if amount(before) != 0:
                    expected.add(("close_never_seen", *where))
            elif before is not None and before["updateTime"] == row["updateTime"] and "_is_absent" not in row:
                expected.add(("changed_without_update", *where))
            if kind_of(before, row) != "seen" and seen in before_ms and seen - before_ms[seen] > 1.5 * STEP_MS:
                expected.add(("gap_hides_change", *where))
    rows = ask("report", "reconcile")
    got = {(row["finding"], row["account"], row["symbol"], row["position_side"], row["time"]) for row in rows}
    if got != expected:
        sys.exit(f"reconcile: missing {expected - got}\n too many {got - expected}")
    kinds = {row[0] for row in expected}
    assert kinds == PRODUCT.findings, kinds
    for row in rows:
        if row["finding"] == "not_recorded":
            continue
        body = json.loads(subprocess.run([POSREC, "-q", "-d", "week.db", "body", str(row["capture_id"])], check=True,
                                         capture_output=True).stdout)
        present = any(key(one) == (row["symbol"], row["position_side"]) for one in body)
        closed = PRODUCT.is_flat_when_absent and row["finding"] == "gap_hides_change"  # by not being listed, it may be
        assert closed or present == (row["finding"] != "close_never_seen"), row
    print(f"report reconcile: {len(rows)} findings, each as expected and in the body that it names")


def check_csv(good):
    """A spreadsheet's reading: points as decimals, CRLF, the same numbers."""
    output = subprocess.run([POSREC, "-q", "-d", "week.db", "report", "pnl", "--every", "1h", "--format", "csv"],
                            check=True, capture_output=True).stdout.decode()
    lines = output.split("\r\n")
    assert lines[-1] == "" and "\n" not in output.replace("\r\n", "")
    head = lines[0].split(",")
    rows = ask("report", "pnl", "--every", "1h")
    assert len(rows) == len(lines) - 2
    for line, row in zip(lines[1:-1], rows):
        for name, cell in zip(head, line.split(",")):
            value = row[name]
            assert cell == ("" if value is None else value if isinstance(value, str) else format(value, "f")), (name, cell, value)
    print(f"csv: {len(rows)} rows say the same as JSON")


def check(product):
    global PRODUCT
    PRODUCT = product
    lines, good, injected = week()
    pathlib.Path("week.ndjson").write_text("".join(json.dumps(line) + "\n" for line in lines))
    pathlib.Path("week.db").unlink(missing_ok=True)
    subprocess.run([POSREC, "-q", "-d", "week.db", "import", "week.ndjson"], check=True)
    end = START_MS + 7 * DAY_MS
    check_histories(good)
    check_dailies(good)
    check_exposure(good)
    last = max(polls[-1][1] for polls in good.values())
    check_sampled(good, START_MS, last + 1, HOUR_MS, "1h")
    check_sampled(good, START_MS, last, DAY_MS, "1d")
    check_sampled(good, good["main"][40][1], good["main"][600][1], None, None)
    check_sampled(good, good["main"][40][1], good["main"][200][1], STEP_MS, "5m")
    check_sampled(good, START_MS + GAPS[0][0] * STEP_MS + 1, end - DAY_MS, DAY_MS, "1d")
    check_sampled(good, START_MS + 30 * HOUR_MS + 17, START_MS + 60 * HOUR_MS + 3, STEP_MS, "5m")
    check_sampled(good, START_MS + 3 * DAY_MS, end - DAY_MS, None, None)
    check_changes(good)
    check_reconcile(good, injected)
    check_csv(good)


def main():
    with tempfile.TemporaryDirectory(prefix="posrec-numbers-") as folder:
        os.chdir(folder)
        for product in [PRODUCTS[n] for n in sys.argv[2:]] or PRODUCTS.values():
            print(f"{product.name}:")
            check(product)


if __name__ == "__main__":
    main()
