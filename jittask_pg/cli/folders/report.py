"""What a command did, or would do, with each task and calendar."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from ..output import answer, counted, shown
from ..plan_change import NO_CHANGE, PlanChange, plan_total
from ..session import Session
from .stored import INSTANTS, Difference, local_text

__all__ = ["Item", "answer_items"]

_STATUSES = ("added", "changed", "removed", "unchanged", "left")
_WIDEST = 80


@dataclass(slots=True)
class Item:
    """A task or a calendar.

    Attributes:
        name: its name.
        status: added, changed, removed, unchanged, or left = not in the folder, and nothing was done.
        changes: in what it changed.
        occurrences: what that did to the plan; None = it has no part in it.
        note: for people, why.
        kind: what it is.
    """

    name: str
    status: Literal["added", "changed", "removed", "unchanged", "left"]
    changes: Difference = field(default_factory=Difference)
    occurrences: PlanChange | None = None
    note: str = ""
    kind: Literal["task", "calendar"] = "task"


def answer_items(session: Session, items: Sequence[Item], did: str, **facts: object) -> None:
    """Answer with all of them.

    Args:
        session: how to answer, and whose tasks they are.
        items: tasks and calendars.
        did: what was done: Applied jobs.
        facts: further values for JSON.
    """
    for item in items:
        for column in item.changes.keys() & INSTANTS:
            before, after = item.changes[column]
            item.changes[column] = (
                local_text(session, item.name, before),
                local_text(session, item.name, after),
            )
    numbers = Counter(item.status for item in items)
    sentence = ", ".join(f"{numbers[status]} {status}" for status in _STATUSES if numbers[status])
    lines = [line for item in items for line in _lines(item)]
    rows: dict[str, object] = {
        **facts,
        "tasks": [_row(item) for item in items if item.kind == "task"],
        "calendars": [_row(item) for item in items if item.kind == "calendar"],
    }
    lines.append(f"{did}: {sentence or 'nothing'}")
    if plans := [item.occurrences for item in items if item.occurrences is not None]:
        total = plan_total(plans)
        rows["occurrences"] = asdict(total)
        lines.append(f"Occurrences: {total}")
    answer(session.as_json, rows, "\n".join(lines))


def _row(item: Item) -> dict[str, Any]:
    row: dict[str, Any] = {
        "name": item.name,
        "status": item.status,
        "changes": {key: {"from": before, "to": after} for key, (before, after) in item.changes.items()},
    }
    if item.note:
        row["note"] = item.note
    if item.occurrences is not None:
        row["occurrences"] = asdict(item.occurrences)
    return row


def _lines(item: Item) -> list[str]:
    label = item.name if item.kind == "task" else f"calendar {item.name}"
    plan = item.occurrences
    moved = f"occurrences: {plan}" if plan not in (None, NO_CHANGE) else ""
    head = f"{item.status:<9}  {label}" + "".join(f"  ({text})" for text in (item.note, moved) if text)
    width = max(map(len, item.changes), default=0)
    return [
        head,
        *(
            f"             {key:<{width}}  {_brief(key, before)} → {_brief(key, after)}"
            for key, (before, after) in item.changes.items()
        ),
    ]


def _brief(key: str, text: str | None) -> str:
    if text is None:
        return "not set"
    if key == "source":
        return counted(len(text.splitlines()), "line")
    line = shown(text)
    return line if len(line) <= _WIDEST else line[:_WIDEST] + "…"
