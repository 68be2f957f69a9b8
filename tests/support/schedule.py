"""Tasks, one-offs and claims for tests, written as a user's SQL would."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import psycopg
from psycopg import sql
from psycopg.rows import namedtuple_row


class Claimed(NamedTuple):
    """What a claim gave: the lease with its token, and the rows."""

    lease_id: int | None
    token: int | None
    rows: list[Any]

    @property
    def ids(self) -> list[int]:
        return [row.occurrence_id for row in self.rows]


def add_task(connection: psycopg.Connection, **columns: object) -> int:
    """Insert a task; kind, handler and name have defaults. Returns its id."""
    columns = {
        "name": "task",
        "kind": "date_field" if "source_table" in columns else "scheduled",
        **({} if "source" in columns else {"handler": "tests.note"}),
        **columns,
    }
    statement = sql.SQL("insert into jittask.task ({}) values ({}) returning task_id").format(
        sql.SQL(", ").join(map(sql.Identifier, columns)),
        sql.SQL(", ").join([sql.Placeholder()] * len(columns)),
    )
    return value(connection, statement, [_plain(column) for column in columns.values()])


def change_task(connection: psycopg.Connection, name: str, **columns: object) -> None:
    statement = sql.SQL("update jittask.task set {} where name = {}").format(
        sql.SQL(", ").join(
            sql.SQL("{} = {}").format(sql.Identifier(column), sql.Placeholder()) for column in columns
        ),
        sql.Placeholder(),
    )
    connection.execute(statement, [*(_plain(column) for column in columns.values()), name])


def enqueue(connection: psycopg.Connection, handler: str = "tests.note", **arguments: object) -> int:
    """Call ``jittask.enqueue`` with named arguments."""
    call = sql.SQL("select jittask.enqueue(handler => {}{})").format(
        sql.Placeholder(),
        sql.SQL("").join(
            sql.SQL(", {} => {}").format(sql.Identifier(name), sql.Placeholder()) for name in arguments
        ),
    )
    return value(connection, call, [handler, *(_plain(argument) for argument in arguments.values())])


def register(connection: psycopg.Connection, name: str = "worker") -> int:
    return value(connection, "select jittask.register_worker(%s, 'host', 1, '0')", [name])


def claim(connection: psycopg.Connection, worker_id: int, limit: int = 100, **arguments: object) -> Claimed:
    call = sql.SQL("select * from jittask.claim({}, {}{})").format(
        sql.Placeholder(),
        sql.Placeholder(),
        sql.SQL("").join(
            sql.SQL(", {} => {}").format(sql.Identifier(name), sql.Placeholder()) for name in arguments
        ),
    )
    with connection.cursor(row_factory=namedtuple_row) as cursor:
        rows = cursor.execute(call, [worker_id, limit, *arguments.values()]).fetchall()
    return Claimed(rows[0].lease_id, rows[0].token, rows) if rows else Claimed(None, None, [])


def finish(
    connection: psycopg.Connection,
    claimed: Claimed,
    ids: Sequence[int] | None = None,
    outcome: str | None = None,
    error: str | None = None,
    run_us: int | None = None,
    ends_lease: bool = False,
) -> list[tuple[int, str]]:
    """Report the same outcome for some (or all) runs of a claim; returns the exceptions."""
    ids = claimed.ids if ids is None else ids
    count = len(ids)
    return connection.execute(
        """
        select * from jittask.finish(
          %s, %s, %s::bigint[], %s::bigint[], %s::bigint[], %s::text[], p_errors => %s::text[],
          p_run_us => %s::bigint[], p_ends_lease => %s
        )
        """,
        [
            claimed.lease_id,
            claimed.token,
            list(ids),
            [1] * count,
            [2] * count,
            None if outcome is None else [outcome] * count,
            None if error is None else [error] * count,
            None if run_us is None else [run_us] * count,
            ends_lease,
        ],
    ).fetchall()


def records(connection: psycopg.Connection, **conditions: object) -> list[Any]:
    """Execution records by due time, newest last."""
    where = sql.SQL(" and ").join(
        sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder()) for name in conditions
    )
    query = sql.SQL("select * from jittask.execution_record {} {} order by due_at, occurrence_id").format(
        sql.SQL("where" if conditions else ""), where
    )
    with connection.cursor(row_factory=namedtuple_row) as cursor:
        return cursor.execute(query, list(conditions.values())).fetchall()


def statuses(connection: psycopg.Connection, **conditions: object) -> list[str]:
    return [record.status for record in records(connection, **conditions)]


def value(
    connection: psycopg.Connection, query: str | sql.Composable, parameters: Sequence[object] = ()
) -> Any:
    """The one value of the one row."""
    row = connection.execute(query, parameters).fetchone()  # type: ignore[arg-type]
    assert row is not None
    return row[0]


def empty(connection: psycopg.Connection) -> None:
    """Leave nothing of an earlier test in this database's ledger."""
    connection.execute("delete from jittask.task")
    connection.execute(
        "truncate jittask.due_queue, jittask.run_history, jittask.run_attempt, jittask.lease, jittask.running, "
        "jittask.worker, jittask.series, jittask.replan, jittask.paused_queue"
    )


def _plain(argument: object) -> object:
    return json.dumps(argument) if isinstance(argument, (Mapping, list)) else argument
