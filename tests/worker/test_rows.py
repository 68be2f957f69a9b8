"""Source rows, read again just before the run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg import conninfo

from . import functions
from .conftest import Drain

MakeTable = Callable[..., None]


@pytest.fixture
def contracts(fresh_database: Callable[..., str]) -> Iterator[psycopg.Connection]:
    dsn = fresh_database()
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            """
            create table contract (
              id int primary key, expires_at timestamptz, signed_on date, amount numeric, code uuid, note jsonb,
              status text not null default 'active', other date, "key" text
            )
            """
        )
        connection.execute(
            """
            insert into jittask.task (name, kind, handler, source_table, date_field, filter, args, past_due)
            values ('remind', 'date_field', 'w.row', 'contract', 'expires_at', '{"status": "active"}', '{"by": 3}', 'run_now')
            """
        )
        yield connection


@pytest.fixture
def options(contracts: psycopg.Connection, options: Any) -> Any:
    from dataclasses import replace

    return replace(options, dsns=(dsn_of(contracts),))


def dsn_of(connection: psycopg.Connection) -> str:
    return conninfo.make_conninfo(connection.info.dsn)


def outcomes(connection: psycopg.Connection) -> dict[int, tuple[str, Any, Any]]:
    rows = connection.execute(
        "select (source_key ->> 'id')::int, status, result, error from jittask.execution_record order by 1"
    ).fetchall()
    return {row[0]: tuple(row[1:]) for row in rows}


def test_a_function_receives_the_row_typed_and_its_args(contracts: psycopg.Connection, drain: Drain) -> None:
    contracts.execute(
        """
        insert into contract (id, expires_at, signed_on, amount, code, note, "key")
        values (7, '2024-05-01 12:00+02', '2024-01-31', 10.500, '00000000-0000-0000-0000-000000000001', '{"a": [1]}', 'k')
        """
    )
    drain()
    [(row, args)] = functions.calls
    assert args == {"by": 3}
    assert row.key == {"id": 7}
    assert row["key"] == "k"
    assert row.expires_at == datetime(2024, 5, 1, 10, tzinfo=UTC)
    assert row.expires_at.utcoffset().total_seconds() == 0
    assert (row.signed_on, row.code, row.note, row.other) == (
        date(2024, 1, 31),
        UUID(int=1),
        {"a": [1]},
        None,
    )
    assert str(row.amount) == "10.500"
    assert isinstance(row.amount, Decimal)
    assert outcomes(contracts)[7][0] == "completed"


def test_a_row_that_is_gone_changed_or_moved_does_not_run(
    contracts: psycopg.Connection, drain: Drain
) -> None:
    contracts.execute(
        "insert into contract (id, expires_at) select n, '2024-05-01Z' from generate_series(1, 5) n"
    )
    # Behind the back of the triggers, as a restore would do it.
    contracts.execute("set session_replication_role = replica")
    contracts.execute("delete from contract where id = 1")
    contracts.execute("update contract set status = 'ended' where id = 2")
    contracts.execute("update contract set expires_at = '2030-01-01Z' where id = 3")
    contracts.execute("reset session_replication_role")
    drain()
    assert {id: (status, error) for id, (status, _, error) in outcomes(contracts).items()} == {
        1: ("skipped", "the row is gone"),
        2: ("skipped", "the row no longer matches the filter"),
        3: ("skipped", "the date of the row has moved"),
        4: ("completed", None),
        5: ("completed", None),
    }
    assert sorted(row.id for row, _ in functions.calls) == [4, 5]


def test_rows_that_cannot_be_read_fail_alone(contracts: psycopg.Connection, drain: Drain) -> None:
    contracts.execute(
        "insert into contract (id, expires_at) select n, '2024-05-01Z' from generate_series(1, 6) n"
    )
    contracts.execute("update contract set other = 'infinity' where id = 2")
    contracts.execute("update contract set other = '0044-03-15 BC' where id = 4")
    contracts.execute("update contract set other = '10000-01-01' where id = 6")
    contracts.execute(
        "update contract set amount = 'NaN', note = to_jsonb(1e300::numeric * 1e300) where id = 5"
    )
    drain()
    kept = outcomes(contracts)
    assert {id: status for id, (status, _, _) in kept.items()} == {
        1: "completed", 2: "error", 3: "completed", 4: "error", 5: "completed", 6: "error",
    }  # fmt: skip
    assert 'column "other" holds "infinity"' in kept[2][2]
    assert 'column "other" holds "0044-03-15 BC"' in kept[4][2]


def test_without_the_right_to_read_the_occurrence_goes_back_and_the_grant_is_named(
    contracts: psycopg.Connection, options: Any, drain: Drain, caplog: pytest.LogCaptureFixture
) -> None:
    role = f"reader_{contracts.info.backend_pid}"
    contracts.execute(f'create role "{role}" login in role jittask_worker')
    try:
        contracts.execute("insert into contract (id, expires_at) values (1, '2024-05-01Z')")
        drain(dsns=(conninfo.make_conninfo(options.dsns[0], user=role),), sweep=False)
        assert outcomes(contracts)[1][0] in ("pending", "overdue")
        waits = contracts.execute(
            "select run_at > now() + interval '20 s', attempt from jittask.due_queue"
        ).fetchone()
        assert waits == (True, 0)
        assert f'grant select on public.contract to "{role}"' in caplog.text
    finally:
        contracts.execute(f'drop owned by "{role}"')
        contracts.execute(f'drop role "{role}"')


def test_many_rows_are_read_together_and_each_runs_once(contracts: psycopg.Connection, drain: Drain) -> None:
    contracts.execute(
        "insert into contract (id, expires_at) select n, '2024-05-01Z' from generate_series(1, 3000) n"
    )
    drain()
    assert sorted(row.id for row, _ in functions.calls) == list(range(1, 3001))
    assert {status for status, _, _ in outcomes(contracts).values()} == {"completed"}
