"""Several sessions at once: definitions beside writers, writers beside claims, and nobody waits long."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable

import psycopg
import pytest

from tests.support.watched import Watched

from .sessions import claim, finish, wait_until_blocked


def test_a_definition_names_who_is_in_the_way_and_nobody_waits_long(
    watched: Watched, other: Callable[[], psycopg.Connection]
) -> None:
    writer, late = other(), other()
    writer.execute("begin; insert into t (id, due_at) values (1, now() + interval '1 day')")
    waited: list[float] = []

    def write_late() -> None:
        time.sleep(0.2)
        began = time.monotonic()
        late.execute("insert into t (id, due_at) values (2, now() + interval '1 day')")
        waited.append(time.monotonic() - began)

    thread = threading.Thread(target=write_late)
    thread.start()
    with pytest.raises(psycopg.Error) as refusal:
        watched.task("once", "t", "due_at")
    thread.join()
    assert refusal.value.sqlstate == "JT003"
    assert str(writer.info.backend_pid) in (refusal.value.diag.message_detail or "")
    assert waited[0] < 1.3
    writer.execute("commit")
    watched.task("once", "t", "due_at")
    assert len(watched.planned("once")) == 2
    watched.check()


def test_a_definition_names_who_holds_a_partition(
    watched: Watched, other: Callable[[], psycopg.Connection]
) -> None:
    watched.execute("""
        create table parted (id bigint primary key, due_at timestamptz) partition by range (id);
        create table parted_low partition of parted for values from (0) to (10)
    """)
    writer = other()
    writer.execute("begin; lock table parted_low in row exclusive mode")
    with pytest.raises(psycopg.Error) as refusal:
        watched.task("once", "parted", "due_at")
    writer.execute("commit")
    assert str(writer.info.backend_pid) in (refusal.value.diag.message_detail or "")


def test_detaching_refuses_a_name_that_says_no_table(watched: Watched) -> None:
    watched.task("once", "t", "due_at")
    with pytest.raises(psycopg.Error) as refusal:
        watched.execute("select jittask.detach_table('t', true)")
    assert refusal.value.sqlstate == "JT005"
    assert "schema.table" in (refusal.value.diag.message_hint or "")


def test_detaching_names_who_reads_the_table(
    watched: Watched, other: Callable[[], psycopg.Connection]
) -> None:
    watched.task("once", "t", "due_at")
    reader = other()
    reader.execute("begin; select * from t")
    with pytest.raises(psycopg.Error) as refusal:
        watched.execute("select jittask.detach_table(%s, true)", f"{watched.schema}.t")
    reader.execute("commit")
    assert refusal.value.sqlstate == "JT003"
    assert str(reader.info.backend_pid) in (refusal.value.diag.message_detail or "")


def test_a_second_task_misses_no_row_of_a_writer_in_flight(
    watched: Watched, other: Callable[[], psycopg.Connection]
) -> None:
    watched.task("first", "t", "due_at")
    writer = other()
    writer.execute("begin; insert into t (id, due_at) values (1, now() + interval '1 day')")
    timer = threading.Timer(0.4, lambda: writer.execute("commit"))
    timer.start()
    watched.task("second", "t", "due_at", start_offset="1 hour")
    timer.join()
    assert len(watched.planned("second")) == 1
    watched.check()


@pytest.mark.parametrize("repeat", ["none", "weekly"])
def test_another_zone_misses_no_row_of_a_writer_in_flight(
    watched: Watched, other: Callable[[], psycopg.Connection], repeat: str
) -> None:
    watched.execute("create table deed (id bigint primary key, ends_on date)")
    watched.execute("insert into deed values (1, '2035-05-05'), (2, '2035-05-05')")
    watched.task("ends", "deed", "ends_on", at_time="09:00", repeat=repeat)
    writer = other()
    writer.execute("begin; insert into deed values (3, '2035-06-06')")
    writer.execute("update deed set ends_on = '2035-07-07' where id = 2")
    watched.execute("update jittask.setting set value = 'Asia/Shanghai' where name = 'timezone'")
    for _ in range(12):
        watched.execute("select jittask.sweep()")
    # Nobody waits for the writer: what is committed is planned by the new zone.
    assert ("2035-05-05 01:00", '{"id": 1}') in dues(watched)
    explained = watched.execute("select jittask.explain(%s, '1')", watched.name("ends")).fetchone()
    assert explained is not None
    assert "yet to be planned" not in explained[0]
    writer.execute("commit")
    for _ in range(12):
        watched.execute("select jittask.sweep()")
    assert dues(watched) == [
        ("2035-05-05 01:00", '{"id": 1}'),
        ("2035-06-06 01:00", '{"id": 3}'),
        ("2035-07-07 01:00", '{"id": 2}'),
    ]
    watched.check()
    assert watched.execute("select count(*) from jittask.replan").fetchone() == (0,)


@pytest.mark.parametrize("repeat", ["none", "weekly"])
def test_another_holiday_misses_no_row_of_a_writer_in_flight(
    watched: Watched, other: Callable[[], psycopg.Connection], repeat: str
) -> None:
    watched.execute("create table deed (id bigint primary key, ends_on date)")
    watched.execute("insert into jittask.calendar (name) values ('ours')")
    watched.task(
        "ends", "deed", "ends_on", repeat=repeat, calendar="ours", skip_holidays="holidays",
        holiday_policy="previous_workday",
    )  # fmt: skip
    writer = other()
    writer.execute("begin; insert into deed values (3, '2035-06-06')")
    watched.execute("insert into jittask.calendar_day (calendar, day) values ('ours', '2035-06-06')")
    for _ in range(6):
        watched.execute("select jittask.sweep()")
    writer.execute("commit")
    for _ in range(12):
        watched.execute("select jittask.sweep()")
    assert dues(watched) == [("2035-06-05 00:00", '{"id": 3}')]
    watched.check()
    assert watched.execute("select count(*) from jittask.replan").fetchone() == (0,)


def dues(watched: Watched) -> list[tuple[str, str]]:
    return watched.execute(
        "select to_char(w.due_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI'), w.source_key::text"
        " from jittask.waiting w order by 1, 2"
    ).fetchall()


def test_a_role_without_the_rights_is_told_the_grant(watched: Watched) -> None:
    role = f"{watched.schema}_definer"
    watched.execute(
        f"create role {role}; grant jittask_admin to {role}; grant usage on schema {watched.schema} to {role}; grant select on t to {role}; set role {role}"
    )
    with pytest.raises(psycopg.Error) as refusal:
        watched.task("once", f"{watched.schema}.t", "due_at")
    assert refusal.value.sqlstate == "JT004"
    assert f"grant select, trigger on {watched.schema}.t to {role}" in (refusal.value.diag.message_hint or "")
    watched.execute("reset role")
    watched.execute(f"grant trigger on t to {role}; set role {role}")
    watched.task("once", f"{watched.schema}.t", "due_at")
    watched.execute("reset role")
    watched.execute("insert into t (id, due_at) values (1, now() + interval '1 day')")
    watched.check()
    watched.execute(f"delete from jittask.task; drop owned by {role}; drop role {role}")


def test_a_row_moved_while_its_occurrence_runs_is_planned_again_and_the_run_left_alone(
    watched: Watched, other: Callable[[], psycopg.Connection]
) -> None:
    watched.task("once", "t", "due_at", past_due="run_now", filter={"state": "open"})
    watched.execute(
        "insert into t (id, due_at) select n, now() - interval '1 second' from generate_series(1, 4) n"
    )
    worker = other()
    claimed = claim(worker)
    assert len(claimed) == 4
    watched.execute("update t set due_at = now() + interval '1 day' where id = 1")
    watched.execute("update t set state = 'done' where id = 2")
    watched.execute("delete from t where id = 3")
    watched.execute("update t set n = 1, due_at = due_at where id = 4")
    assert set(watched.planned("once")) == {'{"id": 1}'}
    finish(worker, claimed)
    row = watched.execute("select count(*) from jittask.run_history where outcome = 'completed'").fetchone()
    assert row == (4,)
    watched.execute("update t set state = 'open', n = 2")
    watched.check()
    assert set(watched.planned("once")) == {'{"id": 1}'}


def test_a_move_that_waits_for_a_claim_is_not_lost(
    watched: Watched, other: Callable[[], psycopg.Connection]
) -> None:
    watched.task("once", "t", "due_at", past_due="run_now")
    watched.task("often", "t", "due_at", past_due="run_now", repeat="interval", period="1 hour")
    watched.execute("insert into t (id, due_at) values (1, now() - interval '1 second')")
    worker, writer = other(), other()
    worker.execute("begin")
    claimed = claim(worker)
    assert len(claimed) == 2
    thread = threading.Thread(target=lambda: writer.execute("update t set due_at = now() + interval '1 day'"))
    thread.start()
    time.sleep(0.3)
    worker.execute("commit")
    thread.join()
    watched.check()
    assert len(watched.planned("once")) == len(watched.planned("often")) == 1
    finish(worker, claimed)
    watched.check()


def test_a_large_table_is_planned_beside_its_writers(
    watched: Watched, other: Callable[[], psycopg.Connection]
) -> None:
    watched.execute(
        "insert into t (id, due_at) select n, now() + interval '1 day' + n * interval '1 second' from generate_series(1, 60000) n; analyze t"
    )
    stop = threading.Event()
    faults: list[str] = []

    def write(seed: int) -> None:
        pick, connection = random.Random(seed), other()
        connection.add_notice_handler(lambda notice: faults.append(notice.message_primary or ""))
        while not stop.is_set():
            key = pick.randint(1, 60000)
            try:
                connection.execute(pick.choice([
                    b"update t set due_at = due_at + interval '1 hour' where id = %s",
                    b"update t set state = case state when 'open' then 'shut' else 'open' end where id = %s",
                    b"delete from t where id = %s",
                    b"insert into t (id, due_at) values (%s + 60000, now() + interval '2 days') on conflict do nothing",
                ]), [key])  # fmt: skip
            except psycopg.Error as error:
                faults.append(str(error))

    threads = [threading.Thread(target=write, args=(seed,)) for seed in range(3)]
    for thread in threads:
        thread.start()
    time.sleep(0.2)
    watched.task("once", "t", "due_at", filter={"state": "open"})
    assert "planning" in str(watched.execute("select jittask.explain(%s)", watched.name("once")).fetchone())
    watched.drain()
    stop.set()
    for thread in threads:
        thread.join()
    watched.drain()
    assert faults == []
    watched.check()
    watched.execute("select jittask.pause(%s)", watched.name("once"))
    watched.execute("select jittask.resume(%s)", watched.name("once"))
    watched.drain()
    watched.check()


def test_a_write_that_waited_until_its_row_had_run_does_not_plan_that_again(
    watched: Watched, other: Callable[[], psycopg.Connection]
) -> None:
    watched.task("once", "t", "due_at", filter={"field": "state", "op": "in", "value": ["open", "new"]})
    watched.execute("insert into t (id, due_at) values (1, clock_timestamp() + interval '1 second')")
    holder, writer, worker = other(), other(), other()
    holder.execute("begin; select from t where id = 1 for update")
    thread = threading.Thread(target=lambda: writer.execute("update t set state = 'new' where id = 1"))
    thread.start()
    wait_until_blocked(watched.connection, writer)
    claimed: list[tuple[int, int, int]] = []
    while not claimed:
        time.sleep(0.05)
        claimed = claim(worker)
    finish(worker, claimed)
    holder.execute("rollback")
    thread.join()
    assert watched.planned("once") == {}
    watched.check()


def test_a_claim_leaves_what_a_writer_is_planning_to_the_next_one(watched: Watched) -> None:
    watched.execute("create table held (id int primary key, due_at timestamptz)")
    watched.task("often", "held", "due_at", repeat="daily", past_due="run_now")
    watched.execute("insert into held values (1, now() - interval '1 hour'), (2, now() - interval '1 hour')")
    with psycopg.connect(watched.connection.info.dsn) as writer:
        writer.execute(b"select from jittask.series where source_key = '{\"id\": 1}' for update")
        watched.execute("set lock_timeout = '2s'")
        keys = [row[0] for row in watched.execute("select source_key from jittask.claim(1, 10)").fetchall()]
        assert keys == ['{"id": 2}']
    keys = [row[0] for row in watched.execute("select source_key from jittask.claim(1, 10)").fetchall()]
    assert keys == ['{"id": 1}']
