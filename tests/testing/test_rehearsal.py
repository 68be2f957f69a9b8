"""Time moved by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from psycopg import sql

from jittask_pg.errors import InvalidValueError, SchemaVersionError, StateError
from jittask_pg.outcomes import Retry
from jittask_pg.testing import Rehearsal
from tests.support.invariants import differences

NOON = datetime(2030, 1, 7, 12, tzinfo=UTC)

Begin = Callable[..., Rehearsal]


@pytest.fixture
def begin(fresh_database: Callable[..., str]) -> Iterator[Begin]:
    begun: list[Rehearsal] = []

    def make(handlers: dict[str, Callable[..., Any]], **options: Any) -> Rehearsal:
        begun.append(Rehearsal(fresh_database(), NOON, handlers, **options))
        return begun[-1]

    yield make
    for rehearsal in begun:
        rehearsal.close()


def schedule(rehearsal: Rehearsal, **columns: Any) -> None:
    names = ", ".join(columns)
    rehearsal.connection.execute(
        f"insert into jittask.task (name, kind, handler, {names}) "
        f"values ('tick', 'scheduled', 'tick', {', '.join(['%s'] * len(columns))})",
        list(columns.values()),
    )


def test_runs_come_back_in_order_with_what_they_returned(begin: Begin) -> None:
    rehearsal = begin({"tick": lambda context: context.due_at.minute})
    schedule(rehearsal, start_at=NOON + timedelta(minutes=10), repeat="interval", period="10 minutes")
    runs = rehearsal.advance(timedelta(minutes=30))
    assert [(run.task_name, run.due_at, run.started_at, run.status, run.result) for run in runs] == [
        ("tick", NOON + timedelta(minutes=n), NOON + timedelta(minutes=n), "completed", n)
        for n in (10, 20, 30)
    ]
    assert [run.nominal_at for run in runs] == [run.due_at for run in runs]
    assert {run.source_key for run in runs} == {None}
    assert rehearsal.now == NOON + timedelta(minutes=30)
    assert rehearsal.advance(rehearsal.now) == []
    assert rehearsal.connection.execute("select jittask.now()").fetchone() == (rehearsal.now,)


def test_time_passes_without_workers(begin: Begin) -> None:
    rehearsal = begin({"tick": lambda: None})
    schedule(rehearsal, start_at=NOON + timedelta(minutes=10), repeat="interval", period="10 minutes")
    rehearsal.workers_stopped = True
    assert rehearsal.advance(timedelta(minutes=45)) == []
    rehearsal.workers_stopped = False
    [late] = rehearsal.advance(timedelta(0))
    assert (late.due_at, late.started_at) == (NOON + timedelta(minutes=40), NOON + timedelta(minutes=45))
    assert late.missed == 3


@pytest.mark.parametrize("misfire", ["latest", "all", "skip"])
@pytest.mark.parametrize(
    ("column", "value", "first"),
    [("misfire_grace", "1 hour", True), ("past_due", "run_now", True), ("misfire_grace", "1 minute", False)],
)
def test_of_a_row_written_late_the_first_due_may_run_and_later_ones_are_due_from_now_on(
    begin: Begin, misfire: str, column: str, value: str, first: bool
) -> None:
    rehearsal = begin({"tick": lambda row: row.id})
    execute = rehearsal.connection.execute
    execute("create table ticket (id int primary key, opened_at timestamptz, closed_at timestamptz)")
    execute(
        sql.SQL(
            "insert into jittask.task (name, kind, handler, source_table, date_field, end_field, repeat, period,"
            " misfire, {}) values ('tick', 'date_field', 'tick', 'ticket', 'opened_at', 'closed_at', 'interval',"
            " '10 minutes', %s, %s)"
        ).format(sql.Identifier(column)),
        [misfire, value],
    )
    execute("insert into ticket values (1, %s)", [NOON - timedelta(minutes=35)])
    assert differences(rehearsal.connection) == []
    # An end that is put in does not touch what waits.
    execute("update ticket set closed_at = %s", [NOON + timedelta(minutes=20)])
    assert differences(rehearsal.connection) == []
    execute("select jittask.reconcile('ticket')")
    numbers = [
        (row[0], row[1])
        for row in execute("select occurrence_no, due_at from jittask.preview('tick')").fetchall()
    ]
    runs = rehearsal.advance(timedelta(minutes=40))
    assert [run.due_at - NOON for run in runs] == [
        timedelta(minutes=minutes) for minutes in ([-35] if first else []) + [5, 15]
    ]
    assert [run.status for run in runs] == ["completed"] * len(runs)
    assert numbers == list(zip(([1] if first else []) + [5, 6], [run.due_at for run in runs], strict=True))


def test_what_is_not_late_yet_runs_behind_what_was_skipped(begin: Begin) -> None:
    rehearsal = begin({"tick": lambda: None})
    schedule(
        rehearsal,
        start_at=NOON + timedelta(minutes=10),
        repeat="interval",
        period="10 minutes",
        misfire="skip",
        misfire_grace="5 minutes",
    )
    rehearsal.workers_stopped = True
    rehearsal.advance(timedelta(minutes=42))
    rehearsal.workers_stopped = False
    runs = rehearsal.advance(timedelta(minutes=18))
    assert [(run.status, run.due_at.minute, run.missed) for run in runs] == [
        ("skipped", 10, 3),
        ("completed", 40, 0),
        ("completed", 50, 0),
        ("completed", 0, 0),
    ]
    assert runs[1].started_at == NOON + timedelta(minutes=42)


def test_errors_retries_and_coroutines_go_as_they_do_in_workers(begin: Begin) -> None:
    async def twice(context: Any) -> str:
        if context.attempt < 2:
            raise Retry(after=60)
        return "second"

    def fails() -> None:
        raise ValueError("no such order")

    rehearsal = begin({"twice": twice, "fails": fails})
    rehearsal.connection.execute("select jittask.enqueue('twice'), jittask.enqueue('fails')")
    failed, retried = rehearsal.advance(timedelta(minutes=5))
    assert failed.status == "error"
    assert failed.error is not None
    assert failed.error.endswith("ValueError: no such order")
    assert (retried.status, retried.attempt, retried.result) == ("completed", 2, "second")
    assert retried.started_at == NOON + timedelta(minutes=1)


def test_functions_write_under_the_same_clock(begin: Begin) -> None:
    def note(context: Any) -> None:
        context.connection.execute("insert into seen select jittask.now()")

    rehearsal = begin({"tick": note})
    rehearsal.connection.execute("create table seen (at timestamptz)")
    schedule(rehearsal, start_at=NOON + timedelta(hours=1))
    rehearsal.advance(timedelta(hours=2))
    assert rehearsal.connection.execute("select at from seen").fetchall() == [(NOON + timedelta(hours=1),)]


def test_database_functions_and_sources_run(begin: Begin) -> None:
    rehearsal = begin({})
    rehearsal.connection.execute("create function answer(args jsonb) returns int language sql as 'select 42'")
    rehearsal.connection.execute("select jittask.enqueue('sql:public.answer')")
    rehearsal.connection.execute(
        "insert into jittask.task (name, kind, source, start_at) values ('own', 'scheduled', %s, %s)",
        ["def run():\n    return 'own'", NOON + timedelta(seconds=1)],
    )
    assert [run.result for run in rehearsal.advance(timedelta(seconds=2))] == [42, "own"]


def test_without_calls_every_run_completes(begin: Begin) -> None:
    rehearsal = begin({}, call=False)
    schedule(rehearsal, start_at=NOON, repeat="daily")
    runs = rehearsal.advance(timedelta(days=3))
    assert [run.status for run in runs] == ["completed"] * len(runs)
    assert len(runs) in (3, 4)


def test_a_function_that_is_not_given_is_named(begin: Begin) -> None:
    rehearsal = begin({})
    schedule(rehearsal, start_at=NOON + timedelta(seconds=1))
    with pytest.raises(StateError, match='"tick" is not known here'):
        rehearsal.advance(timedelta(seconds=2))


def test_moments_that_cannot_be_are_refused(begin: Begin, fresh_database: Callable[..., str]) -> None:
    rehearsal = begin({})
    with pytest.raises(InvalidValueError, match="is before"):
        rehearsal.advance(NOON - timedelta(seconds=1))
    with pytest.raises(InvalidValueError, match="has no offset"):
        rehearsal.advance("2030-01-08T00:00:00")
    with pytest.raises(InvalidValueError, match='start is "tomorrow"'):
        Rehearsal("host=nowhere", "tomorrow")
    with pytest.raises(SchemaVersionError):
        Rehearsal(fresh_database(installed=False), NOON)
