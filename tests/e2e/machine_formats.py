#!/usr/bin/python3
"""What programs read: in csv, json and ndjson a REAL has a point whatever its value, and nothing else is written otherwise
than in HTML, which is for people and has none where a number is whole. So whoever guesses a column's type from its first
rows guesses right: no column has both kinds of numbers, and pandas reads one in pieces. In a workbook each cell says what
it is: a time, a day, a number or a text.

    machine_formats.py POSREC SOURCE_FOLDER
"""
import csv
import html
import io
import json
import os
import pathlib
import re
import sqlite3
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

import pandas

POSREC, SOURCE = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2])
EVERY = ("equity", "pnl", "exposure", "margin", "income", "performance")
REPORTS = [*(("report", kind) for kind in (*EVERY, "trades", "trips", "changes", "coverage", "reconcile")),
           *(("report", kind, "--every", "10m") for kind in EVERY),
           *(("report", kind, "--all") for kind in ("equity", "pnl", "margin", "changes")), ("positions", "--all")]
TIME, DAY = re.compile(r"[0-9-]{10}T[0-9:]{8}\.[0-9]{3}Z"), re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
SHEET = "{urn:schemas-microsoft-com:office:spreadsheet}"
REAL, INTEGER = re.compile(r"-?[0-9]+\.[0-9]+"), re.compile(r"-?[0-9]+")
CHUNK = 500


class Number(str):
    """A number of a JSON text, as it stands there."""


def ask(path, *question, form):
    return subprocess.run([POSREC, "-q", "-d", path, *question, "--format", form], check=True, capture_output=True).stdout.decode()


def cells_of_html(page, is_first):
    """The rows of the page's first table, or last, and whether each cell is a number."""
    table = page[page.index("<tbody>"):page.index("</tbody>")] if is_first else page[page.rindex("<tbody>"):]
    return [[(html.unescape(text), "number" in kind) for kind, text in re.findall(r"<td([^>]*)>(.*?)</td>", row, re.S)]
            for row in table.split("<tr>")[1:]]


def rows_of_sheet(path, *question):
    """The rows of a workbook, with what each cell says it is; None for an empty one."""
    book = xml.etree.ElementTree.fromstring(ask(path, *question, form="sheet").split("?>", 2)[2])
    return [[next(((data.get(SHEET + "Type"), data.text) for data in cell), None) for cell in row] for row in book.iter(SHEET + "Row")]


def in_sheet(value, in_json):
    """What a workbook says of a cell that csv and json write so."""
    if value == "":
        return None
    if isinstance(in_json, Number):
        return ("Number" if abs(float(value)) <= 2**53 or not INTEGER.fullmatch(value) else "String"), value
    return ("DateTime", value.removesuffix("Z")) if TIME.fullmatch(value) or DAY.fullmatch(value) else ("String", value)


def answers(path, *question):
    """Yields each cell: its column, what csv and json write, what HTML shows, and whether it is a number."""
    names, *rows = csv.reader(io.StringIO(ask(path, *question, form="csv"), newline=""))
    text = ask(path, *question, form="json")
    objects = json.loads(text, parse_float=Number, parse_int=Number)
    assert text == ("[\n" + ",\n".join(ask(path, *question, form="ndjson").splitlines()) + "\n]\n" if rows else "[]\n"), question
    shown = cells_of_html(ask(path, *question, form="html"), question[-1] == "trips") if rows else []
    assert len(rows) == len(objects) and len(shown) == min(len(rows), 2000), (question, len(rows), len(shown))
    heads, *sheet = rows_of_sheet(path, *question)
    assert heads == [("String", name) for name in names]
    assert sheet == [[in_sheet(value, one[name]) for name, value in zip(names, row)] for row, one in zip(rows, objects)], question
    for row, one, cells in zip(rows, objects, shown):
        assert len(row) == len(one) == len(cells) == len(names), (question, row, cells)
        for name, value, (cell, is_number) in zip(names, row, cells):
            yield name, value, one[name], cell, is_number


def check(path, *question):
    """The kinds of numbers of each column; fails where one has both, or a number is written otherwise."""
    kinds = {}
    for name, value, in_json, cell, is_number in answers(path, *question):
        where = (question, name, value, in_json, cell)
        if not is_number:
            assert value == cell and not isinstance(in_json, Number), where
            continue
        is_real = bool(REAL.fullmatch(value))
        assert (is_real or INTEGER.fullmatch(value)) and in_json == value and isinstance(in_json, Number), where
        assert (value.removesuffix(".0") if is_real else value) == cell, where
        kinds.setdefault(name, set()).add("real" if is_real else "integer")
    assert all(len(kind) == 1 for kind in kinds.values()), (question, kinds)
    return {name: kind.pop() for name, kind in kinds.items()}


def check_views(path):
    """The same of every view, whose values the database itself says the kinds of."""
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    kinds = {name: check(path, "sql", f"SELECT * FROM {name}")
             for name, in database.execute("SELECT name FROM sqlite_schema WHERE type = 'view' ORDER BY 1")}
    for view, said in kinds.items():
        columns = [name for _, name, *_ in database.execute(f"PRAGMA table_info({view})")]
        types = database.execute(f"SELECT {', '.join(f'group_concat(DISTINCT typeof({name}))' for name in columns)} FROM {view}").fetchone()
        stored = {name: kind for name, found in zip(columns, types) for kind in ("real", "integer") if kind in (found or "").split(",")}
        assert stored == said, (view, stored, said)
        assert not any("blob" in (found or "") for found in types), (view, types)  # Datasette shows no view that has one
    database.close()
    return kinds


def check_values(path):
    question = ["sql", "SELECT 0.0, -0.0, 5.0, -0.5, 1e21, 9e999, -9e999, 0, NULL, x'05', '5', ''"]
    assert ask(path, *question, form="csv").splitlines()[1] == "0.0,0.0,5.0,-0.5,1000000000000000000000.0,Inf,-Inf,0,,05,5,"
    assert re.findall(r'":([^,}]*)', ask(path, *question, form="ndjson")) == \
        ["0.0", "0.0", "5.0", "-0.5", "1000000000000000000000.0", "null", "null", "0", "null", '"05"', '"5"', '""']
    # A workbook takes no text for a formula, rounds no number, and has no time that no calendar has.
    question = ["sql", "SELECT 9e999, 9007199254740993, 9007199254740992, -0.0, 1e-8, NULL, '', x'00ff', '=1+1', char(1) || '<&\"' || char(65535),"
                " '2026-02-28', '2026-02-30', '1899-12-31', '2026-11-24T14:03:10.123Z', '2026-11-24T25:03:10.123Z', '2026-11-24T14:03:10Z', '007'"]
    text, number, moment = "String", "Number", "DateTime"
    assert rows_of_sheet(path, *question)[1] == [
        (text, "Inf"), (text, "9007199254740993"), (number, "9007199254740992"), (number, "0.0"), (number, "0.00000001"), None, None,
        (text, "00ff"), (text, "=1+1"), (text, "\ufffd<&\"\ufffd"), (moment, "2026-02-28"), (text, "2026-02-30"), (text, "1899-12-31"),
        (moment, "2026-11-24T14:03:10.123"), (text, "2026-11-24T25:03:10.123Z"), (text, "2026-11-24T14:03:10Z"), (text, "007")]
    many = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000001) SELECT i FROM n"
    sheets = ask(path, "sql", many, form="sheet").split("<Worksheet ")[1:]
    assert [sheet.count("<Row>") for sheet in sheets] == [1000001, 2], "a sheet has room for no more"


def check_pieces(folder):
    """A margin of 0 for long, then one with a fraction."""
    path = folder / "pieces.db"
    lines = (json.dumps({"received_ms": 1700000000000 + n * 10000, "body": json.dumps([
        {"symbol": "BTCUSD_PERP", "positionSide": "BOTH", "positionAmt": "1", "updateTime": 1, "marginType": "isolated",
         "isolatedMargin": "111.98800000" if n >= CHUNK * 2 else "0.00000000"}])}) + "\n" for n in range(CHUNK * 3))
    subprocess.run([POSREC, "-q", "-d", path, "import", "-"], input="".join(lines), text=True, check=True)
    text = ask(path, "sql", "SELECT time_ms, isolated_margin FROM margin_history ORDER BY time_ms", form="csv")
    pieces = list(pandas.read_csv(io.StringIO(text), chunksize=CHUNK))
    assert [(str(piece.time_ms.dtype), str(piece.isolated_margin.dtype)) for piece in pieces] == [("int64", "float64")] * 3
    assert [piece.isolated_margin.max() for piece in pieces] == [0, 0, 111.988]


def recorded():
    """Capture lines of all kinds, which are few, and of more than an hour with a gap."""
    lines = [line for name in ("history", "stream", "money", "usd_m")
             for line in open(SOURCE / f"tests/data/{name}.ndjson", encoding="utf-8")]
    last_ms = max(json.loads(line)["received_ms"] for line in lines)
    for endpoint, body in (("premiumIndex", {"symbol": "BTCUSD_PERP", "time": last_ms, "markPrice": "64000.5", "indexPrice": "64000",
                                             "lastFundingRate": "0.0001", "pair": "BTCUSD"}),
                           ("fundingRate", {"symbol": "BTCUSD_PERP", "fundingTime": last_ms, "fundingRate": "-0.0001", "markPrice": "64000.5"})):
        lines.append(json.dumps({"received_ms": last_ms + 1, "endpoint": endpoint, "interval_ms": 60000, "body": [body]}) + "\n")
    yield "all kinds", sorted(lines, key=lambda line: json.loads(line)["received_ms"])
    made = subprocess.run([sys.executable, SOURCE / "tests/bench/make_captures.py", "500"], check=True, capture_output=True, text=True)
    lines = made.stdout.splitlines(keepends=True)
    for at in range(0, len(lines), 31):
        asset = {"asset": "BTC", "walletBalance": "2", "unrealizedProfit": "0", "marginBalance": "2", "maintMargin": "0", "updateTime": 1}
        lines[at] += json.dumps({"received_ms": json.loads(lines[at])["received_ms"] + 1, "endpoint": "account", "interval_ms": 310000,
                                 "body": {"assets": [asset], "positions": []}}) + "\n"
    yield "polls and wallets", lines[:100] + lines[180:]


def main():
    filled = set()
    with tempfile.TemporaryDirectory(prefix="posrec-formats-") as name:
        folder = pathlib.Path(name)
        for number, (what, lines) in enumerate(recorded()):
            path = folder / f"{number}.db"
            subprocess.run([POSREC, "-q", "-d", path, "import", "-"], input="".join(lines), text=True, check=True)
            kinds = check_views(path) | {" ".join(question): check(path, *question) for question in REPORTS}
            filled |= {question for question, columns in kinds.items() if columns}
            print(f"{what}: {sum(map(len, kinds.values()))} columns of numbers")
        empty = {*kinds} - filled - {"position_rebuilt"}
        assert not empty, empty
        check_values(path)
        check_pieces(folder)
        json.loads(ask(path, "status", form="json"))


main()
