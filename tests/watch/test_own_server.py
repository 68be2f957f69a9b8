"""What needs a server of its own kind: two-phase commit, logical replication, dump and restore."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner
from psycopg import conninfo

from jittask_pg.cli.main import cli
from jittask_pg.embedded import EmbeddedServer, system_binaries
from tests.support.databases import Databases
from tests.support.watched import Watched


@pytest.fixture(scope="module")
def own_server() -> Iterator[str]:
    settings = {"max_prepared_transactions": "5", "wal_level": "logical", "shared_buffers": "32MB"}
    with EmbeddedServer(
        temporary=True, binaries=system_binaries(), settings=settings, user="postgres"
    ) as server:
        yield server.dsn


@pytest.fixture
def databases(own_server: str) -> Iterator[Databases]:
    made = Databases(own_server)
    yield made
    made.close()


@pytest.fixture
def watched(databases: Databases) -> Iterator[Watched]:
    with psycopg.connect(databases.installed(), autocommit=True) as connection:
        made = Watched(connection)
        made.orders()
        made.execute("""
            insert into orders (id, due_at, day)
            select n, now() + n * interval '1 day', current_date + n::int from generate_series(5, 30) n
        """)
        yield made


def test_another_zone_misses_no_row_of_a_prepared_transaction(watched: Watched) -> None:
    def sweep() -> None:
        for _ in range(12):
            watched.execute("select jittask.sweep()")

    watched.task("noon", "orders", "day", at_time="12:00")
    with psycopg.connect(watched.connection.info.dsn, autocommit=True) as writer:
        writer.execute(
            f"begin; insert into {watched.schema}.orders (id, day) values (200, '2099-05-05')".encode()
        )
        watched.execute("update jittask.setting set value = 'Asia/Shanghai' where name = 'timezone'")
        sweep()
        writer.execute("prepare transaction 'in_flight'")
    sweep()
    watched.execute("commit prepared 'in_flight'")
    sweep()
    assert watched.execute(
        "select w.due_at = '2099-05-05 04:00+00' from jittask.waiting w join jittask.task t using (task_id)"
        " where t.name = %s and w.source_key = '{\"id\": 200}'",
        watched.name("noon"),
    ).fetchall() == [(True,)]
    watched.check()


def test_two_phase_commit_works_with_a_worker_asleep(watched: Watched) -> None:
    watched.execute("select jittask.doze(jittask.register_worker('w', 'h', 1, '0'))")
    watched.execute(
        "begin; insert into orders (id, due_at) values (100, now()), (101, now() + interval '9 days')"
    )
    watched.execute(
        "update orders set due_at = due_at + interval '1 hour' where id < 9; prepare transaction 'kept'"
    )
    watched.execute("begin; delete from orders where id = 20; prepare transaction 'dropped'")
    watched.execute("rollback prepared 'dropped'")
    watched.execute("commit prepared 'kept'")
    watched.check()
    assert '{"id": 101}' in watched.planned("remind")


def test_rows_applied_by_logical_replication_are_planned(watched: Watched, databases: Databases) -> None:
    source = databases.empty()
    schema = watched.schema
    with psycopg.connect(source, autocommit=True) as publisher:
        publisher.execute(
            f"create schema {schema}; create table {schema}.orders (id bigint primary key, status text, due_at timestamptz, day date, note text)".encode()
        )
        publisher.execute(f"create publication p for table {schema}.orders".encode())
        # What is copied at first.
        publisher.execute(
            f"insert into {schema}.orders select n, 'open', now() + n * interval '1 day' from generate_series(101, 105) n".encode()
        )
        watched.execute("truncate orders; alter table orders drop column note, drop column day cascade")
    # Columns that tasks relied on are gone above on purpose: what is left goes on.
    watched.execute("alter table orders add day date, add note text; select jittask.sweep()")
    watched.drain()
    watched.execute("select jittask.attach_table(%s, true)", f"{schema}.orders")
    slot = f"s_{schema}"
    name = conninfo.conninfo_to_dict(source)["dbname"]
    with psycopg.connect(source, autocommit=True) as publisher:
        publisher.execute(f"select pg_create_logical_replication_slot('{slot}', 'pgoutput')".encode())
        watched.execute(
            f"create subscription {slot} connection '{conninfo.make_conninfo(source)}' publication p with (create_slot = false, slot_name = '{slot}')"
        )
        try:
            publisher.execute(
                f"insert into {schema}.orders select n, 'open', now() + n * interval '1 day' from generate_series(1, 20) n".encode()
            )
            publisher.execute(
                f"update {schema}.orders set due_at = due_at + interval '1 hour' where id < 5; delete from {schema}.orders where id = 9".encode()
            )
            publisher.execute("select pg_current_wal_lsn()")
            for _ in range(200):
                row = watched.execute(
                    "select count(*), count(*) filter (where id = 9) from orders"
                ).fetchone()
                if row == (24, 0):
                    break
                watched.execute("select pg_sleep(0.05)")
            assert row == (24, 0), name
            watched.drain()
            watched.check()
            assert len(watched.planned("remind")) == 24
            publisher.execute(f"truncate {schema}.orders".encode())
            for _ in range(200):
                row = watched.execute("select count(*) from orders").fetchone()
                if row == (0,):
                    break
                watched.execute("select pg_sleep(0.05)")
            watched.check()
            assert watched.planned("remind") == watched.planned("poke") == {}
        finally:
            watched.execute(f"drop subscription {slot}")


def tool(name: str) -> str:
    binaries = system_binaries()
    return str(Path(str(getattr(binaries, "bin", binaries))) / name) if binaries else name


def commanded(*words: str) -> None:
    result = CliRunner().invoke(cli, list(words))
    assert result.exit_code == 0, result.output


def plain(dsn: str) -> str:
    """A DSN that older programs understand too."""
    known = conninfo.conninfo_to_dict(dsn)
    return conninfo.make_conninfo(
        **{key: known[key] for key in ("host", "port", "user", "dbname") if key in known}
    )


def dump(dsn: str, file: Path, *options: str) -> None:
    subprocess.run(
        [tool("pg_dump"), "--format=custom", f"--file={file}", *options, plain(dsn)],
        check=True,
        capture_output=True,
    )


def restore(dsn: str, file: Path, *options: str) -> str:
    return subprocess.run(
        [tool("pg_restore"), f"--dbname={plain(dsn)}", *options, str(file)],
        check=False,
        capture_output=True,
        text=True,
    ).stderr


def seen_in(dsn: str, watched: Watched) -> Watched:
    """The same tables and tasks, seen in another database."""
    connection = psycopg.connect(dsn, autocommit=True)
    copy = object.__new__(Watched)
    copy.__dict__.update(watched.__dict__, connection=connection)
    connection.execute(f"set search_path = {watched.schema}, public".encode())
    return copy


def test_a_restored_database_may_be_reconciled_at_once(
    watched: Watched, databases: Databases, tmp_path: Path
) -> None:
    dump(watched.connection.info.dsn, tmp_path / "full")
    target = databases.empty()
    assert restore(target, tmp_path / "full", "--exit-on-error") == ""
    copy = seen_in(target, watched)
    with copy.connection:
        copy.execute("set session_replication_role = replica; delete from orders where id = 30")
        copy.execute("reset session_replication_role")
        rows = copy.execute(
            "select task_name, missing, extra, wrong from jittask.reconcile('orders')"
        ).fetchall()
        assert (watched.name("remind"), 0, 1, 0) in rows
        copy.drain()
        copy.check()
    copy.connection.close()


def test_a_full_dump_restores_with_everything_planned(
    watched: Watched, databases: Databases, tmp_path: Path
) -> None:
    dump(watched.connection.info.dsn, tmp_path / "full")
    target = databases.empty()
    assert restore(target, tmp_path / "full", "--exit-on-error") == ""
    copy = seen_in(target, watched)
    with copy.connection:
        copy.execute("select jittask.sweep()")
        copy.drain()
        copy.check()
        assert copy.planned("remind") == watched.planned("remind")
        copy.execute("update orders set due_at = due_at + interval '1 day'; delete from orders where id = 7")
        copy.check()
    copy.connection.close()


@pytest.mark.parametrize("options", [[], ["--disable-triggers"]])
def test_data_alone_restores(
    watched: Watched, databases: Databases, tmp_path: Path, options: list[str]
) -> None:
    dsn = watched.connection.info.dsn
    dump(dsn, tmp_path / "data", "--data-only", f"--schema={watched.schema}")
    target = databases.installed()
    copy = seen_in(target, watched)
    with copy.connection:
        copy.execute(f"create schema {watched.schema}")
        copy.orders()
        assert restore(target, tmp_path / "data", *options) == ""
        copy.execute("update jittask.reconciled set ended_at = '2000-01-01'")
        copy.execute("select jittask.reconcile('orders')")
        copy.drain()
        assert copy.differences() == []
        assert len(copy.planned("remind")) == 26
    copy.connection.close()


# What the installation itself has written into its schema.
EMPTIED = "truncate jittask.migration, jittask.function_digest, jittask.setting, jittask.zone"


@pytest.mark.parametrize("tables", ["present", "absent"])
def test_data_of_our_schema_alone_restores_where_it_is_installed(
    watched: Watched, databases: Databases, tmp_path: Path, tables: str
) -> None:
    dsn = watched.connection.info.dsn
    watched.execute("update jittask.setting set value = 'Asia/Tokyo' where name = 'timezone'")
    watched.drain()
    watched.execute("select jittask.enqueue('h', due_at => '2099-01-01')")
    watched.execute("select jittask.cancel((select min(occurrence_id) from jittask.waiting))")
    dump(dsn, tmp_path / "ours", "--data-only", "--schema=jittask", "--load-via-partition-root")
    commanded("detach", "--all", "--keep", "--dsn", dsn)
    dump(dsn, tmp_path / "theirs", f"--schema={watched.schema}")
    target = databases.installed()
    if tables == "present":
        assert restore(target, tmp_path / "theirs", "--exit-on-error") == ""
    copy = seen_in(target, watched)
    with copy.connection:
        copy.execute(EMPTIED)
        assert restore(target, tmp_path / "ours", "--data-only", "--disable-triggers") == ""
        commanded("migrate", "--dsn", target)
        if tables == "absent":
            copy.execute("select jittask.sweep()")
            row = copy.execute("select jittask.explain(%s)", watched.name("remind")).fetchone()
            assert row is not None
            assert "does not exist" in row[0]
            assert restore(target, tmp_path / "theirs", "--exit-on-error") == ""
        commanded("attach", "--all", "--dsn", target)
        copy.execute("select jittask.sweep()")
        copy.drain()
        assert copy.differences() == []
        assert copy.planned("remind") == watched.planned("remind")
        row = copy.execute(
            "select count(*) filter (where task_id is null), (select value from jittask.setting where name = 'timezone')"
            " from jittask.waiting"
        ).fetchone()
        assert row == (1, "Asia/Tokyo")
        # New occurrences get numbers of their own.
        copy.execute("select jittask.enqueue('h'); insert into orders (id, due_at) values (99, '2099-01-01')")
        assert copy.differences() == []
    copy.connection.close()


def test_a_dump_of_the_schema_and_one_of_the_data_restore_one_after_the_other(
    watched: Watched, databases: Databases, tmp_path: Path
) -> None:
    dsn = watched.connection.info.dsn
    dump(dsn, tmp_path / "schema", "--schema-only")
    dump(dsn, tmp_path / "data", "--data-only")
    target = databases.empty()
    assert restore(target, tmp_path / "schema", "--exit-on-error") == ""
    assert restore(target, tmp_path / "data", "--data-only", "--disable-triggers") == ""
    copy = seen_in(target, watched)
    with copy.connection:
        copy.execute("select jittask.sweep()")
        copy.drain()
        copy.check()
        assert copy.planned("remind") == watched.planned("remind")
    copy.connection.close()


def test_a_role_without_rights_of_its_own_restores_everything_as_its_own(
    watched: Watched, databases: Databases, tmp_path: Path
) -> None:
    dump(watched.connection.info.dsn, tmp_path / "full")
    target = databases.empty()
    name, role = conninfo.conninfo_to_dict(target)["dbname"], f"{watched.schema}_other"
    watched.execute(f'create role {role} login; alter database "{name}" owner to {role}')
    other = conninfo.make_conninfo(target, user=role)
    assert restore(other, tmp_path / "full", "--no-owner", "--no-acl", "--jobs=2") == ""
    commanded("migrate", "--dsn", other)
    copy = seen_in(other, watched)
    with copy.connection:
        copy.execute("select jittask.sweep()")
        copy.drain()
        copy.check()
        copy.execute("update orders set due_at = due_at + interval '1 day'; delete from orders where id = 7")
        copy.check()
    copy.connection.close()
    databases.drop(target)
    watched.execute(f"drop role {role}")


def test_a_cluster_without_the_group_roles_gets_them_by_migrate(watched: Watched, tmp_path: Path) -> None:
    dump(watched.connection.info.dsn, tmp_path / "full")
    with EmbeddedServer(temporary=True, binaries=system_binaries(), user="postgres") as server:
        assert 'role "jittask_admin" does not exist' in restore(server.dsn, tmp_path / "full")
        commanded("migrate", "--dsn", server.dsn)
        with psycopg.connect(server.dsn, autocommit=True) as connection:
            row = connection.execute(
                "select has_table_privilege('jittask_admin', 'jittask.task', 'insert'),"
                " has_function_privilege('jittask_worker', 'jittask.sweep()', 'execute'),"
                " has_schema_privilege('jittask_client', 'jittask', 'usage'),"
                " has_table_privilege('jittask_viewer', 'jittask.waiting', 'select')"
            ).fetchone()
        assert row == (True, True, True, True)


def test_our_schema_alone_restores_beside_a_database_that_lacks_the_table(
    watched: Watched, databases: Databases, tmp_path: Path
) -> None:
    watched.execute(
        "insert into jittask.task (name, kind, handler, start_at) values ('plain', 'scheduled', 'h', now() + interval '1 day')"
    )
    dump(watched.connection.info.dsn, tmp_path / "ours", "--schema=jittask")
    target = databases.empty()
    assert restore(target, tmp_path / "ours", "--exit-on-error") == ""
    copy = seen_in(target, watched)
    with copy.connection:
        copy.execute("select jittask.sweep()")
        copy.drain()
        assert copy.differences() == []
        row = copy.execute(
            "select count(*) from jittask.waiting w join jittask.task t using (task_id) where t.name = 'plain'"
        ).fetchone()
        assert row == (1,)
        row = copy.execute("select jittask.explain(%s)", watched.name("remind")).fetchone()
        assert row is not None
        assert "does not exist" in row[0]
        copy.execute(
            f"create schema {watched.schema}; create table orders (id bigint primary key, status text default 'open', due_at timestamptz, day date)"
        )
        copy.execute("insert into orders (id, due_at) values (1, now() + interval '1 day')")
        copy.execute("select jittask.sweep()")
        copy.drain()
        copy.check()
        assert len(copy.planned("remind")) == 1
    copy.connection.close()


def test_their_schema_alone_restores_after_detaching(
    watched: Watched, databases: Databases, tmp_path: Path
) -> None:
    dsn = watched.connection.info.dsn
    commanded("detach", "--all", "--keep", "--dsn", dsn)
    dump(dsn, tmp_path / "theirs", f"--schema={watched.schema}")
    commanded("attach", "--all", "--dsn", dsn)
    watched.drain()
    watched.check()
    assert restore(databases.empty(), tmp_path / "theirs", "--exit-on-error") == ""
