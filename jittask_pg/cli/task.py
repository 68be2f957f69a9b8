"""Defining tasks and looking at them."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from .. import statements
from ..errors import NotFoundError
from .output import answer, answer_rows, named, shown, shown_instant
from .plan_change import PlanChange, note_plan, plan_change
from .session import Session, with_session
from .task_columns import changed, complete, merged_args, timed, written
from .task_options import column_options
from .types import TASK_NAME

__all__ = ["task"]

# What a task is refused for without, so that it cannot be given up.
_CLEARABLE = tuple(
    column
    for column in statements.tasks.COLUMNS
    if column not in ("name", "kind", "source_table", "date_field")
)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a task does from now on.

    Attributes:
        name: the task.
        coming: its next occurrences.
        why: where there are none, the reason.
        change: what defining or editing it did to the plan.
    """

    name: str
    coming: list[dict[str, Any]]
    why: str | None
    change: PlanChange


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
    columns = complete({**written(given, source_file), "name": name or name_option})
    if single_args:
        columns["args"] = merged_args(columns.get("args"), single_args)

    def write() -> Outlook:
        with session.transaction(undo=dry_run):
            note_plan(session)
            stored = str(session.run(statements.tasks.insert(timed(session, columns)))[0][0])
            if paused:
                session.run(statements.tasks.pause(stored))
            return _outlook(session, stored)

    outlook = session.patiently(write)
    _answer_outlook(session, outlook, "Would add" if dry_run else "Added", dry_run=dry_run)


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
    columns = written(given, source_file)
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

    def write() -> Outlook:
        with session.transaction(undo=dry_run):
            before = _row_of(session, name)
            note_plan(session, name)
            changes, clears = changed(columns, gone, before)
            if single_args:
                changes["args"] = merged_args(changes.get("args") or json.dumps(before["args"]), single_args)
            ready = timed(session, changes, before)
            stored = str(session.run(statements.tasks.update(name, ready, clears))[0][0])
            return _outlook(session, stored)

    outlook = session.patiently(write)
    _answer_outlook(session, outlook, "Would change" if dry_run else "Changed", dry_run=dry_run)


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
    rows: list[dict[str, Any]] = named(names, session.run(statements.tasks.listed(kind, queue)))
    session.localise(rows, ("paused_at", "next_due_at"), task_column="name")
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
    order = dict.fromkeys(("task_id", *statements.tasks.COLUMNS, *row))
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
    with session.transaction():
        note_plan(session, name)
        session.run(statements.tasks.pause(name))
        change = plan_change(session, name)
    answer(
        session.as_json,
        {"name": name, "paused": True, "occurrences": asdict(change)},
        f'Paused task "{name}"\nOccurrences: {change}',
    )


@task.command()
@click.argument("name", type=TASK_NAME)
@with_session
def resume(session: Session, name: str) -> None:
    """Switch a task on again; it is planned from now, as if it had missed nothing.

    \b
    Example:
      jittask task resume sales_report
    """

    def write() -> Outlook:
        with session.transaction():
            note_plan(session, name)
            session.run(statements.tasks.resume(name))
            return _outlook(session, name)

    _answer_outlook(session, session.patiently(write), "Resumed", paused=False)


@task.command()
@click.argument("name", type=TASK_NAME)
@with_session
def remove(session: Session, name: str) -> None:
    """Delete a task. What runs ends and is recorded; nothing follows. Its records stay.

    \b
    Example:
      jittask task remove sales_report
    """
    if not session.run(statements.tasks.remove(name)):
        raise _no_task(name)
    answer(session.as_json, {"name": name, "removed": True}, f'Removed task "{name}"')


def _row_of(session: Session, name: str) -> dict[str, Any]:
    rows = session.run(statements.tasks.row(name))
    if not rows:
        raise _no_task(name)
    return json.loads(rows[0][0])


def _no_task(name: str) -> NotFoundError:
    return NotFoundError(f'There is no task "{name}"', None, "List them: jittask task list")


def _coming(session: Session, name: str, count: int = 3) -> list[dict[str, Any]]:
    rows = session.run(statements.plan.preview(name, count, None)) if count else []
    names = ("source_key", "occurrence_no", "nominal_at", "due_at")
    found = named(names, rows)
    for row in found:
        row["source_key"] = None if row["source_key"] is None else json.loads(str(row["source_key"]))
    session.localise(found, ("nominal_at", "due_at"), task=name)
    return found


def _outlook(session: Session, name: str) -> Outlook:
    coming = _coming(session, name)
    why = None if coming else str(session.run(statements.plan.explain(name, None))[0][0]).splitlines()[0]
    return Outlook(name, coming, why, plan_change(session, name))


def _answer_outlook(session: Session, outlook: Outlook, verb: str, **facts: bool) -> None:
    due = outlook.coming[0]["due_at"] if outlook.coming else None
    then = f"; due next {shown_instant(due)}" if isinstance(due, datetime) else f". {outlook.why}"
    answer(
        session.as_json,
        {
            "name": outlook.name,
            **facts,
            "coming": outlook.coming,
            "why_not": outlook.why,
            "occurrences": asdict(outlook.change),
        },
        f'{verb} task "{outlook.name}"{then}\nOccurrences: {outlook.change}',
    )


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
