"""compile_filter: no code of a user runs with the rights of whoever evaluates a filter."""

from __future__ import annotations

import os

import psycopg
import pytest
from psycopg import sql

from tests.sql.source.helpers import ODD_SETTINGS, compiled, has_citext, matching, paste, refusal, value

Session = psycopg.Connection

HOSTILE_TEXTS = [
    "' or true --",
    "'; drop table t; --",
    "\\' or true --",
    "\\",
    "$$; drop table t; $$",
    "%s %I %L %1$s %%",
    '" || true || "',
    "line\nbreak\ttab",
    "é漢🙂",
    ":name ? $1 {}",
    "/* */",
]


@pytest.mark.parametrize("settings", ODD_SETTINGS.values(), ids=ODD_SETTINGS)
@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_a_constant_is_nothing_but_a_constant(session: Session, settings: str, text: str) -> None:
    kind = "citext" if has_citext(session) else "text"
    session.execute(paste("create table t (id int primary key, a text, b varchar(99), m {kind})", kind=kind))
    session.execute("insert into t values (1, %s, %s, %s), (2, 'x', 'x', 'x')", [text, text, text])
    session.execute(settings)
    prefix = {"field": "m", "op": "starts_with", "value": text}
    for filter in (
        {"a": text},
        {"b": text},
        {"m": text},
        {"field": "a", "op": "in", "value": [text, "y"]},
        prefix,
    ):
        assert matching(session, filter) == [1]


@pytest.mark.parametrize("name", [*HOSTILE_TEXTS, "select", "r", "r.id", "ID", "a b", "x" * 63, '"', "'"])
def test_a_column_may_have_any_name(session: Session, name: str) -> None:
    session.execute(
        sql.SQL("create table t (id int primary key, {0} int, {1} int)").format(
            sql.Identifier(name), sql.Identifier("other")
        )
    )
    session.execute("insert into t values (1, 5, 5), (2, 6, 5)")
    assert matching(session, {name: 5}) == [1]
    assert matching(session, {"other": {"field": name}}) == [1]
    assert value(session, "select jittask.filter_columns(jsonb_build_object(%s::text, 5))", [name]) == [name]


def test_a_filter_means_the_same_in_a_function_with_a_pinned_path_and_in_a_session_with_a_hostile_one(
    citext: Session,
) -> None:
    session = citext
    session.execute("""
        create type mood as enum ('sad', 'happy');
        create table t (id int primary key, a text, n numeric, at timestamptz, day date, m mood, mail citext, b bytea);
        insert into t values (1, 'x', 1, '2026-01-01 00:00+00', '2026-01-01', 'happy', 'A@b', '\\x01'),
                             (2, 'y', 2, '2026-01-02 00:00+00', '2026-01-03', 'sad', 'c', '\\x02');
        create function boom(text, text) returns bool language plpgsql as $$ begin raise 'user code ran'; end $$;
        create function boom(numeric, numeric) returns bool language plpgsql as $$ begin raise 'user code ran'; end $$;
        create function boom(timestamptz, timestamptz) returns bool language plpgsql
          as $$ begin raise 'user code ran'; end $$;
        create function boom(citext, citext) returns bool language plpgsql as $$ begin raise 'user code ran'; end $$;
        create function boom(mood, mood) returns bool language plpgsql as $$ begin raise 'user code ran'; end $$;
        create operator = (leftarg = text, rightarg = text, function = boom);
        create operator = (leftarg = numeric, rightarg = numeric, function = boom);
        create operator = (leftarg = citext, rightarg = citext, function = boom);
        create operator = (leftarg = mood, rightarg = mood, function = boom);
        create operator < (leftarg = timestamptz, rightarg = timestamptz, function = boom);
        create operator ~~ (leftarg = citext, rightarg = citext, function = boom);
        create function starts_with(text, text) returns bool language plpgsql as $$ begin raise 'user code ran'; end $$;
        create function enum_eq(mood, mood) returns bool language plpgsql as $$ begin raise 'user code ran'; end $$;
        create function timezone(text, timestamptz) returns timestamp language plpgsql
          as $$ begin raise 'user code ran'; end $$;
        create function bad(anyelement) returns bool language plpgsql as $$ begin raise 'user code ran'; end $$;
        create domain text as pg_catalog.text check (bad(value));
        create domain "numeric" as pg_catalog.numeric check (bad(value));
        create domain timestamptz as pg_catalog.timestamptz check (bad(value));
        create domain bytea as pg_catalog.bytea check (bad(value));
    """)
    filter = {
        "and": [
            {"a": "x", "n": 1, "m": "happy", "mail": "a@B", "b": "\\x01"},
            {"field": "at", "op": "<", "value": "2026-01-02"},
            {"at": {"field": "day"}},
            {"field": "a", "op": "starts_with", "value": "x"},
            {"field": "mail", "op": "like", "value": "a@%"},
            {"field": "a", "op": "in", "value": ["x", "z"]},
        ]
    }
    condition = compiled(session, filter)
    schema = value(session, "select current_schema()")
    session.execute(sql.SQL("set search_path = {}, pg_catalog, public").format(sql.Identifier(schema)))
    statement = paste(
        "select array_agg(r.id) from {schema}.t r where {condition}", schema=schema, condition=condition
    ).as_string()
    assert value(session, statement) == [1]
    assert compiled(session, filter, f"{schema}.t") == condition
    session.execute(
        "select set_config('test.statement', %s, false), set_config('test.path', %s, false)",
        [statement, schema],
    )
    session.execute("""
        do $$ begin
          execute format('create function %I.pinned() returns int[] language plpgsql security definer '
                         'set search_path = pg_catalog, pg_temp as %L',
                         current_setting('test.path'),
                         format('begin return (%s); end', current_setting('test.statement')));
        end $$;
        create domain pg_temp.citext as pg_catalog.text check (false);
        create domain pg_temp.bytea as pg_catalog.text check (false);
    """)
    assert value(session, "select pinned()") == [1]


def test_checks_of_domains_never_run(session: Session) -> None:
    session.execute("""
        create type mood as enum ('sad', 'happy');
        create function never(anyelement) returns bool language plpgsql as $$ begin raise 'user code ran'; end $$;
        create domain d_int as int;
        create domain d_deep as d_int;
        create domain d_text as varchar(9);
        create domain d_mood as mood;
        create domain d_at as timestamptz;
        create domain d_num as numeric(6, 2);
        create domain d_cidr as cidr;
        create domain d_json as jsonb;
        create table t (id int primary key, i d_deep, x d_text, m d_mood, at d_at, n d_num, net d_cidr,
                        j d_json);
        insert into t values (1, 5, 'x', 'sad', '2026-01-01 00:00+00', 5, '10.0.0.0/8', '1');
        alter domain d_int add constraint c check (never(value)) not valid;
        alter domain d_deep add constraint c check (never(value)) not valid;
        alter domain d_text add constraint c check (never(value)) not valid;
        alter domain d_mood add constraint c check (never(value)) not valid;
        alter domain d_at add constraint c check (never(value)) not valid;
        alter domain d_num add constraint c check (never(value)) not valid;
        alter domain d_cidr add constraint c check (never(value)) not valid;
        alter domain d_json add constraint c check (never(value)) not valid;
    """)
    filter = {
        "i": 5,
        "x": "x",
        "m": "sad",
        "at": "2026-01-01",
        "n": 5,
        "net": "10.0.0.0/8",
        "j": 1,
    }
    assert matching(session, filter) == [1]
    lists = {"and": [{"field": name, "op": "in", "value": [constant]} for name, constant in filter.items()]}
    assert matching(session, lists) == [1]
    columns = {
        "and": [{"i": {"field": "n"}}, {"m": {"field": "m"}}, {"at": {"field": "at"}}, {"x": {"field": "x"}}]
    }
    assert matching(session, columns) == [1]


def test_the_check_of_a_domain_over_an_extension_type_never_runs(citext: Session) -> None:
    citext.execute("""
        create function never(anyelement) returns bool language plpgsql as $$ begin raise 'user code ran'; end $$;
        create domain mail as citext;
        create table t (id int primary key, mail mail);
        insert into t values (1, 'A');
        alter domain mail add constraint c check (never(value)) not valid;
    """)
    for op, given in (("=", "a"), ("in", ["a", "b"]), ("like", "A%"), ("=", {"field": "mail"})):
        assert matching(citext, {"field": "mail", "op": op, "value": given}) == [1]


def test_casts_of_the_user_never_run(session: Session) -> None:
    session.execute("""
        create type mood as enum ('sad', 'happy');
        create type other as enum ('sad', 'happy');
        create domain d_mood as mood;
        create table t (id int primary key, m mood, d d_mood, o other);
        insert into t values (1, 'sad', 'sad', 'sad'), (2, 'happy', 'happy', 'happy');
        create function evil(mood) returns text language plpgsql as $$ begin raise 'user code ran'; end $$;
        create function evil_int(mood) returns int language plpgsql as $$ begin raise 'user code ran'; end $$;
        create function evil_json(mood) returns json language plpgsql as $$ begin raise 'user code ran'; end $$;
        create function evil_back(text) returns mood language plpgsql as $$ begin raise 'user code ran'; end $$;
        create function evil_other(other) returns mood language plpgsql as $$ begin raise 'user code ran'; end $$;
        create cast (mood as text) with function evil(mood) as implicit;
        create cast (mood as int) with function evil_int(mood) as implicit;
        create cast (mood as json) with function evil_json(mood) as implicit;
        create cast (text as mood) with function evil_back(text) as implicit;
        create cast (other as mood) with function evil_other(other) as implicit;
    """)
    for op, found in (("=", [1]), ("!=", [2]), ("<", []), (">=", [1, 2])):
        assert matching(session, {"field": "m", "op": op, "value": "sad"}) == found
        assert matching(session, {"field": "d", "op": op, "value": "sad"}) == found
    assert matching(session, {"field": "m", "op": "in", "value": ["sad"]}) == [1]
    assert matching(session, {"m": {"field": "d"}}) == [1, 2]
    said = refusal(session, """select jittask.compile_filter('{"m": {"field": "o"}}', 't', 'UTC')""", [])
    assert "cannot be compared" in (said.message_primary or "")


def test_an_operator_of_the_user_on_an_extension_type_is_never_taken(session: Session) -> None:
    if not value(session, "select exists (select from pg_available_extensions where name = 'hstore')"):
        pytest.skip("the server does not bring hstore")
    session.execute("""
        create extension if not exists hstore with schema public;
        create table t (id int primary key, h hstore);
        insert into t values (1, 'a=>1'), (2, 'b=>1');
        create function boom(hstore, hstore) returns bool language plpgsql as $$ begin raise 'user code ran'; end $$;
        create operator ~~ (leftarg = hstore, rightarg = hstore, function = boom);
        create operator public.~~ (leftarg = hstore, rightarg = hstore, function = boom);
    """)
    assert matching(session, {"h": '"a"=>"1"'}) == [1]
    said = refusal(
        session,
        """select jittask.compile_filter('{"field": "h", "op": "like", "value": "a"}', 't', 'UTC')""",
        [],
    )
    assert 'does not take the op "like"' in (said.message_primary or "")
    # The owner of an extension may add operators of his own to it; those are not in C.
    session.execute("alter extension hstore add operator public.~~ (hstore, hstore)")
    said = refusal(
        session,
        """select jittask.compile_filter('{"field": "h", "op": "like", "value": "a"}', 't', 'UTC')""",
        [],
    )
    assert 'does not take the op "like"' in (said.message_primary or "")
    session.execute("alter extension hstore drop operator public.~~ (hstore, hstore)")
    said = refusal(session, """select jittask.compile_filter('{"h": "a=>"}', 't', 'UTC')""", [])
    assert 'does not take the value "a=>"' in (said.message_primary or "")
    session.execute("drop operator public.~~ (hstore, hstore)")


def test_a_virtual_generated_column_is_refused(session: Session) -> None:
    if session.info.server_version < 180000:
        pytest.skip("virtual generated columns came with Postgres 18")
    session.execute("create table t (id int primary key, twice int generated always as (id * 2) virtual)")
    said = refusal(session, """select jittask.compile_filter('{"twice": 2}', 't', 'UTC')""", [])
    assert "virtual generated column" in (said.message_primary or "")


def test_the_reader_of_a_row_needs_no_right_on_the_schema_of_an_enum(session: Session) -> None:
    session.execute("""
        create schema hidden;
        create type hidden.mood as enum ('sad', 'happy');
        create table t (id int primary key, m hidden.mood);
        insert into t values (1, 'sad');
    """)
    condition = compiled(session, {"field": "m", "op": "<=", "value": "sad"})
    schema = value(session, "select current_schema()")
    reader = sql.Identifier(f"jittask_test_reader_{os.getpid()}")
    session.execute(
        sql.SQL("""
          create role {0};
          grant usage on schema {1} to {0};
          grant select on t to {0};
          set role {0};
        """).format(reader, sql.Identifier(schema))
    )
    assert value(session, paste("select r.id from t r where {condition}", condition=condition)) == 1
    session.execute("reset role; drop schema hidden cascade")
    session.execute(sql.SQL("drop owned by {0}; drop role {0}").format(reader))
