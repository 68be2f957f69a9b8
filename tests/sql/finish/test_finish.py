"""jittask.finish and what else ends an occurrence: exactly one record, whoever reports what."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from tests.support.clock import at
from tests.support.schedule import add_task, claim, empty, enqueue, finish, records, register, statuses, value

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


def test_a_finished_occurrence_leaves_the_queue_and_keeps_one_record(
    connection: psycopg.Connection, worker: int
) -> None:
    occurrence = enqueue(connection, args={"a": 1}, title="one")
    assert finish(connection, claim(connection, worker), ends_lease=True) == []
    (record,) = records(connection)
    assert (record.occurrence_id, record.status, record.attempt, record.worker) == (
        occurrence,
        "completed",
        1,
        "worker",
    )
    assert value(connection, "select count(*) from jittask.due_queue") == 0
    assert value(connection, "select count(*) from jittask.lease") == 0


def test_a_report_that_is_sent_twice_counts_once(connection: psycopg.Connection, worker: int) -> None:
    enqueue(connection)
    claimed = claim(connection, worker)
    finish(connection, claimed)
    assert finish(connection, claimed) == []
    assert statuses(connection) == ["completed"]
    assert value(connection, "select count(*) from jittask.run_attempt") == 0


def test_a_wrong_token_finishes_nothing(connection: psycopg.Connection, worker: int) -> None:
    enqueue(connection)
    claimed = claim(connection, worker)
    stolen = claimed._replace(token=claimed.token + 1)
    assert finish(connection, stolen) == [(claimed.ids[0], "superseded")]
    assert statuses(connection) == ["executing"]
    assert value(connection, "select outcome from jittask.run_attempt") == "superseded"


def test_a_lost_lease_runs_again_and_the_late_result_is_kept_aside(
    connection: psycopg.Connection, worker: int
) -> None:
    enqueue(connection)
    lost = claim(connection, worker)
    at(connection, "2030-01-07 12:00:31+00")
    connection.execute("select jittask.sweep()")
    again = claim(connection, register(connection, "second"))
    assert again.ids == lost.ids
    assert finish(connection, lost) == [(lost.ids[0], "superseded")]
    assert finish(connection, again) == []
    (record,) = records(connection)
    assert (record.status, record.worker) == ("completed", "second")
    outcomes = connection.execute("select outcome from jittask.run_attempt order by finished_at").fetchall()
    assert sorted(outcomes) == [("lost",), ("superseded",)]


def test_a_renewed_lease_is_not_taken_back(connection: psycopg.Connection, worker: int) -> None:
    enqueue(connection)
    claimed = claim(connection, worker)
    at(connection, "2030-01-07 12:00:20+00")
    assert value(connection, "select lease_id from jittask.renew(%s)", [worker]) == claimed.lease_id
    at(connection, "2030-01-07 12:00:45+00")
    connection.execute("select jittask.sweep()")
    assert finish(connection, claimed) == []


def test_what_was_cancelled_does_not_run_again_when_its_worker_died(
    connection: psycopg.Connection, worker: int
) -> None:
    for _ in range(2):
        enqueue(connection)
    claimed = claim(connection, worker)
    assert value(connection, "select jittask.cancel(%s)", [claimed.ids[0]]) == "stopping"
    at(connection, "2030-01-07 12:00:31+00")
    connection.execute("select jittask.sweep()")
    assert claim(connection, register(connection, "second")).ids == claimed.ids[1:]
    (status, error) = connection.execute(
        "select status, error from jittask.execution_record where occurrence_id = %s", [claimed.ids[0]]
    ).fetchall()[0]
    assert (status, "did not answer" in error) == ("cancelled", True)
    assert finish(connection, claimed)[0] == (claimed.ids[0], "superseded")


def test_the_third_loss_ends_the_occurrence_as_lost(connection: psycopg.Connection, worker: int) -> None:
    enqueue(connection, max_attempts=5)
    for minute in (1, 2, 3):
        assert len(claim(connection, worker).rows) == 1
        at(connection, f"2030-01-07 12:0{minute}:00+00")
        connection.execute("select jittask.sweep()")
    assert claim(connection, worker).rows == []
    (record,) = records(connection)
    assert (record.status, record.attempt) == ("lost", 0)


def test_what_only_shared_the_lease_of_a_killer_is_not_lost_with_it(
    connection: psycopg.Connection, worker: int
) -> None:
    killer, *others = [enqueue(connection) for _ in range(100)]
    deaths = 0
    while (claimed := claim(connection, worker)).rows:
        if killer in claimed.ids:
            # The worker dies with all it holds.
            deaths += 1
            at(connection, f"2030-01-07 12:{deaths:02}:00+00")
            connection.execute("select jittask.sweep()")
        else:
            finish(connection, claimed, ends_lease=True)
    assert {record.occurrence_id for record in records(connection, status="completed")} == set(others)
    assert [record.occurrence_id for record in records(connection, status="lost")] == [killer]
    # The first death, with all in one lease, says nothing of who it was.
    assert deaths == 4


def test_an_error_is_tried_again_with_a_delay_that_doubles(
    connection: psycopg.Connection, worker: int
) -> None:
    enqueue(connection, max_attempts=3, retry_delay="10 seconds")
    waits = []
    for instant in ("12:00:00", "12:01:00"):
        at(connection, f"2030-01-07 {instant}+00")
        claimed = claim(connection, worker)
        assert finish(connection, claimed, outcome="error", error="no") == [(claimed.ids[0], "retry")]
        waits.append(
            value(connection, "select extract(epoch from run_at - jittask.now()) from jittask.waiting")
        )
    assert 10 <= waits[0] <= 11
    assert 20 <= waits[1] <= 22
    at(connection, "2030-01-07 12:02:00+00")
    assert finish(connection, claim(connection, worker), outcome="error", error="no") == []
    (record,) = records(connection)
    assert (record.status, record.attempt, record.error) == ("error", 3, "no")
    assert value(connection, "select count(*) from jittask.run_attempt where outcome = 'error'") == 2


def test_due_at_stays_when_a_retry_waits(connection: psycopg.Connection, worker: int) -> None:
    enqueue(connection, max_attempts=2)
    finish(connection, claim(connection, worker), outcome="timed_out", error="slow")
    due, run = connection.execute("select due_at, run_at from jittask.waiting").fetchone()
    assert due < run


def test_a_snooze_counts_no_attempt(connection: psycopg.Connection, worker: int) -> None:
    enqueue(connection)
    until = value(connection, "select jittask.to_us('2030-01-07 13:00+00')")
    finish(connection, claim(connection, worker), outcome="snooze", run_us=until)
    at(connection, "2030-01-07 13:00:00+00")
    claimed = claim(connection, worker)
    assert claimed.rows[0].attempt == 1
    finish(connection, claimed)
    assert statuses(connection) == ["completed"]


def test_what_is_given_back_counts_no_attempt_and_no_loss(
    connection: psycopg.Connection, worker: int
) -> None:
    enqueue(connection)
    claimed = claim(connection, worker)
    given = value(
        connection,
        "select jittask.give_back(%s, %s, %s, p_ends_lease => true)",
        [claimed.lease_id, claimed.token, claimed.ids],
    )
    assert given == 1
    assert claim(connection, worker).rows[0].attempt == 1
    assert value(connection, "select losses from jittask.due_queue") == 0


def test_a_failed_run_never_ends_a_series(connection: psycopg.Connection, worker: int) -> None:
    add_task(connection, name="tick", start_at=NOON, repeat="interval", period="10 seconds")
    for second in (0, 10, 20):
        at(connection, f"2030-01-07 12:00:{second:02}+00")
        finish(connection, claim(connection, worker), outcome="error", error="no")
    assert statuses(connection) == ["error", "error", "error", "pending"]


def test_a_task_deleted_while_it_runs_is_recorded_under_its_old_name(
    connection: psycopg.Connection, worker: int
) -> None:
    add_task(connection, name="tick", start_at=NOON, repeat="interval", period="10 seconds")
    claimed = claim(connection, worker)
    connection.execute("delete from jittask.task")
    assert finish(connection, claimed) == []
    (record,) = records(connection)
    assert (record.task_name, record.kind, record.status) == ("tick", "scheduled", "completed")


def test_a_pause_leaves_a_run_now_that_waits(connection: psycopg.Connection, worker: int) -> None:
    add_task(connection, name="tick", start_at=NOON, repeat="daily")
    wanted = value(connection, "select jittask.run_now('tick')")
    connection.execute("select jittask.pause('tick')")
    assert claim(connection, worker).ids == [wanted]


def test_a_one_off_is_called_by_its_title_or_its_function(
    connection: psycopg.Connection, worker: int
) -> None:
    enqueue(connection, title="Monthly close")
    enqueue(connection)
    for _ in range(2):
        assert [record.task_name for record in records(connection)] == ["Monthly close", "tests.note"]
        finish(connection, claim(connection, worker))


class TestCancel:
    def cancel(self, connection: psycopg.Connection, occurrence: int) -> str:
        return value(connection, "select jittask.cancel(%s)", [occurrence])

    def test_a_waiting_one_off_is_recorded_as_cancelled(
        self, connection: psycopg.Connection, worker: int
    ) -> None:
        occurrence = enqueue(connection, due_at="2030-02-01 00:00+00")
        assert self.cancel(connection, occurrence) == "cancelled"
        assert statuses(connection) == ["cancelled"]
        assert self.cancel(connection, occurrence) == "ended"

    def test_cancelling_one_occurrence_of_a_series_leaves_the_next(
        self, connection: psycopg.Connection, worker: int
    ) -> None:
        add_task(connection, name="tick", start_at="2030-01-08 09:00+00", repeat="daily")
        (planned,) = records(connection)
        assert self.cancel(connection, planned.occurrence_id) == "cancelled"
        assert [(f"{r.due_at:%d}", r.status) for r in records(connection)] == [
            ("08", "cancelled"),
            ("09", "pending"),
        ]

    def test_a_running_one_is_asked_to_stop(self, connection: psycopg.Connection, worker: int) -> None:
        enqueue(connection)
        claimed = claim(connection, worker)
        assert self.cancel(connection, claimed.ids[0]) == "stopping"
        assert value(connection, "select stopping from jittask.renew(%s)", [worker]) == claimed.ids

    def test_an_id_that_never_was_is_unknown(self, connection: psycopg.Connection) -> None:
        assert self.cancel(connection, 999_999_999) == "unknown"


class TestRetry:
    def test_an_ended_occurrence_runs_once_more_as_a_new_one(
        self, connection: psycopg.Connection, worker: int
    ) -> None:
        first = enqueue(connection, args={"a": 1})
        finish(connection, claim(connection, worker), outcome="error", error="no")
        second = value(connection, "select jittask.retry(%s)", [first])
        claimed = claim(connection, worker)
        assert second != first
        assert (claimed.ids, claimed.rows[0].args) == ([second], '{"a": 1}')

    def test_one_that_has_not_ended_is_refused(self, connection: psycopg.Connection) -> None:
        occurrence = enqueue(connection)
        with pytest.raises(psycopg.Error, match="has not ended yet") as refusal:
            connection.execute("select jittask.retry(%s)", [occurrence])
        assert refusal.value.sqlstate == "JT007"

    def test_an_unknown_one_is_refused(self, connection: psycopg.Connection) -> None:
        with pytest.raises(psycopg.Error, match="There is no occurrence 999999999") as refusal:
            connection.execute("select jittask.retry(999999999)")
        assert refusal.value.sqlstate == "JT002"


class TestEnqueue:
    def test_a_repeated_dedupe_key_returns_the_first_and_changes_nothing(
        self, connection: psycopg.Connection, worker: int
    ) -> None:
        first = enqueue(connection, dedupe_key="k", args={"a": 1})
        assert enqueue(connection, dedupe_key="k", args={"a": 2}) == first
        claimed = claim(connection, worker)
        assert claimed.rows[0].args == '{"a": 1}'
        assert enqueue(connection, dedupe_key="k") == first
        finish(connection, claimed)
        assert enqueue(connection, dedupe_key="k") != first

    def test_it_goes_with_a_rollback(self, connection: psycopg.Connection) -> None:
        with connection.transaction(force_rollback=True):
            enqueue(connection)
        assert records(connection) == []

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"handler": "  "}, "handler is empty"),
            ({"args": [1]}, "args is not a JSON object"),
            ({"max_attempts": 0}, 'max_attempts is "0"'),
            ({"timeout": "0"}, 'timeout is "00:00:00"'),
            ({"due_at": "infinity"}, 'due_at is "infinity"'),
            ({"queue": ""}, 'queue is ""'),
            ({"retry_delay": "-1 s"}, 'retry_delay is "-00:00:01"'),
        ],
    )
    def test_what_cannot_be_is_refused_by_name(
        self, connection: psycopg.Connection, arguments: dict[str, object], message: str
    ) -> None:
        with pytest.raises(psycopg.Error, match=message) as refusal:
            enqueue(connection, **arguments)
        assert refusal.value.sqlstate == "JT001"
        assert refusal.value.diag.message_hint
        assert records(connection) == []

    def test_many_keep_the_order_of_their_arguments(
        self, connection: psycopg.Connection, worker: int
    ) -> None:
        ids = value(
            connection,
            "select jittask.enqueue_many('f', array(select jsonb_build_object('n', n) from generate_series(1, 500) n))",
        )
        claimed = claim(connection, worker, 500)
        assert claimed.ids == ids
        assert [row.args for row in claimed.rows] == [f'{{"n": {n}}}' for n in range(1, 501)]
