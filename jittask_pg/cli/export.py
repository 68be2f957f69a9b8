"""Writing tasks into folders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import click

from ..errors import NotFoundError
from .folders.calendar_file import calendar_files, calendar_path, calendar_text, read_calendar
from .folders.names import SOURCE_FILE, TASK_FILE, folder_of
from .folders.report import Item, answer_items
from .folders.stored import (
    INSTANTS,
    Texts,
    defined,
    difference,
    local_text,
    stored_calendars,
    stored_tasks,
    stored_texts,
)
from .folders.task_folder import read_folder, task_files, task_folders
from .folders.toml_file import blamed
from .session import Session, with_session
from .types import TASK_NAME

__all__ = ["export"]


@dataclass(frozen=True, slots=True)
class _Writing:
    """What becomes of a task or a calendar, and of its files.

    Attributes:
        item: what to say.
        files: their texts; None = there is to be none.
    """

    item: Item
    files: Mapping[Path, str | None]


@click.command()
@click.argument("directory", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.argument("names", metavar="[TASK]...", nargs=-1, type=TASK_NAME)
@click.option("--prune", is_flag=True, help="Delete the files of tasks and calendars that are gone.")
@with_session
def export(session: Session, directory: Path, names: tuple[str, ...], prune: bool) -> None:
    """Write tasks into a directory, a folder each, as `jittask apply` reads them.

    Without TASK all of them, and all calendars. Files that mean what the database holds stay as they are,
    comments included; others are written anew.

    \b
    Examples:
      jittask export jobs
      jittask export jobs sales_report
    """
    if prune and names:
        raise click.UsageError("--prune is for all tasks: leave TASK out")
    with blamed(directory):
        directory.mkdir(parents=True, exist_ok=True)
    with session.transaction():
        tasks = stored_tasks(session, names or None)
        for name in names:
            if name not in tasks:
                raise NotFoundError(f'There is no task "{name}"', None, "List them: jittask task list")
        calendars = [str(task["calendar"]) for task in tasks.values()] if names else None
        writings = [
            *_calendars(session, directory, calendars, prune=prune),
            *_tasks(session, directory, names or None, tasks, prune=prune),
        ]
    _write(directory, {path: text for writing in writings for path, text in writing.files.items()})
    answer_items(session, [writing.item for writing in writings], f"Exported to {directory}")


def _calendars(
    session: Session, directory: Path, names: Sequence[str] | None, *, prune: bool
) -> Iterator[_Writing]:
    stored = stored_calendars(session, names)
    wanted = {calendar_path(directory, name): calendar for name, calendar in stored.items()}
    present = {
        path: read_calendar(path)[0] for path in calendar_files(directory) if names is None or path in wanted
    }
    for path, calendar in wanted.items():
        before = present[path].texts() if path in present else None
        yield _writing("calendar", calendar.name, before, calendar.texts(), {path: calendar_text(calendar)})
    for path in sorted(present.keys() - wanted.keys()):
        yield _gone("calendar", present[path].name, [path], prune=prune)


def _tasks(
    session: Session, directory: Path, names: Sequence[str] | None, tasks: Mapping[str, Texts], *, prune: bool
) -> Iterator[_Writing]:
    wanted = {directory / folder_of(name): name for name in tasks}
    present = {path: read_folder(path) for path in task_folders(directory) if names is None or path in wanted}
    for path, name in wanted.items():
        before = None
        if path in present:
            with present[path].file.blamed():
                before = stored_texts(session, defined(session, present[path]))
        task = tasks[name]
        local = {column: local_text(session, name, task[column]) for column in INSTANTS}
        files = task_files({**task, **local})
        yield _writing("task", name, before, tasks[name], {path / file: text for file, text in files.items()})
    for path in sorted(present.keys() - wanted.keys()):
        yield _gone("task", present[path].name, [path / TASK_FILE, path / SOURCE_FILE], prune=prune)


def _writing(
    kind: Literal["task", "calendar"],
    name: str,
    before: Texts | None,
    after: Texts,
    files: Mapping[Path, str | None],
) -> _Writing:
    if before is None:
        return _Writing(Item(name, "added", kind=kind), files)
    changes = difference(before, after)
    if not changes:
        return _Writing(Item(name, "unchanged", kind=kind), {})
    return _Writing(Item(name, "changed", changes, kind=kind), files)


def _gone(kind: Literal["task", "calendar"], name: str, files: Sequence[Path], *, prune: bool) -> _Writing:
    if prune:
        return _Writing(Item(name, "removed", kind=kind), dict.fromkeys(files))
    return _Writing(Item(name, "left", note=f"there is no such {kind} in the database", kind=kind), {})


def _write(directory: Path, files: Mapping[Path, str | None]) -> None:
    present = {directory, *directory.iterdir()}
    for path, text in files.items():
        folder = path.parent
        with blamed(path):
            if text is not None:
                if folder not in present:
                    # Fails where the file system takes the names of two tasks for one.
                    folder.mkdir()
                    present.add(folder)
                path.write_text(text, "utf-8", newline="")
            elif folder.is_dir():
                path.unlink(missing_ok=True)
                if not any(folder.iterdir()):
                    folder.rmdir()
