"""The server restarts at once, or cuts the workers' listening connections."""

from __future__ import annotations

import time
from pathlib import Path

import psycopg
import pytest

from jittask_pg.embedded import EmbeddedServer
from tests.chaos.fleet import Fleet, until
from tests.chaos.ledger import judge, unfinished
from tests.chaos.scale import dice, scaled
from tests.support.schedule import enqueue, value

pytestmark = pytest.mark.chaos


def test_no_occurrence_is_lost_when_the_server_crashes(
    own_server: EmbeddedServer, dsn: str, logs: Path
) -> None:
    random, restarts = dice("restart"), scaled(2, 20)
    with psycopg.connect(dsn, autocommit=True) as session:
        session.execute("update jittask.setting set value = '3 seconds' where name = 'lease_duration'")
    begun = time.monotonic()
    ids: list[int] = []
    with Fleet(dsn, 3, logs) as fleet:
        for _ in range(restarts):
            with psycopg.connect(dsn, autocommit=True) as session:
                for _ in range(5):
                    ids += value(
                        session,
                        "select jittask.enqueue_many('chaos.work', array_fill('{\"seconds\": 0.001}'::jsonb, array[100]))",
                    )
                time.sleep(random.uniform(0.0, 0.3))
            own_server.restart(immediate=True)
        with psycopg.connect(dsn, autocommit=True) as session:
            assert until(lambda: unfinished(session) == 0, 90), fleet.logs()
            assert all(worker.poll() is None for worker in fleet.workers), fleet.logs()
    with psycopg.connect(dsn, autocommit=True) as session:
        judge(
            session, f"server crashed and restarted, {restarts} times", ids, time.monotonic() - begun,
            repeats_at_most=restarts * 500,
        )  # fmt: skip


def test_without_notifications_work_is_picked_up_within_a_second(
    dsn: str, session: psycopg.Connection, logs: Path
) -> None:
    random, cuts = dice("listen"), scaled(5, 50)
    begun = time.monotonic()
    ids: list[int] = []
    slowest = 0.0
    with Fleet(dsn, 1, logs) as fleet:
        ids.append(enqueue(session, "chaos.work"))
        assert until(lambda: unfinished(session) == 0, 20), fleet.logs()
        for _ in range(cuts):
            session.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where datname = current_database() and query ilike 'listen%'"
            )
            time.sleep(random.uniform(0.0, 0.2))
            ids.append(enqueue(session, "chaos.work"))
            enqueued = time.monotonic()
            assert until(lambda: unfinished(session) == 0, 10, 0.01), fleet.logs()
            slowest = max(slowest, time.monotonic() - enqueued)
    judge(
        session, f"listening connection cut, {cuts} times", ids, time.monotonic() - begun, repeats_at_most=0
    )
    assert slowest < 2.5, "polling is the truth: a second, and what a loaded machine adds"
