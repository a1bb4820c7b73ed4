#!/usr/bin/env python3
"""The Python package against the program's own answers; its examples; files of all kinds.

    python.py BUILD SOURCE
"""
import contextlib
import doctest
import hashlib
import inspect
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from datetime import datetime, timezone
from decimal import Decimal

from sample import how_many, seeded

BUILD, SOURCE = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
sys.path.insert(0, str(SOURCE / "python"))
sys.dont_write_bytecode = True
import posrec  # noqa: E402
from posrec import _database, _replay  # noqa: E402

EXTENSION = str(BUILD / "posrec.so")
PLAIN = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
RNG = seeded()
TIMES = how_many(200, 25)


def ask_program(*arguments, **options):
    return subprocess.run([BUILD / "posrec", "-q", "-d", "posrec.db", *arguments], check=True, capture_output=True, env=PLAIN,
                          **options).stdout


def told(*arguments):
    return json.loads(ask_program(*arguments, "--format", "json"))


def dicts(rows):
    return [row._asdict() for row in rows]


@contextlib.contextmanager
def fails(*words):
    try:
        yield
    except posrec.Error as error:
        assert all(word in str(error) for word in words), error
    else:
        raise AssertionError(f"no error with {words}")


def check_positions(database):
    assert dicts(database.positions()) == [
        {name: value for name, value in row.items() if name not in ("as_of", "recorded")} for row in told("positions")]
    assert len(database.positions(all=True)) == len(told("positions", "--all"))
    first, last = database.sql("SELECT min(from_ms), max(to_ms) FROM account_range")[0]
    for _ in range(TIMES):
        at = RNG.randrange(first - 3600000, last + 3600000)
        rows = database.positions(at=at)
        assert dicts(rows) == told("positions", "--at", str(at)), at
        assert dicts(database.positions(at=at, all=True)) == told("positions", "--at", str(at), "--all"), at
        moment = datetime.fromtimestamp(at // 1000, timezone.utc)
        assert database.positions(at=moment) == database.positions(at=moment.isoformat()) == database.positions(at=at // 1000 * 1000)
    hole = max(database.gaps(account="main"), key=lambda gap: gap.to_ms - gap.from_ms)
    middle = (hole.from_ms + hole.to_ms) // 2
    assert "main" in database.positions(at=middle).silent and "main" not in database.positions(at=hole.from_ms).silent
    assert {row.recorded for row in database.positions(at=middle, account="main")} == {0}
    with fails("'noon' is no time", "2026-11-24T14:03:10Z"):
        database.positions(at="noon")


def check_series(database):
    first, last = database.sql("SELECT min(from_ms), max(to_ms) FROM account_range")[0]
    from_ms, to_ms = first + (last - first) // 3, first + (last - first) // 2
    trades = database.trades(from_ms, to_ms, account="main")
    names = ("account", "symbol", "position_side", "time", "side", "price", "quantity", "realized_pnl", "commission")
    report = told("report", "trades", "--account", "main", "--from", str(from_ms), "--to", str(to_ms))
    assert len(trades) > 10 and sorted((row.time_ms, row.trade_id) for row in trades) == [(r.time_ms, r.trade_id) for r in trades]
    assert sorted(tuple(getattr(row, name) for name in names) for row in trades) == sorted(
        tuple(row[name] for name in names) for row in report)
    gaps = database.gaps(from_ms, to_ms)
    assert [(row.account, row.from_time, row.missed) for row in gaps] == [
        (row["account"], row["from"], row["missed"])
        for row in told("report", "gaps") if row["kind"] == "polls" and row["missed"]
        and row["from"] < iso(to_ms) and row["to"] > iso(from_ms)], gaps
    income = database.income(from_ms, to_ms, account="main", income_type="COMMISSION")
    by_kind = [row for row in told("report", "income", "--account", "main", "--from", str(from_ms), "--to", str(to_ms))]
    assert abs(sum(row.income for row in income) - sum(row.get("commission") or 0 for row in by_kind)) < 1 or by_kind
    equity = database.equity(to=to_ms, account="main", asset="BTC")
    report = told("report", "equity", "--account", "main", "--to", str(to_ms))
    assert [equity[-1].margin_balance_usd] == [row["margin_balance_usd"] for row in report if row["asset"] == "BTC"]
    pnl = database.pnl(from_ms, to_ms, account="main", symbol="BTCUSD_PERP", position_side="BOTH")
    assert all(from_ms <= row.time_ms < to_ms for row in pnl) and len(pnl) > 100
    assert [row.time_ms for row in pnl] == sorted(row.time_ms for row in pnl)
    frame = pnl.frame()
    assert list(frame.columns) == pnl.columns and len(frame) == len(pnl)
    assert frame.unrealized_pnl.iloc[-1] == pnl[-1].unrealized_pnl


def iso(time_ms):
    return datetime.fromtimestamp(time_ms / 1000, timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def check_replay(database):
    first, last = database.sql("SELECT min(from_ms), max(to_ms) FROM account_range")[0]
    polls = [row[0] for row in database.sql(
        "SELECT DISTINCT received_ms FROM poll_log WHERE outcome = 'ok' AND received_ms >= ? ORDER BY 1", [first + 7200001])]
    spans = [tuple(row) for row in database.sql("SELECT account, from_ms, to_ms FROM known WHERE kind = 'polls'")]
    chosen = set(RNG.sample(polls, 20))
    times, before, unknown = [], None, 0
    for step in database.replay(first + 7200001):
        times.append(step.time_ms)
        since = step.time_ms if before is None else before
        covered = all(any(name == account and begin <= since and step.time_ms <= end for name, begin, end in spans)
                      or step.time_ms > max(end for name, _, end in spans if name == account) for account in ("main", "hedge"))
        assert step.recorded == covered, (step.time_ms, step.recorded)
        unknown += not step.recorded
        before = step.time_ms
        if step.time_ms in chosen:
            rows = database.positions(at=step.time_ms, all=True)
            assert [(*key, leg.position_amount, leg.entry_price, leg.mark_price, leg.unrealized_pnl, leg.margin_asset,
                     leg.unrealized_pnl_usd, leg.leverage, leg.margin_type, leg.liquidation_price)
                    for key, leg in sorted(step.legs.items())] == [tuple(row)[:12] for row in rows], step.time_ms
            known = {(row["account"], row["asset"]): row["margin_balance"]
                     for row in dicts(database.sql("SELECT * FROM equity_at(?)", [step.time_ms]))}
            assert {key: value.margin_balance for key, value in step.equity.items() if value.margin_balance} == known
    assert times == [first + 7200001] + polls and unknown >= 2, (len(times), len(polls), unknown)
    begin = times[len(times) // 3]
    ids = [trade.trade_id for step in database.replay(begin, last + 1) for trade in step.trades]
    assert len(ids) > 10 and ids == [row.trade_id for row in database.trades(begin, last + 1)]
    # By steps: the same as at a time, and the same recorded.
    count = 0
    for step in database.replay(begin, begin + 4 * 3600000, "7m", account="main"):
        rows = database.positions(at=step.time_ms, account="main", all=True)
        assert [(*key, leg.position_amount, leg.unrealized_pnl) for key, leg in sorted(step.legs.items())] == [
            (row.account, row.symbol, row.position_side, row.position_amount, row.unrealized_pnl) for row in rows]
        assert step.gross_usd == sum(abs(row.position_amount) * (100 if row.symbol.startswith("BTC") else 10) for row in rows)
        since = step.time_ms - 420000 * (count > 0)
        assert step.recorded == any(name == "main" and a <= since and step.time_ms <= b for name, a, b in spans)
        count += 1
    assert count == -(-4 * 60 // 7), count
    # Two at once, one of them left in the middle.
    one, two = database.replay(begin), database.replay(begin)
    assert next(one).time_ms == next(two).time_ms == begin
    one.close()
    assert next(two).time_ms > begin


def check_decimals():
    with posrec.open("posrec.db", decimals=True, extension=EXTENSION) as database:
        exact = database.sql("SELECT unrealized_pnl, unrealized_pnl_e8, mark_price, mark_price_e8 FROM pnl_history"
                             " JOIN valuation_history USING (account, symbol, position_side, time_ms)"
                             " WHERE account = 'main' AND mark_price IS NOT NULL LIMIT 2000")
        assert len(exact) == 2000
        for row in exact:
            assert row.unrealized_pnl == Decimal(row.unrealized_pnl_e8).scaleb(-8), row
            assert row.mark_price == Decimal(row.mark_price_e8).scaleb(-8), row
        step = next(database.replay("2025-12-31T12:00:00Z"))
        assert {type(leg.unrealized_pnl) for leg in step.legs.values()} == {Decimal} and isinstance(step.gross_usd, Decimal)


def check_trips(folder):
    path = f"{folder}/trips.db"
    shutil.copy("posrec.db", path)
    writer = sqlite3.connect(path)
    writer.executescript("DROP VIEW IF EXISTS round_trip; CREATE VIEW round_trip AS SELECT 'main' AS account, 'X' AS symbol,"
                         " 'BOTH' AS position_side, column1 AS trip, column2 AS opened_ms, column3 AS closed_ms"
                         " FROM (VALUES (1, 10, 20), (2, 30, 40), (3, 50, NULL))")
    with posrec.open(path) as database:
        assert [row.trip for row in database.trips()] == [1, 2, 3]
        assert [row.trip for row in database.trips(25, 35)] == [2]
        assert [row.trip for row in database.trips(40, 60, account="main", symbol="X")] == [2, 3]
        assert database.trips(account="none") == []
    writer.executescript("DROP VIEW round_trip")
    with posrec.open(path) as database, fails("no view round_trip", "posrec migrate"):
        database.trips()


def check_files(folder):
    with fails("no such file"):
        posrec.open(f"{folder}/none.db")
    pathlib.Path(folder, "text.db").write_text("no database " * 100)
    with fails("text.db", "not a database"):
        posrec.open(f"{folder}/text.db")
    sqlite3.connect(f"{folder}/other.db").execute("CREATE TABLE t(x)")
    with fails("no database of posrec's"):
        posrec.open(f"{folder}/other.db")
    with fails("install the package posrec", "extension='.../posrec.so'"):
        posrec.open("posrec.db", extension=f"{folder}/none").positions(at=0)
    # In a folder that may not be written by who reads, and with content in the log alone.
    still = pathlib.Path(folder, "a folder?")
    still.mkdir()
    os.chmod(folder, 0o755)
    shutil.copy("posrec.db", still / "b.db")
    os.chmod(still / "b.db", 0o444)
    os.chmod(still, 0o555)
    digest = hashlib.sha256((still / "b.db").read_bytes()).hexdigest()
    code = (f"import sys; sys.dont_write_bytecode = True; sys.path.insert(0, {str(SOURCE / 'python')!r}); import os, posrec;"
            "os.getuid() or (os.setgroups([]), os.setgid(65534), os.setuid(65534));"
            f"print(len(posrec.open({str(still / 'b.db')!r}).positions(all=True)))")
    shown = subprocess.run([sys.executable, "-c", code], text=True, capture_output=True, env=PLAIN, check=False)
    assert shown.stdout.strip() == str(len(posrec.open("posrec.db").positions(all=True))), shown
    assert [path.name for path in still.iterdir()] == ["b.db"]
    assert hashlib.sha256((still / "b.db").read_bytes()).hexdigest() == digest
    os.chmod(still, 0o755)
    (still / "b.db-wal").write_bytes(b"x" * 5000)
    os.chmod(still, 0o555)
    shown = subprocess.run([sys.executable, "-c", code], text=True, capture_output=True, env=PLAIN, check=False)
    assert shown.returncode == 1 and "its newest content is in" in shown.stderr, shown
    os.chmod(still, 0o755)
    # It cannot write.
    with contextlib.suppress(sqlite3.OperationalError):
        posrec.open("posrec.db").sql("DELETE FROM leg")
        raise AssertionError("it wrote")


def check_examples():
    """Each public function has a docstring and types, and the examples in them are true."""
    public = [value for name, value in vars(posrec.Database).items() if inspect.isfunction(value) and not name.startswith("_")]
    assert len(public) >= 11
    for function in [*public, posrec.open, posrec.Rows.frame]:
        assert function.__doc__, function
        signature = inspect.signature(function)
        assert signature.return_annotation is not inspect.Signature.empty, function
        assert all(parameter.annotation is not inspect.Parameter.empty for name, parameter in signature.parameters.items()
                   if name != "self"), function
    assert (SOURCE / "python/posrec/py.typed").exists()
    ran = 0
    opened = posrec.open
    posrec.open = lambda path: opened(path, extension=EXTENSION)  # the examples name none: it is installed there
    for module in (posrec, _database, _replay):
        with opened("posrec.db", extension=EXTENSION) as database:
            result = doctest.testmod(module, extraglobs={"database": database}, optionflags=doctest.ELLIPSIS)
        assert result.failed == 0, result
        ran += result.attempted
    posrec.open = opened
    assert ran >= 10, ran
    return ran


def main():
    with tempfile.TemporaryDirectory(prefix="posrec-python-") as folder:
        os.chdir(folder)
        lines = subprocess.run([sys.executable, SOURCE / "tests/bench/make_captures.py", "--days", "2"], check=True,
                               capture_output=True, env=PLAIN).stdout
        ask_program("import", "-", input=lines)
        with posrec.open("posrec.db", extension=EXTENSION) as database:
            check_positions(database)
            check_series(database)
            check_replay(database)
        check_decimals()
        check_trips(folder)
        check_files(folder)
        print(f"every function against the program's answers; {check_examples()} examples")


main()
