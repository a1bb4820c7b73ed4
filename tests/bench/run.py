#!/usr/bin/env python3
"""Measures posrec and the plain recorder in one run, in turn, on the same captures. See scripts/bench."""
import argparse
import datetime
import os
import pathlib
import platform
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parent.parent
POSREC = SOURCE / "build" / "posrec"
PLAIN = HERE / "plain_recorder.py"
BYTES_A_LINE = 31000
QUERY_RUNS = 7
MONEY_POLLS = 20000
DAY_MS = 86400000
YEAR_RUNS = 3

LEG = "account = 'main' AND symbol = 'ETHUSD_PERP' AND position_side = 'BOTH'"
SERIES = f"SELECT time_ms, unrealized_pnl FROM pnl_history WHERE {LEG} ORDER BY time_ms"
EXPOSURE = """SELECT time_ms, margin_asset, sum(notional_value * mark_price) FROM margin_history
               WHERE notional_value <> 0 GROUP BY time_ms, margin_asset"""

# Each view, and what SQLite takes to sum up the same rows of its table: (name, view, raw scan).
VIEWS = [
    ("pnl_daily", "SELECT * FROM pnl_daily",
     "SELECT leg_id, time_ms / 86400000, min(unrealized_pnl_e8), max(unrealized_pnl_e8) FROM valuation GROUP BY 1, 2"),
    ("margin_daily", "SELECT * FROM margin_daily",
     "SELECT leg_id, time_ms / 86400000, min(isolated_margin_e8), max(isolated_margin_e8) FROM valuation GROUP BY 1, 2"),
    ("exposure", "SELECT count(*), total(gross_usd), total(unrealized_pnl) FROM exposure",
     "SELECT count(*), total(gross), total(pnl) FROM (SELECT margin_asset, time_ms, total(max(notional_value_e8, 0))"
     " + total(min(notional_value_e8, 0)) AS gross, total(unrealized_pnl_e8) AS pnl FROM valuation JOIN leg USING (leg_id)"
     " JOIN contract USING (contract_id) GROUP BY 1, 2)"),
    ("pnl_history of one leg", SERIES,
     "SELECT time_ms, unrealized_pnl_e8 FROM valuation WHERE leg_id = (SELECT leg_id FROM leg JOIN contract"
     " USING (contract_id) WHERE symbol = 'ETHUSD_PERP') ORDER BY time_ms"),
]


def run(command, stdin=None):
    """Runs a command; returns seconds and peak memory in MiB of that child alone."""
    seconds, usage = run_child(command, stdin)
    return seconds, usage.ru_maxrss / 1024


def run_child(command, stdin=None):
    started = time.perf_counter()
    process = subprocess.Popen(command, stdin=stdin, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    text = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{command}: {text.decode()}")
    return time.perf_counter() - started, usage


def import_posrec(captures, database):
    remove(database)
    return run([POSREC, "-q", "-d", database, "import", captures])


def import_plain(captures, database):
    remove(database)
    with open(captures, "rb") as lines:
        return run([sys.executable, PLAIN, "import", database], stdin=lines)


def remove(database):
    for suffix in ("", "-wal", "-shm"):
        pathlib.Path(f"{database}{suffix}").unlink(missing_ok=True)


def median_ms(question):
    times = []
    for _ in range(QUERY_RUNS):
        started = time.perf_counter()
        question()
        times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times)


def drain(cursor):
    return sum(1 for _ in cursor)


def ask_posrec(path):
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    first, last = database.execute(f"SELECT min(time_ms), max(time_ms) FROM pnl_history WHERE {LEG}").fetchone()
    as_of = (SOURCE / "sql" / "reports" / "positions.sql").read_text()
    parameters = {"at_ms": (first + last) // 2, "account": None, "all": 1}
    return {"series": median_ms(lambda: drain(database.execute(SERIES))),
            "asof": median_ms(lambda: drain(database.execute(as_of, parameters))),
            "exposure": median_ms(lambda: drain(database.execute(EXPOSURE)))}


def ask_views(path):
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    rows = [(name, median_ms(lambda: drain(database.execute(view))), median_ms(lambda: drain(database.execute(raw))))
            for name, view, raw in VIEWS]
    lines = ["", "| view | ms | a scan of its rows, ms | ratio |", "|---|---|---|---|"]
    for name, view_ms, raw_ms in rows:
        ratio = f"{raw_ms / view_ms:.1f}x faster" if raw_ms > view_ms else f"{view_ms / raw_ms:.2f}x"
        lines.append(f"| {name} | {view_ms:,.1f} | {raw_ms:,.1f} | {ratio} |")
    return "\n".join(lines) + "\n"


def ask_plain(path):
    def ask(question):
        output = subprocess.run([sys.executable, PLAIN, question, path], capture_output=True, text=True, check=True)
        return float(output.stdout.split()[1])
    return {name: statistics.median(ask(name) for _ in range(3)) for name in ("series", "asof", "exposure")}


def make_captures(polls, path, *options):
    with open(path, "wb") as out:
        subprocess.run([sys.executable, HERE / "make_captures.py", str(polls), *options], stdout=out, check=True)


def measure(polls, folder):
    captures, ours, theirs = folder / "captures.ndjson", folder / "posrec.db", folder / "plain.db"
    need = polls * (BYTES_A_LINE + 14000)
    if shutil.disk_usage(folder).free < need * 1.2:
        sys.exit(f"bench: {polls} polls need {need >> 20} MiB in {folder}; set TMPDIR")
    print(f"{polls} polls: making captures", file=sys.stderr)
    make_captures(polls, captures)
    rounds = 3 if polls <= 20000 else 1
    fast, slow = [], []
    for number in range(rounds):
        print(f"{polls} polls: import, round {number + 1} of {rounds}", file=sys.stderr)
        fast.append(import_posrec(captures, ours))
        slow.append(import_plain(captures, theirs))
    captures.unlink()
    print(f"{polls} polls: questions and verify", file=sys.stderr)
    answers = {"posrec": ask_posrec(ours), "plain": ask_plain(theirs)}
    views = ask_views(ours)
    verify_s, _ = run([POSREC, "-q", "-d", ours, "verify"])
    tenth_s, _ = run([POSREC, "-q", "-d", ours, "verify", "--from", str(polls - polls // 10)])
    import_s = statistics.median(seconds for seconds, _ in fast)
    plain_s = statistics.median(seconds for seconds, _ in slow)
    rows = [
        ("disk, bytes a poll", theirs.stat().st_size / polls, ours.stat().st_size / polls, True),
        ("import, polls a second", polls / plain_s, polls / import_s, False),
        ("PnL series of one leg, ms", answers["plain"]["series"], answers["posrec"]["series"], True),
        ("as-of snapshot of 70 legs, ms", answers["plain"]["asof"], answers["posrec"]["asof"], True),
        ("exposure over all polls, ms", answers["plain"]["exposure"], answers["posrec"]["exposure"], True),
        ("peak memory of import, MiB", slow[0][1], fast[0][1], True),
        ("verify, polls a second", None, polls / verify_s, False),
        ("verify --from, of the last tenth", None, polls / 10 / tenth_s, False),
        ("replay in Python, polls a second", None, replay_rate(ours, polls), False),
    ]
    remove(ours)
    remove(theirs)
    return rows, views


def replay_rate(database, polls):
    """Polls a second of Python's replay, in a process of its own."""
    code = "import sys; import posrec; print(sum(1 for _ in posrec.open(sys.argv[1]).replay()))"
    started = time.perf_counter()
    output = subprocess.run([sys.executable, "-c", code, database], check=True, capture_output=True, text=True,
                            env={**os.environ, "PYTHONPATH": str(SOURCE / "python")}).stdout
    assert int(output) == polls
    return polls / (time.perf_counter() - started)


def import_days(database, days):
    generator = subprocess.Popen([sys.executable, HERE / "make_captures.py", "--days", str(days)], stdout=subprocess.PIPE)
    subprocess.run([POSREC, "-q", "-d", database, "import", "-"], stdin=generator.stdout, check=True)
    if generator.wait() != 0:
        sys.exit("bench: the generator failed")


def measure_money(polls, folder):
    """What it costs to record account, income and trades beside the positions: medians of imports in turn."""
    database, times, sizes = folder / "posrec.db", {"alone": [], "money": []}, {}
    for kind in times:
        print(f"{polls} polls: making captures ({kind})", file=sys.stderr)
        make_captures(polls, folder / f"{kind}.ndjson", *(["--money"] if kind == "money" else []))
    for _ in range(3):
        for kind, seconds in times.items():
            seconds.append(import_posrec(folder / f"{kind}.ndjson", database)[0])
            sizes[kind] = database.stat().st_size / polls
    remove(database)
    rate = {kind: polls / statistics.median(seconds) for kind, seconds in times.items()}
    return (f"### {polls:,} polls, with account, income and trades as they are asked by default\n\n"
            "| what | positions alone | with money | ratio |\n|---|---|---|---|\n"
            f"| disk, bytes a poll | {sizes['alone']:,.0f} | {sizes['money']:,.0f} | "
            f"{sizes['money'] / sizes['alone']:.2f}x (at most 1.5x) |\n"
            f"| import, polls a second | {rate['alone']:,.0f} | {rate['money']:,.0f} | "
            f"{rate['money'] / rate['alone']:.2f}x (at least 0.7x) |\n")


def measure_stream():
    """What tests/e2e/stream_soak.py says of its burst of messages, recorded by a real service."""
    print("the stream: a burst of messages", file=sys.stderr)
    output = subprocess.run([sys.executable, SOURCE / "tests" / "e2e" / "stream_soak.py", POSREC.parent, "0"], check=True,
                            capture_output=True, text=True).stdout
    return f"### The stream\n\n{output.splitlines()[0]}.\n"


def iso(time_ms):
    return datetime.datetime.fromtimestamp(time_ms / 1000, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def year_questions(last_ms, page):
    """(what, arguments, and what each of the whole, a month and a day may take in seconds)."""
    whole = [], ["--from", iso(last_ms - 60 * DAY_MS), "--to", iso(last_ms - 30 * DAY_MS)], \
        ["--from", iso(last_ms - 40 * DAY_MS), "--to", iso(last_ms - 39 * DAY_MS)]
    every = ["--every", "1d"], ["--every", "1d"], ["--every", "1h"]
    for kind in ("equity", "pnl", "exposure", "margin", "income"):
        yield (f"report {kind}, by day (of the day by hour)", [["report", kind, *step, *of] for step, of in zip(every, whole)],
               (0.3, 0.1, 0.05))
    for kind, bars in (("trades", (None, 0.1, 0.05)), ("changes", (None, 0.1, 0.05)), ("coverage", (0.3, 0.1, 0.03)),
                       ("reconcile", (3, None, 0.1)), ("performance", (0.3, 0.1, 0.05)), ("trips", (2, 0.1, 0.05))):
        yield f"report {kind}", [["report", kind, *of] for of in whole], bars
    yield ("report all --format html", [["report", "all", "--format", "html", "--output", page, *of] for of in whole],
           (3, None, 0.5))
    yield "positions --at T", [["positions", "--at", iso(last_ms - 40 * DAY_MS)]], (0.01,)
    yield "status", [["status"]], (0.05,)


def ask_year(database, folder):
    """The processor's time of whole commands, the least of some runs each, over everything, 30 days and a day of them."""
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    first_ms, last_ms = connection.execute("SELECT min(from_ms), max(to_ms) FROM account_range").fetchone()
    connection.close()
    lines = [f"### {(last_ms - first_ms) / DAY_MS:,.0f} days of everything, 8 open legs", "",
             "| what, ms (bar of the year) | whole | 30 days | a day |", "|---|---|---|---|"]
    for what, questions, bars in year_questions(last_ms, folder / "page.html"):
        cells = []
        for arguments, bar in zip(questions, bars):
            usages = [run_child([POSREC, "-q", "-d", database, *arguments])[1] for _ in range(YEAR_RUNS)]
            seconds = min(usage.ru_utime + usage.ru_stime for usage in usages)
            cells.append(f"{seconds * 1000:,.0f}" + (f" ({bar * 1000:,.0f})" if bar else ""))
        lines.append(f"| {what} | " + " | ".join(cells + [""] * (3 - len(cells))) + " |")
    lines.append(f"| the database, MB | {database.stat().st_size / 1e6:,.0f} | | |")
    return "\n".join(lines) + "\n"


def measure_year(folder, days):
    database = folder / "year.db"
    print(f"{days:g} days of everything: making and importing", file=sys.stderr)
    import_days(database, days)
    part = ask_year(database, folder) + "\n" + subprocess.run(
        ["/usr/bin/python3", HERE / "ask_extension.py", database, POSREC.with_suffix(".so")], check=True, capture_output=True,
        text=True).stdout
    remove(database)
    return part


def table(polls, rows):
    lines = [f"### {polls:,} polls", "", "| what | plain recorder | posrec | ratio |", "|---|---|---|---|"]
    for what, plain, posrec, less_is_better in rows:
        ratio = "" if plain is None else f"{(plain / posrec if less_is_better else posrec / plain):.1f}x"
        digits = 2 if posrec < 10 else 0
        shown = "" if plain is None else f"{plain:,.{digits}f}"
        lines.append(f"| {what} | {shown} | {posrec:,.{digits}f} | {ratio} |")
    return "\n".join(lines) + "\n"


def machine():
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")),
                 platform.machine())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 30
    return f"{model}, {os.cpu_count()} cores, {memory} GiB; {platform.system()} {platform.release().split('-')[0]}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--polls", type=int, action="append")
    parser.add_argument("--write", action="store_true", help="renew docs/benchmarks.md")
    parser.add_argument("--year", type=float, nargs="?", const=365, metavar="DAYS",
                        help="questions over a year of everything too, or so many days of it")
    arguments = parser.parse_args()
    text = ""
    with tempfile.TemporaryDirectory(prefix="posrec-bench-") as folder:
        for polls in arguments.polls or [20000, 100000]:
            rows, views = measure(polls, pathlib.Path(folder))
            part = table(polls, rows) + views
            print(part)
            text += part + "\n"
        part = measure_money(min(arguments.polls or [MONEY_POLLS]), pathlib.Path(folder))
        print(part)
        text += part + "\n"
        part = measure_stream()
        print(part)
        text += part + "\n"
        if arguments.year:
            part = measure_year(pathlib.Path(folder), arguments.year)
            print(part)
            text += part + "\n"
    if arguments.write:
        page = SOURCE / "docs" / "benchmarks.md"
        intro = page.read_text().split("## Measured")[0]
        page.write_text(f"{intro}## Measured on {datetime.date.today()}\n\n{machine()}\n\n{text}".rstrip() + "\n")


if __name__ == "__main__":
    main()
