#!/usr/bin/env python3
"""Fails when a file of src/ includes from its own floor's other rooms or from a floor above.

The floors are those of docs/architecture.md. Within its own room a file includes what it likes.
"""
import pathlib
import re
import sys

FLOORS = {"base": 1, "model": 2, "store": 3, "exchange": 3, "service": 4, "report": 4, "mirror": 4, "cli": 5}
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)

# What a room may not use, by the names of headers and functions that would show it.
FORBIDDEN = {
    "base": ["libpq-fe.h", "sqlite3.h", "curl/", "fopen("],
    "model": ["libpq-fe.h", "sqlite3.h", "curl/", "fopen(", "fread(", "time(NULL", "clock_gettime"],
    "store": ["libpq-fe.h", "curl/", "printf(", "clock_gettime", "base/clock.h"],
    "exchange": ["libpq-fe.h", "sqlite3.h", " FROM ", "clock_gettime", "base/clock.h"],
    "service": ["libpq-fe.h", "sqlite3.h", " FROM ", "printf(std", "fputs("],
    "report": ["libpq-fe.h", "curl/", "INSERT ", "UPDATE "],
    "mirror": ["curl/", "printf(std", "fputs(", "clock_gettime", "base/clock.h"],
    "cli": ["libpq-fe.h", "sqlite3_", "curl_easy", "curl_multi", "SELECT ", "INSERT "],
}
# snprintf and text_printf format; they do not print. Help texts show queries; --version asks.
ALLOWED = re.compile(r"snprintf\(|text_printf\(|sqlite3_snprintf\(|sqlite3_libversion|^\s*\"|posrec sql")


def problems(source):
    for path in sorted(source.rglob("*.[ch]")):
        room = path.relative_to(source).parts[0]
        text = path.read_text()
        if room not in FLOORS:
            yield f"{path}: src/{room} is on no floor"
            continue
        for included in INCLUDE.findall(text):
            other = included.split("/")[0]
            if other not in FLOORS:
                yield f"{path}: includes \"{included}\", which names no room"
            elif other != room and FLOORS[other] >= FLOORS[room]:
                yield f"{path}: {room} (floor {FLOORS[room]}) includes {included} (floor {FLOORS[other]})"
        for number, line in enumerate(text.splitlines(), 1):
            for word in FORBIDDEN[room]:
                if word in line and not ALLOWED.search(line):
                    yield f"{path}:{number}: '{word.strip()}' does not belong in {room}"


def main():
    source = pathlib.Path(sys.argv[1]) / "src"
    found = list(problems(source))
    print("\n".join(found) if found else "every include goes down the house")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
