#!/usr/bin/env python3
"""Writes capture lines of a one-way account with 70 symbols, 8 of them open, from a seed.

    make_captures.py POLLS [--money] [--stream] [--seed N] [--interval-ms N] [--start-ms N] > captures.ndjson
    make_captures.py --days N [--seed N] > captures.ndjson

Each body has the 16 fields of the real answer and about 25 KB. Marks move at every poll; now and then
the account trades. With --money what else posrec asks by default is there too: account every minute, income
every five, a trade's userTrades after it, funding each eight hours. With --stream the stream tells of each trade too.

With --days it is that much of "a year of everything", which has 1,000,000 polls, an answer of account each minute and of
income each five, 20,000 trades that the stream tells of in three messages each and that open, turn and close positions,
a new connection of the stream each day, a transfer each week, polls that fail and holes; and a second account, in hedge
mode, polled each five minutes. The year is the one that ended with 2025. The same arguments give the same bytes.
"""
import argparse
import json
import random
import sys

SYMBOLS = 70
OPEN = 8
TRADE_EVERY = 200
ACCOUNT_MS, INCOME_MS, FUNDING_MS = 60000, 300000, 8 * 3600000
DAY_MS, WEEK_MS = 86400000, 7 * 86400000
YEAR_END_MS = 1767225600000  # 2026-01-01
YEAR_INTERVAL_MS = 31536  # a million of them are a year
YEAR_TRADE_EVERY = 50
YEAR_FAIL_EVERY = 3000
YEAR_HOLE_MS = 20 * 60000  # at the end of each fifth day
HEDGE_SYMBOLS = 4

ASSETS = ("BTC ETH BNB ADA LINK BCH XRP DOT LTC TRX EOS FIL UNI THETA XLM DOGE SOL AVAX MATIC ATOM NEAR "
          "ETC XMR EGLD ZIL KNC ALGO SAND MANA AXS GALA APE GMT RUNE FTM ICP VET AAVE CRV SUI APT OP ARB "
          "INJ TIA SEI WLD ORDI PEPE WIF ENS LDO STX IMX GRT SNX COMP DYDX CHZ ENJ BAT ZEC").split()


class Leg:
    def __init__(self, rng, symbol, index, now_ms, side="BOTH"):
        self.symbol = symbol
        self.side = side
        self.size = 100 if symbol.startswith("BTC") else 10
        self.mark = 64000.0 / (index + 1) ** 1.7
        self.amount = (5 + rng.randrange(40)) * (1 if index % 2 == 0 else -1) if index < OPEN else 0
        self.entry = self.mark * (0.99 + 0.02 * rng.random()) if self.amount else 0.0
        self.asset = symbol.split("USD_")[0]
        self.isolated = index == 3
        self.leverage = 20
        self.update_ms = now_ms - 60000 * (index + 1) if index < OPEN else 0
        self.settle()
        self.flat_text = None

    def settle(self):
        self.wallet = abs(self.amount) * self.size / self.mark / self.leverage if self.isolated else 0.0

    def trade(self, rng, now_ms):
        """The contracts traded, 0 where it would have closed the position."""
        step = rng.randrange(-9, 10) or 1
        if self.amount + step == 0:
            return 0
        self.amount += step
        self.entry = (self.entry + self.mark) / 2
        self.update_ms = now_ms
        self.settle()
        return step

    def turn(self, rng, now_ms):
        """The contracts traded: what was closed is opened again, and now and then the position is closed, or turned."""
        step = rng.randrange(-9, 10) or 1
        if self.amount and rng.randrange(6) == 0:
            step = -self.amount * rng.randrange(1, 3)
        was, self.amount = self.amount, self.amount + step
        if was * self.amount <= 0:
            self.entry = self.mark if self.amount else 0.0
        elif abs(self.amount) > abs(was):
            self.entry = (self.entry + self.mark) / 2
        self.update_ms, self.flat_text = now_ms, None
        self.settle()
        return step

    def notional(self):
        return self.amount * self.size / self.mark

    def pnl(self):
        return self.amount * self.size * (1 / self.entry - 1 / self.mark) if self.amount else 0.0

    def text(self):
        if self.amount == 0:
            if self.flat_text is None:
                self.flat_text = self.render("0.00000000", "0.00000000", "0", "0.00000000", "0.00000000")
            return self.flat_text
        notional, pnl = self.notional(), self.pnl()
        liquidation = self.entry * (0.956 if self.amount > 0 else 1.044)
        margin = self.wallet + pnl if self.isolated else 0.0
        return self.render(f"{self.mark:.8f}", f"{pnl:.8f}", f"{liquidation:.8f}", f"{margin:.8f}",
                           f"{notional:.8f}")

    def render(self, mark, pnl, liquidation, margin, notional):
        entry = f"{self.entry:.8f}" if self.amount else "0.0"
        even = f"{self.entry * 1.0004:.8f}" if self.amount else "0.0"
        return (f'{{"symbol":"{self.symbol}","positionAmt":"{self.amount}","entryPrice":"{entry}",'
                f'"breakEvenPrice":"{even}","markPrice":"{mark}","unRealizedProfit":"{pnl}",'
                f'"liquidationPrice":"{liquidation}","leverage":"{self.leverage}","maxQty":"{self.size * 60}",'
                f'"marginType":"{"isolated" if self.isolated else "cross"}","isolatedMargin":"{margin}",'
                f'"isAutoAddMargin":"false","positionSide":"{self.side}","notionalValue":"{notional}",'
                f'"isolatedWallet":"{self.wallet:.8f}","updateTime":{self.update_ms}}}')


class Money:
    """Wallets, income and trades of the legs."""

    def __init__(self, legs):
        self.legs = legs
        self.legs_of = {leg.asset: [other for other in legs if other.asset == leg.asset] for leg in legs}
        self.flat = {}  # what an answer of account says of that which never was but 0
        self.wallets = {leg.asset: 10.0 if leg.amount else 0.0 for leg in reversed(legs)}
        self.update_ms = dict.fromkeys(self.wallets, 0)
        self.income = []
        self.ids = 0
        self.realized = 0.0  # by the trade that was booked last

    def earn(self, leg, kind, amount, now_ms, trade=""):
        self.ids += 1
        amount = round(amount, 8)
        self.wallets[leg.asset] = round(self.wallets[leg.asset] + amount, 8)
        self.update_ms[leg.asset] = now_ms
        self.income.append((now_ms, f'{{"symbol":"{leg.symbol}","incomeType":"{kind}","income":"{amount:.8f}",'
                            f'"asset":"{leg.asset}","info":"{kind}","time":{now_ms},"tranId":"{self.ids}",'
                            f'"tradeId":"{trade}"}}'))

    def trade(self, leg, step, now_ms):
        """Books the trade; returns what userTrades says of it."""
        quantity = abs(step) * leg.size / leg.mark
        fee, realized = quantity * 0.0005, -leg.pnl() * 0.1
        trade, self.realized = self.ids + 1, realized
        self.earn(leg, "REALIZED_PNL", realized, now_ms, trade)
        self.earn(leg, "COMMISSION", -fee, now_ms, trade)
        return (f'[{{"symbol":"{leg.symbol}","id":{trade},"orderId":{trade},"pair":"{leg.asset}USD",'
                f'"side":"{"BUY" if step > 0 else "SELL"}","price":"{leg.mark:.8f}","qty":"{abs(step)}",'
                f'"realizedPnl":"{realized:.8f}","marginAsset":"{leg.asset}","baseQty":"{quantity:.8f}",'
                f'"quoteQty":"{abs(step) * leg.size}","commission":"{fee:.8f}","commissionAsset":"{leg.asset}",'
                f'"time":{now_ms},"positionSide":"BOTH","buyer":{"true" if step > 0 else "false"},"maker":false}}]')

    def messages(self, leg, step, now_ms):
        """What the stream tells of the trade that was booked last."""
        quantity, trade = abs(step) * leg.size / leg.mark, self.ids - 1
        yield (f'{{"e":"ORDER_TRADE_UPDATE","E":{now_ms},"T":{now_ms},"i":"main","o":{{"s":"{leg.symbol}",'
               f'"S":"{"BUY" if step > 0 else "SELL"}","x":"TRADE","X":"FILLED","i":{trade},"l":"{abs(step)}",'
               f'"L":"{leg.mark:.8f}","N":"{leg.asset}","n":"{quantity * 0.0005:.8f}","T":{now_ms},"t":{trade},'
               f'"rp":"{self.realized:.8f}","m":false,"ps":"BOTH"}}}}')
        yield (f'{{"e":"ACCOUNT_UPDATE","E":{now_ms},"T":{now_ms},"i":"main","a":{{"m":"ORDER","B":[{{"a":"{leg.asset}",'
               f'"wb":"{self.wallets[leg.asset]:.8f}","cw":"{self.wallets[leg.asset]:.8f}","bc":"0"}}],"P":[{{"s":"{leg.symbol}",'
               f'"pa":"{leg.amount}","ep":"{leg.entry:.8f}","cr":"0","up":"{leg.pnl():.8f}",'
               f'"mt":"{"isolated" if leg.isolated else "cross"}","iw":"{leg.wallet:.8f}","ps":"BOTH"}}]}}}}')

    def fund(self, rng, now_ms):
        for leg in self.legs:
            if leg.amount:
                self.earn(leg, "FUNDING_FEE", -leg.notional() * 0.0001 * rng.random(), now_ms)

    def income_answer(self):
        """As it is asked: from a minute before the last row known; that row itself comes again."""
        answer = "[" + ",".join(text for _, text in self.income) + "]"
        last_ms = self.income[-1][0] if self.income else 0
        self.income = [entry for entry in self.income if entry[0] >= last_ms - 60000]
        return answer

    def asset(self, name):
        legs = self.legs_of[name]
        wallet, pnl = self.wallets[name], sum(leg.pnl() for leg in legs)
        notional = sum(abs(leg.notional()) for leg in legs)
        free = wallet + pnl - notional / 20
        return (f'{{"asset":"{name}","walletBalance":"{wallet:.8f}","unrealizedProfit":"{pnl:.8f}",'
                f'"marginBalance":"{wallet + pnl:.8f}","maintMargin":"{notional * 0.004:.8f}",'
                f'"initialMargin":"{notional / 20:.8f}","positionInitialMargin":"{notional / 20:.8f}",'
                f'"openOrderInitialMargin":"0.00000000","maxWithdrawAmount":"{free:.8f}",'
                f'"crossWalletBalance":"{wallet:.8f}","crossUnPnl":"{pnl:.8f}","availableBalance":"{free:.8f}",'
                f'"updateTime":{self.update_ms[name]}}}')

    def position(self, leg):
        notional = leg.notional()
        return (f'{{"symbol":"{leg.symbol}","positionAmt":"{leg.amount}","initialMargin":"{abs(notional) / 20:.8f}",'
                f'"maintMargin":"{abs(notional) * 0.004:.8f}","unrealizedProfit":"{leg.pnl():.8f}",'
                f'"positionInitialMargin":"{abs(notional) / 20:.8f}","openOrderInitialMargin":"0.00000000",'
                f'"leverage":"{leg.leverage}","isolated":{"true" if leg.isolated else "false"},'
                f'"positionSide":"BOTH","entryPrice":"{leg.entry:.8f}","breakEvenPrice":"{leg.entry * 1.0004:.8f}",'
                f'"maxQty":"{leg.size * 60}","updateTime":{leg.update_ms},"notionalValue":"{notional:.8f}"}}')

    def kept(self, key, is_flat, text, *arguments):
        if not is_flat:
            return text(*arguments)
        if key not in self.flat:
            self.flat[key] = text(*arguments)
        return self.flat[key]

    def account_answer(self):
        return ('{"assets":[' + ",".join(self.kept(name, self.update_ms[name] == 0 and not self.wallets[name], self.asset, name)
                                         for name in self.wallets) + '],"positions":['
                + ",".join(self.kept(leg.symbol, leg.update_ms == 0, self.position, leg) for leg in self.legs)
                + '],"canDeposit":true,"canTrade":true,"canWithdraw":true,"feeTier":2,"updateTime":0}')


def symbols():
    names = []
    for index, asset in enumerate(ASSETS):
        names.append(f"{asset}USD_PERP")
        if index < 4:
            names += [f"{asset}USD_261225", f"{asset}USD_270326"]
    return names[:SYMBOLS]


def tell(received_ms, message):
    sys.stdout.write(f'{{"account":"main","received_ms":{received_ms},"endpoint":"userData","body":"'
                     + message.replace('"', '\\"') + '"}\n')


def write(endpoint, received_ms, interval_ms, weight, body, account="main", query="recvWindow=5000"):
    sys.stdout.write(f'{{"account":"{account}","sent_ms":{received_ms - 39},"received_ms":{received_ms},"http_status":200,'
                     f'"endpoint":"{endpoint}","interval_ms":{interval_ms},"used_weight":{weight},'
                     f'"request":"/dapi/v1/{endpoint}?{query}","body":"'
                     + body.replace('"', '\\"') + '"}\n')


def happen(received_ms, endpoint, outcome, **more):
    sys.stdout.write(json.dumps({"account": "main", "received_ms": received_ms, "endpoint": endpoint, "outcome": outcome,
                                 **more}, separators=(",", ":")) + "\n")


class Year:
    """A share of a year of everything, poll by poll."""

    def __init__(self, rng, start_ms):
        self.rng, self.start_ms = rng, start_ms
        self.legs = [Leg(rng, name, index, start_ms) for index, name in enumerate(symbols())]
        self.money = Money(self.legs)
        self.hedge = [Leg(rng, leg.symbol, index, start_ms, side) for index, leg in enumerate(self.legs[:HEDGE_SYMBOLS])
                      for side in ("LONG", "SHORT")]
        for leg in self.hedge:
            leg.amount = abs(leg.amount) * (1 if leg.side == "LONG" else -1)
        self.sessions = 0
        self.hole = False
        self.asked_ms = {}  # of income and each symbol's trades, up to when they were asked for

    def query(self, name, now_ms):
        """Asked is from a minute before it was asked last, at first from the start."""
        since_ms = self.asked_ms.get(name, self.start_ms + 60000) - 60000
        self.asked_ms[name] = now_ms
        return f"recvWindow=5000&startTime={since_ms}&limit=1000"

    def connect(self, now_ms):
        if self.sessions and not self.hole:
            happen(now_ms - 900, "userData", "closed", attempt=self.sessions, detail="the exchange closed the connection")
        self.sessions += 1
        happen(now_ms - 800, "userData", "opened", attempt=self.sessions)

    def trade(self, now_ms, received_ms, weight):
        leg = self.legs[self.rng.randrange(OPEN)]
        step = leg.turn(self.rng, now_ms)
        self.poll(received_ms, weight)
        told = self.money.trade(leg, step, now_ms)
        order = self.money.ids - 1
        tell(received_ms + 50, f'{{"e":"ORDER_TRADE_UPDATE","E":{now_ms},"T":{now_ms},"i":"main","o":{{"s":"{leg.symbol}",'
             f'"S":"{"BUY" if step > 0 else "SELL"}","x":"NEW","X":"NEW","i":{order},"l":"0","L":"0","T":{now_ms},"t":0,'
             f'"rp":"0","m":false,"ps":"BOTH"}}}}')
        for message in self.money.messages(leg, step, now_ms):
            tell(received_ms + 51, message)
        write("userTrades", received_ms + 100, INCOME_MS, weight, told,
              query=self.query(leg.symbol, received_ms) + f"&symbol={leg.symbol}")

    def poll(self, received_ms, weight):
        write("positionRisk", received_ms, YEAR_INTERVAL_MS, weight, "[" + ",".join(leg.text() for leg in self.legs) + "]")

    def poll_hedge(self, received_ms, weight):
        for leg in self.hedge:
            leg.mark *= 1 + 0.002 * (self.rng.random() - 0.5)
        leg = self.hedge[self.rng.randrange(len(self.hedge))]
        if self.rng.randrange(100) == 0:
            leg.amount = 0 if leg.amount else (3 if leg.side == "LONG" else -3)
            leg.entry, leg.update_ms, leg.flat_text = (leg.mark if leg.amount else 0.0), received_ms - 60, None
            leg.settle()
        write("positionRisk", received_ms, INCOME_MS, weight, "[" + ",".join(leg.text() for leg in self.hedge) + "]", "hedge")

    def tick(self, number):
        now_ms = self.start_ms + number * YEAR_INTERVAL_MS
        if now_ms // DAY_MS % 5 == 4 and now_ms % DAY_MS >= DAY_MS - YEAR_HOLE_MS:
            self.hole = True
            return
        for leg in self.legs[:OPEN]:
            leg.mark *= 1 + 0.0004 * (self.rng.random() - 0.5)
        received_ms, weight = now_ms + 40 + self.rng.randrange(60), self.rng.randrange(1, 20)
        if self.hole or now_ms % DAY_MS < YEAR_INTERVAL_MS:
            self.connect(now_ms)
            self.hole = False
        if self.rng.randrange(YEAR_TRADE_EVERY) == 0:
            self.trade(now_ms, received_ms, weight)
        elif self.rng.randrange(YEAR_FAIL_EVERY) == 0:
            happen(received_ms, "positionRisk", "timeout", interval_ms=YEAR_INTERVAL_MS)
        else:
            self.poll(received_ms, weight)
        if now_ms % WEEK_MS < YEAR_INTERVAL_MS:
            self.money.earn(self.legs[0], "TRANSFER", 0.5 - self.rng.random() / 2, now_ms)
        if now_ms % FUNDING_MS < YEAR_INTERVAL_MS:
            self.money.fund(self.rng, now_ms)
        if now_ms % ACCOUNT_MS < YEAR_INTERVAL_MS:
            write("account", received_ms + 200, ACCOUNT_MS, weight, self.money.account_answer())
        if now_ms % INCOME_MS < YEAR_INTERVAL_MS:
            write("income", received_ms + 300, INCOME_MS, weight, self.money.income_answer(),
                  query=self.query("income", received_ms))
            self.poll_hedge(received_ms + 400, weight)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("polls", type=int, nargs="?")
    parser.add_argument("--days", type=float)
    parser.add_argument("--money", action="store_true")
    parser.add_argument("--stream", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--interval-ms", type=int, default=10000)
    parser.add_argument("--start-ms", type=int, default=1767225600000)
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    if arguments.days is not None:
        polls = int(arguments.days * DAY_MS / YEAR_INTERVAL_MS)
        year = Year(rng, YEAR_END_MS - polls * YEAR_INTERVAL_MS)
        for number in range(polls):
            year.tick(number)
        return
    interval_ms = arguments.interval_ms
    legs = [Leg(rng, name, index, arguments.start_ms) for index, name in enumerate(symbols())]
    money = Money(legs) if arguments.money or arguments.stream else None
    for poll in range(arguments.polls):
        now_ms = arguments.start_ms + poll * interval_ms
        for leg in legs[:OPEN]:
            leg.mark *= 1 + 0.0004 * (rng.random() - 0.5)
        traded, step = None, 0
        if rng.randrange(TRADE_EVERY) == 0:
            traded = legs[rng.randrange(OPEN)]
            step = traded.trade(rng, now_ms)
        received_ms = now_ms + 40 + rng.randrange(60)
        weight = rng.randrange(1, 20)
        write("positionRisk", received_ms, interval_ms, weight, "[" + ",".join(leg.text() for leg in legs) + "]")
        if money is None:
            continue
        if step:
            told = money.trade(traded, step, now_ms)
            for message in money.messages(traded, step, now_ms) if arguments.stream else ():
                tell(received_ms + 50, message)
            write("userTrades", received_ms + 100, INCOME_MS, weight, told)
        if now_ms % FUNDING_MS < interval_ms:
            money.fund(rng, now_ms)
        if now_ms % ACCOUNT_MS < interval_ms:
            write("account", received_ms + 200, ACCOUNT_MS, weight, money.account_answer())
        if now_ms % INCOME_MS < interval_ms:
            write("income", received_ms + 300, INCOME_MS, weight, money.income_answer())


if __name__ == "__main__":
    main()
