"""Rights on a watched table, where no superuser owns anything: each refusal names the grants that help at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import psycopg
import pytest
from psycopg import conninfo, sql

from jittask_pg import migration

TASK = """
    insert into jittask.task (name, kind, handler, source_table, date_field)
    values ('watch', 'date_field', 'f', %s, 'on_day')
"""


@dataclass
class Roles:
    """A database whose jittask belongs to `installer`; each attribute is the name of a login role."""

    connection: psycopg.Connection
    installer: str
    owner: str
    definer: str

    def as_(self, role: str) -> psycopg.Connection:
        return psycopg.connect(conninfo.make_conninfo(self.connection.info.dsn, user=role), autocommit=True)

    def run(self, statement: str, role: str | None = None) -> list[tuple]:
        with self.as_(role or self.connection.info.user) as session:
            cursor = session.execute(
                sql.SQL(statement).format(  # pyright: ignore[reportArgumentType]
                    installer=sql.Identifier(self.installer),
                    owner=sql.Identifier(self.owner),
                    definer=sql.Identifier(self.definer),
                )
            )
            return cursor.fetchall() if cursor.description else []

    def define(self, table: str = "app.t") -> None:
        with self.as_(self.definer) as session:
            session.execute(TASK, [table])

    def sweep(self, times: int = 4) -> None:
        for _ in range(times):
            self.run("select jittask.sweep()")

    def planned(self) -> int:
        return self.run("select count(*) from jittask.waiting")[0][0]

    def broken(self) -> str | None:
        return self.run("select broken from jittask.watch")[0][0]


@pytest.fixture
def roles(database: str, fresh_database: Callable[..., str]) -> Iterator[Roles]:
    # The group roles are there with `database`: the installer may not make any.
    dsn = fresh_database(installed=False)
    with psycopg.connect(dsn, autocommit=True) as connection:
        name = connection.info.dbname
        made = Roles(connection, f"{name}_i", f"{name}_o", f"{name}_d")
        made.run("create role {installer} login; create role {owner} login; create role {definer} login")
        connection.execute(
            sql.SQL("grant create on database {} to {}").format(
                sql.Identifier(name), sql.Identifier(made.installer)
            )
        )
        with made.as_(made.installer) as session:
            migration.migrate(session)
        made.run("""
            grant jittask_admin to {definer};
            create schema app authorization {owner}
        """)
        made.run("create table app.t (id int primary key, on_day date, note text)", made.owner)
        yield made
        made.run("drop schema app cascade")
        made.run(
            "drop owned by {installer}, {owner}, {definer} cascade; drop role {installer}, {owner}, {definer}"
        )


def refused(roles: Roles, table: str = "app.t") -> str:
    with pytest.raises(psycopg.Error) as refusal:
        roles.define(table)
    assert refusal.value.sqlstate == "JT004"
    hint = refusal.value.diag.message_hint or ""
    assert hint.startswith("Run: ")
    return hint.removeprefix("Run: ")


@pytest.mark.parametrize("granted", [
    "select 1",
    "grant usage on schema app to {definer}",
    "grant usage on schema app to {definer}; grant select on app.t to {definer}",
    "grant usage on schema app to {definer}; grant trigger on app.t to {definer}",
    "grant usage on schema app to {definer}; grant select (id, on_day) on app.t to {definer}; grant trigger on app.t to {definer}",
    "grant select on app.t to {installer}",
])  # fmt: skip
def test_one_round_of_grants_is_enough(roles: Roles, granted: str) -> None:
    roles.run(granted)
    roles.run(refused(roles))
    roles.define()
    roles.run("insert into app.t values (1, '2100-01-01')", roles.owner)
    assert roles.planned() == 1
    assert roles.broken() is None


def test_the_grants_for_the_role_that_owns_jittask_are_named_alone(roles: Roles) -> None:
    roles.run("grant usage on schema app to {definer}; grant select, trigger on app.t to {definer}")
    grants = refused(roles)
    assert roles.definer not in grants
    roles.run(grants)
    roles.define()


def test_triggers_of_partitions_need_a_right_on_each(roles: Roles) -> None:
    roles.run(
        """
        create table app.p (id int primary key, on_day date) partition by range (id);
        create table app.p_1 partition of app.p for values from (0) to (10);
        create table app.p_2 partition of app.p for values from (10) to (30) partition by range (id);
        create table app.p_21 partition of app.p_2 for values from (10) to (20)
        """,
        roles.owner,
    )
    grants = refused(roles, "app.p")
    assert "grant trigger on app.p_1, app.p_2, app.p_21 to" in grants
    roles.run(grants)
    roles.define("app.p")
    roles.run("insert into app.p values (1, '2100-01-01'), (11, '2100-01-01')", roles.owner)
    assert roles.planned() == 2


def test_row_level_security_is_a_matter_for_the_role_that_owns_jittask(roles: Roles) -> None:
    roles.run("alter table app.t enable row level security", roles.owner)
    grants = refused(roles)
    assert f"alter role {roles.installer} bypassrls" in grants
    roles.run(grants)
    roles.define()


@pytest.mark.parametrize(("taken", "given"), [
    ("alter table app.t enable row level security", "alter role {installer} bypassrls"),
    ("revoke select on app.t from {installer}", "grant select on app.t to {installer}"),
    ("revoke usage on schema app from {installer}", "grant usage on schema app to {installer}"),
])  # fmt: skip
def test_a_right_that_is_lost_later_is_named_and_nothing_planned_goes(
    roles: Roles, taken: str, given: str
) -> None:
    roles.run(refused(roles))
    roles.define()
    roles.run("insert into app.t values (1, '2100-01-01'), (2, '2100-01-01')", roles.owner)
    roles.sweep(1)
    roles.run(taken)
    roles.run("update jittask.reconciled set ended_at = '2000-01-01'")
    roles.run(
        "insert into jittask.replan (source_table, source_key, reason) values ('app.t', '{{\"id\": 1}}', 'test')"
    )
    roles.sweep()
    roles.run("insert into app.t values (3, '2100-01-01')", roles.owner)
    roles.run("update app.t set on_day = '2100-01-02' where id = 2", roles.owner)
    assert roles.planned() >= 2
    assert given.format(installer=roles.installer) in (roles.broken() or "")
    roles.run(given)
    roles.sweep(6)
    assert roles.broken() is None
    due = roles.run("select source_key ->> 'id', due_at::date::text from jittask.waiting order by 1")
    assert due == [("1", "2100-01-01"), ("2", "2100-01-02"), ("3", "2100-01-01")]


def test_roles_that_defined_a_task_or_owned_a_table_may_be_dropped(roles: Roles) -> None:
    roles.run(refused(roles))
    roles.define()
    roles.run("alter table app.t owner to {installer}; alter schema app owner to {installer}")
    roles.sweep(1)
    left = roles.run(
        """
        select distinct pg_get_userbyid(a.grantee)
        from pg_proc p cross join aclexplode(p.proacl) a
        where p.proname = (select function_name from jittask.watch)
        """
    )
    assert {name for (name,) in left} <= {roles.installer, "jittask_admin"}
    # What they have been granted by hand alone is in the way.
    roles.run("revoke all on app.t from {definer}; revoke all on schema app from {definer}")
    roles.run("drop role {definer}; drop role {owner}")
    roles.run("insert into app.t values (1, '2100-01-01')")
    assert roles.planned() == 1
    roles.run("create role {definer}; create role {owner}")


def test_owners_of_parts_of_a_partitioned_table_may_make_partitions(roles: Roles) -> None:
    roles.run(
        """
        create table app.p (id int primary key, on_day date) partition by range (id);
        create table app.p_1 partition of app.p for values from (0) to (100) partition by range (id)
        """,
        roles.owner,
    )
    roles.run("alter table app.p_1 owner to {definer}; grant all on schema app to {definer}")
    roles.run(refused(roles, "app.p"))
    roles.define("app.p")
    roles.run("revoke jittask_admin from {definer}")
    roles.sweep(1)
    roles.run("create table app.p_11 partition of app.p_1 for values from (0) to (10)", roles.definer)
    roles.run("insert into app.p_1 values (1, '2100-01-01')", roles.definer)
    assert roles.planned() == 1
