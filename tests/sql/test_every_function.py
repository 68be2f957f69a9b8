"""What holds for every SQL function: checked by the server's own checker, and written in one style."""

from __future__ import annotations

import re

import psycopg
import pytest

from jittask_pg.migration.files import FunctionFile, function_files
from tests.support.schedule import value

MADE = re.compile(r"^create or replace (?:function|procedure) jittask\.(\w+)", re.MULTILINE)
FUNCTIONS = [file for file in function_files() if MADE.search(file.sql)]

# Findings of the checker that come from what it cannot know, not from the code.
UNKNOWABLE = re.compile(
    r'not assigned yet|tuple structure|never read variable "v_row"|^plan_source_rows: |'
    # One trigger function serves three triggers, each with other transition tables.
    r"^calendar_days_changed: "
)


def test_the_checker_finds_nothing(connection: psycopg.Connection) -> None:
    if not value(
        connection, "select exists (select from pg_available_extensions where name = 'plpgsql_check')"
    ):
        pytest.skip("plpgsql_check is not installed on this server")
    connection.execute("create extension if not exists plpgsql_check")
    findings = connection.execute(
        """
        select p.proname || ': ' || f
        from pg_proc p
        join pg_language l on l.oid = p.prolang and l.lanname = 'plpgsql'
        left join pg_trigger g on g.tgfoid = p.oid
        cross join lateral plpgsql_check_function(
          p.oid::regprocedure, coalesce(g.tgrelid, 0), fatal_errors => false, other_warnings => false,
          extra_warnings => true, oldtable => g.tgoldtable, newtable => g.tgnewtable
        ) f
        where p.pronamespace = 'jittask'::regnamespace
        """
    ).fetchall()
    connection.execute("drop extension plpgsql_check")
    assert [
        line for (line,) in findings if re.match(r"\w+: \w+.*:", line) and not UNKNOWABLE.search(line)
    ] == []


@pytest.mark.parametrize("file", FUNCTIONS, ids=lambda file: file.path)
def test_a_file_holds_one_function_of_its_name(file: FunctionFile) -> None:
    names = MADE.findall(file.sql)
    assert len(set(names)) == 1
    stem = re.sub(r"^\d+_", "", file.path.rsplit("/", 1)[-1].removesuffix(".sql"))
    assert stem.startswith(names[0])
    assert file.sql.startswith("-- "), "the header says what it promises"


@pytest.mark.parametrize("file", FUNCTIONS, ids=lambda file: file.path)
def test_a_function_fixes_its_search_path(file: FunctionFile) -> None:
    if "security definer" in file.sql:
        assert "set search_path = pg_catalog, pg_temp" in file.sql


def test_every_table_and_column_has_a_comment(connection: psycopg.Connection) -> None:
    bare = connection.execute(
        """
        select c.relname, a.attname
        from pg_class c
        left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        where c.relnamespace = 'jittask'::regnamespace
          and c.relkind in ('r', 'p')
          and not c.relispartition
          and (obj_description(c.oid, 'pg_class') is null or col_description(c.oid, a.attnum) is null)
        """
    ).fetchall()
    assert bare == []
