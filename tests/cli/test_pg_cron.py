"""`jittask pg-cron`, and what doctor and uninstall make of its jobs, on a server that has pg_cron."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from psycopg import conninfo

from jittask_pg.cli.cron_database import Extension
from jittask_pg.embedded import EmbeddedServer, system_binaries
from tests.support.databases import Databases
from tests.support.schedule import add_task, enqueue, statuses, value

from .conftest import Run, runner


@pytest.fixture(scope="module")
def cron(server: str) -> Iterator[psycopg.Connection]:
    """A superuser's session in the database that has the extension, on a server of its own."""
    binaries = system_binaries()
    with psycopg.connect(server) as connection:
        if binaries is None or not value(
            connection, "select exists (select from pg_available_extensions where name = 'pg_cron')"
        ):
            pytest.skip("pg_cron is not installed beside the server's programs (Debian: postgresql-15-cron)")
    directory = tempfile.mkdtemp(prefix="jittask-", dir="/tmp")
    settings = {"shared_preload_libraries": "pg_cron", "cron.host": directory, "shared_buffers": "32MB"}
    with (
        EmbeddedServer(
            directory, temporary=True, binaries=binaries, settings=settings, user="postgres"
        ) as own,
        psycopg.connect(own.dsn, autocommit=True) as connection,
    ):
        connection.execute("create extension pg_cron")
        yield connection


@pytest.fixture(scope="module")
def made(cron: psycopg.Connection) -> Iterator[Databases]:
    databases = Databases(cron.info.dsn)
    yield databases
    databases.close()


@pytest.fixture
def app(made: Databases, cron: psycopg.Connection) -> Iterator[psycopg.Connection]:
    """A session in a database with the schema, beside the one that has the extension."""
    dsn = made.installed()
    with psycopg.connect(dsn, autocommit=True) as connection:
        yield connection
    cron.execute("delete from cron.job; delete from cron.job_run_details")
    made.drop(dsn)


@pytest.fixture
def role(app: psycopg.Connection) -> Iterator[str]:
    """A login role that is a worker."""
    app.execute("create role shop_worker login in role jittask_worker")
    yield "shop_worker"
    app.execute("drop owned by shop_worker")
    with psycopg.connect(conninfo.make_conninfo(app.info.dsn, dbname="postgres")) as connection:
        connection.execute("drop owned by shop_worker; drop role shop_worker")


@pytest.fixture
def run(app: psycopg.Connection, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("JITTASK_DSN", app.info.dsn)
    return runner()


def jobs(cron: psycopg.Connection) -> list[tuple[Any, ...]]:
    """Name without the database, schedule, command, role; all jobs there are."""
    return cron.execute(
        "select regexp_replace(jobname, '^jittask:.*:', ''), schedule, command, username from cron.job order by 1"
    ).fetchall()


def test_it_schedules_runs_and_sweeps_as_the_role_and_again_changes_nothing(
    run: Run, cron: psycopg.Connection, app: psycopg.Connection, role: str
) -> None:
    said = run("pg-cron", "install", "--role", role).out
    assert f"run 1 as {role}, * * * * *: call jittask.run_database_functions()" in said
    before = cron.execute("select * from cron.job order by 1").fetchall()
    assert [(name, command, user) for name, _, command, user in jobs(cron) if name != "prune"] == [
        ("run 1", "call jittask.run_database_functions()", role),
        ("sweep", "call jittask.keep_sweeping()", role),
    ]
    assert value(
        cron, "select string_agg(distinct database, ' ') from cron.job where username = %s", [role]
    ) == (app.info.dbname)
    run("pg-cron", "install", "--role", role)
    assert cron.execute("select * from cron.job order by 1").fetchall() == before
    assert {row["name"].rpartition(":")[2] for row in run("pg-cron", "status", "--json").json} == {
        "prune", "run 1", "sweep",
    }  # fmt: skip


def test_other_wishes_replace_the_jobs_there_are(run: Run, cron: psycopg.Connection, role: str) -> None:
    run("pg-cron", "install", "--role", role, "--sessions", "3")
    assert [name for name, *_ in jobs(cron)] == ["prune", "run 1", "run 2", "run 3", "sweep"]
    run("pg-cron", "install", "--superuser", "--queue", "mail", "--queue", "o'clock")
    assert jobs(cron)[1:] == [
        (
            "run 1",
            "* * * * *",
            "call jittask.run_database_functions(queues => array['mail', 'o''clock'])",
            "postgres",
        ),
        ("sweep", "* * * * *", "call jittask.keep_sweeping()", "postgres"),
    ]


def test_a_dry_run_prints_what_would_be_executed(run: Run, cron: psycopg.Connection, role: str) -> None:
    text = run("pg-cron", "install", "--role", role, "--dry-run").out
    assert jobs(cron) == []
    cron.execute(text.encode())
    scheduled = jobs(cron)
    run("pg-cron", "install", "--role", role)
    assert jobs(cron) == scheduled
    assert (
        run("pg-cron", "install", "--superuser", "--dry-run", "--json")
        .json["sql"][-1]
        .startswith("select cron.unschedule(")
    )


def test_remove_takes_away_ours_alone(
    run: Run, cron: psycopg.Connection, made: Databases, app: psycopg.Connection, role: str
) -> None:
    other = made.installed()
    cron.execute("select cron.schedule('jittask_backup', '0 3 * * *', 'select 1')")
    cron.execute(
        "select cron.schedule_in_database('jittask', '0 3 * * *', 'select 1', %s)", [app.info.dbname]
    )
    runner()("pg-cron", "install", "--role", role, "--dsn", other)
    run("pg-cron", "install", "--role", role)
    assert len(run("pg-cron", "remove", "--json").json["removed"]) == 3
    assert len(jobs(cron)) == 5
    assert "sees no jobs of ours" in run("pg-cron", "remove").out
    made.drop(other)


def test_a_plain_role_schedules_its_own_jobs_once_it_may(cron: psycopg.Connection, made: Databases) -> None:
    # The database that has the extension serves itself here.
    dsn = cron.info.dsn
    runner()("migrate", "--dsn", dsn)
    cron.execute("create role joe login in role jittask_worker")
    own, run = conninfo.make_conninfo(dsn, user="joe"), runner()
    assert "grant usage on schema cron to" in run("pg-cron", "install", "--dsn", own, code=1).err
    cron.execute("grant usage on schema cron to joe")
    run("pg-cron", "install", "--dsn", own)
    assert {user for *_, user in jobs(cron)} == {"joe"}
    assert "may not schedule jobs of role" in run(
        "pg-cron", "install", "--dsn", own, "--role", "postgres", "--superuser", code=1
    ).err  # fmt: skip
    assert len(run("uninstall", "--yes", "--json", "--dsn", dsn).json["jobs"]) == 3
    assert jobs(cron) == []
    cron.execute("drop owned by joe; drop role joe")


def test_uninstall_finds_the_jobs_in_the_other_database(
    run: Run, cron: psycopg.Connection, role: str
) -> None:
    run("pg-cron", "install", "--role", role)
    assert "Removed job jittask:" in run("uninstall", "--yes").out
    assert jobs(cron) == []


@pytest.mark.parametrize(
    ("prepare", "options", "expected"),
    [
        ("select", [], "is a superuser"),
        ("select", ["--role", "nobody"], 'create role "nobody" login'),
        ("alter role shop_worker nologin", ["--role", "shop_worker"], 'alter role "shop_worker" login'),
        ("revoke jittask_worker from shop_worker", ["--role", "shop_worker"], "grant jittask_worker"),
        (
            "alter role shop_worker set statement_timeout = '30s'",
            ["--role", "shop_worker"],
            "set statement_timeout = 0",
        ),
        ("select", ["--role", "shop_worker", "--sessions", "31"], "cron.max_running_jobs"),
        ("select", ["--role", "shop_worker", "--database-of-cron", "template1"], "create extension pg_cron"),
    ],
)
@pytest.mark.usefixtures("role")
def test_what_cannot_work_is_refused_with_the_way_out(
    run: Run,
    app: psycopg.Connection,
    cron: psycopg.Connection,
    prepare: str,
    options: list[str],
    expected: str,
) -> None:
    app.execute(prepare.encode())
    assert expected in run("pg-cron", "install", *options, code=1).err
    assert jobs(cron) == []


@pytest.mark.usefixtures("role")
def test_jobs_in_another_database_need_a_right_of_their_own(
    app: psycopg.Connection, cron: psycopg.Connection
) -> None:
    cron.execute("grant usage on schema cron to shop_worker")
    own = conninfo.make_conninfo(app.info.dsn, user="shop_worker")
    words = ("pg-cron", "install", "--dsn", own)
    assert "--database-of-cron NAME" in runner()(*words, code=1).err
    words = (*words, "--database-of-cron", "postgres")
    assert "grant execute on function cron.schedule_in_database" in runner()(*words, code=1).err
    cron.execute("grant execute on function cron.schedule_in_database to shop_worker")
    runner()(*words)
    assert {user for *_, user in jobs(cron)} == {"shop_worker"}


def test_what_the_version_can_do_decides(run: Run, role: str, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ("pg-cron", "install", "--role", role, "--dry-run")
    assert "'* * * * *'" in run(*words).out
    monkeypatch.setattr("jittask_pg.cli.pg_cron.version_of", lambda _: (1, 6))
    assert "'5 seconds'" in run(*words).out
    monkeypatch.setattr(
        "jittask_pg.cli.cron_database.Extension",
        lambda *values: Extension(*values)._replace(background=True),
    )
    assert "begins no job while another runs" in run(*words, code=1).err
    monkeypatch.setattr("jittask_pg.cli.cron_checks.version_of", lambda _: (1, 3))
    assert "1.4 or later is needed" in run(*words, code=1).err


def test_a_server_without_the_extension_says_what_to_do(database: str) -> None:
    answer = runner()("pg-cron", "install", "--superuser", "--dsn", database, code=1)
    assert "shared_preload_libraries" in answer.err
    assert "sees no jobs of ours" in runner()("pg-cron", "status", "--dsn", database).out


def test_doctor_names_a_job_that_fails(run: Run, cron: psycopg.Connection, role: str) -> None:
    run("pg-cron", "install", "--role", role)
    assert "of pg_cron" not in run("doctor").out
    for name, message in (("run 1", "connection failed"), ("sweep", "ERROR:  permission denied\n")):
        cron.execute(
            "insert into cron.job_run_details (jobid, status, return_message) select jobid, 'failed', %s from cron.job where jobname like %s",
            [message, f"%{name}"],
        )
    cron.execute("update cron.job set active = false where jobname like '%prune'")
    said = run("doctor", code=1).out
    assert "run 1 of pg_cron fails: connection failed" in said
    assert "pg_hba.conf" in said
    assert "sweep of pg_cron fails: permission denied" in said
    assert "prune of pg_cron is switched off" in said


def test_doctor_asks_who_runs_functions_of_the_database(run: Run, app: psycopg.Connection, role: str) -> None:
    app.execute("create function public.tidy(args jsonb) returns void language sql as ''")
    add_task(app, handler="sql:public.tidy", start_at="2099-01-01Z")
    assert "1 task with functions of the database, and nobody runs them" in run("doctor").out
    run("pg-cron", "install", "--role", role)
    assert "nobody runs them" not in run("doctor").out
    # A session of the database is none for functions of Python's.
    app.execute("select jittask.register_session()")
    enqueue(app, "a.b")
    enqueue(app, "sql:public.tidy")
    assert '1 due occurrence in queue "default", and no worker serves it' in run("doctor", code=1).out


@pytest.mark.slow
def test_a_database_without_any_worker_keeps_its_promises(
    run: Run, app: psycopg.Connection, cron: psycopg.Connection, role: str
) -> None:
    def wait(condition: Callable[[], bool], seconds: float = 100) -> None:
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, cron.execute("select * from cron.job_run_details").fetchall()
            time.sleep(0.1)

    app.execute(
        """
        create table public.booking (id int primary key, on_day date);
        grant select on public.booking to shop_worker;
        create function public.hold(source_key jsonb, args jsonb) returns text language sql as $$ select session_user $$;
        create function public.rest(args jsonb) returns void language sql as $$ select pg_sleep(3600) $$;
        """
    )
    add_task(
        app, handler="sql:public.hold", source_table="public.booking", date_field="on_day", past_due="run_now"
    )
    app.execute("insert into public.booking values (1, current_date)")
    late = enqueue(app, "sql:public.rest", timeout="1 s")
    other = enqueue(app, "a.b")
    run("pg-cron", "install", "--role", role)
    wait(lambda: value(app, "select count(*) = 2 from jittask.run_history"))
    assert value(app, "select result from jittask.run_history where kind = 'date_field'") == role
    assert statuses(app, occurrence_id=late) == ["timed_out"]
    assert statuses(app, occurrence_id=other) == ["pending"]
    assert any(worker["name"].startswith("database:") for worker in run("status", "--json").json["workers"])
    run("pg-cron", "remove")
