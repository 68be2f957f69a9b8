"""Who may do what: the group roles, and nobody else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import psycopg
import pytest
from psycopg import conninfo, sql

from tests.support.schedule import add_task, claim, empty, enqueue, finish, register, value

As = Callable[[str], AbstractContextManager[psycopg.Connection]]


@pytest.fixture(scope="module")
def members(database: str) -> Iterator[dict[str, str]]:
    """A login role in each group, and one in none, by group name."""
    prefix = str(conninfo.conninfo_to_dict(database)["dbname"])
    names = {group: f"{prefix}_{group}" for group in ("admin", "worker", "client", "viewer", "none")}
    with psycopg.connect(database, autocommit=True) as connection:
        for group, name in names.items():
            connection.execute(sql.SQL("create role {} login").format(sql.Identifier(name)))
            if group != "none":
                connection.execute(
                    sql.SQL("grant {} to {}").format(sql.Identifier(f"jittask_{group}"), sql.Identifier(name))
                )
        yield names
        for name in names.values():
            connection.execute(sql.SQL("drop owned by {0}; drop role {0}").format(sql.Identifier(name)))


@pytest.fixture
def as_member(database: str, members: dict[str, str], connection: psycopg.Connection) -> Iterator[As]:
    empty(connection)

    @contextmanager
    def session(group: str) -> Iterator[psycopg.Connection]:
        with psycopg.connect(database, autocommit=True) as member:
            member.execute(sql.SQL("set session authorization {}").format(sql.Identifier(members[group])))
            yield member

    return session


def denied(member: psycopg.Connection, statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        member.execute(statement)


def test_nothing_is_granted_to_public(connection: psycopg.Connection) -> None:
    open_to_all = connection.execute(
        """
        select p.proname from pg_proc p
        where p.pronamespace = 'jittask'::regnamespace
          and has_function_privilege('public', p.oid, 'execute')
        union all
        select c.relname from pg_class c
        where c.relnamespace = 'jittask'::regnamespace
          and c.relkind in ('r', 'p', 'v')
          and has_table_privilege('public', c.oid, 'select, insert, update, delete')
        """
    ).fetchall()
    assert open_to_all == []


def test_nobody_but_the_owner_writes_the_ledger(connection: psycopg.Connection) -> None:
    writers = connection.execute(
        """
        select r.rolname, c.relname
        from pg_roles r
        cross join pg_class c
        where r.rolname like 'jittask\\_%'
          and c.oid in ('jittask.due_queue'::regclass, 'jittask.lease'::regclass, 'jittask.run_history'::regclass,
                        'jittask.run_attempt'::regclass, 'jittask.series'::regclass, 'jittask.plan'::regclass)
          and has_table_privilege(r.oid, c.oid, 'insert, update, delete, truncate')
        """
    ).fetchall()
    assert writers == []


def test_an_outsider_sees_and_does_nothing(as_member: As) -> None:
    with as_member("none") as outsider:
        denied(outsider, "select * from jittask.waiting")
        denied(outsider, "select jittask.enqueue('f')")


def test_an_admin_defines_changes_and_removes_tasks(as_member: As, connection: psycopg.Connection) -> None:
    with as_member("admin") as admin:
        add_task(admin, name="report", start_at="2100-01-01 09:00+00", repeat="daily")
        assert value(admin, "select count(*) from jittask.waiting") == 1
        admin.execute("update jittask.task set every = 2 where name = 'report'")
        admin.execute("select jittask.pause('report'), jittask.resume('report')")
        assert "fires next" in value(admin, "select jittask.explain('report')")
        admin.execute("insert into jittask.calendar (name) values ('ours')")
        admin.execute("insert into jittask.calendar_day (calendar, day) values ('ours', '2100-01-01')")
        admin.execute("delete from jittask.task")
        admin.execute("delete from jittask.calendar")
        denied(admin, "delete from jittask.due_queue")
    assert value(connection, "select count(*) from jittask.due_queue") == 0


def test_an_admin_needs_select_and_trigger_on_the_table(
    as_member: As, members: dict[str, str], connection: psycopg.Connection
) -> None:
    connection.execute("create table theirs (id int primary key, on_day date)")
    try:
        with as_member("admin") as admin:
            with pytest.raises(psycopg.Error, match="may not watch table") as refusal:
                add_task(admin, name="watch", source_table="public.theirs", date_field="on_day")
            assert refusal.value.sqlstate == "JT004"
            assert "grant select, trigger on public.theirs" in refusal.value.diag.message_hint
            connection.execute(
                sql.SQL("grant select, trigger on theirs to {}").format(sql.Identifier(members["admin"]))
            )
            add_task(admin, name="watch", source_table="public.theirs", date_field="on_day")
        connection.execute("insert into theirs values (1, '2100-01-01')")
        assert value(connection, "select count(*) from jittask.waiting") == 1
    finally:
        connection.execute("delete from jittask.task; drop table theirs")


def test_a_writer_of_the_table_needs_no_right_on_the_schema(
    as_member: As, members: dict[str, str], connection: psycopg.Connection
) -> None:
    connection.execute("create table booking (id int primary key, on_day date)")
    connection.execute(
        sql.SQL("grant insert, update, delete, select on booking to {}").format(
            sql.Identifier(members["none"])
        )
    )
    try:
        add_task(connection, name="watch", source_table="booking", date_field="on_day")
        with as_member("none") as writer:
            writer.execute("insert into booking values (1, '2100-01-01'), (2, '2100-01-02')")
            writer.execute("update booking set on_day = '2100-01-03' where id = 1")
            writer.execute("delete from booking where id = 2")
        due = connection.execute("select source_key, due_at::date::text from jittask.waiting").fetchall()
        assert due == [({"id": 1}, "2100-01-03")]
        assert value(connection, "select count(*) from jittask.replan") == 0
    finally:
        connection.execute("delete from jittask.task; drop table booking")


def test_a_worker_claims_and_finishes_but_defines_nothing(as_member: As) -> None:
    with as_member("worker") as worker:
        enqueue(worker)
        worker_id = register(worker)
        assert finish(worker, claim(worker, worker_id), ends_lease=True) == []
        worker.execute("select jittask.renew(%s), jittask.doze(%s)", [worker_id, worker_id])
        worker.execute("select jittask.sweep()")
        assert value(worker, "select status from jittask.execution_record") == "completed"
        denied(worker, "insert into jittask.task (kind, handler, start_at) values ('scheduled', 'f', now())")
        denied(worker, "delete from jittask.due_queue")


def test_a_client_enqueues_and_cancels_its_own_only(as_member: As, connection: psycopg.Connection) -> None:
    other = enqueue(connection, due_at="2100-01-01 00:00+00")
    with as_member("client") as client:
        own = enqueue(client, due_at="2100-01-01 00:00+00")
        with pytest.raises(psycopg.Error, match="was not enqueued by role") as refusal:
            client.execute("select jittask.cancel(%s)", [other])
        assert refusal.value.sqlstate == "JT004"
        assert value(client, "select jittask.cancel(%s)", [own]) == "cancelled"
        assert client.execute("select occurrence_id, status from jittask.own_record").fetchall() == [
            (own, "cancelled")
        ]
        denied(client, "select * from jittask.execution_record")
        denied(client, "select * from jittask.due_queue")
        denied(client, "insert into jittask.task (kind, handler, start_at) values ('scheduled', 'f', now())")


def test_a_client_may_name_a_time_that_a_gap_swallows(as_member: As) -> None:
    with as_member("client") as client:
        assert value(
            client, "select jittask.to_instant('2026-03-29 02:30', 'Europe/Berlin') = '2026-03-29 01:00+00'"
        )


def test_a_viewer_sees_records_without_results(as_member: As, connection: psycopg.Connection) -> None:
    enqueue(connection)
    finish(connection, claim(connection, register(connection)), outcome="error", error="password=secret")
    with as_member("viewer") as viewer:
        assert viewer.execute("select status, result, error from jittask.execution_record").fetchall() == [
            ("error", None, None)
        ]
        denied(viewer, "select args from jittask.due_queue")
        denied(viewer, "select jittask.enqueue('f')")


def test_a_viewer_sees_how_far_a_run_is_without_its_message(
    as_member: As, connection: psycopg.Connection
) -> None:
    enqueue(connection)
    claimed = claim(connection, register(connection))
    connection.execute(
        'update jittask.lease set progress = jsonb_build_object(%s::text, jsonb \'{"done": 4, "message": "to a@b.c"}\')',
        [str(claimed.ids[0])],
    )
    query = "select progress from jittask.execution_record where status = 'executing'"
    with as_member("viewer") as viewer:
        assert viewer.execute(query).fetchall() == [({"done": 4},)]
    with as_member("admin") as admin:
        assert admin.execute(query).fetchall() == [({"done": 4, "message": "to a@b.c"},)]
