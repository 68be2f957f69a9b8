"""How the installation stands, at a glance and for monitoring."""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from typing import Any

import click

from .. import statements
from .output import answer, counted, length
from .session import Session, with_session

__all__ = ["status"]

_NAMES = (
    "tasks", "paused_tasks", "waiting", "overdue", "executing", "longest_overdue_seconds", "to_plan_anew",
    "broken_watches", "broken_tasks", "paused_queues", "live_workers",
)  # fmt: skip


@click.command()
@click.option("--check", is_flag=True, help="Exit with 1 where something needs attention, for monitoring.")
@with_session
def status(session: Session, check: bool) -> None:
    """Show what is planned, what runs, what ended in the last day, and who works.

    With --check it fails where occurrences are overdue, or a watch or task is broken.

    \b
    Examples:
      jittask status
      jittask status --check || page-someone
    """
    facts: dict[str, Any] = dict(zip(_NAMES, session.run(statements.status.installation())[0], strict=True))
    facts["outcomes_24h"] = dict(session.run(statements.status.outcomes(24)))
    facts["workers"] = [
        {
            "name": name,
            "version": version,
            "queues": None if queues is None else json.loads(queues),
            "seen_seconds_ago": seen,
        }
        for name, _, _, version, queues, _, seen in session.run(statements.status.workers())
    ]
    troubles = _troubles(facts)
    facts["troubles"] = troubles
    answer(session.as_json, facts, "\n".join(_lines(facts, troubles)))
    if check and troubles:
        sys.exit(1)


def _troubles(facts: dict[str, Any]) -> list[str]:
    troubles: list[str] = []
    if facts["overdue"]:
        longest = length(timedelta(seconds=facts["longest_overdue_seconds"] or 0))
        troubles.append(f"{counted(facts['overdue'], 'occurrence')} overdue, the oldest for {longest}")
        if not facts["live_workers"]:
            troubles.append("No worker lives; start one: jittask worker --import MODULE")
    if facts["broken_watches"]:
        troubles.append(
            f"{counted(facts['broken_watches'], 'broken watch', 'broken watches')}; see jittask doctor"
        )
    if facts["broken_tasks"]:
        troubles.append(f"{counted(facts['broken_tasks'], 'broken task')}; see jittask doctor")
    return troubles


def _lines(facts: dict[str, Any], troubles: list[str]) -> list[str]:
    paused = f" ({facts['paused_tasks']} paused)" if facts["paused_tasks"] else ""
    lines = [
        f"tasks      {facts['tasks']}{paused}",
        f"waiting    {facts['waiting']}",
        f"overdue    {facts['overdue']}",
        f"executing  {facts['executing']}",
    ]
    if facts["to_plan_anew"]:
        lines.append(f"to plan    {facts['to_plan_anew']}")
    if facts["paused_queues"]:
        lines.append(f"paused     {counted(facts['paused_queues'], 'queue')}")
    outcomes = ", ".join(f"{count} {outcome}" for outcome, count in facts["outcomes_24h"].items())
    lines.append(f"last day   {outcomes or 'nothing ended'}")
    live = [worker for worker in facts["workers"] if worker["seen_seconds_ago"] < 60]
    for number, worker in enumerate(live):
        queues = "all queues" if worker["queues"] is None else ", ".join(worker["queues"])
        heading = "workers" if number == 0 else ""
        lines.append(f"{heading:<9}  {worker['name']}, {queues}, heard of {worker['seen_seconds_ago']} s ago")
    if not live:
        lines.append("workers    none")
    return lines + [f"! {trouble}" for trouble in troubles]
