#!/usr/bin/env python3
"""Records an account's stream under load and under every fault that a stream can have.

    stream_soak.py BUILD [SECONDS]

First 20,000 messages at 2,000 a second: all must be there, and no gap of polls where other programs leave a processor
for them; how long a message took from receipt to commit, and the bytes that it takes, are printed. Then for so many
seconds trades, each under a fault of the stream chosen by chance: `report reconcile` must name exactly the changes
whose messages the exchange dropped, and everything else that was sent must be recorded. Where the machine was too busy
to poll in time there are gaps, and reconcile says what they hide: that is counted, and no mistake.
"""
import collections
import contextlib
import json
import os
import pathlib
import re
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

from machine import busy_s, is_idle, process_s
from sample import LONG, seeded

BURST, PER_SECOND = 20000, 2000
BYTES_MAX = 450
WAIT_S = 300
LEGS = [("BTCUSD_PERP", "LONG"), ("BTCUSD_PERP", "SHORT"), ("ETHUSD_PERP", "LONG"), ("ETHUSD_PERP", "SHORT")]
# Each trade is three messages. Those that end the connection come after the trade, so that nothing is lost by them.
FAULTS = ["", "drop=3", "duplicate=3", "delay=3&delay_ms=200", "reorder=1", "fragment=3"]
ENDING = ["mask=1", "oversize=1", "garbage=1", "close=1011", "break=1", "expire=1"]
RECORDED = re.compile(r"event=capture account=\S+ capture=(\d+) endpoint=userData outcome=ok")


class Soak:
    def __init__(self, build, folder):
        self.posrec, self.folder = build / "posrec", folder
        (folder / "accounts").write_text("a hedge key secret\n")
        self.exchange = subprocess.Popen([build / "dapi-sim", "--accounts", folder / "accounts", "--steady",
                                          "--no-trades", "--weight-limit", "1000000"], stdout=subprocess.PIPE, text=True)
        self.port = self.exchange.stdout.readline().strip()
        for name, text in (("a.key", "key"), ("a.secret", "secret")):
            (folder / name).write_text(text)
            (folder / name).chmod(0o600)
        (folder / "posrec.ini").write_text(
            "[posrec]\ndatabase = posrec.db\ninterval = 500ms\n[account a]\nrecord = positions, stream\napi_key_file = a.key\nsecret_file = a.secret\n"
            f"base_url = http://127.0.0.1:{self.port}\nstream_url = ws://127.0.0.1:{self.port}\n")
        self.service = subprocess.Popen([self.posrec, "run", "-v"], cwd=folder, stderr=subprocess.PIPE, text=True)
        self.logged_ms = {}
        self.reader = threading.Thread(target=self.read_log)
        self.reader.start()

    def read_log(self):
        for line in self.service.stderr:
            found = RECORDED.search(line)
            if found:
                self.logged_ms[int(found.group(1))] = time.time() * 1000

    def stop(self):
        self.service.terminate()
        self.service.wait()
        self.reader.join()
        self.exchange.terminate()
        self.exchange.wait()

    def sim(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/sim/{path}") as answer:
            return answer.read().decode()

    def sql(self, query):
        try:
            with contextlib.closing(sqlite3.connect(f"file:{self.folder}/posrec.db?mode=ro", uri=True,
                                                    timeout=10)) as database:
                return database.execute(query).fetchall()
        except sqlite3.OperationalError:
            if self.logged_ms:
                raise
            return [(0,)] # the database, or its schema, is still to come

    def wait(self, what, condition):
        end = time.monotonic() + WAIT_S
        while not condition():
            if time.monotonic() > end or self.service.poll() is not None:
                sys.exit(f"waited in vain for: {what}")
            time.sleep(0.02)

    def count(self, where):
        return self.sql(f"SELECT count(*) FROM capture WHERE {where}")[0][0]

    def others_s(self):
        """Seconds that the machine has worked for other programs than these."""
        return busy_s() - sum(process_s(pid) for pid in (self.service.pid, self.exchange.pid, os.getpid()))

    def wait_for_polls(self, more=2):
        """More than one, so that one of them was asked after now."""
        wanted = self.count("endpoint = 'positionRisk' AND outcome = 'ok'") + more
        self.wait("polls", lambda: self.count("endpoint = 'positionRisk' AND outcome = 'ok'") >= wanted)

    def is_heard(self):
        """Whether the exchange sends its messages to somebody: a moment after it answered the handshake."""
        return int(self.sim("streams")) > 0

    def messages(self, fate):
        return [entry["message"] for entry in map(json.loads, self.sim("messages").splitlines())
                if entry["fate"] == fate]


def told(soak):
    """How many messages of the burst are there."""
    return soak.sql("SELECT count(*) FROM balance_update")[0][0]


def burst(soak):
    size = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
    soak.wait("a stream", soak.is_heard)
    soak.wait_for_polls()
    before, first = soak.sql(size)[0][0], soak.count("1")
    others_s, started = soak.others_s(), time.monotonic()
    soak.sim(f"stream?account=a&burst={BURST}&per_second={PER_SECOND}")
    soak.wait("the burst", lambda: told(soak) >= BURST)
    soak.wait("its log", lambda: len(soak.logged_ms) >= BURST)
    others_s, seconds = soak.others_s() - others_s, time.monotonic() - started
    message_bytes = (soak.sql(size)[0][0] - before) / BURST
    times = soak.sql("SELECT capture_id, received_ms - clock_offset_ms FROM capture"
                     " WHERE endpoint = 'userData' AND outcome = 'ok'")
    delays = sorted(soak.logged_ms[number] - received_ms for number, received_ms in times if number in soak.logged_ms)
    late = soak.count(f"capture_id > {first} AND due_ms IS NOT NULL AND sent_ms - due_ms > 250")
    gaps = soak.sql("SELECT count(*) FROM gap")[0][0]
    print(f"{BURST} messages at {PER_SECOND} a second: received to committed {delays[len(delays) // 2]:.1f} ms median,"
          f" {delays[len(delays) * 99 // 100]:.1f} ms at the 99th percentile; {message_bytes:.0f} bytes a message;"
          f" {late} polls late, {gaps} gaps")
    return told(soak) == BURST and message_bytes <= BYTES_MAX and (gaps == 0 or not is_idle(others_s, seconds))


def trade(soak, rng):
    symbol, side = rng.choice(LEGS)
    amount = rng.choice([1, 2]) * (1 if side == "LONG" else -1) # no leg ever changes its sign
    soak.sim(f"trade?account=a&symbol={symbol}&side={side}&amount={amount}")


def faults(soak, seconds):
    rng = seeded()
    end = time.monotonic() + seconds
    used = collections.Counter()
    while time.monotonic() < end:
        fault = rng.choice(FAULTS * 4 + ENDING)
        used[fault.split("=")[0]] += 1
        opened = soak.count("outcome = 'opened'")
        if fault:
            soak.sim(f"stream?account=a&{fault}")
        if fault not in ("close=1011", "break=1"):
            trade(soak, rng)
        if fault in ENDING:
            soak.wait("a new connection", lambda: soak.count("outcome = 'opened'") > opened and soak.is_heard())
        soak.wait_for_polls()
        time.sleep(1.2) # what a stream that has just opened, or just ends, can have missed is not held against it
    if seconds >= 600: # a connection that is silent is found out after a minute
        opened = soak.count("outcome = 'opened'")
        soak.sim("stream?account=a&stall=1")
        trade(soak, rng)
        soak.wait("a connection after the silent one", lambda: soak.count("outcome = 'opened'") > opened)
        used["stall"] += 1
    return used


def positions(messages):
    return {(position["s"], position["ps"], message["T"]) for message in messages
            if message["e"] == "ACCOUNT_UPDATE" for position in message["a"]["P"]}


def reconcile(soak):
    found = subprocess.run([soak.posrec, "report", "reconcile", "--format", "ndjson"], cwd=soak.folder,
                           capture_output=True, text=True, check=True).stdout
    named, others, hidden = set(), [], 0
    for finding in map(json.loads, found.splitlines()):
        if finding["finding"] == "not_recorded":
            continue
        if finding["finding"] == "gap_hides_change":
            hidden += 1
            continue
        if finding["finding"] != "change_not_streamed":
            others.append(finding)
            continue
        update_ms = soak.sql("SELECT update_ms FROM position JOIN leg USING (leg_id) JOIN contract USING (contract_id)"
                             f" WHERE position.capture_id = {finding['capture_id']} AND symbol = '{finding['symbol']}'"
                             f" AND position_side = '{finding['position_side']}'")[0][0]
        named.add((finding["symbol"], finding["position_side"], update_ms))
    return named, others, hidden


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    seconds = int(sys.argv[2]) if len(sys.argv) > 2 else 3600 if LONG else 20
    with tempfile.TemporaryDirectory() as name:
        soak = Soak(build, pathlib.Path(name))
        try:
            good = burst(soak)
            used = faults(soak, seconds)
            soak.wait_for_polls()
            sent, dropped = soak.messages("sent"), positions(soak.messages("dropped"))
        finally:
            soak.stop()
        export = subprocess.run([soak.posrec, "export"], cwd=soak.folder, capture_output=True, text=True, check=True)
        captures = map(json.loads, export.stdout.splitlines())
        recorded = {capture["body"] for capture in captures if capture["endpoint"] == "userData" and "body" in capture}
        missing = [message for message in sent if json.dumps(message, separators=(",", ":")) not in recorded]
        named, others, hidden = reconcile(soak)
        subprocess.run([soak.posrec, "-q", "verify"], cwd=soak.folder, check=True, stdout=subprocess.DEVNULL)
    names = ", ".join(f"{fault or 'none'} {times}" for fault, times in sorted(used.items()))
    print(f"{sum(used.values())} trades and faults in {seconds} s ({names}):"
          f" {len(sent)} messages sent, {len(missing)} of them missing; {len(dropped)} changes dropped, {len(named)} named,"
          f" {len(others)} other findings, {hidden} changes in gaps of polls")
    for what in missing + sorted(named ^ dropped) + others:
        print("wrong:", what)
    return 0 if good and not missing and named == dropped and not others else 1


if __name__ == "__main__":
    sys.exit(main())
