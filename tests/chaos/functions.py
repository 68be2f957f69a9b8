"""What the workers under test run. Each call leaves a row in `effect`, committed at once, before its work is done."""

from __future__ import annotations

import os
import time
from threading import local
from typing import Any

import psycopg

from jittask_pg.handlers import handler

_sessions = local()


def _session() -> psycopg.Connection[Any]:
    session = getattr(_sessions, "session", None)
    if session is None or session.closed or session.broken:
        session = psycopg.connect(os.environ["CHAOS_DSN"], autocommit=True, application_name="chaos-function")
        _sessions.session = session
    return session


def _note(occurrence_id: int) -> None:
    for tries in range(100):
        try:
            _session().execute(
                "insert into effect (occurrence_id, pid) values (%s, %s)", [occurrence_id, os.getpid()]
            )
            return
        except psycopg.OperationalError:
            _sessions.session = None
            if tries == 99:
                raise
            time.sleep(0.1)


@handler(name="chaos.work")
def work(context: Any, seconds: float = 0.0) -> None:
    _note(context.occurrence_id)
    if seconds:
        time.sleep(seconds)


@handler(name="chaos.die")
def die(context: Any) -> None:
    _note(context.occurrence_id)
    os._exit(3)


@handler(name="chaos.cancel_order")
def cancel_order(row: Any, context: Any) -> None:
    """The function's own update makes the filter of its task false."""
    _session().execute(
        "update orders set status = 'cancelled', touched = touched + 1 where id = %s", [row.id]
    )
    _note(context.occurrence_id)


@handler(name="chaos.book")
def book(row: Any, context: Any) -> None:
    """For a transactional task: its write commits together with the finish, or not at all."""
    context.connection.execute("insert into booking (order_id) values (%s)", [row.id])
