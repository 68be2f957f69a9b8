"""Sessions of the database that run its functions, and functions for them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager

import psycopg
import pytest

from tests.support.schedule import empty, value

Background = Callable[[str], AbstractContextManager[int]]

RUNNING = """
select exists (
  select from jittask.lease l
  join jittask.worker w on w.worker_id = l.worker_id
  join pg_stat_activity a on a.pid = w.pid and a.wait_event = 'PgSleep'
)
"""
"""Whether a function of a session sleeps: it has been claimed, and begun."""

TABLES = """
create schema app;
create table app.seen (key jsonb, args jsonb);
create table app.kept (n int, constraint n_is_unique unique (n) deferrable initially deferred);
create table app.visit (id int primary key, seen_at timestamptz, status text default 'open');
"""

FUNCTIONS = """
create or replace function app.note(args jsonb) returns jsonb language sql
  as $$ insert into app.seen (args) values (args) returning args || '{"n": 1.10}' $$;
create or replace function app.note_row(source_key jsonb, args jsonb) returns void language sql
  as $$ insert into app.seen (key, args) values (source_key, args) $$;
create or replace function app."Odd name"(args jsonb) returns text language sql as $$ select 'odd' $$;
create or replace function app.several(args jsonb) returns setof int language sql as $$ select generate_series(1, 3) $$;
create or replace function app.no_row(args jsonb) returns setof int language sql as $$ select 1 where false $$;
create or replace function app.row_of_two(args jsonb, out a numeric, out b text) language sql as $$ select 1.50, 'b' $$;
create or replace function app.refuse(args jsonb) returns void language plpgsql
  as $$ begin raise exception 'not today' using detail = 'a feast', hint = 'come back'; end $$;
create or replace function app.refuse_within(args jsonb) returns void language plpgsql
  as $$ begin perform app.refuse(args); end $$;
create or replace function app.tell(args jsonb) returns void language plpgsql
  as $$ begin raise exception 'cannot reach postgresql://u:secret@h/d with password=hush'; end $$;
create or replace function app.assert_no(args jsonb) returns void language plpgsql as $$ begin assert false, 'no'; end $$;
create or replace function app.lack(args jsonb) returns void language plpgsql
  as $$ begin perform 1 from pg_authid; end $$;
create or replace function app.keep_twice(args jsonb) returns void language sql
  as $$ insert into app.kept values (1), (1) $$;
create or replace function app.sleep(args jsonb) returns void language sql
  as $$ select pg_sleep(coalesce((args -> 'seconds')::float8, 60)) $$;
"""


@pytest.fixture(scope="module", autouse=True)
def _tables(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(TABLES)


@pytest.fixture(autouse=True)
def _anew(connection: psycopg.Connection) -> None:
    empty(connection)
    connection.execute("truncate app.seen, app.kept; delete from app.visit; delete from jittask.replan")
    connection.execute(FUNCTIONS)


@pytest.fixture
def drain(connection: psycopg.Connection) -> Callable[[], None]:
    """Runs what is due and has its function in the database."""

    def run() -> None:
        connection.execute("call jittask.run_database_functions(drain => true)")

    return run


@pytest.fixture
def background(database: str) -> Background:
    """Executes a statement in a session of its own, beside the test; answers its pid, and ends it afterwards."""

    @contextmanager
    def begin(statement: str) -> Generator[int, None, None]:
        session = psycopg.connect(database, autocommit=True)

        def work() -> None:
            with session:
                try:
                    session.execute(statement.encode())
                except psycopg.errors.AdminShutdown:
                    return

        thread = threading.Thread(target=work)
        thread.start()
        try:
            yield session.info.backend_pid
        finally:
            with psycopg.connect(database, autocommit=True) as other:
                other.execute("select pg_terminate_backend(%s)", [session.info.backend_pid])
            thread.join(10)
            assert not thread.is_alive()

    return begin


@pytest.fixture
def until(connection: psycopg.Connection) -> Callable[..., None]:
    """Waits until a query answers true."""

    def wait(query: str, *parameters: object, seconds: float = 10.0) -> None:
        end = time.monotonic() + seconds
        while not value(connection, query, parameters):
            assert time.monotonic() < end, (query, parameters)
            time.sleep(0.01)

    return wait


@pytest.fixture(scope="module")
def runner_role(database: str) -> Iterator[str]:
    """A login role that is a member of jittask_worker and may use the schema app."""
    with psycopg.connect(database, autocommit=True) as connection:
        name = f"runner_{connection.info.dbname}"[:63]
        connection.execute(f'create role "{name}" login in role jittask_worker'.encode())
        connection.execute(f'grant usage on schema app to "{name}"; grant "{name}" to current_user'.encode())
        yield name
        connection.execute(f'drop owned by "{name}"; drop role "{name}"'.encode())
