#!/usr/bin/env python3
"""A recorder of 100 polls a second, followed by a mirror: no tick is lost, the mirror is less than a second behind and its
memory stays flat.

    mirror_live.py BUILD SECONDS
"""
import pathlib
import subprocess
import sys
import tempfile
import time

from memory import configure, rss_mib
from postgres import Server, rows_of

ACCOUNTS = 10
LAG_MS_MAX = 1000
MEMORY_MIB_MAX = 48
ON_TIME_MIN = 0.999
LAST = "SELECT coalesce(max(capture_id), 0) FROM posrec.recorder"


def behind_ms(path, server):
    """How long the first capture that is not there yet has waited."""
    mirrored, now_ms = int(server.sql(LAST)[0][0]), time.time() * 1000
    waits = rows_of(path, f"SELECT received_ms FROM capture WHERE capture_id > {mirrored} ORDER BY capture_id LIMIT 1")[1]
    return max(0, now_ms - waits[0][0]) if waits else 0


def main():
    build, seconds = pathlib.Path(sys.argv[1]).resolve(), int(sys.argv[2])
    server, running = Server(), []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        try:
            (folder / "accounts").write_text("".join(f"a{i} one-way key-{i} secret-{i}\n" for i in range(ACCOUNTS)))
            running.append(subprocess.Popen([build / "dapi-sim", "--accounts", folder / "accounts", "--weight-limit",
                                             "10000000"], stdout=subprocess.PIPE, text=True))
            configure(folder, running[0].stdout.readline().strip(), ACCOUNTS, [f"mirror = {server.conninfo}"])
            running.append(subprocess.Popen([build / "posrec", "-q", "run"], cwd=folder))
            until = time.monotonic() + 30
            while not (folder / "posrec.db").exists():
                assert time.monotonic() < until
                time.sleep(0.1)
            time.sleep(1)
            running.append(subprocess.Popen([build / "posrec", "mirror", "--follow"], cwd=folder))
            while not server.sql("SELECT to_regclass('posrec.recorder')")[0][0] or server.sql(LAST)[0][0] == "0":
                assert time.monotonic() < until
                time.sleep(0.1)
            began, lags, memory = time.time(), [], []
            while time.time() < began + seconds:
                lags.append(behind_ms(folder / "posrec.db", server))
                memory.append(rss_mib(running[2].pid))
                time.sleep(0.05)
            ended = time.time()
            for process in reversed(running):
                process.terminate()
                process.wait()
            polls = rows_of(folder / "posrec.db", "SELECT count(*) FROM capture WHERE endpoint = 'positionRisk' AND outcome ="
                            f" 'ok' AND due_ms >= {began * 1000} AND due_ms < {ended * 1000}")[1][0][0]
            subprocess.run([build / "posrec", "-q", "mirror", "--check"], cwd=folder, check=True)
        finally:
            for process in running:
                process.kill()
                process.wait()
            server.close()
    lags.sort()
    share = polls / ((ended - began) * 10 * ACCOUNTS)
    print(f"{polls} polls, {100 * share:.2f} % on time; behind by {lags[len(lags) // 2]:.0f} ms (median),"
          f" {lags[-1]:.0f} ms (most); {memory[0]:.1f} MiB, {max(memory):.1f} MiB at most")
    return 0 if lags[-1] <= LAG_MS_MAX and max(memory) <= MEMORY_MIB_MAX and share >= ON_TIME_MIN else 1


if __name__ == "__main__":
    sys.exit(main())
