"""key_sql, key_match_sql and canonical_key: one text for each key, the same for everyone."""

from __future__ import annotations

import json

import psycopg
import pytest
from psycopg import sql

from tests.sql.source.helpers import ODD_SETTINGS, has_citext, paste, refusal, value

Session = psycopg.Connection

# Type, literals of keys that differ, JSON values that a person may give for the first.
KEYS: dict[str, tuple[str, list[str], list[object]]] = {
    "int2": ("int2", ["7", "-1", "32767"], [7, "7", 7.0]),
    "int4": ("int4", ["7", "0", "-2147483648"], [7, "7", "7.00"]),
    "int8": ("int8", ["9007199254740993", "-1"], [9007199254740993, "9007199254740993"]),
    "numeric": ("numeric", ["1.50", "0.000", "-12345678901234567890.123", "1e30", "NaN", "Infinity"], [1.5, "1.500"]),
    "numeric with scale": ("numeric(10, 2)", ["1.50", "0"], [1.5, "1.5"]),
    "bool": ("bool", ["true", "false"], [True]),
    "uuid": ("uuid", ["6F9619FF-8B86-D011-B42D-00C04FC964FF"], ["{6f9619ff8b86d011b42d00c04fc964ff}"]),
    "text": ("text", ["a", "", "  ", 'quo"te', "back\\slash", "new\nline", "\x01\x1f\x7f", "漢é🙂", "'", "$$", "%s"], ["a"]),
    "varchar": ("varchar(20)", ["a", 'q"\\'], ["a"]),
    "name": ("name", ["a", 'q"\\'], ["a"]),
    "char": ("char(5)", ["ab", "", 'q"'], ["ab", "ab   "]),
    "citext": ("citext", ["ABC", "É", 'q"'], ["ABC", "abc"]),
    "enum": ("mood", ["so-so", 'q"\\', "Sad"], ["so-so"]),
    "date": ("date", ["2026-03-01", "0044-03-15 BC", "infinity", "-infinity", "5874897-12-31"], ["2026-03-01"]),
    "time": ("time", ["09:30", "24:00", "00:00:00.000001"], ["09:30", "09:30:00.0"]),
    "timestamp": (
        "timestamp",
        ["2026-03-01 09:30", "2026-03-01 09:30:00.5", "0044-03-15 12:00 BC", "infinity", "-infinity", "294276-12-31 23:59:59.999999"],
        ["2026-03-01T09:30", "2026-03-01 09:30:00"],
    ),
    "timestamptz": (
        "timestamptz",
        ["2026-03-01 09:30+00", "2026-03-01 09:30:00.000001+00", "0044-03-15 12:00+00 BC", "0001-01-01 00:00+14",
         "infinity", "-infinity", "294276-12-31 23:59:59.999999+00", "4714-11-24 00:00+00 BC"],
        ["2026-03-01T09:30Z", "2026-03-01 17:30:00+08:00"],
    ),
    "bytea": ("bytea", ["\\x00ff", "\\x", "\\x5c22"], ["\\x00FF"]),
    "domain over int": ("d_int", ["7"], [7]),
    "domain over enum": ("d_mood", ["so-so"], ["so-so"]),
    "domain over citext": ("d_mail", ["ABC"], ["abc"]),
    "domain over timestamptz": ("d_at", ["2026-03-01 09:30+00"], ["2026-03-01T09:30Z"]),
}  # fmt: skip


@pytest.fixture
def types(session: Session) -> Session:
    session.execute("""
        create type mood as enum ('so-so', E'q"\\\\', 'Sad');
        create function never(anyelement) returns bool language plpgsql as $$ begin raise 'user code ran'; end $$;
        create domain d_int as int;
        create domain d_mood as mood;
        create domain d_at as timestamptz;
    """)
    if has_citext(session):
        session.execute("create domain d_mail as citext")
    return session


def key_table(session: Session, kind: str, literals: list[str], name: str = "k") -> None:
    if kind in ("citext", "d_mail") and not has_citext(session):
        pytest.skip("the server does not bring citext")
    session.execute(sql.SQL("create table t ({} {} primary key)").format(sql.Identifier(name), sql.SQL(kind)))
    for literal in literals:
        session.execute(sql.SQL("insert into t values ({})").format(sql.Literal(literal)))
    for domain in ("d_int", "d_mood", "d_at", *(["d_mail"] if has_citext(session) else [])):
        session.execute(
            sql.SQL("alter domain {} add check (never(value)) not valid").format(sql.Identifier(domain))
        )


def keys(session: Session, columns: list[str], order: str = "k") -> list[str]:
    """The key texts of all rows."""
    expression = value(session, "select jittask.key_sql('t', %s, 'r')", [columns])
    rows = session.execute(
        paste("select {expression} from t r order by r.{order}", expression=expression, order=order)
    ).fetchall()
    return [key for (key,) in rows]


@pytest.mark.parametrize(("kind", "literals", "given"), KEYS.values(), ids=KEYS)
def test_the_text_is_that_of_jsonb_and_no_setting_changes_it(
    types: Session, kind: str, literals: list[str], given: list[object]
) -> None:
    key_table(types, kind, literals)
    types.execute("set timezone = 'UTC'; set bytea_output = 'hex'")
    # What equal keys share is canonical beyond jsonb: no trailing zeros, no trailing blanks, one case.
    equal = {"numeric": "trim_scale(k)", "numeric(10, 2)": "trim_scale(k)", "char(5)": "k::text"}
    equal |= {"citext": "lower(k::text)", "d_mail": "lower(k::text)", "d_int": "k::int", "d_mood": "k::text"}
    shown = value(
        types,
        paste(
            "select array_agg(jsonb_build_object('k', {shown})::text order by k) from t",
            shown=equal.get(kind, "k"),
        ),
    )
    for settings in ODD_SETTINGS.values():
        types.execute(settings)
        found = keys(types, ["k"])
        assert found == shown
        assert [value(types, "select %s::text::jsonb::text", [key]) for key in found] == found
    assert len(set(found)) == len(literals)


@pytest.mark.parametrize("settings", ODD_SETTINGS.values(), ids=ODD_SETTINGS)
@pytest.mark.parametrize(("kind", "literals", "given"), KEYS.values(), ids=KEYS)
def test_each_key_finds_its_row_and_no_other(
    types: Session, settings: str, kind: str, literals: list[str], given: list[object]
) -> None:
    key_table(types, kind, literals)
    types.execute(settings)
    condition = value(types, "select jittask.key_match_sql('t', '{k}', 'r', 'x.key')")
    expression = value(types, "select jittask.key_sql('t', '{k}', 'r')")
    types.execute("create table x (key text)")
    for key in keys(types, ["k"]):
        types.execute("insert into x values (%s)", [key])
        found = types.execute(
            paste("select {key} from x join t r on {condition}", key=expression, condition=condition)
        )
        assert found.fetchall() == [(key,)]
        types.execute("truncate x")


@pytest.mark.parametrize("settings", ODD_SETTINGS.values(), ids=ODD_SETTINGS)
@pytest.mark.parametrize(("kind", "literals", "given"), KEYS.values(), ids=KEYS)
def test_what_a_person_gives_becomes_the_text_of_the_row(
    types: Session, settings: str, kind: str, literals: list[str], given: list[object]
) -> None:
    key_table(types, kind, literals[:1])
    types.execute(settings)
    (key,) = keys(types, ["k"])
    for one in [*given, {"k": given[0]}, json.loads(key)]:
        assert value(types, "select jittask.canonical_key('t', '{k}', %s)", [json.dumps(one)]) == key


@pytest.mark.parametrize(("kind", "literals", "given"), KEYS.values(), ids=KEYS)
def test_a_key_that_views_show_is_taken_back(
    types: Session, kind: str, literals: list[str], given: list[object]
) -> None:
    key_table(types, kind, literals)
    for key in keys(types, ["k"]):
        assert value(types, "select jittask.canonical_key('t', '{k}', %s::jsonb)", [key]) == key


def test_a_key_of_several_columns_is_in_the_order_of_jsonb(session: Session) -> None:
    names = ["zz", "a", "B", "aa", 'q"u', "é", "b c"]
    session.execute(
        sql.SQL("create table t ({0}, primary key ({1}))").format(
            sql.SQL(", ").join(sql.SQL("{} int").format(sql.Identifier(name)) for name in names),
            sql.SQL(", ").join(map(sql.Identifier, names)),
        )
    )
    session.execute("insert into t values (1, 2, 3, 4, 5, 6, 7)")
    assert keys(session, names, "a") == [
        value(session, "select %s::jsonb::text", [json.dumps(dict(zip(names, range(1, 8), strict=True)))])
    ]
    assert value(session, "select jittask.watchable_key('t')") == names


def test_columns_of_all_kinds_join_in_one_key(types: Session) -> None:
    types.execute("""
        create table t (u uuid, n numeric, b bytea, m mood, at timestamptz, f bool, primary key (u, n, b, m, at, f));
        insert into t values ('6f9619ff-8b86-d011-b42d-00c04fc964ff', 1.0, '\\x01', 'Sad', '2026-01-01 00:00+00', true);
    """)
    columns = ["u", "n", "b", "m", "at", "f"]
    (key,) = keys(types, columns, "u")
    assert key == (
        '{"b": "\\\\x01", "f": true, "m": "Sad", "n": 1, "u": "6f9619ff-8b86-d011-b42d-00c04fc964ff", '
        '"at": "2026-01-01T00:00:00+00:00"}'
    )
    condition = value(types, "select jittask.key_match_sql('t', %s, 'r', '$1')", [columns])
    body = sql.Literal(paste("select count(*) from t r where {condition}", condition=condition).as_string())
    types.execute(sql.SQL("create function matched(text) returns bigint language sql as {}").format(body))
    assert value(types, "select matched(%s)", [key]) == 1
    assert value(types, "select matched(%s)", [key.replace("true", "false")]) == 0


@pytest.mark.parametrize("kind", ["int2", "int4", "int8", "uuid", "text", "varchar(9)", "char(9)", "timestamptz", "numeric", "citext", "d_int"])  # fmt: skip
def test_the_index_of_the_key_serves_the_match(types: Session, kind: str) -> None:
    key_table(types, kind, [])
    types.execute("set enable_seqscan = off; set enable_bitmapscan = off")
    condition = value(types, "select jittask.key_match_sql('t', '{k}', 'r', 'x.key')")
    plan = types.execute(
        paste(
            "explain select from unnest(array['a', 'b']) x (key) "
            "cross join lateral (select from t r where {condition} offset 0) f",
            condition=condition,
        )
    ).fetchall()
    assert any("Index Cond: (k" in line or "Index Cond: ((k" in line for (line,) in plan), plan


def test_a_label_that_was_renamed_matches_no_row_and_does_not_raise(types: Session) -> None:
    key_table(types, "mood", ["Sad"])
    (key,) = keys(types, ["k"])
    types.execute("alter type mood rename value 'Sad' to 'Blue'")
    condition = value(types, "select jittask.key_match_sql('t', '{k}', 'r', %s)", [f"'{key}'"])
    assert value(types, paste("select count(*) from t r where {condition}", condition=condition)) == 0


def test_casts_of_the_user_to_text_or_json_never_run(types: Session) -> None:
    key_table(types, "mood", ["Sad"])
    types.execute("""
        create function evil(mood) returns text language plpgsql as $$ begin raise 'user code ran'; end $$;
        create function evil_json(mood) returns json language plpgsql as $$ begin raise 'user code ran'; end $$;
        create cast (mood as text) with function evil(mood) as implicit;
        create cast (mood as json) with function evil_json(mood) as implicit;
    """)
    assert keys(types, ["k"]) == ['{"k": "Sad"}']
    condition = value(types, "select jittask.key_match_sql('t', '{k}', 'r', %s)", ["""'{"k": "Sad"}'"""])
    assert value(types, paste("select count(*) from t r where {condition}", condition=condition)) == 1
    assert value(types, "select jittask.canonical_key('t', '{k}', '\"Sad\"')") == '{"k": "Sad"}'


@pytest.mark.parametrize("name", ["K", "a b", 'q"', "'", "$$", "%s %I", "select", "\\", "é漢", "r.x"])
def test_a_key_column_may_have_any_name(types: Session, name: str) -> None:
    key_table(types, "int", ["7"], name)
    expression = value(types, "select jittask.key_sql('t', %s, 'r')", [[name]])
    key = value(types, paste("select {expression} from t r", expression=expression))
    assert json.loads(key) == {name: 7}
    assert key == value(types, "select %s::text::jsonb::text", [key])
    condition = value(types, "select jittask.key_match_sql('t', %s, 'r', 'x.key')", [[name]])
    types.execute("create table x (key text)")
    types.execute("insert into x values (%s)", [key])
    assert value(types, paste("select count(*) from x, t r where {condition}", condition=condition)) == 1


@pytest.mark.parametrize(
    ("columns", "given", "message", "hint"),
    [
        (
            ["a"],
            {"b": 1},
            'Source key "{"b": 1}" does not fit table "{schema}.t": "b" is no key column',
            '"a"',
        ),
        (["a"], {}, 'Source key "{}" does not fit table "{schema}.t": "a" is missing', '"a"'),
        (
            ["a", "b"],
            5,
            'Source key "5" does not fit table "{schema}.t"',
            'Give an object of the key columns "a", "b"',
        ),
        (["a", "b"], {"a": 1}, 'does not fit table "{schema}.t": "b" is missing', '"a", "b"'),
        (["a", "b"], {"a": 1, "b": "x", "c": 1}, '"c" is no key column', '"a", "b"'),
        (["a"], "x", 'Key column "a" of type "integer" does not take the value "x"', "whole number"),
        (["a"], None, 'Key column "a" of type "integer" does not take the value "null"', "whole number"),
        (["a"], [1], 'Key column "a" of type "integer" does not take the value "[1]"', "whole number"),
        (["b"], 7, 'Key column "b" of type "text" does not take the value "7"', "string"),
        (["at"], "2026-01-01T09:00", 'Key column "at" of type "timestamp with time zone" does not', "+08:00"),
        (["at"], "now", 'does not take the value "now"', "ISO form"),
        (["d"], "today", 'does not take the value "today"', "ISO form"),
        (["m"], "Glad", 'does not take the value "Glad"', 'Give one of "so-so"'),
    ],
)
def test_a_source_key_that_does_not_fit_is_refused(
    types: Session, columns: list[str], given: object, message: str, hint: str
) -> None:
    types.execute("create table t (a int, b text, at timestamptz, d date, m mood)")
    said = refusal(types, "select jittask.canonical_key('t', %s, %s)", [columns, json.dumps(given)])
    schema = value(types, "select current_schema()")
    assert message.replace("{schema}", schema) in (said.message_primary or "")
    assert hint in (said.message_hint or "")


def test_no_source_key_is_none(types: Session) -> None:
    types.execute("create table t (a int)")
    assert value(types, "select jittask.canonical_key('t', '{a}', null)") is None


@pytest.mark.parametrize(
    "call",
    ["key_sql('t', '{a}', 'r')", "key_match_sql('t', '{a}', 'r', '$1')", "canonical_key('t', '{a}', '7')"],
)
def test_a_key_column_that_is_gone_or_was_retyped_is_named(types: Session, call: str) -> None:
    types.execute("create table t (b int)")
    said = refusal(types, f"select jittask.{call}", [], "JT005")
    assert (said.message_primary or "").endswith('t" cannot be watched: its key column "a" is gone')
    types.execute("alter table t add a float")
    said = refusal(types, f"select jittask.{call}", [], "JT005")
    assert (said.message_primary or "").endswith('its key column "a" is of type "double precision"')
