#!/usr/bin/env python3
"""Three recorders into one server at once, and three into two servers with a coordinator over both.

    mirror_servers.py POSREC DATA
"""
import os
import pathlib
import subprocess
import sys
import tempfile

from mirror import DATA, POSREC, posrec
from postgres import Server, rows_of

SQL = pathlib.Path(__file__).resolve().parents[2] / "sql/postgresql/coordinator.sql"
SUM = ("SELECT count(*), sum(unrealized_pnl_e8), sum(mark_price_e8), sum(time_ms) FROM {}valuation",
       "SELECT count(*), sum(received_ms), sum(row_count), max(0) FROM {}capture",
       "SELECT count(*), sum(income_e8), sum(time_ms), max(0) FROM {}income")


def recorders(folder):
    """Three files of the same captures, each with a chain of its own."""
    paths = []
    for i in range(3):
        paths.append(folder / f"recorder{i}.db")
        for name in ("history", "money"):
            posrec(paths[-1], "-q", "import", "--interval", f"{i + 1}s", DATA / f"{name}.ndjson")
    return paths


def sums_of_files(paths):
    return [[str(sum(column)) for column in zip(*(rows_of(path, query.format(""))[1][0] for path in paths))]
            for query in SUM]


def mirror_at_once(paths, servers):
    running = [subprocess.Popen([POSREC, "-q", "-d", path, "mirror", "--to", server.conninfo])
               for path, server in zip(paths, servers)]
    assert [process.wait() for process in running] == [0] * len(paths)
    for path, server in zip(paths, servers):
        posrec(path, "-q", "mirror", "--to", server.conninfo, "--check")


def check_one_server(paths, server):
    mirror_at_once(paths, [server] * 3)
    assert [server.sql(query.format("posrec."))[0] for query in SUM] == sums_of_files(paths)
    print("three recorders into one new server at once: the sums are those of the files")


def check_keys_suffice(paths, server):
    """A check asks for its recorder's rows by their keys: told to avoid it, the server reads no table as a whole."""
    reads = ("SELECT coalesce(sum(seq_scan), 0), sum(idx_scan) FROM pg_stat_user_tables WHERE schemaname = 'posrec' AND"
             " relname NOT IN ('recorder', 'schema_migration')")
    before = server.sql(reads)[0]
    for path in paths:
        subprocess.run([POSREC, "-q", "-d", path, "mirror", "--to", server.conninfo, "--check"], check=True,
                       env=dict(os.environ, PGOPTIONS="-c enable_seqscan=off"))
    after = server.sql(reads)[0]
    assert after[0] == before[0] and int(after[1]) > int(before[1]), (before, after)
    print("a check is answered by keys")


def check_each_its_own(paths, server):
    """What was changed of one recorder, its own check finds, and no other's."""
    one = server.sql("SELECT recorder_id, account_id, ctid, income_e8 FROM posrec.income ORDER BY account_id LIMIT 1")[0]
    server.sql(f"UPDATE posrec.income SET income_e8 = -500000000000 WHERE account_id = {one[1]} AND ctid = '{one[2]}'")
    whose = server.sql(f"SELECT name FROM posrec.recorder WHERE recorder_id = {one[0]}")[0][0]
    for path in paths:
        is_its = whose.endswith(f":{path.resolve()}")
        posrec(path, "-q", "mirror", "--to", server.conninfo, "--check", code=1 if is_its else 0)
    server.sql(f"UPDATE posrec.income SET income_e8 = {one[3]} WHERE account_id = {one[1]} AND income_e8 = -500000000000")
    print("a changed row is its recorder's to find")


def plan(server, query):
    return "\n".join(r[0] for r in server.sql(f"SET enable_partitionwise_aggregate = on; SET enable_partitionwise_join = on;"
                                              f" EXPLAIN (VERBOSE, COSTS OFF) {query}"))


def check_coordinator(paths, east, west):
    mirror_at_once(paths, [east, east, west])
    east.sql("CREATE DATABASE everything")
    everything = east.conninfo.replace("dbname=postgres", "dbname=everything")
    subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", everything, "-f", SQL], check=True,
                   stderr=subprocess.DEVNULL)
    coordinator = east.in_database("everything")
    for name, server in (("east", east), ("west", west)):
        coordinator.sql(f"CREATE SERVER {name} FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1', port"
                        f" '{server.port}', dbname 'postgres', async_capable 'true');"
                        f" CREATE USER MAPPING FOR CURRENT_USER SERVER {name} OPTIONS (user 'posrec')")
        coordinator.sql(f"SELECT posrec.attach('{name}')")
    coordinator.sql("SELECT posrec.attach('east')") # again, as when a recorder was added
    assert [coordinator.sql(query.format("posrec."))[0] for query in SUM] == sums_of_files(paths)
    views = "SELECT count(*), sum(unrealized_pnl), max(time) FROM posrec.pnl_history"
    parts = [server.sql(views)[0] for server in (east, west)]
    assert int(coordinator.sql(views)[0][0]) == sum(int(part[0]) for part in parts)

    grouped = plan(coordinator, "SELECT recorder_id, account_id, count(*), sum(unrealized_pnl_e8) FROM posrec.valuation"
                                " GROUP BY recorder_id, account_id")
    assert grouped.count("Relations: Aggregate on") == 2 and "GROUP BY" in grouped, grouped
    account = west.sql("SELECT min(account_id) FROM posrec.account")[0][0]
    one = plan(coordinator, f"SELECT count(*) FROM posrec.valuation WHERE account_id = {account}")
    assert "west." in one and "east." not in one, one
    print("three recorders into two servers: sums equal, aggregates pushed down, one account asks one server")


def main():
    servers = []
    try:
        with tempfile.TemporaryDirectory() as name:
            paths = recorders(pathlib.Path(name))
            servers.append(Server())
            check_one_server(paths, servers[0])
            check_keys_suffice(paths, servers[0])
            check_each_its_own(paths, servers[0])
            servers += [Server(), Server()]
            check_coordinator(paths, servers[1], servers[2])
    finally:
        for server in servers:
            server.close()


if __name__ == "__main__":
    main()
