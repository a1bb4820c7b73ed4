#!/usr/bin/env python3
"""Records many accounts at once and checks that polls are on time and memory stays small.

    many_accounts.py BUILD ACCOUNTS [stream]

Each account has 70 symbols and is polled at once and then at so many ticks, 10 s apart. With up to 300 accounts the exchange allows its real
weight of 2,400 a minute, with more as much as is needed. A poll is on time when it was sent within a second
of its tick; a tick without a poll is late. That takes most of a processor for that second, so it is judged only where
other programs leave it. With `stream` each account has its user data stream too, all of which must be up within a
minute of the start.
"""
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

from machine import busy_s, is_idle
from sample import LONG

INTERVAL_MS = 10000
TICKS = 12 if LONG else 2
ON_TIME_SHARE = 0.999
MEMORY_MIB_MAX = {False: 64, True: 128}  # with streams
CONNECTED_S_MAX = 60

LATE = f"""SELECT count(*) FILTER (WHERE sent_ms - due_ms <= 1000), count(*)
             FROM capture WHERE endpoint = 'positionRisk' AND attempt = 1 AND outcome = 'ok'
              AND due_ms % {INTERVAL_MS} = 0"""


CONNECTED = f"""SELECT count(DISTINCT account_id) FILTER (WHERE outcome = 'opened' AND received_ms < start + {CONNECTED_S_MAX * 1000}),
                      count(*) FILTER (WHERE outcome = 'opened'), max(received_ms) FILTER (WHERE outcome = 'opened') - start
                 FROM capture, (SELECT min(received_ms) AS start FROM capture)"""


def write_setup(folder, count, port, streams):
    lines = ["[posrec]", "database = posrec.db", f"interval = {INTERVAL_MS}ms"]
    for i in range(count):
        for name, text in ((f"{i}.key", f"key-{i}"), (f"{i}.secret", f"secret-{i}")):
            (folder / name).write_text(text)
            (folder / name).chmod(0o600)
        lines += [f"[account a{i}]", f"base_url = http://127.0.0.1:{port}", f"api_key_file = {i}.key",
                  f"secret_file = {i}.secret"]
        lines += [f"stream_url = ws://127.0.0.1:{port}"] if streams else []
    (folder / "posrec.ini").write_text("\n".join(lines) + "\n")


def children_s():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def ask(folder, query):
    output = subprocess.run(["sqlite3", folder / "posrec.db", query], capture_output=True, text=True, check=True).stdout
    return [int(field or 0) for field in output.strip().split("|")]


def main():
    build, count = pathlib.Path(sys.argv[1]).resolve(), int(sys.argv[2])
    streams = sys.argv[3:] == ["stream"]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        accounts = "".join(f"a{i} one-way key-{i} secret-{i}\n" for i in range(count))
        (folder / "accounts").write_text(accounts)
        limit = 2400 if count <= 300 else count * 20
        exchange = subprocess.Popen([build / "dapi-sim", "--accounts", folder / "accounts", "--weight-limit",
                                     str(limit)], stdout=subprocess.PIPE, text=True)
        try:
            write_setup(folder, count, exchange.stdout.readline().strip(), streams)
            busy, before, started = busy_s(), children_s(), time.monotonic()
            subprocess.run([build / "posrec", "-q", "run", "--count", str(TICKS + 1)], cwd=folder, check=True)
            seconds, cpu = time.monotonic() - started, children_s() - before
            memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
            busy = busy_s() - busy
        finally:
            exchange.terminate()
            exchange.wait()
        others_s = busy - (children_s() - before)
        on_time, recorded = ask(folder, LATE)
        connected, opened, connected_ms = ask(folder, CONNECTED)
        share = on_time / (TICKS * count)
        subprocess.run([build / "posrec", "-q", "-d", folder / "posrec.db", "verify"], check=True,
                       stdout=subprocess.DEVNULL)
    print(f"{count} accounts, {seconds:.0f} s: {recorded} polls in {TICKS} ticks, {share:.4%} on time, peak memory "
          f"{memory:.1f} MiB, {cpu / seconds:.1%} of a processor, {cpu / max(1, recorded) * 1000:.3f} ms a poll")
    if streams:
        print(f"{connected} of {count} streams up within {CONNECTED_S_MAX} s, the last after {connected_ms / 1000:.1f} s; "
              f"{opened} connections in all")
    good = (share >= ON_TIME_SHARE or not is_idle(others_s, seconds)) and recorded >= count and memory < MEMORY_MIB_MAX[streams] and (connected == count or not streams)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
