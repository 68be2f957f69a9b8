"""What the command line is to roles that may do little."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import conninfo, sql

from .conftest import runner


@pytest.fixture
def dsn_as(database: str, connection: psycopg.Connection) -> Iterator[Callable[[str], str]]:
    """DSN of a login role that is a member of the given group role only."""
    made: list[str] = []

    def make(group: str) -> str:
        name = f"member_{connection.info.dbname}_{group}"[:63]
        connection.execute(
            sql.SQL("create role {} login in role {}").format(sql.Identifier(name), sql.Identifier(group))
        )
        made.append(name)
        return conninfo.make_conninfo(database, user=name)

    yield make
    for name in made:
        connection.execute(sql.SQL("drop role {}").format(sql.Identifier(name)))


def test_a_client_may_enqueue_and_cancel_its_own(dsn_as: Callable[[str], str]) -> None:
    dsn, run = dsn_as("jittask_client"), runner()
    number = str(run("enqueue", "a.b", "--in", "1 hour", "--dsn", dsn, "--json").json["occurrence_id"])
    assert run("cancel", number, "--dsn", dsn, "--json").json["result"] == "cancelled"
    assert "permission denied" in run("task", "add", "t", "--handler", "a.b", "--dsn", dsn, code=1).err


def test_a_viewer_sees_records_and_changes_nothing(
    dsn_as: Callable[[str], str], connection: psycopg.Connection
) -> None:
    connection.execute("select jittask.enqueue('a.b', due_at => now() + interval '1 hour')")
    dsn, run = dsn_as("jittask_viewer"), runner()
    assert run("records", "--dsn", dsn, "--json").json
    assert "permission denied" in run("enqueue", "a.b", "--dsn", dsn, code=1).err


@pytest.mark.parametrize("group", ["jittask_viewer", "jittask_worker"])
def test_whoever_may_preview_may_rehearse(
    dsn_as: Callable[[str], str], connection: psycopg.Connection, group: str
) -> None:
    connection.execute(
        "insert into jittask.task (name, kind, handler, start_at, repeat) values ('t', 'scheduled', 'h', now(), 'daily')"
    )
    dsn, run = dsn_as(group), runner()
    connection.execute("update jittask.setting set value = 'Europe/Berlin' where name = 'timezone'")
    # A time in a gap of the clocks asks for the most rights.
    window = ("--from", "2026-03-29 02:30", "--for", "30 years")
    assert run("rehearse", *window, "--dsn", dsn, "--json").json["occurrences"]
    assert run("records", "--from", "2026-03-29 02:30", "--dsn", dsn)
    connection.execute("delete from jittask.task")


def test_an_admin_defines_tasks_and_calendars(dsn_as: Callable[[str], str], tmp_path: Path) -> None:
    dsn, run = dsn_as("jittask_admin"), runner()
    run("calendar", "sync", "CN", "--years", "2024", "--dsn", dsn)
    run("task", "add", "t", "--handler", "a.b", "--repeat", "daily", "--calendar", "CN", "--dsn", dsn)
    run("task", "edit", "t", "--priority", "7", "--dsn", dsn)
    run("setting", "set", "poll_interval", "2 seconds", "--dsn", dsn)
    run("queue", "pause", "mail", "--dsn", dsn)
    run("status", "--dsn", dsn)
    run("doctor", "--dsn", dsn)
    run("export", str(tmp_path), "--dsn", dsn)
    run("task", "remove", "t", "--dsn", dsn)
    run("apply", str(tmp_path), "--dsn", dsn)
    run("task", "remove", "t", "--dsn", dsn)


def test_a_stranger_is_told_that_the_right_is_missing(database: str, connection: psycopg.Connection) -> None:
    name = f"stranger_{connection.info.dbname}"[:63]
    connection.execute(sql.SQL("create role {} login").format(sql.Identifier(name)))
    try:
        answer = runner()("records", "--dsn", conninfo.make_conninfo(database, user=name), code=1)
        assert "permission denied" in answer.err
    finally:
        connection.execute(sql.SQL("drop role {}").format(sql.Identifier(name)))
