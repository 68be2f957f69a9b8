"""What sessions beside a writer do: claim, finish, wait."""

from __future__ import annotations

import time

import psycopg


def claim(connection: psycopg.Connection) -> list[tuple[int, int, int]]:
    row = connection.execute("select jittask.register_worker('w', 'h', 1, '0')").fetchone()
    assert row is not None
    return connection.execute(
        "select occurrence_id, lease_id, token from jittask.claim(%s, 100)", [row[0]]
    ).fetchall()


def finish(connection: psycopg.Connection, claimed: list[tuple[int, int, int]]) -> None:
    for occurrence, lease, token in claimed:
        connection.execute(
            "select jittask.finish(%s, %s, array[%s::bigint], array[1::bigint], array[2::bigint])",
            [lease, token, occurrence],
        )


def wait_until_blocked(connection: psycopg.Connection, session: psycopg.Connection) -> None:
    end = time.monotonic() + 10
    while time.monotonic() < end:
        row = connection.execute(
            "select cardinality(pg_blocking_pids(%s)) > 0", [session.info.backend_pid]
        ).fetchone()
        if row == (True,):
            return
        time.sleep(0.01)
    raise AssertionError("the session did not come to wait")
