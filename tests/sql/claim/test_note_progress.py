"""jittask.note_progress: how far runs have come stands with their lease, and only their holder writes it."""

from __future__ import annotations

import json
from collections.abc import Iterator

import psycopg
import pytest

from tests.support.clock import at
from tests.support.schedule import Claimed, claim, empty, enqueue, finish, records, register, value

NOON = "2030-01-07 12:00:00+00"
LATER = "2030-01-07 12:05:00+00"


@pytest.fixture(autouse=True)
def _noon(connection: psycopg.Connection) -> Iterator[None]:
    empty(connection)
    at(connection, NOON)
    yield
    at(connection, None)


@pytest.fixture
def claimed(connection: psycopg.Connection) -> Claimed:
    enqueue(connection)
    enqueue(connection)
    return claim(connection, register(connection))


def note(connection: psycopg.Connection, claimed: Claimed, token: int | None = None, done: int = 40) -> int:
    told = {str(claimed.ids[0]): {"done": done, "total": 100, "message": "invoices"}}
    return value(
        connection,
        "select jittask.note_progress(array[%s::bigint], array[%s::bigint], array[%s::text])",
        [claimed.lease_id, claimed.token if token is None else token, json.dumps(told)],
    )


def test_the_record_of_that_run_shows_it_until_it_ends(
    connection: psycopg.Connection, claimed: Claimed
) -> None:
    assert note(connection, claimed) == 1
    told, silent = records(connection)
    assert told.progress == {"done": 40, "total": 100, "message": "invoices"}
    assert silent.progress is None
    finish(connection, claimed, ends_lease=True)
    assert [record.progress for record in records(connection)] == [None, None]
    assert value(connection, "select count(*) from jittask.lease") == 0


def test_a_wrong_token_changes_nothing(connection: psycopg.Connection, claimed: Claimed) -> None:
    assert claimed.token is not None
    assert note(connection, claimed, token=claimed.token + 1) == 0
    assert records(connection)[0].progress is None


def test_it_is_a_hot_update_and_leaves_the_queue_alone(
    connection: psycopg.Connection, claimed: Claimed
) -> None:
    hot = "select pg_stat_get_xact_tuples_hot_updated('jittask.lease'::regclass)"
    queue = "select pg_stat_get_xact_tuples_updated('jittask.due_queue'::regclass)"
    with connection.transaction():
        before = value(connection, hot), value(connection, queue)
        for done in range(20):
            note(connection, claimed, done=done)
        assert (value(connection, hot), value(connection, queue)) == (before[0] + 20, before[1])


def test_a_loss_says_how_far_the_run_had_come(connection: psycopg.Connection, claimed: Claimed) -> None:
    note(connection, claimed)
    at(connection, LATER)
    connection.execute("select jittask.sweep()")
    lost = connection.execute("select error from jittask.run_attempt order by occurrence_id").fetchall()
    assert [error.partition("; ")[2] for (error,) in lost] == ["progress 40/100 invoices", ""]
