#!/usr/bin/env python3
"""Counts the connections that 300 accounts' streams make where each of them is hung up at once, and so is tried again.

    new_streams.py BUILD

An exchange allows an address about 300 in five minutes; posrec makes 250 at most. Five minutes pass at twenty times their
speed: none of them may have more, and what had to wait comes with the next.
"""
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading
import time

ACCOUNTS = 300
ALLOWED = 250
WINDOW_S = 300
SPEED = 20
NEXT = 40  # so many of the next window are waited for,
WAIT_S = 180  # so long
SHARE_OF_WINDOW = 0.93  # clocks are read at different moments
FAKE_TIME = pathlib.Path(__file__).with_name("fake_time")


class Refuser(threading.Thread):
    """Takes connections and ends them, and notes when."""

    def __init__(self):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
        self.port = self.listener.getsockname()[1]
        self.times_s = []

    def run(self):
        while True:
            end, _ = self.listener.accept()
            self.times_s.append(time.monotonic())
            end.close()


def write_setup(folder, port, stream_port):
    lines = ["[posrec]", "database = posrec.db", "interval = 60s", "timeout = 300s"]
    for i in range(ACCOUNTS):
        for name, text in ((f"{i}.key", f"key-{i}"), (f"{i}.secret", f"secret-{i}")):
            (folder / name).write_text(text)
            (folder / name).chmod(0o600)
        lines += [f"[account a{i}]", f"base_url = http://127.0.0.1:{port}", f"stream_url = ws://127.0.0.1:{stream_port}",
                  f"api_key_file = {i}.key", f"secret_file = {i}.secret", "recv_window = 60000", "record = positions, stream"]
    (folder / "posrec.ini").write_text("\n".join(lines) + "\n")


def most_within(times_s, window_s):
    """The most that came within any such stretch of time."""
    first = most = 0
    for last, time_s in enumerate(times_s):
        while time_s - times_s[first] > window_s:
            first += 1
        most = max(most, last - first + 1)
    return most


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    fast = os.environ | {"FAKETIME": f"@2026-11-24 12:00:00 x{SPEED}"}
    window_s = WINDOW_S / SPEED * SHARE_OF_WINDOW
    refuser = Refuser()
    refuser.start()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "accounts").write_text("".join(f"a{i} one-way key-{i} secret-{i}\n" for i in range(ACCOUNTS)))
        exchange = subprocess.Popen([FAKE_TIME, build / "dapi-sim", "--accounts", folder / "accounts", "--weight-limit", "100000",
                                     "--steady", "--no-trades"], stdout=subprocess.PIPE, text=True, env=fast)
        try:
            write_setup(folder, int(exchange.stdout.readline()), refuser.port)
            service = subprocess.Popen([FAKE_TIME, build / "posrec", "-q", "run"], cwd=folder, stderr=subprocess.DEVNULL, env=fast)
            until = time.monotonic() + WAIT_S
            while len(refuser.times_s) < ALLOWED + NEXT and time.monotonic() < until:
                time.sleep(0.05)
            service.terminate()
            service.wait()
        finally:
            exchange.terminate()
            exchange.wait()
    most = most_within(refuser.times_s, window_s)
    print(f"{len(refuser.times_s)} connections, at most {most} of them within {window_s:.1f} s; {ALLOWED} are allowed")
    return 0 if most <= ALLOWED and len(refuser.times_s) >= ALLOWED + NEXT else 1


if __name__ == "__main__":
    sys.exit(main())
