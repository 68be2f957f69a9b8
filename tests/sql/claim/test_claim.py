"""jittask.claim: who gets what, in which order, and what the claim decides."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from tests.support.clock import at
from tests.support.schedule import (
    add_task,
    change_task,
    claim,
    empty,
    enqueue,
    finish,
    records,
    register,
    statuses,
    value,
)

NOON = "2030-01-07 12:00:00+00"


@pytest.fixture(autouse=True)
def _noon(connection: psycopg.Connection) -> Iterator[None]:
    empty(connection)
    at(connection, NOON)
    yield
    at(connection, None)


@pytest.fixture
def worker(connection: psycopg.Connection) -> int:
    return register(connection)


def test_nothing_due_gives_nothing_and_writes_nothing(connection: psycopg.Connection, worker: int) -> None:
    enqueue(connection, due_at="2030-01-07 12:00:01+00")
    before = value(connection, "select pg_current_xact_id_if_assigned() is null")
    assert claim(connection, worker).rows == []
    assert before
    assert value(connection, "select count(*) from jittask.lease") == 0


def test_smaller_priority_comes_first_then_the_older_due(connection: psycopg.Connection, worker: int) -> None:
    late = enqueue(connection, due_at="2030-01-07 11:59:59+00")
    early = enqueue(connection, due_at="2030-01-07 11:59:00+00")
    urgent = enqueue(connection, priority=1)
    assert claim(connection, worker, 2).ids == [urgent, early]
    assert claim(connection, worker, 2).ids == [late]


def test_queues_of_one_priority_take_turns_by_their_oldest_row(
    connection: psycopg.Connection, worker: int
) -> None:
    first = enqueue(connection, queue="zebra", due_at="2030-01-07 11:58:00+00")
    second = enqueue(connection, queue="ant", due_at="2030-01-07 11:59:00+00")
    assert claim(connection, worker, 1).ids == [first]
    assert claim(connection, worker, 1).ids == [second]


def test_a_worker_of_some_queues_leaves_the_others(connection: psycopg.Connection, worker: int) -> None:
    enqueue(connection, queue="mail")
    wanted = enqueue(connection, queue="report")
    assert claim(connection, worker, p_queues=["report"]).ids == [wanted]


def test_nothing_is_claimed_from_a_paused_queue(connection: psycopg.Connection, worker: int) -> None:
    enqueued = enqueue(connection)
    connection.execute("select jittask.pause_queue('default')")
    assert claim(connection, worker).ids == []
    connection.execute("select jittask.resume_queue('default')")
    assert claim(connection, worker).ids == [enqueued]


def test_what_one_worker_holds_no_other_gets(
    connection: psycopg.Connection, worker: int, database: str
) -> None:
    for _ in range(20):
        enqueue(connection)
    with psycopg.connect(database) as first, psycopg.connect(database) as second:
        for session in (first, second):
            at(session, NOON)
        mine = claim(first, worker, 10).ids
        # The first claim is not committed: its rows are locked, and passed over.
        theirs = claim(second, register(second), 10).ids
    assert len(mine) == len(theirs) == 10
    assert not set(mine) & set(theirs)


def test_the_watermark_passes_over_what_is_not_behind_it(connection: psycopg.Connection, worker: int) -> None:
    first, second = enqueue(connection), enqueue(connection)
    run_us = value(connection, "select jittask.to_us(jittask.now())")
    assert claim(connection, worker, p_after_run_us=run_us, p_after_id=first).ids == [second]
    assert claim(connection, worker).ids == [first]


def test_claiming_is_a_hot_update(connection: psycopg.Connection, worker: int) -> None:
    count = 50
    for _ in range(count):
        enqueue(connection)
    counter = "select pg_stat_get_xact_tuples_hot_updated('jittask.due_queue'::regclass)"
    with connection.transaction():
        assert len(claim(connection, worker).rows) == count
        # The claimed version is a little longer, so that the last rows of a full page may find no room.
        assert value(connection, counter) >= count * 0.9


def test_a_repeating_task_plans_its_next_occurrence_at_the_claim(
    connection: psycopg.Connection, worker: int
) -> None:
    add_task(connection, name="tick", start_at=NOON, repeat="interval", period="10 seconds")
    claimed = claim(connection, worker)
    assert [row.due_us for row in claimed.rows] == [value(connection, "select jittask.to_us(jittask.now())")]
    assert [record.due_at.second for record in records(connection)] == [0, 10]
    assert statuses(connection) == ["executing", "pending"]


def test_max_runs_is_counted_at_the_claim_and_survives_an_edit(
    connection: psycopg.Connection, worker: int
) -> None:
    add_task(connection, name="tick", start_at=NOON, repeat="interval", period="10 seconds", max_runs=2)
    finish(connection, claim(connection, worker))
    change_task(connection, "tick", period="5 seconds")
    at(connection, "2030-01-07 12:01:00+00")
    finish(connection, claim(connection, worker))
    assert len(records(connection, status="completed")) == 2
    at(connection, "2030-01-07 12:02:00+00")
    assert claim(connection, worker).rows == []
    change_task(connection, "tick", max_runs=3)
    at(connection, "2030-01-07 12:03:00+00")
    assert len(claim(connection, worker).rows) == 1


def test_a_day_is_not_24_hours_when_a_task_is_edited(connection: psycopg.Connection) -> None:
    connection.execute(
        "drop table if exists parcel; create table parcel (id int primary key, send_at timestamptz)"
    )
    connection.execute("insert into parcel values (1, '2030-03-30 12:00+01')")
    add_task(
        connection,
        name="send",
        source_table="parcel",
        date_field="send_at",
        start_offset="1 day",
        timezone="Europe/Berlin",
    )
    (before,) = records(connection)
    change_task(connection, "send", start_offset="24 hours")
    (after,) = records(connection)
    # The clocks go forward in between.
    assert (after.due_at - before.due_at).total_seconds() == 3600


def test_a_row_of_an_older_plan_is_dropped(connection: psycopg.Connection, worker: int) -> None:
    add_task(connection, name="tick", start_at=NOON, repeat="daily")
    connection.execute("update jittask.due_queue set plan_no = plan_no - 1")
    assert claim(connection, worker).rows == []
    assert value(connection, "select count(*) from jittask.due_queue") == 0


def test_a_rule_of_a_second_goes_on_however_old_its_start_is(
    connection: psycopg.Connection, worker: int
) -> None:
    add_task(connection, name="tick", start_at="1930-01-01 00:00+00", repeat="interval", period="1 second")
    at(connection, "2030-01-07 12:00:01+00")
    assert len(claim(connection, worker).rows) == 1
    assert [f"{record.due_at:%M:%S}" for record in records(connection)] == ["00:00", "00:01"]


class TestMisfire:
    """What happens to a task that ticks every ten seconds when nobody claimed for five minutes."""

    def miss(self, connection: psycopg.Connection, **columns: object) -> None:
        add_task(connection, name="tick", start_at=NOON, repeat="interval", period="10 seconds", **columns)
        at(connection, "2030-01-07 12:05:05+00")

    def test_latest_runs_once_for_the_newest_and_says_how_many_it_stands_for(
        self, connection: psycopg.Connection, worker: int
    ) -> None:
        self.miss(connection, misfire="latest")
        (row,) = claim(connection, worker).rows
        assert row.missed == 30
        assert [f"{record.due_at:%M:%S}" for record in records(connection)] == ["05:00", "05:10"]

    def test_skip_drops_the_late_ones_and_records_their_number(
        self, connection: psycopg.Connection, worker: int
    ) -> None:
        self.miss(connection, misfire="skip")
        assert claim(connection, worker).rows == []
        (skipped,) = records(connection, status="skipped")
        assert skipped.missed == 25
        # 12:04:05 is exactly as late as the grace allows: what is due from there on still runs.
        (row,) = claim(connection, worker).rows
        assert row.due_us == value(connection, "select jittask.to_us('2030-01-07 12:04:10+00')")

    def test_all_runs_every_one_in_order(self, connection: psycopg.Connection, worker: int) -> None:
        self.miss(connection, misfire="all")
        runs = 0
        while (claimed := claim(connection, worker)).rows:
            runs += len(claimed.rows)
            finish(connection, claimed, ends_lease=True)
        assert runs == 31
        dues = [record.due_at for record in records(connection, status="completed")]
        assert dues == sorted(dues)

    @pytest.mark.parametrize("cap", [5, 30, 31])
    def test_all_keeps_to_the_cap_and_records_what_was_dropped(
        self, connection: psycopg.Connection, worker: int, cap: int
    ) -> None:
        self.miss(connection, misfire="all", misfire_cap=cap)
        runs = []
        while (claimed := claim(connection, worker)).rows:
            runs += claimed.rows
            finish(connection, claimed, ends_lease=True)
        assert len(runs) == cap
        assert sum(row.missed for row in runs) == 31 - cap

    def test_all_keeps_to_the_catchup_window(self, connection: psycopg.Connection, worker: int) -> None:
        self.miss(connection, misfire="all", catchup_window="2 minutes")
        runs = []
        while (claimed := claim(connection, worker)).rows:
            runs += claimed.rows
            finish(connection, claimed, ends_lease=True)
        assert len(runs) == 12
        assert sum(row.missed for row in runs) == 19

    def test_all_runs_nothing_where_even_the_newest_is_older_than_the_catchup_window(
        self, connection: psycopg.Connection, worker: int
    ) -> None:
        add_task(
            connection, name="tick", start_at=NOON, repeat="daily", misfire="all", catchup_window="10 hours"
        )
        at(connection, "2030-01-10 00:00+00")
        assert claim(connection, worker).rows == []
        (skipped,) = records(connection, status="skipped")
        assert (skipped.missed, skipped.error) == (3, "missed: late by more than catchup_window")
        (waiting,) = records(connection, status="pending")
        assert f"{waiting.due_at:%d %H:%M}" == "10 12:00"

    def test_within_the_grace_nothing_is_missed(self, connection: psycopg.Connection, worker: int) -> None:
        add_task(connection, name="tick", start_at=NOON, repeat="interval", period="10 seconds")
        at(connection, "2030-01-07 12:00:45+00")
        runs = 0
        while (claimed := claim(connection, worker)).rows:
            runs += len(claimed.rows)
            finish(connection, claimed, ends_lease=True)
        assert runs == 5

    def test_a_one_off_is_never_missed(self, connection: psycopg.Connection, worker: int) -> None:
        enqueue(connection, due_at="2029-01-01 00:00+00")
        assert len(claim(connection, worker).rows) == 1


class TestOverlap:
    """What happens to an occurrence that comes due while the one before still runs."""

    def begin(self, connection: psycopg.Connection, worker: int, overlap: str) -> object:
        add_task(
            connection, name="slow", start_at=NOON, repeat="interval", period="10 seconds", overlap=overlap
        )
        running = claim(connection, worker)
        assert len(running.rows) == 1
        return running

    def test_skip_records_consecutive_skips_in_one_record(
        self, connection: psycopg.Connection, worker: int
    ) -> None:
        self.begin(connection, worker, "skip")
        for instant in ("12:00:10", "12:00:20", "12:00:30"):
            at(connection, f"2030-01-07 {instant}+00")
            assert claim(connection, worker).rows == []
        (skipped,) = records(connection, status="skipped")
        assert skipped.missed == 3
        assert statuses(connection, status="pending") == ["pending"]

    def test_wait_runs_it_when_the_run_before_has_ended(
        self, connection: psycopg.Connection, worker: int
    ) -> None:
        running = self.begin(connection, worker, "wait")
        at(connection, "2030-01-07 12:00:10+00")
        assert claim(connection, worker).rows == []
        finish(connection, running, ends_lease=True)
        assert len(claim(connection, worker).rows) == 1
        assert statuses(connection, status="skipped") == []

    def test_allow_runs_both(self, connection: psycopg.Connection, worker: int) -> None:
        self.begin(connection, worker, "allow")
        at(connection, "2030-01-07 12:00:10+00")
        assert len(claim(connection, worker).rows) == 1

    def test_a_retry_that_waits_counts_as_running(self, connection: psycopg.Connection, worker: int) -> None:
        add_task(
            connection,
            name="slow",
            start_at=NOON,
            repeat="interval",
            period="10 seconds",
            max_attempts=2,
            retry_delay="1 hour",
        )
        finish(connection, claim(connection, worker), outcome="error", error="no")
        at(connection, "2030-01-07 12:00:10+00")
        assert claim(connection, worker).rows == []
        assert statuses(connection, status="skipped") == ["skipped"]


def test_a_date_moved_while_its_row_runs_waits_and_is_not_skipped(
    connection: psycopg.Connection, worker: int
) -> None:
    connection.execute(
        "drop table if exists parcel; create table parcel (id int primary key, send_at timestamptz)"
    )
    add_task(connection, name="send", source_table="parcel", date_field="send_at")
    connection.execute("insert into parcel values (1, jittask.now())")
    running = claim(connection, worker)
    connection.execute("update parcel set send_at = send_at + interval '5 seconds'")
    at(connection, "2030-01-07 12:00:05+00")
    assert claim(connection, worker).rows == []
    finish(connection, running, ends_lease=True)
    assert len(claim(connection, worker).rows) == 1


def test_max_running_holds_over_all_workers(connection: psycopg.Connection, worker: int) -> None:
    connection.execute(
        "drop table if exists parcel; create table parcel (id int primary key, send_at timestamptz)"
    )
    add_task(connection, name="send", source_table="parcel", date_field="send_at", max_running=2)
    connection.execute("insert into parcel select n, jittask.now() from generate_series(1, 5) n")
    running = claim(connection, worker)
    assert len(running.rows) == 2
    assert claim(connection, register(connection, "other")).rows == []
    finish(connection, running, running.ids[:1])
    assert len(claim(connection, worker).rows) == 1
    finish(connection, running, running.ids[1:], ends_lease=True)
    assert len(claim(connection, worker).rows) == 1


def test_a_claim_waits_for_no_edit_of_a_task_with_max_running(
    connection: psycopg.Connection, worker: int
) -> None:
    add_task(connection, name="limited", max_running=1, start_at=NOON)
    add_task(connection, name="free", start_at=NOON)
    with psycopg.connect(connection.info.dsn) as editor:
        editor.execute("update jittask.task set max_running = 2 where name = 'limited'")
        connection.execute("set lock_timeout = '1s'")
        assert len(claim(connection, worker).rows) == 1
        assert value(connection, "select min(run_at) from jittask.waiting") == value(
            connection, "select jittask.now()"
        )
    connection.execute("reset lock_timeout")
    assert len(claim(connection, worker).rows) == 1


def test_internal_functions_are_left_to_workers_that_run_them(
    connection: psycopg.Connection, worker: int
) -> None:
    add_task(connection, name="inner", source="def run(): ...", start_at=NOON)
    assert claim(connection, worker).rows == []
    (row,) = claim(connection, worker, p_inline=True).rows
    assert row.handler is None
