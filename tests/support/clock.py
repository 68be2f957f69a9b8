"""The clock of a session, set by hand."""

from __future__ import annotations

from datetime import datetime

import psycopg


def at(connection: psycopg.Connection, instant: str | datetime | None) -> None:
    """Fix the instant that ``jittask.now()`` answers in this session; None lets the real clock run again.

    Args:
        connection: the session.
        instant: an aware datetime or a literal with an offset, ``2026-03-01 09:00+08``.
    """
    if isinstance(instant, datetime):
        assert instant.tzinfo is not None, "an instant needs an offset"
        instant = instant.isoformat()
    connection.execute("select pg_catalog.set_config('jittask.fake_now', %s, false)", [instant or ""])
