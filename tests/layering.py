#!/usr/bin/env python3
"""Fails when a file of src/ includes from its own floor's other rooms or from a floor above.

The floors are those of docs/architecture.md; the store has floors of its own. Within its own room a file includes what it likes.
"""
import pathlib
import re
import sys

FLOORS = {"base": 1, "host": 2, "model": 2, "exchange": 3, "derive": 3, "store/file": 4.1, "store/evidence": 4.2, "store/rows": 4.3,
          "store": 4.4, "ask": 5, "stream": 5, "service": 6, "report": 6, "mirror": 6,
          "extension": 6, "cli": 7}
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)

# What a room may not use, by the names of headers and functions that would show it.
FORBIDDEN = {
    "base": ["libpq-fe.h", "sqlite3.h", "curl/", "fopen("],
    "host": ["libpq-fe.h", "sqlite3.h", "curl/"],
    "derive": ["libpq-fe.h", "sqlite3", "curl/", "fopen(", "fread(", "printf(std", "clock_gettime", "host/"],
    "model": ["libpq-fe.h", "sqlite3.h", "curl/", "fopen(", "fread(", "time(NULL", "clock_gettime"],
    "store": ["libpq-fe.h", "curl/", "printf(", "clock_gettime", "host/clock.h"],
    "exchange": ["libpq-fe.h", "sqlite3.h", " FROM ", "clock_gettime", "host/clock.h"],
    "ask": ["libpq-fe.h", "sqlite3.h", "curl/", " FROM ", "clock_gettime", "host/clock.h", "transport_", "printf(std"],
    "stream": ["libpq-fe.h", "sqlite3.h", "curl/", " FROM ", "clock_gettime", "host/clock.h", "printf(std"],
    "service": ["libpq-fe.h", "sqlite3.h", " FROM ", "printf(std", "fputs("],
    "report": ["libpq-fe.h", "curl/", "INSERT ", "UPDATE "],
    "mirror": ["curl/", "printf(std", "fputs(", "clock_gettime", "host/clock.h"],
    "extension": ["libpq-fe.h", "<sqlite3.h>", "curl/", "fopen(", "INSERT ", "UPDATE "],
    "cli": ["libpq-fe.h", "sqlite3_", "curl_easy", "curl_multi", "SELECT ", "INSERT "],
}
# snprintf and text_printf format; they do not print. Help texts show queries; --version asks.
ALLOWED = re.compile(r"snprintf\(|text_printf\(|sqlite3_snprintf\(|sqlite3_libversion|^\s*\"|posrec sql")


def room_of(path):
    """The folder that a file is in, as a key of FLOORS."""
    folder = path.parent.as_posix()
    return folder if folder in FLOORS else path.parts[0]


def problems(source):
    for path in sorted(source.rglob("*.[ch]")):
        room = room_of(path.relative_to(source))
        text = path.read_text()
        if room not in FLOORS:
            yield f"{path}: src/{room} is on no floor"
            continue
        for included in INCLUDE.findall(text):
            other = room_of(pathlib.PurePath(included))
            if other not in FLOORS:
                yield f"{path}: includes \"{included}\", which names no room"
            elif other != room and FLOORS[other] >= FLOORS[room]:
                yield f"{path}: {room} (floor {FLOORS[room]}) includes {included} (floor {FLOORS[other]})"
        for number, line in enumerate(text.splitlines(), 1):
            for word in FORBIDDEN[room.split("/")[0]]:
                if word in line and not ALLOWED.search(line):
                    yield f"{path}:{number}: '{word.strip()}' does not belong in {room}"


def main():
    source = pathlib.Path(sys.argv[1]) / "src"
    found = list(problems(source))
    print("\n".join(found) if found else "every include goes down the house")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
