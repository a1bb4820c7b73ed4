#!/usr/bin/env python3
"""Checks that `posrec run` neither grows nor leaks descriptors: memory after POLLS polls equals that after
1,000, within 1 MiB and what the accounts' answers may take when they all come at once.

    memory.py BUILD [ACCOUNTS]

Accounts (20 unless told) are polled each 100 ms, so that 100,000 polls take minutes, not weeks.
"""
import contextlib
import os
import pathlib
import subprocess
import sys
import tempfile
import time

from sample import how_many

FIRST = 1000
POLLS = how_many(100000, 5000)
GROWTH_MIB_MAX = 1.0
REQUESTS_OUT = 3 # of an account at once, where the machine is slow: positions, account and money
ANSWER_MIB = 0.125 # the largest answer, with the room that its buffer has
OWN_SOCKETS_MAX = 8 # besides those for requests


def status(pid, name):
    for line in open(f"/proc/{pid}/status", encoding="ascii"):
        if line.startswith(name + ":"):
            return int(line.split()[1])
    raise RuntimeError("no " + name)


def rss_mib(pid):
    return status(pid, "VmRSS") / 1024


def descriptors(pid):
    """How many are sockets, of which there are as many as requests were ever out at once, and how many are not.

    Of a process that holds keys only root sees them; others see how large the table is, which doubles as it fills."""
    if os.geteuid() != 0:
        return 0, status(pid, "FDSize")
    targets = []
    for link in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError): # closed meanwhile
            targets.append(os.readlink(link))
    sockets = sum(target.startswith("socket:") for target in targets)
    return sockets, len(targets) - sockets


def wait_for_polls(folder, count, service):
    while service.poll() is None:
        output = subprocess.run(["sqlite3", "-readonly", folder / "posrec.db",
                                 "SELECT max(capture_id) FROM capture"], capture_output=True, text=True, check=False)
        if output.stdout.strip().isdigit() and int(output.stdout) >= count:
            return
        time.sleep(0.2)
    sys.exit("the service ended")


def configure(folder, port, count, lines):
    """Writes posrec.ini and the keys of so many accounts of the simulated exchange."""
    lines = ["[posrec]", "database = posrec.db", "interval = 100ms", *lines]
    for i in range(count):
        for suffix, text in (("key", f"key-{i}"), ("secret", f"secret-{i}")):
            (folder / f"{i}.{suffix}").write_text(text)
            (folder / f"{i}.{suffix}").chmod(0o600)
        lines += [f"[account a{i}]", f"base_url = http://127.0.0.1:{port}", f"api_key_file = {i}.key",
                  f"secret_file = {i}.secret"]
    (folder / "posrec.ini").write_text("\n".join(lines) + "\n")


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "accounts").write_text("".join(f"a{i} one-way key-{i} secret-{i}\n" for i in range(count)))
        exchange = subprocess.Popen([build / "dapi-sim", "--accounts", folder / "accounts", "--weight-limit",
                                     "10000000"], stdout=subprocess.PIPE, text=True)
        port = exchange.stdout.readline().strip()
        # Money is asked for often, so that its answers, which all accounts get at once, come before the first reading too.
        configure(folder, port, count, ["account_interval = 1s", "income_interval = 1s", "metrics_file = posrec.prom"])
        started = time.monotonic()
        service = subprocess.Popen([build / "posrec", "-q", "run"], cwd=folder)
        try:
            wait_for_polls(folder, FIRST, service)
            memory, (sockets, files) = rss_mib(service.pid), descriptors(service.pid)
            wait_for_polls(folder, POLLS, service)
            memory_after, (sockets_after, files_after) = rss_mib(service.pid), descriptors(service.pid)
            ticks = [int(word) for word in open(f"/proc/{service.pid}/stat", encoding="ascii").read().split()[13:15]]
        finally:
            service.terminate()
            service.wait()
            exchange.terminate()
            exchange.wait()
    cpu_ms = sum(ticks) / os.sysconf("SC_CLK_TCK") * 1000 / POLLS
    print(f"{count} accounts: {memory:.2f} MiB, {files} files and {sockets} sockets after {FIRST} polls, {memory_after:.2f} MiB, "
          f"{files_after} files and {sockets_after} sockets after {POLLS} ({time.monotonic() - started:.0f} s, {cpu_ms:.3f} ms of processor time "
          "a poll)")
    good = (abs(memory_after - memory) <= GROWTH_MIB_MAX + count * ANSWER_MIB * REQUESTS_OUT and files_after <= files + 2
            and sockets_after <= count * REQUESTS_OUT + OWN_SOCKETS_MAX)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
