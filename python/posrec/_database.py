"""A database of posrec's, opened for reading, and what can be asked of it."""
from __future__ import annotations

import collections
import os
import pathlib
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any, Union

from ._replay import Step, replay

Time = Union[int, str, datetime]
_APPLICATION_ID = 0x506F7352
_NEVER_MS = 1 << 62


class Error(Exception):
    """What went wrong, and what to do about it."""


class Rows(list):
    """The rows of an answer, each a named tuple: `row.symbol`, or `row[1]`. `columns` has the names, `silent` the
    accounts of which the moment asked for is not recorded (of `positions(at=...)`; else empty)."""

    def __init__(self, columns: Sequence[str], rows: Iterator[tuple] | Sequence[tuple]) -> None:
        super().__init__(rows)
        self.columns = list(columns)
        self.silent: list[str] = []

    def frame(self) -> Any:
        """The rows as a pandas DataFrame; its columns have the units of the rows."""
        try:
            import pandas
        except ImportError as error:
            raise Error("frame() needs pandas (Debian: apt install python3-pandas)") from error
        return pandas.DataFrame.from_records(list(self), columns=self.columns)


def to_ms(time: Time) -> int:
    """Milliseconds since 1970 UTC of a time as it may be given."""
    if isinstance(time, int):
        return time
    try:
        moment = datetime.fromisoformat(time) if isinstance(time, str) else time
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=timezone.utc)
        return round(moment.timestamp() * 1000)
    except (AttributeError, ValueError) as error:
        raise Error(f"{time!r} is no time: give milliseconds, a datetime or text such as 2026-11-24T14:03:10Z") from error


def open(path: str | os.PathLike[str] = "posrec.db", *, decimals: bool = False, extension: str = "posrec") -> Database:
    """Opens a database for reading. On a read-only medium, or in a folder of another user's, it is read as it lies.

    decimals: numbers that are not whole are Decimal instead of float: exact, all eight places, up to 67,108,864.
    extension: the file of posrec's SQLite extension where it is not where SQLite looks for it.
    """
    return Database(path, decimals=decimals, extension=extension)


class Database:
    """What open() gives. Also a context manager, which closes it. Of one thread, as sqlite3's connections are."""

    #: The connection, to ask SQL of your own: its views are described in posrec's docs/schema.md.
    connection: sqlite3.Connection

    def __init__(self, path: str | os.PathLike[str], *, decimals: bool = False, extension: str = "posrec") -> None:
        self.connection = _connect(pathlib.Path(path))
        self._convert: Callable[[Any], Any] | None = _decimal if decimals else None
        self._extension: str | None = extension
        if self.connection.execute("PRAGMA application_id").fetchone()[0] != _APPLICATION_ID:
            self.close()
            raise Error(f"{path}: this is no database of posrec's")

    def __enter__(self) -> Database:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends it. Rows that were read stay."""
        self.connection.close()

    def sql(self, query: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> Rows:
        """The rows of any query.

        >>> database.sql("SELECT count(*) AS polls FROM poll_log WHERE outcome = ?", ["ok"])[0].polls > 0
        True
        """
        cursor = self.connection.execute(query, parameters)
        columns = [column[0] for column in cursor.description]
        return Rows(columns, self._rows(columns, cursor))

    def positions(self, at: Time | None = None, *, account: str | None = None, all: bool = False) -> Rows:
        """The open positions as they are known last, or as they stood at a time; with `all` the flat legs too.

        Columns: account, symbol, position_side, position_amount (contracts), entry_price, mark_price (USD),
        unrealized_pnl (margin asset), margin_asset, unrealized_pnl_usd, leverage, margin_type, liquidation_price, time
        (of the state). At a time also as_of (the account's last good poll then) and recorded (0 in a hole or the
        future); `silent` of the answer names the accounts of which nothing is recorded then. Needs the extension
        where a time is given.

        >>> then = database.positions(at="2100-01-01")
        >>> "main" in then.silent, {leg.recorded for leg in then}
        (True, {0})
        """
        if at is None:
            return self._select("position_now", "account, symbol, position_side, position_amount, entry_price, mark_price,"
                                " unrealized_pnl, margin_asset, unrealized_pnl_usd, leverage, margin_type,"
                                " liquidation_price, time", "account, symbol, position_side",
                                {"account": account}, "" if all else "position_amount IS NOT 0")
        self.load_extension()
        rows = self.sql("SELECT * FROM position_at(?, ?, 1)", [to_ms(at), account])
        shown = Rows(rows.columns, rows if all else [row for row in rows if row.position_amount != 0])
        shown.silent = sorted({row.account for row in rows if not row.recorded})
        return shown

    def pnl(self, from_: Time | None = None, to: Time | None = None, *, account: str | None = None,
            symbol: str | None = None, position_side: str | None = None) -> Rows:
        """The unrealized PnL of each leg at each poll at which it was open or changed (view pnl_history).

        Among the columns: time_ms, position_amount (contracts), entry_price, mark_price (USD), unrealized_pnl (margin
        asset), unrealized_pnl_usd. A year has millions: name a range.

        >>> database.pnl(account="main", symbol="BTCUSD_PERP")[-1].margin_asset
        'BTC'
        """
        return self._range("pnl_history", "account, symbol, position_side, time_ms", from_, to,
                           account=account, symbol=symbol, position_side=position_side)

    def equity(self, from_: Time | None = None, to: Time | None = None, *, account: str | None = None,
               asset: str | None = None) -> Rows:
        """What each asset of an account came to at each answer of the exchange (view equity_history).

        Among the columns: asset, time_ms, wallet_balance, unrealized_pnl, margin_balance (both together; in the
        asset), margin_ratio (at 1 the account is liquidated), price (USD, the mark price known then),
        margin_balance_usd.

        >>> {row.asset for row in database.equity(account="main")} >= {"BTC"}
        True
        """
        return self._range("equity_history", "account, asset, time_ms", from_, to, account=account, asset=asset)

    def trades(self, from_: Time | None = None, to: Time | None = None, *, account: str | None = None,
               symbol: str | None = None) -> Rows:
        """Every trade that is known (view trade_history).

        Among the columns: time_ms, trade_id, side, price (USD), quantity and signed_quantity (contracts), realized_pnl
        (before commission, margin asset), commission (positive when paid, in commission_asset), maker.

        >>> sum(trade.signed_quantity for trade in database.trades(account="main")) is not None
        True
        """
        return self._range("trade_history", "time_ms, account, symbol, CAST(trade_id AS INTEGER), position_side", from_, to,
                           account=account, symbol=symbol)

    def income(self, from_: Time | None = None, to: Time | None = None, *, account: str | None = None,
               symbol: str | None = None, income_type: str | None = None) -> Rows:
        """Everything that changed a wallet: realized PnL, funding, commission, transfers (view income_history).

        Among the columns: asset, time_ms, income_type (as the exchange spells it), income (in the asset), income_usd
        (at the mark price of the time).

        >>> {row.income_type for row in database.income(income_type="COMMISSION")} <= {"COMMISSION"}
        True
        """
        return self._range("income_history", "time_ms, account, symbol, income_type, tran_id, asset", from_, to,
                           account=account, symbol=symbol, income_type=income_type)

    def trips(self, from_: Time | None = None, to: Time | None = None, *, account: str | None = None,
              symbol: str | None = None) -> Rows:
        """Each position from flat to flat, of which some of its time is in the range (view round_trip).

        Among the columns: direction, opened_ms, closed_ms (None while open), held_s (seconds), max_amount (contracts),
        entry_price, exit_price (USD), realized_pnl, commission, funding, net_pnl (margin asset), net_pnl_usd, missing
        ('' when all of it was recorded).
        """
        bounds, values = [], {}
        if from_ is not None:
            bounds.append("(closed_ms IS NULL OR closed_ms >= :from_ms)")
            values["from_ms"] = to_ms(from_)
        if to is not None:
            bounds.append("opened_ms < :to_ms")
            values["to_ms"] = to_ms(to)
        return self._select("round_trip", "*", "opened_ms, account, symbol, position_side, trip",
                            {"account": account, "symbol": symbol}, *bounds, values=values)

    def gaps(self, from_: Time | None = None, to: Time | None = None, *, account: str | None = None) -> Rows:
        """The holes in an account's history of positions that touch the range (view gap).

        Columns: account, from_ms, from_time, to_ms, to_time (two good polls that are too far apart), missed (how many
        polls would have fitted between).

        >>> all(gap.from_ms < gap.to_ms for gap in database.gaps())
        True
        """
        return self._select("gap", "*", "account, from_ms", {"account": account}, "to_ms > :from_ms", "from_ms < :to_ms",
                            values=_bounds(from_, to))

    def replay(self, from_: Time | None = None, to: Time | None = None, every: str | int | None = None, *,
               account: str | None = None) -> Iterator[Step]:
        """The history in the order of time, for a backtest: a Step at the range's beginning and each good poll in it,
        or, with `every` ("10s", "1h", "1mo", or milliseconds), at each such step; the latter needs the extension.
        Memory does not grow with the range.

        >>> for step in database.replay(every="1m"):
        ...     if step.recorded:
        ...         legs = [leg for leg in step.legs.values() if leg.position_amount]
        >>> len(legs) > 0
        True
        """
        if every is not None:
            self.load_extension()
        bounds = (None if from_ is None else to_ms(from_), None if to is None else to_ms(to))
        return replay(self.connection, *bounds, every, account, self._convert)

    def load_extension(self) -> None:
        """Loads posrec's SQLite extension into the connection, once: `position_at` and the like in SQL of your own."""
        if self._extension is None:
            return
        if not hasattr(self.connection, "enable_load_extension"):
            raise Error("this Python's sqlite3 cannot load extensions (Debian's own /usr/bin/python3 can)")
        self.connection.enable_load_extension(True)
        try:
            self.connection.load_extension(self._extension)
        except sqlite3.OperationalError as error:
            raise Error(f"posrec's SQLite extension cannot be loaded ({error}): install the package posrec, or name the"
                        " file: posrec.open(path, extension='.../posrec.so')") from error
        finally:
            self.connection.enable_load_extension(False)
        self._extension = None

    def _rows(self, columns: Sequence[str], cursor: sqlite3.Cursor) -> Iterator[tuple]:
        make = collections.namedtuple("Row", columns, rename=True)._make
        convert = self._convert
        return map(make, cursor if convert is None else (map(convert, row) for row in cursor))

    def _range(self, view: str, order: str, from_: Time | None, to: Time | None, **equal: str | None) -> Rows:
        return self._select(view, "*", order, equal, "time_ms >= :from_ms", "time_ms < :to_ms", values=_bounds(from_, to))

    def _select(self, view: str, columns: str, order: str, equal: Mapping[str, str | None], *conditions: str,
                values: Mapping[str, Any] | None = None) -> Rows:
        named = {column: value for column, value in equal.items() if value is not None}
        where = [f"{column} = :{column}" for column in named] + [condition for condition in conditions if condition]
        query = f"SELECT {columns} FROM {view}{' WHERE ' if where else ''}{' AND '.join(where)} ORDER BY {order}"
        try:
            return self.sql(query, {**named, **(values or {})})
        except sqlite3.OperationalError as error:
            if "no such table" not in str(error):
                raise
            raise Error(f"this file has no view {view}: 'posrec migrate', of a posrec that has it, makes it") from error


def _bounds(from_: Time | None, to: Time | None) -> dict[str, int]:
    return {"from_ms": 0 if from_ is None else to_ms(from_), "to_ms": _NEVER_MS if to is None else to_ms(to)}


def _decimal(value: Any) -> Any:
    """The decimal that a float stands for: the shortest one that is the same float."""
    return Decimal(repr(value)) if isinstance(value, float) else value


def _connect(path: pathlib.Path) -> sqlite3.Connection:
    """SQLite makes files beside a database that it reads. Where it cannot, the file is read as it lies, if all of it is
    in that one file."""
    address = path.absolute().as_uri()
    try:
        return _try(f"{address}?mode=ro")
    except sqlite3.Error as error:
        log = pathlib.Path(f"{path}-wal")
        if not path.is_file():
            raise Error(f"{path}: there is no such file") from error
        if log.exists() and log.stat().st_size > 0:
            raise Error(f"{path}: {error} (its newest content is in {log}: open it as a user who may write there)") from error
    try:
        return _try(f"{address}?immutable=1")
    except sqlite3.Error as error:
        raise Error(f"{path}: {error}") from error


def _try(address: str) -> sqlite3.Connection:
    connection = sqlite3.connect(address, uri=True, isolation_level=None)
    try:
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except sqlite3.Error:
        connection.close()
        raise
    return connection
