"""Single occurrences: one-offs, and what is done with one that exists."""

from __future__ import annotations

import json
from datetime import datetime

import click

from .. import statements
from ..api.moments import Moment
from ..errors import NotFoundError, RightsError
from .output import answer, shown
from .session import Session, with_session
from .types import JSON_KEY, JSON_OBJECT, LENGTH, MOMENT, OCCURRENCE_ID, TASK_NAME, keyword_pairs

__all__ = ["cancel", "enqueue", "retry", "run_now"]


@click.command()
@click.argument("handler")
@click.option("--args", type=JSON_OBJECT, default="{}", metavar="JSON", help="Keyword arguments.")
@click.option("--arg", "single", multiple=True, metavar="KEY=VALUE", help="One of the args; repeatable.")
@click.option("--due-at", "--at", "due_at", type=MOMENT, metavar="TIME", help="When; left out: now.")
@click.option(
    "--delay", "--in", "delay", type=LENGTH, metavar="LENGTH", help='How long from now, "30 minutes".'
)
@click.option("--queue", default="default", show_default=True, metavar="NAME")
@click.option(
    "--priority",
    type=click.IntRange(-2_147_483_647, 2_147_483_647),
    metavar="N",
    default=100,
    show_default=True,
    help="Smaller runs first.",
)
@click.option("--dedupe-key", metavar="KEY", help="Unique among unfinished ones: a repeat changes nothing.")
@click.option("--timeout", type=LENGTH, metavar="LENGTH", help="Longest run.")
@click.option("--max-attempts", type=click.IntRange(1, 1000), default=1, show_default=True)
@click.option("--retry-delay", type=LENGTH, default="10 seconds", show_default=True, metavar="LENGTH")
@click.option("--title", metavar="TEXT", help="Name for people, shown in the records.")
@with_session
def enqueue(
    session: Session,
    handler: str,
    args: str,
    single: tuple[str, ...],
    due_at: Moment | None,
    delay: str | None,
    queue: str,
    priority: int,
    dedupe_key: str | None,
    timeout: str | None,
    max_attempts: int,
    retry_delay: str,
    title: str | None,
) -> None:
    """Have a function run once, now or later; prints the id of the occurrence.

    Times without an offset are in the installation's zone.

    \b
    Examples:
      jittask enqueue myapp.tasks.check_and_cancel --arg order_id=7 --in "30 minutes"
      jittask enqueue sql:app.expire_orders --at "2026-12-31 18:00"
    """
    if due_at is not None and delay is not None:
        raise click.UsageError("Give either --due-at or --delay")
    call = statements.occurrences.enqueue(
        {
            "handler": handler,
            "args": json.dumps({**json.loads(args), **keyword_pairs(single)}, ensure_ascii=False),
            "due_at": None if due_at is None else due_at.instant,
            "local_due_at": None if due_at is None else due_at.local,
            "delay": delay,
            "queue": queue,
            "priority": priority,
            "dedupe_key": dedupe_key,
            "timeout": timeout,
            "max_attempts": max_attempts,
            "retry_delay": retry_delay,
            "title": title,
        }
    )
    occurrence_id = session.run(call)[0][0]
    due = _due_time(session, occurrence_id)
    answer(
        session.as_json,
        {"occurrence_id": occurrence_id, "due_at": due},
        f"Occurrence {occurrence_id}" + (f", due {shown(due)}" if due else ""),
    )


def _due_time(session: Session, occurrence_id: int) -> datetime | None:
    try:
        found = session.run(statements.records.find({"occurrence_id": occurrence_id}, 1, newest_first=True))
    except RightsError:
        # Who may enqueue need not be allowed to look.
        return None
    return session.local([found[0][6]])[0] if found else None


@click.command()
@click.argument("occurrence_id", type=OCCURRENCE_ID)
@with_session
def cancel(session: Session, occurrence_id: int) -> None:
    """Call off an occurrence, or ask a running one to end.

    Answers cancelled (it was waiting), stopping (the worker is told) or ended (it is over already).

    \b
    Example:
      jittask cancel 4711
    """
    result = session.run(statements.occurrences.cancel(occurrence_id))[0][0]
    if result == "unknown":
        raise NotFoundError(f"There is no occurrence {occurrence_id}", None, "Look it up: jittask records")
    meanings = {
        "cancelled": "is cancelled; it had not begun",
        "stopping": "runs; its worker was told to end it",
        "ended": "has ended already",
    }
    answer(
        session.as_json,
        {"occurrence_id": occurrence_id, "result": result},
        f"Occurrence {occurrence_id} {meanings.get(result, result)}",
    )


@click.command()
@click.argument("occurrence_id", type=OCCURRENCE_ID)
@with_session
def retry(session: Session, occurrence_id: int) -> None:
    """Run an occurrence that has ended once more; prints the id of the new one.

    \b
    Example:
      jittask retry 4711
    """
    new_id = session.run(statements.occurrences.retry(occurrence_id))[0][0]
    answer(
        session.as_json,
        {"occurrence_id": new_id, "retry_of": occurrence_id},
        f"Occurrence {new_id} runs {occurrence_id} again",
    )


@click.command("run-now")
@click.argument("task", type=TASK_NAME)
@click.option(
    "--key", type=JSON_KEY, metavar="KEY", help='Row of a date-field task: 7, or {"id": 7, "line": 2}.'
)
@with_session
def run_now(session: Session, task: str, key: str | None) -> None:
    """Run a task once, now, outside its plan; prints the id of the occurrence.

    \b
    Examples:
      jittask run-now sales_report
      jittask run-now remind --key 7
    """
    occurrence_id = session.run(statements.occurrences.run_now(task, key))[0][0]
    answer(
        session.as_json,
        {"occurrence_id": occurrence_id, "task": task},
        f'Occurrence {occurrence_id} of task "{task}"',
    )
