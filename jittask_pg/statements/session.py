"""What a worker must know of the session it has: its clocks, and who answers."""

from __future__ import annotations

from ..database import Connection


def state(connection: Connection) -> tuple[str, bool]:
    """The fixed instant of the session's clock (empty = the real clock), and whether it can only read."""
    row = connection.execute(
        """
        select coalesce(current_setting('jittask.fake_now', true), ''),
          current_setting('transaction_read_only')::bool
        """
    ).fetchone()
    assert row is not None
    return row[0], row[1]


def clock_us(connection: Connection) -> int:
    """The wall clock of the server, in microseconds since 1970."""
    row = connection.execute("select (extract(epoch from clock_timestamp()) * 1000000)::bigint").fetchone()
    assert row is not None
    return row[0]


def backend_pid(connection: Connection) -> int:
    """The server process that answers; another than the connection was told of where a pooler is between."""
    row = connection.execute("select pg_backend_pid()").fetchone()
    assert row is not None
    return row[0]
