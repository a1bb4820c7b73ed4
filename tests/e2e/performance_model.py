#!/usr/bin/env python3
"""What `report performance` says, against a model of its own.

    performance_model.py POSREC

Makes histories by chance: accounts in several assets, some without a price, some empty for a while or ruined, transfers that
the answers show late, holes, a beginning and an end of each account's own. A walk through what was recorded, in Python's
decimal, says what each account and all of them together made of it, over any range and by any step. Every other history is of
USD-M, where an asset is worth its index.
"""
import json
import pathlib
import subprocess
import sys
import tempfile
from datetime import datetime, timezone
from decimal import ROUND_HALF_UP, Decimal, getcontext

from products import CoinM, UsdM
from sample import how_many, seeded

getcontext().prec = 50
POSREC = None
HISTORIES, QUESTIONS = how_many(60, 12), how_many(12, 6)
MINUTE, HOUR, DAY = 60000, 3600000, 86400000
START = 1767225600000 - 3 * DAY  # some days before 2026
ASSETS = ("BTC", "ETH", "DOGE")
FLOWS = ("TRANSFER", "INTERNAL_TRANSFER", "CROSS_COLLATERAL_TRANSFER", "COIN_SWAP_DEPOSIT")
FEW = 500


def e8(value):
    return value.quantize(Decimal("1e-8"), ROUND_HALF_UP)


def iso(ms):
    return datetime.fromtimestamp(ms // 1000, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03d}Z"


class Account:
    """One account: its answers as (received, sent, {asset: (coins, updated)}), of the assets that they have, and its income as
    (time, type, asset, coins)."""

    def __init__(self, rng, name, end, interval):
        self.rng, self.name, self.interval = rng, name, interval
        self.wallets = {asset: (Decimal(0), 0) for asset in ASSETS}
        self.answers, self.income = [], []
        first = START if rng.random() < 0.5 else START + rng.randrange((end - START) // 2)
        self.last = end if rng.random() < 0.7 else first + rng.randrange(end - first)
        self.holes = [(at, at + rng.randrange(interval, 2 * DAY)) for at in (rng.randrange(first, end) for _ in range(rng.randrange(3)))]
        self.assets = rng.sample(ASSETS, rng.randrange(1, 4))
        self.ruin = rng.random() < 0.15
        if rng.random() < 0.7:  # there before the record
            for asset in self.assets:
                self.change(first - 1, asset, Decimal(rng.randrange(1, 10 ** 10)) / 10 ** 8)
        self.live(first)

    def change(self, time, asset, coins):
        self.wallets[asset] = (self.wallets[asset][0] + coins, time)

    def earn(self, time, kind, asset, coins):
        self.income.append((time, kind, asset, coins))
        self.change(time, asset, coins)

    def act(self, time):
        rng, what = self.rng, self.rng.random()
        asset = rng.choice(self.assets)
        held = self.wallets[asset][0]
        if what < 0.1:
            self.earn(time, rng.choice(FLOWS), asset, Decimal(rng.randrange(1, 10 ** 10)) / 10 ** 8)
        elif what < 0.2 and held > 0:
            self.earn(time, rng.choice(FLOWS), asset, -(held if rng.random() < 0.3 else e8(held * rng.randrange(1, 100) / 100)))
        elif what < 0.25 and self.ruin:
            self.earn(time, "REALIZED_PNL", asset, -held - rng.randrange(2))
        elif what < 0.8 and held > 0:
            self.earn(time, rng.choice(("COMMISSION", "FUNDING_FEE", "REALIZED_PNL")), asset,
                      e8(held * Decimal(rng.randrange(-1000, 1000)) / 50000))

    def live(self, time):
        rng = self.rng
        while time < self.last:
            if rng.random() < 0.2:
                for at in sorted(rng.sample(range(time - 60, time + 60), rng.randrange(1, 3))):
                    self.pending = getattr(self, "pending", []) + [at]
            sent = time + rng.randrange(0, 30)
            snap = sent + rng.randrange(0, 30)
            received = snap + rng.randrange(1, 30)
            later = [at for at in getattr(self, "pending", []) if at > snap]
            for at in getattr(self, "pending", []):
                if at <= snap:
                    self.act(at)
            self.pending = later
            if not any(a <= time < b for a, b in self.holes):
                self.answers.append((received, sent, {asset: self.wallets[asset] for asset in self.assets
                                                      if self.wallets[asset][0] or rng.random() < 0.9}))
            time += self.interval
        for at in self.pending:
            self.act(at)

    def rows(self):
        """When answers told something of an asset: that it has any, or another than before, or that it is gone."""
        said = {}
        for received, _, wallets in self.answers:
            if any(wallet[0] or said.get(asset) != wallet for asset, wallet in wallets.items()) or said.keys() - wallets.keys():
                yield received
            said = wallets

    def lines(self, product, end):
        for received, sent, wallets in self.answers:
            body = {"positions": [], "assets": [
                {"asset": asset, "walletBalance": format(coins, "f"), "unrealizedProfit": "0", "marginBalance": format(coins, "f"),
                 "maintMargin": "0", "updateTime": updated} for asset, (coins, updated) in wallets.items()]}
            yield {"account": self.name, "product": product.name, "endpoint": "account", "sent_ms": sent, "received_ms": received,
                   "interval_ms": self.interval, "body": json.dumps(body)}
        rows = [{"symbol": "", "incomeType": kind, "income": format(coins, "f"), "asset": asset, "time": time, "info": "",
                 "tranId": str(number), "tradeId": ""} for number, (time, kind, asset, coins) in enumerate(sorted(self.income))]
        for at in range(0, max(len(rows), 1), 900):
            yield {"account": self.name, "product": product.name, "endpoint": "income", "sent_ms": end + 9, "received_ms": end + 10 + at,
                   "request": f"{product.paths['income']}?startTime={rows[at]['time'] if at else START - DAY}&limit=1000",
                   "body": json.dumps(rows[at:at + 900])}


class Market:
    """Marks by asset, told every so often; of one asset perhaps only late, or never."""

    def __init__(self, rng, end):
        self.marks = {asset: [] for asset in ASSETS}
        for asset, price in zip(ASSETS, (Decimal(60000), Decimal(2500), Decimal("0.1"))):
            time = START - HOUR + ASSETS.index(asset)
            if asset == "DOGE":
                time = rng.choice((time, time + rng.randrange(0, end - START, 10), end))
            while time < end:
                price = e8(price * Decimal(rng.randrange(970, 1031)) / 1000)
                self.marks[asset].append((time, price))
                time += rng.randrange(10 * MINUTE, 8 * HOUR, 10)  # no two at once

    def price(self, asset, time):
        known = [price for at, price in self.marks[asset] if at <= time]
        return known[-1] if known else None

    def lines(self, product, name):
        for asset, marks in self.marks.items():
            for time, price in marks:
                yield {"account": name, "product": product.name, "endpoint": "assetIndex" if product.is_linear else "premiumIndex",
                       "received_ms": time, "body": json.dumps(
                           [{"symbol": f"{asset}USD", "time": time, "index": format(price, "f"), "bidBuffer": "0.0"} if product.is_linear else
                            {"symbol": f"{asset}USD_PERP", "pair": f"{asset}USD", "markPrice": format(price, "f"), "indexPrice": "1",
                             "lastFundingRate": "0", "time": time}])}


class Life:
    """What is asked of one account."""

    def __init__(self, account, market, first, last):
        self.account, self.market = account, market
        told = [received for received, _, wallets in account.answers]
        changes = list(account.rows())
        self.is_asked = bool(changes) and changes[0] < (changes[0] + 1 if last is None else last) and \
            changes[-1] >= (changes[0] if first is None else first)
        if not self.is_asked:
            return
        self.first = max(changes[0] if first is None else first, changes[0])
        self.last = changes[-1] + 1 if last is None else last
        before = [at for at in told if at < self.first]
        self.start = before[-1] if before else min(at for at in told if at >= self.first)
        self.begin = self.first - 1 if before else self.start
        self.told, self.until = told, told[-1]
        self.flows = {}
        for time, kind, asset, coins in account.income:
            if kind in FLOWS:
                for received, sent, wallets in account.answers:
                    if received >= time and (sent >= time or wallets.get(asset, (0, 0))[1] >= time):
                        if self.start < received < self.last:
                            self.flows.setdefault(received, []).append((asset, coins))
                        break

    def told_at(self, time):
        return max(at for at in self.told if at <= time)

    def equity(self, time):
        received, _, wallets = next(answer for answer in reversed(self.account.answers) if answer[0] <= time)
        total = Decimal(0)
        for asset, (coins, _) in wallets.items():
            if coins:
                price = self.market.price(asset, received)
                if price is None:
                    return None
                total += e8(coins * price)
        return total

    def flow(self, time):
        total, coins = Decimal(0), {}
        for asset, some in self.flows.get(time, ()):
            coins[asset] = coins.get(asset, 0) + some
        for asset, some in coins.items():
            price = self.market.price(asset, time)
            if price is None:
                return None
            total += e8(some * price)
        return total

    def silences(self, first, last):
        """The parts of a range in which answers of account are silent."""
        told, interval = self.told, self.account.interval
        gaps = [(a, b) for a, b in zip(told, told[1:]) if 2 * (b - a) > 3 * interval]
        if first is not None and first < told[0]:
            gaps.append((first, told[0]))
        if last is not None and last > told[-1] + interval * 3 // 2:
            gaps.append((told[-1], last))
        return gaps


def step_of(time, every):
    """The step that has a time: (begin, end)."""
    if every is None:
        return 0, 10 ** 16
    if every == "1mo":
        day = datetime.fromtimestamp(time // 1000, timezone.utc)
        begin = datetime(day.year, day.month, 1, tzinfo=timezone.utc)
        end = datetime(day.year + day.month // 12, day.month % 12 + 1, 1, tzinfo=timezone.utc)
        return int(begin.timestamp() * 1000), int(end.timestamp() * 1000)
    length = {"1d": DAY, "6h": 6 * HOUR, "1w": 7 * DAY}[every]
    shift = 4 * DAY if every == "1w" else 0  # weeks begin on Monday
    begin = (time - shift) // length * length + shift
    return begin, begin + length


def cut(life, every):
    """The account's steps, up to its last answer."""
    begin = life.first
    while begin < life.last and begin <= life.until:
        end = min(life.last, step_of(begin, every)[1])
        yield begin, end
        begin = end


def chain(rows):
    """(index at the end, fall, peak's, trough's and recovery's times) of [(told, told before, before, kept, equity)]; None where
    there is no index."""
    value, begun, peak, worst, times = Decimal(1), False, None, Decimal(0), (None, None, None)
    for told, told_before, before, kept, equity in rows:
        if before is None or kept is None:
            return None
        if before > 0:
            if value <= 0:
                return None
            if not begun:
                peak, begun = (Decimal(1), told_before), True
            value *= kept / before
        elif (begun or before) and not before == kept == equity:
            return None
        if not begun:
            continue
        if value > peak[0] * (1 + Decimal("1e-12")):
            peak = value, told
        if times[2] is None and times[1] is not None and value >= times[3] * (1 - Decimal("1e-12")):
            times = (*times[:2], told, times[3])
        if 1 - value / peak[0] > worst + Decimal("1e-12"):
            worst, times = 1 - value / peak[0], (peak[1], told, None, peak[0])
    return (value, worst, *times[:3]) if begun else None


def walk(lives, moments):
    """Each account's moments, one after the other: {life: [(at, told, told before, before, kept, equity, flow)]}."""
    result = {}
    for life in lives:
        rows, previous = [], None
        for at in moments:
            if life.begin <= at < life.last:
                equity, told = life.equity(at), life.told_at(at)
                flow = life.flow(at) if previous else Decimal(0)
                rows.append((at, told, previous and previous[0], previous[1] if previous else Decimal(0),
                             None if equity is None or flow is None else equity - flow if previous else Decimal(0), equity, flow))
                previous = told, equity
        result[life] = rows
    return result


def together(members):
    """The segments of several accounts as those of one."""
    result = {}
    for rows in members:
        for at, told, told_before, before, kept, equity, _ in rows:
            entry = result.setdefault(at, [told, told_before, Decimal(0), Decimal(0), Decimal(0)])
            entry[0] = max(entry[0], told)
            entry[1] = max((t for t in (entry[1], told_before) if t is not None), default=None)
            for number, value in enumerate((before, kept, equity)):
                entry[2 + number] = None if value is None or entry[2 + number] is None else entry[2 + number] + value
    rows = [result[at] for at in sorted(result)]
    for earlier, later in zip(rows, rows[1:]):
        later[:2] = [max((t for t in pair if t is not None), default=None) for pair in zip(earlier[:2], later[:2])]
    return [tuple(row) for row in rows]


def add(values):
    values = list(values)
    return None if None in values else sum(values)


def is_silent(gaps, time):
    return any(a < time < b for a, b in gaps)


def answers(market, accounts, recorded, first, last, every):
    lives = [life for life in (Life(account, market, first, last) for account in accounts) if life.is_asked]
    if not lives:
        return []
    told = [at for life in lives for at in life.told if life.first <= at < life.last]
    low, high = min(life.first for life in lives), max(life.last for life in lives)
    moments = {at for life in lives for at in life.flows} | {life.begin for life in lives}
    if len(told) <= FEW:
        moments |= set(told)
    else:
        length = next(part for limit, part in ((2 * DAY, 10 * MINUTE), (62 * DAY, HOUR), (366 * DAY, 6 * HOUR), (high, DAY))
                      if high - low <= limit)
        moments |= {at - 1 for at in range(low // length * length + length, high + length, length)}
    steps = {life: list(cut(life, every)) for life in lives}
    days = {life: list(cut(life, "1d")) for life in lives}
    moments |= {end - 1 for life in lives for _, end in steps[life] + days[life]}
    walked = walk(lives, sorted(moments))

    def within(life, begin, end):
        return [row for row in walked[life] if begin <= max(row[0], life.first) < end]

    def one(members, periods):
        """The index of a period; None where one of its accounts did not answer in it."""
        if not all(any(begin <= at < end for at in life.told) for life, (begin, end) in zip(members, periods)):
            return None
        parts = [within(life, begin, end) for life, (begin, end) in zip(members, periods)]
        return chain([row[1:6] for row in parts[0]] if len(parts) == 1 else together(parts))

    def money(life, begin, end, kinds):
        rows = [(coins, market.price(asset, time)) for time, kind, asset, coins in life.account.income
                if kind in kinds and begin <= time < end]
        return None if any(price is None for _, price in rows) else sum((e8(coins * price) for coins, price in rows), Decimal(0))

    def known(life, period):
        gaps = life.silences(first, last)
        return not is_silent(gaps, period[1] - 1) and not is_silent(gaps, max(period[0] - 1, life.begin))

    def describe(name, members, step):
        """The row of some accounts and a step."""
        periods = [next(p for p in steps[life] if step_of(p[0], every)[0] == step) for life in members]
        first_e, last_e, flows, fees, funding, hidden, size = [], [], [], [], [], 0, 0
        for life, (begin, end) in zip(members, periods):
            rows = within(life, begin, end)
            first_e.append(rows[0][3] if rows[0][2] is not None else rows[0][5])
            last_e.append(rows[-1][5] if any(begin <= at < end for at in life.told) else None)
            flows.append(add(row[6] for row in rows))
            fees.append(money(life, begin, end, ("COMMISSION",)))
            funding.append(money(life, begin, end, ("FUNDING_FEE",)))
            asked = max(begin if first is None else first, step) if begin == life.first else begin
            size += end - asked
            silent, passed = life.silences(first, last), asked
            if last is not None and last > recorded:  # income too
                silent.append((recorded, last))
            for a, b in sorted(silent):
                hidden += max(0, min(b, end) - max(a, passed))
                passed = max(passed, min(b, end))
        gains = []
        for day in sorted({step_of(p[0], "1d")[0] for life in lives for p in days[life]}):
            inside = [(life, p) for life in members for p in days[life] if step_of(p[0], "1d")[0] == day]
            if name == "":
                inside = [(life, p) for life in lives for p in days[life] if step_of(p[0], "1d")[0] == day]
            if inside and step_of(max(p[1] for _, p in inside) - 1, every)[0] == step and \
                    max(p[1] for _, p in inside) == day + DAY and all(known(*one_day) for one_day in inside):
                index = one(*zip(*inside))
                if index:
                    gains.append(index[0] - 1)
        index = one(members, periods)
        mean = sum(gains) / len(gains) if gains else None
        deviation = downside = None
        if len(gains) > 1:
            deviation = (sum((gain - mean) ** 2 for gain in gains) / (len(gains) - 1)).sqrt()
            downside = (sum(min(gain, Decimal(0)) ** 2 for gain in gains) / len(gains)).sqrt()
        year = Decimal(365).sqrt()
        total = {"equity_first": add(first_e), "equity_last": add(last_e), "transfers": add(flows)}
        return {"account": name, "from": iso(min(p[0] for p in periods)), "to": iso(max(p[1] for p in periods)), **total,
                "pnl": None if None in total.values() else total["equity_last"] - total["equity_first"] - total["transfers"],
                "return": index and index[0] - 1, "max_drawdown": index and index[1],
                "drawdown_from": index and index[2] and iso(index[2]), "drawdown_to": index and index[3] and iso(index[3]),
                "recovered": index and index[4] and iso(index[4]),
                "sharpe": mean / deviation * year if deviation and max(gains) - min(gains) > Decimal("1e-12") else None,
                "sortino": mean / downside * year if downside else None,
                "volatility": None if deviation is None else deviation * year,
                "best_day": max(gains, default=None), "worst_day": min(gains, default=None),
                "days_won": Decimal(sum(gain > Decimal("1e-12") for gain in gains)) / len(gains) if gains else None,
                "fees": add(fees), "funding": add(funding), "turnover": None, "covered": 1 - Decimal(hidden) / size}

    rows = [describe(life.account.name, [life], step_of(p[0], every)[0]) for life in lives for p in steps[life]]
    if len(lives) > 1:
        for step in sorted({step_of(p[0], every)[0] for life in lives for p in steps[life]}):
            rows.append(describe("", [life for life in lives if any(step_of(p[0], every)[0] == step for p in steps[life])], step))
    return rows


def same(name, mine, theirs):
    if not isinstance(mine, Decimal) or theirs is None:
        return mine == theirs or mine == 0 == theirs
    # A ratio has the last places of what it is made of once more for each of its days.
    allowed = Decimal("2e-6" if name == "covered" else "1e-6" if name in ("sharpe", "sortino") else "1.5e-8")
    return abs(mine - theirs) <= allowed * (1 if name == "covered" else max(1, abs(mine)))


def check(rng, folder, number):
    interval = rng.choice((10 * MINUTE, HOUR, 5 * HOUR))
    end = START + rng.randrange(2 * DAY, {10 * MINUTE: 6 * DAY, HOUR: 20 * DAY, 5 * HOUR: 60 * DAY}[interval])
    product = (CoinM, UsdM)[number % 2]
    market = Market(rng, end)
    accounts = [Account(rng, name, end, interval) for name in ("a", "b", "c")[:rng.randrange(1, 4)]]
    lines = sorted([line for account in accounts for line in account.lines(product, end)] + list(market.lines(product, "prices")),
                   key=lambda line: line["received_ms"])
    path = folder / f"{number}.db"
    subprocess.run([POSREC, "-q", "-d", path, "import", "-"], input="".join(json.dumps(line) + "\n" for line in lines), text=True,
                   check=True)
    checked = 0
    for question in range(QUESTIONS):
        every = rng.choice((None, None, "1d", "6h", "1w", "1mo"))
        first = None if question == 0 or rng.random() < 0.3 else rng.randrange(START - DAY, end, MINUTE)
        last = None if question == 0 or rng.random() < 0.3 else rng.randrange(first or START, end + DAY, MINUTE) + MINUTE
        if rng.random() < 0.3 and first:
            first -= first % DAY
        asked = [*(["--from", str(first)] if first else []), *(["--to", str(last)] if last else []), *(["--every", every] if every else [])]
        text = subprocess.run([POSREC, "-q", "-d", path, "report", "performance", "--format", "json", *asked], check=True,
                              capture_output=True, text=True).stdout
        got = json.loads(text, parse_float=Decimal)
        expected = answers(market, accounts, end + 9, first, last, every)
        assert len(expected) == len(got), (number, asked, [row["account"] for row in expected], got)
        for mine, theirs in zip(expected, got):
            assert list(mine) == list(theirs), list(theirs)
            for name, value in mine.items():
                if not same(name, value, theirs[name]):
                    sys.exit(f"history {number} {asked}: {name}: the model says {value}, posrec {theirs[name]}\n{mine}\n{theirs}\n{path}")
        checked += len(got)
    return checked


def main():
    global POSREC
    POSREC = pathlib.Path(sys.argv[1]).resolve()
    rng = seeded()
    with tempfile.TemporaryDirectory() as name:
        rows = sum(check(rng, pathlib.Path(name), number) for number in range(HISTORIES))
    print(f"{HISTORIES} histories, {rows} rows, each as the model says")


if __name__ == "__main__":
    main()
