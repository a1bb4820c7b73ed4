#!/usr/bin/env python3
"""Kills `posrec run` with SIGKILL at random moments of fast recording, after so many captures that its log tells of, while
the stream brings each account 50 messages a second. After each kill the database must open, verify, and hold every capture that a log line called
recorded.

    kill.py BUILD
"""
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import urllib.request

from sample import how_many, seeded

TIMES = how_many(200, 25)
CAPTURES_MAX = 40  # before it is killed
WAIT_S_MAX = 60
KEYS = [(f"key-{i:02d}", f"secret-{i:02d}") for i in range(3)]
RECORDED = re.compile(r"event=capture account=(\S+) capture=(\d+) endpoint=(\S+) outcome=(\S+)")


def write_setup(folder, port):
    lines = ["[posrec]", "database = posrec.db", "interval = 100ms", "timeout = 2s"]
    for i, (key, secret) in enumerate(KEYS):
        for name, text in ((f"{i}.key", key), (f"{i}.secret", secret)):
            path = folder / name
            path.write_text(text)
            path.chmod(0o600)
        lines += [f"[account a{i}]", f"base_url = http://127.0.0.1:{port}", f"stream_url = ws://127.0.0.1:{port}",
                  f"api_key_file = {i}.key", f"secret_file = {i}.secret"]
    (folder / "posrec.ini").write_text("\n".join(lines) + "\n")


def start_exchange(build, folder):
    accounts = "".join(f"a{i} one-way {key} {secret}\n" for i, (key, secret) in enumerate(KEYS))
    (folder / "accounts").write_text(accounts)
    exchange = subprocess.Popen([build / "dapi-sim", "--accounts", folder / "accounts", "--symbols", "10",
                                 "--weight-limit", "1000000"], stdout=subprocess.PIPE, text=True)
    port = exchange.stdout.readline().strip()
    for i in range(len(KEYS)):
        urllib.request.urlopen(f"http://127.0.0.1:{port}/sim/stream?account=a{i}&burst=1000000&per_second=50").close()
    return exchange, port


def recorded_captures(folder):
    output = subprocess.run(["sqlite3", "-readonly", folder / "posrec.db",
                             "SELECT capture_id, name, endpoint, outcome FROM capture JOIN account USING (account_id)"],
                            capture_output=True, text=True, check=True).stdout
    return {tuple(line.split("|")) for line in output.splitlines()}


def told(log):
    """The captures that whole lines of the log call recorded."""
    return {(poll, account, endpoint, outcome)
            for line in log.read_text().splitlines(keepends=True) if line.endswith("\n")
            for account, poll, endpoint, outcome in RECORDED.findall(line)}


def kill_once(build, folder, log_path, captures, wait_s):
    """Kills it so long after it told of so many captures: as fast or slow as the machine is."""
    with open(log_path, "w", encoding="utf-8") as log:
        service = subprocess.Popen([build / "posrec", "run", "-v"], cwd=folder, stderr=log)
        limit = time.monotonic() + WAIT_S_MAX
        while len(told(log_path)) < captures and time.monotonic() < limit and service.poll() is None:
            time.sleep(0.005)
        time.sleep(wait_s)
        service.kill()
        service.wait()
    return told(log_path)


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    rng = seeded()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        exchange, port = start_exchange(build, folder)
        try:
            write_setup(folder, port)
            logged = set()
            for number in range(1, TIMES + 1):
                logged |= kill_once(build, folder, folder / "log", rng.randrange(CAPTURES_MAX), rng.random() * 0.05)
                if not logged: # killed before there was a schema
                    continue
                verify = subprocess.run([build / "posrec", "-q", "verify"], cwd=folder, capture_output=True,
                                        text=True, check=False)
                if verify.returncode != 0:
                    sys.exit(f"kill {number}: verify: {verify.stderr}")
                missing = logged - recorded_captures(folder)
                if missing:
                    sys.exit(f"kill {number}: logged as recorded and not there: {sorted(missing)}")
            messages = sum(endpoint == "userData" and outcome == "ok" for _, _, endpoint, outcome in logged)
            print(f"{TIMES} kills, {len(logged)} captures logged as recorded, {messages} of them messages, all there")
            return 0 if messages > TIMES else 1
        finally:
            exchange.terminate()
            exchange.wait()


if __name__ == "__main__":
    sys.exit(main())
