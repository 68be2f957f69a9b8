"""Making the database match folders of tasks."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

import click

from .. import calendars, statements
from ..errors import InvalidValueError
from .calendar import coming_years
from .folders.calendar_file import Calendar, calendar_files, read_calendar
from .folders.report import Item, answer_items
from .folders.stored import (
    Texts,
    defined,
    difference,
    stored_calendars,
    stored_tasks,
    stored_texts,
)
from .folders.task_folder import TaskFolder, read_folder, task_folders
from .folders.toml_file import TomlFile
from .plan_change import NO_CHANGE, note_plan, plan_changes
from .session import Session, with_session

__all__ = ["apply"]


@click.command()
@click.argument("directory", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--prune", is_flag=True, help="Delete tasks that your login role defined and DIR does not hold."
)
@click.option("--dry-run", is_flag=True, help="Check everything and show what would change; write nothing.")
@with_session
def apply(session: Session, directory: Path, prune: bool, dry_run: bool) -> None:
    """Make the database match the tasks in a directory, a folder each.

    A folder NAME holds task.toml, the columns of the task NAME, and inner.py where it has source of its own;
    a column that is left out has its default. calendars/NAME.toml is a calendar. All of it is applied, or
    nothing. `jittask export` writes such folders. A pause stays.

    \b
    Examples:
      jittask apply jobs --dry-run
      jittask apply jobs --prune
    """
    folders = [read_folder(path) for path in task_folders(directory)]
    files = [read_calendar(path) for path in calendar_files(directory)]
    if not folders and (prune or not files):
        raise InvalidValueError(
            f"{directory} holds no task",
            None,
            "Name the directory in which each task has a folder with task.toml",
        )

    def write() -> list[Item]:
        with session.transaction(undo=dry_run):
            return _match(session, folders, files, prune=prune)

    items = session.patiently(write)
    did = f"Would apply {directory}" if dry_run else f"Applied {directory}"
    answer_items(session, items, did, dry_run=dry_run)


def _match(
    session: Session,
    folders: Sequence[TaskFolder],
    files: Sequence[tuple[Calendar, TomlFile]],
    *,
    prune: bool,
) -> list[Item]:
    names = [folder.name for folder in folders]
    session.run(statements.tasks.take_turn())
    session.run(statements.plan_change.begin())
    stored = stored_tasks(session, names, lock=True)
    known = stored_calendars(session, [calendar.name for calendar, _ in files])
    calendar_items: list[Item] = []
    for calendar, file in files:
        with file.blamed():
            calendar_items.append(_put_calendar(session, calendar, known.get(calendar.name)))
    # Their tasks were noted before they changed.
    noted = [item.name for item in calendar_items if item.status != "unchanged"]
    items: list[Item] = []
    for folder in folders:
        with folder.file.blamed():
            items.append(_put_task(session, folder, stored.get(folder.name), noted))
    items += _other_tasks(session, names, noted, prune=prune)
    written = [item.name for item in items if item.status in ("added", "changed")]
    plans = plan_changes(session, written, noted)
    for item in items:
        item.occurrences = plans.get(item.name, NO_CHANGE)
    return [*calendar_items, *sorted(items, key=lambda item: item.name)]


def _put_calendar(session: Session, calendar: Calendar, before: Calendar | None) -> Item:
    changes = difference({} if before is None else before.texts(), calendar.texts())
    if before is not None and not changes:
        return Item(calendar.name, "unchanged", kind="calendar")
    note_plan(session, calendar=calendar.name)
    country, subdivision = calendar.country, calendar.subdivision
    if before is None and country is not None:
        code = country if subdivision is None else f"{country}-{subdivision}"
        session.steps(calendars.sync(code, coming_years(session), calendar.name))
    session.run(statements.calendars.put(calendar.name, country, subdivision, calendar.weekend))
    marked = [
        {"day": day, "working": working, "name": note} for day, (working, note) in calendar.days.items()
    ]
    session.run(statements.calendars.put_days(calendar.name, marked, "manual"))
    for day in sorted(() if before is None else before.days.keys() - calendar.days.keys()):
        session.run(statements.calendars.drop_day(calendar.name, day))
    status = "added" if before is None else "changed"
    return Item(calendar.name, status, {} if before is None else changes, kind="calendar")


def _put_task(session: Session, folder: TaskFolder, before: Texts | None, noted: Collection[str]) -> Item:
    columns = defined(session, folder)
    if before is None:
        session.run(statements.tasks.insert(columns))
        return Item(folder.name, "added")
    changes = difference(before, stored_texts(session, columns))
    if not changes:
        return Item(folder.name, "unchanged")
    if before["calendar"] not in noted:
        note_plan(session, folder.name)
    session.run(
        statements.tasks.update(
            folder.name,
            {column: columns[column] for column in changes if column in columns},
            [column for column in changes if column not in columns],
        )
    )
    return Item(folder.name, "changed", changes)


def _other_tasks(
    session: Session, names: Sequence[str], noted: Collection[str], *, prune: bool
) -> list[Item]:
    items: list[Item] = []
    for name, calendar, created_by, own in session.run(statements.tasks.others(names)):
        if prune and own:
            if calendar not in noted:
                note_plan(session, name)
            session.run(statements.tasks.remove(name))
            items.append(Item(name, "removed"))
        else:
            items.append(Item(name, "left", note=f"not in the directory, defined by {created_by}"))
    return items
