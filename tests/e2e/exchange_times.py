#!/usr/bin/env python3
"""Checks that the times recorded are the exchange's: each request in its log against the capture of it.

    exchange_times.py DATABASE LOG [FROM_MS-TO_MS]...

LOG is what /sim/log wrote. The n-th request of an account and endpoint in the one is the n-th in the other. Requests
that came within one of the spans, by the machine's clock, are not judged. Prints how many were.
"""
import collections
import json
import sqlite3
import sys

OFF_MS_MAX = 2000
NOT_ASKED = ("userData", "recorder")  # captures of no request


def main():
    database, log = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True), sys.argv[2]
    spans = [tuple(map(int, span.split("-"))) for span in sys.argv[3:]]
    captures = collections.defaultdict(list)
    rows = database.execute("SELECT name, endpoint, capture_id, sent_ms, received_ms FROM capture JOIN account USING (account_id)"
                            " WHERE http_status IS NOT NULL ORDER BY capture_id")
    for name, endpoint, *times in rows:
        if endpoint not in NOT_ASKED:
            captures[name, endpoint].append(times)
    requests = collections.defaultdict(list)
    with open(log, encoding="utf-8") as lines:
        for request in map(json.loads, lines):
            # What belongs to no account is recorded with the one that was asked for.
            if request["status"] > 0 and request["account"]:
                requests[request["account"], request["endpoint"]].append(request)
    judged = wrong = 0
    for key, recorded in captures.items():
        for request, (capture_id, sent_ms, received_ms) in zip(requests.get(key, []), recorded):
            if any(from_ms <= request["ms"] <= to_ms for from_ms, to_ms in spans):
                continue
            judged += 1
            # The exchange read its clock between the two, however long that was.
            off_ms = max(sent_ms - request["exchange_ms"], request["exchange_ms"] - received_ms)
            if off_ms > OFF_MS_MAX:
                wrong += 1
                print(f"capture {capture_id} of {key[0]}, {key[1]}: sent {sent_ms}, received {received_ms}, but at the "
                      f"exchange it was {request['exchange_ms']}: off by {off_ms} ms", file=sys.stderr)
        if key in requests and len(recorded) < len(requests[key]) - 1:
            print(f"{key[0]}, {key[1]}: {len(requests[key])} answers were given and {len(recorded)} recorded", file=sys.stderr)
            wrong += 1
    print(judged)
    return 1 if wrong > 0 or judged == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
