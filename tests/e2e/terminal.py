#!/usr/bin/env python3
"""What a terminal shows: on real ones of several widths no report is wider, numbers stand with their points in one column, losses
are red and nothing else, and what is left out is told. And what is no terminal gets all columns, or those of --columns.

    terminal.py POSREC SOURCE_FOLDER
"""
import csv
import fcntl
import io
import json
import os
import pathlib
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios
import unicodedata

from sample import STEP

POSREC, SOURCE = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2])
# Under the sanitizers, which make each program start slowly, one width.
WIDTHS = (100,) if STEP > 1 else (80, 100, 200)
KINDS = "equity pnl exposure margin income trades trips performance changes coverage gaps reconcile".split()
QUESTIONS = [*(["report", kind] for kind in KINDS), *(["report", kind, "--every", "1s"] for kind in KINDS[:5]),
             ["report", "pnl", "--by", "total"], ["report", "income", "--by", "total"], ["report", "trips", "--by", "total"],
             ["report", "gaps", "--from", "2026-11-24T22:00:00", "--to", "2026-11-25"], ["positions"], ["positions", "--all"], ["status"]]
STYLE = re.compile("\x1b\\[(?:0|2|31)m")
FORMATS = ("table", "csv", "json", "ndjson", "sheet", "html")
START_MS = 1764000000000


def environment(**changes):
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLUMNS", "LINES")}
    return {name: value for name, value in {**kept, "TERM": "xterm", **changes}.items() if value is not None}


def on_terminal(path, *question, width=100, **changes):
    """What it writes to a terminal: its lines with their styles. The answer is all there when the other end is closed."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, width, 0, 0))
    process = subprocess.Popen([POSREC, "-d", path, *question], stdin=subprocess.DEVNULL, stdout=theirs, stderr=subprocess.PIPE,
                               env=environment(**changes))
    os.close(theirs)
    shown = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError: # as a terminal says that nobody is left on it
            break
        if not part:
            break
        shown += part
    os.close(ours)
    errors = process.communicate()[1].decode()
    assert process.returncode == 0, (question, errors)
    return shown.decode().replace("\r\n", "\n").splitlines()


def piped(path, *question, code=0, **changes):
    done = subprocess.run([POSREC, "-d", path, *question], capture_output=True, env=environment(**changes))
    assert done.returncode == code, (question, done)
    return (done.stdout if code == 0 else done.stderr).decode()


def plain(line):
    return STYLE.sub("", line)


def columns(line):
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in plain(line))


def check_lines(lines, width, question):
    for line in lines:
        assert columns(line) <= width, (question, width, columns(line), line)
        assert not re.search("[\x00-\x1f\x7f-\x9f\u202e]", plain(line)), (question, line)


def record(path, lines):
    subprocess.run([POSREC, "-q", "-d", path, "import", "-"], check=True,
                   input="".join(line if isinstance(line, str) else json.dumps(line) + "\n" for line in lines), text=True)


def leg(symbol, amount, pnl="0", **more):
    return {"symbol": symbol, "positionSide": "BOTH", "positionAmt": str(amount), "entryPrice": "60000.1", "markPrice": "64000.12345678",
            "unRealizedProfit": str(pnl), "liquidationPrice": "0", "leverage": "20", "marginType": "cross", "isolatedMargin": "0.00000000",
            "updateTime": START_MS, **more}


def check_widths(path):
    """Every answer, at widths that people have: with rows, without what is wider, and whole with --wide."""
    filled = set()
    for question in QUESTIONS:
        names = next(csv.reader(io.StringIO(piped(path, *question, "--format", "csv"), newline=""))) if question[0] != "status" else []
        for width in WIDTHS:
            lines = on_terminal(path, *question, width=width)
            check_lines(lines, width, question)
            filled |= {question[-1]} if len(lines) > 1 else set()
            note = [plain(line) for line in lines if "columns (--wide shows all)" in line]
            assert note or not lines or all(name in lines[0].split() for name in names), (question, lines)
        wide = on_terminal(path, *question, "--wide", width=1000)
        if names and wide:
            head = [plain(line).split() for line in wide]
            assert names in head and "--wide" not in "".join(wide), (question, names, wide[0])
            listed = on_terminal(path, *question, "--wide", width=60)
            assert question[1:] == ["reconcile"] or [line.split(" ")[0] for line in listed[:len(names)]] == names, (question, listed)
    assert filled >= {*KINDS, "1s", "positions", "--all", "status"} - {"gaps"} and "2026-11-25" in filled, filled


def check_positions(folder):
    """The issue's 15 legs in 17 lines, points under points."""
    path = folder / "legs.db"
    record(path, [{"received_ms": START_MS + 10, "interval_ms": 10000, "account": "main", "body": [
        leg(f"{asset}USD_{contract}", (-1) ** n * (7 ** n % 100000), f"{(-1) ** (n // 3) * 0.0123 * 3 ** n:.8f}", entryPrice=f"{11.5 ** (n % 5):.5f}",
            markPrice=f"{64000.5 / 3 ** n:.8f}")
        for n, (asset, contract) in enumerate((a, c) for a in ("BTC", "ETH", "ADA", "XRP", "LINK") for c in ("PERP", "261225", "270326"))]}])
    lines = on_terminal(path, "positions")
    assert len(lines) == 17, lines
    check_lines(lines, 100, "positions")
    names = plain(lines[0]).split()
    assert names == ["account", "symbol", "position_amount", "entry_price", "mark_price", "unrealized_pnl", "unrealized_pnl_usd"], names
    assert plain(lines[16]) == "7 of 15 columns (--wide shows all); in each row: position_side BOTH, leverage 20, margin_type cross", lines[16]
    objects = {row["symbol"]: row for row in json.loads(piped(path, "positions", "--format", "json"))}
    points = [[], [], []] # of entry and mark price, and of the PnL in USD
    for line in lines[1:16]:
        cells = plain(line).split()
        row = objects[cells[1]]
        assert [float(cell) for cell in cells[2:]] == [row[name] for name in names[2:]], line
        red = re.findall("\x1b\\[31m *([^ ]*) *\x1b\\[0m", line)
        assert red == (cells[5:] if row["unrealized_pnl"] < 0 else []) and len(red) * 2 == line.count("\x1b"), line
        ends = [match.end() for match in re.finditer(r"\S+", plain(line))]
        for of, number in zip(points, (3, 4, 6)):
            of.append(ends[number] - len(cells[number]) + len(cells[number].partition(".")[0]))
    assert all(len(set(of)) == 1 for of in points) and points[0][0] < points[1][0] < points[2][0] < 100, points
    return path


def check_styles(path):
    """Colour only where it is wanted; without it the same text."""
    coloured = on_terminal(path, "positions")
    assert any("\x1b[31m" in line for line in coloured) and coloured[-1].startswith("\x1b[2m")
    for changes in ({"NO_COLOR": "1"}, {"TERM": "dumb"}, {"TERM": None}):
        assert on_terminal(path, "positions", **changes) == [plain(line) for line in coloured], changes
    assert on_terminal(path, "positions", NO_COLOR="") == coloured
    # A loss of contracts is none of money.
    amounts = on_terminal(path, "positions", "--columns", "symbol,position_amount")
    assert any(" -" in line for line in amounts) and not any("\x1b" in line for line in amounts)
    # What a query calls a PnL is one; texts are none.
    assert on_terminal(path, "sql", "SELECT -1.5 AS pnl, -2 AS a, '-3' AS text_pnl") == [" pnl  a text_pnl", "\x1b[31m-1.5\x1b[0m -2 -3"]


def check_pipes(path):
    """What is no terminal knows nothing of one, and a terminal nothing of machine formats."""
    for question in QUESTIONS[:-1:3 * STEP]:
        for form in FORMATS[:-1] if "--by" in question else FORMATS:
            text = piped(path, *question, "--format", form)
            assert "\x1b" not in text and "--wide" not in text and text == piped(path, *question, "--format", form, "--wide", TERM="dumb", NO_COLOR="1") \
                or form == "html", (question, form)
            if form not in ("table", "html"):
                assert on_terminal(path, *question, "--format", form, width=80) == text.replace("\r\n", "\n").splitlines(), (question, form)
        file = path.with_suffix(".txt")
        on_terminal(path, *question, "--output", str(file), width=80)
        assert file.read_text() == piped(path, *question), question


def check_columns(path):
    """--columns: those, in that order, in every format; other names are refused before anything is written."""
    wanted = ["position_amount", "symbol", "capture_id"]
    question = ["report", "changes", "--columns", ",".join(wanted)]
    whole = json.loads(piped(path, "report", "changes", "--format", "json"))
    rows = [{name: row[name] for name in wanted} for row in whole]
    text = piped(path, *question, "--format", "json")
    assert json.loads(text) == rows and list(json.loads(text)[0]) == wanted and len(rows) > 20
    assert [json.loads(line) for line in piped(path, *question, "--format", "ndjson").splitlines()] == rows
    read = list(csv.reader(io.StringIO(piped(path, *question, "--format", "csv"), newline="")))
    assert read[0] == wanted and [row[1:] for row in read[1:]] == [[row["symbol"], str(row["capture_id"])] for row in rows]
    page = piped(path, *question, "--format", "html")
    assert re.findall(r"<th(?: [^>]*)?>(.*?)</th>", page[page.rindex("<thead>"):]) == wanted
    for lines in (piped(path, *question).splitlines(), on_terminal(path, *question)):
        assert lines[0].split() == wanted and len(lines) == len(rows) + 1
    assert list(json.loads(piped(path, "positions", "--columns", " symbol , account", "--format", "json"))[0]) == ["symbol", "account"]
    # Beside a report stand its audit and summary, which have columns of their own.
    assert "head_at_end" in piped(path, "report", "reconcile", "--columns", "finding") and "<th>finding</th></tr>" in \
        piped(path, "report", "reconcile", "--columns", "finding", "--format", "html")
    names = "account, last_good, age_s, last_outcome, last_detail, outcomes_24h"
    for form in FORMATS:
        for question, name, told in ((["report", "changes"], "nmae", "account, time, symbol, position_side, change"), (["status"], "x", names),
                                     (["report", "reconcile"], "pnl", "finding, account"), (["positions"], "", "account, symbol")):
            errors = piped(path, *question, "--columns", name, "--format", form, code=2)
            assert f"posrec: --columns: there is no column '{name}' (there are: {told}" in errors, errors
    assert "'symbol' comes twice" in piped(path, "positions", "--columns", "symbol,account,symbol", code=2)
    assert "--columns says nothing here" in piped(path, "report", "all", "--format", "html", "--columns", "symbol", code=2)
    # Where the named do not fit, a row is a list.
    named = "account,symbol,position_side,position_amount,entry_price"
    lists = on_terminal(path, "positions", "--columns", named, width=40)
    assert [line.split(" ")[0] for line in lists[:6]] == [*named.split(","), ""], lists[:6]


def check_odd(folder):
    """Long names, wide and hostile ones, huge numbers, and what is not known."""
    path = folder / "odd.db"
    names = ["L" * 63, "日本" * 10, "\u001b[2Jz\u202e\u009b", "e\u0301USD_PERP", "a b c d e f g h i j k l m n o p q r s t u v w x y z"]
    record(path, [{"received_ms": START_MS + n * 1000, "interval_ms": 1000, "account": "main" if n % 2 else "日本語のアカウント", "body": [
        leg(name, 90000000000 + n, "-12345678901.12345678" if n % 3 else "odd", entryPrice="odd" if n % 2 else "99999999999.99999999")
        for name in names]} for n in range(6)])
    for question in (["positions"], *(["report", kind] for kind in KINDS)):
        for width in WIDTHS[-2:]:
            lines = on_terminal(path, *question, width=width)
            check_lines(lines, width, question)
    lines = on_terminal(path, "positions")
    assert lines[0].split()[:1] == ["symbol"] or lines[0].split()[:2] == ["account", "symbol"], lines
    assert any("L" * 63 in line for line in lines) and any("\\x1b[2Jz" in line for line in lines)
    # Narrower than three columns are: lists, of all that there is.
    for width in (1, 20, 40):
        listed = on_terminal(path, "positions", width=width)
        assert [plain(line).split(" ")[0] for line in listed[:3]] == ["account", "symbol", "position_side"], listed
    # A long text goes on in the next line, by its words; a hash is whole.
    words = on_terminal(path, "sql", "SELECT 1 AS n, 'the quick brown fox jumps over the lazy dog and runs' AS text", width=50)
    assert [line.strip() for line in words[1:]] == ["1 the quick brown fox jumps over the lazy dog and", "runs"], words
    # A terminal that does not say how wide it is has 100.
    check_lines(on_terminal(path, "report", "changes", width=0), 100, "no width")
    # Whole seconds have no milliseconds; a table on a pipe has them.
    assert any("T16:00:05Z" in line for line in on_terminal(path, "report", "pnl", "--every", "1s", "--columns", "time")) and \
        "T16:00:05.000Z" in piped(path, "report", "pnl", "--every", "1s")


def main():
    with tempfile.TemporaryDirectory(prefix="posrec-terminal-") as name:
        folder = pathlib.Path(name)
        lines = [line for part in ("history", "stream", "money") for line in open(SOURCE / f"tests/data/{part}.ndjson", encoding="utf-8")]
        path = folder / "all.db"
        record(path, sorted(lines, key=lambda line: json.loads(line)["received_ms"]))
        check_widths(path)
        check_styles(check_positions(folder))
        check_pipes(path)
        check_columns(path)
        check_odd(folder)
    print("a terminal shows what it has room for")


main()
