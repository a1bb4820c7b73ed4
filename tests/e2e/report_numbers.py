#!/usr/bin/env python3
"""Every number of the views and reports, against a computation of its own from the captured bodies.

    report_numbers.py POSREC

Makes a week of two accounts: trades, flips, funding, gaps, failed polls, a delisting, and some answers
that do not add up. Imports it, asks posrec, and compares with what Python's decimal says of the bodies.
"""
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
from datetime import datetime, timezone
from decimal import Decimal, ROUND_HALF_UP, getcontext

getcontext().prec = 60
POSREC = os.path.abspath(sys.argv[1])
START_MS = 1767571200000  # 2026-01-05, a Monday
STEP_MS = 300000
POLLS = 7 * 288
HOUR_MS, DAY_MS = 3600000, 86400000
SIZES = {"BTCUSD_PERP": 100, "ETHUSD_PERP": 10, "BTCUSD_260109": 100, "DOGEUSD_PERP": 10}
ASSETS = {"BTCUSD_PERP": "BTC", "ETHUSD_PERP": "ETH", "BTCUSD_260109": "BTC", "DOGEUSD_PERP": "DOGE"}
DELISTED_AT = START_MS + 4 * DAY_MS + 8 * HOUR_MS
GAPS = [(500, 524), (1203, 1207)]  # polls that were never sent
FAILED = {700, 701, 1500}


def e8(value):
    return value.quantize(Decimal("1e-8"), ROUND_HALF_UP)


def text(value):
    return format(e8(value), "f")


class Leg:
    def __init__(self, rng, symbol, side, isolated):
        self.rng, self.symbol, self.side, self.isolated = rng, symbol, side, isolated
        self.amount, self.entry, self.leverage, self.update = 0, Decimal(0), 20, 0
        self.wallet = Decimal(0)

    def sign(self):
        return {"LONG": 1, "SHORT": -1}.get(self.side) or self.rng.choice((1, -1))

    def act(self, now, mark):
        """Opens, increases, reduces, closes or flips; rarely changes leverage and nothing else."""
        what = self.rng.random()
        if what < 0.12:
            self.leverage = self.rng.choice((5, 10, 20, 50))
            return
        before = self.amount
        if self.amount == 0:
            self.amount, self.entry = self.sign() * self.rng.randrange(1, 60), mark
        elif what < 0.45:
            more = self.rng.randrange(1, 20) * (1 if self.amount > 0 else -1)
            self.entry = e8((self.amount + more) / (self.amount / self.entry + more / mark))
            self.amount += more
        elif what < 0.7 and abs(self.amount) > 1:
            self.amount -= (1 if self.amount > 0 else -1) * self.rng.randrange(1, abs(self.amount))
        elif what < 0.85 and self.side == "BOTH":
            self.amount, self.entry = -self.amount, mark
        else:
            self.amount, self.entry = 0, Decimal(0)
        assert self.amount != before
        self.update = now - self.rng.randrange(1, STEP_MS // 2)
        self.wallet = e8(abs(self.amount) * SIZES[self.symbol] / mark / self.leverage) if self.isolated else Decimal(0)

    def fund(self, now, mark):
        if self.isolated and self.amount:
            self.wallet -= e8(abs(self.amount) * SIZES[self.symbol] / mark / 10000)
            self.update = now - 1

    def row(self, mark):
        opened = self.amount != 0
        pnl = e8(self.amount * SIZES[self.symbol] * (1 / self.entry - 1 / mark)) if opened else Decimal(0)
        liquidation = e8(self.entry * (Decimal("0.9") if self.amount > 0 else Decimal("1.1"))) if opened else Decimal(0)
        return {"symbol": self.symbol, "positionAmt": str(self.amount), "entryPrice": text(self.entry),
                "breakEvenPrice": text(self.entry), "markPrice": text(mark), "unRealizedProfit": text(pnl),
                "liquidationPrice": text(liquidation), "leverage": str(self.leverage), "maxQty": "100",
                "marginType": "isolated" if self.isolated else "cross",
                "isolatedMargin": text(self.wallet + pnl if self.isolated and opened else Decimal(0)),
                "isAutoAddMargin": "false", "positionSide": self.side,
                "notionalValue": text(self.amount * SIZES[self.symbol] / mark),
                "isolatedWallet": text(self.wallet), "updateTime": self.update}


def find(rows, symbol, side):
    return next(row for row in rows if row["symbol"] == symbol and row["positionSide"] == side)


def spoil(account, number, rows, expected):
    """Some answers that do not add up; notes what reconcile must find."""
    def note(kind, symbol, side):
        expected.append((kind, account, symbol, side, number))
    if account != "main":
        return
    if number == 300:
        row = find(rows, "BTCUSD_PERP", "LONG")
        row["unRealizedProfit"] = text(Decimal(row["unRealizedProfit"]) + Decimal("0.00005"))
        note("pnl_difference", "BTCUSD_PERP", "LONG")
    if number == 301:
        find(rows, "ETHUSD_PERP", "SHORT")["isolatedMargin"] = "0.5"
        note("isolated_margin_on_cross", "ETHUSD_PERP", "SHORT")


def week():
    """(capture lines, good polls {account: [(number, time, rows)]}, injected findings)"""
    rng = random.Random(7)
    marks = {"BTCUSD_PERP": Decimal(90000), "ETHUSD_PERP": Decimal(3100), "BTCUSD_260109": Decimal(90500),
             "DOGEUSD_PERP": Decimal("0.14")}
    accounts = {
        "main": [Leg(rng, s, side, False) for s in SIZES for side in ("BOTH", "LONG", "SHORT")],
        "second": [Leg(rng, s, "BOTH", s == "ETHUSD_PERP") for s in SIZES]}
    lines, good, findings = [], {name: [] for name in accounts}, []
    for number in range(POLLS):
        due = START_MS + number * STEP_MS
        for symbol in marks:
            marks[symbol] = e8(marks[symbol] * Decimal(1 + (rng.random() - 0.5) / 200))
        for name, legs in accounts.items():
            usable = [leg for leg in legs if name == "second" or leg.side != "BOTH"]
            if number == 0:
                for leg in usable[::2]:
                    leg.amount, leg.entry, leg.update = leg.sign() * 10, marks[leg.symbol], due - 1000
            elif number == 300:  # what spoil() touches is open there
                leg = next(leg for leg in legs if leg.symbol == "BTCUSD_PERP" and leg.side in ("LONG", "BOTH"))
                leg.amount, leg.entry, leg.update = 25, marks[leg.symbol], due - 1
            elif rng.randrange(12) == 0:
                leg = rng.choice(usable)
                leg.act(due, marks[leg.symbol])
            if due % (8 * HOUR_MS) == 0 and number:
                for leg in legs:
                    leg.fund(due, marks[leg.symbol])
            legs[:] = [leg for leg in legs if due < DELISTED_AT or leg.symbol != "BTCUSD_260109"]
            time = due + 40 + rng.randrange(50)
            line = {"account": name, "due_ms": due, "sent_ms": due + 1, "received_ms": time, "interval_ms": STEP_MS}
            if any(first <= number < last for first, last in GAPS):
                continue
            if number in FAILED:
                lines.append({**line, "http_status": 503, "body": "overloaded"})
                continue
            rows = [leg.row(marks[leg.symbol]) for leg in legs]
            spoil(name, number, rows, findings)
            lines.append({**line, "http_status": 200, "body": json.dumps(rows)})
            good[name].append((number, time, rows))
    return lines, good, findings


# What the bodies say, without posrec.

def key(row):
    return row["symbol"], row["positionSide"]


def amount(row):
    return Decimal(row["positionAmt"])


def pnl(row):
    return Decimal(row["unRealizedProfit"])


def usd(row):
    return e8(pnl(row) * Decimal(row["markPrice"]))


def expected_pnl(row):
    if amount(row) == 0:
        return Decimal(0)
    return e8(amount(row) * SIZES[row["symbol"]] * (1 / Decimal(row["entryPrice"]) - 1 / Decimal(row["markPrice"])))


def initial_margin(row):
    return abs(amount(row)) * SIZES[row["symbol"]] / Decimal(row["markPrice"]) / Decimal(row["leverage"])


def distance(row):
    mark, liquidation = Decimal(row["markPrice"]), Decimal(row["liquidationPrice"])
    if amount(row) == 0 or liquidation == 0:
        return None
    return (mark - liquidation if amount(row) > 0 else liquidation - mark) / mark


POSITION = ("updateTime", "positionAmt", "entryPrice", "breakEvenPrice", "leverage", "maxQty", "marginType",
            "isAutoAddMargin", "isolatedWallet")


def valuations(polls):
    """{leg: [(time, row)]}: what docs/schema.md says is written: at every poll while the leg is open,
    whenever its position row is new, and else when a value differs."""
    out, last = {}, {}
    for _, time, rows in polls:
        for row in rows:
            leg = key(row)
            before = last.get(leg)
            if amount(row) != 0 or before is None or before != row:
                out.setdefault(leg, []).append((time, row))
            last[leg] = row
        for leg in [leg for leg in last if leg not in {key(row) for row in rows}]:
            out[leg].append((time, None))
            del last[leg]
    return out


def iso(ms):
    return datetime.fromtimestamp(ms / 1000, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03d}Z"


def day(ms):
    return datetime.fromtimestamp(ms / 1000, timezone.utc).strftime("%Y-%m-%d")


def ask(*arguments):
    output = subprocess.run([POSREC, "-q", "-d", "week.db", *arguments, "--format", "json"], check=True,
                            capture_output=True).stdout
    return json.loads(output, parse_float=Decimal, parse_int=Decimal)


def same(what, got, expected):
    """Compares rows by their first columns in order; every cell must be equal."""
    checked = 0
    if len(got) != len(expected):
        sys.exit(f"{what}: {len(got)} rows, expected {len(expected)}")
    for mine, theirs in zip(expected, got):
        for name, value in mine.items():
            if theirs[name] != value:
                sys.exit(f"{what}: {name} is {theirs[name]}, expected {value}\n posrec: {theirs}\n bodies: {mine}")
            checked += 1
    print(f"{what}: {len(expected)} rows, {checked} values equal")


def leg_columns(account, leg):
    return {"account": account, "symbol": leg[0], "position_side": leg[1]}


def check_histories(good):
    pnl_rows, margin_rows = [], []
    for account, polls in good.items():
        for leg, values in sorted(valuations(polls).items()):
            for time, row in values:
                head = {**leg_columns(account, leg), "time_ms": time, "time": iso(time)}
                gone = row is None
                pnl_rows.append({**head, "margin_asset": ASSETS[leg[0]],
                                 "position_amount": None if gone else amount(row),
                                 "entry_price": None if gone else Decimal(row["entryPrice"]),
                                 "mark_price": None if gone else Decimal(row["markPrice"]),
                                 "unrealized_pnl": None if gone else pnl(row),
                                 "unrealized_pnl_usd": None if gone else usd(row),
                                 "expected_pnl": None if gone else expected_pnl(row),
                                 "pnl_difference": None if gone else pnl(row) - expected_pnl(row)})
                margin_rows.append({**head, "leverage": None if gone else Decimal(row["leverage"]),
                                    "margin_type": None if gone else row["marginType"],
                                    "isolated_margin": None if gone else Decimal(row["isolatedMargin"]),
                                    "isolated_wallet": None if gone else Decimal(row["isolatedWallet"]),
                                    "notional_value": None if gone else Decimal(row["notionalValue"]),
                                    "liquidation_price": None if gone else Decimal(row["liquidationPrice"])})
    order = "ORDER BY account, symbol, position_side, time_ms"
    same("pnl_history", ask("sql", f"SELECT * FROM pnl_history {order}"), pnl_rows)
    same("margin_history", ask("sql", f"SELECT * FROM margin_history {order}"), margin_rows)


def known(values):
    return [value for value in values if value is not None]


def check_dailies(good):
    pnl_rows, margin_rows = [], []
    for account, polls in good.items():
        for leg, values in sorted(valuations(polls).items()):
            days = {}
            for time, row in values:
                days.setdefault(day(time), []).append(row)
            for name, rows in days.items():
                def four(column, of):
                    all_of = [None if row is None else of(row) for row in rows]
                    return {f"{column}_first": all_of[0], f"{column}_last": all_of[-1],
                            f"{column}_min": min(known(all_of), default=None),
                            f"{column}_max": max(known(all_of), default=None)}
                head = {**leg_columns(account, leg), "day": name}
                pnl_rows.append({**head, **four("unrealized_pnl", pnl), **four("unrealized_pnl_usd", usd)})
                margin_rows.append({**head, **four("isolated_margin", lambda row: Decimal(row["isolatedMargin"])),
                                    **four("initial_margin", initial_margin), **four("liquidation_distance", distance)})
    order = "ORDER BY account, symbol, position_side, day_ms"
    same("pnl_daily", ask("sql", f"SELECT * FROM pnl_daily {order}"), pnl_rows)
    got = ask("sql", f"SELECT * FROM margin_daily {order}")
    same("margin_daily", rounded(got), rounded(margin_rows))


def rounded(rows):
    """Ratios are compared to eight places."""
    return [{name: e8(value) if isinstance(value, Decimal) and name != "day_ms" else value
             for name, value in row.items()} for row in rows]


def exposure_of(rows, asset):
    legs = [row for row in rows if ASSETS[row["symbol"]] == asset]
    notional = [amount(row) * SIZES[row["symbol"]] for row in legs]
    long, short = sum(n for n in notional if n > 0), -sum(n for n in notional if n < 0)
    return {"long_usd": long, "short_usd": short, "net_usd": long - short, "gross_usd": long + short,
            "unrealized_pnl": sum(pnl(row) for row in legs)}


def check_exposure(good):
    expected = []
    for account, polls in good.items():
        written = {}
        for leg, values in valuations(polls).items():
            for time, _ in values:
                written.setdefault((ASSETS[leg[0]], time), set()).add(leg)
        states = {time: rows for _, time, rows in polls}
        for asset, time in sorted(written):
            legs = [row for row in states[time] if key(row) in written[asset, time]]
            expected.append({"account": account, "margin_asset": asset, "time_ms": time, "time": iso(time),
                             **exposure_of(legs, asset)})
    same("exposure", ask("sql", "SELECT * FROM exposure ORDER BY account, margin_asset, time_ms"), expected)


class Sampler:
    """An account's good polls, asked at steps."""

    def __init__(self, account, polls):
        self.account = account
        self.polls = [(time, {key(row): row for row in rows}) for _, time, rows in polls]
        self.legs = sorted({leg for _, rows in self.polls for leg in rows})

    def at(self, moment):
        """The rows that are known just before a moment, None in a gap."""
        before = [poll for poll in self.polls if poll[0] < moment]
        after = [poll for poll in self.polls if poll[0] >= moment]
        if not before:
            return None
        if before[-1][0] == moment - 1:
            return before[-1][1]
        apart = (after[0][0] if after else moment) - before[-1][0]
        return before[-1][1] if apart <= 1.5 * STEP_MS else None

    def since(self, before, moment):
        return [rows for time, rows in self.polls if before <= time < moment]

    def opened(self, leg, start, end):
        """At some poll from the last before `start` on."""
        first = max((time for time, _ in self.polls if time < start), default=start)
        return any(leg in rows and amount(rows[leg]) != 0 for time, rows in self.polls if first <= time < end)


def steps(start, end, every):
    moments = list(range(start // every * every + every, end + 1, every))
    return list(zip([start] + moments[:-1], moments))


def check_sampled(good, start, end, every, name):
    pnl_rows, margin_rows, exposure_rows = [], [], []
    for account, polls in good.items():
        sampler = Sampler(account, polls)
        low, high = max(start, sampler.polls[0][0]), end
        base = ([rows for time, rows in sampler.polls if time < low] or [sampler.polls[0][1]])[-1]
        legs = [leg for leg in sampler.legs if sampler.opened(leg, low, high)]
        moments = steps(low, high, every) if every else [(low, high)]
        for leg in legs:
            for before, moment in moments:
                between = [rows[leg] for rows in sampler.since(before, moment) if leg in rows]
                if every:
                    shown, state = moment, sampler.at(moment)
                else:
                    shown, state = [poll for poll in sampler.polls if poll[0] < high][-1]
                row = (state or {}).get(leg)
                head = {**leg_columns(account, leg), "time": iso(shown)}
                unknown = state is None
                start_row = base.get(leg)
                pnl_rows.append({
                    **head, "position_amount": amount(row) if row else None,
                    "unrealized_pnl": pnl(row) if row else None,
                    "unrealized_pnl_usd": usd(row) if row else None,
                    "change": pnl(row) - pnl(start_row) if row and start_row else None,
                    "change_usd": usd(row) - usd(start_row) if row and start_row else None,
                    "min": None if unknown else min(map(pnl, between), default=None),
                    "max": None if unknown else max(map(pnl, between), default=None),
                    "min_usd": None if unknown else min(map(usd, between), default=None),
                    "max_usd": None if unknown else max(map(usd, between), default=None)})
                margin_rows.append({
                    **head, "leverage": Decimal(row["leverage"]) if row else None,
                    "isolated_margin": Decimal(row["isolatedMargin"]) if row else None,
                    "initial_margin": e8(initial_margin(row)) if row else None,
                    "liquidation_distance": e8(distance(row)) if row and distance(row) is not None else None,
                    "liquidation_distance_min": None if unknown else min(
                        map(e8, known(map(distance, between))), default=None)})
        for asset in sorted({ASSETS[leg[0]] for leg in legs}):
            for _, moment in moments:
                if every:
                    shown, state = moment, sampler.at(moment)
                else:
                    shown, state = [poll for poll in sampler.polls if poll[0] < high][-1]
                values = {"long_usd": None, "gross_usd": None, "net_usd": None, "unrealized_pnl": None}
                if state is not None:
                    rows = [row for leg, row in state.items() if leg in legs]
                    values = exposure_of(rows, asset)
                exposure_rows.append({"account": account, "margin_asset": asset, "time": iso(shown), **values})
    options = ["--from", str(start), "--to", str(end)] + (["--every", name] if every else [])
    label = f"every {name}" if every else "whole range"
    same(f"report pnl, {label}", ask("report", "pnl", *options), pnl_rows)
    same(f"report margin, {label}", ask("report", "margin", *options), margin_rows)
    same(f"report exposure, {label}", ask("report", "exposure", *options), exposure_rows)


def kind_of(before, row):
    if row is None:
        return "vanish"
    now, was = amount(row), amount(before) if before else None
    if before is None:
        return "open" if now else "seen"
    if now == was:
        return "settings"
    if was == 0:
        return "open"
    if now == 0:
        return "close"
    if (now > 0) != (was > 0):
        return "flip"
    return "increase" if abs(now) > abs(was) else "reduce"


def position_changes(polls):
    """(number, time, leg, before, row) of each position row in the order of its coming."""
    last = {}
    for number, time, rows in polls:
        for row in rows:
            before = last.get(key(row))
            if before is None or any(before[name] != row[name] for name in POSITION):
                yield number, time, key(row), before, row
            last[key(row)] = row
        for leg in [leg for leg in last if leg not in {key(row) for row in rows}]:
            yield number, time, leg, last.pop(leg), None


def check_changes(good):
    expected = []
    for account, polls in good.items():
        opened = {}
        for number, seen, leg, before, row in position_changes(polls):
            kind = kind_of(before, row)
            moved = row is not None and row["updateTime"] > (before["updateTime"] if before else 0)
            time = row["updateTime"] if moved else seen
            held = Decimal(time - opened[leg]) / 1000 if before and amount(before) != 0 else None
            if kind in ("open", "flip"):
                opened[leg] = time
            if kind == "seen":
                continue
            now_open = row is not None and amount(row) != 0
            expected.append((seen, {
                **leg_columns(account, leg), "time": iso(time), "change": kind,
                "previous_position_amount": amount(before) if before else None,
                "position_amount": amount(row) if row else None,
                "amount_change": (amount(row) - (amount(before) if before else 0)) if row else None,
                "average_entry_price": Decimal(row["entryPrice"]) if now_open else
                (Decimal(before["entryPrice"]) or None) if before else None,
                "leverage": Decimal(row["leverage"]) if row else None, "held_s": held}))
    expected.sort(key=lambda item: (item[0], item[1]["account"], item[1]["symbol"], item[1]["position_side"]))
    same("report changes", ask("report", "changes"), [row for _, row in expected])
    kinds = {row["change"] for _, row in expected}
    assert kinds >= {"open", "increase", "reduce", "close", "flip", "settings", "vanish"}, kinds


def check_reconcile(good, injected):
    expected = set()
    times = {(account, number): time for account, polls in good.items() for number, time, _ in polls}
    for kind, account, symbol, side, number in injected:
        expected.add((kind, account, symbol, side, iso(times[account, number])))
    for account, polls in good.items():
        before_ms = dict(zip([time for _, time, _ in polls][1:], [time for _, time, _ in polls]))
        expected |= {("not_recorded", account, None, None, iso(last_ms)) for time_ms, last_ms in before_ms.items()
                     if time_ms - last_ms > 1.5 * STEP_MS}
        for _, seen, leg, before, row in position_changes(polls):
            where = (account, *leg, iso(seen))
            if row is None:
                if amount(before) != 0:
                    expected.add(("close_never_seen", *where))
            elif before is not None and before["updateTime"] == row["updateTime"]:
                expected.add(("changed_without_update", *where))
            if kind_of(before, row) != "seen" and seen in before_ms and seen - before_ms[seen] > 1.5 * STEP_MS:
                expected.add(("gap_hides_change", *where))
    rows = ask("report", "reconcile")
    got = {(row["finding"], row["account"], row["symbol"], row["position_side"], row["time"]) for row in rows}
    if got != expected:
        sys.exit(f"reconcile: missing {expected - got}\n too many {got - expected}")
    kinds = {row[0] for row in expected}
    assert kinds == {"pnl_difference", "isolated_margin_on_cross", "close_never_seen", "changed_without_update",
                     "gap_hides_change", "not_recorded"}, kinds
    for row in rows:
        if row["finding"] == "not_recorded":
            continue
        body = json.loads(subprocess.run([POSREC, "-q", "-d", "week.db", "body", str(row["capture_id"])], check=True,
                                         capture_output=True).stdout)
        present = any(key(one) == (row["symbol"], row["position_side"]) for one in body)
        assert present == (row["finding"] != "close_never_seen"), row
    print(f"report reconcile: {len(rows)} findings, each as expected and in the body that it names")


def check_csv(good):
    """A spreadsheet's reading: points as decimals, CRLF, the same numbers."""
    output = subprocess.run([POSREC, "-q", "-d", "week.db", "report", "pnl", "--every", "1h", "--format", "csv"],
                            check=True, capture_output=True).stdout.decode()
    lines = output.split("\r\n")
    assert lines[-1] == "" and "\n" not in output.replace("\r\n", "")
    head = lines[0].split(",")
    rows = ask("report", "pnl", "--every", "1h")
    assert len(rows) == len(lines) - 2
    for line, row in zip(lines[1:-1], rows):
        for name, cell in zip(head, line.split(",")):
            value = row[name]
            assert cell == ("" if value is None else value if isinstance(value, str) else format(value, "f")), (name, cell, value)
    print(f"csv: {len(rows)} rows say the same as JSON")


def main():
    with tempfile.TemporaryDirectory(prefix="posrec-numbers-") as folder:
        lines, good, injected = week()
        os.chdir(folder)
        pathlib.Path("week.ndjson").write_text("".join(json.dumps(line) + "\n" for line in lines))
        subprocess.run([POSREC, "-q", "-d", "week.db", "import", "week.ndjson"], check=True)
        end = START_MS + 7 * DAY_MS
        check_histories(good)
        check_dailies(good)
        check_exposure(good)
        last = max(polls[-1][1] for polls in good.values())
        check_sampled(good, START_MS, last + 1, HOUR_MS, "1h")
        check_sampled(good, START_MS, last, DAY_MS, "1d")
        check_sampled(good, good["main"][40][1], good["main"][600][1], None, None)
        check_sampled(good, good["main"][40][1], good["main"][200][1], STEP_MS, "5m")
        check_sampled(good, START_MS + GAPS[0][0] * STEP_MS + 1, end - DAY_MS, DAY_MS, "1d")
        check_sampled(good, START_MS + 30 * HOUR_MS + 17, START_MS + 60 * HOUR_MS + 3, STEP_MS, "5m")
        check_sampled(good, START_MS + 3 * DAY_MS, end - DAY_MS, None, None)
        check_changes(good)
        check_reconcile(good, injected)
        check_csv(good)


if __name__ == "__main__":
    main()
