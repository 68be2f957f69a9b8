"""The file of a calendar: its weekend and where its holidays come from, and the days marked by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import tomli_w

from ...errors import InvalidValueError
from ..types import WEEKDAY_NAMES, day_of, weekdays
from .names import CALENDARS, folder_of
from .toml_file import TomlFile, blamed, read_toml

__all__ = ["Calendar", "calendar_files", "calendar_path", "calendar_text", "read_calendar"]

_USUAL_WEEKEND = (0, 6)


@dataclass(frozen=True, slots=True)
class Calendar:
    """A calendar without its synced days.

    Attributes:
        name: its name.
        country: ISO 3166-1 code, or None.
        subdivision: ISO 3166-2 code without the country, or None.
        weekend: free weekdays in order, 0 = Sunday.
        days: by ISO day, whether it is worked, and what it is called.
    """

    name: str
    country: str | None
    subdivision: str | None
    weekend: tuple[int, ...]
    days: Mapping[str, tuple[bool, str | None]]

    def texts(self) -> dict[str, str | None]:
        """What people compare: a text for each column and each day."""
        return {
            "country": self.country,
            "subdivision": self.subdivision,
            "weekend": ", ".join(WEEKDAY_NAMES[weekday] for weekday in self.weekend) or "none",
            **{
                day: ("worked" if working else "free") + ("" if note is None else f", {note}")
                for day, (working, note) in sorted(self.days.items())
            },
        }


def calendar_path(directory: Path, name: str) -> Path:
    """Where the file of a calendar is."""
    return directory / CALENDARS / f"{folder_of(name)}.toml"


def calendar_files(directory: Path) -> list[Path]:
    """The calendars' files, by name."""
    folder = directory / CALENDARS
    with blamed(folder):
        return sorted(folder.glob("[!.]*.toml")) if folder.is_dir() else []


def read_calendar(path: Path) -> tuple[Calendar, TomlFile]:
    """Read a calendar's file.

    Raises:
        InvalidValueError: it cannot be read, or holds what no calendar has.
    """
    file = read_toml(path)
    file.check_keys(("name", "country", "subdivision", "weekend", "days"))
    given = file.values
    with file.blamed():
        for key in ("name", "country", "subdivision"):
            if not isinstance(given.get(key, ""), str):
                raise InvalidValueError(
                    f'{key} is "{given[key]}", which is no text', None, "Write it in quotes"
                )
        name = given.get("name", path.stem)
        if folder_of(name) != path.stem:
            raise InvalidValueError(
                f'name is "{name}", but the file is "{path.name}"', None, f'Call it "{folder_of(name)}.toml"'
            )
    with file.blamed("weekend"):
        weekend = (
            weekdays(",".join(_texts(given["weekend"])), "weekend") if "weekend" in given else _USUAL_WEEKEND
        )
    with file.blamed("days"):
        days = _days(given.get("days", []))
    return Calendar(name, given.get("country"), given.get("subdivision"), weekend, days), file


def calendar_text(calendar: Calendar) -> str:
    """The file that defines a calendar."""
    values: dict[str, Any] = {} if folder_of(calendar.name) == calendar.name else {"name": calendar.name}
    values |= {
        key: value
        for key, value in (("country", calendar.country), ("subdivision", calendar.subdivision))
        if value is not None
    }
    if calendar.weekend != _USUAL_WEEKEND:
        values["weekend"] = [WEEKDAY_NAMES[weekday] for weekday in calendar.weekend]
    if calendar.days:
        values["days"] = [
            {
                "day": day,
                **({"working": True} if working else {}),
                **({} if note is None else {"name": note}),
            }
            for day, (working, note) in sorted(calendar.days.items())
        ]
    return tomli_w.dumps(values)


def _texts(value: object) -> list[str]:
    texts = cast("list[object]", value) if isinstance(value, list) else [None]
    if not all(isinstance(text, str) for text in texts):
        raise InvalidValueError(f'weekend is "{value}"', None, 'Write ["sat", "sun"], or [] for none')
    return cast("list[str]", texts)


def _days(value: object) -> dict[str, tuple[bool, str | None]]:
    days: dict[str, tuple[bool, str | None]] = {}
    for entry in cast("list[object]", value) if isinstance(value, list) else [None]:
        given = cast("dict[str, object]", entry) if isinstance(entry, dict) else {}
        working, note = given.get("working", False), given.get("name")
        if (
            "day" not in given
            or given.keys() - {"day", "working", "name"}
            or not isinstance(working, bool)
            or not isinstance(note, str | None)
        ):
            raise InvalidValueError(
                f'days holds "{entry}"', None, 'Write { day = "2026-08-03", working = false, name = "…" }'
            )
        day = day_of(given["day"], "day")
        if day in days:
            raise InvalidValueError(f'days holds "{day}" twice', None, "Leave one out")
        days[day] = (working, note)
    return days
