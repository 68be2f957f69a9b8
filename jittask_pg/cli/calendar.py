"""Calendars of working days."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

import click

from .. import calendars, statements
from ..errors import NotFoundError, StateError
from .month_grid import LEGEND, month_grid
from .output import answer, answer_rows, counted, named
from .plan_change import note_plan, plan_change
from .session import Session, with_session
from .types import DAY, WEEKDAYS, YEARS

__all__ = ["calendar", "coming_years"]

_WEEKDAYS = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")


@click.group()
def calendar() -> None:
    """Calendars: which days are working days.

    A calendar has a weekend and marked days; a marked day wins. Changing one plans anew the tasks that use
    it.
    """


@calendar.command()
@click.argument("codes", nargs=-1, metavar="CODE...")
@click.option(
    "--years", type=YEARS, metavar="YEARS", help="2026..2030; left out: this year and the two after it."
)
@click.option("--name", metavar="NAME", help="Name of the calendar, if it is not to be the code.")
@with_session
def sync(session: Session, codes: tuple[str, ...], years: tuple[int, ...] | None, name: str | None) -> None:
    """Fill calendars with the public holidays of countries, or of parts of them.

    CODE is a country (CN) or a part of one (US-NY, GB-SCT); without any, every synced calendar is brought up
    to date. Future years are forecasts: sync again once a year. Days marked by hand stay as they are.

    \b
    Examples:
      jittask calendar sync CN US-NY --years 2026..2030
      jittask calendar sync
    """
    if name is not None and len(codes) != 1:
        raise click.UsageError("--name is for one CODE")
    wanted = [(code, name) for code in codes] or [
        (f"{row[1]}-{row[2]}" if row[2] else str(row[1]), str(row[0]))
        for row in session.run(statements.calendars.listed())
        if row[1] is not None
    ]
    if not wanted:
        raise click.UsageError("There is no synced calendar yet: name a CODE, such as CN or US-NY")
    span = years or coming_years(session)
    rows: list[dict[str, Any]] = []
    for code, calendar_name in wanted:
        with session.transaction():
            note_plan(session, calendar=calendar_name or code)
            done = session.steps(calendars.sync(code, span, calendar_name))
            change = plan_change(session, calendar=done.calendar)
        rows.append(
            {
                "calendar": done.calendar,
                "first_year": min(span),
                "last_year": max(span),
                "weekend": _weekend_names(done.weekend),
                "days": done.days,
                "written": done.written,
                "dropped": done.dropped,
                "added": change.added,
                "moved": change.moved,
                "cancelled": change.cancelled,
            }
        )
    answer_rows(
        session.as_json,
        rows,
        {
            "calendar": "calendar",
            "first_year": "from",
            "last_year": "through",
            "weekend": "weekend",
            "days": "marked",
            "written": "written",
            "dropped": "dropped",
            "moved": "occurrences moved",
        },
        "",
    )


@calendar.command()
@click.argument("name")
@click.option(
    "--weekend", type=WEEKDAYS, default="sat,sun", show_default=True, help="Free weekdays, or none."
)
@with_session
def add(session: Session, name: str, weekend: tuple[int, ...]) -> None:
    """Add an empty calendar of your own.

    \b
    Example:
      jittask calendar add factory --weekend fri,sat
    """
    if not session.run(statements.calendars.insert(name, weekend)):
        raise StateError(
            f'There is a calendar "{name}" already', None, f"Look at it: jittask calendar show {name}"
        )
    answer(
        session.as_json,
        {"calendar": name, "weekend": _weekend_names(weekend)},
        f'Added calendar "{name}", free on {", ".join(_weekend_names(weekend)) or "no weekday"}',
    )


@calendar.command()
@click.argument("name")
@with_session
def remove(session: Session, name: str) -> None:
    """Delete a calendar that no task uses.

    \b
    Example:
      jittask calendar remove factory
    """
    users = _one(session, name)["tasks"]
    if users:
        raise StateError(
            f'Calendar "{name}" is used by {counted(users, "task")}',
            None,
            "Give them another calendar first: jittask task edit NAME --calendar OTHER",
        )
    session.run(statements.calendars.remove(name))
    answer(session.as_json, {"calendar": name, "removed": True}, f'Removed calendar "{name}"')


@calendar.command()
@click.argument("name")
@click.argument("days", nargs=-1, required=True, type=DAY, metavar="DAY...")
@click.option("--working/--free", help="They are worked, or free.  [default: free]")
@click.option("--note", metavar="TEXT", help="What they are called.")
@with_session
def mark(session: Session, name: str, days: tuple[str, ...], working: bool, note: str | None) -> None:
    """Mark days as free, or as worked. Marks made by hand win over synced ones.

    \b
    Examples:
      jittask calendar mark factory 2026-08-03 2026-08-04 --note "summer break"
      jittask calendar mark CN 2026-02-28 --working
    """
    _one(session, name)
    marked = [{"day": day, "working": working, "name": note} for day in days]
    with session.transaction():
        note_plan(session, calendar=name)
        written = session.run(statements.calendars.put_days(name, marked, "manual"))
        change = plan_change(session, calendar=name)
    answer(
        session.as_json,
        {
            "calendar": name,
            "days": list(days),
            "working": working,
            "written": len(written),
            "occurrences": asdict(change),
        },
        f'Marked {", ".join(days)} as {"worked" if working else "free"} in calendar "{name}"\n'
        f"Occurrences: {change}",
    )


@calendar.command()
@click.argument("name")
@click.argument("day", type=DAY)
@with_session
def unmark(session: Session, name: str, day: str) -> None:
    """Take the mark off a day; the next sync may set it again.

    \b
    Example:
      jittask calendar unmark factory 2026-08-03
    """
    _one(session, name)
    with session.transaction():
        note_plan(session, calendar=name)
        if not session.run(statements.calendars.drop_day(name, day)):
            raise NotFoundError(
                f'Day "{day}" is not marked in calendar "{name}"', None, f"Look: jittask calendar show {name}"
            )
        change = plan_change(session, calendar=name)
    answer(
        session.as_json,
        {"calendar": name, "day": day, "occurrences": asdict(change)},
        f'Took the mark off {day} in calendar "{name}"\nOccurrences: {change}',
    )


@calendar.command()
@click.argument("name")
@click.option("--year", "--years", "years", type=YEARS, metavar="YEARS", help="2026 or 2026..2027.")
@with_session
def show(session: Session, name: str, years: tuple[int, ...] | None) -> None:
    """Show the months of a calendar, with a sign at each free or marked day and the names of marked days.

    \b
    Example:
      jittask calendar show CN --year 2026
    """
    found = _one(session, name)
    span = years or coming_years(session)
    days: list[dict[str, Any]] = [
        {"day": day, "weekday": f"{day:%a}", "working": working, "name": note, "source": source}
        for day, working, note, source in session.run(
            statements.calendars.days(name, f"{min(span)}-01-01", f"{max(span)}-12-31")
        )
    ]
    if session.as_json:
        answer(True, {**found, "days": days}, "")
        return
    click.echo(f'Calendar "{name}", free on {", ".join(found["weekend"]) or "no weekday"}')
    click.echo(f"{LEGEND}\n")
    marked: dict[date, bool] = {day["day"]: day["working"] for day in days}
    for year in span:
        click.echo("\n".join(month_grid(year, found["weekend"], marked)))
    for day in days:
        day["working"] = "worked" if day["working"] else "free"
    answer_rows(
        False,
        days,
        {"day": "day", "weekday": "", "working": "is", "name": "name", "source": "source"},
        f"No day is marked in {min(span)} to {max(span)}",
    )


@calendar.command("list")
@with_session
def list_(session: Session) -> None:
    """List all calendars.

    \b
    Example:
      jittask calendar list
    """
    answer_rows(
        session.as_json,
        _all(session),
        {
            "calendar": "calendar",
            "weekend": "weekend",
            "first_on": "first mark",
            "last_on": "last mark",
            "days": "marked",
            "manual": "by hand",
            "tasks": "tasks",
        },
        "There are no calendars; fill one: jittask calendar sync CN",
    )


def _all(session: Session) -> list[dict[str, Any]]:
    names = (
        "calendar",
        "country",
        "subdivision",
        "weekend",
        "first_on",
        "last_on",
        "days",
        "manual",
        "tasks",
    )
    rows = named(names, session.run(statements.calendars.listed()))
    for row in rows:
        row["weekend"] = _weekend_names(json.loads(row["weekend"]))
    return rows


def _one(session: Session, name: str) -> dict[str, Any]:
    for row in _all(session):
        if row["calendar"] == name:
            return row
    raise NotFoundError(f'There is no calendar "{name}"', None, "List them: jittask calendar list")


def _weekend_names(weekend: Sequence[int]) -> list[str]:
    return [_WEEKDAYS[weekday] for weekday in weekend]


def coming_years(session: Session) -> tuple[int, ...]:
    """This year and the two after it, in the installation's zone."""
    year = date.fromisoformat(str(session.run(statements.times.local_now())[0][0])[:10]).year
    return (year, year + 1, year + 2)
