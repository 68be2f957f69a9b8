"""The installed schema as one text for reviewers: what `make schema` writes to schema.sql beside this file.

Tables, types, constraints, indexes, views, triggers and comments as pg_dump prints them, in its order; without
function bodies, which stand in sql/, without owners, rights, settings of the session and partitions by day.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import psycopg

from jittask_pg.embedded import embedded_binaries, system_binaries
from tests.support.databases import Databases
from tests.support.server import running_server

PATH = Path(__file__).with_name("schema.sql")

# Each object begins with "-- Name: …; Type: …; Schema: …" between two lines of two dashes.
_OBJECT = re.compile(r"^--\n-- Name: (?P<name>.*?); Type: (?P<type>.*?); Schema: .*?\n--\n", re.MULTILINE)
_LEFT_OUT = {"FUNCTION", "PROCEDURE", "SCHEMA"}
_PARTITION = re.compile(r"run_\w+_p?\d{4}")


def program() -> str:
    """pg_dump of the server that the tests start."""
    return str((system_binaries() or embedded_binaries()) / "pg_dump")


def dump(dsn: str) -> str:
    """The schema of an installed database, with the major version of its server in the first line."""
    with psycopg.connect(dsn) as connection:
        major = connection.info.server_version // 10000
    text = subprocess.run(
        [program(), "--schema-only", "--schema=jittask", "--no-owner", "--no-privileges", "-d", dsn],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    begins = list(_OBJECT.finditer(text))
    parts = [f"-- Postgres {major}. Made by: make schema\n"]
    for found, after in zip(begins, [*begins[1:], None], strict=True):
        if found["type"] in _LEFT_OUT or _PARTITION.search(found["name"]):
            continue
        if found["type"] == "COMMENT" and found["name"].startswith(("FUNCTION", "PROCEDURE")):
            continue
        body = text[found.end() : after.start() if after else len(text)]
        kept = [line for line in body.splitlines() if not re.match(r"SET |\\|--|$", line)]
        parts.append("\n".join(kept) + "\n")
    return "\n".join(parts)


def main() -> None:
    with running_server() as server:
        databases = Databases(server)
        try:
            PATH.write_text(dump(databases.installed()), encoding="utf-8")
        finally:
            databases.close()
    sys.stdout.write(f"{PATH} is written\n")


if __name__ == "__main__":
    main()
