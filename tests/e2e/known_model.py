#!/usr/bin/env python3
"""What the record can speak of, against a model of its own.

    known_model.py POSREC

Makes histories by chance, of either product: polls on a schedule that changes, by hand and after events, outages, runs that are stopped and runs
that are killed, streams that break and take over from one another, answers of account, income and trades asked for in
ranges. Each is imported at once, in pieces, and rebuilt, and `known` must be what the model says; gaps and coverage
must agree with it; every capture must verify, from any on.
"""
import contextlib
import json
import pathlib
import sqlite3
import subprocess
import sys
import tempfile
from urllib.parse import quote

from products import CoinM, UsdM
from sample import how_many, seeded

POSREC = None
HISTORIES = how_many(60, 8)
START = 1760000000000
HOUR = 3600000
DAY = 86400000
LOST = ("a ping was not answered", "no byte for five minutes", "another listen key is alive")


def posrec(*arguments, text=None):
    done = subprocess.run([POSREC, "-q", *arguments], input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (arguments, done.returncode, done.stderr)
    return done.stdout


class Inverse(CoinM):
    prices, symbols = "premiumIndex", {"BTCUSD_PERP": "BTC", "ETHUSD_PERP": "ETH"}


class Linear(UsdM):
    prices, symbols = "assetIndex", {"BTCUSDT": "USDT", "币安人生USDC": "USDC"}


class Life:
    """One account's recorder, as it lives; and, beside it, what that makes known."""

    def __init__(self, rng, account, product):
        self.rng, self.account, self.product = rng, account, product
        self.lines, self.now = [], START + rng.randrange(HOUR)
        self.interval = rng.choice((10000, 30000, 60000))
        self.has_recorder = rng.random() < 0.8  # older ones do not tell when they start
        self.account_interval = rng.choice((60000, 120000))
        self.stream_number, self.open = 0, {}
        self.good = {"positionRisk": [], "account": [], product.prices: []}  # (time, interval in force)
        self.in_force = {"positionRisk": None, "account": None, product.prices: None}
        self.stream, self.money = [], {}
        self.heard = self.last = None
        self.known_to = None

    def tell(self, **fields):
        self.now += self.rng.randrange(1, 40)
        self.lines.append({"account": self.account, "product": self.product.name, "received_ms": self.now, **fields})
        return self.now

    def ask(self, endpoint, interval, good=True):
        fields = {"endpoint": endpoint, "interval_ms": interval}
        body = '{"assets":[],"positions":[]}' if endpoint == "account" else "[]"
        time = self.tell(**fields, **({"body": body} if good else {"outcome": "timeout"}))
        if good:
            self.in_force[endpoint] = interval or self.in_force[endpoint]
            self.good[endpoint].append((time, self.in_force[endpoint]))
        self.last = time

    def open_stream(self):
        self.stream_number += 1
        time = self.tell(endpoint="userData", outcome="opened", attempt=self.stream_number)
        self.open[self.stream_number] = time
        self.last = time

    def close_stream(self, number, why):
        time = self.tell(endpoint="userData", outcome="closed", attempt=number, detail=why)
        until = min(time, self.heard or 0) if why in LOST else time
        self.stream.append((self.open[number], max(until, self.open.pop(number) + 1)))
        self.last = time

    def start(self):
        if self.has_recorder:
            self.end_streams(self.last or 0)
            self.in_force["positionRisk"] = self.interval
            self.last = self.tell(endpoint="recorder", outcome="started", interval_ms=self.interval, detail="posrec 1")
        self.stream_number = 0

    def end_streams(self, until):
        for number in sorted(self.open):
            self.stream.append((self.open[number], max(until, self.open[number] + 1)))
        self.open = {}

    def ask_money(self, kind):
        endpoint, symbol = ("income", "") if kind == "income" else ("userTrades", self.rng.choice(tuple(self.product.symbols)))
        end = self.now - self.rng.randrange(2 * DAY) if self.rng.random() < 0.4 else None
        start = (end or self.now) - self.rng.randrange(1, 3 * DAY)
        words = [f"symbol={quote(symbol)}"] if symbol else []
        partial = self.rng.random() < 0.2
        if partial:
            words.append("orderId=7" if symbol else "incomeType=FUNDING_FEE")
        words += [f"startTime={start}"] + ([f"endTime={end}"] if end else []) + ["limit=3"]
        self.now += 1
        sent, count = self.now, self.rng.choice((0, 1, 2, 3))
        stop = min(end + 1, sent) if end else sent
        times = sorted(self.rng.randrange(start, stop) for _ in range(count))
        row = (lambda time, i: {"symbol": "", "incomeType": "TRANSFER", "income": "1", "asset": "BTC", "time": time,
                                "tranId": f"{sent}{i}", "info": "", "tradeId": ""}) if not symbol else (
            lambda time, i: {"symbol": symbol, "id": sent * 10 + i, "orderId": 7, "side": "BUY", "price": "1",
                             "qty": "1", "realizedPnl": "0", "marginAsset": self.product.symbols[symbol], "commission": "0",
                             "commissionAsset": self.product.symbols[symbol], "time": time, "positionSide": "BOTH", "buyer": True, "maker": False})
        body = json.dumps([row(time, i) for i, time in enumerate(times)])
        self.last = self.tell(endpoint=endpoint, sent_ms=sent, request=f"{self.product.paths[endpoint]}?" + "&".join(words), body=body)
        if count == 3:
            stop = min(stop, times[-1])
        if not partial and stop > start:
            self.money.setdefault((kind, symbol), []).append((start, stop))

    def live(self):
        """One thing after the other."""
        rng = self.rng
        self.start()
        next_account = next_prices = self.now
        for _ in range(rng.randrange(60, 150)):
            what = rng.random()
            if what < 0.6:
                self.now = self.now // self.interval * self.interval + self.interval
                self.ask("positionRisk", self.interval, good=rng.random() < 0.9)
            elif what < 0.66:
                self.now += rng.randrange(self.interval)
                self.ask("positionRisk", rng.choice((self.interval, None)))
            elif what < 0.70:
                self.now += rng.randrange(4 * HOUR)  # nothing can be reached
            elif what < 0.75 and len(self.open) < 2:
                self.open_stream()
            elif what < 0.80 and self.open:
                self.heard = self.last = self.tell(endpoint="userData", body='{"e":"SOMETHING","E":1}')
            elif what < 0.84 and self.open:
                self.close_stream(rng.choice(list(self.open)), rng.choice((*LOST, "the exchange closed it", "a new one took over")))
            elif what < 0.90:
                self.ask_money(rng.choice(("income", "trades")))
            elif what < 0.93:
                for number in sorted(self.open):
                    self.close_stream(number, "posrec stops")
                if self.has_recorder:
                    self.last = self.tell(endpoint="recorder", outcome="stopped", detail="posrec stops")
                self.now += rng.randrange(3 * HOUR)
                self.interval = rng.choice((10000, 30000, 60000))
                self.start()
            elif what < 0.95 and (self.has_recorder or not self.open):  # killed
                self.now += rng.randrange(3 * HOUR)
                self.start()
            if self.now >= next_account:
                self.ask("account", self.account_interval)
                next_account = self.now + self.account_interval
            if self.now >= next_prices:
                self.ask(self.product.prices, self.account_interval)
                next_prices = self.now + self.account_interval * rng.choice((1, 1, 1, 2))

    def known(self):
        for endpoint, kind in (("positionRisk", "polls"), ("account", "account"), (self.product.prices, "prices")):
            spans = []
            for time, interval in self.good[endpoint]:
                if spans and (interval is None or 2 * (time - spans[-1][1]) <= 3 * interval):
                    spans[-1][1] = time
                else:
                    spans.append([time, time])
            yield from ((self.account, kind, "", *span) for span in spans)
        yield from ((self.account, "stream", "", *span)
                    for span in joined([*self.stream, *((time, self.last) for time in self.open.values())]))
        for (kind, symbol), spans in self.money.items():
            yield from ((self.account, kind, symbol, *span) for span in joined(spans))


def joined(spans):
    """Those that reach one another as one."""
    result = []
    for start, end in sorted(spans):
        if result and start <= result[-1][1]:
            result[-1][1] = max(result[-1][1], end)
        else:
            result.append([start, end])
    return result


def stored(path):
    with contextlib.closing(sqlite3.connect(path)) as database:
        return sorted(database.execute("SELECT account, kind, symbol, from_ms, to_ms FROM known"))


def compare(what, path, expected):
    got = stored(path)
    for mine, theirs in zip([*expected, None], [*got, None]):
        if mine != theirs:
            sys.exit(f"{what}: the model says {mine}, known {theirs}")


def check_reports(path, expected):
    """Gaps are what is between, and coverage what is not."""
    gaps = json.loads(posrec("-d", path, "report", "gaps", "--format", "json"))
    between = []
    for kind in ("polls", "account", "prices", "stream", "income"):
        for account in sorted({span[0] for span in expected}):
            spans = [span[3:] for span in expected if span[:2] == (account, kind)]
            between += [(account, kind, (b[0] - a[1]) / 1000) for a, b in zip(spans, spans[1:])]
    assert sorted((gap["account"], gap["kind"], gap["seconds"]) for gap in gaps) == sorted(between), "gaps"
    for every in ("1d", "7h"):
        rows = json.loads(posrec("-d", path, "report", "coverage", "--every", every, "--format", "json"))
        for account in sorted({span[0] for span in expected}):
            covered = round(1000 * sum(row["covered_s"] for row in rows if row["account"] == account))
            assert covered == sum(b - a for name, kind, _, a, b in expected if (name, kind) == (account, "polls")), (every, account)


def check(rng, folder, number):
    lives = [Life(rng, "one", Inverse), Life(rng, "two", Linear)]
    for life in lives:
        life.live()
    lines = [json.dumps(line) + "\n" for line in sorted((line for life in lives for line in life.lines),
                                                        key=lambda line: line["received_ms"])]
    expected = sorted(span for life in lives for span in life.known())
    whole, pieces = folder / f"{number}.db", folder / f"{number}-pieces.db"
    posrec("-d", whole, "import", "-", text="".join(lines))
    compare(f"history {number}", whole, expected)
    cuts = [0, *sorted(rng.sample(range(1, len(lines)), 6)), len(lines)]
    for begin, end in zip(cuts, cuts[1:]):
        posrec("-d", pieces, "import", "-", text="".join(lines[begin:end]))
    compare(f"history {number} in pieces", pieces, expected)
    for _ in range(3):
        posrec("-d", pieces, "verify", "--from", str(rng.randrange(2, len(lines))))
    posrec("-d", pieces, "rebuild")
    compare(f"history {number} rebuilt", pieces, expected)
    posrec("-d", pieces, "verify")
    check_reports(whole, expected)
    return len(expected)


def main():
    global POSREC
    POSREC = pathlib.Path(sys.argv[1]).resolve()
    rng = seeded()
    with tempfile.TemporaryDirectory() as name:
        spans = sum(check(rng, pathlib.Path(name), number) for number in range(HISTORIES))
    print(f"{HISTORIES} histories, {spans} spans of time, each as the model says")


if __name__ == "__main__":
    main()
