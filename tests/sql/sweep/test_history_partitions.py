"""The sweep makes history partitions ahead and drops those past the retention, and waits for nobody."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import psycopg
import pytest

from tests.support.schedule import claim, empty, enqueue, finish, register, value


@pytest.fixture(autouse=True)
def _partitions(connection: psycopg.Connection) -> Iterator[None]:
    empty(connection)
    yield
    connection.execute("update jittask.setting set value = '30 days' where name = 'history_retention'")


def partitions(connection: psycopg.Connection) -> set[str]:
    rows = connection.execute(
        "select inhrelid::regclass::text from pg_inherits where inhparent = 'jittask.run_history'::regclass"
    ).fetchall()
    return {name.removeprefix("jittask.") for (name,) in rows}


def make_old_partition(connection: psycopg.Connection, day: str) -> str:
    name = f"run_history_{day.replace('-', '')}"
    connection.execute(
        f"create table jittask.{name} partition of jittask.run_history "
        f"for values from ('{day} 00:00+00') to (timestamptz '{day} 00:00+00' + interval '24 hours')"
    )
    return name


def drop_days_ahead(connection: psycopg.Connection) -> None:
    for name in partitions(connection) - {"run_history_default"}:
        connection.execute(f"drop table jittask.{name}")


def days_ahead(connection: psycopg.Connection) -> set[str]:
    days = connection.execute(
        "select 'run_history_' || to_char((statement_timestamp() at time zone 'UTC')::date + n, 'YYYYMMDD') "
        "from generate_series(0, 3) n"
    ).fetchall()
    return {name for (name,) in days}


def test_they_are_there_once_installed_and_before_a_worker_claims(
    fresh_database: Callable[..., str],
) -> None:
    with psycopg.connect(fresh_database(), autocommit=True) as connection:
        assert partitions(connection) == {"run_history_default"} | days_ahead(connection)
        drop_days_ahead(connection)
        register(connection)
        assert partitions(connection) == {"run_history_default"} | days_ahead(connection)


def test_today_and_three_days_ahead_have_partitions_of_their_own(connection: psycopg.Connection) -> None:
    drop_days_ahead(connection)
    connection.execute("select jittask.sweep()")
    assert partitions(connection) == {"run_history_default"} | days_ahead(connection)
    assert value(connection, "select (jittask.sweep() ->> 'partitions_made')::int") == 0


def test_several_may_make_them_at_once(connection: psycopg.Connection, database: str) -> None:
    drop_days_ahead(connection)
    with psycopg.connect(database) as first, psycopg.connect(database, autocommit=True) as second:
        first.execute("select jittask.make_partitions()")
        assert value(second, "select jittask.make_partitions()") == 0
        first.commit()
    assert days_ahead(connection) < partitions(connection)


def test_records_of_today_that_lie_in_the_default_partition_move_over(connection: psycopg.Connection) -> None:
    drop_days_ahead(connection)
    occurrence = enqueue(connection, due_at="2100-01-01 00:00+00")
    connection.execute("select jittask.cancel(%s)", [occurrence])
    assert value(connection, "select count(*) from jittask.run_history_default") == 1
    connection.execute("select jittask.sweep()")
    assert value(connection, "select count(*) from jittask.run_history_default") == 0
    assert value(connection, "select status from jittask.execution_record") == "cancelled"
    assert value(connection, "select tableoid::regclass::text from jittask.run_history").startswith(
        "jittask.run_history_2"
    )


def test_of_the_default_partition_only_days_since_the_installation_are_pruned(
    connection: psycopg.Connection,
) -> None:
    enqueue(connection)
    finish(connection, claim(connection, register(connection)))
    connection.execute("update jittask.migration set applied_at = now() - interval '400 days'")
    connection.execute(
        "insert into jittask.run_history_default select (jsonb_populate_record(h, "
        "jsonb_build_object('finished_at', now() - interval '300 days'))).* from jittask.run_history h"
    )
    assert value(connection, "select count(*) from jittask.run_history_default") == 2
    connection.execute("select jittask.sweep()")
    kept = value(connection, "select array_agg(extract(year from finished_at)::int) from jittask.run_history")
    assert kept == [1970]


def test_a_run_of_today_lies_in_the_partition_of_today(connection: psycopg.Connection) -> None:
    connection.execute("select jittask.sweep()")
    enqueue(connection)
    claimed = claim(connection, register(connection))
    now_us = value(connection, "select jittask.to_us(statement_timestamp())")
    connection.execute(
        "select * from jittask.finish(%s, %s, %s::bigint[], %s::bigint[], %s::bigint[])",
        [claimed.lease_id, claimed.token, claimed.ids, [now_us], [now_us]],
    )
    assert value(connection, "select count(*) from jittask.run_history_default") == 0
    assert value(connection, "select count(*) from jittask.run_history") == 1


def test_a_rehearsed_run_lies_in_the_default_partition(connection: psycopg.Connection) -> None:
    connection.execute("select jittask.sweep()")
    enqueue(connection)
    finish(connection, claim(connection, register(connection)))
    assert value(connection, "select count(*) from jittask.run_history_default") == 1


def test_partitions_past_the_retention_are_dropped_and_younger_ones_kept(
    connection: psycopg.Connection,
) -> None:
    old = make_old_partition(connection, "2020-01-01")
    young = value(connection, "select ((statement_timestamp() at time zone 'UTC')::date - 5)::text")
    kept = make_old_partition(connection, young)
    connection.execute("update jittask.setting set value = '7 days' where name = 'history_retention'")
    connection.execute("select jittask.sweep()")
    assert old not in partitions(connection)
    assert kept in partitions(connection)
    connection.execute("update jittask.setting set value = '2 days' where name = 'history_retention'")
    connection.execute("select jittask.sweep()")
    assert kept not in partitions(connection)


def test_a_reader_of_history_delays_the_drop_and_nothing_else(
    connection: psycopg.Connection, database: str
) -> None:
    old = make_old_partition(connection, "2020-01-02")
    with psycopg.connect(database) as reader:
        reader.execute("select count(*) from jittask.execution_record")
        begun = time.monotonic()
        connection.execute("select jittask.sweep()")
        # The lock is waited for 50 milliseconds; the rest is room for a loaded machine.
        assert time.monotonic() - begun < 5
        assert old in partitions(connection)
    connection.execute("select jittask.sweep()")
    assert old not in partitions(connection)
