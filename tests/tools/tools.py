#!/usr/bin/python3
"""What others' programs read of posrec's files and answers is what posrec says: times are times, days are days, decimals
are those that were written. Runs every block of docs/tools.md with the real programs; one that is missing is a failure.

    tools.py BUILD SOURCE
"""
import json
import math
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree

import pandas

BUILD, SOURCE = (pathlib.Path(word).resolve() for word in sys.argv[1:])
PAGE = SOURCE / "docs/tools.md"
PACKAGES = BUILD / "tools"  # those of npm, which stay in the build folder
REPORTS = (("equity", "--every", "1h"), ("pnl", "--every", "1h"), ("trips",), ("changes",), ("income", "--every", "1d"), ("coverage",))
TIME, DAY = re.compile(r"[0-9-]{10}T[0-9:]{8}\.[0-9]{3}Z"), re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
DAYS = 2
LIMIT_S = 300


def run(*command, text=None):
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False, timeout=LIMIT_S)
    assert done.returncode == 0, (command, done.stdout[-2000:], done.stderr[-2000:])
    return done.stdout


def posrec(*words):
    return run(BUILD / "posrec", "-q", *words)


def install():
    """The packages of the lock file."""
    PACKAGES.mkdir(exist_ok=True)
    lock, installed = SOURCE / "tests/tools/package-lock.json", PACKAGES / "installed.json"
    for name in ("package.json", "package-lock.json", "duckdb.mjs", "dashboard.mjs"):
        shutil.copy(SOURCE / "tests/tools" / name, PACKAGES)
    if not installed.exists() or installed.read_bytes() != lock.read_bytes():
        installed.unlink(missing_ok=True)
        run("npm", "--prefix", PACKAGES, "ci", "--ignore-scripts", "--no-audit", "--no-fund")
        shutil.copy(lock, installed)


def record():
    """Two days up to now."""
    start_ms = int((time.time() - DAYS * 86400) * 1000)
    lines = run(sys.executable, SOURCE / "tests/bench/make_captures.py", "--days", str(DAYS), "--money", "--stream",
                "--start-ms", str(start_ms))
    run(BUILD / "posrec", "-q", "import", "-", text=lines)


def ask():
    """Each report in each format; the page's blocks have written some of these otherwise."""
    for report, *options in REPORTS:
        for form in ("csv", "ndjson", "sheet"):
            posrec("report", report, *options, "--format", form, "--output", f"{report}.{'xml' if form == 'sheet' else form}")


def answers():
    """Each report: its name, its columns' names, and its rows as posrec writes them, decimals as floats."""
    for report, *_ in REPORTS:
        rows = [json.loads(line) for line in pathlib.Path(f"{report}.ndjson").read_text().splitlines()]
        assert rows, report
        yield report, list(rows[0]), rows


def kind_of(rows, name):
    """What a column has: time, day, real, integer or text; nothing where it has no value."""
    kinds = {"text" if isinstance(value, str) and not TIME.fullmatch(value) and not DAY.fullmatch(value) else
             "time" if isinstance(value, str) and TIME.fullmatch(value) else "day" if isinstance(value, str) else
             "real" if isinstance(value, float) else "integer"
             for value in (row[name] for row in rows) if value is not None}
    assert len(kinds) <= 1, (name, kinds)
    return kinds.pop() if kinds else None


def total(values):
    return math.fsum(value for value in values if value is not None)


def near(a, b):
    return math.isclose(a, b, rel_tol=1e-12, abs_tol=1e-9)


def duckdb(statements):
    """Of each statement the types of its columns, by name, and its rows."""
    answer = run("node", PACKAGES / "duckdb.mjs", text=statements)
    return [(dict(line["columns"]), line["rows"]) for line in map(json.loads, answer.splitlines())]


def check_page():
    said = run(sys.executable, SOURCE / "tests/e2e/run_docs.py", PAGE)
    assert said == "12 blocks run, 0 failed\n", said
    rows = sum(1 for _ in open("pnl.ndjson", encoding="utf-8"))
    assert duckdb("SELECT count(*)::INTEGER FROM 'pnl.parquet'")[0][1] == [[rows]]
    for name in ("trips.ods", "pnl.xlsx", "trips.md"):
        assert pathlib.Path(name).stat().st_size > 0, name
    trips = posrec("report", "trips", "--format", "ndjson").count("\n")
    assert pathlib.Path("trips.md").read_text().count("\n|") == trips + 1  # and a line under the head, which is the first
    schema = run("sqlite-utils", "schema", "mine.db")
    for name, kind in (("net_pnl_usd", "FLOAT"), ("closed_ms", "INTEGER"), ("opened", "TEXT")):
        assert f"[{name}] {kind}" in schema, schema


def check_duckdb():
    """Every column of csv and ndjson has the type that it should, and its numbers the sum that posrec's have."""
    types = {"csv": {"time": "TIMESTAMP WITH TIME ZONE", "day": "DATE", "real": "DOUBLE", "integer": "BIGINT", "text": "VARCHAR"},
             "ndjson": {"time": "TIMESTAMP", "day": "DATE", "real": "DOUBLE", "integer": "BIGINT", "text": "VARCHAR"}}
    for report, names, rows in answers():
        for form, reader in (("csv", "read_csv_auto"), ("ndjson", "read_json_auto")):
            kinds = {name: kind_of(rows, name) for name in names}
            numbers = [name for name in names if kinds[name] in ("real", "integer")]
            sums = ", ".join(f'sum("{name}")::DOUBLE' for name in numbers)
            times = ", ".join(f'epoch_ms(max("{name}"))::DOUBLE' for name in names if kinds[name] == "time") or "NULL"
            (found, _), (_, summed), (_, latest) = duckdb(f"SELECT * FROM {reader}('{report}.{form}') LIMIT 0; "
                                                          f"SELECT {sums} FROM {reader}('{report}.{form}'); "
                                                          f"SELECT {times} FROM {reader}('{report}.{form}');")
            assert list(found) == names, (report, form, found)
            wrong = {name: found[name] for name in names if kinds[name] and found[name] != types[form][kinds[name]]}
            assert not wrong, (report, form, wrong)
            for name, value in zip(numbers, summed[0]):
                assert near(value, total(row[name] for row in rows)), (report, form, name)
            for name, value in zip((name for name in names if kinds[name] == "time"), latest[0]):
                text = max(row[name] for row in rows if row[name] is not None)
                assert value == pandas.Timestamp(text).value // 10**6, (report, form, name, value)


def check_duckdb_in_place():
    """The question of the page for DuckDB's extension, on the same tables."""
    question = re.search(r"^SELECT c\.symbol, epoch_ms.*?;$", PAGE.read_text(), re.MULTILINE | re.DOTALL).group()
    tables = "CREATE SCHEMA posrec; "
    for table, columns in (("valuation", "leg_id, time_ms, unrealized_pnl_e8"), ("leg", "leg_id, contract_id"), ("contract", "contract_id, symbol")):
        posrec("sql", f"SELECT {columns} FROM {table}", "--format", "csv", "--output", f"table_{table}.csv")
        tables += f"CREATE TABLE posrec.{table} AS FROM read_csv_auto('table_{table}.csv'); "
    types, rows = duckdb(tables + question)[-1]
    assert types == {"symbol": "VARCHAR", "day": "DATE", "lowest": "DOUBLE"}, types
    expected = json.loads(posrec("sql", """
        SELECT c.symbol, date(v.time_ms / 1000, 'unixepoch') AS day, min(v.unrealized_pnl_e8) / 1e8 AS lowest
          FROM valuation AS v JOIN leg AS l USING (leg_id) JOIN contract AS c USING (contract_id)
         GROUP BY c.symbol, day ORDER BY c.symbol, day, lowest""", "--format", "json"))
    assert len(rows) >= DAYS and rows == [list(row.values()) for row in expected], rows[:3]


NS = {name: f"urn:oasis:names:tc:opendocument:xmlns:{name}:1.0" for name in ("office", "table", "text")}


def cells_of_office(path):
    """The rows of a sheet as LibreOffice has them: of each cell its type, its number and what it shows."""
    for row in xml.etree.ElementTree.parse(path).iter(f"{{{NS['table']}}}table-row"):
        cells = []
        for cell in row.iter(f"{{{NS['table']}}}table-cell"):
            shown = "".join("".join(line.itertext()) for line in cell.iter(f"{{{NS['text']}}}p"))
            one = (cell.get(f"{{{NS['office']}}}value-type"), cell.get(f"{{{NS['office']}}}value"), shown)
            assert cell.get(f"{{{NS['table']}}}formula") is None, one
            cells += [one] * int(cell.get(f"{{{NS['table']}}}number-columns-repeated", 1))
        yield cells


def check_office():
    run("soffice", "--headless", "--convert-to", "fods", *(f"{report}.xml" for report, *_ in REPORTS))
    for report, names, rows in answers():
        head, *found = cells_of_office(f"{report}.fods")
        assert [shown for _, _, shown in head[:len(names)]] == names and len(found) == len(rows), (report, len(found))
        for row, cells in zip(rows, found):
            for name, (kind, number, shown) in zip(names, cells):
                value, where = row[name], (report, name, row[name], kind, number, shown)
                if value in (None, ""):
                    assert kind is None, where
                elif isinstance(value, str) and TIME.fullmatch(value):
                    assert kind == "date" and shown == value.replace("T", " ").removesuffix("Z"), where
                elif isinstance(value, str) and DAY.fullmatch(value):
                    assert kind == "date" and shown == value, where
                elif isinstance(value, str):
                    assert kind == "string" and shown == value, where
                else:
                    assert kind == "float" and math.isclose(float(number), value, rel_tol=1e-14), where


def check_pandas():
    for report, names, rows in answers():
        kinds = {name: kind_of(rows, name) for name in names}
        times = [name for name in names if kinds[name] == "time"]
        for frame in (pandas.read_csv(f"{report}.csv", parse_dates=times), pandas.read_json(f"{report}.ndjson", lines=True, convert_dates=times)):
            assert list(frame.columns) == names and len(frame) == len(rows)
            for name in names:
                if kinds[name] == "time":
                    assert str(frame[name].dtype) == "datetime64[ns, UTC]", (report, name, frame[name].dtype)
                    assert frame[name].max() == pandas.Timestamp(max(row[name] for row in rows if row[name] is not None)), (report, name)
                elif kinds[name] in ("real", "integer"):
                    assert near(frame[name].sum(), total(row[name] for row in rows)), (report, name)


def check_r():
    """R reads each number as one, and each time to the millisecond."""
    for report, names, rows in answers():
        kinds = {name: kind_of(rows, name) for name in names}
        script = f'frame <- read.csv("{report}.csv", check.names = FALSE)\n'
        for name in names:
            if kinds[name] in ("real", "integer"):
                script += f'cat("{name}", sprintf("%.17g", sum(as.numeric(frame[["{name}"]]), na.rm = TRUE)), is.numeric(frame[["{name}"]]), "\\n")\n'
            elif kinds[name] == "time":
                script += (f'time <- as.POSIXct(frame[["{name}"]], format = "%Y-%m-%dT%H:%M:%OSZ", tz = "UTC")\n'
                           f'cat("{name}", sprintf("%.0f", 1000 * max(as.numeric(time), na.rm = TRUE)), inherits(time, "POSIXct"), "\\n")\n')
        found = {name: (float(value), right) for name, value, right in map(str.split, run("Rscript", "-", text=script).splitlines())}
        for name, (value, right) in found.items():
            values = [row[name] for row in rows if row[name] is not None]
            expected = pandas.Timestamp(max(values)).value // 10**6 if kinds[name] == "time" else total(values)
            assert right == "TRUE" and near(value, expected), (report, name, value, expected)
        assert set(found) == {name for name in names if kinds[name] in ("real", "integer", "time")}, found


def check_dashboard():
    run("node", PACKAGES / "dashboard.mjs", SOURCE / "examples/grafana.json")
    text = (SOURCE / "examples/grafana.json").read_text()
    for good, bad in (('"absolute"', '"absolut"'), ('"gridPos"', '"gridPosition"'), ('"schemaVersion": 37', '"schemaVersion": "37"')):
        assert good in text
        pathlib.Path("bad.json").write_text(text.replace(good, bad, 1))
        done = subprocess.run(["node", PACKAGES / "dashboard.mjs", "bad.json"], capture_output=True, text=True, check=False, timeout=LIMIT_S)
        assert done.returncode == 1 and done.stdout, (bad, done)


def main():
    os.environ["PATH"] = f"{BUILD}:{os.environ['PATH']}"
    os.environ["DUCKDB"] = f"node {PACKAGES}/duckdb.mjs"
    install()
    with tempfile.TemporaryDirectory(prefix="posrec-tools-") as folder:
        os.chdir(folder)
        os.environ["HOME"] = folder  # where LibreOffice and VisiData keep what is theirs
        record()
        check_page()
        ask()
        for check in (check_duckdb, check_duckdb_in_place, check_office, check_pandas, check_r, check_dashboard):
            started = time.monotonic()
            check()
            print(f"{check.__name__}: holds ({time.monotonic() - started:.0f} s)", flush=True)
        os.chdir("/")


main()
