"""The judge of all scenarios: what the history must look like, whatever was killed."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

import psycopg

from tests.support.schedule import value

TABLES = """
    create table effect (effect_id bigint generated always as identity, occurrence_id bigint, pid int,
                         at timestamptz default clock_timestamp());
    create table orders (id bigint primary key, due_at timestamptz, status text, touched int default 0);
    create table booking (order_id bigint)
"""


@dataclass(frozen=True)
class Verdict:
    """Figures of one scenario."""

    scenario: str
    expected: int
    completed: int
    repeats: int
    losses: int
    seconds: float


def prepare(connection: psycopg.Connection) -> None:
    connection.execute(TABLES)


def unfinished(connection: psycopg.Connection) -> int:
    return value(connection, "select count(*) from jittask.due_queue")


def judge(
    connection: psycopg.Connection, scenario: str, ids: list[int], seconds: float, *, repeats_at_most: int
) -> Verdict:
    """Every occurrence completed, recorded once, its function called; repeats within what was in flight."""
    completed = value(
        connection,
        "select count(*) from jittask.run_history where outcome = 'completed' and occurrence_id = any(%s)",
        [ids],
    )
    recorded = value(
        connection, "select count(*) from jittask.run_history where occurrence_id = any(%s)", [ids]
    )
    called = value(
        connection, "select count(distinct occurrence_id) from effect where occurrence_id = any(%s)", [ids]
    )
    calls = value(connection, "select count(*) from effect where occurrence_id = any(%s)", [ids])
    verdict = Verdict(
        scenario, len(ids), completed, calls - called,
        value(connection, "select count(*) from jittask.run_attempt where outcome = 'lost'"), round(seconds, 1),
    )  # fmt: skip
    assert unfinished(connection) == 0, verdict
    assert completed == recorded == called == len(ids), (verdict, recorded, called)
    assert verdict.repeats <= repeats_at_most, verdict
    assert_tidy(connection)
    _report(verdict)
    return verdict


def assert_tidy(connection: psycopg.Connection) -> None:
    """Nothing is left open: no transaction, no session lock, no deadlock of anybody."""
    idle = connection.execute(
        """
        select application_name, query from pg_stat_activity
        where datname = current_database() and state like 'idle in transaction%'
          and state_change < clock_timestamp() - interval '2 seconds'
        """
    ).fetchall()
    assert idle == []
    locks = value(
        connection,
        """
        select count(*) from pg_locks l
        where l.locktype = 'advisory'
          and l.database = (select oid from pg_database where datname = current_database())
          and not exists (select from pg_stat_activity a where a.pid = l.pid and a.xact_start is not null)
        """,
    )
    assert locks == 0
    assert value(connection, "select deadlocks from pg_stat_database where datname = current_database()") == 0


def _report(verdict: Verdict) -> None:
    path = os.environ.get("JITTASK_CHAOS_REPORT")
    if path:
        with Path(path).open("a", encoding="utf-8") as report:
            report.write(json.dumps(asdict(verdict)) + "\n")
