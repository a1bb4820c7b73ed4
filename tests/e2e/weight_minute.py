#!/usr/bin/env python3
"""Records over the turn of a minute that begins earlier or later at the exchange than its clock says.

    weight_minute.py BUILD

An answer's X-MBX-USED-WEIGHT-1M may count for another minute than the one that the clock shows. Taken for the new one, the
old minute's weight would stop all polls for a minute; forgotten, it would lead over the limit. For each offset one recorder
uses nearly what it may, and for another nothing is left before the minute is over, since others on the address used it.
All of them run at once, from ten seconds before the turn to fifteen after it, by their exchanges' clocks.
"""
import json
import pathlib
import subprocess
import sys
import tempfile
import time
import urllib.request

OFFSETS_MS = (150, -150)
INTERVAL_MS = 200
WEIGHT_LIMIT = 500
BUDGET = WEIGHT_LIMIT * 80 // 100  # by default
OTHERS = {"nearly used": 330, "used up": 380}  # of 400 before the turn; polls add 50, and take 300 a minute
BEFORE_S, AFTER_S = 10, 15
PAUSE_MS_MAX = 10000  # of a minute that would be lost
AT_THE_TURN = 2  # requests that can come between the two turns, where nothing was left


class Recorder:
    """An exchange and who records it."""

    def __init__(self, build, folder, offset_ms, others):
        self.build, self.folder = build, folder
        self.offset_ms, self.others = offset_ms, others
        (folder / "accounts").write_text("main one-way some-key some-secret\n")
        self.exchange = subprocess.Popen([build / "dapi-sim", "--accounts", folder / "accounts", "--weight-limit", str(WEIGHT_LIMIT)],
                                         stdout=subprocess.PIPE, text=True)
        self.port = int(self.exchange.stdout.readline())
        for name in ("key", "secret"):
            (folder / name).write_text(f"some-{name}")
            (folder / name).chmod(0o600)
        (folder / "posrec.ini").write_text(
            f"[posrec]\ndatabase = posrec.db\ninterval = {INTERVAL_MS}ms\n[account main]\nbase_url = http://127.0.0.1:{self.port}\n"
            "api_key_file = key\nsecret_file = secret\nrecord = positions\n")
        self.recorder = None

    def start(self):
        self.ask(f"clock?offset_ms={60000 - BEFORE_S * 1000 - int(time.time() * 1000) % 60000}")
        self.ask(f"weight?minute_offset_ms={self.offset_ms}&others={OTHERS[self.others]}")
        with (self.folder / "run.log").open("w") as log:
            self.recorder = subprocess.Popen([self.build / "posrec", "run", "--for", f"{BEFORE_S + AFTER_S}s"], cwd=self.folder,
                                             stdout=subprocess.DEVNULL, stderr=log)

    def ask(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/sim/{path}", timeout=30) as answer:
            return answer.read().decode()

    def lines(self, path):
        return list(map(json.loads, self.ask(path).splitlines()))

    def end(self):
        for process in (self.recorder, self.exchange):
            if process is not None and process.poll() is None:
                process.terminate()
                process.wait()

    def complaints(self):
        """What went wrong."""
        self.recorder.wait()
        minutes = self.lines("weights")
        polls_ms = [entry["exchange_ms"] for entry in self.lines("log") if entry["endpoint"] == "positionRisk" and entry["status"] == 200]
        turn_ms = max(minute["start_ms"] for minute in minutes)
        allowed = BUDGET + (AT_THE_TURN if self.others == "used up" else 0)
        if len(minutes) != 2:
            yield f"{len(minutes)} minutes in which something was asked"
        for minute in minutes:
            if minute["refused"] > 0:
                yield f"{minute['refused']} requests were refused"
            if minute["used"] > allowed:
                yield f"{minute['used']} of {BUDGET} was used in a minute"
        # Where nothing was left it stands still until the turn.
        from_ms = turn_ms - AT_THE_TURN * INTERVAL_MS if self.others == "used up" else 0
        polls_ms = [from_ms] * (from_ms > 0) + [ms for ms in polls_ms if ms >= from_ms]
        still_ms = max((after - before for before, after in zip(polls_ms, polls_ms[1:])), default=AFTER_S * 1000)
        if still_ms > PAUSE_MS_MAX or max(polls_ms, default=0) < turn_ms + AFTER_S * 1000 - PAUSE_MS_MAX - 1000:
            yield (f"no polls for {still_ms} ms; the last came {max(polls_ms, default=0) - turn_ms} ms after the turn, of "
                   f"{AFTER_S * 1000}")
        print(f"minutes {self.offset_ms:+} ms, {self.others}: "
              f"{', '.join(str(minute['used']) for minute in minutes)} used, {len(polls_ms)} polls, the longest pause {still_ms} ms")


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    recorders = []
    complaints = []
    with tempfile.TemporaryDirectory() as name:
        try:
            for offset_ms in OFFSETS_MS:
                for others in OTHERS:
                    folder = pathlib.Path(name) / str(len(recorders))
                    folder.mkdir()
                    recorders.append(Recorder(build, folder, offset_ms, others))
            for recorder in recorders:
                recorder.start()
            for recorder in recorders:
                complaints += [f"minutes {recorder.offset_ms:+} ms, {recorder.others}: {words}" for words in recorder.complaints()]
        finally:
            for recorder in recorders:
                recorder.end()
    for words in complaints:
        print(words, file=sys.stderr)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
