"""The folder of a task: ``task.toml`` with its columns, ``inner.py`` with its source."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import tomli_w

from ... import statements
from ...api.moments import interval_text, moment_of
from ...errors import InvalidValueError
from ...handlers import check_source
from ...rules import time_of_day
from ..output import json_text
from ..task_columns import complete
from ..types import json_object
from .names import CALENDARS, SOURCE_FILE, TASK_FILE, folder_of
from .toml_file import TomlFile, blamed, read_text, read_toml

__all__ = ["DEFAULTS", "TaskFolder", "read_folder", "task_files", "task_folders"]

DEFAULTS: Mapping[str, str] = {
    "args": "{}",
    "repeat": "none",
    "every": "1",
    "month_overflow": "clamp",
    "skip_holidays": "none",
    "holiday_policy": "next_workday",
    "start_offset": "00:00:00",
    "past_due": "ignore",
    "queue": "default",
    "priority": "100",
    "max_attempts": "1",
    "retry_delay": "00:00:10",
    "isolation": "thread",
    "transactional": "false",
    "overlap": "skip",
    "misfire": "latest",
    "misfire_grace": "00:01:00",
    "misfire_cap": "100",
    "catchup_window": "1 day",
    "capture_log": "false",
}
"""The defaults of ``jittask.task`` as Postgres writes them; a column that is not here is null by default."""

_TYPES: Mapping[str, str] = {
    column: spelling.rpartition(" as ")[2].rstrip(")")
    for column, spelling in statements.tasks.COLUMNS.items()
}
_MOST_INT = 2_147_483_647
_TOML_INTS = range(-(2**63), 2**63)
_DEEPEST = 8


@dataclass(frozen=True, slots=True)
class TaskFolder:
    """A task as its folder defines it.

    Attributes:
        path: the folder.
        name: the task's.
        columns: what the files give, and what that implies; times may be a `Moment`.
        file: ``task.toml``, for errors.
    """

    path: Path
    name: str
    columns: dict[str, object]
    file: TomlFile


def task_folders(directory: Path) -> list[Path]:
    """The folders in `directory` that are a task's, by name.

    Raises:
        InvalidValueError: the directory cannot be read, or one holds a source without a ``task.toml``.
    """
    with blamed(directory):
        found = sorted(
            path for path in directory.iterdir() if not path.name.startswith(".") and path.name != CALENDARS
        )
    for path in found:
        if (path / SOURCE_FILE).exists() and not (path / TASK_FILE).exists():
            raise InvalidValueError(
                f"{path}: there is {SOURCE_FILE}, but no {TASK_FILE}", None, f"Add {TASK_FILE}"
            )
    return [path for path in found if (path / TASK_FILE).exists()]


def read_folder(path: Path) -> TaskFolder:
    """Read a task's folder.

    Raises:
        InvalidValueError: a file cannot be read, or holds what no column takes.
    """
    file, source = read_toml(path / TASK_FILE), path / SOURCE_FILE
    with file.blamed("source"):
        if "source" in file.values:
            raise InvalidValueError("source has a file of its own", None, f"Put it into {source}")
    file.check_keys([column for column in statements.tasks.COLUMNS if column != "source"])
    columns: dict[str, object] = {}
    for column, value in file.values.items():
        with file.blamed(column):
            columns[column] = _READERS[_TYPES[column]](value, column)
    name = str(columns.setdefault("name", path.name))
    with file.blamed("name"):
        if folder_of(name) != path.name:
            raise InvalidValueError(
                f'name is "{name}", but the folder is "{path.name}"',
                None,
                f'Call the folder "{folder_of(name)}"',
            )
    if source.exists():
        with file.blamed("handler"):
            if "handler" in columns:
                raise InvalidValueError(
                    f"handler is given, but there is {SOURCE_FILE} too", None, "Keep one of the two"
                )
        columns["source"] = read_text(source)
        with blamed(source):
            check_source(str(columns["source"]))
    return TaskFolder(path, name, complete(columns), file)


def task_files(row: Mapping[str, str | None]) -> dict[str, str | None]:
    """The files that define a task: text by name, None = there is none.

    Args:
        row: by column, the texts that Postgres writes for what is stored, instants as they are to be read.
    """
    name = str(row["name"])
    values: dict[str, object] = {} if folder_of(name) == name else {"name": name}
    # A calendar alone would imply another value than the default.
    always = ("skip_holidays",) if row["calendar"] is not None else ()
    for column, text in row.items():
        if column not in ("name", "source") and (text != DEFAULTS.get(column) or column in always):
            values[column] = _WRITERS.get(_TYPES[column], str)(str(text))
    return {TASK_FILE: tomli_w.dumps(values), SOURCE_FILE: row["source"]}


def _text(value: object, column: str) -> str:
    if not isinstance(value, str):
        raise InvalidValueError(f'{column} is "{value}", which is no text', None, "Write it in quotes")
    return value


def _whole_number(value: object, column: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > _MOST_INT:
        raise InvalidValueError(
            f'{column} is "{value}"', None, f"Write a whole number of {_MOST_INT} at most, without quotes"
        )
    return value


def _truth(value: object, column: str) -> bool:
    if not isinstance(value, bool):
        raise InvalidValueError(f'{column} is "{value}"', None, "Write true or false, without quotes")
    return value


def _length(value: object, column: str) -> str:
    # Checked only: Postgres reads it to the microsecond, also where it counts centuries.
    interval_text(cast("str", value), column)
    return _text(value, column)


def _time(value: object, column: str) -> str:
    return time_of_day(cast("str", value), column).isoformat()


def _json(value: object, column: str) -> str:
    if isinstance(value, str):
        return json_object(value, column)
    if not isinstance(value, dict):
        raise InvalidValueError(
            f'{column} is "{value}"',
            None,
            f"Write a table [{column}], or JSON in quotes: '{{\"name\": null}}'",
        )
    _check_json(cast("object", value), column)
    return json_text(cast("object", value))


def _check_json(value: object, place: str) -> None:
    match value:
        case dict():
            for key, item in cast("dict[str, object]", value).items():
                _check_json(item, f"{place}.{key}")
        case list():
            for item in cast("list[object]", value):
                _check_json(item, place)
        case datetime() | date() | time():
            raise InvalidValueError(
                f"{place} is {value}, a time of TOML, which JSON has not", None, "Write it in quotes"
            )
        case Decimal() if not value.is_finite():
            raise InvalidValueError(f"{place} is {value}, which JSON has not", None, "Write a number")
        case _:
            pass


def _table(text: str) -> object:
    """The value of a JSON text where TOML can hold it, else the text."""
    try:
        value: object = json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError):
        return text
    return value if _fits(value, 0) else text


def _fits(value: object, depth: int) -> bool:
    match value:
        case dict() | list():
            held = cast("dict[str, object] | list[object]", value)
            items = held.values() if isinstance(held, dict) else held
            return depth < _DEEPEST and all(_fits(item, depth + 1) for item in items)
        case int():
            return value in _TOML_INTS
        case _:
            return value is not None


_READERS: Mapping[str, Callable[[Any, str], object]] = {
    "text": _text,
    "int": _whole_number,
    "bool": _truth,
    "jsonb": _json,
    "interval": _length,
    "timestamptz": moment_of,
    "time": _time,
}
_WRITERS: Mapping[str, Callable[[str], object]] = {
    "int": int,
    "bool": lambda text: text == "true",
    "jsonb": _table,
}
