"""Writers, workers, sweeps and edits of tasks lock in one order, so that none waits for another in a circle."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable

import psycopg
import pytest

from tests.support.watched import Watched

from .sessions import claim, finish, wait_until_blocked


@pytest.mark.parametrize(("change", "begun"), [("name = name || '_x'", True), ("priority = 5", False)])
def test_an_edit_of_a_task_locks_its_occurrences_in_the_order_of_reports(
    watched: Watched, other: Callable[[], psycopg.Connection], change: str, begun: bool
) -> None:
    watched.task("once", "t", "due_at")
    # By key and due instant they stand the other way round than by id.
    watched.execute(
        "insert into t (id, due_at) values (2, now()); insert into t (id, due_at) values (1, now())"
    )
    if begun:
        assert len(claim(watched.connection)) == 2
    ids = watched.execute("select occurrence_id from jittask.due_queue order by 1").fetchall()
    reporter, editor = other(), other()
    lock = "select from jittask.due_queue where occurrence_id = %s for update"
    reporter.execute("begin")
    reporter.execute(lock, ids[0])
    faults: list[psycopg.Error] = []

    def edit() -> None:
        try:
            editor.execute(
                f"update jittask.task set {change} where name = %s".encode(), [watched.name("once")]
            )
        except psycopg.Error as error:
            faults.append(error)

    thread = threading.Thread(target=edit)
    thread.start()
    wait_until_blocked(watched.connection, editor)
    reporter.execute(lock, ids[1])
    reporter.execute("commit")
    thread.join()
    assert faults == []
    watched.execute("delete from jittask.task")


def crowd(watched: Watched, other: Callable[[], psycopg.Connection], seconds: float) -> None:
    """Writers, workers, a sweep and edits of the tasks on the same rows."""
    watched.task("once", "t", "due_at", past_due="run_now", filter={"state": "open"})
    watched.task("often", "t", "due_at", past_due="run_now", repeat="interval", period="1 second")
    watched.execute("insert into t (id, due_at) select n, now() from generate_series(1, 40) n")
    until = time.monotonic() + seconds
    faults: list[str] = []
    runs = [0]

    def repeatedly(work: Callable[[psycopg.Connection, random.Random], None], seed: int) -> None:
        pick, connection = random.Random(seed), other()
        connection.add_notice_handler(lambda notice: faults.append(notice.message_primary or ""))
        while time.monotonic() < until:
            try:
                work(connection, pick)
            except psycopg.Error as error:
                faults.append(f"{type(error).__name__}: {error}")

    def write(connection: psycopg.Connection, pick: random.Random) -> None:
        key = pick.randint(1, 40)
        connection.execute(pick.choice([
            b"update t set due_at = now() + interval '0.3 seconds' where id = %s",
            b"update t set due_at = now() + interval '1 day' where id = %s",
            b"update t set state = case state when 'open' then 'shut' else 'open' end where id = %s",
            b"with gone as (delete from t where id = %s returning *) insert into t select id + 1000, state, due_at, n from gone on conflict do nothing",
            b"insert into t (id, due_at) values (%s, now()) on conflict (id) do update set due_at = now()",
        ]), [key])  # fmt: skip

    def work(connection: psycopg.Connection, pick: random.Random) -> None:
        claimed = claim(connection)
        for occurrence in claimed:
            # The function's own update of its row.
            key = connection.execute(
                "select source_key::jsonb ->> 'id' from jittask.due_queue where occurrence_id = %s",
                [occurrence[0]],
            ).fetchone()
            if key is not None and pick.random() < 0.5:
                connection.execute("update t set n = n + 1, state = 'done' where id = %s", [int(key[0])])
        finish(connection, claimed)
        runs[0] += len(claimed)

    def sweep(connection: psycopg.Connection, pick: random.Random) -> None:
        connection.execute("select jittask.sweep()")
        connection.execute(
            "insert into jittask.replan (source_table, reason) values (%s, 'test')", [f"{watched.schema}.t"]
        )
        time.sleep(0.05)

    def edit(connection: psycopg.Connection, pick: random.Random) -> None:
        try:
            connection.execute(
                "update jittask.task set start_offset = make_interval(secs => %s) where name = %s",
                [pick.randint(0, 2), watched.name("once")],
            )
        except psycopg.errors.Error as error:
            if error.sqlstate != "JT003":
                raise
        time.sleep(0.2)

    workers: list[Callable[[psycopg.Connection, random.Random], None]] = (
        [write] * 8 + [work] * 8 + [sweep, edit]
    )
    threads = [
        threading.Thread(target=repeatedly, args=(part, number)) for number, part in enumerate(workers)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert runs[0] > 20
    watched.drain()
    watched.check()


def test_writers_workers_sweeps_and_edits_on_the_same_rows_never_deadlock(
    watched: Watched, other: Callable[[], psycopg.Connection]
) -> None:
    crowd(watched, other, 6.0)


@pytest.mark.slow
def test_they_never_deadlock_for_a_minute(watched: Watched, other: Callable[[], psycopg.Connection]) -> None:
    crowd(watched, other, 60.0)


def test_cancel_and_finish_of_one_run_never_wait_for_each_other_in_a_circle(
    watched: Watched, other: Callable[[], psycopg.Connection]
) -> None:
    holder, finisher, canceller = other(), other(), other()
    watched.execute("select jittask.enqueue('f')")
    claimed = claim(watched.connection)
    answers: list[str] = []

    def cancel() -> None:
        row = canceller.execute("select jittask.cancel(%s)", [claimed[0][0]]).fetchone()
        assert row is not None
        answers.append(row[0])

    # Both come to the lease while it is held, the finish first.
    holder.execute("begin")
    holder.execute("select from jittask.lease for update")
    threads = [
        threading.Thread(target=finish, args=(finisher, claimed)),
        threading.Thread(target=cancel),
    ]
    for thread, session in zip(threads, (finisher, canceller), strict=True):
        thread.start()
        wait_until_blocked(watched.connection, session)
    holder.execute("commit")
    for thread in threads:
        thread.join(10)
    assert answers == ["ended"]
