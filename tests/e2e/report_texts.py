"""The reports' statements, as src/report/report.c puts them together of the texts in sql."""
import functools
import pathlib
import re

SOURCE = pathlib.Path(__file__).resolve().parents[2]
PARAMETERS = ("account", "symbol", "side", "kind", "from_ms", "to_ms", "every_ms", "every_months", "first_rows", "all", "now_ms",
              "running", "ahead_ms", "answers", "by")


@functools.cache
def compositions():
    text = (SOURCE / "src/report/report.c").read_text()
    text = text[text.index("COMPOSITIONS[] = {"):]
    return {name: re.findall(r'"(\w+)"', parts)
            for name, parts in re.findall(r'\{"(\w+)",\s*\{([^}]*)\}\}', text[:text.index("\n};")])}


@functools.cache
def sql_text(path):
    """A text, with what is included of sql/shared."""
    shared = lambda name: "".join(line for line in open(SOURCE / f"sql/shared/{name}.sql") if not line.startswith("--"))
    return re.sub(r"^--include (\w+)\n", lambda match: shared(match[1]), path.read_text(), flags=re.M)


def keep(database, name, parameters):
    """Makes a report's rows a table of the connection's own, as posrec keeps them."""
    parts = "".join(sql_text(SOURCE / f"sql/reports/{part}.sql") for part in compositions().get(name, [name]))
    database.execute(f"CREATE TEMP TABLE {name} AS " + parts.rstrip().rstrip(";"), parameters)
