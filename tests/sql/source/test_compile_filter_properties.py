"""compile_filter: any filter over any rows matches those that Python says it should, in any session."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from psycopg import sql

from tests.sql.source.evaluation import Evaluation
from tests.sql.source.helpers import ODD_SETTINGS, has_citext, matching

ZONE = ZoneInfo("Asia/Shanghai")
MOODS = ["sad", "so-so", "happy"]
ALPHABET = "aAbB%_\\'\" é"


@dataclass(frozen=True)
class Kind:
    """A type of column: its rows' values, and how a filter writes and reads one of them."""

    sql: str
    values: st.SearchStrategy[Any]
    write: Callable[[Any], Any] = lambda value: value
    read: Callable[[Any], Any] = lambda value: value
    order: Callable[[Any], Any] = lambda value: value
    is_text: bool = False
    family: str = ""


def instant(text: str) -> datetime:
    given = datetime.fromisoformat(text)
    return given if given.tzinfo else given.replace(tzinfo=ZONE)


def local(text: str) -> datetime:
    given = datetime.fromisoformat(text)
    return given.astimezone(ZONE).replace(tzinfo=None) if given.tzinfo else given


WHOLE = st.integers(-3, 3)
TENTHS = st.integers(-30, 30).map(lambda tenths: Decimal(tenths) / 10)
TEXTS = st.text(ALPHABET, max_size=3)
DAYS = st.integers(0, 3).map(lambda days: date(2026, 2, 27) + timedelta(days=days))
STAMPS = st.integers(0, 12).map(lambda hours: datetime(2026, 2, 28, 12) + timedelta(hours=3 * hours))  # noqa: DTZ001
INSTANTS = STAMPS.map(lambda stamp: stamp.replace(tzinfo=UTC))

KINDS: dict[str, Kind] = {
    "i2": Kind("int2", WHOLE, family="number"),
    "i4": Kind("int4", WHOLE, family="number"),
    "i8": Kind("d_int8", WHOLE, write=str, read=int, family="number"),
    "n": Kind("numeric(9, 3)", TENTHS, write=float, read=lambda value: Decimal(repr(value)), family="number"),
    "f": Kind("float8", WHOLE.map(float), family="number"),
    "s": Kind('text collate "C"', TEXTS, order=str.encode, is_text=True, family="text"),
    "v": Kind('varchar(9) collate "C"', TEXTS, order=str.encode, is_text=True, family="text"),
    "e": Kind("citext", TEXTS, order=str.lower),
    "b": Kind("bool", st.booleans()),
    "m": Kind("mood", st.sampled_from(MOODS), order=MOODS.index, family="mood"),
    "dm": Kind("d_mood", st.sampled_from(MOODS), order=MOODS.index, family="mood"),
    "u": Kind("uuid", st.uuids(version=4), write=str, read=lambda value: value, order=str),
    "d": Kind("date", DAYS, write=date.isoformat, read=date.fromisoformat, family="date"),
    "ts": Kind("timestamp", STAMPS, write=datetime.isoformat, read=local, family="date"),
    "tz": Kind("timestamptz", INSTANTS, write=datetime.isoformat, read=instant, family="date"),
    "t": Kind(
        "time",
        STAMPS.map(lambda stamp: stamp.time()),
        write=lambda value: value.isoformat("minutes"),
        read=time.fromisoformat,
    ),
    "iv": Kind(
        "interval",
        st.integers(-50, 50).map(lambda hours: timedelta(hours=hours)),
        write=lambda value: f"PT{int(value.total_seconds()) // 3600}H",
        read=lambda value: timedelta(hours=int(value[2:-1])),
    ),
    "y": Kind(
        "bytea",
        st.binary(max_size=2),
        write=lambda value: "\\x" + value.hex(),
        read=lambda value: bytes.fromhex(value[2:]),
    ),
}

ROWS = st.lists(
    st.fixed_dictionaries({name: st.none() | kind.values for name, kind in KINDS.items()}),
    min_size=1,
    max_size=6,
)


def operands(name: str, columns: bool = True) -> st.SearchStrategy[Any]:
    kind = KINDS[name]
    constants = kind.values.map(kind.write)
    peers = [
        other for other, its in KINDS.items() if other == name or (kind.family and its.family == kind.family)
    ]
    return constants | st.sampled_from(peers).map(lambda other: {"field": other}) if columns else constants


@st.composite
def conditions(draw: st.DrawFn) -> dict[str, Any]:
    name = draw(st.sampled_from(list(KINDS)))
    ops = ["=", "!=", "<", "<=", ">", ">=", "in", "not_in", "between", "is_null", "is_not_null"]
    if name == "e":
        ops = ["=", "!=", "in", "not_in", "is_null"]
    if KINDS[name].is_text:
        ops += ["like", "ilike", "starts_with"] * 2
    op = draw(st.sampled_from(ops))
    condition: dict[str, Any] = {"field": name, "op": op}
    if op in ("in", "not_in"):
        mixed = draw(st.booleans())
        condition["value"] = draw(st.lists(operands(name, mixed), min_size=1, max_size=4))
    elif op == "between":
        condition["value"] = [draw(operands(name)), draw(operands(name))]
    elif op in ("like", "ilike"):
        condition["value"] = draw(TEXTS.filter(lambda text: not text.replace("\\\\", "").endswith("\\")))
    elif op == "starts_with":
        condition["value"] = draw(TEXTS)
    elif op not in ("is_null", "is_not_null"):
        condition["value"] = draw(operands(name))
    return condition


@st.composite
def short_forms(draw: st.DrawFn) -> dict[str, Any]:
    names = draw(st.lists(st.sampled_from(list(KINDS)), max_size=3, unique=True))
    return {name: draw(st.none() | operands(name)) for name in names}


FILTERS = st.recursive(
    conditions() | conditions() | short_forms(),
    lambda parts: (
        st.lists(parts, min_size=1, max_size=3).map(lambda listed: {"and": listed})
        | st.lists(parts, min_size=1, max_size=3).map(lambda listed: {"or": listed})
        | parts.map(lambda part: {"not": part})
    ),
    max_leaves=6,
)

EVALUATION = Evaluation(
    read=lambda name, value: KINDS[name].read(value),
    order=lambda name, value: KINDS[name].order(value),
    zone=ZONE,
)


@settings(
    max_examples=int(os.environ.get("JITTASK_TEST_EXAMPLES", "150")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(rows=ROWS, filter=FILTERS, odd=st.sampled_from(sorted(ODD_SETTINGS)))
def test_a_filter_matches_the_rows_that_python_matches(
    session: psycopg.Connection, rows: list[dict[str, Any]], filter: dict[str, Any], odd: str
) -> None:
    if not has_citext(session):
        assume('"e"' not in json.dumps(filter))
    columns = sql.SQL(", ").join(
        sql.SQL("{} {}").format(
            sql.Identifier(name),
            sql.SQL("text" if name == "e" and not has_citext(session) else kind.sql),
        )
        for name, kind in KINDS.items()
    )
    with session.transaction(force_rollback=True):
        session.execute("""
            create type mood as enum ('sad', 'so-so', 'happy');
            create domain d_mood as mood;
            create domain d_int8 as int8;
        """)
        session.execute(sql.SQL("create table t (id int primary key, {})").format(columns))
        with session.cursor() as cursor:
            cursor.executemany(
                sql.SQL("insert into t values ({})").format(
                    sql.SQL(", ").join(sql.Placeholder() * (len(KINDS) + 1))
                ),
                [(number, *(row[name] for name in KINDS)) for number, row in enumerate(rows)],
            )
        session.execute(ODD_SETTINGS[odd])
        found = matching(session, json.loads(json.dumps(filter)), timezone=ZONE.key)
    assert found == [number for number, row in enumerate(rows) if EVALUATION.verdict(filter, row) is True]
