#!/usr/bin/env python3
"""Writes capture lines of a one-way account with 70 symbols, 8 of them open, from a seed.

    make_captures.py POLLS [--seed N] [--interval-ms N] [--start-ms N] > captures.ndjson

Each body has the 16 fields of the real answer and about 25 KB. Marks move at every poll; now and then
the account trades. The same arguments give the same bytes.
"""
import argparse
import random
import sys

SYMBOLS = 70
OPEN = 8
TRADE_EVERY = 200

ASSETS = ("BTC ETH BNB ADA LINK BCH XRP DOT LTC TRX EOS FIL UNI THETA XLM DOGE SOL AVAX MATIC ATOM NEAR "
          "ETC XMR EGLD ZIL KNC ALGO SAND MANA AXS GALA APE GMT RUNE FTM ICP VET AAVE CRV SUI APT OP ARB "
          "INJ TIA SEI WLD ORDI PEPE WIF ENS LDO STX IMX GRT SNX COMP DYDX CHZ ENJ BAT ZEC").split()


class Leg:
    def __init__(self, rng, symbol, index, now_ms):
        self.symbol = symbol
        self.size = 100 if symbol.startswith("BTC") else 10
        self.mark = 64000.0 / (index + 1) ** 1.7
        self.amount = (5 + rng.randrange(40)) * (1 if index % 2 == 0 else -1) if index < OPEN else 0
        self.entry = self.mark * (0.99 + 0.02 * rng.random()) if self.amount else 0.0
        self.isolated = index == 3
        self.leverage = 20
        self.update_ms = now_ms - 60000 * (index + 1) if index < OPEN else 0
        self.settle()
        self.flat_text = None

    def settle(self):
        self.wallet = abs(self.amount) * self.size / self.mark / self.leverage if self.isolated else 0.0

    def trade(self, rng, now_ms):
        step = rng.randrange(-9, 10) or 1
        if self.amount + step != 0:
            self.amount += step
            self.entry = (self.entry + self.mark) / 2
            self.update_ms = now_ms
            self.settle()

    def text(self):
        if self.amount == 0:
            if self.flat_text is None:
                self.flat_text = self.render("0.00000000", "0.00000000", "0", "0.00000000", "0.00000000")
            return self.flat_text
        notional = self.amount * self.size / self.mark
        pnl = self.amount * self.size * (1 / self.entry - 1 / self.mark)
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
                f'"isAutoAddMargin":"false","positionSide":"BOTH","notionalValue":"{notional}",'
                f'"isolatedWallet":"{self.wallet:.8f}","updateTime":{self.update_ms}}}')


def symbols():
    names = []
    for index, asset in enumerate(ASSETS):
        names.append(f"{asset}USD_PERP")
        if index < 4:
            names += [f"{asset}USD_261225", f"{asset}USD_270326"]
    return names[:SYMBOLS]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("polls", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--interval-ms", type=int, default=10000)
    parser.add_argument("--start-ms", type=int, default=1767225600000)
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    legs = [Leg(rng, name, index, arguments.start_ms) for index, name in enumerate(symbols())]
    out = sys.stdout
    for poll in range(arguments.polls):
        now_ms = arguments.start_ms + poll * arguments.interval_ms
        for leg in legs[:OPEN]:
            leg.mark *= 1 + 0.0004 * (rng.random() - 0.5)
        if rng.randrange(TRADE_EVERY) == 0:
            legs[rng.randrange(OPEN)].trade(rng, now_ms)
        body = "[" + ",".join(leg.text() for leg in legs) + "]"
        received_ms = now_ms + 40 + rng.randrange(60)
        out.write(f'{{"account":"main","sent_ms":{now_ms + 1},"received_ms":{received_ms},"http_status":200,'
                  f'"interval_ms":{arguments.interval_ms},"used_weight":{rng.randrange(1, 20)},'
                  '"request":"/dapi/v1/positionRisk?recvWindow=5000","body":"'
                  + body.replace('"', '\\"') + '"}\n')


if __name__ == "__main__":
    main()
