"""Goes through the history in the order of time. Each series is read once, in its own order, and they are merged."""
from __future__ import annotations

import contextlib
import heapq
import itertools
import operator
import sqlite3
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple, Optional


class Leg(NamedTuple):
    """A leg's state; it holds since time_ms. Amount in contracts, negative for short; prices and contract_size (of one
    contract) in USD; unrealized_pnl in coins of the margin asset."""

    time_ms: int
    account: str
    symbol: str
    position_side: str
    position_amount: Optional[float]
    entry_price: Optional[float]
    mark_price: Optional[float]
    unrealized_pnl: Optional[float]
    margin_asset: Optional[str]
    unrealized_pnl_usd: Optional[float]
    leverage: Optional[int]
    margin_type: Optional[str]
    liquidation_price: Optional[float]
    contract_size: Optional[float]

    @property
    def usd(self) -> Any:
        """What it is at stake with, in USD: contracts times their size, negative for short; 0 where that is not known."""
        return (self.position_amount or 0) * (self.contract_size or 0)


class Equity(NamedTuple):
    """What an asset came to, in the asset and in USD, as the exchange said at time_ms."""

    time_ms: int
    account: str
    asset: str
    wallet_balance: Optional[float]
    unrealized_pnl: Optional[float]
    margin_balance: Optional[float]
    margin_balance_usd: Optional[float]


class Trade(NamedTuple):
    """A trade: contracts, negative for a sale; the price in USD; realized_pnl (before commission) in the margin asset."""

    time_ms: int
    account: str
    symbol: str
    position_side: str
    trade_id: str
    signed_quantity: Optional[float]
    price: Optional[float]
    realized_pnl: Optional[float]
    commission: Optional[float]


class Step(NamedTuple):
    """A moment of a replay. `legs` and `equity` are changed in place by the next step: copy what you keep."""

    time_ms: int
    #: Whether all since the step before is recorded (at the first, that moment), of each account from its first poll on.
    recorded: bool
    #: By (account, symbol, position_side), as they stood; flat ones too.
    legs: dict[tuple[str, str, str], Leg]
    #: By (account, asset), as it was known last.
    equity: dict[tuple[str, str], Equity]
    #: What was traded since the step before.
    trades: list[Trade]

    @property
    def gross_usd(self) -> Any:
        """What all legs are at stake with, long and short together, in USD."""
        return sum(abs(leg.usd) for leg in self.legs.values())

    @property
    def equity_usd(self) -> Any:
        """The margin balances of all assets in USD, at the prices known then; None where one has no price."""
        held = [asset.margin_balance_usd for asset in self.equity.values() if asset.margin_balance]
        return None if None in held else sum(held)


_POLLS = """SELECT s.received_ms FROM capture_read AS s JOIN account AS a ON a.account_id = s.account_id
             WHERE (:account IS NULL OR a.name = :account) AND s.endpoint = 'positionRisk' AND s.outcome = 'ok'
               AND s.received_ms >= :from_ms AND s.received_ms < :to_ms ORDER BY s.received_ms"""
_LEGS = "SELECT account, symbol, position_side, leg_id FROM leg_range WHERE :account IS NULL OR account = :account ORDER BY 1, 2, 3"
_VALUES = """position_amount{e8} AS position_amount, entry_price{e8} AS entry_price, mark_price{e8} AS mark_price,
             unrealized_pnl{e8} AS unrealized_pnl, margin_asset, unrealized_pnl_usd{e8} AS unrealized_pnl_usd, leverage,
             margin_type, liquidation_price{e8} AS liquidation_price, contract_size{e8} AS contract_size"""
# From the state that held at :from_ms on.
_STATES = f"""SELECT time_ms, account, symbol, position_side, {_VALUES.format(e8="_e8 / 1e8")}, present FROM valuation_history
               WHERE account = :account AND symbol = :symbol AND position_side = :side
                 AND time_ms >= coalesce((SELECT max(time_ms) FROM valuation WHERE leg_id = :leg_id AND time_ms <= :from_ms),
                                         :from_ms)
                 AND time_ms < :to_ms
               ORDER BY time_ms"""
_STEPS = f"""SELECT step_ms, time_ms, account, symbol, position_side, {_VALUES.format(e8="")}
              FROM replay(:from_ms, :to_ms, :every, :account) ORDER BY step_ms"""
_BALANCES = """SELECT time_ms, account, asset, wallet_balance, unrealized_pnl, margin_balance, margin_balance_usd
                FROM equity_history WHERE (:account IS NULL OR account = :account)
                 AND time_ms >= :from_ms AND time_ms < :to_ms ORDER BY time_ms, account, asset"""
# What was known at a time, from where the balances go on.
_BALANCES_AT = """SELECT e.time_ms, e.account, e.asset, e.wallet_balance, e.unrealized_pnl, e.margin_balance,
                         e.margin_balance_usd
                   FROM asset_range AS r CROSS JOIN equity_history AS e
                     ON e.account = r.account AND e.asset = r.asset
                    AND e.time_ms = (SELECT max(b.time_ms) FROM balance_history AS b
                                      WHERE b.account = r.account AND b.asset = r.asset AND b.time_ms < :from_ms)
                  WHERE (:account IS NULL OR r.account = :account)"""
_TRADES = """SELECT time_ms, account, symbol, position_side, trade_id, signed_quantity, price, realized_pnl, commission
              FROM trade_history WHERE (:account IS NULL OR account = :account) AND time_ms >= :from_ms AND time_ms < :to_ms
             ORDER BY time_ms, account, symbol, CAST(trade_id AS INTEGER), position_side"""
# After the last poll it is known for one and a half of the interval in force.
_KNOWN = """SELECT k.account, k.from_ms,
                   k.to_ms + iif(k.to_ms = max(k.to_ms) OVER (PARTITION BY k.account),
                                 coalesce((SELECT i.interval_ms * 3 / 2
                                             FROM interval_stated AS i JOIN account AS a ON a.account_id = i.account_id
                                            WHERE a.name = k.account AND i.endpoint = 'positionRisk'), 0), 0)
             FROM known AS k
            WHERE k.kind = 'polls' AND (:account IS NULL OR k.account = :account)
            ORDER BY k.account, k.from_ms"""


class _Known:
    """Whether spans of time are recorded, asked in the order of time."""

    def __init__(self, rows: sqlite3.Cursor) -> None:
        self.spans: dict[str, deque[tuple[int, int]]] = {}
        for account, from_ms, to_ms in rows:
            self.spans.setdefault(account, deque()).append((from_ms, to_ms))
        self.began = {account: spans[0][0] for account, spans in self.spans.items()}

    def covers(self, from_ms: int, to_ms: int) -> bool:
        """Whether each account that has begun is known from the one time to the other."""
        for account, spans in self.spans.items():
            begin_ms = max(from_ms, self.began[account])
            while len(spans) > 1 and spans[0][1] < begin_ms:
                spans.popleft()
            if begin_ms <= to_ms and not spans[0][0] <= begin_ms <= to_ms <= spans[0][1]:
                return False
        return any(began <= to_ms for began in self.began.values())


def _by_polls(connection: sqlite3.Connection, span: dict[str, Any]) -> Iterator[tuple[int, list]]:
    """:from_ms and each good poll, each with the states that are new then."""
    series = [((max(row[0], span["from_ms"]), row) for row in connection.execute(_STATES, {
        **span, "account": account, "symbol": symbol, "side": side, "leg_id": leg_id}))
        for account, symbol, side, leg_id in connection.execute(_LEGS, span)]
    polls = ((time_ms, None) for time_ms, in connection.execute(_POLLS, span))
    first = operator.itemgetter(0)
    for time_ms, rows in itertools.groupby(heapq.merge(polls, *series, key=first), key=first):
        yield time_ms, [row for _, row in rows if row]


def _by_steps(connection: sqlite3.Connection, span: dict[str, Any]) -> Iterator[tuple[int, list]]:
    """The same of each step."""
    held: dict[tuple, int] = {}
    for step_ms, rows in itertools.groupby(connection.execute(_STEPS, span), key=operator.itemgetter(0)):
        standing = {row[2:5]: row for row in rows}
        new = [(*row[1:], 1) for key, row in standing.items() if held.get(key) != row[1]]
        new += [(0, *key, 0) for key in held.keys() - standing.keys()]
        held = {key: row[1] for key, row in standing.items()}
        yield step_ms, new


def replay(connection: sqlite3.Connection, from_ms: int | None, to_ms: int | None, every: str | int | None,
           account: str | None, convert: Callable[[Any], Any] | None) -> Iterator[Step]:
    """What Database.replay() gives."""
    span = {"from_ms": from_ms, "to_ms": to_ms, "every": every, "account": account}
    if not connection.in_transaction:
        connection.execute("BEGIN")  # all series are of one moment, whoever writes meanwhile
    try:
        steps = _by_steps(connection, dict(span)) if every is not None else None
        span.update(from_ms=0 if from_ms is None else from_ms, to_ms=1 << 62 if to_ms is None else to_ms)
        yield from _merge(connection, steps or _by_polls(connection, span), span, convert)
    finally:
        with contextlib.suppress(sqlite3.Error):  # closed, or ended by a replay that began it
            connection.execute("COMMIT")


def _merge(connection: sqlite3.Connection, moments: Iterator[tuple[int, list]], span: dict[str, Any],
           convert: Callable[[Any], Any] | None) -> Iterator[Step]:
    def exact(row: tuple) -> Iterable[Any]:
        return row if convert is None else map(convert, row)

    known = _Known(connection.execute(_KNOWN, span))
    balances, trades = connection.execute(_BALANCES, span), connection.execute(_TRADES, span)
    equity = {row[1:3]: Equity._make(exact(row)) for row in connection.execute(_BALANCES_AT, span)}
    balance, trade = next(balances, None), next(trades, None)
    legs: dict[tuple[str, str, str], Leg] = {}
    before_ms = None
    for time_ms, states in moments:
        for state in states:
            if state[-1]:  # present
                legs[state[1:4]] = Leg._make(exact(state[:-1]))
            else:
                legs.pop(state[1:4], None)
        happened = []
        while balance and balance[0] <= time_ms:
            equity[balance[1:3]] = Equity._make(exact(balance))
            balance = next(balances, None)
        while trade and trade[0] <= time_ms:
            happened.append(Trade._make(exact(trade)))
            trade = next(trades, None)
        yield Step(time_ms, known.covers(time_ms if before_ms is None else before_ms, time_ms), legs, equity, happened)
        before_ms = time_ms
