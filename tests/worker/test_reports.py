"""Which refusals of a report are a matter of the moment."""

from __future__ import annotations

import psycopg
import pytest

from jittask_pg.worker.report import passes


@pytest.mark.parametrize(
    ("table", "moment"),
    [
        (
            "routed (n int) partition by range (n); create temp table part partition of routed for values from (0) to (1)",
            True,
        ),
        ("routed (n int constraint n_is_small check (n < 5))", False),
    ],
)
def test_a_record_that_missed_its_partition_is_sent_again_and_a_wrong_one_is_not(
    connection: psycopg.Connection, table: str, moment: bool
) -> None:
    with connection.transaction(force_rollback=True):
        connection.execute(f"create temp table {table}")
        with pytest.raises(psycopg.errors.CheckViolation) as refusal:
            connection.execute("insert into routed values (5)")
    assert passes(refusal.value) is moment
