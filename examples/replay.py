"""Replays a posrec database for a backtest: every good poll in time order, with all legs as they stood."""
import heapq
import itertools
import operator
import sqlite3
from collections import namedtuple

Leg = namedtuple("Leg", "time_ms account symbol side amount entry mark pnl leverage liquidation_price")
POLLS = """SELECT received_ms FROM poll_log WHERE outcome = 'ok'
            AND received_ms BETWEEN :from_ms AND :to_ms ORDER BY received_ms"""
# From the valuation that held at :from_ms on.
STATES = """SELECT h.time_ms, h.account, h.symbol, h.position_side, h.position_amount, h.entry_price,
                   h.mark_price, h.unrealized_pnl, m.leverage, m.liquidation_price
              FROM pnl_history AS h JOIN margin_history AS m USING (account, symbol, position_side, time_ms)
             WHERE h.account = :account AND h.symbol = :symbol AND h.position_side = :side
               AND h.time_ms BETWEEN coalesce((SELECT time_ms FROM pnl_history
                                                WHERE account = :account AND symbol = :symbol
                                                  AND position_side = :side AND time_ms <= :from_ms
                                                ORDER BY time_ms DESC LIMIT 1), :from_ms) AND :to_ms
             ORDER BY h.time_ms"""


def replay(path, from_ms=0, to_ms=1 << 62):
    """Yields (time_ms, legs) at from_ms and each good poll; legs: {(account, symbol, side): Leg}, changed in place."""
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    span = {"from_ms": from_ms, "to_ms": to_ms}
    database.execute("BEGIN")  # all series are of one moment, whoever writes meanwhile
    series = [((max(row[0], from_ms), row) for row in database.execute(STATES, {
        "account": account, "symbol": symbol, "side": side, **span}))
        for account, symbol, side in database.execute("SELECT account, symbol, position_side FROM leg_range")]
    polls = ((time_ms, None) for time_ms, in database.execute(POLLS, span))
    legs = {}
    first = operator.itemgetter(0)
    for time_ms, rows in itertools.groupby(heapq.merge(polls, *series, key=first), key=first):
        legs.update((row[1:4], Leg(*row)) for _, row in rows if row)
        yield time_ms, legs
