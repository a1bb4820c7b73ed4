#!/usr/bin/env python3
"""Changes a recorded database in every way that the sqlite3 shell allows, one at a time, and expects
`posrec verify` to find each.

    tamper.py POSREC HISTORY...

For every column of every table the value of one row is changed; rows are deleted, added, swapped and
moved in time. `verify --from 2` must find each too, but for what is GIVEN to it. What cannot matter is listed in HARMLESS, as in docs/schema.md; a base named for a body that opens
without one cannot either, so base_id is changed where it is used.
"""
import json
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile

from sample import some_of

# When a migration was applied is nobody's evidence.
HARMLESS = {("schema_migration", "applied_ms")}

EXTRA = {
    "a capture deleted in the middle": "DELETE FROM capture WHERE capture_id = 20",
    "the first capture deleted": "DELETE FROM capture WHERE capture_id = 1",
    "a capture re-timed": "UPDATE capture SET received_ms = received_ms + 1 WHERE capture_id = 20",
    "two captures swapped": "UPDATE capture SET capture_id = -1 WHERE capture_id = 20;"
                         "UPDATE capture SET capture_id = 20 WHERE capture_id = 22;"
                         "UPDATE capture SET capture_id = 22 WHERE capture_id = -1",
    "a capture added at the end": "INSERT INTO capture SELECT (SELECT max(capture_id) + 1 FROM capture), account_id, endpoint,"
                               " due_ms, sent_ms, received_ms + 1000000, clock_offset_ms, interval_ms, attempt,"
                               " outcome, http_status, api_code, detail, used_weight, request, row_count,"
                               " payload_id, chain FROM capture WHERE capture_id = (SELECT max(capture_id) FROM capture)",
    "captures below the first": "INSERT INTO capture SELECT capture_id - 1000, account_id, endpoint, due_ms, sent_ms,"
                                " received_ms - 1, clock_offset_ms, interval_ms, attempt, outcome, http_status, api_code,"
                                " detail, used_weight, request, row_count, payload_id, chain FROM capture"
                                " WHERE endpoint = 'positionRisk' LIMIT 7",
    "a payload below the first": "INSERT INTO payload SELECT -5, NULL, size, sha256, zstd FROM payload WHERE payload_id = 1",
    "an account below the first": "INSERT INTO account VALUES (0, 'zero', 'coin-m')",
    "a detail that is empty, not NULL": "UPDATE capture SET detail = '' WHERE capture_id ="
                                        " (SELECT min(capture_id) FROM capture WHERE detail IS NULL)",
    "a request that is empty, not NULL": "UPDATE capture SET request = '' WHERE capture_id ="
                                         " (SELECT max(capture_id) FROM capture WHERE request IS NULL)",
    "a frame that is skipped before a body": "UPDATE payload SET zstd = CAST(x'502a4d18e8030000' || zeroblob(1000) || zstd AS BLOB)"
                                             " WHERE payload_id = 3",
    "a second frame after a body": "UPDATE payload SET zstd = CAST(zstd || zstd AS BLOB) WHERE payload_id = 3",
    "a base that comes after its delta": "UPDATE payload SET base_id = (SELECT max(payload_id) FROM payload WHERE base_id IS NULL)"
                                         " WHERE payload_id = (SELECT min(payload_id) FROM payload WHERE base_id IS NULL)",
    "a position deleted": "DELETE FROM position WHERE leg_id = 2 AND capture_id ="
                          " (SELECT max(capture_id) FROM position WHERE leg_id = 2)",
    "a position added": "INSERT INTO position SELECT leg_id, update_ms, revision + 100, capture_id + 1,"
                        " position_amount_e8, entry_price_e8, break_even_price_e8, leverage, max_quantity_e8,"
                        " margin_type, auto_add_margin, isolated_wallet_e8, present, rounded, extra"
                        " FROM position WHERE leg_id = 2 ORDER BY capture_id DESC LIMIT 1",
    "a valuation deleted": "DELETE FROM valuation WHERE leg_id = 2 AND time_ms ="
                           " (SELECT max(time_ms) FROM valuation WHERE leg_id = 2)",
    "a valuation added": "INSERT INTO valuation SELECT leg_id, time_ms + 1, update_ms, revision, mark_price_e8,"
                         " unrealized_pnl_e8, liquidation_price_e8, isolated_margin_e8, notional_value_e8, rounded"
                         " FROM valuation WHERE leg_id = 2 ORDER BY time_ms DESC LIMIT 1",
    "two valuations swapped": "UPDATE valuation SET time_ms = -1 WHERE leg_id = 2 AND time_ms ="
                              " (SELECT min(time_ms) FROM valuation WHERE leg_id = 2);"
                              "UPDATE valuation SET time_ms = (SELECT received_ms FROM capture WHERE capture_id = 1)"
                              " WHERE leg_id = 2 AND time_ms ="
                              " (SELECT max(time_ms) FROM valuation WHERE leg_id = 2);",
    "a trade deleted": "DELETE FROM trade WHERE trade_id = '7001'",
    "a trade told twice": "INSERT INTO trade SELECT leg_id, time_ms, trade_id, source, revision + 1, capture_id + 1, order_id,"
                          " side, price_e8, quantity_e8, realized_pnl_e8, commission_e8, commission_asset, maker,"
                          " base_quantity_e8, execution, rounded, extra FROM trade WHERE trade_id = '7001'",
    "a position update deleted": "DELETE FROM position_update WHERE transaction_ms ="
                                 " (SELECT min(transaction_ms) FROM position_update)",
    "two balances swapped": "UPDATE balance_update SET asset = 'X' WHERE asset = 'BTC';"
                            "UPDATE balance_update SET asset = 'BTC' WHERE asset = 'ETH';"
                            "UPDATE balance_update SET asset = 'ETH' WHERE asset = 'X'",
    "an income deleted": "DELETE FROM income WHERE tran_id = '5003'",
    "an income told twice": "INSERT INTO income SELECT account_id, time_ms, income_type, tran_id, asset, symbol, revision + 5,"
                            " capture_id + 1, income_e8, info, trade_id, rounded, extra FROM income WHERE tran_id = '5003'",
    "a balance deleted": "DELETE FROM balance WHERE asset = 'ETH' AND time_ms ="
                         " (SELECT max(time_ms) FROM balance WHERE asset = 'ETH')",
    "a balance added": "INSERT INTO balance (account_id, asset, time_ms, capture_id, rounded) VALUES (1, 'ODD', 1, 1, 0)",
    "an account's total deleted": "DELETE FROM account_total WHERE time_ms = (SELECT max(time_ms) FROM account_total)",
    "an account's total added": "INSERT INTO account_total (account_id, time_ms, capture_id, rounded) VALUES (1, 1, 1, 0)",
    "a symbol's leverage deleted": "DELETE FROM symbol_config WHERE time_ms = (SELECT max(time_ms) FROM symbol_config)",
    "a symbol's leverage added": "INSERT INTO symbol_config (account_id, contract_id, time_ms, capture_id, rounded)"
                                 " SELECT account_id, contract_id, max(time_ms) + 1, max(capture_id), 0 FROM symbol_config",
    "an index deleted": "DELETE FROM asset_index WHERE time_ms = (SELECT min(time_ms) FROM asset_index)",
    "an index added": "INSERT INTO asset_index (account_id, symbol, time_ms, capture_id, index_price_e8, rounded)"
                      " VALUES (1, 'USDTUSD', 1, 1, 100000000, 0)",
    "an account of another product": "UPDATE account SET product = 'usd-m' WHERE account_id = 1",
    "a margin deleted": "DELETE FROM leg_margin WHERE time_ms = (SELECT min(time_ms) FROM leg_margin)",
    "an hour deleted": "DELETE FROM leg_hour WHERE leg_id = (SELECT min(leg_id) FROM leg_hour)",
    "an hour added": "INSERT INTO poll_hour VALUES (1, 0, 1, 0, 0)",
    "a later hour added": "INSERT INTO poll_hour SELECT account_id, max(hour_ms) + 3600000, 1, 0, 0 FROM poll_hour",
    "an hour of balances deleted": "DELETE FROM balance_hour WHERE asset = 'BTC'",
    "an hour's margin ratio changed": "UPDATE balance_hour SET margin_ratio_max_e8 = coalesce(margin_ratio_max_e8, 0) + 1",
    "a later hour of balances added": "INSERT INTO balance_hour SELECT account_id, asset, max(hour_ms) + 3600000, NULL FROM balance_hour",
    "a change of balances deleted": "DELETE FROM balance_change WHERE asset = 'BTC'",
    "a wallet's change made none": "UPDATE balance_change SET is_state = 0 WHERE asset = 'BTC'",
    "a later change of balances added": "INSERT INTO balance_change SELECT account_id, asset, max(time_ms) + 3600000, 1, 1, 1, 1"
                                        " FROM balance_change",
    "an hour of nobody added": "INSERT INTO leg_hour (leg_id, hour_ms, first_ms, last_ms, valuations, findings)"
                               " VALUES (9999, 0, 0, 0, 1, 0)",
    "a valuation of nobody added": "INSERT INTO valuation (leg_id, time_ms, update_ms, revision, rounded) VALUES (9999, 0, 0, 0, 0)",
    "a later balance added": "INSERT INTO balance (account_id, asset, time_ms, capture_id, rounded)"
                             " SELECT account_id, 'ODD', max(time_ms), 1, 0 FROM balance",
    "a later margin added": "INSERT INTO leg_margin (leg_id, time_ms, capture_id, rounded)"
                            " SELECT leg_id, max(time_ms) + 1, 1, 0 FROM leg_margin",
    "a leg added": "INSERT INTO leg (account_id, contract_id, position_side) VALUES (1, 1, 'ODD')",
    "a contract added": "INSERT INTO contract (product, symbol, source) VALUES ('coin-m', 'ODD', 'derived')",
    "an account added": "INSERT INTO account (name, product) VALUES ('odd', 'coin-m')",
    "a payload added": "INSERT INTO payload (size, sha256, zstd) SELECT size, sha256, zstd FROM payload"
                       " WHERE payload_id = 1",
    "a payload deleted": "DELETE FROM payload WHERE payload_id = 10",
    "a node deleted": "DELETE FROM tree_node WHERE capture_id = 64",
    "a node added": "INSERT INTO tree_node SELECT capture_id, 10, sha256 FROM tree_node WHERE capture_id = 32",
    "a node of no capture added": "INSERT INTO tree_node SELECT 1000000, level, sha256 FROM tree_node WHERE capture_id = 32",
    "two nodes swapped": "UPDATE tree_node SET capture_id = -1 WHERE capture_id = 32;"
                         "UPDATE tree_node SET capture_id = 32 WHERE capture_id = 64;"
                         "UPDATE tree_node SET capture_id = 64 WHERE capture_id = -1",
    "a reading added": "INSERT INTO reading VALUES (2, 2, 'unreadable', 'x', 0)",
    "no reader left": "DELETE FROM read_by",
    "a later reader added": "INSERT INTO read_by VALUES (1000, 2)",
    "a migration record deleted": "DELETE FROM schema_migration WHERE version = 2",
    "a view changed": "DROP VIEW pnl_history; CREATE VIEW pnl_history AS SELECT 1 AS one",
    "an index dropped": "DROP INDEX leg_by_contract",
    "a trigger added": "CREATE TRIGGER t AFTER INSERT ON capture BEGIN DELETE FROM valuation; END",
    "a table's columns added to": "ALTER TABLE capture ADD COLUMN odd TEXT",
}


# What --from 2 takes as given.
GIVEN = {"the first capture deleted", "an hour added"}

# SQLite goes by the text of what stands in the schema, whatever its type is called. These drop all that is recorded.
TRIGGER = "CREATE TRIGGER t BEFORE INSERT ON capture BEGIN SELECT RAISE(IGNORE); END"
TYPES = {
    "in capitals": "'TRIGGER'", "with a NUL behind": "'trigger' || char(0)", "with a blank": "'trigger '", "as a table": "'table'",
    "as a view": "'view'", "as nothing": "''", "as NULL": "NULL", "as bytes": "x'74726967676572'",
}


def renamed_triggers():
    """Yields (name, statements): a trigger whose type is called something else."""
    for name, kind in TYPES.items():
        yield f"a trigger whose type is spelt {name}", [
            (TRIGGER, ()), ("PRAGMA writable_schema = ON", ()),
            (f"UPDATE sqlite_schema SET type = {kind} WHERE name = 't'", ())]


def changed(value, kind):
    if kind == "TEXT":
        return "odd" if value is None else value + "x"
    if kind == "BLOB":
        return bytes([value[0] ^ 1]) + value[1:]
    return 1 if value is None else value + 1000003


def column_changes(database):
    """Yields (name, statement, parameters): one row of each column, changed."""
    tables = [row[0] for row in database.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name")]
    for table in tables:
        columns = database.execute(f"PRAGMA table_info({table})").fetchall()
        keys = [column[1] for column in columns if column[5]]
        for _, column, kind, *_ in columns:
            if (table, column) in HARMLESS:
                continue
            used = database.execute(f"SELECT {', '.join(keys)}, {column} FROM {table}"
                                    f" ORDER BY {column} IS NULL, {', '.join(keys)}").fetchall()
            known = [row for row in used if row[-1] is not None] or used
            if not known:
                continue  # reading: see verify.bats
            row = known[len(known) // 2]
            where = " AND ".join(f"{key} IS ?" for key in keys)
            yield (f"{table}.{column}", f"UPDATE {table} SET {column} = ? WHERE {where}",
                   (changed(row[-1], kind), *row[:-1]))


def an_hour_later(histories, path):
    """Writes a poll of each account an hour after all that there is: it closes the hour that ran."""
    lines = [json.loads(line) for history in histories for line in open(history)]
    polls = {line["account"]: line for line in lines if line.get("endpoint", "positionRisk") == "positionRisk"
             and line.get("http_status") == 200 and line.get("body", "").startswith("[{")}
    last_ms = max(line["received_ms"] for line in lines)
    with open(path, "w") as later:
        for poll in polls.values():
            later.write(json.dumps({"account": poll["account"], "received_ms": last_ms + 3600000,
                                    "body": poll["body"]}) + "\n")


def loosened(path):
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA foreign_keys = OFF")
    database.execute("PRAGMA ignore_check_constraints = ON")
    return database


def verify(posrec, path, *arguments):
    return subprocess.run([posrec, "-d", path, "verify", *arguments], capture_output=True, text=True, check=False)


def main():
    posrec, *histories = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        original = pathlib.Path(folder) / "original.db"
        later = pathlib.Path(folder) / "later.ndjson"
        an_hour_later(histories, later)
        subprocess.run([posrec, "-q", "-d", original, "import", *histories, later], check=True)
        assert verify(posrec, original).returncode == 0
        with sqlite3.connect(original) as database:
            trials = [(name, [(sql, parameters)]) for name, sql, parameters in column_changes(database)]
        trials += [(name, [(part, ()) for part in sql.split(";") if part.strip()])
                   if "TRIGGER" not in sql else (name, [(sql, ())]) for name, sql in EXTRA.items()]
        trials += renamed_triggers()
        trials = some_of(trials)
        given_to_find = GIVEN & {name for name, _ in trials}
        unseen, given = [], set()
        for name, statements in trials:
            path = pathlib.Path(folder) / "tampered.db"
            shutil.copy(original, path)
            database = loosened(path)
            touched = [database.execute(sql, parameters).rowcount for sql, parameters in statements]
            database.close()
            assert any(touched), f"{name}: nothing was changed"
            result = verify(posrec, path)
            print(f"{name}: {result.stderr.strip().splitlines()[-1] if result.returncode == 1 else 'NOT FOUND'}"
                  .replace(folder, ""))
            if result.returncode != 1:
                unseen.append(f"{name} (exit {result.returncode}: {result.stderr.strip()})")
            result = verify(posrec, path, "--from", "2")
            if result.returncode != 1:
                given.add(name)
                print(f"  --from 2: exit {result.returncode}: {result.stderr.strip()}".replace(folder, ""))
        print(f"{len(trials)} changes, {len(unseen)} unseen")
        for name in unseen:
            print("unseen:", name)
        for name in given ^ given_to_find:
            print("unseen by --from 2:" if name in given else "seen by --from 2:", name)
        return 1 if unseen or given != given_to_find else 0


if __name__ == "__main__":
    sys.exit(main())
