"""A statement over very many rows plans what is near and lists the rest; the sweep plans it, and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from tests.support import clock
from tests.support.watched import Watched

MANY = 53_000
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture
def many(fresh_database: Callable[..., str]) -> Iterator[Watched]:
    with psycopg.connect(fresh_database(), autocommit=True) as connection:
        clock.at(connection, NOW)
        watched = Watched(connection)
        watched.execute(
            "create table t (id int primary key, due_at timestamptz, open bool not null default true)"
        )
        yield watched


def write(watched: Watched, near: str = "1 hour") -> None:
    """Every row is due in 30 days; number 10 and the last are due sooner."""
    watched.execute(f"""
        insert into t (id, due_at)
        select n, timestamptz '{NOW}' + case when n in (10, {MANY}) then interval '{near}' else interval '30 days' end
        from generate_series(1, {MANY}) n
    """)


def counts(watched: Watched, task: str) -> tuple[int, int]:
    """Rows planned for a task, and rows listed for the sweep."""
    row = watched.execute(
        """
        select (select count(*) from jittask.waiting w join jittask.task t using (task_id) where t.name = %s),
          (select coalesce(sum(cardinality(source_keys)), 0) from jittask.replan)
        """,
        watched.name(task),
    ).fetchone()
    assert row is not None
    return row[0], int(row[1])


def test_the_first_50000_are_planned_at_once_and_the_others_by_the_sweep(many: Watched) -> None:
    many.task("once", "t", "due_at")
    write(many)
    assert counts(many, "once") == (50_000, MANY)
    many.drain()
    assert counts(many, "once") == (MANY, 0)
    many.check()


def test_a_listed_row_is_explained(many: Watched) -> None:
    many.task("once", "t", "due_at")
    write(many)
    row = many.execute("select jittask.explain(%s, %s)", many.name("once"), str(MANY)).fetchone()
    assert row is not None
    assert "is yet to be planned, by the next sweeps: one of very many rows" in row[0]


def test_what_is_due_within_ten_minutes_is_planned_at_once(many: Watched) -> None:
    many.task("once", "t", "due_at")
    write(many, near="10 minutes")
    assert counts(many, "once") == (50_001, MANY)
    assert f'{{"id": {MANY}}}' in many.planned("once")


def test_a_filter_counts_only_what_matches(many: Watched) -> None:
    many.task("once", "t", "due_at", filter={"open": False})
    write(many)
    assert counts(many, "once") == (0, 0)


def test_several_tasks_are_planned_by_the_same_lists(many: Watched) -> None:
    many.task("once", "t", "due_at")
    many.task("before", "t", "due_at", start_offset="-3 days", filter={"open": True})
    many.task("often", "t", "due_at", repeat="daily")
    write(many)
    many.drain()
    assert [counts(many, task)[0] for task in ("once", "before", "often")] == [MANY, MANY - 2, MANY]
    many.check()


def test_of_repeating_rows_whose_first_date_is_past_20000_are_planned_at_once(many: Watched) -> None:
    many.task("often", "t", "due_at", repeat="daily")
    many.execute(
        f"insert into t (id, due_at) select n, timestamptz '{NOW}' - interval '10 days 1 hour' from generate_series(1, {MANY}) n"
    )
    assert counts(many, "often") == (20_000, MANY)
    many.drain()
    assert counts(many, "often") == (MANY, 0)
    many.check()


def test_what_comes_due_before_the_sweep_is_not_lost(many: Watched) -> None:
    many.task("once", "t", "due_at")
    many.task("often", "t", "due_at", repeat="daily")
    write(many, near="1 hour")
    clock.at(many.connection, NOW.replace(hour=12))
    many.drain()
    due = NOW.replace(hour=10)
    for task in ("once", "often"):
        assert many.planned(task)[f'{{"id": {MANY}}}'] == due, task
    many.check()


def test_what_was_past_when_it_was_written_stays_past(many: Watched) -> None:
    many.task("once", "t", "due_at")
    write(many, near="-2 minutes")
    many.drain()
    assert counts(many, "once") == (MANY - 2, 0)
    many.check()


@pytest.fixture
def planned(many: Watched) -> Watched:
    """The same rows, all of them planned."""
    many.task("once", "t", "due_at", filter={"open": True})
    write(many)
    many.drain()
    return many


def test_an_update_that_moves_very_many_dates_leaves_them_to_the_sweep(planned: Watched) -> None:
    planned.execute("update t set due_at = due_at + interval '1 day' where id <> 20")
    assert counts(planned, "once") == (MANY, MANY - 1)
    assert planned.planned("once")['{"id": 5}'] == NOW + timedelta(days=30)
    planned.drain()
    assert planned.planned("once")['{"id": 5}'] == NOW + timedelta(days=31)
    planned.check()


def test_very_many_series_that_an_update_moves_are_left_to_the_sweep(many: Watched) -> None:
    many.task("often", "t", "due_at", repeat="weekly")
    write(many)
    many.drain()
    many.execute("update t set due_at = due_at + interval '1 day'")
    assert counts(many, "often") == (MANY, MANY)
    many.drain()
    assert many.planned("often")['{"id": 5}'] == NOW + timedelta(days=31)
    many.check()


def test_what_was_or_comes_within_ten_minutes_is_moved_by_the_update_itself(planned: Watched) -> None:
    clock.at(planned.connection, NOW + timedelta(minutes=55))
    planned.execute(
        "update t set due_at = due_at + case id when 20 then interval '-29 days -23 hours -3 minutes' else interval '1 day' end"
    )
    assert counts(planned, "once") == (MANY, MANY)
    once = planned.planned("once")
    assert once['{"id": 10}'] == NOW + timedelta(days=1, hours=1)
    assert once['{"id": 20}'] == NOW + timedelta(minutes=57)
    planned.drain()
    planned.check()


def test_rows_that_stop_matching_in_very_many_are_dropped_by_the_sweep(planned: Watched) -> None:
    clock.at(planned.connection, NOW + timedelta(minutes=55))
    planned.execute("update t set open = false")
    assert counts(planned, "once") == (MANY - 2, MANY)
    planned.drain()
    assert counts(planned, "once") == (0, 0)
    planned.check()


def test_a_few_dates_moved_among_very_many_rows_written_are_moved_at_once(planned: Watched) -> None:
    planned.execute(
        "update t set due_at = due_at + case when id between 1 and 5 then interval '1 day' else '0' end"
    )
    assert counts(planned, "once") == (MANY, 0)
    planned.check()


def test_very_many_changed_keys_are_new_rows(planned: Watched) -> None:
    planned.execute("update t set id = -id")
    planned.drain()
    assert counts(planned, "once") == (MANY, 0)
    planned.check()


def test_very_many_rows_of_a_table_with_triggers_of_its_own_are_read_again(many: Watched) -> None:
    many.task("once", "t", "due_at", filter={"open": True})
    many.execute("""
        create function tomorrow() returns trigger language plpgsql as $$
        begin
          if pg_trigger_depth() = 1 then
            update t set due_at = due_at + interval '1 day' where id = new.id and id > 52990;
          end if;
          return null;
        end $$;
        create trigger tomorrow after insert or update on t for each row execute function tomorrow();
        select jittask.sweep();
    """)
    write(many, near="5 minutes")
    assert f'{{"id": {MANY}}}' in many.planned("once")
    assert counts(many, "once")[0] == 11
    many.drain()
    assert many.planned("once")['{"id": 52999}'] == NOW + timedelta(days=31)
    many.check()
    many.execute("update t set due_at = due_at + interval '1 hour'")
    many.drain()
    assert many.planned("once")['{"id": 52999}'] == NOW + timedelta(days=32, hours=1)
    many.check()


def test_rows_that_change_or_go_before_the_sweep_are_planned_as_they_are_then(many: Watched) -> None:
    many.task("once", "t", "due_at")
    write(many)
    many.execute(f"update t set due_at = due_at + interval '1 day' where id = {MANY - 1}")
    many.execute(f"delete from t where id = {MANY - 2}")
    many.execute(f"update t set id = -id where id = {MANY - 3}")
    many.drain()
    assert counts(many, "once") == (MANY - 1, 0)
    many.check()


def test_a_large_table_is_judged_as_of_the_definition_of_its_task(many: Watched) -> None:
    write(many, near="1 hour")
    many.task("once", "t", "due_at")
    many.task("often", "t", "due_at", repeat="daily")
    assert counts(many, "once")[0] == 0
    clock.at(many.connection, NOW.replace(hour=12))
    many.drain()
    for task in ("once", "often"):
        assert many.planned(task)[f'{{"id": {MANY}}}'] == NOW.replace(hour=10), task
    many.check()


def test_a_session_that_planned_few_rows_gets_through_very_many(many: Watched) -> None:
    many.task("often", "t", "due_at", repeat="daily")
    # As a worker's session does: its plans were made when lists and queue were small.
    many.execute("set plan_cache_mode = force_generic_plan")
    for rows in (1, 30_000):
        many.execute(f"insert into t (id, due_at) select n, '{NOW}' from generate_series(1, {rows}) n")
        many.execute(f"""
            insert into jittask.replan (task_id, source_key, reason)
            select t.task_id, format('{{"id": %s}}', n), 'listed' from jittask.task t, generate_series(1, {rows}) n
        """)
        many.execute("set statement_timeout = '8s'")
        with psycopg.connect(many.connection.info.dsn) as writer:
            writer.execute(f"select from {many.schema}.t for update".encode())
            many.execute("select jittask.drain_replan(jittask.now(), 30000)")
        held = many.execute("select count(*) from jittask.replan where reason = 'a writer held the row'")
        assert held.fetchone() == (rows,)
        many.execute("alter table t disable trigger all; delete from t; alter table t enable trigger all")
        many.execute("select jittask.drain_replan(jittask.now(), 30000)")
        assert counts(many, "often") == (0, 0)
        many.execute("reset statement_timeout")
    many.check()
