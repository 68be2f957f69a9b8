"""`migrate`: one transaction, idempotent, safe when several run at once."""

from __future__ import annotations

import lzma
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from jittask_pg import migration
from jittask_pg.errors import DatabaseError, LockError
from jittask_pg.migration.files import FunctionFile, Migration, function_files, latest_version, migrations
from jittask_pg.migration.pieces import ADVISORY_LOCK
from tests.support.watched import Watched

NewDatabase = Callable[..., str]


def ledger(connection: psycopg.Connection) -> list[int]:
    return [row[0] for row in connection.execute("select version from jittask.migration order by 1")]


def registration(number: int, name: str) -> str:
    return f"insert into jittask.migration (version, name) values ({number}, '{name}');"


def digests(connection: psycopg.Connection) -> dict[str, str]:
    return dict(connection.execute("select path, digest from jittask.function_digest").fetchall())


def test_an_empty_database_gets_every_migration_and_every_function(fresh_database: NewDatabase) -> None:
    with psycopg.connect(fresh_database(installed=False), autocommit=True) as connection:
        done = migration.migrate(connection)
        assert [number for number, _ in done.applied] == [file.version for file in migrations()]
        assert ledger(connection) == [file.version for file in migrations()]
        assert digests(connection) == {file.path: file.digest for file in function_files()}
        assert migration.schema_state(connection).current


def test_a_second_run_changes_nothing(fresh_database: NewDatabase) -> None:
    with psycopg.connect(fresh_database(), autocommit=True) as connection:
        before = connection.execute("select * from jittask.function_digest order by 1").fetchall()
        done = migration.migrate(connection)
        assert (done.applied, done.functions) == ((), 0)
        assert connection.execute("select * from jittask.function_digest order by 1").fetchall() == before


def test_a_group_role_that_came_later_gets_its_rights(fresh_database: NewDatabase) -> None:
    with psycopg.connect(fresh_database(), autocommit=True) as connection:
        connection.execute("revoke usage on schema jittask from jittask_viewer")
        assert migration.migrate(connection).functions > 0
        rights = connection.execute(
            "select has_schema_privilege('jittask_viewer', 'jittask', 'usage')"
        ).fetchone()
        assert rights == (True,)
        assert migration.migrate(connection).functions == 0


def test_runs_at_the_same_time_leave_one_schema_and_all_succeed(fresh_database: NewDatabase) -> None:
    dsn = fresh_database(installed=False)

    def run(_: int) -> int:
        with psycopg.connect(dsn, autocommit=True) as connection:
            return len(migration.migrate(connection).applied)

    with ThreadPoolExecutor(4) as pool:
        counts = sorted(pool.map(run, range(4)))
    assert counts == [0, 0, 0, latest_version()]


def test_runs_at_the_same_time_succeed_where_serializable_is_the_default(fresh_database: NewDatabase) -> None:
    dsn = fresh_database(installed=False)

    def run(_: int) -> int:
        options = "-c default_transaction_isolation=serializable"
        with psycopg.connect(dsn, autocommit=True, options=options) as connection:
            return len(migration.migrate(connection).applied)

    with ThreadPoolExecutor(3) as pool:
        assert sorted(pool.map(run, range(3))) == [0, 0, latest_version()]


def test_a_failing_migration_leaves_nothing_and_names_its_file(fresh_database: NewDatabase) -> None:
    broken = Migration(latest_version() + 1, "broken", "create table jittask.half (a int); select 1 / 0;")
    with psycopg.connect(fresh_database(installed=False), autocommit=True) as connection:
        with pytest.raises(Exception, match=r"broken\.sql; nothing was changed") as caught:
            migration.migrate(connection, versioned=[*migrations(), broken])
        assert "division by zero" in str(caught.value)
        assert connection.execute("select to_regnamespace('jittask')").fetchone() == (None,)


def test_a_migration_of_a_later_release_is_added_to_an_old_schema(fresh_database: NewDatabase) -> None:
    number = latest_version() + 1
    later = Migration(
        number,
        "later",
        "create table jittask.later (a int);" + registration(number, "later"),
    )
    with psycopg.connect(fresh_database(), autocommit=True) as connection:
        done = migration.migrate(connection, versioned=[*migrations(), later])
        assert done.applied == ((number, "later"),)
        assert done.version == number
        assert ledger(connection)[-1] == number


def test_the_ledger_refuses_a_gap(fresh_database: NewDatabase) -> None:
    number = latest_version() + 2
    jump = Migration(number, "jump", registration(number, "jump"))
    with (
        psycopg.connect(fresh_database(), autocommit=True) as connection,
        pytest.raises(Exception, match="in order without gaps"),
    ):
        migration.migrate(connection, versioned=[*migrations(), jump])


def test_functions_are_reapplied_whole_when_one_differs_and_vanished_ones_leave_the_ledger(
    fresh_database: NewDatabase,
) -> None:
    one = FunctionFile(
        "10_a/one.sql", "create or replace function jittask.one() returns int language sql return 1;"
    )
    two = FunctionFile(
        "10_a/two.sql", "create or replace function jittask.two() returns int language sql return 2;"
    )
    other = FunctionFile(one.path, one.sql.replace("return 1", "return 11"))
    with psycopg.connect(fresh_database(), autocommit=True) as connection:
        assert migration.migrate(connection, repeatable=[one, two]).functions == 2
        assert digests(connection) == {one.path: one.digest, two.path: two.digest}
        assert migration.migrate(connection, repeatable=[one, two]).functions == 0
        assert migration.migrate(connection, repeatable=[other, two]).functions == 2
        assert connection.execute("select jittask.one()").fetchone() == (11,)
        assert migration.migrate(connection, repeatable=[other]).functions == 1
        assert digests(connection) == {other.path: other.digest}


def test_a_schema_ahead_of_the_package_is_left_alone(fresh_database: NewDatabase) -> None:
    with psycopg.connect(fresh_database(), autocommit=True) as connection:
        connection.execute(
            "insert into jittask.migration (version, name) values (%s, 'newer')", [latest_version() + 1]
        )
        connection.execute("delete from jittask.function_digest")
        done = migration.migrate(connection)
        assert (done.applied, done.functions, done.version) == ((), 0, latest_version() + 1)
        assert digests(connection) == {}


def test_a_lock_held_by_another_session_is_reported_as_such(
    fresh_database: NewDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jittask_pg.migration.pieces._ADVISORY_WAIT", "50ms")
    dsn = fresh_database()
    with psycopg.connect(dsn) as holder, psycopg.connect(dsn, autocommit=True) as connection:
        holder.execute("select pg_advisory_xact_lock(%s)", [ADVISORY_LOCK])
        with pytest.raises(LockError, match="nothing was changed"):
            migration.migrate(connection)


def test_a_role_without_rights_is_told_so(fresh_database: NewDatabase) -> None:
    with psycopg.connect(fresh_database(installed=False), autocommit=True) as connection:
        connection.execute("set session authorization pg_monitor")
        with pytest.raises(Exception, match="permission denied") as caught:
            migration.migrate(connection)
        assert not isinstance(caught.value, DatabaseError)


def test_the_first_release_is_upgraded_with_what_it_had_planned(fresh_database: NewDatabase) -> None:
    script = lzma.decompress((Path(__file__).parent / "releases" / "0.1.0.sql.xz").read_bytes()).decode()
    with psycopg.connect(fresh_database(installed=False), autocommit=True) as connection:
        connection.execute(script.encode())
        watched = Watched(connection)
        watched.orders()
        watched.task("steady", "orders", "due_at")
        watched.execute(
            "insert into orders (due_at, day) select now() + n * interval '1 hour', '2036-01-01' from generate_series(1, 9) n"
        )
        watched.execute("select jittask.enqueue('h', due_at => now() + interval '1 day')")
        generated = "select prosrc from pg_proc p join jittask.watch w on p.proname = w.function_name"
        before = connection.execute("select * from jittask.waiting order by 1").fetchall()
        body = connection.execute(generated).fetchone()
        migration.migrate(connection)
        assert connection.execute("select * from jittask.waiting order by 1").fetchall() == before
        assert connection.execute(generated).fetchone() != body
        # None is left over that no file makes any more, nor one beside it with other parameters.
        functions = """
            select p.oid::regprocedure::text from pg_proc p
            where p.pronamespace = 'jittask'::regnamespace and p.proname <> all (select w.function_name from jittask.watch w)
            order by 1
        """
        with psycopg.connect(fresh_database(), autocommit=True) as fresh:
            assert connection.execute(functions).fetchall() == fresh.execute(functions).fetchall()
        watched.execute(
            "update orders set due_at = due_at + interval '1 hour' where id > 3; delete from orders where id = 1"
        )
        watched.execute("insert into orders (due_at) values (now() + interval '3 days')")
        watched.check()


def test_migrations_never_call_functions_of_the_functions_directory() -> None:
    import re

    names = {
        name
        for file in function_files()
        for name in re.findall(r"create or replace function jittask\.(\w+)", file.sql)
    }
    for file in migrations():
        # Comments may name a function, and a function whose parameters change is dropped; none may be called.
        code = re.sub(r"--[^\n]*|'(?:[^']|'')*'|\bdrop function [^;]*;", "", file.sql)
        called = set(re.findall(r"jittask\.(\w+)\s*\(", code)) & names
        assert not called, (file.name, called)
