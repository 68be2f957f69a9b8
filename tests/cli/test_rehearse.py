"""rehearse: what would run, and how it is told."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import conninfo

from tests.support.clock import at

from .conftest import Run, runner

NOW = "2030-03-01T08:00:00+00"


@pytest.fixture
def run(database: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs ``jittask`` with the given words, in the morning of 1 March 2030."""
    monkeypatch.setenv("JITTASK_DSN", conninfo.make_conninfo(database, options=f"-c jittask.fake_now={NOW}"))
    return runner()


@pytest.fixture(autouse=True)
def _tasks(connection: psycopg.Connection) -> Iterator[None]:
    at(connection, NOW)
    connection.execute(
        """
        delete from jittask.task;
        delete from jittask.calendar;
        truncate jittask.due_queue, jittask.run_history;
        drop table if exists contract;
        create table contract (id int primary key, expires_on date);
        insert into contract values (1, '2030-03-06'), (2, '2030-03-20');
        update jittask.setting set value = 'Asia/Shanghai' where name = 'timezone';
        insert into jittask.calendar (name) values ('ours');
        insert into jittask.calendar_day (calendar, day, name) values ('ours', '2030-03-05', 'Founding Day');
        insert into jittask.task (name, kind, handler, start_at, repeat, timezone, calendar, skip_holidays) values
          ('report', 'scheduled', 'h', '2030-03-04 09:00-05', 'daily', 'America/New_York', 'ours', 'holidays'),
          ('far', 'scheduled', 'h', '2040-01-01 09:00+08', 'daily', null, null, 'none'),
          ('off', 'scheduled', 'h', '2030-03-01 09:00+08', 'daily', null, null, 'none');
        insert into jittask.task (name, kind, handler, source_table, date_field, at_time)
        values ('remind', 'date_field', 'h', 'contract', 'expires_on', '09:00');
        select jittask.pause('off')
        """
    )
    yield
    at(connection, None)


def lines(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines()]


def test_occurrences_and_totals_are_told_in_the_zone_of_each_task(run: Run) -> None:
    assert lines(run("rehearse", "--to", "2030-03-07").out) == [
        "day due task row by the rule because of",
        "Mon 2030-03-04 09:00:00-05 report",
        'Wed 2030-03-06 09:00:00+08 remind {"id": 1}',
        "Wed 2030-03-06 09:00:00-05 report 2030-03-05 09:00:00-05 Founding Day in calendar ours",
        "Thu 2030-03-07 09:00:00-05 report",
        "",
        "task kind runs first last note",
        "report scheduled 3 2030-03-04 09:00:00-05 2030-03-07 09:00:00-05",
        "remind date_field 1 2030-03-06 09:00:00+08 2030-03-06 09:00:00+08",
        "off scheduled 0 paused",
        "1 task with nothing in this time",
    ]


def test_what_is_not_listed_is_counted(run: Run) -> None:
    told = lines(run("rehearse", "--from", "2030-03-06", "--for", "30 days", "--limit", "3").out)
    assert told[4] == "and 29 more; --limit lists more of them"
    whole = run("rehearse", "--from", "2030-03-06", "--for", "30 days", "--json").json
    assert whole["more"] == 0
    assert len(whole["occurrences"]) == 32 == sum(task["runs"] for task in whole["tasks"])


def test_programs_are_told_the_same(run: Run) -> None:
    answer = run("rehearse", "--to", "2030-03-06 12:00", "--task", "remind", "--task", "far", "--json").json
    assert answer["to_at"] == "2030-03-06T04:00:00.000000+00"
    assert answer["occurrences"] == [
        {
            "task_name": "remind",
            "kind": "date_field",
            "source_key": {"id": 1},
            "nominal_at": "2030-03-06T09:00:00+08:00",
            "due_at": "2030-03-06T09:00:00+08:00",
            "run_at": "2030-03-06T09:00:00+08:00",
            "why": None,
            "missed": 0,
            "skipped": None,
        }
    ]
    assert [(task["task_name"], task["runs"]) for task in answer["tasks"]] == [("remind", 1), ("far", 0)]


def test_stopped_workers_show_what_misfire_makes_of_it(run: Run, connection: psycopg.Connection) -> None:
    connection.execute("update jittask.task set misfire = 'skip' where name = 'remind'")
    answer = lines(run("rehearse", "--to", "2030-03-07", "--workers-stopped", "2030-03-07 08:00").out)
    assert answer[1:3] == [
        'Wed 2030-03-06 09:00:00+08 remind {"id": 1} 1 missed: it was late by more than misfire_grace',
        "Wed 2030-03-06 09:00:00-05 report 2030-03-05 09:00:00-05 Founding Day in calendar ours"
        " 2030-03-06 19:00:00-05 1",
    ]


def test_nothing_is_a_plain_answer(run: Run, connection: psycopg.Connection) -> None:
    connection.execute("delete from jittask.task")
    assert run("rehearse", "--for", "1 day").out == "Nothing would run.\n"


def test_wrong_usage_and_wrong_values_are_told_apart(run: Run) -> None:
    assert "either --to or --for" in run("rehearse", code=2).err
    assert "either --to or --for" in run("rehearse", "--to", "2030-04-01", "--for", "1 day", code=2).err
    assert "no point in time" in run("rehearse", "--to", "soon", code=2).err
    assert "records show what ran" in run("rehearse", "--to", "2030-02-01", code=1).err
    assert "within 50 years" in run("rehearse", "--for", "9000 years", code=1).err
    assert 'no task "nobody"' in run("rehearse", "--for", "1 day", "--task", "nobody", code=1).err
