#!/usr/bin/env python3
"""Who may write into a mirror's database falsifies it in every way there is to think of, each in a copy of its own: `posrec
mirror --check` names each.

    mirror_enemy.py POSREC DATA
"""
import contextlib
import pathlib
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile

from mirror import DATA, VIEWS, mirror, posrec
from postgres import PROGRAMS, Database, Server
from sample import some_of

SQL = pathlib.Path(__file__).resolve().parents[2] / "sql/postgresql"
DROP = "ALTER TABLE posrec.{0} DROP CONSTRAINT recorder_of_account;"
KEEP = "ALTER TABLE posrec.{0} ADD CONSTRAINT recorder_of_account CHECK (recorder_id = account_id >> 20) NOT VALID;"
# As a superuser can have it believed.
FORGE = KEEP + "UPDATE pg_constraint SET convalidated = true WHERE conrelid = 'posrec.{0}'::regclass;"
NEXT_RECORDER = "account_id = account_id + 1048576, recorder_id = recorder_id + 1"


class Copy:
    """A mirror in a database of its own."""

    def __init__(self, server, name):
        self.server, self.name = server, name
        self.conninfo = server.conninfo.replace("dbname=postgres", f"dbname={name}")
        self.sql = Database(self.conninfo).sql

    def __enter__(self):
        self.server.sql(f"CREATE DATABASE {self.name} TEMPLATE postgres")
        return self

    def __exit__(self, *_):
        self.server.sql(f"DROP DATABASE {self.name} WITH (FORCE)")


def more(table, change, which="true"):
    """One more row like one that is there, but for `change`."""
    return (f"CREATE TEMP TABLE one AS SELECT * FROM posrec.{table} WHERE {which} LIMIT 1; UPDATE one SET {change};"
            f" INSERT INTO posrec.{table} SELECT * FROM one;")


def one(table, change, which="true"):
    return (f"UPDATE posrec.{table} SET {change} WHERE ctid = (SELECT ctid FROM posrec.{table} WHERE {which}"
            " ORDER BY ctid LIMIT 1);")


def dropped(table, *statements):
    return DROP.format(table) + "".join(statements)


def replaced(table, kind):
    """A table that is another thing of the same rows."""
    return (f"ALTER TABLE posrec.{table} RENAME TO real_{table}; CREATE {kind} posrec.{table} AS SELECT * FROM"
            f" posrec.real_{table};")


ROWS = r"{0} of account main( on \d{{4}}-\d\d-\d\d)? differs: \d+ rows here, \d+ there"
NOBODY = r"{0} has rows of account_id \d+, which is of no recorder"
SHAPE = r"{0} is not as this posrec makes it: {1} differs"
RECORDER = "posrec.recorder was changed"

ENEMIES = [
    # Rows of this recorder's accounts under another's number, and of its number under others' accounts.
    (dropped("income", more("income", "recorder_id = recorder_id + 1, tran_id = 'x', income_e8 = -500000000000")),
     ROWS.format("income")),
    (dropped("income", one("income", "recorder_id = recorder_id + 1"), FORGE.format("income")), ROWS.format("income")),
    (dropped("income", one("income", "account_id = account_id + 1048576"), FORGE.format("income")), ROWS.format("income")),
    (dropped("income", more("income", "account_id = account_id + 1048576")), NOBODY.format("income")),
    (dropped("income", "INSERT INTO posrec.recorder SELECT recorder_id + 1, 'next', 'x', 0, '', 0, NULL FROM"
             " posrec.recorder;", more("income", "account_id = account_id + 1048576")),
     SHAPE.format("income", "constraint recorder_of_account")),
    (dropped("leg", KEEP.format("leg")), SHAPE.format("leg", "constraint recorder_of_account")),
    *[(more(table, NEXT_RECORDER), NOBODY.format(table)) for table in ("account", "contract", "leg", "capture", "income")],
    (more("account", "account_id = 5, recorder_id = 0"), NOBODY.format("account")),
    # Rows that the file does not have.
    (more("capture", "capture_id = capture_id + 100000"), ROWS.format("capture")),
    (more("income", "time_ms = time_ms + 86400000 * 400::bigint"), ROWS.format("income")),
    (more("income", "time_ms = time_ms - 86400000 * 400::bigint"), ROWS.format("income")),
    (more("income", "account_id = account_id + 1000"), r"income of account \? on .* differs: 0 rows here, 1 there"),
    (more("account", "account_id = account_id + 1000"), r"account of account \? differs"),
    ("DELETE FROM posrec.income", ROWS.format("income")),
    # The same rows in number and, by forty bits, in sum.
    ("UPDATE posrec.income SET income_e8 = -500000000000, info = '13a694' WHERE tran_id = '5001' AND revision = 0;"
     "UPDATE posrec.income SET info = '401e2' WHERE tran_id = '5001' AND revision = 1", ROWS.format("income")),
    ("UPDATE posrec.income AS i SET income_e8 = o.income_e8 FROM posrec.income AS o WHERE i.tran_id IN ('5002', '5003')"
     " AND o.tran_id IN ('5002', '5003') AND i.tran_id <> o.tran_id", ROWS.format("income")),
    # What looks alike.
    (one("income", r"extra = '\N'", "extra IS NULL"), ROWS.format("income")),
    (one("income", "extra = ''", "extra IS NULL"), ROWS.format("income")),
    ("UPDATE posrec.income SET info = 'a', trade_id = E'b\\x1fc' WHERE trade_id = 'c'", ROWS.format("income")),
    ("UPDATE posrec.income SET info = 'a' WHERE info = 'a '", ROWS.format("income")),
    (one("income", "symbol = symbol || ' '"), ROWS.format("income")),
    ("UPDATE posrec.income SET info = U&'e\\0301' WHERE info = U&'\\00e9'", ROWS.format("income")),
    ("ALTER TABLE posrec.poll_hour ALTER gaps TYPE numeric(30, 1)", SHAPE.format("poll_hour", "column gaps")),
    ("ALTER TABLE posrec.payload ALTER size TYPE numeric(30, 1)", ROWS.format("payload")),
    # The recorder.
    ("INSERT INTO posrec.recorder TABLE posrec.recorder", RECORDER),
    ("INSERT INTO posrec.recorder SELECT recorder_id + 1, name, first_chain, capture_id, chain, mirrored_ms, payload_id"
     " FROM posrec.recorder", RECORDER),
    ("INSERT INTO posrec.recorder SELECT recorder_id + 1, name, '', capture_id, chain, mirrored_ms, payload_id"
     " FROM posrec.recorder", "another file is mirrored"),
    ("UPDATE posrec.recorder SET recorder_id = recorder_id + 1", RECORDER),
    ("UPDATE posrec.recorder SET payload_id = NULL", r"payload of account main differs: 0 rows here, \d+ there"),
    ("UPDATE posrec.recorder SET payload_id = payload_id + 1", RECORDER),
    ("DELETE FROM posrec.recorder", "duplicate key"),
    # Tables that are others, or do otherwise.
    (replaced("income", "VIEW"), SHAPE.format("income", "its kind")),
    (replaced("income", "TABLE"), SHAPE.format("income", "column account_id")),
    (replaced("leg_hour", "MATERIALIZED VIEW"), SHAPE.format("leg_hour", "its kind")),
    (replaced("recorder", "VIEW"), SHAPE.format("recorder", "its kind")),
    (replaced("schema_migration", "VIEW"), SHAPE.format("schema_migration", "its kind")),
    ("CREATE RULE r AS ON DELETE TO posrec.leg DO INSTEAD NOTHING", SHAPE.format("leg", "rule r")),
    ("CREATE FUNCTION posrec.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; CREATE TRIGGER t BEFORE"
     " INSERT ON posrec.income FOR EACH ROW EXECUTE FUNCTION posrec.f()", SHAPE.format("income", "trigger t")),
    ("CREATE POLICY p ON posrec.income USING (income_e8 > 0)", SHAPE.format("income", "policy p")),
    ("ALTER TABLE posrec.income ENABLE ROW LEVEL SECURITY", SHAPE.format("income", "row security")),
    ("CREATE TABLE public.more () INHERITS (posrec.income)", SHAPE.format("income", "child more")),
    ("CREATE TABLE public.more () INHERITS (posrec.income);" + more("income", "tran_id = 'x'").replace(
        "INSERT INTO posrec.income", "INSERT INTO public.more"), ROWS.format("income")),
    ("CREATE TABLE public.of (LIKE posrec.poll_hour); ALTER TABLE posrec.poll_hour INHERIT public.of",
     SHAPE.format("poll_hour", "parent")),
    ("ALTER TABLE posrec.income ALTER trade_id SET DEFAULT 'x'", SHAPE.format("income", "column trade_id")),
    ("ALTER TABLE posrec.capture ALTER chain DROP NOT NULL", SHAPE.format("capture", "column chain")),
    ("ALTER TABLE posrec.poll_hour ALTER gaps TYPE integer", SHAPE.format("poll_hour", "column gaps")),
    ("ALTER TABLE posrec.income ADD real_income_e8 bigint", SHAPE.format("income", "column real_income_e8")),
    ("ALTER TABLE posrec.poll_hour DROP gaps CASCADE", '"gaps" does not exist'),
    ("ALTER TABLE posrec.leg_margin DROP CONSTRAINT leg_margin_pkey", SHAPE.format("leg_margin", "constraint leg_margin_pkey")),
    # Views that say something else.
    *[(f"DO $$ BEGIN EXECUTE 'CREATE OR REPLACE VIEW posrec.{view} AS SELECT * FROM (' || rtrim(pg_get_viewdef("
       f"'posrec.{view}'::regclass), ';') || ') AS d WHERE false'; END $$", SHAPE.format(view, "its definition"))
      for view in ["valuation_history", *VIEWS]],
    ("DROP VIEW posrec.gap", SHAPE.format("gap", "its kind")),
    ("DROP VIEW posrec.gap; CREATE TABLE posrec.gap (account text)", SHAPE.format("gap", "its kind")),
    # A function that stands nearer than pg_catalog's own of any type, under the same text.
    ("CREATE AGGREGATE posrec.lag(bigint) (SFUNC = int8larger, STYPE = bigint); SET search_path = posrec; DROP VIEW known;"
     + (SQL / "views/60_known.sql").read_text(), SHAPE.format("known", "what it stands on")),
]


def check_enemies(path, server):
    enemies = some_of(ENEMIES)
    for number, (change, expected) in enumerate(enemies):
        with Copy(server, f"enemy{number}") as copy:
            copy.sql(change)
            said = mirror(path, copy, "--check", code=1)
            assert re.search(expected, said), (change, expected, said)
    print(f"{len(enemies)} enemies found")


def check_refusals(server):
    """What the server keeps out by itself."""
    for change in ("recorder_id = recorder_id + 1", "account_id = account_id + 1048576"):
        with contextlib.suppress(subprocess.CalledProcessError):
            server.sql(one("income", change))
            raise AssertionError(change)
    print("a row of one recorder and another's account is refused")


UNMIGRATED = ("DO $$ DECLARE t regclass; BEGIN FOR t IN SELECT conrelid FROM pg_constraint WHERE conname = 'recorder_of_account' LOOP"
              " EXECUTE format('ALTER TABLE %s DROP CONSTRAINT recorder_of_account', t); END LOOP; END $$;"
              " DROP TABLE posrec.contract_term CASCADE; DROP TABLE posrec.known_span CASCADE;"
              " DROP TABLE posrec.account_total CASCADE; DROP TABLE posrec.symbol_config CASCADE; DROP TABLE posrec.account_config CASCADE;"
              " DROP TABLE posrec.asset_index CASCADE; DROP TABLE posrec.mark CASCADE; DROP TABLE posrec.funding_rate CASCADE; DELETE FROM posrec.schema_migration WHERE version >= 2 OR version = 0;")


def check_before_the_constraint(path, server):
    """A mirror of the time before it is taken over, and what was falsified then is found."""
    with Copy(server, "before") as copy:
        copy.sql(UNMIGRATED)
        assert "the mirror has the same" in mirror(path, copy, "--check")
        copy.sql(UNMIGRATED + one("income", "recorder_id = recorder_id + 1"))
        said = mirror(path, copy, "--check", code=1)
        assert '"recorder_of_account" of relation "income" is violated' in said, said
    print("a mirror of the time before the constraint is taken over")


def check_no_usd(folder, server):
    """A mirror of the time when what is no contract of the product's had USD follows its file."""
    path = folder / "old.db"
    shutil.copy(DATA / "read-0.2.db", path)
    posrec(path, "-q", "migrate")
    server.sql("CREATE DATABASE usd TEMPLATE template0")
    to = server.conninfo.replace("dbname=postgres", "dbname=usd")
    posrec(path, "mirror", "--to", to)
    Database(to).sql(UNMIGRATED + " UPDATE posrec.leg_hour AS h SET unrealized_pnl_usd_first_e8 = 1, unrealized_pnl_usd_last_e8 = 1,"
                     " unrealized_pnl_usd_min_e8 = 1, unrealized_pnl_usd_max_e8 = 1 FROM posrec.leg AS l JOIN posrec.contract AS c"
                     " USING (contract_id) WHERE l.leg_id = h.leg_id AND c.symbol = 'BTCUSDT'")
    assert "the mirror has the same" in posrec(path, "mirror", "--to", to, "--check")[1]
    print("a mirror follows its file where a migration changes rows")


def check_friends(path, server):
    """What an owner may do, or what befalls a database, is no finding."""
    with Copy(server, "friend") as copy:
        copy.sql("CREATE VIEW posrec.own AS SELECT * FROM posrec.income_history; CREATE INDEX ON posrec.income (symbol);"
                 " CREATE FUNCTION posrec.octet_length(bytea) RETURNS integer LANGUAGE sql AS 'SELECT 1';"
                 " ALTER DATABASE friend SET bytea_output = escape; ALTER DATABASE friend SET datestyle = german;"
                 " ALTER DATABASE friend SET standard_conforming_strings = off")
        assert "the mirror has the same" in mirror(path, copy, "--check")
        copy.sql("DROP VIEW posrec.own, posrec.gap; CREATE VIEW posrec.gap AS SELECT 1; DELETE FROM posrec.schema_migration"
                 " WHERE version = 0")
        assert "the mirror has the same" in mirror(path, copy, "--check")
        server.sql("CREATE DATABASE reloaded TEMPLATE template0")
        dump = subprocess.run([PROGRAMS / "pg_dump", "-d", copy.conninfo, "-n", "posrec"], check=True, capture_output=True)
        reloaded = copy.conninfo.replace("dbname=friend", "dbname=reloaded")
        subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", reloaded], input=dump.stdout, check=True,
                       stdout=subprocess.DEVNULL)
        assert "the mirror has the same" in posrec(path, "mirror", "--to", reloaded, "--check")[1]
    print("own views and indexes, settings, views made again and a reloaded dump pass")


def change(path, sql):
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.execute("PRAGMA ignore_check_constraints = ON")
        assert database.execute(sql).rowcount > 0, sql


def check_files(folder, server):
    """Files that a mirror could not hold."""
    for number, (sql, expected) in enumerate([
            ("UPDATE account SET account_id = 1048576", "account_id 1048576 of the file is not within 0 and 1048575"),
            ("UPDATE account SET account_id = -1", "account_id -1 of the file is not within"),
            ("UPDATE income SET info = 'a' || char(0) WHERE revision = 1", "income: info: a text has a NUL")]):
        path = folder / f"file{number}.db"
        posrec(path, "-q", "import", DATA / "money.ndjson")
        change(path, sql)
        server.sql(f"CREATE DATABASE file{number} TEMPLATE template0")
        said = posrec(path, "mirror", "--to", server.conninfo.replace("dbname=postgres", f"dbname=file{number}"), code=1)[1]
        assert expected in said, said
    print("account_id beyond its bits and texts with a NUL are refused")


def check_nul_after(path, server):
    """A file that has got a NUL since does not pass for what is mirrored."""
    change(path, "UPDATE income SET info = 'x' || char(0) WHERE info = 'x' AND revision = 1")
    assert "a text has a NUL" in mirror(path, server, "--check", code=1)


def main():
    server = Server()
    try:
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            path = folder / "posrec.db"
            posrec(path, "-q", "import", DATA / "money.ndjson")
            for sql in ("info = 'a' || char(31) || 'b', trade_id = 'c' WHERE tran_id = '5004'",
                        "info = 'a ' WHERE tran_id = '5002'", "info = char(233) WHERE tran_id = '5003'"):
                change(path, f"UPDATE income SET {sql}")
            mirror(path, server, "--with-bodies", "--check")
            check_refusals(server)
            check_enemies(path, server)
            check_before_the_constraint(path, server)
            check_no_usd(folder, server)
            check_friends(path, server)
            check_files(folder, server)
            check_nul_after(path, server)
    finally:
        server.close()


if __name__ == "__main__":
    main()
