"""Replays a posrec database for a backtest: every good poll in time order, with all legs as they stood."""
import heapq
import itertools
import operator
import sqlite3
from collections import namedtuple

Leg = namedtuple("Leg", "time_ms account symbol side amount entry mark pnl leverage liquidation_price")
POLLS = """SELECT received_ms FROM poll_log WHERE outcome = 'ok'
            AND received_ms >= :from_ms AND received_ms < :to_ms ORDER BY received_ms"""
# From the valuation that held at :from_ms on.
STATES = """SELECT h.time_ms, h.account, h.symbol, h.position_side, h.position_amount, h.entry_price,
                   h.mark_price, h.unrealized_pnl, m.leverage, m.liquidation_price
              FROM pnl_history AS h JOIN margin_history AS m USING (account, symbol, position_side, time_ms)
             WHERE h.account = :account AND h.symbol = :symbol AND h.position_side = :side
               AND h.time_ms >= coalesce((SELECT time_ms FROM pnl_history
                                           WHERE account = :account AND symbol = :symbol
                                             AND position_side = :side AND time_ms <= :from_ms
                                           ORDER BY time_ms DESC LIMIT 1), :from_ms)
               AND h.time_ms < :to_ms
             ORDER BY h.time_ms"""


def replay(path, from_ms=0, to_ms=1 << 62):
    """Yields (time_ms, legs) at from_ms and each good poll before to_ms; legs: {(account, symbol, side): Leg}, changed in place."""
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    span = {"from_ms": from_ms, "to_ms": to_ms}
    database.execute("BEGIN")  # all series are of one moment, whoever writes meanwhile
    series = [((max(row[0], from_ms), row) for row in database.execute(STATES, {
        "account": account, "symbol": symbol, "side": side, **span}))
        for account, symbol, side in database.execute("SELECT account, symbol, position_side FROM leg_range ORDER BY 1, 2, 3")]
    polls = ((time_ms, None) for time_ms, in database.execute(POLLS, span))
    legs = {}
    first = operator.itemgetter(0)
    for time_ms, rows in itertools.groupby(heapq.merge(polls, *series, key=first), key=first):
        legs.update((row[1:4], Leg(*row)) for _, row in rows if row)
        yield time_ms, legs


Step = namedtuple("Step", "time_ms legs equity trades")
Equity = namedtuple("Equity", "time_ms account asset wallet unrealized margin_balance margin_balance_usd")
Trade = namedtuple("Trade", "time_ms account symbol side trade_id signed_quantity price realized commission")
BALANCES = """SELECT time_ms, account, asset, wallet_balance, unrealized_pnl, margin_balance, margin_balance_usd
                FROM equity_history WHERE time_ms >= :from_ms AND time_ms < :to_ms ORDER BY time_ms, account, asset"""
TRADES = """SELECT time_ms, account, symbol, position_side, trade_id, signed_quantity, price, realized_pnl, commission
              FROM trade_history WHERE time_ms >= :from_ms AND time_ms < :to_ms
             ORDER BY time_ms, account, symbol, CAST(trade_id AS INTEGER), position_side"""


def steps(path, from_ms=0, to_ms=1 << 62):
    """Yields a Step at each good poll: the legs, each (account, asset)'s equity as last known, and the trades that
    really happened since the step before, to hold a backtest against."""
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    span = {"from_ms": from_ms, "to_ms": to_ms}
    balances = database.execute(BALANCES, span)
    trades = database.execute(TRADES, span)
    balance, trade, equity = next(balances, None), next(trades, None), {}
    for time_ms, legs in replay(path, from_ms, to_ms):
        happened = []
        while balance and balance[0] <= time_ms:
            equity[balance[1:3]] = Equity(*balance)
            balance = next(balances, None)
        while trade and trade[0] <= time_ms:
            happened.append(Trade(*trade))
            trade = next(trades, None)
        yield Step(time_ms, legs, equity, happened)
