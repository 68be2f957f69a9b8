"""The schema that reviewers read is the schema that is installed."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable

import psycopg
import pytest

from .schema import PATH, dump, program


def test_the_committed_schema_is_the_installed_one(fresh_database: Callable[..., str]) -> None:
    committed = PATH.read_text(encoding="utf-8")
    made_with = re.findall(r"\d+", committed)[0]
    dsn = fresh_database()
    with psycopg.connect(dsn) as connection:
        server = str(connection.info.server_version // 10000)
    told = subprocess.run([program(), "--version"], capture_output=True, text=True, check=True).stdout
    if {server, re.findall(r"\d+", told)[0]} != {made_with}:
        pytest.skip(f"made with Postgres {made_with}; this is {server}, and {told.strip()}")
    assert dump(dsn) == committed, "run: make schema"
