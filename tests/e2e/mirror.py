#!/usr/bin/env python3
"""`posrec mirror` into a real PostgreSQL: everything is there, each view says what the file's says, and whatever is
killed or changed on the way shows or does no harm.

    mirror.py POSREC DATA
"""
import json
import os
import pathlib
import re
import signal
import shutil
import subprocess
import sys
import tempfile
import time

import tellings
from postgres import Server, rows_of
from sample import how_many, seeded

POSREC, DATA = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
VIEWS = ("position_history position_change pnl_history margin_history position_now position_timeline balance_history"
         " income_history trade_history gap known").split()
EXPECT_MS = 180000
KILLS = how_many(150, 10)
COLUMNS = how_many(1000, 30)
MARKED, LINEAR = "main", ("linear", "other")


def posrec(database, *arguments, code=0):
    done = subprocess.run([POSREC, "-d", database, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == code, (arguments, done.returncode, done.stderr)
    return done.stdout.strip(), done.stderr.strip()


def mirror(database, server, *arguments, code=0):
    return posrec(database, "mirror", "--to", server.conninfo, *arguments, code=code)[1]


def marks(path, first_ms, last_ms):
    """Prices and rates of the times of an account's income, which were told under it, and later."""
    def line(endpoint, time_ms, rows):
        return json.dumps({"account": MARKED, "endpoint": endpoint, "received_ms": time_ms, "interval_ms": 60000,
                           "request": f"/dapi/v1/{endpoint}?pair=BTCUSD", "http_status": 200, "body": json.dumps(rows)})
    path.write_text("\n".join(
        [line("premiumIndex", last_ms + 60000 * (i + 1), [
            {"symbol": symbol, "pair": "BTCUSD", "markPrice": f"{60000 + i}.5", "indexPrice": f"{60000 + i}",
             "estimatedSettlePrice": "1.0", "lastFundingRate": rate, "interestRate": rate, "nextFundingTime": 0,
             "time": first_ms + 60000 * i - 7, "new": i}
            for symbol, rate in (("BTCUSD_PERP", "0.0001"), ("BTCUSD_261225", ""))]) for i in range(40)]
        + [line("fundingRate", last_ms + 3000000, [{"symbol": "BTCUSD_PERP", "fundingTime": first_ms - 5, "fundingRate": "-0.001",
                                                     "markPrice": ""}])]) + "\n")
    return path


def richest(path, rng):
    """One database of everything that the test suites have recorded, and of much that shares a millisecond."""
    for name in ("history", "stream", "money", "usd_m"):
        posrec(path, "-q", "import", "--interval", "100ms", DATA / f"{name}.ndjson")
    # The same of another account, as which no index was asked for.
    lines = [json.loads(line) for line in (DATA / "usd_m.ndjson").read_text().splitlines()]
    other = path.with_name("other.ndjson")
    other.write_text("\n".join(json.dumps({**line, "account": "other"}) for line in lines if line.get("endpoint") != "assetIndex") + "\n")
    posrec(path, "-q", "import", "--interval", "100ms", other)
    told = path.with_name("told.ndjson")
    told.write_text("\n".join(tellings.history(rng)[0]).replace('"account": "main"', '"account": "told"') + "\n")
    posrec(path, "-q", "import", told)
    times = "SELECT min(i.time_ms), (SELECT max(received_ms) FROM capture) FROM income AS i JOIN account USING (account_id)"
    posrec(path, "-q", "import", marks(path.with_name("marks.ndjson"), *rows_of(path, f"{times} WHERE name = '{MARKED}'")[1][0]))


def as_file_has_it(text, value):
    """PostgreSQL's text of a value, as the type that SQLite gave for it."""
    if text is None or value is None:
        return text
    if isinstance(value, float):
        return float(text) + 0.0
    return int(text) if isinstance(value, int) else text


def of_own_legs(path):
    """Income with the prices that an account's own legs told, as on the server; of the file, by its own view's text."""
    (text,), = rows_of(path, "SELECT sql FROM sqlite_schema WHERE name = 'income_history'")[1]
    own = text.replace("FROM asset_source AS g", "FROM asset_source AS g JOIN leg AS o ON o.account_id = r.account_id"
                                                " AND (g.leg_id IS NULL OR o.leg_id = g.leg_id)")
    assert own != text
    return own.split(" AS\n", 1)[1]


def compare_views(path, server):
    for view in VIEWS:
        names, here = rows_of(path, of_own_legs(path) if view == "income_history" else f"SELECT * FROM {view}")
        there_names = [r[0] for r in server.sql("SELECT column_name FROM information_schema.columns WHERE table_schema ="
                                                f" 'posrec' AND table_name = '{view}' ORDER BY ordinal_position")]
        assert names == there_names, (view, names, there_names)
        there = server.sql(f"SELECT * FROM posrec.{view}")
        assert len(here) == len(there) and here, (view, len(here), len(there))
        key = lambda row: [(v is not None, "" if v is None else str(v)) for v in row]
        order = [i for i, n in enumerate(names) if all(not isinstance(r[i], float) for r in here)]
        pick = lambda row: key([row[i] for i in order])
        here, there = sorted(here, key=pick), sorted(there, key=pick)
        for a, b in zip(here, there):
            for name, mine, theirs in zip(names, a, b):
                if view == "income_history" and a[0] not in (MARKED, *LINEAR) and name in ("price", "price_ms", "income_usd"):
                    continue  # what premiumIndex told of stands with the account that asked
                assert as_file_has_it(theirs, mine) == mine, (view, name, mine, theirs, a)
        print(f"{view}: {len(here)} rows, each value as in the file")
    for view, usd in (("pnl_history", "unrealized_pnl_usd"), ("income_history", "income_usd")):
        told = server.sql(f"SELECT account, count({usd}) FROM posrec.{view} WHERE account IN {LINEAR} GROUP BY 1 ORDER BY 1")
        assert [account for account, count in told if int(count) > 0] == list(LINEAR), (view, told)


def check_keys(server):
    wrong = server.sql("SELECT conrelid::regclass, conname FROM pg_constraint c JOIN pg_namespace n ON n.oid ="
                       " connamespace JOIN pg_attribute a ON a.attrelid = conrelid AND a.attnum = conkey[1]"
                       " WHERE nspname = 'posrec' AND contype IN ('p', 'u', 'f') AND attname <> 'account_id'"
                       " UNION ALL SELECT indrelid::regclass, indexrelid::regclass::text FROM pg_index i JOIN pg_class t"
                       " ON t.oid = indrelid JOIN pg_namespace n ON n.oid = t.relnamespace JOIN pg_attribute a ON"
                       " a.attrelid = indrelid AND a.attnum = indkey[0] WHERE nspname = 'posrec' AND indisunique"
                       " AND attname <> 'account_id'")
    count = int(server.sql("SELECT count(*) FROM pg_constraint c JOIN pg_namespace n ON n.oid = connamespace"
                           " WHERE nspname = 'posrec' AND contype = 'p'")[0][0])
    assert not wrong and count >= 17, (wrong, count)
    print(f"{count} keys, each begins with account_id")


def check_tampering(path, server, rng):
    """One value of a column, changed and changed back: --check names the table. CI draws columns, of each table one at least."""
    columns = server.sql("SELECT c.table_name, c.column_name, c.data_type FROM information_schema.columns c"
                         " JOIN information_schema.tables t USING (table_schema, table_name) WHERE table_schema ="
                         " 'posrec' AND table_type = 'BASE TABLE' AND table_name NOT IN ('recorder', 'schema_migration')"
                         " ORDER BY 1, 2")
    rng.shuffle(columns)
    columns = columns[:COLUMNS] + list({column[0]: column for column in columns[COLUMNS:]}.values())
    tampered = 0
    for table, column, kind in columns:
        first = server.sql(f"SELECT ctid FROM posrec.{table} ORDER BY account_id, ctid LIMIT 1")
        if not first:
            continue
        change = {"bigint": f"coalesce({column}, 0) + 1000003", "text": f"coalesce({column}, '') || 'x'",
                  "bytea": f"coalesce({column}, '') || '\\x00'"}[kind]
        value = server.sql(f"SELECT quote_nullable({column}::text) FROM posrec.{table} WHERE ctid = '{first[0][0]}'")[0][0]
        if column in ("account_id", "recorder_id"): # which a constraint keeps together
            server.sql(f"ALTER TABLE posrec.{table} DROP CONSTRAINT recorder_of_account")
        moved = server.sql(f"UPDATE posrec.{table} SET {column} = {change} WHERE ctid = '{first[0][0]}' RETURNING ctid")
        said = mirror(path, server, "--check", code=1)
        assert f"check: {table} of account " in said and "differs" in said, (table, column, said)
        server.sql(f"UPDATE posrec.{table} SET {column} = {value}::{kind} WHERE ctid = '{moved[0][0]}'")
        if column in ("account_id", "recorder_id"):
            server.sql(f"ALTER TABLE posrec.{table} ADD CONSTRAINT recorder_of_account CHECK (recorder_id = account_id >> 20)")
        tampered += 1
    said = mirror(path, server, "--check")
    assert "the mirror has the same" in said, said
    print(f"{tampered} columns changed, each named")


def check_other_file(folder, path, server):
    """Another file under the same name, and an older copy of the same file, are refused."""
    other = folder / "other.db"
    posrec(other, "-q", "import", DATA / "money.ndjson")
    before = server.sql("SELECT * FROM posrec.recorder")
    said = mirror(other, server, "--name", before[0][1], code=1)
    assert "another file is mirrored as" in said, said
    older = folder / "older.db"
    posrec(older, "-q", "import", "--interval", "100ms", DATA / "history.ndjson")
    said = mirror(older, server, code=1)
    assert "does not go on as it was mirrored" in said or "another file" in said, said
    assert server.sql("SELECT * FROM posrec.recorder") == before
    print("another file and an older copy are refused")


def check_restore(folder, path, server):
    """A file that is made again from the mirror is the file that was lost, row for row."""
    def dump(file):
        lines = subprocess.run(["sqlite3", "-readonly", file, ".dump --data-only"], check=True, capture_output=True,
                               text=True).stdout.splitlines()
        return [line for line in lines if "INTO schema_migration" not in line]

    name = server.sql("SELECT name FROM posrec.recorder WHERE payload_id IS NOT NULL")[0][0]
    again = ("mirror", "--to", server.conninfo, "--name", name, "--restore")
    posrec(path, *again, folder / "restored.db")
    said = posrec(path, "-q", "verify")[0]  # the head, and the root of the tree
    assert posrec(folder / "restored.db", "-q", "verify", "--head", said.split()[0])[0] == said
    assert dump(path) == dump(folder / "restored.db")
    assert "is there already" in posrec(path, *again, path, code=2)[1]
    last = "WHERE ctid = (SELECT max(ctid) FROM posrec.payload)"
    server.sql(f"UPDATE posrec.payload SET zstd = zstd || '\\x00' {last}")
    posrec(path, *again, folder / "bad.db", code=1)
    assert not (folder / "bad.db").exists()
    server.sql(f"UPDATE posrec.payload SET zstd = substr(zstd, 1, length(zstd) - 1) {last}")
    print("a lost file is made again, row for row")


def check_kills(folder, server, rng):
    """Killed at random moments, its connection dropped at others, the server stopped at once at others: nothing missing, nothing double."""
    path = folder / "killed.db"
    posrec(path, "-q", "import", DATA / "history.ndjson")
    began = time.monotonic()
    command = [POSREC, "-q", "-d", path, "mirror", "--to", server.conninfo, "--with-bodies", "--name", "killed"]
    subprocess.run(command, check=True)
    took = time.monotonic() - began
    killed = 0
    for round in range(KILLS):
        tables = [r[0] for r in server.sql("SELECT table_name FROM information_schema.tables WHERE table_schema ="
                                           " 'posrec' AND table_type = 'BASE TABLE' AND table_name NOT IN ('recorder',"
                                           " 'schema_migration')")]
        number = server.sql("SELECT recorder_id FROM posrec.recorder WHERE name = 'killed'")[0][0]
        server.sql("".join(f"DELETE FROM posrec.{t} WHERE recorder_id = {number};" for t in tables)
                   + f"DELETE FROM posrec.recorder WHERE recorder_id = {number}")
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        time.sleep(rng.random() * took * 0.8)
        if round % 5 == 4:
            server.stop(signal.SIGQUIT)
            server.start()
        elif round % 5 == 3:
            server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'posrec'")
        else:
            process.send_signal(signal.SIGKILL)
        killed += process.wait() != 0
        mirror(path, server, "--with-bodies", "--check", "--name", "killed")
    print(f"{killed} of {KILLS} broken off, nothing missing and nothing double")


def check_full_disk(folder):
    """A server whose disk is full: said, and nothing is lost. Needs a disk of its own, which only root can mount."""
    disk, path = folder / "disk", folder / "many.db"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=80m,mode=755", "tmpfs", disk], check=False,
                      stderr=subprocess.DEVNULL).returncode != 0:
        print("no disk can be mounted here: what a full one does is not tested")
        return
    server = None
    try:
        folder.chmod(0o755) # the server's user has to come by
        server = Server(["max_wal_size=32MB", "min_wal_size=32MB"], disk)
        posrec(path, "-q", "import", DATA / "history.ndjson")
        free = shutil.disk_usage(disk).free
        (disk / "fill").write_bytes(bytes(max(0, free - 200000)))
        said = mirror(path, server, code=1)
        assert "the server's disk is full" in said, said
        (disk / "fill").unlink()
        if server.process.poll() is not None:
            server.start()
        mirror(path, server, "--check")
        print("a full disk is said, and nothing is missing after it")
    finally:
        if server is not None:
            server.close()
        subprocess.run(["umount", disk], check=True)


def check_follow(folder, server):
    """What is recorded is there within a second, and after the server was away."""
    path = folder / "followed.db"
    lines = (DATA / "history.ndjson").read_text().splitlines(keepends=True)
    posrec(path, "-q", "migrate")
    config = folder / "follow.ini"
    config.write_text(f"[posrec]\nmirror = {server.conninfo}\nmirror_metrics_file = {folder}/mirror.prom\n")
    follower = subprocess.Popen([POSREC, "-c", config, "-d", path, "mirror", "--follow", "--name", "followed"],
                                stderr=subprocess.PIPE, text=True)
    count = "SELECT capture_id FROM posrec.recorder WHERE name = 'followed'"
    try:
        for i, start in enumerate(range(0, len(lines), 1 + len(lines) // 4)):
            piece = folder / "piece.ndjson"
            piece.write_text("".join(lines[start:start + 1 + len(lines) // 4]))
            posrec(path, "-q", "import", "--interval", "1s", piece)
            if i == 1:
                server.stop(signal.SIGQUIT)
                server.start()
            last = rows_of(path, "SELECT max(capture_id) FROM capture")[1][0][0]
            until = time.monotonic() + EXPECT_MS / 1000
            while not (found := server.sql(count)) or int(found[0][0]) < last:
                assert time.monotonic() < until and follower.poll() is None, (found, last)
                time.sleep(0.05)
        until = time.monotonic() + EXPECT_MS / 1000
        metrics = folder / "mirror.prom"
        while not metrics.exists() or f"posrec_mirror_capture_id {last}\n" not in metrics.read_text():
            assert time.monotonic() < until, "the metrics do not follow"
            time.sleep(0.05)
        follower.send_signal(signal.SIGTERM)
        assert follower.wait(timeout=EXPECT_MS / 1000) == 0
    finally:
        follower.kill()
        said = follower.communicate()[1]
    assert "event=mirror_failed" in said, said
    with open(folder / "mirror.prom", encoding="utf-8") as metrics:
        subprocess.run(["promtool", "check", "metrics"], stdin=metrics, check=True)
    assert "the mirror has the same" in mirror(path, server, "--check", "--name", "followed")
    print("followed, over an immediate stop of the server")


def check_questions(server):
    """The questions of docs/scaling.md, by psql and by pandas as they stand there."""
    page = (pathlib.Path(__file__).resolve().parents[2] / "docs/scaling.md").read_text()
    blocks = re.findall(r"^```(sql|python)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert len(blocks) >= 8, len(blocks)
    for kind, text in blocks:
        if kind == "sql":
            server.sql(f"SET search_path = posrec; SET TIME ZONE 'UTC'; {text}")
        else:
            environment = dict(os.environ, PGHOST="127.0.0.1", PGPORT=str(server.port), PGDATABASE="postgres", PGUSER="posrec")
            done = subprocess.run(["/usr/bin/python3", "-c", text], env=environment, capture_output=True, text=True,
                                  check=False)
            assert done.returncode == 0 and done.stdout, (text, done.stderr)
    print(f"{len(blocks)} questions of docs/scaling.md answered")


def status(config, path, read, *arguments):
    """What `read` finds in it, once the server answers in time, which a slow machine's does not always."""
    until = time.monotonic() + EXPECT_MS / 1000
    while True:
        said = subprocess.run([POSREC, "-c", config, "-d", path, "status", *arguments], capture_output=True, text=True,
                              check=True)
        if found := read(said):
            return found
        assert time.monotonic() < until, said


def check_errors(folder, path, server):
    """Each error says what is wrong and what to do."""
    nowhere = subprocess.run([POSREC, "-d", path, "mirror", "--to", "host=127.0.0.1 port=1"], capture_output=True,
                             text=True, check=False)
    assert nowhere.returncode == 1 and "cannot connect" in nowhere.stderr, nowhere
    shown = subprocess.run([POSREC, "-d", path, "mirror", "--to", f"{server.conninfo} password=hunter2"],
                           capture_output=True, text=True, check=False)
    assert shown.returncode == 2 and "hunter2" not in shown.stderr and ".pgpass" in shown.stderr, shown
    config = folder / "posrec.ini"
    config.write_text(f"[posrec]\nmirror = {server.conninfo} password=hunter2\n")
    config.chmod(0o644)
    shown = subprocess.run([POSREC, "-c", config, "-d", path, "mirror"], capture_output=True, text=True, check=False)
    assert shown.returncode == 2 and "chmod 600" in shown.stderr and "hunter2" not in shown.stderr, shown
    config.chmod(0o600)
    subprocess.run([POSREC, "-q", "-c", config, "-d", path, "mirror"], check=True)
    found = status(config, path, lambda said: re.search("mirror: up to capture .*", said.stderr))
    assert ", 0 captures and 0 ms behind" in found.group(), found
    found = status(config, path, lambda said: json.loads(said.stdout)["mirror"], "--format", "json")
    assert found["waiting_captures"] == 0, found
    with subprocess.Popen(["psql", "-X", "-q", "-A", "-t", "-d", server.conninfo], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True) as other:
        other.stdin.write("BEGIN; LOCK TABLE posrec.recorder; SELECT 1;\n")
        other.stdin.flush()
        assert other.stdout.readline() == "1\n"
        said = subprocess.run([POSREC, "-c", config, "-d", path, "status"], capture_output=True, text=True, check=True)
        assert "mirror: PostgreSQL: no answer within 3000 ms" in said.stderr, said.stderr
        other.communicate("ROLLBACK;\n")
    assert "CREATE EXTENSION citus" in mirror(path, server, "--distribute", code=1)
    server.sql("CREATE ROLE weak LOGIN")
    server.sql("CREATE DATABASE other")
    weak = server.conninfo.replace("user=posrec", "user=weak").replace("dbname=postgres", "dbname=other")
    denied = subprocess.run([POSREC, "-d", path, "mirror", "--to", weak], capture_output=True, text=True, check=False)
    assert denied.returncode == 1 and "the role needs CREATE" in denied.stderr, denied
    server.sql("INSERT INTO posrec.schema_migration VALUES (99, 'x', 'x', 0)")
    said = mirror(path, server, code=1)
    assert "newer posrec" in said, said
    server.sql("DELETE FROM posrec.schema_migration WHERE version = 99")
    print("errors say what to do")


def main():
    rng = seeded()
    server = Server()
    try:
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            path = folder / "posrec.db"
            richest(path, rng)
            said = mirror(path, server)
            print(said)
            assert "0 rows copied" in mirror(path, server)
            compare_views(path, server)
            check_keys(server)
            mirror(path, server, "--with-bodies", "--check")
            check_tampering(path, server, rng)
            check_restore(folder, path, server)
            check_other_file(folder, path, server)
            check_errors(folder, path, server)
            check_questions(server)
            check_kills(folder, server, rng)
            check_follow(folder, server)
            check_full_disk(folder)
    finally:
        server.close()


if __name__ == "__main__":
    main()
