"""What a change did, or would do, to the plan: how many occurrences were added, moved and cancelled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .. import statements
from .session import Session

__all__ = ["NO_CHANGE", "PlanChange", "note_plan", "plan_change", "plan_changes", "plan_total"]


@dataclass(frozen=True, slots=True)
class PlanChange:
    """Counts of occurrences.

    Attributes:
        added: planned now and not before.
        moved: planned for another time.
        cancelled: no longer planned.
        goes_on: the planning of a large table goes on after the commit.
    """

    added: int
    moved: int
    cancelled: int
    goes_on: bool

    def __str__(self) -> str:
        counts = f"{self.added} added, {self.moved} moved, {self.cancelled} cancelled"
        return f"{counts}; the planning of its table goes on" if self.goes_on else counts


NO_CHANGE = PlanChange(0, 0, 0, False)


def note_plan(session: Session, task: str | None = None, *, calendar: str | None = None) -> None:
    """Keep, for the rest of the transaction, what is planned for a task or for the tasks of a calendar."""
    session.run(statements.plan_change.begin())
    session.run(statements.plan_change.note(task, calendar))


def plan_change(session: Session, task: str | None = None, *, calendar: str | None = None) -> PlanChange:
    """What has changed since `note_plan` in this transaction; a task may have been renamed in between."""
    return PlanChange(*session.run(statements.plan_change.difference(task, calendar))[0])


def plan_changes(session: Session, tasks: Sequence[str], calendars: Sequence[str]) -> dict[str, PlanChange]:
    """`plan_change` for each of some tasks, and for the tasks of calendars; tasks that are gone too."""
    rows = session.run(statements.plan_change.differences(tasks, calendars))
    return {name: PlanChange(*counts) for name, *counts in rows}


def plan_total(changes: Sequence[PlanChange]) -> PlanChange:
    """All of them together."""
    return PlanChange(
        sum(change.added for change in changes),
        sum(change.moved for change in changes),
        sum(change.cancelled for change in changes),
        any(change.goes_on for change in changes),
    )
