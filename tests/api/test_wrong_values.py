"""Values that no definition can have: each is refused by name before anything is written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from jittask_pg import JitTask, cron, daily, days, every, hours
from jittask_pg.errors import InvalidValueError
from tests.support.schedule import value

CIRCLE: list[Any] = []
CIRCLE.append(CIRCLE)


def schedule(**options: Any) -> Callable[[JitTask], object]:
    return lambda jt: jt.schedule(options.pop("name", "t"), "a.b", daily(at="09:00"), **options)


def of_source(source: str) -> Callable[[JitTask], object]:
    return lambda jt: jt.schedule("t", None, daily(at="09:00"), source=source)


REFUSED: dict[str, tuple[Callable[[JitTask], object], str]] = {
    "NUL in the name": (schedule(name="a\0"), r'name is "a\u0000"'),
    "lone surrogate in the name": (schedule(name="\ud800"), r'name is "\ud800"'),
    "NUL in the zone": (schedule(timezone="UTC\0"), r'timezone is "UTC\u0000"'),
    "NUL in the cron expression": (
        lambda jt: jt.schedule("t", "a.b", cron("\0 9 * * *")),
        r'cron is "\u0000 9',
    ),
    "NUL in the args": (schedule(args={"a": ["\0"]}), "args.a[0] is"),
    "lone surrogate in the args": (schedule(args={"a": "\udc80"}), "args.a is"),
    "args that hold themselves": (schedule(args={"a": CIRCLE}), "args is nested too deeply"),
    "a number of thousands of digits": (schedule(args={"a": 10**5000}), "args.a is a number"),
    "a filter that holds itself": (
        lambda jt: jt.on_date("c.d", "a.b", where={"d": CIRCLE}),
        "nested too deeply",
    ),
    "the longest timedelta": (schedule(timeout=timedelta.max), "timeout is"),
    "a period beyond int": (lambda jt: jt.schedule("t", "a.b", every("99999999999 days")), "period is"),
    "parts beyond timedelta": (lambda jt: jt.schedule("t", "a.b", every(days=1e12)), "days=1000000000000.0"),
    "a part that is no number": (lambda jt: jt.schedule("t", "a.b", every(days="x")), "days='x'"),  # type: ignore[arg-type]
    "days of text": (lambda jt: days("x"), "days(x)"),  # type: ignore[arg-type]
    "hours of nothing": (lambda jt: hours(float("nan")), "hours(nan)"),
    "source that is no Python": (of_source("def run(:"), "source is no Python in line 1"),
    "source with NUL": (of_source("def run(): ...\0"), "source is no Python"),
    "source without run": (of_source("def walk(): ..."), "source defines no function run"),
    "enqueue_many without a list": (lambda jt: jt.enqueue_many("a.b", 5), 'args is "5"'),  # type: ignore[arg-type]
    "NUL in a dedupe_key": (lambda jt: jt.enqueue("a.b", dedupe_key="\0"), r'dedupe_key is "\u0000"'),
}


@pytest.mark.parametrize("case", REFUSED)
def test_it_is_refused_by_name_and_nothing_is_written(
    case: str, database: str, connection: psycopg.Connection
) -> None:
    act, message = REFUSED[case]
    with pytest.raises(InvalidValueError) as caught:
        act(JitTask(database))
    assert message in str(caught.value)
    assert caught.value.way_out
    assert (
        value(connection, "select (select count(*) from jittask.task) + count(*) from jittask.due_queue") == 0
    )


@pytest.mark.parametrize(
    "source",
    [
        "def run(): ...",
        "async def run(row): ...",
        "from app import run",
        "from app import go as run",
        "run = print",
        "if True:\n  def run(): ...",
        "from app import *",
    ],
)
def test_source_that_may_define_run_is_taken(source: str, database: str) -> None:
    jt = JitTask(database)
    jt.schedule("t", None, daily(at="09:00"), source=source)
    jt.remove("t")
