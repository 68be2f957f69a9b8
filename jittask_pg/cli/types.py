"""Kinds of values that options take; a wrong one is a wrong usage and is refused before anything happens."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import Any

import click
from click.shell_completion import CompletionItem

from ..api.moments import elapsed_text, interval_text, moment_of
from ..errors import InvalidValueError, JitTaskError
from ..rules import time_of_day

__all__ = [
    "DAY",
    "ELAPSED",
    "JSON_KEY",
    "JSON_OBJECT",
    "LENGTH",
    "MOMENT",
    "OCCURRENCE_ID",
    "TASK_NAME",
    "TIME_OF_DAY",
    "WEEKDAYS",
    "WEEKDAY_NAMES",
    "YEARS",
    "day_of",
    "json_object",
    "keyword_pairs",
    "weekdays",
]


class _Read(click.ParamType):  # pyright: ignore[reportMissingTypeArgument]  # generic in newer releases only
    """A value that a function reads; its refusal is a usage error."""

    def __init__(self, name: str, read: Callable[[str, str], Any]) -> None:
        self.name = name
        self._read = read

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return self._read(value, (param.name if param else None) or self.name)
        except InvalidValueError as error:
            self.fail(
                ". ".join(part for part in (error.fact, error.value, error.way_out) if part), param, ctx
            )


class _TaskName(click.ParamType):  # pyright: ignore[reportMissingTypeArgument]
    name = "task"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        from .. import statements
        from .session import Session

        session = Session(ctx.params.get("dsn"), as_json=False)
        try:
            names = [str(row[0]) for row in session.run(statements.tasks.names())]
        except JitTaskError:
            # Completion has nowhere to complain: the command itself will.
            return []
        finally:
            session.close()
        return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def json_object(text: str, field: str) -> str:
    """The text, where it is a JSON object.

    Raises:
        InvalidValueError: it is none.
    """
    value = _json(text, field)
    if not isinstance(value, dict):
        raise InvalidValueError(
            f'{field} is "{text}", which is no JSON object', None, 'Write {"name": value}'
        )
    return text


def _json_key(text: str, field: str) -> str:
    # A bare word is a key too: --key 7, --key A-17.
    try:
        json.loads(text)
    except ValueError:
        if text.lstrip()[:1] in ("{", "["):
            _json(text, field)
        return json.dumps(text, ensure_ascii=False)
    return text


def _json(text: str, field: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise InvalidValueError(
            f'{field} is "{text[:80]}", which is no JSON', reason, 'Write {"name": value}'
        ) from None


WEEKDAY_NAMES = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


def weekdays(text: str, field: str) -> tuple[int, ...]:
    """Read weekdays: sat,sun; in order, 0 = Sunday.

    Raises:
        InvalidValueError: a word names none.
    """
    found: set[int] = set()
    for word in filter(None, re.split(r"[,\s]+", text.lower())):
        if word in ("none", "-"):
            continue
        match = [number for number, name in enumerate(WEEKDAY_NAMES) if word.startswith(name)]
        if not match:
            raise InvalidValueError(
                f'{field} names "{word}", which is no weekday', None, "Write sat,sun, or none"
            )
        found.update(match)
    return tuple(sorted(found))


def _years(text: str, field: str) -> tuple[int, ...]:
    match = re.fullmatch(r"(\d{4})(?:(?:\.\.|-)(\d{4}))?", text.strip())
    first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
    if last < first:
        raise InvalidValueError(
            f'{field} is "{text}", which is no run of years', None, "Write 2026 or 2026..2030"
        )
    return tuple(range(first, last + 1))


def day_of(value: object, field: str) -> str:
    """Read a day, given as ISO text or a date; ISO text.

    Raises:
        InvalidValueError: it is none.
    """
    moment = moment_of(value, field)
    if moment.whole_day is None:
        raise InvalidValueError(f'{field} is "{value}", which is no day', None, "Write 2026-12-31")
    return moment.whole_day.isoformat()


def keyword_pairs(pairs: Iterable[str]) -> dict[str, object]:
    """Arguments given one by one as KEY=VALUE; a value that is JSON is read as such, else it is text."""
    args: dict[str, object] = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not equals or not key:
            raise click.BadParameter(f'"{pair}" is not KEY=VALUE', param_hint="--arg")
        try:
            args[key] = json.loads(text)
        except (ValueError, RecursionError):
            args[key] = text
    return args


class _OccurrenceId(click.IntRange):
    name = "occurrence id"


OCCURRENCE_ID = _OccurrenceId(1, 9_223_372_036_854_775_807)
"""What a bigint holds."""
MOMENT = _Read("moment", moment_of)
LENGTH = _Read("length", interval_text)
ELAPSED = _Read("length", elapsed_text)
TIME_OF_DAY = _Read("time", lambda text, field: time_of_day(text, field).isoformat())
JSON_OBJECT = _Read("json", json_object)
JSON_KEY = _Read("key", _json_key)
WEEKDAYS = _Read("weekdays", weekdays)
YEARS = _Read("years", _years)
DAY = _Read("day", day_of)
TASK_NAME = _TaskName()
