"""Execution records: what is planned, runs and ran."""

from __future__ import annotations

import json
from typing import Any

import click

from .. import statements
from ..api.moments import Moment, instant_of, last_instant_of
from ..api.records import STATUSES
from .output import answer_rows, named, shown_instant
from .session import Session, with_session
from .types import JSON_KEY, MOMENT, OCCURRENCE_ID, TASK_NAME

__all__ = ["records"]

_NAMES = (
    "occurrence_id", "task_id", "task_name", "kind", "source_key", "nominal_at", "due_at", "status",
    "attempt", "worker", "started_at", "finished_at", "duration", "missed", "result", "error",
    "progress",
)  # fmt: skip
_INSTANTS = ("nominal_at", "due_at", "started_at", "finished_at")
_LONGEST_REMARK = 60


@click.command()
@click.option(
    "--from", "since", type=MOMENT, metavar="TIME", help="Due at or after; a date = from its midnight."
)
@click.option("--to", "until", type=MOMENT, metavar="TIME", help="Due before; a date = through that day.")
@click.option("--task", type=TASK_NAME, metavar="NAME", help="Only this task.")
@click.option("--key", type=JSON_KEY, metavar="KEY", help='Only this row: 7, or {"id": 7, "line": 2}.')
@click.option(
    "--status",
    "statuses",
    multiple=True,
    type=click.Choice(STATUSES),
    help="Only this status; may be repeated.",
)
@click.option("--kind", type=click.Choice(("scheduled", "date_field", "one_off")))
@click.option("--id", "occurrence_id", type=OCCURRENCE_ID, metavar="N", help="Only this occurrence.")
@click.option(
    "--limit", type=click.IntRange(1, 100_000), default=50, show_default=True, help="At most so many."
)
@click.option("--earliest-first", is_flag=True, help="Oldest due time first; default: newest first.")
@with_session
def records(
    session: Session,
    since: Moment | None,
    until: Moment | None,
    task: str | None,
    key: str | None,
    statuses: tuple[str, ...],
    kind: str | None,
    occurrence_id: int | None,
    limit: int,
    earliest_first: bool,
) -> None:
    """Show execution records: one line for each occurrence that is planned, runs or has ended.

    Times are shown in the zone of each task; --from and --to without an offset are in the installation's.

    \b
    Examples:
      jittask records --status error --status timed_out --from 2026-03-01 --to 2026-03-31
      jittask records --task sales_report --limit 10 --json
    """
    filters: dict[str, object] = {
        "occurrence_id": occurrence_id,
        "task_name": task,
        "kind": kind,
        "status": ",".join(statuses) or None,
        "source_key": _whole_key(session, task, key),
        "since": None if since is None else session.steps(instant_of(since, None)),
        "until": None if until is None else session.steps(last_instant_of(until, None, "--to")),
    }
    found = session.run(statements.records(filters, limit, newest_first=not earliest_first))
    rows = named(_NAMES, found)
    for row in rows:
        row["source_key"] = None if row["source_key"] is None else json.loads(row["source_key"])
        row["result"] = None if row["result"] is None else json.loads(row["result"])
        row["progress"] = None if row["progress"] is None else json.loads(row["progress"])
    session.localise(rows, _INSTANTS, task_column="task_name")
    if not session.as_json:
        for row in rows:
            row["remark"] = _remark(row)
            row["due_at"] = shown_instant(row["due_at"].replace(microsecond=0))
            started = row["started_at"]
            row["started_at"] = (
                None if started is None else f"{started:%H:%M:%S}.{started.microsecond // 1000:03}"
            )
    answer_rows(
        session.as_json,
        rows,
        {
            "occurrence_id": "id",
            "task_name": "task",
            "source_key": "row",
            "due_at": "due",
            "status": "status",
            "started_at": "started",
            "duration": "took",
            "attempt": "run",
            "worker": "worker",
            "remark": "result or error",
        },
        "There are no such records",
    )


def _whole_key(session: Session, task: str | None, key: str | None) -> str | None:
    """A bare value as the object that records hold: the key column is that of the task's table."""
    if key is None or isinstance(json.loads(key), dict):
        return key
    if task is None:
        raise click.UsageError('Name the task with --task, or give the key as an object: {"id": 7}')
    rows = session.run(statements.canonical_key(task, key))
    if not rows:
        raise click.UsageError(f'Task "{task}" watches no table, so it has no rows')
    return str(rows[0][0])


def _remark(row: dict[str, Any]) -> str:
    text = row["error"] or ("" if row["result"] is None else json.dumps(row["result"], ensure_ascii=False))
    if row["missed"]:
        text = f"{row['missed']} missed. {text}".strip()
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_REMARK else line[: _LONGEST_REMARK - 1] + "…"
