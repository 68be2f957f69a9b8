"""The application updates the very rows that functions update at the same time."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import psycopg
import pytest

from tests.chaos.fleet import Fleet, until
from tests.chaos.ledger import assert_tidy, unfinished
from tests.chaos.scale import dice, scaled
from tests.support.schedule import add_task, value

pytestmark = pytest.mark.chaos


def test_nobody_deadlocks_on_rows_that_both_sides_update(
    dsn: str, session: psycopg.Connection, logs: Path
) -> None:
    seconds, rows = scaled(6, 60), 300
    add_task(
        session, name="cancel", source_table="orders", date_field="due_at", filter={"status": "open"},
        handler="chaos.cancel_order",
    )  # fmt: skip
    session.execute(
        "insert into orders select n, clock_timestamp(), 'open' from generate_series(1, %s) n", [rows]
    )
    failures: list[Exception] = []
    end = time.monotonic() + seconds

    def write(number: int) -> None:
        random = dice(f"writer {number}")
        with psycopg.connect(dsn, autocommit=True) as writer:
            while time.monotonic() < end:
                first = random.randrange(1, rows - 5)
                try:
                    writer.execute(
                        "update orders set status = 'open', due_at = clock_timestamp() + %s * interval '1 ms' "
                        "where id between %s and %s",
                        [random.randrange(0, 300), first, first + random.randrange(0, 4)],
                    )
                except psycopg.Error as error:
                    failures.append(error)

    with Fleet(dsn, 4, logs) as fleet:
        writers = [threading.Thread(target=write, args=[number]) for number in range(8)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        assert until(lambda: unfinished(session) == 0, 30), fleet.logs()
    # Two writers that take rows in the same order never wait for each other in a circle; what is left is ours.
    assert failures == []
    assert_tidy(session)
    assert value(session, "select count(*) from orders where status = 'open'") == 0
    assert value(session, "select count(*) from jittask.run_history where outcome = 'error'") == 0
    doubled = value(
        session,
        "select count(*) from (select source_key, due_at from jittask.run_history where outcome = 'completed' "
        "group by 1, 2 having count(*) > 1) d",
    )
    assert doubled == 0
