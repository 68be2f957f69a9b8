"""Handlers that name a function of the database."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from jittask_pg.errors import InvalidValueError
from jittask_pg.worker.database_call import function_name

from .conftest import Drain, Records, Running

Enqueue = Callable[..., int]


@pytest.fixture(scope="module", autouse=True)
def _functions(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(
            """
            create schema app;
            create table app.seen (key jsonb, args jsonb);
            create function app.note(args jsonb) returns jsonb language sql
              as $$ insert into app.seen values (null, args) returning args || '{"n": 1.10}' $$;
            create function app.note_row(source_key jsonb, args jsonb) returns void language sql
              as $$ insert into app.seen values (source_key, args) $$;
            create function app."Odd name"(args jsonb) returns text language sql as $$ select 'odd' $$;
            create function app.several(args jsonb) returns setof int language sql as $$ select generate_series(1, 3) $$;
            create function app.refuse(args jsonb) returns void language plpgsql
              as $$ begin raise exception 'not today' using detail = 'a feast', hint = 'come back'; end $$;
            create function app.sleep(args jsonb) returns void language sql as $$ select pg_sleep(60) $$;
            create table app.visit (id uuid primary key default gen_random_uuid(), seen_at timestamptz);
            """
        )


def test_args_go_in_and_the_return_value_comes_back_with_every_digit(
    enqueue: Enqueue, drain: Drain, record: Records, connection: psycopg.Connection
) -> None:
    occurrence = enqueue("sql:app.note", '{"a": 1}')
    odd, several = enqueue('sql:app."Odd name"'), enqueue("sql:app.several")
    drain()
    kept = connection.execute(
        "select result::text from jittask.run_history where occurrence_id = %s", [occurrence]
    ).fetchone()
    assert kept == ('{"a": 1, "n": 1.10}',)
    assert record(odd)["result"] == "odd"
    assert record(several)["result"] == [1, 2, 3]


def test_a_date_field_function_gets_the_key_of_its_row(
    drain: Drain, record: Records, connection: psycopg.Connection
) -> None:
    connection.execute(
        """
        insert into jittask.task (name, kind, handler, source_table, date_field, past_due, args)
        values ('visits', 'date_field', 'sql:app.note_row', 'app.visit', 'seen_at', 'run_now', '{"b": 2}')
        """
    )
    connection.execute("insert into app.visit (seen_at) values ('2024-01-01Z')")
    drain()
    assert (record("visits")["status"], record("visits")["result"]) == ("completed", None)
    assert connection.execute(
        "select s.args, s.key = jsonb_build_object('id', v.id) from app.seen s, app.visit v where s.key is not null"
    ).fetchall() == [({"b": 2}, True)]


def test_its_error_is_recorded_with_detail_and_hint(enqueue: Enqueue, drain: Drain, record: Records) -> None:
    refused, unknown, no_name = enqueue("sql:app.refuse"), enqueue("sql:app.nothing"), enqueue("sql:no name")
    drain()
    assert record(refused)["error"].startswith(
        "P0001: not today\nDETAIL: a feast\nHINT: come back\nCONTEXT: "
    )
    assert "function app.nothing(jsonb) does not exist" in record(unknown)["error"]
    assert 'handler is "sql:no name"' in record(no_name)["error"]


def test_it_is_stopped_at_its_timeout(enqueue: Enqueue, drain: Drain, record: Records) -> None:
    occurrence = enqueue("sql:app.sleep", timeout="100 ms")
    drain()
    kept = record(occurrence)
    assert (kept["status"], kept["error"]) == ("timed_out", "ran longer than its timeout of 0.1 s")


def test_cancel_stops_its_query(
    enqueue: Enqueue, running: Running, record: Records, connection: psycopg.Connection
) -> None:
    occurrence = enqueue("sql:app.sleep")
    with running():
        record(occurrence, "executing")
        time.sleep(0.2)
        connection.execute("select jittask.cancel(%s)", [occurrence])
        assert record(occurrence, "cancelled")["error"] == "cancelled while it ran"


@pytest.mark.parametrize(
    ("handler", "quoted"),
    [
        ("sql:app.Note", '"app"."note"'),
        ('sql:"A b"."c""d"', '"A b"."c""d"'),
        ("sql:note", '"note"'),
        ("sql:app . note", '"app"."note"'),
    ],
)
def test_names_are_quoted(handler: str, quoted: str) -> None:
    assert function_name(handler).as_string() == quoted


@pytest.mark.parametrize("handler", ["sql:", "sql:a.b.c", "sql:f()", "sql:a;drop table x", "sql:.f", 'sql:"'])
def test_what_is_no_name_is_refused(handler: Any) -> None:
    with pytest.raises(InvalidValueError):
        function_name(handler)
