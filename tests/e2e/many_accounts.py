#!/usr/bin/env python3
"""Records many accounts at once and checks that polls are on time and memory stays small.

    many_accounts.py BUILD ACCOUNTS [--streams] [--both-sides] [--dead-proxy N] [--stalled N] [--silent N] [--dead-streams N]
                     [--interval-ms N] [--ticks N]

Each account has 70 symbols and is polled at once and then at so many ticks. With up to 300 accounts the exchange allows
its real weight of 2,400 a minute, with more as much as is needed. A poll is on time when it was sent within a second of
its tick; a tick without a poll is late. How many of them a machine can do is the machine's as much as posrec's, so they are
judged where other programs leave a processor, and else only said: whether they were on time with POSREC_TEST_LONG, and of up
to 300 accounts whether they were polled at nine of ten ticks, and at each tick at which others were. Anywhere each account that
is answered must be polled, its stream come up, and memory be small; that nobody waits for another, however slow the machine,
is unit.ask's.

With `--streams` each account has its user data stream too. An address may open 250 in five minutes, so the accounts are
shared out to as many exchanges as that takes, and where polls are judged all streams must be up within a minute of the start.

With `--both-sides` every second account is the USD-M side of the one before, of 770 symbols.

What is dead must cost nobody else: the first accounts are behind a proxy that takes connections and never answers
(`--dead-proxy`), the next are of an exchange of that kind (`--stalled`), and those after them get no answer where all others
do (`--silent`); the last have streams whose handshakes are never answered (`--dead-streams`), and are to be polled like all
others.
"""
import argparse
import pathlib
import resource
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

from machine import busy_s, is_idle
from sample import LONG

ON_TIME_SHARE = 0.999
GOOD_SHARE = 0.9
USD_M_SYMBOLS = 770
FEW = 300  # accounts, which are no work to speak of
MEMORY_MIB_MAX = {False: 64, True: 128}  # with streams
CONNECTED_S_MAX = 60
STREAMS_OF_EXCHANGE_MAX = 250
BACKLOG = 4096
UP_S_MAX = 300  # until all are polled and all streams are up, on a machine however slow
STOP_S_MAX = 180  # until a service whose requests are never answered has stopped


def parse_arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("count", type=int)
    parser.add_argument("--streams", action="store_true")
    parser.add_argument("--both-sides", action="store_true")
    for what in ("dead-proxy", "stalled", "silent", "dead-streams"):
        parser.add_argument(f"--{what}", type=int, default=0)
    parser.add_argument("--interval-ms", type=int, default=10000)
    parser.add_argument("--ticks", type=int, default=12 if LONG else 2)
    return parser.parse_args()


class Exchange:
    """A simulated exchange that knows all accounts."""

    def __init__(self, build, accounts, weight_limit):
        self.process = subprocess.Popen([build / "dapi-sim", "--accounts", accounts, "--weight-limit", str(weight_limit),
                                         "--usd-symbols", str(USD_M_SYMBOLS)], stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def ask(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/sim/{path}", timeout=30) as answer:
            return answer.read().decode()

    def end(self):
        self.process.terminate()
        self.process.wait()


class Crowd:
    """Which account is of which exchange, and what of it is dead."""

    def __init__(self, arguments, folder):
        self.count, self.streams = arguments.count, arguments.streams
        self.dead_proxy, self.stalled, self.dead_streams = arguments.dead_proxy, arguments.stalled, arguments.dead_streams
        self.silent, self.both_sides = arguments.silent, arguments.both_sides
        self.folder = folder
        (folder / "accounts").write_text("".join(f"a{i} one-way key-{i} secret-{i}\n" for i in range(self.count)))
        self.proxy = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)  # nobody accepts, let alone answers
        exchanges = (self.count + STREAMS_OF_EXCHANGE_MAX - 1) // STREAMS_OF_EXCHANGE_MAX if self.streams else 1
        limit = 2400 if self.count <= FEW else self.count * (120 if self.both_sides else 60) // exchanges
        self.exchanges = [Exchange(arguments.build, folder / "accounts", limit) for _ in range(exchanges)]
        self.stalls = Exchange(arguments.build, folder / "accounts", limit) if self.stalled > 0 else None
        if self.stalls is not None:
            self.stalls.ask("silence?to=all")
        for exchange in self.exchanges:
            for i in range(self.dead_proxy + self.stalled, self.dead_proxy + self.stalled + self.silent):
                exchange.ask(f"silence?to=all&account=a{i}")
            for i in range(self.count - self.dead_streams, self.count):
                exchange.ask(f"silence?to=stream&account=a{i}")

    def end(self):
        for exchange in [*self.exchanges, self.stalls] if self.stalls else self.exchanges:
            exchange.end()
        self.proxy.close()

    def is_healthy(self, i):
        """Whether its requests are answered."""
        return i >= self.dead_proxy + self.stalled + self.silent

    def has_live_stream(self, i):
        return self.streams and self.is_healthy(i) and i < self.count - self.dead_streams

    def account_lines(self, i):
        stalls = self.dead_proxy <= i < self.dead_proxy + self.stalled
        exchange = self.stalls if stalls else self.exchanges[i // STREAMS_OF_EXCHANGE_MAX if self.streams else 0]
        is_usd_m = self.both_sides and i % 2 == 1
        keys = i - 1 if is_usd_m else i
        lines = [f"[account a{i}]", f"base_url = http://127.0.0.1:{exchange.port}", f"api_key_file = {keys}.key",
                 f"secret_file = {keys}.secret"] + ["product = usd-m"] * is_usd_m
        if self.streams:
            lines.append(f"stream_url = ws://127.0.0.1:{exchange.port}")
        if i < self.dead_proxy:
            lines.append(f"proxy = http://127.0.0.1:{self.proxy.getsockname()[1]}")
        return lines

    def write_setup(self, interval_ms):
        lines = ["[posrec]", "database = posrec.db", f"interval = {interval_ms}ms"]
        for i in range(self.count):
            for name, text in ((f"{i}.key", f"key-{i}"), (f"{i}.secret", f"secret-{i}")):
                (self.folder / name).write_text(text)
                (self.folder / name).chmod(0o600)
            lines += self.account_lines(i)
        (self.folder / "posrec.ini").write_text("\n".join(lines) + "\n")


def children_s():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def ask(folder, query):
    output = subprocess.run(["sqlite3", folder / "posrec.db", query], capture_output=True, text=True, check=True).stdout
    return [line.split("|") for line in output.splitlines()]


def judge_ticks(crowd, folder, ticks):
    """The shares of healthy accounts' polls that were sent in time, and at all, and how many lack a tick that others have."""
    healthy = {f"a{i}" for i in range(crowd.count) if crowd.is_healthy(i)}
    polled = {tick: set() for tick in ticks}
    on_time = good = 0
    rows = ask(folder, f"""SELECT name, due_ms, sent_ms - due_ms, outcome FROM capture JOIN account USING (account_id)
                            WHERE endpoint = 'positionRisk' AND attempt = 1 AND due_ms BETWEEN {ticks[0]} AND {ticks[-1]}""")
    for name, due_ms, late_ms, outcome in rows:
        if name in healthy and int(due_ms) in polled:
            polled[int(due_ms)].add(name)
            good += outcome == "ok"
            on_time += outcome == "ok" and int(late_ms) <= 1000
    missed = {tick: healthy - names for tick, names in polled.items() if names and names != healthy}
    for tick, names in missed.items():
        print(f"at the tick {tick} {len(names)} of {len(healthy)} accounts were not polled: {', '.join(sorted(names)[:5])} ...")
    due = len(ticks) * len(healthy)
    return on_time / due, good / due, sum(map(len, missed.values()))


def judge_streams(crowd, folder):
    """Whether all streams that should be came up, and whether in time; says when the last was."""
    live = {f"a{i}" for i in range(crowd.count) if crowd.has_live_stream(i)}
    start_ms = int(ask(folder, "SELECT min(received_ms) FROM capture")[0][0])
    opened = ask(folder, "SELECT name, received_ms FROM capture JOIN account USING (account_id) WHERE outcome = 'opened'")
    in_time = {name for name, ms in opened if int(ms) < start_ms + CONNECTED_S_MAX * 1000}
    up = {name for name, _ in opened}
    last_ms = max((int(ms) for _, ms in opened), default=start_ms)
    print(f"{len(live & in_time)} of {len(live)} streams up within {CONNECTED_S_MAX} s, the last after "
          f"{(last_ms - start_ms) / 1000:.1f} s; {len(opened)} connections in all")
    return live <= up, live <= in_time


def all_are_up(crowd, folder):
    """Whether each account that is answered was polled, and each stream opened that can be."""
    seen = {tuple(row) for row in ask(folder, """SELECT name, 'polled' FROM capture JOIN account USING (account_id)
                                                  WHERE endpoint = 'positionRisk' AND outcome = 'ok' UNION
                                                 SELECT name, 'opened' FROM capture JOIN account USING (account_id)
                                                  WHERE outcome = 'opened'""")}
    return all((f"a{i}", "polled") in seen or not crowd.is_healthy(i) for i in range(crowd.count)) and all(
        (f"a{i}", "opened") in seen or not crowd.has_live_stream(i) for i in range(crowd.count))


def run(crowd, arguments, folder):
    """Runs the service over so many ticks, and longer where the machine needs it; which they were."""
    interval_ms = arguments.interval_ms
    first_ms = (int(time.time() * 1000) // interval_ms + 1) * interval_ms
    if first_ms - time.time() * 1000 < 2000:
        first_ms += interval_ms  # the start itself is no tick
    ticks = [first_ms + i * interval_ms for i in range(arguments.ticks)]
    with (folder / "run.log").open("w") as log:
        service = subprocess.Popen([arguments.build / "posrec", "run"], cwd=folder, stderr=log)
    try:
        time.sleep((ticks[-1] - time.time() * 1000) / 1000 + min(interval_ms / 1000, 5) * 0.6)
        until = time.monotonic() + UP_S_MAX
        while not all_are_up(crowd, folder) and time.monotonic() < until:
            time.sleep(0.5)
        service.terminate()
        assert service.wait(STOP_S_MAX) == 0
    finally:
        service.kill()
        service.wait()
    return ticks


def main():
    arguments = parse_arguments()
    arguments.build = arguments.build.resolve()
    count = arguments.count
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        crowd = Crowd(arguments, folder)
        try:
            crowd.write_setup(arguments.interval_ms)
            busy, before, started = busy_s(), children_s(), time.monotonic()
            ticks = run(crowd, arguments, folder)
            seconds, cpu = time.monotonic() - started, children_s() - before
            memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
            busy = busy_s() - busy
        finally:
            crowd.end()
        others_s = busy - (children_s() - before)
        share, good, missed = judge_ticks(crowd, folder, ticks)
        polled = dict(ask(folder, """SELECT name, count(*) FROM capture JOIN account USING (account_id)
                                      WHERE endpoint = 'positionRisk' AND outcome = 'ok' GROUP BY name"""))
        recorded = sum(map(int, polled.values()))
        all_polled = all(f"a{i}" in polled for i in range(crowd.count) if crowd.is_healthy(i))
        streams_up, streams_in_time = judge_streams(crowd, folder) if arguments.streams else (True, True)
        subprocess.run([arguments.build / "posrec", "-q", "-d", folder / "posrec.db", "verify"], check=True,
                       stdout=subprocess.DEVNULL)
    print(f"{count} accounts, {seconds:.0f} s: {recorded} polls, of {len(ticks)} ticks {share:.4%} on time, {good:.2%} at all, {missed} missed, "
          f"peak memory {memory:.1f} MiB, {cpu / seconds:.1%} of a processor, {cpu / max(1, recorded) * 1000:.3f} ms a poll")
    is_judged = (LONG or count <= FEW) and is_idle(others_s, seconds)
    if not LONG:
        print("whether polls were on time is not judged: that is for scripts/test --long")
    on_time = not is_judged or ((share >= ON_TIME_SHARE or not LONG) and good >= GOOD_SHARE and missed == 0 and streams_in_time)
    return 0 if on_time and all_polled and streams_up and memory < MEMORY_MIB_MAX[arguments.streams] else 1


if __name__ == "__main__":
    sys.exit(main())
