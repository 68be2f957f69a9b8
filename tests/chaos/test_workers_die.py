"""Workers are killed, frozen, told to stop, or end themselves from within a function."""

from __future__ import annotations

import time
from pathlib import Path

import psycopg
import pytest

from tests.chaos.fleet import Fleet, until
from tests.chaos.ledger import assert_tidy, judge, unfinished
from tests.chaos.scale import dice, scaled
from tests.support.schedule import add_task, enqueue, statuses, value

pytestmark = pytest.mark.chaos

# What a worker may have in flight when it dies: what it claimed, run by its threads in part.
IN_FLIGHT = 1000


def enqueue_many(session: psycopg.Connection, count: int, seconds: float = 0.0) -> list[int]:
    return value(
        session,
        "select jittask.enqueue_many('chaos.work', array(select jsonb_build_object('seconds', %s::float) "
        "from generate_series(1, %s)))",
        [seconds, count],
    )


def shorten_leases(session: psycopg.Connection, seconds: int) -> None:
    session.execute(
        "update jittask.setting set value = %s where name = 'lease_duration'", [f"{seconds} seconds"]
    )


def test_no_occurrence_is_lost_when_workers_are_killed(
    dsn: str, session: psycopg.Connection, logs: Path
) -> None:
    random, kills, count = dice("kill"), scaled(8, 100), scaled(4_000, 50_000)
    shorten_leases(session, 3)
    begun = time.monotonic()
    with Fleet(dsn, 4, logs) as fleet:
        ids: list[int] = []
        for _ in range(kills):
            ids += enqueue_many(session, count // kills, 0.001)
            time.sleep(random.uniform(0.1, 0.6))
            fleet.kill_one(random)
        assert until(lambda: unfinished(session) == 0, 120), fleet.logs()
    judge(
        session, f"kill -9, {kills} times", ids, time.monotonic() - begun, repeats_at_most=kills * IN_FLIGHT
    )


def test_a_dead_workers_occurrence_runs_again_within_45_seconds(
    dsn: str, session: psycopg.Connection, logs: Path
) -> None:
    with Fleet(dsn, 1, logs) as fleet:
        occurrence = enqueue(session, "chaos.work", args={"seconds": 3})
        assert until(lambda: statuses(session) == ["executing"], 20), fleet.logs()
        time.sleep(0.5)
        fleet.kill_one(dice("default lease"))
        killed = time.monotonic()
        assert until(lambda: value(session, "select count(*) from effect") == 2, 60), fleet.logs()
        assert time.monotonic() - killed < 45
        assert until(lambda: unfinished(session) == 0, 20), fleet.logs()
    judge(session, "kill -9, default lease", [occurrence], time.monotonic() - killed, repeats_at_most=1)


def test_a_frozen_worker_changes_nothing_when_it_wakes(
    dsn: str, session: psycopg.Connection, logs: Path
) -> None:
    random, freezes = dice("freeze"), scaled(2, 50)
    shorten_leases(session, 2)
    begun = time.monotonic()
    ids: list[int] = []
    with Fleet(dsn, 3, logs) as fleet:
        for _ in range(freezes):
            ids += enqueue_many(session, 200, 0.02)
            time.sleep(random.uniform(0.1, 0.5))
            fleet.freeze_one(random, 4)
        assert until(lambda: unfinished(session) == 0, 60), fleet.logs()
    judge(
        session,
        f"SIGSTOP past the lease, {freezes} times",
        ids,
        time.monotonic() - begun,
        repeats_at_most=freezes * 200,
    )


def test_a_shutdown_spends_no_attempt(dsn: str, session: psycopg.Connection, logs: Path) -> None:
    random, stops = dice("terminate"), scaled(4, 100)
    begun = time.monotonic()
    ids: list[int] = []
    with Fleet(dsn, 2, logs) as fleet:
        time.sleep(1.5)
        for _ in range(stops):
            ids += enqueue_many(session, 300, 0.002)
            time.sleep(random.uniform(0.0, 0.4))
            fleet.terminate_one(random)
        assert until(lambda: unfinished(session) == 0, 60), fleet.logs()
    verdict = judge(session, f"SIGTERM, {stops} times", ids, time.monotonic() - begun, repeats_at_most=0)
    assert verdict.losses == 0
    assert value(session, "select max(attempt) from jittask.run_history") == 1


def test_a_function_that_kills_its_worker_ends_as_lost_and_others_go_on(
    dsn: str, session: psycopg.Connection, logs: Path
) -> None:
    shorten_leases(session, 2)
    begun = time.monotonic()
    poison = enqueue(session, "chaos.die")
    with Fleet(dsn, 2, logs) as fleet:

        def ended() -> bool:
            fleet.revive()
            return statuses(session, occurrence_id=poison) == ["lost"]

        assert until(ended, 60, 0.2), fleet.logs()
        ids = enqueue_many(session, 100)
        assert until(lambda: unfinished(session) == 0, 30), fleet.logs()
    judge(session, "os._exit in a function", ids, time.monotonic() - begun, repeats_at_most=0)
    assert value(session, "select count(*) from effect where occurrence_id = %s", [poison]) == 3


def test_a_transactional_function_has_its_effect_once_under_kills(
    dsn: str, session: psycopg.Connection, logs: Path
) -> None:
    random, kills, count = dice("transactional"), scaled(4, 40), scaled(800, 8_000)
    shorten_leases(session, 2)
    add_task(
        session,
        name="book",
        source_table="orders",
        date_field="due_at",
        handler="chaos.book",
        transactional=True,
    )
    session.execute(
        "insert into orders select n, clock_timestamp(), 'open' from generate_series(1, %s) n", [count]
    )
    with Fleet(dsn, 3, logs) as fleet:
        for _ in range(kills):
            time.sleep(random.uniform(0.3, 0.8))
            fleet.kill_one(random)
        assert until(lambda: unfinished(session) == 0, 90), fleet.logs()
    assert value(session, "select count(*) from booking") == count
    assert value(session, "select count(distinct order_id) from booking") == count
    assert value(session, "select count(*) from jittask.run_history where outcome = 'completed'") == count
    assert_tidy(session)
