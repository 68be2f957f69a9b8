"""Source rows, read again just before the run."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg import conninfo

from jittask_pg.errors import UnreadableValueError
from jittask_pg.worker.rows import Row, Unreadable

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

    return replace(options, dsns=(conninfo.make_conninfo(options.dsns[0], dbname=contracts.info.dbname),))


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


UNREADABLE = [
    ("date", "infinity"),
    ("date", "0044-03-15 BC"),
    ("timestamptz", "10000-01-01 00:00:00+00"),
    ("timestamp", "-infinity"),
    ("time", "24:00:00"),
    ("date[]", "{2024-01-01,infinity}"),
    ("tstzrange", '["0044-03-15 00:00:00+00 BC","2024-01-01 00:00:00+00")'),
    ("interval", "100000000 years"),
]


@pytest.mark.parametrize(("type", "text"), UNREADABLE)
@pytest.mark.parametrize("isolation", ["thread", "process"])
def test_a_value_that_python_cannot_hold_concerns_only_functions_that_read_it(
    contracts: psycopg.Connection, drain: Drain, type: str, text: str, isolation: str
) -> None:
    contracts.execute(f"alter table contract drop column other, add column other {type}")
    contracts.execute(
        "update jittask.task set isolation = %s, args = '{}', handler = 'w.row_id'", [isolation]
    )
    contracts.execute(
        f"""
        insert into jittask.task (name, kind, handler, isolation, source_table, date_field, past_due)
        values ('reads', 'date_field', 'w.row_other', '{isolation}', 'contract', 'expires_at', 'run_now'),
          ('guards', 'date_field', 'w.row_guarded', '{isolation}', 'contract', 'expires_at', 'run_now')
        """
    )
    contracts.execute("insert into contract (id, expires_at, other) values (7, '2024-05-01Z', %s)", [text])
    drain(child_concurrency=1)
    kept = {
        name: (status, result, error)
        for name, status, result, error in contracts.execute(
            "select task_name, status, result, error from jittask.execution_record"
        ).fetchall()
    }
    names = ["amount", "code", "expires_at", "id", "key", "note", "other", "signed_on", "status"]
    assert kept["remind"] == ("completed", [7, 9, True, names], None)
    assert kept["reads"][0] == "error"
    assert f'column "other" holds "{text}", which Python cannot hold' in kept["reads"][2]
    assert "str(row.other)" in kept["reads"][2]
    assert kept["guards"] == ("completed", {"other": text}, None)


def test_an_instant_at_the_end_of_time_in_a_zone_of_the_pooler_concerns_nobody_else(
    contracts: psycopg.Connection, options: Any, drain: Drain
) -> None:
    contracts.execute("alter table contract drop column other, add column other timestamptz")
    contracts.execute(
        "insert into contract (id, expires_at, other) select n, '2024-05-01Z', "
        "case when n = 2 then '9999-12-31 23:30-05'::timestamptz end from generate_series(1, 3) n"
    )
    name = contracts.info.dbname
    contracts.execute(f"alter database \"{name}\" set timezone = 'America/New_York'")
    drain(pooler=True)
    assert {id: status for id, (status, _, _) in outcomes(contracts).items()} == {
        1: "completed", 2: "error", 3: "completed",
    }  # fmt: skip
    assert 'column "other" holds "9999-12-31 23:30:00-05:00"' in outcomes(contracts)[2][2]


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
        grant = f'grant select on public.contract to "{role}"'
        assert grant in caplog.text
        contracts.execute(grant)
        contracts.execute("update jittask.due_queue set run_at = due_at")
        drain(dsns=(conninfo.make_conninfo(options.dsns[0], user=role),))
        assert outcomes(contracts)[1][0] == "completed"
    finally:
        contracts.execute(f'drop owned by "{role}"')
        contracts.execute(f'drop role "{role}"')


def test_a_row_that_security_may_hide_goes_back_and_is_not_taken_for_gone(
    contracts: psycopg.Connection, options: Any, drain: Drain, caplog: pytest.LogCaptureFixture
) -> None:
    role = str(conninfo.conninfo_to_dict(options.dsns[0])["user"])
    contracts.execute("insert into contract (id, expires_at) values (1, '2024-05-01Z'), (2, '2024-05-01Z')")
    contracts.execute("alter table contract enable row level security")
    contracts.execute(f'create policy one on contract to "{role}" using (id = 1)')
    drain()
    kept = outcomes(contracts)
    assert (kept[1][0], kept[2][0] in ("pending", "overdue")) == ("completed", True)
    assert f'alter role "{role}" bypassrls' in caplog.text
    contracts.execute("update jittask.due_queue set run_at = due_at")
    contracts.execute("alter table contract disable row level security; drop policy one on contract")
    drain()
    assert outcomes(contracts)[2][0] == "completed"


def test_many_rows_are_read_together_and_each_runs_once(contracts: psycopg.Connection, drain: Drain) -> None:
    contracts.execute(
        "insert into contract (id, expires_at) select n, '2024-05-01Z' from generate_series(1, 3000) n"
    )
    drain()
    assert sorted(row.id for row, _ in functions.calls) == list(range(1, 3001))
    assert {status for status, _, _ in outcomes(contracts).values()} == {"completed"}


def test_what_reads_all_columns_meets_the_unreadable_one_and_what_reads_none_does_not() -> None:
    row = Row(["id", "other"], [7, Unreadable("infinity", "DataError: too large")], {"id": 7})
    assert (list(row), len(row), "other" in row, "none" in row) == (["id", "other"], 2, True, False)
    assert repr(row) == 'Row({"id": 7}: id, other)'
    assert row == pickle.loads(pickle.dumps(row))
    reads: list[Callable[[Row], object]] = [
        dict,
        lambda row: row.other,
        lambda row: row["other"],
        lambda row: row.get("other"),
        lambda row: getattr(row, "other", None),
        lambda row: list(row.values()),
        lambda row: list(row.items()),
    ]
    for read in reads:
        with pytest.raises(UnreadableValueError, match='column "other" holds "infinity"') as refusal:
            read(row)
        again = pickle.loads(pickle.dumps(refusal.value))
        assert (again.column, again.text, str(again)) == ("other", "infinity", str(refusal.value))
    with pytest.raises(AttributeError, match='The row has no column "none"; it has id, other'):
        _ = row.none
