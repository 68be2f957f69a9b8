"""When tasks will run, and why."""

from __future__ import annotations

import json

import click

from .. import statements
from .output import answer, answer_rows, named
from .session import Session, with_session
from .types import JSON_KEY, TASK_NAME

__all__ = ["explain", "preview"]


@click.command()
@click.argument("task", type=TASK_NAME)
@click.option("--count", "-n", type=click.IntRange(1, 10_000), default=10, show_default=True)
@click.option(
    "--key", type=JSON_KEY, metavar="KEY", help='Row of a date-field task: 7, or {"id": 7, "line": 2}.'
)
@with_session
def preview(session: Session, task: str, count: int, key: str | None) -> None:
    """Show the coming occurrences of a task, in its zone.

    Of a date-field task without --key, the earliest over all rows. The code that plans computes them. Where
    a holiday, a gap or an overlap of the clocks decides, it is named. Where fewer come than were asked
    for, so is what ends them; with --json it stands in "last" of the last one.

    \b
    Examples:
      jittask preview sales_report --count 20
      jittask preview remind --key 7
    """
    names = ("source_key", "occurrence_no", "nominal_at", "due_at", "why")
    rows = named(names, session.run(statements.plan.explained_preview(task, count, key)))
    last: str | None = None
    if len(rows) < count:
        due_at = rows[-1]["due_at"] if rows else None
        last = session.run(statements.plan.why_last(task, key, len(rows), due_at))[0][0]
    session.localise(rows, ("nominal_at", "due_at"), task=task)
    for row in rows:
        row["source_key"] = None if row["source_key"] is None else json.loads(row["source_key"])
        row["day"] = f"{row['due_at']:%a}"
    shown: dict[str, str] = {"occurrence_no": "no", "day": "day", "due_at": "due"}
    if any(row["nominal_at"] != row["due_at"] for row in rows):
        shown["nominal_at"] = "by the rule"
    if any(row["why"] is not None for row in rows):
        shown["why"] = "because of"
    if any(row["source_key"] is not None for row in rows):
        shown["source_key"] = "row"
    if session.as_json:
        for row in rows:
            del row["day"]
            row["last"] = last if row is rows[-1] else None
    answer_rows(session.as_json, rows, shown, f"Nothing is coming. {last}")
    if rows and last is not None and not session.as_json:
        click.echo(f"No more: {last}")


@click.command()
@click.argument("task", type=TASK_NAME)
@click.option(
    "--key", type=JSON_KEY, metavar="KEY", help='Row of a date-field task: 7, or {"id": 7, "line": 2}.'
)
@with_session
def explain(session: Session, task: str, key: str | None) -> None:
    """Say when a task fires next and why, or why it never will.

    \b
    Examples:
      jittask explain sales_report
      jittask explain remind --key 7
    """
    text = str(session.run(statements.plan.explain(task, key))[0][0])
    answer(session.as_json, {"task": task, "explanation": text}, text)
