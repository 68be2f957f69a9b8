"""Defining tasks and looking at them."""

from __future__ import annotations

import json
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import click

from .. import statements
from ..api.moments import Moment, instant_of, last_instant_of
from ..errors import InvalidValueError, NotFoundError
from .output import answer, answer_rows, named, shown, shown_instant
from .session import Session, with_session
from .task_options import column_options
from .types import TASK_NAME, keyword_pairs

__all__ = ["task"]

_TIMED_CYCLES = ("daily", "weekly", "monthly", "yearly")
# What a task is refused for without, so that it cannot be given up.
_CLEARABLE = tuple(
    column
    for column in statements.TASK_COLUMNS
    if column not in ("name", "kind", "source_table", "date_field")
)


@click.group()
def task() -> None:
    """Tasks: what is to be done, by which rule.

    A task is a row of jittask.task; these commands write it, psql may as well.
    """


@task.command()
@click.argument("name", required=False)
@click.option("--name", "name_option", metavar="NAME", help="The same as the argument NAME.")
@column_options
@click.option("--arg", "single_args", multiple=True, metavar="KEY=VALUE", help="One of the args; repeatable.")
@click.option(
    "--source-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File with the Python source.",
)
@click.option("--paused", is_flag=True, help="Define it switched off.")
@click.option("--dry-run", is_flag=True, help="Check everything and show when it would run; write nothing.")
@with_session
def add(
    session: Session,
    name: str | None,
    name_option: str | None,
    single_args: tuple[str, ...],
    source_file: Path | None,
    paused: bool,
    dry_run: bool,
    **given: Any,
) -> None:
    """Add a task.

    Times without an offset are in the task's zone. A bare date as an end means through that day.

    \b
    Examples:
      jittask task add sales_report --handler myapp.tasks.report --repeat daily --at 09:00 \\
        --timezone Asia/Shanghai --calendar CN
      jittask task add sync --handler myapp.tasks.sync --period "30 minutes"
      jittask task add remind --handler myapp.tasks.remind --source-table app.contract \\
        --date-field expires_on --offset "-3 days" --at 09:00 --filter '{"status": "active"}'
    """
    if name and name_option and name != name_option:
        raise click.UsageError("NAME is given twice")
    columns = _written(given, single_args, source_file)
    columns["name"] = name or name_option
    columns.setdefault("kind", "date_field" if _watches(columns) else "scheduled")
    columns.setdefault("repeat", _cycle(columns))
    if columns.get("calendar") is not None:
        columns.setdefault("skip_holidays", "nonworking")

    def write() -> tuple[str, list[dict[str, Any]]]:
        with session.transaction(undo=dry_run):
            zone = columns.get("timezone")
            ready = _timed(session, columns, zone if isinstance(zone, str) else None)
            stored = str(session.run(statements.insert_task(ready))[0][0])
            if paused:
                session.run(statements.pause(stored))
            return stored, _coming(session, stored)

    stored, coming = session.patiently(write)
    verb = "Would add" if dry_run else "Added"
    answer(
        session.as_json,
        {"name": stored, "dry_run": dry_run, "coming": coming},
        f'{verb} task "{stored}"{_next_sentence(coming, paused=paused)}',
    )


@task.command()
@click.argument("name", type=TASK_NAME)
@click.option("--rename", metavar="NAME", help="A new name.")
@column_options
@click.option("--arg", "single_args", multiple=True, metavar="KEY=VALUE", help="Change one of the args.")
@click.option(
    "--source-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File with the Python source.",
)
@click.option(
    "--clear",
    "cleared",
    multiple=True,
    metavar="COLUMN",
    help="Give a column its default back, such as end_at; repeatable.",
)
@click.option("--dry-run", is_flag=True, help="Check everything and show when it would run; write nothing.")
@with_session
def edit(
    session: Session,
    name: str,
    rename: str | None,
    single_args: tuple[str, ...],
    source_file: Path | None,
    cleared: tuple[str, ...],
    dry_run: bool,
    **given: Any,
) -> None:
    """Change columns of a task; what is not named stays.

    Changing its timing plans it anew from now; nothing of the old plan fires.

    \b
    Examples:
      jittask task edit sales_report --at 08:30
      jittask task edit sales_report --end 2026-12-31 --clear max_runs
    """
    columns = _written(given, (), source_file)
    gone = [column.replace("-", "_") for column in cleared]
    for column in gone:
        if column not in _CLEARABLE:
            raise click.BadParameter(
                f'there is no column "{column}" to clear; there are {", ".join(_CLEARABLE)}',
                param_hint="--clear",
            )
        if column in columns:
            raise click.UsageError(f"{column} is both given and cleared")
    if rename:
        columns["name"] = rename
    if not columns and not gone and not single_args:
        raise click.UsageError("Nothing to change: name a column, see jittask task edit --help")

    def write() -> tuple[str, bool, list[dict[str, Any]]]:
        with session.transaction(undo=dry_run):
            before = _row_of(session, name)
            if single_args:
                args = json.loads(str(columns["args"])) if "args" in columns else before["args"]
                columns["args"] = json.dumps({**args, **keyword_pairs(single_args)}, ensure_ascii=False)
            zone = columns.get("timezone") or before["zone"]
            ready = _timed(session, {**columns, "kind": before["kind"]}, str(zone), before)
            del ready["kind"]
            stored = str(session.run(statements.update_task(name, ready, gone))[0][0])
            return stored, before["paused_at"] is not None, _coming(session, stored)

    stored, paused, coming = session.patiently(write)
    verb = "Would change" if dry_run else "Changed"
    answer(
        session.as_json,
        {"name": stored, "dry_run": dry_run, "coming": coming},
        f'{verb} task "{stored}"{_next_sentence(coming, paused=paused)}',
    )


@task.command("list")
@click.option("--kind", type=click.Choice(("scheduled", "date_field")), help="Only tasks of this kind.")
@click.option("--queue", metavar="NAME", help="Only tasks of this queue.")
@with_session
def list_(session: Session, kind: str | None, queue: str | None) -> None:
    """List tasks with their rule and their next due time, in each task's zone.

    \b
    Example:
      jittask task list --kind date_field
    """
    names = (
        "name", "kind", "repeat", "every", "period", "cron", "source_table", "date_field", "start_offset",
        "at_time", "handler", "queue", "paused_at", "next_due_at", "timezone",
    )  # fmt: skip
    rows: list[dict[str, Any]] = named(names, session.run(statements.task_list(kind, queue)))
    session.localise(rows, ("paused_at", "next_due_at"), "name")
    for row in rows:
        row["rule"] = _rule(row)
        row["next"] = "paused" if row["paused_at"] else row["next_due_at"]
        row["runs"] = row["handler"] or "(source)"
    if session.as_json:
        for row in rows:
            del row["next"], row["runs"]
    answer_rows(
        session.as_json,
        rows,
        {"name": "task", "rule": "rule", "next": "next due", "runs": "runs", "timezone": "zone"},
        "There are no tasks; add one: jittask task add --help",
    )


@task.command()
@click.argument("name", type=TASK_NAME)
@click.option(
    "--count", type=click.IntRange(0, 1000), default=5, show_default=True, help="Coming occurrences."
)
@with_session
def show(session: Session, name: str, count: int) -> None:
    """Show all columns of a task, and when it runs next.

    \b
    Example:
      jittask task show sales_report
    """
    row = _row_of(session, name)
    coming = _coming(session, name, count)
    if session.as_json:
        answer(True, {**row, "coming": coming}, "")
        return
    instants = [column for column in row if column.endswith("_at") and isinstance(row[column], str)]
    local = session.local(
        [datetime.fromisoformat(row[column]) for column in instants], [name] * len(instants)
    )
    row |= dict(zip(instants, local, strict=True))
    width = max(len(column) for column in row)
    order = dict.fromkeys(("task_id", *statements.TASK_COLUMNS, *row))
    for column, value in ((column, row[column]) for column in order):
        if value is None or column == "zone" or (column == "source" and value):
            continue
        click.echo(f"{column:<{width}}  {shown(value)}")
    if row["timezone"] is None:
        click.echo(f"{'timezone':<{width}}  {row['zone']} (of the installation)")
    if row["source"]:
        click.echo("source:")
        click.echo("\n".join(f"    {line}" for line in str(row["source"]).splitlines()))
    for number, occurrence in enumerate(coming):
        heading = "coming" if number == 0 else ""
        key = f"  {shown(occurrence['source_key'])}" if occurrence["source_key"] else ""
        click.echo(f"{heading:<{width}}  {shown(occurrence['due_at'])}{key}")


@task.command()
@click.argument("name", type=TASK_NAME)
@with_session
def pause(session: Session, name: str) -> None:
    """Switch a task off. What waits is taken off the queue; what runs goes on.

    \b
    Example:
      jittask task pause sales_report
    """
    session.run(statements.pause(name))
    answer(session.as_json, {"name": name, "paused": True}, f'Paused task "{name}"')


@task.command()
@click.argument("name", type=TASK_NAME)
@with_session
def resume(session: Session, name: str) -> None:
    """Switch a task on again; it is planned from now, as if it had missed nothing.

    \b
    Example:
      jittask task resume sales_report
    """
    session.patiently(lambda: session.run(statements.resume(name)))
    coming = _coming(session, name)
    answer(
        session.as_json,
        {"name": name, "paused": False, "coming": coming},
        f'Resumed task "{name}"{_next_sentence(coming)}',
    )


@task.command()
@click.argument("name", type=TASK_NAME)
@with_session
def remove(session: Session, name: str) -> None:
    """Delete a task. What runs ends and is recorded; nothing follows. Its records stay.

    \b
    Example:
      jittask task remove sales_report
    """
    if not session.run(statements.remove_task(name)):
        raise _no_task(name)
    answer(session.as_json, {"name": name, "removed": True}, f'Removed task "{name}"')


def _written(
    given: dict[str, Any], single_args: tuple[str, ...], source_file: Path | None
) -> dict[str, object]:
    columns: dict[str, object] = {column: value for column, value in given.items() if value is not None}
    if source_file is not None:
        if "source" in columns:
            raise click.UsageError("Give either --source or --source-file")
        columns["source"] = source_file.read_text("utf-8")
    if single_args:
        args = json.loads(str(columns.get("args", "{}")))
        columns["args"] = json.dumps({**args, **keyword_pairs(single_args)}, ensure_ascii=False)
    return columns


def _watches(columns: dict[str, object]) -> bool:
    return "source_table" in columns or "date_field" in columns


def _cycle(columns: dict[str, object]) -> str:
    return "cron" if "cron" in columns else "interval" if "period" in columns else "none"


def _timed(
    session: Session, columns: dict[str, object], zone: str | None, before: dict[str, Any] | None = None
) -> dict[str, object]:
    """The columns with start, end and time of day as the database takes them."""
    ready = dict(columns)
    start, end = ready.pop("start_at", None), ready.pop("end_at", None)
    if isinstance(end, Moment):
        ready["end_at"] = session.steps(last_instant_of(end, zone, "end_at"))
    if ready["kind"] != "scheduled":
        if isinstance(start, Moment):
            # The database says why not.
            ready["start_at"] = session.steps(instant_of(start, zone))
        return ready
    at_time = ready.pop("at_time", None)
    repeat = ready.get("repeat") or (before or {}).get("repeat")
    if at_time is not None:
        if repeat not in (*_TIMED_CYCLES, "none"):
            raise InvalidValueError(
                f'at_time is "{at_time}", but repeat is "{repeat}"',
                None,
                "Use it with daily, weekly, monthly or yearly; give a cron expression its time itself",
            )
        start = _at(session, start, time.fromisoformat(str(at_time)), zone, before)
    if isinstance(start, Moment):
        ready["start_at"] = session.steps(instant_of(start, zone))
    elif before is None:
        now = str(session.run(statements.task_start("", zone, None, None))[0][0])
        # Repeating starts count whole seconds.
        ready["start_at"] = datetime.fromisoformat(now).replace(microsecond=0).isoformat()
    return ready


def _at(session: Session, start: object, at: time, zone: str | None, before: dict[str, Any] | None) -> Moment:
    """The first such time of day at or after the start, or after now where there is none."""
    if isinstance(start, Moment):
        given = session.run(statements.task_start("", zone, start.instant, start.local))[0]
    elif before is not None:
        given = session.run(statements.task_start("", zone, str(before["start_at"]), None))[0]
        # The day of the series stays, its time changes.
        return Moment(local=datetime.combine(datetime.fromisoformat(given[1]).date(), at).isoformat())
    else:
        given = session.run(statements.task_start("", zone, None, None))[0]
    local = datetime.fromisoformat(str(given[1]))
    first = datetime.combine(local.date(), at)
    return Moment(local=(first if first >= local else first + timedelta(days=1)).isoformat())


def _row_of(session: Session, name: str) -> dict[str, Any]:
    rows = session.run(statements.task_row(name))
    if not rows:
        raise _no_task(name)
    return json.loads(rows[0][0])


def _no_task(name: str) -> NotFoundError:
    return NotFoundError(f'There is no task "{name}"', None, "List them: jittask task list")


def _coming(session: Session, name: str, count: int = 3) -> list[dict[str, Any]]:
    rows = session.run(statements.preview(name, count, None)) if count else []
    names = ("source_key", "occurrence_no", "nominal_at", "due_at")
    found = named(names, rows)
    for row in found:
        row["source_key"] = None if row["source_key"] is None else json.loads(str(row["source_key"]))
    session.localise(found, ("nominal_at", "due_at"), name)
    return found


def _next_sentence(coming: list[dict[str, Any]], *, paused: bool = False) -> str:
    if paused:
        return ", paused"
    if not coming:
        return "; nothing is due, `jittask explain` says why"
    first = coming[0]["due_at"]
    return f"; due next {shown_instant(first)}" if isinstance(first, datetime) else ""


def _rule(row: dict[str, Any]) -> str:
    if row["repeat"] == "cron":
        cycle = f"cron {row['cron']}"
    elif row["repeat"] == "interval":
        cycle = f"every {row['period']}"
    elif row["repeat"] == "none":
        cycle = "once"
    else:
        cycle = row["repeat"] if row["every"] == 1 else f"{row['repeat']} / {row['every']}"
    if row["kind"] == "scheduled":
        return cycle
    offset = "" if row["start_offset"] == "00:00:00" else f" {row['start_offset']}"
    at = f" at {row['at_time']}" if row["at_time"] else ""
    repeated = "" if row["repeat"] == "none" else f", then {cycle}"
    return f"{row['source_table']}.{row['date_field']}{offset}{at}{repeated}"
