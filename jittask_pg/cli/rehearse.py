"""What tasks would do in a stretch of time, told without running anything."""

from __future__ import annotations

import json
from typing import Any

import click

from .. import statements
from ..api.moments import Moment, instant_of, last_instant_of
from ..api.records import loaded
from .output import answer, answer_rows, counted, named
from .session import Session, with_session
from .types import LENGTH, MOMENT, TASK_NAME

__all__ = ["rehearse"]

_NAMES = (
    "task_name", "kind", "source_key", "nominal_at", "due_at", "run_at", "why", "missed", "skipped",
)  # fmt: skip
_TOTALS = ("task_name", "kind", "runs", "skipped", "missed", "first_at", "last_at", "note")


@click.command()
@click.option(
    "--from",
    "since",
    type=MOMENT,
    metavar="TIME",
    help="Due at or after; a date = from its midnight. Left out: whatever waits now.",
)
@click.option("--to", "until", type=MOMENT, metavar="TIME", help="Due before; a date = through that day.")
@click.option(
    "--for",
    "length",
    type=LENGTH,
    metavar="LENGTH",
    help='Instead of --to: so long from --from, or now, "7 days".',
)
@click.option(
    "--task", "tasks", type=TASK_NAME, multiple=True, metavar="NAME", help="Only this task; repeatable."
)
@click.option("--queue", metavar="NAME", help="Only this queue.")
@click.option(
    "--workers-stopped",
    "stopped_until",
    type=MOMENT,
    metavar="UNTIL",
    help="As if no worker ran until then: what misfire makes of it.",
)
@click.option(
    "-n",
    "--limit",
    type=click.IntRange(1, 100_000),
    default=50,
    show_default=True,
    help="List so many at most.",
)
@with_session
def rehearse(
    session: Session,
    since: Moment | None,
    until: Moment | None,
    length: str | None,
    tasks: tuple[str, ...],
    queue: str | None,
    stopped_until: Moment | None,
    limit: int,
) -> None:
    """Show what would run in a stretch of time, without running anything.

    Which occurrences come due, for which rows, when, and why then; and for each task how many, the first and
    the last. By rules, rows, calendars and counts as they stand now, and as if every run ended at once.
    Nothing is called, changed or locked. What ran already is not listed: see records.

    Times are shown in the zone of each task; those given without an offset are in the installation's.

    \b
    Examples:
      jittask rehearse --for "7 days"
      jittask rehearse --from 2026-10-01 --to 2026-10-07 --task sales_report --task remind
      jittask rehearse --to 2026-03-09 --workers-stopped "2026-03-09 06:00"
    """
    if (until is None) == (length is None):
        raise click.UsageError("Give either --to or --for")
    from_at = None if since is None else session.steps(instant_of(since, None))
    if until is not None:
        to_at = session.steps(last_instant_of(until, None, "--to"))
    else:
        to_at = str(session.run(statements.times.instant_after(from_at, str(length)))[0][0])
    about: dict[str, object] = {
        "from_at": from_at,
        "to_at": to_at,
        "task_names": json.dumps(tasks) if tasks else None,
        "queue": queue,
        "workers_stopped_until": None
        if stopped_until is None
        else session.steps(instant_of(stopped_until, None)),
    }
    with session.transaction():
        session.run(statements.plan.still_image())
        totals = named(_TOTALS, session.run(statements.plan.rehearse_tasks(about)))
        rows = named(_NAMES, session.run(statements.plan.rehearse(about, limit)))
    for row in rows:
        row["source_key"] = loaded(row["source_key"])
    session.localise(rows, ("nominal_at", "due_at", "run_at"), task_column="task_name")
    session.localise(totals, ("first_at", "last_at"), task_column="task_name")
    more = max(0, sum(total["runs"] + total["skipped"] for total in totals) - len(rows))
    if session.as_json:
        answer(
            True,
            {**about, "task_names": tasks or None, "occurrences": rows, "more": more, "tasks": totals},
            "",
        )
        return
    _show_occurrences(rows, more)
    _show_totals(
        [total for total in totals if total["first_at"] or total["note"] or tasks], len(totals), limit
    )


def _show_occurrences(rows: list[dict[str, Any]], more: int) -> None:
    for row in rows:
        row["day"] = f"{row['due_at']:%a}"
        if row["skipped"] is not None or row["run_at"] == row["due_at"]:
            row["run_at"] = None
        if row["nominal_at"] == row["due_at"]:
            row["nominal_at"] = None
    columns = {"day": "day", "due_at": "due", "task_name": "task"}
    columns |= {
        name: heading
        for name, heading in (
            ("source_key", "row"),
            ("nominal_at", "by the rule"),
            ("why", "because of"),
            ("run_at", "runs at"),
            ("missed", "missed"),
            ("skipped", "does not run"),
        )
        if any(row[name] for row in rows)
    }
    answer_rows(False, rows, columns, "Nothing would run.")
    if more > 0:
        click.echo(f"and {more} more; --limit lists more of them")


def _show_totals(totals: list[dict[str, Any]], tasks: int, limit: int) -> None:
    columns = {"task_name": "task", "kind": "kind", "runs": "runs"}
    columns |= {name: name for name in ("skipped", "missed") if any(total[name] for total in totals)}
    columns |= {"first_at": "first", "last_at": "last"}
    if any(total["note"] for total in totals):
        columns["note"] = "note"
    if totals:
        click.echo()
        answer_rows(False, totals[:limit], columns, "")
    if len(totals) > limit:
        click.echo(f"and {counted(len(totals) - limit, 'more task')}")
    if tasks > len(totals):
        click.echo(f"{counted(tasks - len(totals), 'task')} with nothing in this time")
