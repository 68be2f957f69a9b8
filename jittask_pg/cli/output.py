"""How answers look: tables for people, JSON for programs."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from secrets import token_hex
from typing import Any, cast
from uuid import UUID

import click

__all__ = ["answer", "answer_rows", "counted", "json_text", "length", "named", "shown", "shown_instant"]

Row = Mapping[str, object]

_MARK = re.compile(r'"([0-9a-f]{32})"')


def named(names: Iterable[str], rows: Iterable[tuple[Any, ...]]) -> list[dict[str, Any]]:
    """Rows of an answer with names for their columns."""
    return [dict(zip(names, row, strict=True)) for row in rows]


def answer(as_json: bool, value: Row, sentence: str) -> None:
    """Answer with one object: as JSON, or the sentence that says the same."""
    click.echo(json_text(value) if as_json else sentence)


def answer_rows(as_json: bool, rows: Sequence[Row], columns: Mapping[str, str], nothing: str) -> None:
    """Answer with rows.

    Args:
        as_json: True = an array of whole rows; False = a table.
        rows: values by name.
        columns: the table's headings by the name of what is below them, in order.
        nothing: what to say to people where there is no row.
    """
    if as_json:
        click.echo(json_text(rows, indent=2))
        return
    if not rows:
        click.echo(nothing)
        return
    cells = [[shown(row[name]) for name in columns] for row in rows]
    headings = list(columns.values())
    widths = [
        max(_width(heading), *(_width(line[index]) for line in cells))
        for index, heading in enumerate(headings)
    ]
    numeric = [all(isinstance(row[name], int | float | None) for row in rows) for name in columns]
    for line in [headings, *cells]:
        padded = (
            _pad(cell, width, right=right) for cell, width, right in zip(line, widths, numeric, strict=True)
        )
        click.echo("  ".join(padded).rstrip())


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """A number with its noun: 1 task, 2 tasks."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def json_text(value: object, indent: int | None = None) -> str:
    """A value as JSON; decimals as numbers with all their digits, which ``json`` itself cannot write."""
    decimals: dict[str, str] = {}
    text = json.dumps(_plain(value, decimals), ensure_ascii=False, indent=indent)
    return _MARK.sub(lambda found: decimals.get(found[1], found[0]), text) if decimals else text


def shown(value: object) -> str:
    """A value as a table shows it."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            return shown_instant(value)
        case timedelta():
            return length(value)
        case list() if all(isinstance(item, str) for item in cast("list[object]", value)):
            return ", ".join(cast("list[str]", value))
        case dict() | list():
            return json_text(cast("object", value))
        case _:
            return " ".join(str(value).split())


def shown_instant(instant: datetime) -> str:
    """An instant in the offset it carries; fractions only where there are some."""
    text = instant.isoformat(sep=" ", timespec="milliseconds" if instant.microsecond else "seconds")
    # +08 rather than +08:00, as psql writes it.
    return text.removesuffix(":00") if text[-6:-5] in "+-" else text


def length(value: timedelta) -> str:
    """A length of time for people: 340 ms, 2.5 s, 3 min 20 s, 2 h 5 min, 3 d 4 h."""
    seconds = value.total_seconds()
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    for size, name, next_size, next_name in (
        (86400, "d", 3600, "h"),
        (3600, "h", 60, "min"),
        (60, "min", 1, "s"),
    ):
        if whole >= size:
            rest = whole % size // next_size
            return f"{whole // size} {name}" + (f" {rest} {next_name}" if rest else "")
    return f"{whole} s"


def _plain(value: object, decimals: dict[str, str]) -> object:
    match value:
        case datetime() | date():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case Decimal() if value.is_finite():
            mark = token_hex(16)
            decimals[mark] = str(value)
            return mark
        case Decimal() | UUID():
            return str(value)
        case Mapping():
            held = cast("Mapping[object, object]", value)
            return {str(key): _plain(item, decimals) for key, item in held.items()}
        case list() | tuple():
            return [_plain(item, decimals) for item in cast("Sequence[object]", value)]
        case _:
            return value


def _width(text: str) -> int:
    # Chinese, Japanese and Korean characters take two columns of a terminal.
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )


def _pad(text: str, width: int, *, right: bool) -> str:
    space = " " * (width - _width(text))
    return space + text if right else text + space
