"""`jittask sql`: what is printed leaves the same schema as what is run."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from jittask_pg import migration
from jittask_pg.embedded import embedded_binaries, system_binaries
from jittask_pg.errors import from_database
from jittask_pg.migration.files import latest_version

NewDatabase = Callable[..., str]


def psql() -> str:
    binaries = system_binaries() or embedded_binaries()
    return str(binaries / "psql")


def run_psql(dsn: str, script: str) -> subprocess.CompletedProcess[str]:
    command = [psql(), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", dsn, "-f", "-"]
    return subprocess.run(command, input=script, capture_output=True, text=True, check=False)


# The whole schema as the catalogue describes it: relations, columns, constraints, indexes, functions, views,
# triggers, types, comments, grants. Without the partitions of these days, which come and go.
CATALOGUE = r"""
select kind, name, what
from (
select 'column', format('%s.%s', c.relname, a.attname),
  concat_ws(' ', format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated,
            pg_get_expr(d.adbin, d.adrelid), col_description(c.oid, a.attnum), a.attacl::text, a.attcollation::regcollation)
from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
where c.relnamespace = 'jittask'::regnamespace
union all
select 'relation', c.relname, concat_ws(' ', c.relkind, c.relacl::text, obj_description(c.oid), c.reloptions::text,
  case when c.relkind = 'i' then pg_get_indexdef(c.oid) when c.relkind = 'v' then pg_get_viewdef(c.oid) end)
from pg_class c where c.relnamespace = 'jittask'::regnamespace
union all
select 'constraint', conname, pg_get_constraintdef(oid) from pg_constraint where connamespace = 'jittask'::regnamespace
union all
select 'function', p.oid::regprocedure::text,
  concat_ws(' ', case when p.prokind = 'f' then pg_get_functiondef(p.oid) end, p.proacl::text, obj_description(p.oid))
from pg_proc p where p.pronamespace = 'jittask'::regnamespace
union all
select 'trigger', tgname, pg_get_triggerdef(t.oid) from pg_trigger t join pg_class c on c.oid = t.tgrelid
where c.relnamespace = 'jittask'::regnamespace and not tgisinternal
union all
select 'schema', nspname, nspacl::text from pg_namespace where nspname = 'jittask'
union all
select 'default', defaclobjtype::text, defaclacl::text from pg_default_acl where defaclnamespace = 'jittask'::regnamespace
union all
select 'migration', version::text, name from jittask.migration
union all
select 'digest', path, digest from jittask.function_digest
union all
select 'setting', name, value from jittask.setting
) found (kind, name, what)
where name !~ '^run_history_[0-9]{8}'
order by 1, 2, 3
"""


def catalogue(dsn: str) -> list[tuple[str, str, str]]:
    with psycopg.connect(dsn) as connection:
        return connection.execute(CATALOGUE).fetchall()


def test_the_printed_script_leaves_the_same_schema_and_ledger_as_a_run(fresh_database: NewDatabase) -> None:
    printed = fresh_database(installed=False)
    done = run_psql(printed, migration.script())
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    run = catalogue(fresh_database())
    assert catalogue(printed) == run
    assert len(run) > 100


def test_a_run_after_the_printed_script_finds_nothing_to_do(fresh_database: NewDatabase) -> None:
    dsn = fresh_database(installed=False)
    assert run_psql(dsn, migration.script()).returncode == 0
    with psycopg.connect(dsn, autocommit=True) as connection:
        done = migration.migrate(connection)
    assert (done.applied, done.functions) == ((), 0)


def test_printed_since_the_newest_migration_it_reapplies_the_functions_only(
    fresh_database: NewDatabase,
) -> None:
    dsn = fresh_database()
    before = catalogue(dsn)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("delete from jittask.function_digest")
    done = run_psql(dsn, migration.script(latest_version()))
    assert done.returncode == 0, done.stderr
    assert catalogue(dsn) == before


def test_printed_for_another_state_it_changes_nothing_and_says_how_to_print_it(
    fresh_database: NewDatabase,
) -> None:
    done = run_psql(fresh_database(), migration.script())
    assert done.returncode != 0
    assert f"the database is at {latest_version()}" in done.stderr
    assert f"jittask sql --since {latest_version()}" in done.stderr
    empty = fresh_database(installed=False)
    assert run_psql(empty, migration.script(1)).returncode != 0
    with psycopg.connect(empty) as connection:
        assert connection.execute("select to_regnamespace('jittask')").fetchone() == (None,)


def test_it_joins_the_transaction_of_another_migration_tool(fresh_database: NewDatabase) -> None:
    dsn = fresh_database(installed=False)
    text = migration.script(transaction=False)
    with psycopg.connect(dsn) as connection:
        connection.execute("create table alembic_version (version text)")
        connection.execute(text.encode())
        connection.rollback()
        assert connection.execute("select to_regnamespace('jittask')").fetchone() == (None,)
        connection.execute(text.encode())
        connection.commit()
    assert catalogue(dsn) == catalogue(fresh_database())


@pytest.mark.parametrize("since", [-1, 10_000])
def test_a_number_that_no_migration_has_is_refused(since: int) -> None:
    with pytest.raises(ValueError, match="There is no migration"):
        migration.script(since)


def test_the_guard_has_the_code_of_a_wrong_state(fresh_database: NewDatabase) -> None:
    with psycopg.connect(fresh_database(), autocommit=True) as connection:
        with pytest.raises(psycopg.Error) as caught:
            connection.execute(migration.script().encode())
        assert from_database(caught.value).sqlstate == "JT007"


def test_the_script_holds_no_path_of_this_machine() -> None:
    assert str(Path(migration.__file__).parents[2]) not in migration.script()
