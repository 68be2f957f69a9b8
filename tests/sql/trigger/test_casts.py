"""Whoever owns a table may give it types with casts of their own: these never run with the rights of jittask."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext, suppress

import psycopg
import pytest

from tests.support.watched import Watched


@pytest.fixture
def owner(watched: Watched) -> Iterator[str]:
    """A role that owns the watched table ``t``, and a type whose casts note who ran them."""
    role = f"{watched.schema}_owner"
    watched.execute(f"""
        create role {role};
        grant all on schema {watched.schema} to {role};
        create table t (id int primary key, due_at timestamptz, status int default 1, note text);
        alter table t owner to {role}
    """)
    watched.task("once", "t", "due_at", filter={"status": 1})
    watched.task("often", "t", "due_at", repeat="daily")
    watched.execute(f"""
        set role {role};
        create table ran (role text);
        create type own as enum ('1', '2')
    """)
    for type, value in (
        ("text", "'1'"),
        ("int", "1"),
        ("bigint", "1"),
        ("timestamptz", "now()"),
        ("json", "'1'"),
    ):
        watched.execute(f"""
            create function to_{type}(own) returns {type} language plpgsql as
              $$ begin insert into ran values (current_user); return {value}; end $$;
            create cast (own as {type}) with function to_{type}(own) as implicit
        """)
    watched.execute("reset role")
    yield role
    watched.execute("reset role")
    watched.execute(f"drop owned by {role} cascade; drop role {role}")


def ran(watched: Watched) -> list[tuple[str]]:
    return watched.execute("select distinct role from ran").fetchall()


CHANGES = {
    "key": ("alter table t alter id type own using '1'", "alter table t alter id type int using 1"),
    "date": ("alter table t alter due_at type own using '1'", "alter table t alter due_at type timestamptz using now()"),
    "filter": ("alter table t alter status drop default, alter status type own using '1'", "alter table t alter status type int using 1"),
    "date of another name": ("alter table t rename due_at to due; alter table t alter id type own using '1'", "alter table t alter id type int using 1; alter table t rename due to due_at"),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("on_error", ["replan", "raise"])
def test_none_runs_in_the_trigger(watched: Watched, owner: str, change: str, on_error: str) -> None:
    altered, undone = CHANGES[change]
    watched.execute("insert into t values (1, '2026-03-05 00:00+00')")
    watched.execute("select jittask.set_on_error('t', %s)", on_error)
    watched.execute(f"set role {owner}")
    watched.execute(altered)
    # What the owner's own statements cast is the owner's affair.
    watched.execute("truncate ran")
    for statement in (
        "update t set note = 'x'",
        "insert into t (id, note) values ('2', 'x')",
        "delete from t",
    ):
        with (
            pytest.raises(psycopg.Error, match=f"Rows of {watched.schema}.t cannot be planned")
            if on_error == "raise"
            else nullcontext()
        ):
            watched.execute(statement)
    assert ran(watched) == []
    watched.execute(undone)
    watched.execute("reset role; select * from jittask.reconcile('t')")
    watched.drain()
    watched.check()


@pytest.mark.parametrize("change", ["key", "date", "filter"])
def test_none_runs_in_what_sweeps_and_asks(watched: Watched, owner: str, change: str) -> None:
    watched.execute("insert into t values (1, '2026-03-05 00:00+00')")
    watched.execute(f"set role {owner}")
    watched.execute(CHANGES[change][0])
    watched.execute("reset role; truncate ran")
    for statement in (
        "select jittask.explain('{schema}_once', '1')",
        "select * from jittask.recompute('{schema}_often')",
        "insert into jittask.replan (source_table, reason) values ('{schema}.t', 'test'); select jittask.drain_replan(jittask.now(), 100)",
        "insert into jittask.replan (source_table, source_key, reason) values ('{schema}.t', '{{\"id\": 1}}', 'test'); select jittask.drain_replan(jittask.now(), 100)",
        "insert into jittask.reconciled select task_id from jittask.task; update jittask.reconciled set ended_at = '2000-01-01'; select jittask.reconcile_some(jittask.now())",
        "select jittask.sweep()",
        "select * from jittask.reconcile('t')",
    ):
        with suppress(psycopg.Error):
            watched.execute(statement.format(schema=watched.schema))
    assert ran(watched) == []


@pytest.mark.parametrize(
    ("change", "listed"), [("alter id type bigint", [None]), ("alter status type bigint", ['{"id": 2}'])]
)
def test_rows_of_a_table_with_a_new_type_are_listed_by_key_where_that_has_its_old_one(
    watched: Watched, owner: str, change: str, listed: list[str | None]
) -> None:
    watched.execute(f"alter table t {change}; insert into t values (2, '2026-03-05 00:00+00')")
    rows = watched.execute(
        "select distinct source_key from jittask.replan where reason <> 'listed'"
    ).fetchall()
    assert [key for (key,) in rows] == listed
    watched.execute("select jittask.sweep()")
    watched.drain()
    watched.check()


def test_a_filter_of_row_level_security_runs_in_the_trigger_of_no_role_that_is_filtered(
    watched: Watched,
) -> None:
    watched.orders()
    row = watched.execute(
        "select bool_and('row_security=off' = any (p.proconfig)) from pg_proc p where p.proname like 'watch\\_%' and p.prorettype = 'trigger'::regtype and p.prosecdef"
    ).fetchone()
    assert row == (True,)
