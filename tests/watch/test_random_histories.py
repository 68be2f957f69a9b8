"""Long random histories of writes from several sessions: the due queue is what planning afresh gives.

The seed of a run stands in the failure; ``JITTASK_TEST_SEED`` repeats it, ``JITTASK_TEST_OPERATIONS`` makes
it longer.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from datetime import time as wall_time
from zoneinfo import ZoneInfo

import psycopg
import pytest
from psycopg import conninfo

from tests.support.watched import Watched

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
OPERATIONS = int(os.environ.get("JITTASK_TEST_OPERATIONS", "12000"))
SESSIONS = 4
KEYS = 60
SHANGHAI = ZoneInfo("Asia/Shanghai")

# What a writer may do at its own risk: its own deadlock, its own conflict, its own snapshot.
OWN_FAULTS = (
    psycopg.errors.UniqueViolation,
    psycopg.errors.DeadlockDetected,
    psycopg.errors.SerializationFailure,
)


@pytest.fixture
def watched(fresh_database: Callable[..., str]) -> Iterator[Watched]:
    dsn = conninfo.make_conninfo(fresh_database(), options=f"-c jittask.fake_now={NOW:%Y-%m-%dT%H:%M:%S+00}")
    with psycopg.connect(dsn, autocommit=True) as connection:
        yield Watched(connection)


@dataclass
class Writer:
    """One session that writes at random."""

    dsn: str
    schema: str
    seed: str
    operations: int
    seconds: float
    partitioned: bool
    done: int = 0
    faults: list[str] = field(default_factory=list)

    def run(self) -> None:
        pick = random.Random(self.seed)
        until = time.monotonic() + self.seconds
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            connection.execute("select set_config('search_path', %s, false)", [self.schema])
            connection.execute("set deadlock_timeout = '20ms'")
            connection.add_notice_handler(self._hear)
            while self.done < self.operations and time.monotonic() < until:
                try:
                    self._transaction(connection, pick)
                except OWN_FAULTS:
                    connection.execute("rollback")
                except psycopg.Error as error:
                    self.faults.append(f"{type(error).__name__}: {error}")
                    connection.execute("rollback")

    def _hear(self, notice: psycopg.errors.Diagnostic) -> None:
        text = notice.message_primary or ""
        # A second rollback; and what the last net may catch, which the sweep then repairs.
        if notice.sqlstate != "25P01" and "could not serialize" not in text and "deadlock" not in text:
            self.faults.append(f"{notice.severity}: {notice.message_primary}")

    def _transaction(self, connection: psycopg.Connection, pick: random.Random) -> None:
        if pick.random() < 0.6:
            self._statement(connection, pick)
            return
        connection.execute("begin" + pick.choice(["", "", "", " isolation level repeatable read"]))
        for _ in range(pick.randint(1, 5)):
            if pick.random() < 0.2:
                connection.execute("savepoint s")
                self._statement(connection, pick)
                connection.execute(pick.choice(["rollback to s", "release s"]))
            else:
                self._statement(connection, pick)
        connection.execute(pick.choice(["commit", "commit", "commit", "rollback"]))

    def _statement(self, connection: psycopg.Connection, pick: random.Random) -> None:
        self.done += 1
        key = pick.randint(1, KEYS)
        moment = pick.choice([
            "null", "'infinity'", "'-infinity'",
            *[f"timestamptz '2026-03-02 09:00+00' + interval '{pick.randint(-300, 900)} hours 7 minutes'"] * 6,
        ])  # fmt: skip
        day = pick.choice(["null", "'infinity'", *[f"date '2026-03-02' + {pick.randint(-30, 60)}"] * 5])
        status = pick.choice(["'open'", "'open'", "'paid'"])
        statement = pick.choice([
            f"insert into orders (id, status, due_at, day) values ({key}, {status}, {moment}, {day}) on conflict do nothing",
            f"insert into orders (id, status, due_at, day) values ({key}, {status}, {moment}, {day}) on conflict (id) do update set due_at = excluded.due_at, status = excluded.status",
            f"insert into orders (id, status, due_at, day) select n, {status}, {moment}, {day} from generate_series({key}, {key + 3}) n on conflict (id) do update set day = excluded.day",
            f"update orders set due_at = {moment} where id = {key}",
            f"update orders set day = {day}, note = 'x' where id = {key}",
            f"update orders set status = {status} where id = {key}",
            f"update orders set due_at = due_at + interval '1 hour' where id between {key} and {key + 5} and isfinite(due_at)",
            f"update orders set note = 'y' where id % 7 = {key % 7}",
            f"update orders set id = {pick.randint(1, KEYS)} where id = {key}",
            f"update orders set id = -id where id between {key} and {key + 2}",
            f"update orders o set due_at = s.due_at from orders s where o.id = {key} and s.id = {pick.randint(1, KEYS)}",
            f"delete from orders where id = {key}",
            f"with gone as (delete from orders where id = {key} returning *) insert into orders (id, status, due_at, day) select id + {KEYS}, status, due_at, day from gone on conflict do nothing",
            f"with gone as (delete from orders where id = {key} returning *), other as (update orders set day = {day} where id = {key + 1}) insert into orders (id, due_at) values ({key + 2}, {moment}) on conflict do nothing",
        ])  # fmt: skip
        # Not near the end, so that there is something to compare.
        if pick.random() < 0.002 and self.done < 0.8 * self.operations:
            statement = "truncate orders"
        if self.partitioned and pick.random() < 0.1:
            statement = pick.choice([
                f"update orders_low set due_at = {moment} where id = {key % 20}",
                f"insert into orders_high (id, due_at) values ({key % 30 + 20}, {moment}) on conflict do nothing",
                f"delete from orders_rest where id = {key}",
                f"update orders set id = id + 30 where id = {key % 20}",
            ])  # fmt: skip
        connection.execute(statement.encode())


@dataclass
class Worker:
    """One session that claims and finishes what is due, as long as others write."""

    dsn: str
    stop: threading.Event
    runs: int = 0
    faults: list[str] = field(default_factory=list)

    def run(self) -> None:
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            # As workers do when they report.
            connection.execute("set lock_timeout = '10ms'")
            row = connection.execute("select jittask.register_worker('w', 'h', 1, '0')").fetchone()
            assert row is not None
            while not self.stop.is_set():
                try:
                    claimed = connection.execute(
                        "select lease_id, token, array_agg(occurrence_id) from jittask.claim(%s, 20) group by 1, 2",
                        row,
                    ).fetchall()
                    for lease, token, ids in claimed:
                        self._finish(connection, lease, token, ids)
                        self.runs += len(ids)
                except psycopg.Error as error:
                    self.faults.append(f"{type(error).__name__}: {error}")
                self.stop.wait(0.01)

    def _finish(self, connection: psycopg.Connection, lease: int, token: int, ids: list[int]) -> None:
        while True:
            with suppress(psycopg.errors.LockNotAvailable):
                connection.execute(
                    "select jittask.finish(%s, %s, %s, %s, %s)",
                    [lease, token, ids, [1] * len(ids), [2] * len(ids)],
                )
                return


def model_of_remind(rows: list[tuple[int, str, datetime | None, date | None]]) -> dict[str, datetime]:
    """One hour after due_at, while open."""
    return {
        f'{{"id": {key}}}': due + timedelta(hours=1)
        for key, status, due, _ in rows
        if status == "open" and due is not None and due + timedelta(hours=1) > NOW
    }


def model_of_mail(rows: list[tuple[int, str, datetime | None, date | None]]) -> dict[str, datetime]:
    """Three days before day, at nine in Shanghai."""
    dues = {
        f'{{"id": {key}}}': datetime.combine(day - timedelta(days=3), wall_time(9), SHANGHAI)
        for key, _, _, day in rows
        if day is not None
    }
    return {key: due for key, due in dues.items() if due > NOW}


def model_of_poke(rows: list[tuple[int, str, datetime | None, date | None]]) -> dict[str, datetime]:
    """Every two hours from due_at on, to the end of the day a month after day."""
    dues: dict[str, datetime] = {}
    for key, _, due, day in rows:
        if due is None:
            continue
        first = due.replace(microsecond=0)
        runs = max(0, -((first - NOW) // timedelta(hours=2)))
        found = first + runs * timedelta(hours=2)
        end = None
        if day is not None:
            month, length = day.month % 12 + 1, [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
            year = day.year + (day.month == 12)
            last = date(year, month, min(day.day, length[month - 1]))
            end = datetime.combine(last + timedelta(days=1), wall_time(), UTC)
        if end is None or found < end:
            dues[f'{{"id": {key}}}'] = found
    return dues


@pytest.mark.parametrize("partitioned", [False, True], ids=["a table", "a partitioned table"])
def test_random_writers_leave_no_difference(watched: Watched, partitioned: bool) -> None:
    seed = os.environ.get("JITTASK_TEST_SEED") or str(random.randrange(10**9))
    watched.orders(partitioned=partitioned)
    # What is written with a date that is past is put to work at once, while others write on.
    watched.task("late", "orders", "due_at", past_due="run_now", filter={"status": "paid"})
    watched.task("often", "orders", "due_at", past_due="run_now", repeat="daily", end_field="day", max_runs=3)
    dsn = watched.connection.info.dsn
    writers = [
        Writer(dsn, watched.schema, f"{seed}-{number}", OPERATIONS // SESSIONS, 90.0, partitioned)
        for number in range(SESSIONS)
    ]
    stop = threading.Event()
    worker = Worker(dsn, stop)
    threads = [threading.Thread(target=writer.run) for writer in writers]
    working = threading.Thread(target=worker.run)
    for thread in [*threads, working]:
        thread.start()
    for thread in threads:
        thread.join()
    stop.set()
    working.join()
    assert [fault for who in [*writers, worker] for fault in who.faults] == [], f"seed {seed}"
    assert worker.runs > 50
    assert sum(writer.done for writer in writers) >= OPERATIONS, f"seed {seed}: the machine is too slow"
    watched.drain()
    watched.check()
    rows = watched.execute("""
        select id, status, case when isfinite(due_at) then due_at end, case when isfinite(day) then day end
        from orders
    """).fetchall()
    assert len(rows) > 10, f"seed {seed}"
    assert watched.planned("remind") == model_of_remind(rows), f"seed {seed}"
    assert watched.planned("mail") == model_of_mail(rows), f"seed {seed}"
    assert watched.planned("poke") == model_of_poke(rows), f"seed {seed}"
