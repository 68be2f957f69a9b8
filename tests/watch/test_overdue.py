"""What went overdue while no worker ran stays planned until its own date, filter or row says otherwise."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from tests.support import clock
from tests.support.watched import Watched


@pytest.fixture
def late(connection: psycopg.Connection) -> Iterator[Watched]:
    """Six hours after everything was due, and nothing was claimed."""
    clock.at(connection, "2026-03-02 09:00+00")
    watched = Watched(connection)
    watched.orders()
    watched.execute(
        "insert into orders (id, due_at, day) select n, '2026-03-02 09:10+00', '2026-03-20' from generate_series(1, 3) n"
    )
    clock.at(connection, "2026-03-02 16:00+00")
    yield watched
    watched.close()


@pytest.mark.parametrize("act", [
    "update orders set day = day + 1",
    "update orders set status = 'open', day = day + 1 where id = 2",
    "insert into jittask.replan (source_table, source_key, reason) select source_table, '{\"id\": 2}', 'test' from jittask.watch",
    "insert into jittask.replan (source_table, reason) select source_table, 'test' from jittask.watch",
])  # fmt: skip
def test_it_stays_planned_when_something_else_is_written_or_planned_anew(late: Watched, act: str) -> None:
    before = late.planned("remind")
    assert len(before) == 3
    late.execute(act)
    late.drain()
    assert late.planned("remind") == before
    assert len(late.planned("poke")) == 3
    assert late.differences() == []


@pytest.mark.parametrize("act", [
    "update orders set due_at = '2026-03-01 00:00+00'",
    "update orders set status = 'paid'",
    "delete from orders",
    "update orders set due_at = null",
    "update orders set id = id + 100",
])  # fmt: skip
def test_it_goes_when_its_own_row_says_so(late: Watched, act: str) -> None:
    late.execute(act)
    assert late.planned("remind") == {}
    assert late.differences() == []
