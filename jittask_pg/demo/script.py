"""What happens to the business meanwhile: plain SQL by somebody who knows nothing of the tasks.

Each step runs in a transaction of its own. The statements choose rows that fall due some seconds later, so
that nobody has to guess whether a change came before a run or after it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from psycopg.types.json import Jsonb
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from ..api import JitTask
from ..database import Connection
from . import tasks
from .business import ZONE
from .definitions import Day
from .models import Order

__all__ = ["Stage", "Step", "steps"]


@dataclass(frozen=True, slots=True)
class Stage:
    """What a step may use.

    Attributes:
        connection: a plain SQL session, inside the step's transaction.
        engine: what an application's own sessions come from.
        jt: the Python interface.
        day: when the tour happens.
        one_offs: where steps note the title and due time of one-offs that have to run.
    """

    connection: Connection
    engine: Engine
    jt: JitTask
    day: Day
    one_offs: list[tuple[str, datetime]] = field(default_factory=list[tuple[str, datetime]])


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens.

    Attributes:
        at: seconds after the day began.
        play: does it; returns what it did, for people. With `rolls_back` its transaction is undone then.
        rolls_back: whether it is undone.
        moves_dates: whether it may change what is due within the day.
    """

    at: float
    play: Callable[[Stage], str]
    rolls_back: bool = False
    moves_dates: bool = True


# The order that is due next, but not in the next four seconds.
_NEXT_UNPAID = """
select o.id
from orders o
where o.status = 'unpaid' and o.created_at > clock_timestamp() - interval '30 minutes' + interval '4 seconds'
order by o.created_at
limit 1
"""

_EXPIRING = """
select c.id
from contract c
where c.status = 'active' and c.expires_on = %(expires_on)s
order by c.id desc
limit 3
"""

_UNDER_REVIEW = "select c.id from contract c where c.review_until is not null order by c.id desc limit 2"


def _one(stage: Stage, sql: str, parameters: dict[str, object] | None = None) -> str:
    row = stage.connection.execute(sql.encode(), parameters).fetchone()
    assert row is not None, "the tables of the tour hold no such row"
    return str(row[0])


def _pay(stage: Stage) -> str:
    number = _one(
        stage,
        f"update orders set status = 'paid', paid_at = now() where id = ({_NEXT_UNPAID}) returning number",  # noqa: S608
    )
    return f"update orders: {number} is paid"


def _checkout(stage: Stage) -> str:
    number = _one(
        stage,
        """
        insert into orders (number, customer, email, amount)
        values ('SO-0900001', 'Mei Chen', 'mei.chen@example.com', 48.50)
        returning number
        """,
    )
    due_at = stage.day.begin + timedelta(seconds=8)
    title = f"receipt {number}"
    stage.connection.execute(
        "select jittask.enqueue('send_receipt', %s, due_at => %s, title => %s)",
        [Jsonb({"number": number}), due_at, title],
    )
    stage.connection.execute(
        "select jittask.enqueue('send_receipt', %s, due_at => %s, title => %s)",
        [Jsonb({"number": number}), stage.day.begin + timedelta(seconds=20), "second receipt"],
    )
    stage.one_offs.append((title, due_at))
    return f"insert into orders: {number}, and two one-offs enqueued in the same transaction"


def _change_of_mind(stage: Stage) -> str:
    paid = stage.connection.execute("update orders set status = 'paid' where status = 'unpaid'").rowcount
    gone = stage.connection.execute("delete from contract where id % 3 = 0").rowcount
    stage.connection.execute(
        "select jittask.enqueue('send_receipt', %s, due_at => %s, title => 'receipt of nobody')",
        [Jsonb({"number": "SO-0"}), stage.day.begin + timedelta(seconds=10)],
    )
    return f"{paid:,} orders paid, {gone:,} contracts deleted, a one-off enqueued: rolled back"


def _extend_many(stage: Stage) -> str:
    moved = stage.connection.execute(
        "update contract set expires_on = expires_on + 7 where city = 'Lyon' and status = 'active'"
    ).rowcount
    return f"update contract: {moved:,} contracts of Lyon expire a week later"


def _python_checkout(stage: Stage) -> str:
    due_at = stage.day.begin + timedelta(seconds=15)
    with Session(stage.engine) as session, session.begin():
        order = Order(
            number="SO-0900002",
            customer="Kofi Okafor",
            email="kofi.okafor@example.com",
            amount=21,
            created_at=stage.day.begin,
        )
        session.add(order)
        stage.jt.enqueue(
            tasks.send_receipt,
            number=order.number,
            due_at=due_at,
            title="receipt SO-0900002",
            connection=session,
        )
    stage.one_offs.append(("receipt SO-0900002", due_at))
    return "SQLAlchemy session: an order and its one-off, committed together"


def _contracts_of_today(stage: Stage) -> str:
    wanted = {"expires_on": _expires_on(stage)}
    ended, moved, deleted = [row[0] for row in stage.connection.execute(_EXPIRING, wanted).fetchall()]
    stage.connection.execute("update contract set status = 'terminated' where id = %s", [ended])
    stage.connection.execute("update contract set expires_on = expires_on + 365 where id = %s", [moved])
    stage.connection.execute("delete from contract where id = %s", [deleted])
    return "contract: one due today terminated, one renewed for a year, one deleted"


def _contract_moved_in(stage: Stage) -> str:
    number = _one(
        stage,
        """
        update contract set expires_on = %(expires_on)s
        where id = (select id from contract where status = 'active' and expires_on > %(expires_on)s + 100
                    order by id limit 1)
        returning number
        """,
        {"expires_on": _expires_on(stage)},
    )
    return f"update contract: {number} now expires in three days"


def _drop_order(stage: Stage) -> str:
    sql = f"delete from orders where id = ({_NEXT_UNPAID}) returning number"  # noqa: S608
    return "order deleted: " + _one(stage, sql)


def _reviews(stage: Stage) -> str:
    last, before = [row[0] for row in stage.connection.execute(_UNDER_REVIEW).fetchall()]
    stage.connection.execute(
        "update contract set review_until = review_until + interval '8 seconds' where id = %s", [last]
    )
    stage.connection.execute(
        "update contract set review_until = review_until - interval '4 seconds' where id = %s", [before]
    )
    return "update contract: one review goes on for 8 seconds more, one ends earlier"


def _python_change_of_mind(stage: Stage) -> str:
    with Session(stage.engine) as session:
        stage.jt.enqueue(
            tasks.send_receipt,
            number="SO-0900002",
            due_at=stage.day.begin + timedelta(seconds=16),
            title="receipt of nobody",
            connection=session,
        )
        session.rollback()
    return "SQLAlchemy session: a one-off enqueued, rolled back"


def _call_off(stage: Stage) -> str:
    answer = _one(
        stage,
        """
        select jittask.cancel(e.occurrence_id) from jittask.execution_record e
        where e.task_name = 'second receipt'
        """,
    )
    if answer != "cancelled":
        # So late that it had run before.
        stage.one_offs.append(("second receipt", stage.day.begin + timedelta(seconds=20)))
    return f"select jittask.cancel(…): the second receipt is {answer}"


def _more_time(stage: Stage) -> str:
    number = _one(
        stage,
        f"""
        update orders set created_at = created_at + interval '10 minutes'
        where id = ({_NEXT_UNPAID}) returning number
        """,  # noqa: S608
    )
    return f"update orders: {number} gets ten minutes more"


def _other_columns(stage: Stage) -> str:
    changed = stage.connection.execute(
        "update contract set amount = amount * 1.02 where city in ('Osaka', 'Porto')"
    ).rowcount
    return f"update contract: {changed:,} amounts raised, no date touched"


def _copy(stage: Stage) -> str:
    created_at = stage.day.end - timedelta(minutes=30, seconds=2)
    with (
        stage.connection.cursor() as cursor,
        cursor.copy("copy orders (number, customer, email, amount, created_at) from stdin") as copy,
    ):
        for n in range(3):
            copy.write_row([f"SO-095000{n}", "Ruth Moreau", f"ruth{n}@example.com", "9.90", created_at])
    return "copy orders: three old orders arrive from another shop"


def _expires_on(stage: Stage) -> object:
    row = stage.connection.execute(
        "select (%s at time zone %s)::date + 3", [stage.day.remind_at, ZONE]
    ).fetchone()
    assert row is not None
    return row[0]


def steps(day: Day) -> list[Step]:
    """The steps in order, spread over the day."""
    told = [
        Step(0, _pay),
        Step(0, _checkout, moves_dates=False),
        Step(0, _extend_many),
        Step(0, _contracts_of_today),
        Step(0, _change_of_mind, rolls_back=True),
        Step(0, _reviews),
        Step(0, _contract_moved_in),
        Step(0, _python_checkout, moves_dates=False),
        Step(0, _drop_order),
        Step(0, _python_change_of_mind, moves_dates=False),
        Step(0, _pay),
        Step(0, _call_off, moves_dates=False),
        Step(0, _other_columns),
        Step(0, _more_time),
        Step(0, _copy),
    ]
    apart = ((day.end - day.begin).total_seconds() - 6) / (len(told) - 1)
    return [replace(step, at=1 + number * apart) for number, step in enumerate(told)]
