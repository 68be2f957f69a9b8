"""rehearse lists what then really runs: for which task and row, by the rule, due and claimed when."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jittask_pg.testing import Rehearsal
from tests.support.clock import at
from tests.support.schedule import add_task, claim, empty, enqueue, finish, register

NOW = datetime(2030, 1, 7, 12, tzinfo=UTC)
TICK = timedelta(microseconds=1)

Listed = tuple[str, str | None, datetime, datetime, datetime | None, int]
"""Task, key, nominal, due, claimed (None = it does not run), missed."""


@pytest.fixture(autouse=True)
def _noon(connection: psycopg.Connection) -> Iterator[None]:
    empty(connection)
    connection.execute(
        """
        drop table if exists contract;
        create table contract (id int primary key, expires_on date, at timestamptz, ends_on date, status text);
        delete from jittask.calendar;
        insert into jittask.calendar (name) values ('ours');
        insert into jittask.calendar_day (calendar, day, name) values ('ours', '2030-01-08', 'Founding Day'), ('ours', '2030-01-10', null);
        """
    )
    at(connection, NOW)
    yield
    at(connection, None)


@pytest.fixture
def rehearsal(database: str) -> Iterator[Rehearsal]:
    with Rehearsal(database, NOW, call=False) as begun:
        yield begun


def rehearsed(
    connection: psycopg.Connection, start: datetime | None, end: datetime, **options: Any
) -> list[Listed]:
    named = "".join(f", {name} => %({name})s" for name in options)
    rows = connection.execute(
        f"select task_name, source_key, nominal_at, due_at, case when skipped is null then run_at end, missed "
        f"from jittask.rehearse(%(start)s, %(end)s{named})".encode(),
        {"start": start, "end": end, **options},
    ).fetchall()
    return [(row[0], row[1] and json.dumps(row[1]), *row[2:]) for row in rows]


def ran(rehearsal: Rehearsal, end: datetime) -> list[Listed]:
    """What runs until then."""
    return [
        (
            str(run.task_name),
            run.source_key and json.dumps(run.source_key),
            run.nominal_at,
            run.due_at,
            run.started_at,
            run.missed,
        )
        for run in rehearsal.advance(end)
    ]


def totals(
    connection: psycopg.Connection, start: datetime | None, end: datetime, stopped: datetime | None = None
) -> dict[str, tuple[int, int, int]]:
    """By task: how many run, how many do not, and for how many missed ones they stand."""
    rows = connection.execute(
        "select task_name, runs, skipped, missed from jittask.rehearse_tasks(%s, %s, workers_stopped_until => %s)",
        [start, end, stopped],
    ).fetchall()
    return {row[0]: row[1:] for row in rows if row[1] + row[2] > 0}


def counted(listed: list[Listed]) -> dict[str, tuple[int, int, int]]:
    by_task: dict[str, list[Listed]] = {}
    for row in listed:
        by_task.setdefault(row[0], []).append(row)
    return {
        name: (
            sum(row[4] is not None for row in rows),
            sum(row[4] is None for row in rows),
            sum(row[5] for row in rows),
        )
        for name, rows in by_task.items()
    }


def in_order(listed: list[Listed]) -> list[Any]:
    return sorted(listed, key=lambda row: (row[3], row[0], row[1] or ""))


def test_a_mixed_set_runs_as_rehearsed(connection: psycopg.Connection, rehearsal: Rehearsal) -> None:
    scheduled: dict[str, dict[str, object]] = {
        "cron": {"repeat": "cron", "cron": "0 */6 * * *", "timezone": "Asia/Shanghai"},
        "fortnightly": {"repeat": "weekly", "every": 2},
        "interval": {"repeat": "interval", "period": "7 hours", "max_runs": 5},
        "moved": {"repeat": "daily", "calendar": "ours", "skip_holidays": "nonworking"},
        "moved_back": {
            "repeat": "daily", "calendar": "ours", "skip_holidays": "holidays", "holiday_policy": "previous_workday",
        },
        "ended": {"repeat": "daily", "end_at": "2030-01-09 09:00+00"},
        "paused": {"repeat": "hourly", "paused_at": NOW},
        "once": {},
    }  # fmt: skip
    for name, columns in scheduled.items():
        start = "2030-01-08 09:00+00" if name == "once" else "2029-12-25 09:00+00"
        add_task(connection, name=name, start_at=start, **columns)
    watching: dict[str, dict[str, object]] = {
        "remind": {"start_offset": "-3 days", "at_time": "09:00", "filter": {"status": "active"}},
        "nag": {"repeat": "daily", "end_field": "ends_on", "max_runs": 3},
        "late": {"past_due": "run_now"},
        "late_series": {"past_due": "run_now", "repeat": "interval", "period": "7 hours", "max_runs": 4},
        "moved_row": {"calendar": "ours", "skip_holidays": "nonworking"},
    }
    for name, columns in watching.items():
        add_task(connection, name=name, source_table="contract", date_field="expires_on", **columns)
    connection.execute(
        """
        insert into contract
        select n, date '2030-01-02' + n, null, case when n % 2 = 0 then date '2030-01-12' end,
          case when n % 3 = 0 then 'ended' else 'active' end
        from generate_series(1, 15) n
        """
    )
    enqueue(connection, "greet", due_at="2030-01-09 10:00+00")
    connection.execute("select jittask.run_now('cron')")
    end = NOW + timedelta(days=8)
    expected = rehearsed(connection, None, end + TICK)
    assert expected == rehearsed(connection, NOW - timedelta(days=365), end + TICK)
    done = ran(rehearsal, end)
    assert in_order(done) == in_order(expected)
    assert {row[0] for row in done} == {*scheduled, *watching, "greet"} - {"paused"}


def test_nothing_is_changed_locked_or_called(connection: psycopg.Connection, database: str) -> None:
    connection.execute("insert into contract values (1, '2030-01-09')")
    add_task(connection, name="remind", source_table="contract", date_field="expires_on", repeat="daily")
    with psycopg.connect(database) as other:
        other.execute("lock table contract in access exclusive mode")
        with connection.transaction():
            connection.execute("set transaction read only")
            assert len(rehearsed(connection, None, NOW + timedelta(days=4))) == 3
            assert totals(connection, None, NOW + timedelta(days=4)) == {"remind": (3, 0, 0)}
            locks = connection.execute(
                "select distinct mode from pg_locks where pid = pg_backend_pid() and locktype = 'relation'"
            ).fetchall()
    assert locks == [("AccessShareLock",)]


def test_the_queue_is_read_up_to_the_end_of_the_time_only(connection: psycopg.Connection) -> None:
    with connection.transaction():
        connection.execute("set local enable_seqscan = off")
        plan = connection.execute("explain select * from jittask.claimed_before('2030-01-08', null, null)")
        text = "\n".join(line for (line,) in plan)
    assert "Index Scan using due_queue_in_claim_order" in text
    assert "(queue = l.queue) AND (priority = l.priority) AND (run_at <" in text


def test_what_waits_already_is_listed_unless_a_time_is_given(connection: psycopg.Connection) -> None:
    add_task(connection, name="tick", start_at=NOW + timedelta(hours=1), repeat="daily")
    worker = register(connection)
    at(connection, NOW + timedelta(hours=2))
    claimed = claim(connection, worker)
    enqueue(connection, "waits", due_at=NOW + timedelta(hours=1))
    until = NOW + timedelta(days=1)
    assert [row[0] for row in rehearsed(connection, None, until)] == ["waits"]
    finish(connection, claimed, outcome="retry", error="later", run_us=60_000_000, ends_lease=True)
    assert {row[0] for row in rehearsed(connection, None, until)} == {"waits", "tick"}
    assert rehearsed(connection, NOW + timedelta(hours=2), until) == []


def test_tasks_and_a_queue_may_be_named(connection: psycopg.Connection) -> None:
    for name in ("a", "b", "c"):
        add_task(
            connection,
            name=name,
            start_at=NOW + timedelta(hours=1),
            queue="mail" if name == "b" else "default",
        )
    enqueue(connection, "one", due_at=NOW + timedelta(hours=1))
    until = NOW + timedelta(days=1)

    def named(**options: Any) -> set[str]:
        return {row[0] for row in rehearsed(connection, None, until, **options)}

    assert named() == {"a", "b", "c", "one"}
    assert named(task_names=["a", "b"]) == {"a", "b"}
    assert named(queue="mail") == {"b"}
    with pytest.raises(psycopg.Error, match='There is no task "nobody"'):
        named(task_names=["nobody"])


@pytest.mark.parametrize(
    ("options", "refusal"),
    [
        ({"to_at": "2030-01-07 12:00+00"}, 'to_at is "2030-01-07 12:00'),
        ({"to_at": "infinity"}, 'to_at is "infinity"'),
        ({"to_at": None}, 'to_at is "<NULL>"'),
        ({"from_at": "2030-01-08 12:00+00"}, "from_at is .* which is not before"),
        ({"workers_stopped_until": "2030-01-07 11:00+00"}, "workers_stopped_until is .* which is past"),
        ({"workers_stopped_until": "2030-01-08 12:00+00"}, "workers_stopped_until is .* which is not before"),
    ],
)
def test_times_that_make_no_sense_are_refused(
    connection: psycopg.Connection, options: dict[str, Any], refusal: str
) -> None:
    given = {"from_at": None, "to_at": "2030-01-08 12:00+00", "workers_stopped_until": None, **options}
    for function in ("rehearse", "rehearse_tasks"):
        with pytest.raises(psycopg.Error, match=refusal) as raised:
            connection.execute(
                f"select jittask.{function}(%(from_at)s, %(to_at)s, "
                "workers_stopped_until => %(workers_stopped_until)s)".encode(),
                given,
            )
        assert raised.value.sqlstate == "JT001"


def test_what_cannot_be_told_is_noted(connection: psycopg.Connection) -> None:
    for name, columns in {
        "plain": {},
        "paused": {"paused_at": NOW},
        "queue": {"queue": "mail"},
        "calendar": {"calendar": "CN", "skip_holidays": "nonworking"},
    }.items():
        if name == "calendar":
            connection.execute("insert into jittask.calendar (name, country) values ('CN', 'CN')")
            connection.execute("insert into jittask.calendar_day (calendar, day) values ('CN', '2029-10-01')")
        add_task(connection, name=name, start_at=NOW + timedelta(hours=1), repeat="daily", **columns)
    connection.execute("select jittask.pause_queue('mail')")
    for name in ("planning", "broken"):
        add_task(connection, name=name, source_table="contract", date_field="expires_on")
    connection.execute(
        "insert into jittask.replan (task_id, reason) select task_id, 'test' from jittask.task where name = 'planning'"
    )
    connection.execute(
        "update jittask.plan set broken = 'gone' where task_id = (select task_id from jittask.task where name = 'broken')"
    )
    notes = dict(
        connection.execute(
            "select task_name, note from jittask.rehearse_tasks(null, %s)", [NOW + timedelta(days=1)]
        ).fetchall()
    )
    connection.execute("delete from jittask.replan")
    assert notes == {
        "plain": None,
        "paused": "paused",
        "queue": 'queue "mail" is paused',
        "calendar": 'calendar "CN" is filled through 2029-10-01 only',
        "planning": "rows are yet to be planned",
        "broken": "broken: gone",
    }
    assert {row[0] for row in rehearsed(connection, None, NOW + timedelta(days=1))} == {"plain", "calendar"}


@pytest.mark.parametrize(
    "columns",
    [
        {"repeat": "cron", "cron": "* * * * *"},
        {"repeat": "cron", "cron": "* * * * *", "max_runs": 1500},
        {"repeat": "cron", "cron": "* * * * *", "max_runs": 1000},
        {"repeat": "interval", "period": "1 minute", "end_at": NOW + timedelta(days=1)},
        {"repeat": "cron", "cron": "* * * * *", "calendar": "ours", "skip_holidays": "nonworking"},
        {"repeat": "interval", "period": "1 minute", "misfire": "all", "misfire_cap": 1400},
    ],
)
@pytest.mark.parametrize("from_now", [None, timedelta(hours=30)])
def test_a_dense_rule_is_counted_as_it_is_listed(
    connection: psycopg.Connection, columns: dict[str, Any], from_now: timedelta | None
) -> None:
    add_task(connection, name="tick", start_at=NOW, **columns)
    start = None if from_now is None else NOW + from_now
    end, stopped = NOW + timedelta(days=4), NOW + timedelta(hours=25)
    listed = rehearsed(connection, start, end, workers_stopped_until=stopped)
    assert totals(connection, start, end, stopped) == counted(listed)
    row = connection.execute(
        "select first_at, last_at from jittask.rehearse_tasks(%s, %s, workers_stopped_until => %s)",
        [start, end, stopped],
    ).fetchone()
    assert row == (min((r[4] for r in listed), default=None), max((r[4] for r in listed), default=None))


def test_seconds_of_half_a_century_are_reckoned(connection: psycopg.Connection) -> None:
    add_task(connection, name="tick", start_at="1950-01-01 00:00+00", repeat="interval", period="1 second")
    row = connection.execute(
        "select runs, first_at, last_at from jittask.rehearse_tasks(null, '2079-01-07 12:00:00+00')"
    ).fetchone()
    assert row == (1546300800, NOW, datetime(2079, 1, 7, 11, 59, 59, tzinfo=UTC))


hours = st.integers(-80, 80).map(lambda number: NOW + timedelta(minutes=30 * number))
timing = st.fixed_dictionaries(
    {
        "repeat": st.sampled_from(["none", "hourly", "daily", "weekly", "monthly", "interval", "cron"]),
        "misfire": st.sampled_from(["latest", "all", "skip"]),
        "timezone": st.sampled_from(["UTC", "Asia/Shanghai", "America/New_York"]),
    },
    optional={
        "every": st.integers(1, 3),
        "end_at": hours.map(lambda instant: instant + timedelta(days=2)),
        "max_runs": st.integers(1, 5),
        "skip_holidays": st.sampled_from(["nonworking", "holidays"]),
        "holiday_policy": st.sampled_from(["next_workday", "previous_workday", "drop"]),
        "misfire_grace": st.sampled_from(["0 s", "90 minutes", "1 day"]),
        "misfire_cap": st.integers(1, 4),
        "catchup_window": st.sampled_from(["5 hours", "2 days"]),
    },
)
rows = st.lists(
    st.tuples(hours, st.none() | hours.map(datetime.date), st.sampled_from(["active", "ended"])),
    min_size=1,
    max_size=6,
)
watching = st.fixed_dictionaries(
    {"past_due": st.sampled_from(["ignore", "run_now"])},
    optional={
        "end_field": st.just("ends_on"),
        "start_offset": st.sampled_from(["-1 day", "90 minutes"]),
        "filter": st.just({"status": "active"}),
    },
)


def columns_of(timing: dict[str, Any]) -> dict[str, Any]:
    """What goes together with a repeat; the rest has no meaning for it."""
    columns = dict(timing)
    if columns["repeat"] in ("none", "interval", "cron"):
        columns.pop("every", None)
    if columns["repeat"] == "interval":
        columns["period"] = "5 hours"
    elif columns["repeat"] == "cron":
        columns["cron"] = "30 */4 * * *"
    if "skip_holidays" in columns:
        columns["calendar"] = "ours"
    else:
        columns.pop("holiday_policy", None)
    return columns


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    scheduled=st.lists(st.tuples(timing, hours), min_size=1, max_size=3),
    watches=st.tuples(timing, watching, rows),
    days=st.floats(0.1, 4),
    skipped_days=st.floats(0, 2),
    stopped_hours=st.none() | st.integers(1, 40),
    first=st.integers(1, 12),
)
def test_whatever_is_defined_runs_as_rehearsed(
    database: str,
    connection: psycopg.Connection,
    scheduled: list[tuple[dict[str, Any], datetime]],
    watches: tuple[dict[str, Any], dict[str, Any], list[tuple[datetime, Any, str]]],
    days: float,
    skipped_days: float,
    stopped_hours: int | None,
    first: int,
) -> None:
    empty(connection)
    connection.execute("delete from contract")
    connection.cursor().executemany(
        "insert into contract (id, at, ends_on, status) values (%s, %s, %s, %s)",
        [(number, *row) for number, row in enumerate(watches[2])],
    )
    for number, (columns, start) in enumerate(scheduled):
        fixed = columns_of(columns)
        if "end_at" in fixed:
            fixed["end_at"] = max(fixed["end_at"], start)
        add_task(connection, name=f"task {number}", start_at=start, **fixed)
    add_task(
        connection,
        name="watch",
        source_table="contract",
        date_field="at",
        **columns_of(watches[0]),
        **watches[1],
    )
    end = NOW + timedelta(days=days)
    stopped = None if stopped_hours is None else NOW + timedelta(hours=stopped_hours)
    if stopped is not None:
        end = max(end, stopped)
    everything = rehearsed(connection, None, end + TICK, workers_stopped_until=stopped)
    assert (
        rehearsed(connection, None, end + TICK, workers_stopped_until=stopped, count=first)
        == everything[:first]
    )
    start = min(NOW + timedelta(days=skipped_days), end)
    assert rehearsed(connection, start, end + TICK, workers_stopped_until=stopped) == [
        row for row in everything if row[3] >= start
    ]
    assert (
        rehearsed(connection, start, end + TICK, workers_stopped_until=stopped, count=first)
        == [row for row in everything if row[3] >= start][:first]
    )
    assert totals(connection, None, end + TICK, stopped) == counted(everything)
    with Rehearsal(database, NOW, call=False) as rehearsal:
        done: list[Listed] = []
        if stopped is not None:
            rehearsal.workers_stopped = True
            done += ran(rehearsal, stopped)
            rehearsal.workers_stopped = False
        done += ran(rehearsal, max(rehearsal.now, NOW + (end - NOW) / 2))
        rest = rehearsed(rehearsal.connection, None, end + TICK) if rehearsal.now < end else []
        assert in_order(ran(rehearsal, end)) == in_order(rest)
    assert in_order(done + rest) == in_order(everything)
