"""`uninstall`: every trace goes, the user's tables stay."""

from __future__ import annotations

import os
from collections.abc import Callable

import psycopg
import pytest

from jittask_pg import migration
from jittask_pg.errors import LockError, StateError
from tests.support.server import TEST_DSN_VARIABLE, running_server

NewDatabase = Callable[..., str]

# A trigger as the watch makes them, whatever generates it.
WATCHED_TABLE = """
create table public.contract (id int primary key, expires_on date);
insert into public.contract values (1, '2026-01-01'), (2, null);
create function jittask.watch_contract() returns trigger language plpgsql as 'begin return null; end';
create trigger jittask_watch_insert after insert on public.contract
  for each statement execute function jittask.watch_contract();
create trigger own_trigger after insert on public.contract
  for each statement execute function public.own_function();
"""
OWN_FUNCTION = (
    "create function public.own_function() returns trigger language plpgsql as 'begin return null; end';"
)


def traces(connection: psycopg.Connection) -> list[str]:
    rows = connection.execute(
        """
        select nspname::text from pg_namespace where nspname = 'jittask'
        union all select tgname::text from pg_trigger where tgname like 'jittask%'
        union all select proname::text from pg_proc where proname like 'jittask%'
        """
    )
    return [row[0] for row in rows]


def test_triggers_schema_and_roles_go_and_the_table_stays_as_it_was(fresh_database: NewDatabase) -> None:
    with psycopg.connect(fresh_database(), autocommit=True) as connection:
        connection.execute(OWN_FUNCTION)
        connection.execute(WATCHED_TABLE)
        done = migration.uninstall(connection)
        assert done.schema
        assert done.triggers == ("jittask_watch_insert on public.contract",)
        assert traces(connection) == []
        assert connection.execute("select count(*) from public.contract").fetchone() == (2,)
        assert connection.execute(
            "select tgname from pg_trigger where tgrelid = 'public.contract'::regclass"
        ).fetchall() == [("own_trigger",)]


def test_roles_that_another_database_uses_are_kept_with_the_reason(fresh_database: NewDatabase) -> None:
    other = fresh_database()
    with psycopg.connect(other, autocommit=True) as neighbour:
        neighbour.execute("grant usage on schema jittask to jittask_viewer")
    with psycopg.connect(fresh_database(), autocommit=True) as connection:
        done = migration.uninstall(connection)
    assert "jittask_viewer" in done.kept_roles
    assert done.kept_roles["jittask_viewer"]


def test_roles_go_where_nothing_depends_on_them() -> None:
    if TEST_DSN_VARIABLE in os.environ:
        pytest.skip("needs a server of its own, the named one may serve others")
    with running_server() as dsn, psycopg.connect(dsn, autocommit=True) as connection:
        migration.migrate(connection)
        assert migration.uninstall(connection).roles == migration.ROLES
        assert connection.execute(
            "select count(*) from pg_roles where rolname like 'jittask%'"
        ).fetchone() == (0,)


def test_an_uninstalled_database_can_be_installed_again(fresh_database: NewDatabase) -> None:
    with psycopg.connect(fresh_database(), autocommit=True) as connection:
        migration.uninstall(connection)
        migration.migrate(connection)
        assert migration.schema_state(connection).current


def test_a_database_without_the_schema_is_no_error(fresh_database: NewDatabase) -> None:
    with psycopg.connect(fresh_database(installed=False), autocommit=True) as connection:
        assert not migration.uninstall(connection).schema


def test_objects_of_the_users_that_depend_on_the_schema_stop_it_and_are_listed(
    fresh_database: NewDatabase,
) -> None:
    with psycopg.connect(fresh_database(), autocommit=True) as connection:
        connection.execute("create view public.my_tasks as select name from jittask.task")
        connection.execute("create table public.planned (id int, rule jittask.rule)")
        with pytest.raises(StateError, match="my_tasks") as caught:
            migration.uninstall(connection)
        assert "column rule of table planned" in str(caught.value)
        assert migration.schema_state(connection).current


def test_a_table_in_use_is_waited_for_a_while_only(
    fresh_database: NewDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jittask_pg.migration.removal.LOCK_WAIT", "50ms")
    dsn = fresh_database()
    with psycopg.connect(dsn, autocommit=True) as connection, psycopg.connect(dsn) as writer:
        connection.execute(OWN_FUNCTION)
        connection.execute(WATCHED_TABLE)
        writer.execute("insert into public.contract values (3, null)")
        with pytest.raises(LockError, match="nothing was removed"):
            migration.uninstall(connection)
        assert "jittask" in traces(connection)


def test_the_triggers_of_a_partitioned_table_go_with_their_parents(fresh_database: NewDatabase) -> None:
    with psycopg.connect(fresh_database(), autocommit=True) as connection:
        connection.execute(
            """
            create table public.part (id int, day date) partition by range (day);
            create table public.part_1 partition of public.part default;
            create function jittask.watch_part() returns trigger language plpgsql as 'begin return null; end';
            create trigger jittask_watch_row after insert on public.part
              for each row execute function jittask.watch_part();
            """
        )
        migration.uninstall(connection)
        assert traces(connection) == []
