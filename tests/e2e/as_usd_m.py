#!/usr/bin/env python3
"""Reads capture lines of make_captures.py and writes those of a USD-M account to which the same happens, as far as it can.

    make_captures.py POLLS --money | as_usd_m.py > captures.ndjson

What was a contract is a thousandth of a coin, and what was earned in coins is earned in USDT: wallets, income and trades
explain one another as before. Positions are linear, listed while they are open, and have their margins from account and
their leverage from symbolConfig; USDT is worth what assetIndex says, which moves.
"""
import json
import sys
from decimal import Decimal

LEVERAGE = 20
INDEX_MS = 60000


def name(symbol):
    base, kind = symbol.split("USD_")
    return f"{base}USDT" if kind == "PERP" else f"{base}USDT_{kind}"


def places(value):
    return f"{Decimal(value):.8f}"


def position(leg):
    amount, mark, entry = Decimal(leg["positionAmt"]) / 1000, Decimal(leg["markPrice"]), Decimal(leg["entryPrice"])
    pnl, notional, even = amount * (mark - entry), amount * mark, Decimal(leg["breakEvenPrice"])
    isolated = leg["marginType"] == "isolated"
    wallet = abs(amount * entry) / LEVERAGE if isolated else Decimal(0)
    return {"symbol": name(leg["symbol"]), "positionSide": leg["positionSide"], "positionAmt": f"{amount:.3f}",
            "entryPrice": places(entry), "breakEvenPrice": places(even), "markPrice": places(mark), "unRealizedProfit": places(pnl),
            "liquidationPrice": leg["liquidationPrice"], "isolatedMargin": places(wallet + pnl if isolated else 0),
            "notional": places(notional), "marginAsset": "USDT", "isolatedWallet": places(wallet),
            "initialMargin": places(abs(notional) / LEVERAGE), "maintMargin": places(abs(notional) / 250),
            "positionInitialMargin": places(abs(notional) / LEVERAGE), "openOrderInitialMargin": "0", "adl": 2,
            "bidNotional": "0", "askNotional": "0", "updateTime": leg["updateTime"]}


def account(told, legs):
    """Of the wallets, which are one here, and the positions as they were polled last."""
    wallet = sum(Decimal(asset["walletBalance"]) for asset in told["assets"])
    pnl = sum((Decimal(leg["unRealizedProfit"]) for leg in legs), Decimal(0))
    margin = {of: sum((Decimal(leg[of]) for leg in legs), Decimal(0)) for of in ("initialMargin", "maintMargin")}
    asset = {"asset": "USDT", "walletBalance": places(wallet), "unrealizedProfit": places(pnl), "marginBalance": places(wallet + pnl),
             "maintMargin": places(margin["maintMargin"]), "initialMargin": places(margin["initialMargin"]),
             "positionInitialMargin": places(margin["initialMargin"]), "openOrderInitialMargin": "0.00000000",
             "crossWalletBalance": places(wallet), "crossUnPnl": places(pnl), "availableBalance": places(wallet + pnl),
             "maxWithdrawAmount": places(wallet), "updateTime": max(asset["updateTime"] for asset in told["assets"])}
    positions = [{"symbol": leg["symbol"], "positionSide": leg["positionSide"], "positionAmt": leg["positionAmt"],
                  "unrealizedProfit": leg["unRealizedProfit"], "isolatedMargin": leg["isolatedMargin"], "notional": leg["notional"],
                  "isolatedWallet": leg["isolatedWallet"], "initialMargin": leg["initialMargin"], "maintMargin": leg["maintMargin"],
                  "updateTime": leg["updateTime"]} for leg in legs]
    return {"totalInitialMargin": asset["initialMargin"], "totalMaintMargin": asset["maintMargin"],
            "totalWalletBalance": asset["walletBalance"], "totalUnrealizedProfit": asset["unrealizedProfit"],
            "totalMarginBalance": asset["marginBalance"], "totalPositionInitialMargin": asset["positionInitialMargin"],
            "totalOpenOrderInitialMargin": "0.00000000", "totalCrossWalletBalance": asset["crossWalletBalance"],
            "totalCrossUnPnl": asset["crossUnPnl"], "availableBalance": asset["availableBalance"],
            "maxWithdrawAmount": asset["maxWithdrawAmount"], "assets": [asset], "positions": positions}


def income(row):
    return {**row, "symbol": name(row["symbol"]) if row["symbol"] else "", "asset": "USDT"}


def trade(row):
    quantity = Decimal(row["qty"]) / 1000
    return {**row, "symbol": name(row["symbol"]), "pair": name(row["symbol"]), "qty": f"{quantity:.3f}", "baseQty": f"{quantity:.3f}",
            "quoteQty": places(quantity * Decimal(row["price"])), "marginAsset": "USDT", "commissionAsset": "USDT"}


class Side:
    def __init__(self):
        self.legs, self.configs, self.minute = [], [], None

    def tell(self, line, endpoint, body, after_ms=0, version="v1"):
        now_ms = line["received_ms"] + after_ms
        query = line.get("request", "?recvWindow=5000").split("?")[1]
        query = {"assetIndex": ""}.get(endpoint, f"?{query}")
        sys.stdout.write(json.dumps({**line, "product": "usd-m", "endpoint": endpoint, "sent_ms": now_ms - 39, "received_ms": now_ms,
                                     "request": f"/fapi/{version}/{endpoint}{query}",
                                     "body": json.dumps(body, separators=(",", ":"))}, separators=(",", ":")) + "\n")

    def poll(self, line, told):
        now_ms = line["received_ms"]
        minute = now_ms // INDEX_MS
        if minute % 5 == 0 and minute != self.minute:
            self.tell(line, "accountConfig", {"feeTier": 0, "canTrade": True, "canDeposit": True, "canWithdraw": True,
                                              "dualSidePosition": False, "updateTime": 0, "tradeGroupId": -1,
                                              "multiAssetsMargin": minute % 15 == 0}, -3)
        if minute != self.minute:
            self.minute = minute
            index = places(1 + Decimal(self.minute % 7 - 3) / 10000)
            self.tell({**line, "interval_ms": INDEX_MS}, "assetIndex", [{"symbol": "USDTUSD", "time": now_ms - 45, "index": index}], -2)
        configs = [{"symbol": name(leg["symbol"]), "marginType": "ISOLATED" if leg["marginType"] == "isolated" else "CROSSED",
                    "isAutoAddMargin": False, "leverage": LEVERAGE, "maxNotionalValue": "1000000"} for leg in told]
        if configs != self.configs:
            self.configs = configs
            self.tell(line, "symbolConfig", configs, -1)
        self.legs = [position(leg) for leg in told if leg["positionAmt"] != "0"]
        self.tell(line, "positionRisk", self.legs, version="v3")

    def read(self, line):
        told = json.loads(line["body"])
        if line["endpoint"] == "positionRisk":
            self.poll(line, told)
        elif line["endpoint"] == "account":
            self.tell(line, "account", account(told, self.legs), version="v3")
        else:
            self.tell(line, line["endpoint"], [(income if line["endpoint"] == "income" else trade)(row) for row in told])


def main():
    side = Side()
    for line in sys.stdin:
        side.read(json.loads(line))


if __name__ == "__main__":
    main()
