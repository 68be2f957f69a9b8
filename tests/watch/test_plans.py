"""No plan of ours scans the due queue, whatever its size was when the plan was made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from tests.support.watched import Watched

MANY = 20_000
BULK = f"insert into orders (id, due_at, day) select n, now() + n * interval '1 minute', '2036-01-01' from generate_series(1, {MANY}) n"
WIDE = "update orders set due_at = due_at + interval '1 hour'"
SINGLES = [
    "insert into orders (id, due_at, day) values ({n}, now() + interval '1 day', '2036-01-01')",
    "update orders set due_at = due_at + interval '1 hour' where id = {n}",
    "update orders set status = 'paid' where id = {n}",
    "update orders set note = 'x' where id = {n}",
    "insert into orders (id, due_at) values ({n}, now() + interval '3 days') on conflict (id) do update set due_at = excluded.due_at, status = 'open'",
    "update orders set id = {n} + 1000000 where id = {n}",
    "delete from orders where id = {n} + 1000000",
]


@pytest.fixture
def watched(fresh_database: Callable[..., str]) -> Iterator[Watched]:
    with psycopg.connect(fresh_database(), autocommit=True) as connection:
        made = Watched(connection)
        made.orders()
        yield made


def touched(watched: Watched, statement: str) -> int:
    """How many rows of the due queue and its series a statement reads."""

    def read() -> int:
        row = watched.execute("""
            select sum(coalesce(s.seq_tup_read, 0) + coalesce(s.idx_tup_fetch, 0))
            from pg_stat_xact_all_tables s
            where s.relid in ('jittask.due_queue'::regclass, 'jittask.series'::regclass)
        """).fetchone()
        assert row is not None
        return int(row[0])

    # The counters may still hold what earlier transactions of the session read.
    watched.execute("begin")
    before = read()
    watched.execute(statement)
    found = read() - before
    watched.execute("commit")
    return found


def singles(watched: Watched, first: int) -> None:
    for number in range(first, first + 8):
        for statement in SINGLES:
            assert touched(watched, statement.format(n=number)) < MANY / 40, statement


def test_single_rows_after_bulk_read_a_few_rows(watched: Watched) -> None:
    watched.execute(BULK)
    watched.execute(WIDE)
    singles(watched, MANY + 1)
    watched.check()


def test_bulk_after_single_rows_reads_its_own_rows(watched: Watched) -> None:
    singles(watched, MANY + 1)
    watched.execute(BULK)
    assert touched(watched, WIDE) < 40 * MANY
    assert touched(watched, f"delete from orders where id <= {MANY // 2}") < 40 * MANY
    singles(watched, MANY + 100)
    watched.check()


def inner_cte_scans(node: dict[str, Any], *, inner: bool = False) -> int:
    """How many scans of a CTE are repeated for each row of another side of a join."""
    here = inner and node["Node Type"] == "CTE Scan"
    return here + sum(
        inner_cte_scans(child, inner=inner or child["Parent Relationship"] == "Inner")
        for child in node.get("Plans", [])
    )


def test_tasks_planned_anew_together_are_not_compared_with_each_other(watched: Watched) -> None:
    row = watched.execute("select prosrc from pg_proc where proname = 'replan_scheduled'").fetchone()
    assert row is not None
    statement = row[0][row[0].index("with wanted") : row[0].rindex(";\n  return")]
    for name, value in (("into v_count ", ""), ("p_task_ids", "$1"), ("p_now", "$2")):
        assert name in statement
        statement = statement.replace(name, value)
    watched.execute("set plan_cache_mode = force_generic_plan; set enable_seqscan = off")
    watched.execute("set enable_hashjoin = off; set enable_mergejoin = off")
    watched.execute(f"prepare replan (bigint[], timestamptz) as {statement}")
    plan = watched.execute("explain (format json) execute replan ('{}', now())").fetchone()
    assert plan is not None
    assert inner_cte_scans(plan[0][0]["Plan"]) == 0
