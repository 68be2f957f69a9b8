"""init, migrate, sql, uninstall, setting."""

from __future__ import annotations

from collections.abc import Callable

import psycopg

from jittask_pg import migration
from jittask_pg.migration.files import latest_version

from .conftest import Run, runner

NewDatabase = Callable[..., str]


def test_init_installs_and_sets_the_zone(fresh_database: NewDatabase) -> None:
    dsn = fresh_database(installed=False)
    answer = runner()("init", "--dsn", dsn, "--timezone", "Asia/Shanghai")
    assert "Asia/Shanghai" in answer.out
    again = runner()("init", "--dsn", dsn, "--json").json
    assert (again["applied"], again["functions"]) == ([], 0)
    with psycopg.connect(dsn) as connection:
        assert connection.execute("select value from jittask.setting where name = 'timezone'").fetchone() == (
            "Asia/Shanghai",
        )


def test_init_refuses_what_is_no_zone_name(fresh_database: NewDatabase) -> None:
    answer = runner()("init", "--dsn", fresh_database(), "--timezone", "UTC+8", code=1)
    assert '"UTC+8"' in answer.err


def test_migrate_says_what_it_applied_and_then_that_nothing_is_left(fresh_database: NewDatabase) -> None:
    dsn = fresh_database(installed=False)
    assert "Applied migration 0001 foundation" in runner()("migrate", "--dsn", dsn).out
    assert "up to date" in runner()("migrate", "--dsn", dsn).out


def test_sql_prints_the_script() -> None:
    assert runner()("sql").out == migration.script()
    assert runner()("sql", "--since", str(latest_version())).out == migration.script(latest_version())
    assert "begin;" not in runner()("sql", "--no-transaction").out.splitlines()
    assert "there is no migration" in runner()("sql", "--since", "9999", code=2).err


def test_uninstall_asks_unless_it_is_told_not_to(fresh_database: NewDatabase) -> None:
    dsn = fresh_database()
    assert "--yes" in runner()("uninstall", "--dsn", dsn, code=1).err
    assert "Dropped the schema jittask" in runner()("uninstall", "--dsn", dsn, "--yes").out
    assert "There was no schema" in runner()("uninstall", "--dsn", dsn, "--yes").out


def test_a_watched_table_survives_uninstall(fresh_database: NewDatabase) -> None:
    dsn = fresh_database()
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create table contract (id int primary key, expires_on date)")
        run = runner()
        run(
            "task", "add", "remind", "--dsn", dsn, "--handler", "a.b",
            "--source-table", "contract", "--date-field", "expires_on",
        )  # fmt: skip
        assert run("uninstall", "--dsn", dsn, "--yes", "--json").json["triggers"]
        connection.execute("insert into contract values (1, current_date)")
        assert connection.execute(
            "select count(*) from pg_trigger where tgrelid = 'contract'::regclass and not tgisinternal"
        ).fetchone() == (0,)


def test_settings_are_listed_changed_and_checked(run: Run) -> None:
    names = {row["name"] for row in run("setting", "list", "--json").json}
    assert {"timezone", "history_retention", "poll_interval", "lease_duration", "notify"} <= names
    assert run("setting", "set", "history_retention", "90 days", "--json").json["value"] == "90 days"
    assert "no setting" in run("setting", "set", "nonsense", "1", code=1).err
    assert '"soon"' in run("setting", "set", "poll_interval", "soon", code=1).err
    assert "positive" in run("setting", "set", "lease_duration", "0 seconds", code=1).err
    assert "on or off" in run("setting", "set", "notify", "maybe", code=1).err
    assert run("setting", "set", "timezone", "Europe/Berlin").out.strip() == "timezone is Europe/Berlin"
