#!/usr/bin/env python3
"""Runs the blocks of a page that can be run: ```sh by bash, ```sql by the stock sqlite3 shell on posrec.db,
```python by Debian's Python, which has pandas, ```r by R, ```duckdb by DuckDB. Others are shown, not run. Each block
starts in the current folder, after those before it.

    run_docs.py PAGE...
"""
import os
import re
import shlex
import subprocess
import sys

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# What runs each kind of block, which it reads from its standard input. DUCKDB names another program than DuckDB's shell.
PROGRAMS = {
    "sql": ["sqlite3", "-readonly", "-bail", "posrec.db"],
    "python": ["/usr/bin/python3", "-W", "error::SyntaxWarning", "-"],
    "r": ["Rscript", "-"],
    "duckdb": shlex.split(os.environ.get("DUCKDB", "duckdb")),
}


def run(kind, text):
    if kind == "sh":
        return subprocess.run(["bash", "-euo", "pipefail", "-c", text], capture_output=True, text=True, check=False)
    if kind in PROGRAMS:
        return subprocess.run(PROGRAMS[kind], input=text, capture_output=True, text=True, check=False)
    return None


def main():
    ran, failed = 0, 0
    for page in sys.argv[1:]:
        for kind, text in BLOCK.findall(open(page, encoding="utf-8").read()):
            result = run(kind, text)
            if result is None:
                continue
            ran += 1
            silent = kind != "sh" and not result.stdout and "outcome <> 'ok'" not in text
            if result.returncode != 0 or result.stderr.startswith("Error") or silent:
                failed += 1
                print(f"{page}: this {kind} block failed ({result.returncode}):\n{text}{result.stdout}{result.stderr}")
    print(f"{ran} blocks run, {failed} failed")
    return 1 if failed or ran == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
