#!/usr/bin/env python3
"""The extension's functions against the program's own answers, at times drawn by chance.

    extension.py BUILD SOURCE

Two days of two accounts, with holes and polls that failed. Every column of position_at, equity_at and replay is held
against `posrec positions --at`, `posrec report equity` and one another; then files that cannot be written, schemas of
an enemy, and arguments that are wrong.
"""
import hashlib
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time

from sample import how_many, seeded

BUILD, SOURCE = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
POSREC, EXTENSION = str(BUILD / "posrec"), str(BUILD / "posrec.so")
TIMES = how_many(400, 40)
PLAIN = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
RNG = seeded()


def posrec(*arguments, **options):
    return subprocess.run([POSREC, "-q", *arguments], check=True, capture_output=True, env=PLAIN, **options).stdout


def make(folder):
    lines = subprocess.run([sys.executable, SOURCE / "tests/bench/make_captures.py", "--days", "2"], check=True,
                           capture_output=True, env=PLAIN).stdout
    path = f"{folder}/a.db"
    posrec("-d", path, "import", "-", input=lines)
    return path


def connect(path, options="mode=ro"):
    connection = sqlite3.connect(f"file:{path}?{options}", uri=True)
    connection.enable_load_extension(True)
    connection.load_extension(EXTENSION)
    connection.row_factory = sqlite3.Row
    return connection


def ask(connection, sql, *arguments):
    return [dict(row) for row in connection.execute(sql, arguments)]


def draw_times(connection):
    """Times in and around the record: at polls, in holes, before the first, after the last."""
    first, last = connection.execute("SELECT min(from_ms), max(to_ms) FROM account_range").fetchone()
    polls = [row[0] for row in connection.execute("SELECT received_ms FROM poll_log WHERE outcome = 'ok'")]
    holes = connection.execute("SELECT from_ms, to_ms FROM gap").fetchall()
    assert len(holes) >= 2, holes
    times = [first - 1, first, last, last + 1, last + 20000, last + 600000, last + 86400000]
    times += [RNG.randrange(first, last) for _ in range(TIMES)]
    times += [RNG.choice(polls) + RNG.choice((-1, 0, 1)) for _ in range(TIMES // 4)]
    for from_ms, to_ms in RNG.sample(holes, min(len(holes), max(2, TIMES // 10))):
        times += [from_ms, from_ms + 1, RNG.randrange(from_ms, to_ms), to_ms - 1, to_ms]
    return times


def check_positions(connection, path, times):
    unrecorded = 0
    for at in times:
        for every in (0, 1):
            told = json.loads(posrec("-d", path, "positions", "--at", str(at), "--format", "json", *["--all"] * every))
            seen = ask(connection, "SELECT * FROM position_at(?, NULL, ?)", at, every)
            assert seen == told, (at, every, seen, told)
        assert ask(connection, "SELECT * FROM position_at(?)", at) == [row for row in seen if row["position_amount"]]
        unrecorded += any(row["recorded"] == 0 for row in seen)
    assert unrecorded >= 6, unrecorded
    at = times[len(times) // 2]
    whole = ask(connection, "SELECT * FROM position_at(?)", at)
    text = ask(connection, "SELECT iso(?) AS t", at)[0]["t"]
    assert ask(connection, "SELECT * FROM position_at(?, 'main')", text) == [r for r in whole if r["account"] == "main"]
    return unrecorded


def check_equity(connection, path, times):
    first = connection.execute("SELECT min(from_ms) FROM asset_range").fetchone()[0]
    fields = ("wallet_balance", "unrealized_pnl", "margin_balance", "maintenance_margin", "margin_ratio", "price",
              "wallet_balance_usd", "unrealized_pnl_usd", "margin_balance_usd")
    answers = [row[0] for row in connection.execute(
        "SELECT received_ms FROM capture_log WHERE endpoint = 'account' AND outcome = 'ok' AND account = 'main' ORDER BY 1")]
    for at in times:
        seen = {row["asset"]: row for row in ask(connection, "SELECT * FROM equity_at(?, 'main')", at)}
        if at < first:
            assert not seen
            continue
        told = json.loads(posrec("-d", path, "report", "equity", "--account", "main", "--to", str(at + 1), "--format", "json"))
        for row in told:
            if row["asset"] not in seen:
                assert row["wallet_balance"] == row["margin_balance"] == 0, (at, row)
                continue
            mine = seen.pop(row["asset"])
            assert {name: mine[name] for name in fields} == {name: row[name] for name in fields}, (at, mine, row)
            as_of = max(answer for answer in answers if answer <= at)
            known = connection.execute("SELECT count(*) FROM known WHERE account = 'main' AND kind = 'account'"
                                       " AND from_ms <= ? AND to_ms >= ?", (at, at)).fetchone()[0]
            late = at > answers[-1] and at - answers[-1] <= 90000
            assert ask(connection, "SELECT ms(?) AS ms", mine["as_of"])[0]["ms"] == as_of
            assert mine["recorded"] == int(known > 0 or late), (at, mine)
        assert not seen, (at, seen)


def check_replay(connection, times):
    """Each step says what position_at says of it."""
    first, last = min(times), max(times)
    steps = 0
    for every, width in ((1000, 40000), ("10s", 400000), ("1m", 3600000), ("17m", 20000000), ("1h", 2 * 86400000)):
        for _ in range(3):
            begin = RNG.choice(times) - RNG.randrange(width)
            account = RNG.choice((None, "main", "hedge"))
            rows = ask(connection, "SELECT * FROM replay(?, ?, ?, ?)", begin, begin + width, every, account)
            by_step = {}
            for row in rows:
                by_step.setdefault(row.pop("step_ms"), []).append(row)
            length = every if isinstance(every, int) else int(every[:-1]) * {"s": 1000, "m": 60000, "h": 3600000}[every[-1]]
            for step in range(begin, begin + width, length):
                told = ask(connection, "SELECT * FROM position_at(?, ?, 1)", step, account)
                seen = by_step.pop(step, [])
                for row in seen:
                    assert row.pop("contract_size") == (100 if row["symbol"].startswith("BTC") else 10), row
                    assert row.pop("step") == ask(connection, "SELECT iso(?) AS t", step)[0]["t"]
                    assert ask(connection, "SELECT ms(?) AS ms", row["time"])[0]["ms"] == row.pop("time_ms")
                assert seen == told, (step, every, account, seen, told)
                steps += 1
            assert not by_step
    months = [row[0] for row in connection.execute("SELECT DISTINCT step_ms FROM replay('2025-11-30', '2026-04-01', '1mo')")]
    assert months == [row[0] for row in connection.execute(
        "SELECT ms(column1) FROM (VALUES ('2025-12-30'), ('2026-01-30'), ('2026-02-28'), ('2026-03-30'))"
        " WHERE ms(column1) >= (SELECT min(from_ms) FROM leg_range)")], months
    # Without bounds: the record's own, on whole steps, to the end.
    whole = [row[0] for row in connection.execute("SELECT DISTINCT step_ms FROM replay(NULL, NULL, '1h')")]
    record = connection.execute("SELECT min(from_ms), (SELECT max(to_ms) FROM account_range) FROM leg_range").fetchone()
    assert whole == list(range(-(-record[0] // 3600000) * 3600000, record[1] + 1, 3600000)), (record, whole[:2], whole[-2:])
    assert not ask(connection, "SELECT * FROM replay(?, ?, '1h')", first - 86400000, first - 3600000)
    assert not ask(connection, "SELECT * FROM replay(?, ?, '1h')", last, last)
    return steps


def message(connection, sql):
    try:
        connection.execute(sql).fetchall()
    except sqlite3.Error as error:
        return str(error)
    raise AssertionError(f"no error: {sql}")


def check_arguments(connection):
    for sql, *words in (
            ("SELECT * FROM position_at", "position_at: 1 arguments are needed", "position_at('2026-11-01T00:00:00Z')"),
            ("SELECT * FROM position_at()", "position_at('2026-11-01T00:00:00Z')"),
            ("SELECT * FROM position_at(NULL)", "position_at: time: this is no time", "milliseconds or '2026-11-01T00:00:00Z'"),
            ("SELECT * FROM position_at('noon')", "time 'noon': not understood", "2026-11-24T14:03:10Z"),
            ("SELECT * FROM position_at(5)", "time '5'", "milliseconds (13 digits)"),
            ("SELECT * FROM position_at(x'00')", "this is no time"),
            ("SELECT * FROM position_at('2026-02-30')", "not understood"),
            ("SELECT * FROM position_at('now', 'mian')", "account mian: not recorded here (there is: main, hedge)"),
            ("SELECT * FROM position_at('now', x'00')", "this is no name"),
            ("SELECT * FROM equity_at('')", "equity_at: time: time ''"),
            ("SELECT * FROM equity_at('now', 'none')", "there is:"),
            ("SELECT * FROM replay('2026-01-01', '2026-01-02')", "3 arguments are needed", "replay('2026-11-01', '2026-12-01', '1h')"),
            ("SELECT * FROM replay('2026-01-01', '2026-01-02', 'hourly')", "step 'hourly': not understood", "1mo"),
            ("SELECT * FROM replay('2026-01-01', '2026-01-02', 0)", "longer than 0 ms"),
            ("SELECT * FROM replay('2026-01-01', '2026-01-02', NULL)", "this is no step"),
            ("SELECT * FROM replay('2026-01-02', '2026-01-01', '1h')", "it ends before it begins"),
            ("SELECT * FROM replay('then', '2026-01-01', '1h')", "replay: from: time 'then'"),
            ("SELECT * FROM replay('2026-01-01', 'then', '1h')", "replay: to: time 'then'"),
            ("SELECT ms('noon')", "ms: time 'noon'"),
            ("SELECT ms(5)", "milliseconds (13 digits)"),
            ("SELECT iso('x')", "iso: this is no number of milliseconds"),
            ("SELECT iso(9e18)", "of the years 1 to 9999")):
        said = message(connection, sql)
        assert all(word in said for word in words), (sql, said)
    assert ask(connection, "SELECT ms('2026-11-01T00:00:00Z') AS a, ms('2026-11-01') AS b, ms(1793491200) AS c,"
                           " ms(1793491200000) AS d, ms(1793491200000.7) AS e, iso(1793491200007) AS f, ms(NULL) AS g,"
                           " iso(NULL) AS h, abs(ms('-1h') - (unixepoch('now') - 3600) * 1000) < 10000 AS i") == [
        {**dict.fromkeys("abcde", 1793491200000), "f": "2026-11-01T00:00:00.007Z", "g": None, "h": None, "i": 1}]
    # As joined tables: an argument for each row, the same statement again.
    joined = ask(connection, "SELECT column1, count(*) AS n FROM (VALUES ('2025-12-31'), ('2025-12-31T12:00Z'), ('2020-01-01')) AS t"
                             " JOIN position_at(t.column1, 'main', 1) GROUP BY 1 ORDER BY 1")
    assert [row["column1"] for row in joined] == ["2025-12-31", "2025-12-31T12:00Z"] and joined[0]["n"] >= 70, joined


def digest(folder):
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in pathlib.Path(folder).iterdir()}


def check_files(folder, path, at):
    """Read-only, immutable, and with its newest rows in the log alone."""
    told = ask(connect(path), "SELECT * FROM position_at(?)", at)
    still = pathlib.Path(folder, "still")
    still.mkdir()
    shutil.copy(path, still / "b.db")
    os.chmod(still / "b.db", 0o444)
    os.chmod(still, 0o555)
    before = digest(still)
    connection = connect(still / "b.db", "immutable=1")
    assert ask(connection, "SELECT * FROM position_at(?)", at) == told
    connection.execute("PRAGMA query_only = ON")
    assert len(ask(connection, "SELECT * FROM replay(?, ?, '10m')", at, at + 3600000)) >= 6 * 70
    connection.close()
    assert digest(still) == before
    os.chmod(still, 0o755)
    shell = subprocess.run(["sqlite3", "-readonly", "-json", path], text=True, capture_output=True, check=True, env=os.environ,
                           input=f".load {EXTENSION}\nSELECT * FROM position_at({at});\n")
    assert json.loads(shell.stdout) == told, shell
    # What is written meanwhile stands in the log, and is seen.
    copy = f"{folder}/log.db"
    shutil.copy(path, copy)
    writer = sqlite3.connect(copy, isolation_level=None)
    writer.execute("PRAGMA wal_autocheckpoint = 0")
    reader = connect(copy)
    seen = ask(reader, "SELECT account, symbol, unrealized_pnl FROM position_at(?)", at)
    writer.execute("UPDATE valuation SET unrealized_pnl_e8 = unrealized_pnl_e8 + 100000000")
    later = ask(reader, "SELECT account, symbol, unrealized_pnl FROM position_at(?)", at)
    assert [round(row["unrealized_pnl"] - old["unrealized_pnl"], 8) for row, old in zip(later, seen)] == [1.0] * len(seen)
    assert os.path.getsize(copy + "-wal") > 100000


def enemies():
    """What is done to a file, and what is said then; None where the answers stay as they were."""
    evil = "SELECT 1 AS account_id, 'evil' AS name, 'evil' AS account, 0 AS time_ms, 9 AS leg_id, 'x' AS symbol"
    for view in ("valuation_history", "position_history", "pnl_history", "margin_history", "known_running", "known",
                 "capture_read", "leg_range", "interval_stated", "equity_history", "asset_of_account", "asset_source"):
        yield f"DROP VIEW {view}; CREATE VIEW {view} AS {evil}", None
        yield f"DROP VIEW {view}; CREATE TABLE {view} AS {evil}", None
    for table in ("leg", "position", "valuation", "capture", "balance", "known_span", "symbol_config", "asset_index"):
        yield (f"ALTER TABLE {table} RENAME TO old; CREATE VIEW {table} AS SELECT * FROM old", "not as posrec makes them")
    yield ("ALTER TABLE valuation RENAME TO old; CREATE VIRTUAL TABLE valuation USING fts5(leg_id, time_ms)",
           "not as posrec makes them")
    yield ("ALTER TABLE leg ADD COLUMN more INTEGER AS (abs(leg_id)) VIRTUAL", "not as posrec makes them")
    yield "CREATE TABLE pragma_table_xinfo(name); ALTER TABLE leg ADD COLUMN more INTEGER AS (leg_id)", "not as posrec makes them"
    yield "CREATE TRIGGER t AFTER INSERT ON leg BEGIN DELETE FROM leg; END", None
    yield "CREATE TABLE moment(x); CREATE TABLE polls(x); CREATE TABLE pragma_user_version(user_version)", None
    yield "PRAGMA user_version = 3", "the file has schema version 3, and this extension reads version"
    yield "PRAGMA user_version = 999", "install the posrec that wrote it"
    yield "PRAGMA application_id = 0", "none of posrec's"


def check_enemies(folder, path, at):
    questions = ("SELECT * FROM position_at(?, NULL, 1)", "SELECT * FROM equity_at(?)",
                 "SELECT * FROM replay(?1, ?1 + 120000, '1m')")
    plain = connect(path)
    told = [ask(plain, question, at) for question in questions]
    count = 0
    for count, (done, expected) in enumerate(enemies(), 1):
        copy = f"{folder}/enemy.db"
        shutil.copy(path, copy)
        enemy = sqlite3.connect(copy, isolation_level=None)
        enemy.execute("PRAGMA legacy_alter_table = ON")
        enemy.executescript(done)
        enemy.close()
        connection = connect(copy)
        for question, rows in zip(questions, told):
            if expected is None:
                assert ask(connection, question, at) == rows, (done, question)
            else:
                said = message(connection, question.replace("?1", str(at)).replace("?", str(at)))
                assert expected in said, (done, question, said)
        connection.close()
        for part in ("", "-wal", "-shm"):
            pathlib.Path(copy + part).unlink(missing_ok=True)
    # One's own temporary table would hide the file's; while a connection is open, too.
    connection = connect(path)
    assert ask(connection, questions[0], at) == told[0]
    connection.execute("CREATE TEMP TABLE Leg(leg_id)")
    assert "temporary table or view" in message(connection, questions[0].replace("?", str(at)))
    connection.execute("DROP TABLE temp.Leg")
    assert ask(connection, questions[0], at) == told[0]
    empty = sqlite3.connect(":memory:")
    empty.enable_load_extension(True)
    empty.load_extension(EXTENSION)
    assert "none of posrec's" in message(empty, "SELECT * FROM position_at('now')")
    # Views of the user's may ask, in a file whose schema is not trusted too.
    copy = f"{folder}/own.db"
    shutil.copy(path, copy)
    own = connect(copy, "mode=rw")
    own.execute("CREATE VIEW mine AS SELECT count(*) AS n FROM position_at('2025-12-31', 'main', 1) WHERE ms('now') > 0")
    own.execute("PRAGMA trusted_schema = OFF")
    assert own.execute("SELECT n FROM mine").fetchone()[0] >= 70
    return count


def check_usd_m(folder):
    """The same answers of a USD-M account, at each of its answers and around it."""
    path = f"{folder}/usd_m.db"
    posrec("-d", path, "import", SOURCE / "tests/data/usd_m.ndjson")
    connection = connect(path)
    times = {at + more for at, in connection.execute("SELECT received_ms FROM capture") for more in (-1, 0, 1, 70000)}
    rows = 0
    for at in sorted(times):
        for every in (0, 1):
            told = json.loads(posrec("-d", path, "positions", "--at", str(at), "--format", "json", *["--all"] * every))
            assert ask(connection, "SELECT * FROM position_at(?, NULL, ?)", at, every) == told, (at, every)
        rows += len(told)
        for row in ask(connection, "SELECT * FROM equity_at(?)", at):
            same = connection.execute("SELECT wallet_balance, price, margin_balance_usd FROM equity_history WHERE asset = ? AND time_ms <= ?"
                                      " ORDER BY time_ms DESC", (row["asset"], at)).fetchone()
            assert tuple(same) == (row["wallet_balance"], row["price"], row["margin_balance_usd"]), (at, row)
            rows += 1
    assert rows > 100 and any(row["leverage"] for row in told), rows


def main():
    with tempfile.TemporaryDirectory(prefix="posrec-extension-") as folder:
        path = make(folder)
        connection = connect(path)
        times = draw_times(connection)
        started = time.perf_counter()
        unrecorded = check_positions(connection, path, times)
        check_equity(connection, path, times)
        steps = check_replay(connection, times)
        check_arguments(connection)
        at = connection.execute("SELECT max(from_ms) + 5000000 FROM asset_range").fetchone()[0]
        check_files(folder, path, at)
        attacks = check_enemies(folder, path, at)
        check_usd_m(folder)
        print(f"{len(times)} times, {unrecorded} of them not recorded, {steps} steps, {attacks} files of an enemy:"
              f" {time.perf_counter() - started:.0f} s")


main()
