#!/usr/bin/env python3
"""What shares a millisecond, made at random, held against a model of the rules: a message is a double as a whole or
every row of it stands, an answer tells what differs from the last telling, and the last one heard is the last word.

    tellings.py POSREC
"""
import collections
import json
import sqlite3
import subprocess
import sys
import tempfile

from sample import how_many, seeded

HISTORIES = how_many(60, 12)
CAPTURES = 120
START = 1795560370000
PRODUCTS = {"coin-m": (("BTCUSD_PERP", "BOTH"), ("ETHUSD_PERP", "LONG")), "usd-m": (("BTCUSDT", "BOTH"), ("币安人生USDC", "LONG"))}
LEGS = PRODUCTS["coin-m"]  # of each history those of one or the other

TABLES = {
    "account_update": "SELECT transaction_ms, r.capture_id, event_ms, reason FROM account_update AS r",
    "position_update": "SELECT symbol, position_side, transaction_ms, r.capture_id, position_amount_e8 / 100000000 "
                       "FROM position_update AS r JOIN leg USING (leg_id) JOIN contract USING (contract_id)",
    "balance_update": "SELECT asset, transaction_ms, r.capture_id, wallet_balance_e8 / 100000000 FROM balance_update AS r",
    "leverage_update": "SELECT symbol, transaction_ms, r.capture_id, leverage FROM leverage_update AS r "
                       "JOIN contract USING (contract_id)",
    "margin_call": "SELECT symbol, position_side, event_ms, r.capture_id, position_amount_e8 / 100000000 "
                   "FROM margin_call AS r JOIN leg USING (leg_id) JOIN contract USING (contract_id)",
    "trade": "SELECT symbol, position_side, time_ms, trade_id, r.source, revision, r.capture_id, quantity_e8 / 100000000 "
             "FROM trade AS r JOIN leg USING (leg_id) JOIN contract USING (contract_id)",
    "income": "SELECT time_ms, income_type, tran_id, revision, r.capture_id, income_e8 / 100000000 FROM income AS r",
}


class Model:
    """The rows that captures make, by the rules alone."""

    def __init__(self):
        self.rows = {table: set() for table in TABLES}
        self.last = {}  # of each thing: its revision, and what was said of it
        self.order = []  # what stands, as it was heard: (table, thing, said)

    def put(self, table, thing, said, capture):
        revision = self.last.get((table, thing), (-1, None))[0] + 1
        self.last[table, thing] = revision, said
        told = (revision, capture) if table in ("trade", "income") else (capture,)
        self.rows[table].add(thing + told + said)
        self.order.append((table, thing, said))

    def says(self, table, thing):
        return self.last.get((table, thing), (-1, None))[1]

    def message(self, facts, capture):
        facts = {(table, thing): said for table, thing, said in facts}  # of one thing the last
        if any(self.says(*key) != said for key, said in facts.items()):
            for (table, thing), said in facts.items():
                self.put(table, thing, said, capture)

    def answer(self, facts, capture):
        for table, thing, said in facts:
            if self.says(table, thing) != said:
                self.put(table, thing, said, capture)


def account_update(draw, now):
    time, event = START + draw.randrange(2), START + 5 + draw.randrange(2)
    reason = draw.choice(("ORDER", "ORDER", "FUNDING_FEE"))
    facts, positions, balances = [("account_update", (time,), (event, reason))], [], []
    for leg in draw.choices(LEGS, k=draw.randrange(3)):
        amount = draw.randrange(3)
        positions.append({"s": leg[0], "ps": leg[1], "pa": str(amount)})
        facts.append(("position_update", leg + (time,), (amount,)))
    for asset in draw.choices(("BTC", "ETH"), k=draw.randrange(3)):
        balance = draw.randrange(2)
        balances.append({"a": asset, "wb": str(balance)})
        facts.append(("balance_update", (asset, time), (balance,)))
    return facts, {"e": "ACCOUNT_UPDATE", "E": event, "T": time, "a": {"m": reason, "B": balances, "P": positions}}


def leverage_update(draw, now):
    symbol, time, leverage = draw.choice(LEGS)[0], START + draw.randrange(2), draw.randrange(1, 3)
    return ([("leverage_update", (symbol, time), (leverage,))],
            {"e": "ACCOUNT_CONFIG_UPDATE", "E": time, "T": time, "ac": {"s": symbol, "l": leverage}})


def margin_call(draw, now):
    time, facts, positions = START + draw.randrange(2), [], []
    for leg in draw.choices(LEGS, k=draw.randrange(1, 4)):
        amount = draw.randrange(3)
        positions.append({"s": leg[0], "ps": leg[1], "pa": str(amount)})
        facts.append(("margin_call", leg + (time,), (amount,)))
    return facts, {"e": "MARGIN_CALL", "E": time, "p": positions}


def stream_trade(draw, now):
    leg, trade, quantity = draw.choice(LEGS), draw.randrange(1, 3), draw.randrange(10, 12)
    time = START + (draw.random() < 0.1)
    return ([("trade", leg + (time, str(trade), "stream"), (quantity,))],
            {"e": "ORDER_TRADE_UPDATE", "E": time, "T": time,
             "o": {"s": leg[0], "ps": leg[1], "x": "TRADE", "t": trade, "T": time, "l": str(quantity), "S": "BUY"}})


def user_trades(draw, now):
    facts, body = [], []
    for _ in range(draw.randrange(4)):
        leg, trade, quantity = LEGS[0], draw.randrange(1, 3), draw.randrange(10, 12)
        facts.append(("trade", leg + (START, str(trade), "rest"), (quantity,)))
        body.append({"symbol": leg[0], "positionSide": leg[1], "id": trade, "time": START, "qty": str(quantity), "side": "BUY"})
    return facts, body


def income(draw, now):
    facts, body = [], []
    for _ in range(draw.randrange(5)):
        kind, tran, amount = draw.choice(("FUNDING_FEE", "TRANSFER")), draw.randrange(1, 3), draw.randrange(10, 12)
        facts.append(("income", (START, kind, str(tran)), (amount,)))
        body.append({"time": START, "incomeType": kind, "tranId": tran, "asset": "BTC", "symbol": "", "income": str(amount)})
    return facts, body


MESSAGES = (account_update, account_update, account_update, leverage_update, margin_call, stream_trade)
ANSWERS = (("userTrades", user_trades), ("income", income))


def history(draw):
    """The lines of a history, and the model of its rows."""
    model, lines, recorded, now = Model(), [], set(), START + 10
    while len(recorded) < CAPTURES:
        now += draw.choice((0, 0, 0, 1))
        endpoint, make = draw.choice(ANSWERS) if draw.random() < 0.3 else ("userData", draw.choice(MESSAGES))
        now += endpoint != "userData"
        facts, content = make(draw, now)
        body = json.dumps(content, separators=(",", ":"))
        lines.append(json.dumps({"account": "main", "received_ms": now, "endpoint": endpoint, "body": body}))
        if (endpoint, now, body) not in recorded:  # else it is recorded already
            recorded.add((endpoint, now, body))
            (model.message if endpoint == "userData" else model.answer)(facts, len(recorded))
    return lines, model


def stored(database):
    with sqlite3.connect(database) as connection:
        return {table: collections.Counter(connection.execute(sql)) for table, sql in TABLES.items()}


def check_rows(database, model):
    found = stored(database)
    for table, rows in model.rows.items():
        assert found[table] == collections.Counter(rows), (table, sorted(set(found[table]) ^ rows))


def check_views(database, model):
    """Every row is in its view with what its own message says, and what was heard last is the last."""
    with sqlite3.connect(database) as connection:
        def ask(sql):
            return connection.execute(sql).fetchall()
        reasons = {row[1]: row[3] for row in model.rows["account_update"]}
        told = ask("SELECT symbol, position_side, transaction_ms, capture_id, position_amount, reason FROM account_update_history")
        assert sorted(row[:5] for row in told) == sorted(model.rows["position_update"])
        assert all(row[5] == reasons[row[3]] for row in told)
        states = {row[:3]: row[3] for row in ask("SELECT symbol, position_side, time_ms, position_amount FROM position_timeline "
                                                 "ORDER BY time_ms, capture_id")}
        assert states == {thing: said[0] for table, thing, said in model.order if table == "position_update"}
        changes = {row[:3]: row[3] for row in ask("SELECT symbol, position_side, time_ms, position_amount FROM timeline_change "
                                                  "ORDER BY time_ms, capture_id")}
        assert changes == states
        trades = {}
        for table, thing, said in model.order:
            if table == "trade":
                trades[thing[0], thing[1], thing[3], thing[4]] = thing[2], said[0]
        told = ask("SELECT symbol, position_side, trade_id, source, time_ms, quantity FROM trade_told")
        assert len(told) == len(trades) and {row[:4]: row[4:] for row in told} == trades, (told, trades)
        shown = {}
        for leg_and_id in {key[:3] for key in trades}:
            rest, stream = trades.get(leg_and_id + ("rest",)), trades.get(leg_and_id + ("stream",))
            differs = bool(rest and stream and rest != stream)
            shown[leg_and_id] = (rest or stream) + ("both" if rest and stream else "rest" if rest else "stream", differs)
        told = ask("SELECT symbol, position_side, trade_id, time_ms, quantity, source, coalesce(difference, '') <> '' "
                   "FROM trade_history")
        assert len(told) == len(shown) and {row[:3]: row[3:] for row in told} == shown, (told, shown)
        paid = {thing: said[0] for table, thing, said in model.order if table == "income"}
        told = ask("SELECT time_ms, income_type, tran_id, income FROM income_history")
        assert len(told) == len(paid) and {row[:3]: row[3] for row in told} == paid


def main():
    global LEGS
    posrec, draw = sys.argv[1], seeded()
    for number in range(HISTORIES):
        product = tuple(PRODUCTS)[number % 2]
        LEGS = PRODUCTS[product]
        with tempfile.TemporaryDirectory(prefix="posrec-tellings-") as folder:
            database = f"{folder}/told.db"

            def run(*arguments, text=None):
                subprocess.run([posrec, "-q", "-d", database, *arguments], input=text, text=True, check=True,
                               stdout=subprocess.DEVNULL)
            lines, model = history(draw)
            at = 0
            while at < len(lines):  # by one process after the other, each of which is handed some of what is there
                end = at + draw.randrange(1, 40)
                run("import", "--product", product, "-", text="\n".join(lines[max(0, at - draw.randrange(5)):end]) + "\n")
                at = end
            check_rows(database, model)
            check_views(database, model)
            run("verify")
            for start in draw.sample(range(2, CAPTURES + 1), 5):
                run("verify", "--from", str(start))
            before = stored(database)
            run("rebuild")
            run("verify")
            assert stored(database) == before
            run("report", "reconcile")
    print(f"{HISTORIES} histories of {CAPTURES} captures")


if __name__ == "__main__":
    main()
