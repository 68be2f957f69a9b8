"""compile_filter: what is refused, in which words."""

from __future__ import annotations

import json

import psycopg
import pytest

from tests.sql.source.helpers import compiled, filter_refusal, has_citext

Session = psycopg.Connection


def nested(depth: int) -> object:
    return {"status": "x"} if depth == 1 else {"not": nested(depth - 1)}


@pytest.fixture
def orders(session: Session) -> Session:
    session.execute("""
        create type mood as enum ('sad', 'happy');
        create type pair as (a int, b int);
        create type own_range as range (subtype = mood);
        create table t (
          id int primary key, status text, amount numeric, ratio float4, paid bool, small int2, day date, at timestamptz,
          local timestamp, clock time, span interval, mark uuid, raw bytea, net inet, mood mood, doc json, docs jsonb,
          tags text[], moods mood[], pair pair, price money, range int4range, own own_range, gone int
        );
        alter table t drop gone;
    """)
    if has_citext(session):
        session.execute("alter table t add mail citext, add mails citext[]")
    return session


@pytest.mark.parametrize(
    ("filter", "message", "hint"),
    [
        ([], 'Filter condition "[]" is not a JSON object', 'Write {"column": value}'),
        ("status = 'x'", "is not a JSON object", 'Write {"column": value}'),
        (None, 'Filter condition "null" is not a JSON object', 'Write {"column": value}'),
        ({"and": [5]}, 'Filter condition "5" is not a JSON object', 'Write {"column": value}'),
        ({"not": [{"id": 1}]}, 'Filter condition "[{"id": 1}]" is not a JSON object', "Write"),
        ({"and": []}, 'Filter key "and" does not take the value "[]"', "one or more conditions"),
        ({"or": {"id": 1}}, 'Filter key "or" does not take the value "{"id": 1}"', "one or more conditions"),
        ({"or": [{"id": 1}], "id": 2}, 'Filter key "or" does not stand alone', '{"and": […]}'),
        (nested(21), 'nested more than "20" levels', "Join conditions"),
        ({"or": [{"id": 1}] * 201}, 'Filter has "201" conditions, more than "200"', 'op "in"'),
        ({"status": "x" * 100_000}, "bytes, more than", "Keep long lists"),
        ({"colour": 1}, 'Filter field "colour" is not a column of table', '"id", "status", "amount"'),
        ({"gone": 1}, 'Filter field "gone" is not a column', '"id"'),
        ({"ctid": "(0,1)"}, 'Filter field "ctid" is not a column', '"id"'),
        ({"Status": "x"}, 'Filter field "Status" is not a column', '"status"'),
        ({"status": ["a", "b"]}, 'Filter field "status" does not take the list "["a", "b"]"', '"op": "in"'),
        ({"field": "id", "value": 3}, 'Filter field "field" is not a column', "Use one of its columns"),
        ({"field": 5, "op": "="}, 'Filter field "5" is not the name of a column', "as a string"),
        (
            {"field": "id", "op": "=", "val": 1},
            'Unknown key "val" in the filter condition',
            '"field", "op" and "value"',
        ),
        (
            {"field": "id", "op": "==", "value": 1},
            'Filter field "id" has the unknown op "=="',
            "=, !=, <, <=",
        ),
        ({"field": "id", "op": None, "value": 1}, 'Filter field "id" has the unknown op', "=, !=, <, <="),
        ({"field": "id", "op": "="}, 'Filter field "id" with op "=" has no value', 'Add the key "value"'),
        (
            {"field": "id", "op": "!=", "value": None},
            'op "!=" does not take the value "null"',
            '"is_not_null"',
        ),
        ({"field": "id", "op": "in", "value": [1, None]}, 'has the value "null" in its list', '"is_null"'),
        (
            {"field": "id", "op": "in", "value": []},
            'op "in" does not take the value "[]"',
            "one or more values",
        ),
        (
            {"field": "id", "op": "in", "value": 5},
            'op "in" does not take the value "5"',
            "one or more values",
        ),
        ({"field": "id", "op": "in", "value": [1] * 1001}, 'a list of "1001" values', "Keep long lists"),
        (
            {"field": "id", "op": "between", "value": [1]},
            'op "between" does not take the value "[1]"',
            "lowest",
        ),
        (
            {"field": "id", "op": "is_null", "value": 1},
            'op "is_null" takes no value, not "1"',
            'Leave out "value"',
        ),
        (
            {"field": "id", "op": "like", "value": "1%"},
            'of type "integer" does not take the op "like"',
            "is_null",
        ),
        (
            {"field": "doc", "op": "=", "value": 1},
            'of type "json" does not take the op "="',
            "is_null, is_not_null",
        ),
        ({"field": "docs", "op": "<", "value": 1}, 'of type "jsonb" does not take the op "<"', "in, not_in"),
        (
            {"tags": "a"},
            'Filter field "tags" of type "text[]" does not take the op "="',
            "is_null, is_not_null",
        ),
        ({"price": 1}, 'of type "money" does not take the op "="', "is_null, is_not_null"),
        ({"mails": "a"}, 'Filter field "mails"', "extension types such as citext"),
        ({"moods": None}, 'mood[]", which filters do not take', "built-in types"),
        ({"pair": None}, 'pair", which filters do not take', "built-in types"),
        ({"own": None}, 'own_range", which filters do not take', "built-in types"),
        ({"id": "7a"}, 'Filter field "id" of type "integer" does not take the value "7a"', "whole number"),
        ({"id": 1.5}, 'does not take the value "1.5"', "whole number"),
        ({"id": 2147483648}, 'does not take the value "2147483648"', "range of integer"),
        ({"small": 40000}, 'does not take the value "40000"', "range of smallint"),
        ({"id": True}, 'does not take the value "true"', "whole number"),
        ({"amount": "1 or 1=1"}, 'does not take the value "1 or 1=1"', "Give a number"),
        ({"amount": "0x1F"}, 'does not take the value "0x1F"', "Give a number"),
        ({"ratio": 1e39}, 'Filter field "ratio" of type "real" does not take the value', "range of real"),
        (
            {"paid": "yes"},
            'Filter field "paid" of type "boolean" does not take the value "yes"',
            "true or false",
        ),
        ({"paid": 1}, 'does not take the value "1"', "true or false"),
        ({"status": 5}, 'Filter field "status" of type "text" does not take the value "5"', "Give a string"),
        ({"mark": "x"}, 'Filter field "mark" of type "uuid" does not take the value "x"', "UUID"),
        ({"raw": "abc"}, 'does not take the value "abc"', "hexadecimal"),
        ({"raw": "\\x0"}, "does not take the value", "hexadecimal"),
        ({"net": "10.0.0.300"}, 'does not take the value "10.0.0.300"', "network address"),
        ({"mood": "glad"}, 'does not take the value "glad"', 'Give one of "sad", "happy"'),
        ({"span": "soon"}, 'does not take the value "soon"', "duration"),
        ({"span": "infinity"}, 'does not take the value "infinity"', "finite duration"),
        ({"span": 5}, 'does not take the value "5"', "duration"),
        ({"clock": "25:00"}, 'does not take the value "25:00"', "time of day"),
        ({"clock": "09:00+02"}, 'does not take the value "09:00+02"', "time of day"),
        ({"mail": 5}, 'does not take the value "5"', "Give a string"),
        ({"status": {"op": "in"}}, 'does not take the value "{"op": "in"}"', "Give a string"),
        (
            {"field": "status", "op": "like", "value": "a\\"},
            'op "like" does not take the value "a\\"',
            "twice",
        ),
        ({"field": "status", "op": "ilike", "value": "\\\\\\"}, 'op "ilike" does not take', "twice"),
        (
            {"field": "status", "op": "like", "value": 5},
            'op "like" does not take the value "5"',
            "Give a string",
        ),
        (
            {"field": "status", "op": "like", "value": {"field": "mail"}},
            'op "like" does not take',
            "cannot serve",
        ),
        ({"id": {"field": "colour"}}, 'Filter field "colour" is not a column', '"id"'),
        (
            {"id": {"field": "status"}},
            '"id" of type "integer" cannot be compared with column "status"',
            "same type",
        ),
        (
            {"status": {"field": "mail"}},
            'cannot be compared with column "mail" of type "public.citext"',
            "same type",
        ),
        ({"day": {"field": "clock"}}, 'cannot be compared with column "clock"', "two of date, timestamp"),
        ({"id": {"field": "tags"}}, 'cannot be compared with column "tags" of type "text[]"', "same type"),
    ],
)
def test_a_refusal_names_the_field_quotes_the_value_and_shows_the_way_out(
    orders: Session, filter: object, message: str, hint: str
) -> None:
    if "mail" in json.dumps(filter) and not has_citext(orders):
        pytest.skip("the server does not bring citext")
    said = filter_refusal(orders, filter)
    assert message in (said.message_primary or "")
    assert hint in (said.message_hint or "")


@pytest.mark.parametrize("field", ["day", "at", "local", "clock"])
@pytest.mark.parametrize(
    "value",
    ["now", "NOW", " now ", "today", "tomorrow", "yesterday", "epoch", "infinity", "-infinity", "allballs", "", "0",
     "2026-13-01", "2026-02-30", "20260101", "1/2/2026", "Jan 5 2026", "2026-01-01T25:00", "2026-01-01 10:00 PST",
     "2026-01-01T10:00 Europe/Berlin", "J2451187", "2026-01-01\n", "\uff12\uff10\uff12\uff16-01-01", 20260101, True, ["2026-01-01"]],
)  # fmt: skip
def test_dates_and_times_are_taken_in_iso_form_only(orders: Session, field: str, value: object) -> None:
    said = filter_refusal(orders, {"field": field, "op": ">=", "value": value})
    assert f'Filter field "{field}" of type' in (said.message_primary or "")


def test_the_limits_themselves_are_allowed(orders: Session) -> None:
    compiled(orders, nested(20))
    compiled(orders, {"or": [{"id": 1}] * 200})
    compiled(orders, {"field": "id", "op": "in", "value": list(range(1000))})


@pytest.mark.parametrize("field", ["doc", "tags", "price", "range", "docs"])
def test_columns_of_other_built_in_types_may_be_tested_for_null(orders: Session, field: str) -> None:
    assert compiled(orders, {field: None}) == f"((r.{field} is null) is true)"


def test_patterns_are_refused_where_the_collation_would_make_them_raise(caseless: Session) -> None:
    caseless.execute("create table t (id int primary key, name text collate caseless)")
    for op in ("like", "ilike", "starts_with"):
        said = filter_refusal(caseless, {"field": "name", "op": op, "value": "a"})
        assert f'does not take the op "{op}"' in (said.message_primary or "")


def test_a_table_with_many_columns_is_listed_in_part(session: Session) -> None:
    columns = ", ".join(f"c{n} int" for n in range(30))
    session.execute(f"create table t ({columns})")
    said = filter_refusal(session, {"x": 1})
    assert (said.message_hint or "").endswith('"c19", …')
