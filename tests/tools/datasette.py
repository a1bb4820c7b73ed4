#!/usr/bin/python3
"""Asks a running Datasette for every page of a recorded database: tables, views, rows and the questions of
examples/datasette.yaml, and for all that its pages of tables name.

    datasette.py POSREC SOURCE DATASETTE
"""
import html
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import yaml

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../e2e"))
from postgres import free_port  # noqa: E402

POSREC, SOURCE, DATASETTE = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve(), sys.argv[3]
QUESTIONS = SOURCE / "examples/datasette.yaml"
WAIT_S, PAGE_S = 60, 120


def ask(base, path):
    """The status and the text of a page."""
    try:
        with urllib.request.urlopen(base + path, timeout=PAGE_S) as answer:
            return answer.status, answer.read().decode(errors="replace")
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(errors="replace")


def wait_until_up(base, process):
    deadline = time.monotonic() + WAIT_S
    while True:
        try:
            return ask(base, "/")
        except urllib.error.URLError:
            assert process.poll() is None and time.monotonic() < deadline, "Datasette does not answer"
            time.sleep(0.1)


def check_pages(base):
    status, page = ask(base, "/posrec.json")
    assert status == 200, page
    rows = json.loads(subprocess.run([POSREC, "-q", "sql", "--format", "json",
                                      "SELECT name, type FROM sqlite_schema WHERE type IN ('table', 'view')"],
                                     check=True, capture_output=True).stdout)
    assert len(rows) > 70, rows
    links, failed = set(), []
    for row in rows:
        for path in (f"/posrec/{row['name']}", f"/posrec/{row['name']}.json"):
            status, page = ask(base, path)
            failed += [(path, status)] if status != 200 else []
            links.update(html.unescape(link) for link in re.findall(r'href="(/posrec/[^"]+)"', page))
    for link in sorted(links):
        status, _ = ask(base, link)
        failed += [(link, status)] if status != 200 else []
    assert not failed, failed
    assert len(links) > 1000, len(links)
    print(f"{len(rows)} tables and views, {len(links)} pages that they name: all there", flush=True)


def check_questions(base):
    """Each has rows without its fields; those with fields have fewer of what is named."""
    for name, question in yaml.safe_load(QUESTIONS.read_text())["databases"]["posrec"]["queries"].items():
        status, page = ask(base, f"/posrec/{name}")
        assert status == 200 and html.escape(question["title"], quote=False).split("'")[0] in page, (name, status)
        _, answer = ask(base, f"/posrec/{name}.json?_shape=array")
        assert json.loads(answer) or name == "not_recorded", name
        if question.get("params"):
            _, answer = ask(base, f"/posrec/{name}.json?_shape=array&account=nobody")
            assert json.loads(answer) == [], name
    print("questions: hold", flush=True)


def main():
    version = subprocess.run([DATASETTE, "--version"], check=True, capture_output=True, text=True).stdout.strip()
    print(version)
    configuration = ["--metadata", QUESTIONS] + (["--config", QUESTIONS] if "version 0." not in version else [])
    with tempfile.TemporaryDirectory(prefix="posrec-datasette-") as folder:
        os.chdir(folder)
        subprocess.run([POSREC, "-q", "import", *(SOURCE / f"tests/data/{name}.ndjson" for name in ("history", "stream", "money", "usd_m"))], check=True)
        port = free_port()
        with open("log", "w", encoding="utf-8") as log:
            process = subprocess.Popen([DATASETTE, "posrec.db", *configuration, "--setting", "sql_time_limit_ms", "60000",
                                        "-p", str(port)], stdout=log, stderr=log)
        try:
            base = f"http://127.0.0.1:{port}"
            wait_until_up(base, process)
            check_pages(base)
            check_questions(base)
        except BaseException:
            print(pathlib.Path("log").read_text()[-3000:])
            raise
        finally:
            process.terminate()
            process.wait()
            os.chdir("/")


main()
