"""Scheduled tasks: the start and the rule that a caller gives become the instant at which the series begins.

What needs the database's clock or its zones is asked of it in steps, between which nothing is decided.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, time
from decimal import Decimal
from typing import Any, cast

from .. import statements
from ..connections import Steps
from ..errors import InvalidValueError
from ..rule import Anchor, Rule
from .moments import Moment, last_instant_of

__all__ = ["scheduled_steps"]

_ANCHOR_STEPS = 16


def scheduled_steps(
    name: str, columns: Mapping[str, object], rule: Rule, start: Moment | None, end: Moment | None
) -> Steps[str]:
    """Defines a scheduled task; returns its name.

    Args:
        name: the task.
        columns: checked columns, apart from rule, start and end.
        rule: how often it runs.
        start: its start; None = from now on, or as it stands where the task exists and the rule is the same.
        end: its end; a whole day = through that day.
    """
    timezone = cast("str | None", columns.get("timezone"))
    if start is None and rule.repeat == "none":
        raise InvalidValueError(
            "start is missing", "A task that does not repeat runs at its start", "Give start=, or a rule"
        )
    start_at = yield from _start(name, rule, start, timezone)
    end_at = None if end is None else (yield from last_instant_of(end, timezone, "end"))
    if end_at is not None and datetime.fromisoformat(end_at) < datetime.fromisoformat(start_at):
        raise InvalidValueError(
            f'end is "{end_at}", which is before the start "{start_at}"', None, "Give an end after the start"
        )
    yield statements.tasks.define(
        {
            **columns,
            **rule.columns(),
            "name": name,
            "kind": "scheduled",
            "start_at": start_at,
            "end_at": end_at,
        }
    )
    return name


def _start(name: str, rule: Rule, start: Moment | None, timezone: str | None) -> Steps[str]:
    # The server tells the time: its clock, its zones. Only the arithmetic of days is done here.
    rows = yield statements.times.task_start(
        name, timezone, None if start is None else start.instant, None if start is None else start.local
    )
    base_at, local, given, kept_at, kept_local, *kept_rule = rows[0]
    same = kept_at is not None and _is_same(rule, kept_rule)
    if rule.repeat in ("none", "interval", "cron") or not rule.names_its_times:
        if given:
            return str(base_at)
        return str(kept_at) if same else _whole_second(str(base_at))
    begins = datetime.fromisoformat(str(local))
    default_at = begins.time().replace(microsecond=0) if given else time(0)
    if rule.repeat != "hourly" and rule.at is None:
        rule = replace(rule, at=default_at)
    if not given and same and rule.fits(datetime.fromisoformat(str(kept_local))):
        return str(kept_at)
    return (yield from _first_anchor(rule, begins, datetime.fromisoformat(str(base_at)), given, timezone))


def _is_same(rule: Rule, kept: list[Any]) -> bool:
    repeat, every, period, cron, month_overflow = kept
    seconds = None if rule.period is None else Decimal(str(rule.period.total_seconds()))
    return (repeat, every, cron, month_overflow) == (
        rule.repeat,
        rule.each,
        rule.expression,
        rule.month_overflow,
    ) and (None if period is None else Decimal(period)) == seconds


def _whole_second(instant: str) -> str:
    return datetime.fromisoformat(instant).replace(microsecond=0).isoformat()


def _first_anchor(
    rule: Rule, begins: datetime, base_at: datetime, given: bool, timezone: str | None
) -> Steps[str]:
    # The first occurrence is the first candidate at or after the start. It can be the anchor only if it has
    # the day and the time that the rule names: a series anchored on the 28th of February would stay on the
    # 28th, one anchored in a gap of the clock would stay an hour late.
    near = [(step, anchor) for step in range(-1, 4) if (anchor := rule.anchor(begins, step, time(0)))]
    answers = yield from _instants([anchor for _, anchor in near], timezone)
    found = next(
        (
            (step, instant, exact)
            for (step, _), (instant, exact) in zip(near, answers, strict=True)
            if datetime.fromisoformat(instant) >= base_at
        ),
        None,
    )
    if found is not None and found[2]:
        return found[1]
    if found is not None:
        # From now on: an anchor in the past never fires itself. From a given start on, none may lie before.
        behind = [-step for step in range(1, _ANCHOR_STEPS)] if not given else []
        ahead = list(range(1, _ANCHOR_STEPS))
        others = [
            anchor
            for distance in behind + ahead
            if (anchor := rule.anchor(begins, found[0] + distance * rule.each, time(0)))
        ]
        for instant, exact in (yield from _instants(others, timezone)):
            if exact:
                return instant
    raise InvalidValueError(
        f'The rule has no first occurrence after "{base_at.isoformat()}"',
        f"{rule.repeat}, every {rule.each}",
        "Give a start on a day that the rule names",
    )


def _instants(anchors: list[Anchor], timezone: str | None) -> Steps[list[tuple[str, bool]]]:
    if not anchors:
        return []
    rows = yield statements.times.instants([anchor.local.isoformat() for anchor in anchors], timezone)
    return [
        (str(instant), bool(same) and anchor.exact)
        for anchor, (instant, same) in zip(anchors, rows, strict=True)
    ]
