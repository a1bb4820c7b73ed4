"""What posrec recorded of your futures accounts, for Python.

    >>> import posrec
    >>> database = posrec.open("posrec.db")
    >>> for leg in database.positions():
    ...     print(leg.symbol, leg.position_side, leg.position_amount, leg.unrealized_pnl, leg.margin_asset)
    BTCUSD_PERP ...

The file is opened for reading alone; the recorder may go on writing meanwhile. Nothing but the standard library is
needed; with pandas, `database.pnl().frame()` is a DataFrame. What stands at any time (`positions(at=...)`,
`replay(every=...)`) is answered by posrec's SQLite extension, which the Debian package posrec installs.

Units, everywhere: names that end in `_ms` are milliseconds since 1970 in UTC; amounts of positions and quantities are
contracts, negative for short; prices and what ends in `_usd` are US dollars; what else is money (PnL, commission,
balances) is in coins of the row's margin asset. None: the exchange did not say, or it is not recorded; never 0.

Times are given as milliseconds, as a datetime (a naive one is UTC) or as ISO text, such as "2026-11-24T14:03:10Z" or
"2026-11-24". A range has its beginning and not its end.
"""
from ._database import Database, Error, Rows, Time, open
from ._replay import Equity, Leg, Step, Trade

__version__ = "0.2.1"
__all__ = ["Database", "Equity", "Error", "Leg", "Rows", "Step", "Time", "Trade", "open"]
