"""watchable_key: by which columns the rows of a table are known, and why a table has none."""

from __future__ import annotations

from typing import LiteralString

import psycopg
import pytest

from tests.sql.source.helpers import has_citext, refusal, value

Session = psycopg.Connection


@pytest.mark.parametrize(
    ("definition", "key"),
    [
        ("create table t (id int primary key, x int)", ["id"]),
        ("create unlogged table t (id int primary key)", ["id"]),
        ("create table t (a int, b text, c int, primary key (c, a) include (b))", ["c", "a"]),
        ("create table t (a int primary key, b int not null unique)", ["a"]),
        ("create table t (a int not null, b int not null unique)", ["b"]),
        ("create table t (a int not null, b int not null, c int not null unique, unique (a, b))", ["c"]),
        ("create table t (a float primary key, b int not null unique)", ["b"]),
        ("create table t (a int primary key deferrable, b int not null unique)", ["b"]),
        ("create table t (a int, b int, primary key (b, a)) partition by range (a)", ["b", "a"]),
        ("create domain code as varchar(9) check (false); create table t (a code primary key)", ["a"]),
        ("create type mood as enum ('x'); create table t (a mood, b citext, primary key (a, b))", ["a", "b"]),
    ],
)
def test_the_primary_key_comes_first_then_the_shortest_unique_index(
    session: Session, definition: LiteralString, key: list[str]
) -> None:
    if "citext" in definition and not has_citext(session):
        pytest.skip("the server does not bring citext")
    session.execute(definition)
    assert value(session, "select jittask.watchable_key('t')") == key


NO_KEY = "it has no primary key and no unique index over not-null columns"


@pytest.mark.parametrize(
    ("definition", "reason", "hint"),
    [
        ("create view t as select 1 as id", "it is a view", "Watch a table that the view reads"),
        (
            "create materialized view t as select 1 as id",
            "it is a materialized view",
            "Watch a table that the view reads",
        ),
        (
            "create temp table t (id int primary key)",
            "it is a temporary table",
            "Create the table without TEMPORARY",
        ),
        ("create sequence t", "it is not a table", "Name an ordinary or partitioned table"),
        ("create type t as (id int)", "it is not a table", "Name an ordinary or partitioned table"),
        (
            "create table p (id int primary key) partition by range (id); create table q partition of p default "
            "partition by range (id); create table t partition of q default",
            'it is a partition of "{schema}.q"',
            'Watch "{schema}.p"',
        ),
        (
            "create table p (id int); create table t (primary key (id)) inherits (p)",
            'it inherits from "{schema}.p"',
            "Use a partitioned table",
        ),
        (
            "create table t (id int primary key); create table c () inherits (t)",
            '"{schema}.c" inherits from it',
            "Use a partitioned table",
        ),
        ("create table t (id int)", NO_KEY, "Add a primary key"),
        ("create table t (id int unique)", NO_KEY, "Add a primary key"),
        ("create table t (id int not null); create index on t (id)", NO_KEY, "Add a primary key"),
        (
            "create table t (id int not null); create unique index on t (id) where id > 0",
            NO_KEY,
            "Add a primary key",
        ),
        ("create table t (id int not null); create unique index on t (abs(id))", NO_KEY, "Add a primary key"),
        ("create table t (id int not null, exclude using btree (id with =))", NO_KEY, "Add a primary key"),
        (
            'create table t (id text collate "C" not null); create unique index on t (id collate "POSIX")',
            NO_KEY,
            "Add a primary key",
        ),
        (
            "create table t (id int, constraint k primary key (id) deferrable initially deferred)",
            'its unique index "k" is deferrable',
            "Make the key not deferrable",
        ),
        (
            "create table t (id int not null); create unique index k on t (id); "
            "update pg_index set indisvalid = false where indexrelid = 'k'::regclass",
            'its unique index "k" is not valid',
            "Build it anew: REINDEX INDEX {schema}.k",
        ),
        (
            "create table t (id float primary key)",
            'its key column "id" is of type "double precision"',
            "Add a unique",
        ),
        (
            "create table t (id interval primary key)",
            'its key column "id" is of type "interval"',
            "Add a unique",
        ),
        ("create table t (id jsonb primary key)", 'its key column "id" is of type "jsonb"', "Add a unique"),
        (
            "create table t (id int[] primary key)",
            'its key column "id" is of type "integer[]"',
            "Add a unique",
        ),
        ("create table t (id inet primary key)", 'its key column "id" is of type "inet"', "Add a unique"),
        (
            "create table t (id timetz primary key)",
            'its key column "id" is of type "time with time zone"',
            "Add a unique",
        ),
        (
            "create type c as (x int); create table t (a int, id c, primary key (a, id))",
            'its key column "id" is of type "{schema}.c"',
            "Add a unique",
        ),
        (
            "create domain f as real; create table t (id f primary key)",
            'its key column "id" is of type "{schema}.f"',
            "Add a unique",
        ),
    ],
)
def test_a_table_that_cannot_be_watched_is_refused_with_its_own_reason(
    session: Session, definition: LiteralString, reason: str, hint: str
) -> None:
    session.execute(definition)
    schema = value(session, "select current_schema()")
    said = refusal(session, "select jittask.watchable_key('t')", [], "JT005")
    assert said.message_primary is not None
    assert said.message_primary.startswith('Table "')
    assert said.message_primary.endswith(f't" cannot be watched: {reason.format(schema=schema)}')
    assert (said.message_hint or "").startswith(hint.format(schema=schema))
    session.execute("drop table if exists pg_temp.t") if "temp table" in definition else None


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ("jittask.task", "it is a table of jittask_pg itself"),
        ("pg_catalog.pg_class", "it is a system table"),
        ("information_schema.sql_features", "it is a system table"),
        ("4000000000", "it does not exist"),
    ],
)
def test_tables_that_are_not_the_users_own_are_refused(session: Session, table: str, reason: str) -> None:
    said = refusal(session, "select jittask.watchable_key(%s::regclass)", [table], "JT005")
    assert (said.message_primary or "").endswith(f"cannot be watched: {reason}")


def test_a_foreign_table_is_refused(session: Session) -> None:
    if not value(session, "select exists (select from pg_available_extensions where name = 'file_fdw')"):
        pytest.skip("the server brings no foreign data wrapper")
    session.execute("""
        create extension file_fdw;
        create server files foreign data wrapper file_fdw;
        create foreign table t (id int) server files options (filename '/dev/null');
    """)
    said = refusal(session, "select jittask.watchable_key('t')", [], "JT005")
    assert (said.message_primary or "").endswith("it is a foreign table")
    session.execute("drop extension file_fdw cascade")


def test_a_not_null_constraint_that_is_not_valid_makes_no_key(session: Session) -> None:
    if session.info.server_version < 180000:
        pytest.skip("not-null constraints that are not valid came with Postgres 18")
    session.execute("create table t (id int unique); alter table t add constraint n not null id not valid")
    said = refusal(session, "select jittask.watchable_key('t')", [], "JT005")
    assert (said.message_primary or "").endswith(NO_KEY)
