"""What SQLAlchemy conditions say as filters, and that the database means the same by them."""

from __future__ import annotations

import enum
import json
import uuid
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from sqlalchemy import Enum, Text, TypeDecorator, and_, func, literal, not_, or_, select
from sqlalchemy.orm import DeclarativeBase, Mapped, aliased, mapped_column

from jittask_pg import InvalidValueError, filter_of


class Grade(enum.Enum):
    GOOD = "good"
    BAD = "bad"


class Lowered(TypeDecorator[str]):
    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:
        return None if value is None else value.lower()


class Base(DeclarativeBase):
    pass


class Contract(Base):
    __tablename__ = "contract"
    id: Mapped[int] = mapped_column(primary_key=True)
    status: Mapped[str | None] = mapped_column("state")
    amount: Mapped[Decimal | None]
    limit: Mapped[Decimal | None] = mapped_column("cap")
    active: Mapped[bool | None]
    grade: Mapped[Grade | None] = mapped_column(Enum(Grade, native_enum=False))
    code: Mapped[str | None] = mapped_column(Lowered)
    expires_on: Mapped[date | None]
    signed_at: Mapped[datetime | None]


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)


C = Contract
is_null = {"field": "active", "op": "is_null"}


def cmp(field: str, op: str, value: object) -> dict[str, object]:
    return {"field": field, "op": op, "value": value}


CASES: list[tuple[Any, dict[str, object]]] = [
    (C.status == "active", cmp("state", "=", "active")),
    (C.status != "active", cmp("state", "!=", "active")),
    (C.amount >= Decimal("100.50"), cmp("amount", ">=", 100.5)),
    (C.amount < 100, cmp("amount", "<", 100)),
    (literal(100) < C.amount, cmp("amount", ">", 100)),
    (C.amount > C.limit, cmp("amount", ">", {"field": "cap"})),
    (C.status.is_(None), {"field": "state", "op": "is_null"}),
    (C.status == None, {"field": "state", "op": "is_null"}),  # noqa: E711
    (C.status.is_not(None), {"field": "state", "op": "is_not_null"}),
    (C.active, cmp("active", "=", True)),
    (~C.active, cmp("active", "=", False)),
    (C.active.is_(True), cmp("active", "=", True)),
    (C.active.is_not(True), {"or": [cmp("active", "=", False), is_null]}),
    (C.active == True, cmp("active", "=", True)),  # noqa: E712
    (C.status.in_(["a", "b"]), cmp("state", "in", ["a", "b"])),
    (C.status.not_in(["a"]), cmp("state", "not_in", ["a"])),
    (~C.status.in_(["a"]), cmp("state", "not_in", ["a"])),
    (C.amount.between(1, 2), cmp("amount", "between", [1, 2])),
    (~C.amount.between(1, 2), {"not": cmp("amount", "between", [1, 2])}),
    (C.status.like("a%"), cmp("state", "like", "a%")),
    (C.status.ilike("A%"), cmp("state", "ilike", "A%")),
    (~C.status.like("a%"), {"not": cmp("state", "like", "a%")}),
    (C.status.like("a/%b%", escape="/"), cmp("state", "like", "a\\%b%")),
    (C.status.startswith("a"), cmp("state", "starts_with", "a")),
    (C.status.startswith("a%b", autoescape=True), cmp("state", "starts_with", "a%b")),
    (C.status.startswith("a%b"), cmp("state", "like", "a%b%")),
    (C.status.endswith("z"), cmp("state", "like", "%z")),
    (C.status.contains("50%", autoescape=True), cmp("state", "like", "%50\\%%")),
    (C.status.icontains("x"), cmp("state", "ilike", "%x%")),
    (C.grade == Grade.GOOD, cmp("grade", "=", "GOOD")),
    (C.code == "ABC", cmp("code", "=", "abc")),
    (C.expires_on > date(2026, 3, 1), cmp("expires_on", ">", "2026-03-01")),
    (C.signed_at > datetime(2026, 3, 1, 9, tzinfo=UTC), cmp("signed_at", ">", "2026-03-01T09:00:00+00:00")),
    (
        and_(C.status == "a", or_(C.amount > 1, C.amount.is_(None))),
        {
            "and": [
                cmp("state", "=", "a"),
                {"or": [cmp("amount", ">", 1), {"field": "amount", "op": "is_null"}]},
            ]
        },
    ),
    (
        not_(and_(C.status == "a", C.amount > 1)),
        {"not": {"and": [cmp("state", "=", "a"), cmp("amount", ">", 1)]}},
    ),
    ((C.status == "a") & (C.amount > 1), {"and": [cmp("state", "=", "a"), cmp("amount", ">", 1)]}),
    (Contract.__table__.c.state == "a", cmp("state", "=", "a")),
]


@pytest.fixture(scope="module")
def contract(database: str) -> psycopg.Connection:
    session = psycopg.connect(database, autocommit=True)
    session.execute(
        "create table if not exists contract (id int primary key, state text, amount numeric, cap numeric,"
        " active bool, grade text, code text, expires_on date, signed_at timestamptz)"
    )
    return session


@pytest.mark.parametrize(("condition", "expected"), CASES, ids=[str(number) for number in range(len(CASES))])
def test_a_condition_becomes_the_filter_that_says_it(
    contract: psycopg.Connection, condition: Any, expected: dict[str, object]
) -> None:
    assert filter_of(condition, "contract") == expected
    compiled = contract.execute(
        "select jittask.compile_filter(%s::jsonb, 'contract', 'UTC')", [json.dumps(expected)]
    ).fetchone()
    assert compiled is not None


def test_several_conditions_are_joined_by_and() -> None:
    assert filter_of([C.status == "a", {"amount": 1}], "contract") == {
        "and": [cmp("state", "=", "a"), {"amount": 1}]
    }
    assert filter_of([], "contract") is None
    assert filter_of(None, "contract") is None


def test_a_dict_is_the_filter_itself_with_values_that_json_holds() -> None:
    key = uuid.UUID(int=7)
    assert filter_of(
        {"a": Decimal("1.25"), "b": date(2026, 1, 2), "c": key, "d": None, "e": Grade.BAD}, "contract"
    ) == {"a": 1.25, "b": "2026-01-02", "c": str(key), "d": None, "e": "bad"}
    assert filter_of({"and": [{"t": time(9)}, {"b": b"\x01"}]}, "contract") == {
        "and": [{"t": "09:00:00"}, {"b": "\\x01"}]
    }
    assert filter_of({"n": Decimal("0.1234567890123456789")}, "contract") == {"n": "0.1234567890123456789"}
    assert filter_of({"d": timedelta(days=1)}, "contract") == {"d": "1 days 0.000000 seconds"}


@pytest.mark.parametrize(
    ("condition", "named"),
    [
        (C.signed_at > func.now(), "now()"),
        (func.lower(C.status) == "a", "lower"),
        (C.amount + 1 > 2, "plain column"),
        (C.id.in_(select(Order.id)), "list of values"),
        (C.status.in_([]), "empty list"),
        (Order.id == 7, "another table"),
        (aliased(C).status == "a", "no column of a table"),
        (C.status.op("~")("a"), "operator that filters do not have"),
        (C.amount == float("nan"), "nan"),
        ({"a": object()}, "object"),
        ({7: 1}, "key"),
        ("status = 'a'", "no condition"),
        (True, "no condition"),
    ],
)
def test_what_a_filter_cannot_say_is_refused_by_name(condition: Any, named: str) -> None:
    with pytest.raises(InvalidValueError, match=r"^where") as refusal:
        filter_of(condition, "contract")
    assert named in str(refusal.value)
    assert refusal.value.way_out
