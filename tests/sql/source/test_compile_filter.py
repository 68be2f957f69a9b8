"""compile_filter: which rows match, by the words of the filter language."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import sql

from tests.sql.source.helpers import ODD_SETTINGS, compiled, matching, value

Session = psycopg.Connection


def condition(field: str, op: str, value: object) -> dict[str, object]:
    return {"field": field, "op": op, "value": value}


@pytest.fixture
def orders(session: Session) -> Session:
    session.execute("""
        create table t (id int primary key, status text, amount numeric(10, 2), paid bool);
        insert into t values (1, 'active', 100, true), (2, 'active', 99.99, false), (3, 'closed', 250, null),
                             (4, null, null, true);
    """)
    return session


@pytest.mark.parametrize(
    ("filter", "rows"),
    [
        ({}, [1, 2, 3, 4]),
        ({"status": "active"}, [1, 2]),
        ({"status": "active", "paid": True}, [1]),
        ({"status": None}, [4]),
        ({"amount": 250}, [3]),
        ({"amount": "99.990"}, [2]),
        ({"not": {"status": "active"}}, [3]),
        ({"not": {"not": {"status": "active"}}}, [1, 2]),
        ({"and": [{"status": "active"}, condition("amount", ">=", 100)]}, [1]),
        ({"or": [{"status": "closed"}, {"status": None}]}, [3, 4]),
        ({"and": [{}, {"or": [{"paid": False}, {"not": {"paid": True}}]}]}, [2]),
        (condition("status", "=", "active"), [1, 2]),
        (condition("status", "!=", "active"), [3]),
        (condition("amount", "<", 100), [2]),
        (condition("amount", "<=", 100), [1, 2]),
        (condition("amount", ">", 100), [3]),
        (condition("amount", ">=", 1e2), [1, 3]),
        (condition("status", "in", ["active", "open"]), [1, 2]),
        (condition("status", "not_in", ["active", "open"]), [3]),
        (condition("id", "in", list(range(2, 1000))), [2, 3, 4]),
        (condition("status", "like", "%s_d"), [3]),
        (condition("status", "like", "A%"), []),
        (condition("status", "ilike", "A%"), [1, 2]),
        (condition("status", "starts_with", "act"), [1, 2]),
        (condition("status", "starts_with", "a%"), []),
        ({"field": "status", "op": "is_null"}, [4]),
        ({"field": "status", "op": "is_not_null", "value": None}, [1, 2, 3]),
        (condition("amount", "between", [99.99, 100]), [1, 2]),
        (condition("amount", "between", [100, 99.99]), []),
        (condition("paid", ">", False), [1, 4]),
        (condition("amount", ">", {"field": "id"}), [1, 2, 3]),
        ({"id": {"field": "amount"}}, []),
        (condition("id", "in", [4, {"field": "id"}]), [1, 2, 3, 4]),
        (condition("amount", "between", [{"field": "id"}, 100]), [1, 2]),
    ],
)
def test_the_rows_that_match_are_those_for_which_the_condition_is_true(
    orders: Session, filter: object, rows: list[int]
) -> None:
    assert matching(orders, filter) == rows


def test_no_filter_compiles_to_null(orders: Session) -> None:
    assert orders.execute("select jittask.compile_filter(null, 't', 'UTC')").fetchone() == (None,)


def test_the_alias_of_the_row_is_free(orders: Session) -> None:
    row = orders.execute("""select jittask.compile_filter('{"id": 1}', 't', 'UTC', 'New "row"')""").fetchone()
    assert row == ('(("New ""row""".id operator(pg_catalog.=) \'1\'::pg_catalog.int4) is true)',)


def test_columns_named_like_keys_of_the_language_are_columns_where_nothing_else_is_meant(
    session: Session,
) -> None:
    session.execute("""
        create table t (id int primary key, "and" text, "or" int, "not" bool, field text, op text, value int);
        insert into t values (1, 'x', 1, true, 'x', '=', 5), (2, null, 2, false, 'y', '>', 6);
    """)
    assert matching(session, {"and": "x", "or": 1, "not": True}) == [1]
    assert matching(session, {"and": None}) == [2]
    assert matching(session, {"field": "x"}) == [1]
    assert matching(session, {"op": ">", "value": 6}) == [2]
    assert matching(session, condition("field", "=", "y")) == [2]
    assert matching(session, {"not": {"not": True}}) == [2]


@pytest.mark.parametrize("settings", ODD_SETTINGS.values(), ids=ODD_SETTINGS)
@pytest.mark.parametrize(
    ("given", "zone", "instant"),
    [
        ("2026-03-01T09:00:00+08:00", "UTC", "2026-03-01 01:00:00+00"),
        ("2026-03-01 09:00Z", "Asia/Shanghai", "2026-03-01 09:00:00+00"),
        ("2026-03-01T09:00", "Asia/Shanghai", "2026-03-01 01:00:00+00"),
        ("2026-03-01", "Asia/Shanghai", "2026-02-28 16:00:00+00"),
        ("2026-03-08T02:30", "America/New_York", "2026-03-08 07:00:00+00"),
        ("2026-11-01T01:30", "America/New_York", "2026-11-01 05:30:00+00"),
        ("2026-03-01T09:00:00.123456-0530", "UTC", "2026-03-01 14:30:00.123456+00"),
    ],
)
def test_an_instant_is_read_in_the_zone_of_the_task_unless_it_has_an_offset(
    session: Session, settings: str, given: str, zone: str, instant: str
) -> None:
    session.execute("create table t (id int primary key, at timestamptz)")
    session.execute(settings)
    assert compiled(session, {"at": given}, timezone=zone) == (
        f"((r.at operator(pg_catalog.=) '{instant}'::pg_catalog.timestamptz) is true)"
    )


def test_a_time_with_offset_becomes_local_time_of_the_task_for_a_column_without_zone(
    session: Session,
) -> None:
    session.execute("create table t (id int primary key, at timestamp)")
    assert "'2026-03-01 09:00:00'" in compiled(session, {"at": "2026-03-01T09:00"}, timezone="Asia/Shanghai")
    assert "'2026-03-01 17:00:00'" in compiled(session, {"at": "2026-03-01T09:00Z"}, timezone="Asia/Shanghai")


def test_citext_stays_case_insensitive(citext: Session) -> None:
    citext.execute("""
        create domain email as citext;
        create table t (id int primary key, mail citext, other email);
        insert into t values (1, 'Ann@Example.org', 'ANN@example.org'), (2, 'bob@example.org', 'x');
    """)
    for filter in (
        {"mail": "ann@EXAMPLE.org"},
        {"other": "ann@EXAMPLE.org"},
        condition("mail", "in", ["ANN@example.org", "c"]),
        condition("mail", "like", "ANN@%"),
        condition("mail", "starts_with", "aNN@"),
        condition("mail", "<", "B"),
        {"mail": {"field": "other"}},
    ):
        assert matching(citext, filter) == [1], filter
    assert matching(citext, condition("mail", "not_in", ["ANN@example.org"])) == [2]
    assert matching(citext, condition("mail", "starts_with", "_nn")) == []


def test_enums_compare_in_the_order_of_their_labels(session: Session) -> None:
    session.execute("""
        create type mood as enum ('sad', 'fine', 'happy');
        create domain my_mood as mood;
        create table t (id int primary key, mood mood, own my_mood);
        insert into t values (1, 'sad', 'sad'), (2, 'fine', 'happy'), (3, 'happy', 'sad'), (4, null, null);
    """)
    assert matching(session, condition("mood", ">", "sad")) == [2, 3]
    assert matching(session, condition("own", "between", ["fine", "happy"])) == [2]
    assert matching(session, condition("mood", "not_in", ["sad", "fine"])) == [3]
    assert matching(session, {"mood": {"field": "own"}}) == [1]
    assert matching(session, condition("mood", "<", {"field": "own"})) == [2]


def test_values_of_every_type_find_their_row_and_compile_to_one_text(session: Session) -> None:
    path = sql.SQL("set search_path = {}, public").format(
        sql.Identifier(value(session, "select current_schema()"))
    )
    session.execute(r"""
        create table t (
          id int primary key, i2 int2, i8 int8, f4 float4, f8 float8, v varchar(9), c char(5), n name, u uuid,
          d date, tm time, iv interval, b bytea, ip inet, net cidr, j jsonb
        );
        insert into t values (
          1, 7, 9007199254740993, 0.1, 'NaN', 'héé', 'ab', 'nm', '6f9619ff-8b86-d011-b42d-00c04fc964ff',
          '2026-03-01', '09:30', '-1 day +02:00', '\x00ff', '10.0.0.1', '10.0.0.0/8', '{"a": [1, null]}'
        );
    """)
    for filter in (
        {"i2": 7},
        {"i8": 9007199254740993},
        {"i8": "9007199254740993"},
        {"f4": 0.1},
        {"f8": "NaN"},
        condition("f8", ">", 1e300),
        {"v": "héé"},
        {"c": "ab"},
        condition("c", "like", "ab   "),
        condition("c", "starts_with", "a"),
        {"n": "nm"},
        {"n": {"field": "n"}},
        {"u": "{6F9619FF-8B86-D011-B42D-00C04FC964FF}"},
        {"d": "2026-03-01"},
        {"tm": "09:30"},
        {"iv": "-22 hours"},
        {"iv": "P-1DT2H"},
        {"b": "\\x00FF"},
        {"ip": "10.0.0.1"},
        condition("net", "<", {"field": "ip"}),
        {"net": "10.0.0.0/8"},
        condition("j", "=", {"a": [1.0, None]}),
        condition("j", "in", [[], {"a": [1, None]}]),
        condition("j", "!=", [None]),
    ):
        assert matching(session, filter) == [1], filter
        texts: set[str] = set()
        for settings in ODD_SETTINGS.values():
            session.execute(settings)
            texts.add(compiled(session, filter))
        assert len(texts) == 1, texts
        session.execute("reset all")
        session.execute(path)


@pytest.mark.parametrize(
    "filter",
    [
        condition("numeric", ">", {"field": "float"}),
        condition("float", "!=", {"field": "numeric"}),
        condition("int", "<", {"field": "float"}),
        condition("date", "!=", {"field": "instant"}),
        condition("instant", "<", {"field": "stamp"}),
        condition("stamp", ">=", {"field": "date"}),
        condition("plain", "<", {"field": "other"}),
        condition("plain", "=", {"field": "padded"}),
        condition("padded", "!=", {"field": "named"}),
    ],
)
def test_no_row_makes_a_comparison_of_columns_raise(session: Session, filter: object) -> None:
    session.execute("""
        create table t (id serial primary key, numeric numeric, float float8, int int8, date date, stamp timestamp,
                        instant timestamptz, plain text collate "C", other text collate "POSIX", padded char(9),
                        named name);
        insert into t (numeric, float, int) values
          ('1e400', 1e308, 9223372036854775807), ('1e-400', 1e-307, 0), ('NaN', '-Infinity', 1), ('Infinity', 'NaN', 2);
        insert into t (date, stamp, instant) values
          ('5874897-12-31', '294276-12-31 23:59:59', '294276-12-31 23:59:59+00'),
          ('4713-01-01 BC', '4713-01-01 BC', '4714-11-24 00:00:00+00 BC'),
          ('infinity', '-infinity', 'infinity'), ('-infinity', 'infinity', '-infinity');
        insert into t (plain, other, padded, named) values ('a', 'A', 'a', 'a');
    """)
    for zone in ("UTC", "Pacific/Kiritimati", "America/Los_Angeles"):
        matching(session, filter, timezone=zone)


def test_instants_meet_local_times_in_the_zone_of_the_task(session: Session) -> None:
    session.execute("""
        create table t (id int primary key, day date, local timestamp, at timestamptz);
        insert into t values (1, '2026-03-01', '2026-03-01 00:00', '2026-02-28 16:00+00'),
                             (2, '2026-03-01', '2026-03-01 00:00', '2026-02-28 15:59+00'),
                             (3, 'infinity', 'infinity', 'infinity');
    """)
    for settings in ODD_SETTINGS.values():
        session.execute(settings)
        assert matching(session, {"at": {"field": "day"}}, timezone="Asia/Shanghai") == [1, 3]
        assert matching(session, {"local": {"field": "at"}}, timezone="Asia/Shanghai") == [1, 3]
        assert matching(session, condition("at", "<", {"field": "day"}), timezone="Asia/Shanghai") == [2]


def test_text_is_compared_by_the_collation_of_the_field(caseless: Session) -> None:
    caseless.execute("""
        create table t (id int primary key, plain text collate "C", loose text collate caseless);
        insert into t values (1, 'A', 'a');
    """)
    assert matching(caseless, {"loose": "A"}) == [1]
    assert matching(caseless, {"loose": {"field": "plain"}}) == [1]
    assert matching(caseless, {"plain": {"field": "loose"}}) == []
    assert matching(caseless, condition("loose", "in", ["x", "A"])) == [1]
