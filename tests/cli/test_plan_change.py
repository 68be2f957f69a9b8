"""What a change does to the plan is counted, before it is made and after."""

from __future__ import annotations

import psycopg
import pytest

from tests.support.schedule import add_task, value

from .conftest import Run


@pytest.fixture(autouse=True)
def _contracts(connection: psycopg.Connection) -> None:
    connection.execute(
        "delete from jittask.task; delete from jittask.calendar; drop table if exists contract"
    )
    connection.execute("create table contract (id int primary key, expires_on date, status text)")
    connection.execute(
        "insert into contract select n, date '2100-01-04' + n, case when n <= 4 then 'active' else 'ended' end "
        "from generate_series(1, 10) n"
    )


def test_a_dry_run_counts_and_changes_nothing(run: Run, connection: psycopg.Connection) -> None:
    add_task(
        connection,
        name="remind",
        source_table="contract",
        date_field="expires_on",
        filter={"status": "active"},
    )
    before = connection.execute("select * from jittask.waiting order by 1").fetchall()
    told = run("task", "edit", "remind", "--offset", "-1 day", "--dry-run")
    assert "Occurrences: 0 added, 4 moved, 0 cancelled" in told.out
    told = run("task", "edit", "remind", "--filter", '{"status": "ended"}', "--dry-run")
    assert "Occurrences: 6 added, 0 moved, 4 cancelled" in told.out
    assert connection.execute("select * from jittask.waiting order by 1").fetchall() == before


def test_a_new_task_counts_its_rows(run: Run, connection: psycopg.Connection) -> None:
    words = (
        "task",
        "add",
        "remind",
        "--handler",
        "f",
        "--source-table",
        "contract",
        "--date-field",
        "expires_on",
    )
    assert "Occurrences: 10 added, 0 moved, 0 cancelled" in run(*words, "--dry-run").out
    assert value(connection, "select count(*) from jittask.task") == 0
    assert run(*words, "--json").json["occurrences"]["added"] == 10


def test_a_marked_day_says_what_it_moved(run: Run, connection: psycopg.Connection) -> None:
    connection.execute("insert into jittask.calendar (name) values ('ours')")
    add_task(
        connection,
        name="remind",
        source_table="contract",
        date_field="expires_on",
        calendar="ours",
        skip_holidays="holidays",
    )
    assert "0 added, 1 moved, 0 cancelled" in run("calendar", "mark", "ours", "2100-01-06").out
    assert "0 added, 1 moved, 0 cancelled" in run("calendar", "unmark", "ours", "2100-01-06").out
