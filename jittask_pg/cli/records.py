"""Execution records: what is planned, runs and ran."""

from __future__ import annotations

import json
from typing import Any

import click

from .. import statements
from ..api.moments import Moment, instant_of, last_instant_of
from ..api.records import STATUSES, loaded
from ..errors import RightsError
from .output import answer_rows, json_text, named, shown, shown_instant
from .session import Session, with_session
from .types import JSON_KEY, MOMENT, OCCURRENCE_ID, TASK_NAME

__all__ = ["records"]

_NAMES = (
    "occurrence_id", "task_id", "task_name", "kind", "source_key", "nominal_at", "due_at", "status",
    "attempt", "worker", "started_at", "finished_at", "duration", "missed", "result", "error",
    "progress",
)  # fmt: skip
_TRY = ("attempt", "outcome", "worker", "started_at", "finished_at", "error")
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
@click.option("--id", "occurrence_id", type=OCCURRENCE_ID, metavar="N", help="Only this one, in full.")
@click.option(
    "-n", "--limit", type=click.IntRange(1, 100_000), default=50, show_default=True, help="At most so many."
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

    With --id, the whole error, the captured log and earlier tries of that one. Times are shown in the zone of
    each task; --from and --to without an offset are in the installation's.

    \b
    Examples:
      jittask records --status error --status timed_out --from 2026-03-01 --to 2026-03-31
      jittask records --task sales_report --limit 10 --json
      jittask records --id 4711
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
    found = session.run(statements.records.find(filters, limit, newest_first=not earliest_first))
    rows = named(_NAMES, found)
    for row in rows:
        for column in ("source_key", "result", "progress"):
            row[column] = loaded(row[column])
    session.localise(rows, _INSTANTS, task_column="task_name")
    if occurrence_id is not None and rows:
        _add_details(session, occurrence_id, rows[0])
        if not session.as_json:
            click.echo(_whole(rows[0]))
            return
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
            "remark": "result, error or progress",
        },
        "There are no such records",
    )


def _whole_key(session: Session, task: str | None, key: str | None) -> str | None:
    """A bare value as the object that records hold: the key column is that of the task's table."""
    if key is None or isinstance(json.loads(key), dict):
        return key
    if task is None:
        raise click.UsageError('Name the task with --task, or give the key as an object: {"id": 7}')
    rows = session.run(statements.source_tables.canonical_key(task, key))
    if not rows:
        raise click.UsageError(f'Task "{task}" watches no table, so it has no rows')
    return str(rows[0][0])


def _add_details(session: Session, occurrence_id: int, row: dict[str, Any]) -> None:
    """What one occurrence has beside its record: the captured log, and the tries that did not end it."""
    row["log"] = next((log for (log,) in session.run(statements.records.log_of(occurrence_id))), None)
    try:
        found = session.run(statements.records.tries(occurrence_id))
    except RightsError:
        # Viewers see that it was tried, by its number; errors are not for them.
        row["tries"] = []
        return
    row["tries"] = named(_TRY, found)
    session.localise(row["tries"], ("started_at", "finished_at"), task=row["task_name"])


def _whole(row: dict[str, Any]) -> str:
    """One occurrence on lines of its own, with long texts as they are."""
    lines = [f"Occurrence {row['occurrence_id']} of {row['task_name']}"]
    facts = {
        "kind": row["kind"],
        "row": row["source_key"],
        "status": row["status"],
        "due": row["due_at"],
        "nominal": None if row["nominal_at"] == row["due_at"] else row["nominal_at"],
        "started": row["started_at"],
        "finished": row["finished_at"],
        "took": row["duration"],
        "run": row["attempt"],
        "worker": row["worker"],
        "missed": row["missed"] or None,
        "progress": _progress(row),
        "result": row["result"],
    }
    lines += [f"  {name:<9} {shown(value)}" for name, value in facts.items() if value is not None]
    for heading, text in (("error", row["error"]), ("log", row["log"])):
        if text:
            lines += [f"  {heading}", *(f"    {line}" for line in text.splitlines())]
    for tried in row["tries"]:
        worker = "" if tried["worker"] is None else f", {tried['worker']}"
        lines.append(f"  run {tried['attempt']}: {tried['outcome']}, {shown(tried['finished_at'])}{worker}")
        lines += [f"    {line}" for line in (tried["error"] or "").splitlines()]
    return "\n".join(lines)


def _remark(row: dict[str, Any]) -> str:
    text = _progress(row) or _said(row["error"] or "")
    if not text and row["result"] is not None:
        text = json_text(row["result"])
    if row["missed"]:
        text = f"{row['missed']} missed. {text}".strip()
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_REMARK else line[: _LONGEST_REMARK - 1] + "…"


def _progress(row: dict[str, Any]) -> str | None:
    told: dict[str, Any] | None = row["progress"]
    if told is None:
        return None
    share = "/".join(shown(told[name]) for name in ("done", "total") if name in told)
    return f"{share} {told.get('message', '')}".strip()


def _said(error: str) -> str:
    """Of a traceback what the exception says, which stands below its last frame."""
    if not error.startswith("Traceback "):
        return error
    lines = error.splitlines()
    frames = [number for number, line in enumerate(lines) if line.startswith("  ")]
    return " ".join(lines[frames[-1] + 1 :]) if frames else error
