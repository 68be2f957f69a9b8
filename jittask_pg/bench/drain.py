"""Measures workers against a bare loop over psycopg: the least SQL that keeps a lease and a history row.

The database is used up: run it in one of its own.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from ..database import DSN_VARIABLE, Connection, connect
from .functions import NOTHING

__all__ = ["Drained", "Waited", "drain", "enqueue_to_start", "floor", "punctuality"]

_BATCH = 1000


@dataclass(frozen=True, slots=True)
class Drained:
    """A drain.

    Attributes:
        jobs: how many.
        processes: worker processes.
        seconds: from the first start to the last end.
    """

    jobs: int
    processes: int
    seconds: float

    @property
    def rate(self) -> float:
        """Jobs a second."""
        return self.jobs / self.seconds


@dataclass(frozen=True, slots=True)
class Waited:
    """How long occurrences waited for their start, in milliseconds.

    Attributes:
        count: how many were measured.
        p50: half of them waited at most so long.
        p99: so did 99 of 100.
        longest: the longest wait.
    """

    count: int
    p50: float
    p99: float
    longest: float


def floor(dsn: str, jobs: int = 100_000) -> Drained:
    """The bare loop: claims, leases and records `jobs` rows, a thousand at a time, in this process."""
    with connect(dsn) as connection:
        connection.execute("create schema if not exists bench_floor")
        connection.execute(
            """
            drop table if exists bench_floor.due, bench_floor.lease, bench_floor.history;
            create table bench_floor.due (
              id bigint generated always as identity primary key, run_at timestamptz not null, lease_id bigint
            ) with (fillfactor = 50);
            create index on bench_floor.due (run_at, id);
            create table bench_floor.lease (id bigint generated always as identity primary key, ids bigint[]);
            create table bench_floor.history (
              id bigint primary key, started_at timestamptz, finished_at timestamptz
            );
            """
        )
        connection.execute(
            "insert into bench_floor.due (run_at) select now() from generate_series(1, %s::int)", (jobs,)
        )
        connection.execute("vacuum analyze bench_floor.due")
        began = time.perf_counter()
        done = 0
        while rows := connection.execute(_FLOOR_CLAIM, (_BATCH,)).fetchall():
            stamps = [time.time_ns() // 1000 for _ in rows]
            connection.execute(
                _FLOOR_FINISH,
                (rows[0][1], _literal([row[0] for row in rows]), _literal(stamps), _literal(stamps)),
            )
            done += len(rows)
        seconds = time.perf_counter() - began
        connection.execute("drop schema bench_floor cascade")
    return Drained(done, 1, seconds)


_FLOOR_CLAIM = """
    with picked as (
      select d.id from bench_floor.due d
      where d.run_at <= statement_timestamp() and d.lease_id is null
      order by d.run_at, d.id
      limit %s
      for update skip locked
    ), held as (
      insert into bench_floor.lease (ids)
      select array_agg(p.id) from picked p having count(*) > 0
      returning id
    )
    update bench_floor.due d set lease_id = h.id
    from picked p, held h
    where d.id = p.id
    returning d.id, d.lease_id
"""

_FLOOR_FINISH = """
    with given (lease_id, ids, started, finished) as (
      select %s::bigint, %s::bigint[], %s::bigint[], %s::bigint[]
    ), ended as (
      delete from bench_floor.due d
      using given g
      where d.id = any (g.ids) and d.lease_id = g.lease_id
      returning d.id
    ), left_lease as (
      delete from bench_floor.lease l using given g where l.id = g.lease_id
    )
    insert into bench_floor.history (id, started_at, finished_at)
    select r.id, timestamptz 'epoch' + r.started * interval '1 microsecond',
      timestamptz 'epoch' + r.finished * interval '1 microsecond'
    from given g
    cross join lateral unnest(g.ids, g.started, g.finished) r (id, started, finished)
    join ended e on e.id = r.id
"""


def drain(dsn: str, jobs: int = 100_000, processes: int = 1) -> Drained:
    """Workers drain `jobs` one-offs that do nothing, with their records."""
    with connect(dsn) as connection:
        connection.execute(
            "select jittask.enqueue_many(%s, array_fill('{}'::jsonb, array[%s::int]), title => 'bench')",
            (NOTHING, jobs),
        )
        connection.execute("vacuum analyze jittask.due_queue")
        before = _last_occurrence(connection)
        subprocess.run(
            [*_worker(), "--processes", str(processes), "--drain"], check=True, env=_environment(dsn)
        )
        row = connection.execute(
            """
            select count(*), extract(epoch from max(h.finished_at) - min(h.started_at))::float8
            from jittask.run_history h
            where h.title = 'bench' and h.outcome = 'completed' and h.occurrence_id > %s - %s
            """,
            (before, jobs),
        ).fetchone()
        assert row is not None
        return Drained(row[0], processes, row[1])


def enqueue_to_start(dsn: str, count: int = 500, pause: float = 0.02) -> Waited:
    """Single one-offs, each committed by itself, while the worker sleeps or not: from statement to start."""
    with _running(dsn), connect(dsn) as connection:
        ids: list[int] = []
        for n in range(count):
            row = connection.execute("select jittask.enqueue(%s)", (NOTHING,)).fetchone()
            assert row is not None
            ids.append(row[0])
            # Uneven, so that no beat of the worker is met by accident.
            time.sleep(pause * (0.5 + (n * 7919 % 101) / 101))
        return _waited(connection, ids)


def punctuality(dsn: str, instants: int = 2_000, seconds: float = 30.0) -> Waited:
    """One-offs due at instants spread over some seconds: from the due time to the start."""
    with _running(dsn), connect(dsn) as connection:
        row = connection.execute(
            """
            select jittask.enqueue_many(
              %s, array_fill('{}'::jsonb, array[%s::int]),
              array(
                select clock_timestamp() + interval '1 second' + n * %s::float8 * interval '1 second'
                from generate_series(1, %s::int) n
              )
            )
            """,
            (NOTHING, instants, seconds / instants, instants),
        ).fetchone()
        assert row is not None
        time.sleep(seconds + 1.0)
        return _waited(connection, row[0])


@contextmanager
def _running(dsn: str) -> Generator[None, None, None]:
    worker = subprocess.Popen(_worker(), env=_environment(dsn))
    try:
        with connect(dsn) as connection:
            while connection.execute("select count(*) from jittask.worker").fetchone() == (0,):
                time.sleep(0.05)
        time.sleep(0.5)
        yield
    finally:
        worker.terminate()
        worker.wait(30)


def _waited(connection: Connection, ids: Sequence[int]) -> Waited:
    row = None
    for _ in range(100):
        row = connection.execute(
            """
            select count(*),
              percentile_cont(0.5) within group (order by h.started_at - h.due_at),
              percentile_cont(0.99) within group (order by h.started_at - h.due_at),
              max(h.started_at - h.due_at)
            from jittask.run_history h
            where h.occurrence_id = any (%s)
            """,
            (list(ids),),
        ).fetchone()
        assert row is not None
        if row[0] == len(ids):
            break
        time.sleep(0.1)
    assert row is not None
    count, *waits = row
    return Waited(count, *(wait.total_seconds() * 1000 for wait in waits))


def _last_occurrence(connection: Connection) -> int:
    row = connection.execute("select max(q.occurrence_id) from jittask.due_queue q").fetchone()
    assert row is not None
    return row[0]


def _worker() -> list[str]:
    return [sys.executable, "-m", "jittask_pg", "worker", "--import", "jittask_pg.bench.functions"]


def _environment(dsn: str) -> dict[str, str]:
    return {**os.environ, DSN_VARIABLE: dsn}


def _literal(numbers: Sequence[int]) -> str:
    return "{" + ",".join(map(str, numbers)) + "}"
