"""What people see: on a terminal a picture that is drawn anew, elsewhere plain lines."""

from __future__ import annotations

import os
import shutil
import sys
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import click

from ..database import Connection
from .definitions import TASKS, Day

__all__ = ["View", "table"]

_PLANNED = """
select coalesce(t.name, 'one-offs'), count(*), min(w.run_at)
from jittask.waiting w
left join jittask.task t on t.task_id = w.task_id
group by 1
"""

_COMING = """
select coalesce(t.name, q.title, q.handler), w.source_key ->> 'id', w.run_at
from jittask.waiting w
join jittask.due_queue q on q.occurrence_id = w.occurrence_id
left join jittask.task t on t.task_id = w.task_id
order by w.run_at
limit 3
"""

_ENDED = """
select e.occurrence_id, coalesce(e.task_name, e.kind), e.source_key ->> 'id', e.status, e.due_at,
  e.started_at, coalesce(e.result ->> 0, e.result::text, e.error, '')
from jittask.execution_record e
where e.finished_at is not null and e.finished_at >= %s
order by e.finished_at
"""

_CLOCK = "select clock_timestamp()"

_ONE_OFFS = "one-offs"

# Lines that are always there: all but what was told and what ran.
_FIXED_LINES = 20


@dataclass(frozen=True, slots=True)
class _Ended:
    task: str
    key: str | None
    status: str
    due_at: datetime
    started_at: datetime | None
    said: str


class View:
    """The live view.

    Args:
        connection: a session of its own, in autocommit mode.
        day: when the tour happens.
        heading: one line about the place.
        quiet: show nothing.
    """

    def __init__(self, connection: Connection, day: Day, heading: str, *, quiet: bool = False) -> None:
        self._connection = connection
        self._day = day
        self._heading = heading
        self._quiet = quiet
        self._drawn = 0
        self._live = not quiet and sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        self._seen: set[int] = set()
        self._since = day.begin - timedelta(minutes=5)
        self._ran: dict[str, int] = {}
        self._runs: deque[tuple[str, str]] = deque(maxlen=12)
        self._told: deque[tuple[float, str, str]] = deque(maxlen=8)
        self._planned: dict[str, tuple[int, datetime | None]] = {}
        self._coming: list[tuple[str, str | None, datetime]] = []
        self._next_status_at = 0.0

    def tell(self, seconds: float, what: str, effect: str) -> None:
        """Show something that happened to the business, and what the queue made of it."""
        if self._live:
            self._told.append((seconds, what, effect))
        else:
            self._line(seconds, "sql", what + (f"  ->  {effect}" if effect else ""))

    def refresh(self) -> datetime:
        """Look at the queue and the records, and show them; returns the server's clock."""
        row = self._connection.execute(_CLOCK).fetchone()
        assert row is not None
        now: datetime = row[0]
        news = self._news()
        if self._live:
            self._runs.extend(news)
            self._look()
            self._draw(now)
        elif not self._quiet:
            self._say(now, news)
        return now

    def _look(self) -> None:
        self._planned = {str(r[0]): (int(r[1]), r[2]) for r in self._connection.execute(_PLANNED).fetchall()}
        self._coming = [(r[0], r[1], r[2]) for r in self._connection.execute(_COMING).fetchall()]

    def _news(self) -> list[tuple[str, str]]:
        """What has ended since the last look: a word and a sentence for each task and status."""
        groups: dict[tuple[str, str], list[_Ended]] = {}
        for row in self._connection.execute(_ENDED, [self._since]).fetchall():
            if row[0] not in self._seen:
                self._seen.add(row[0])
                one = _Ended(*row[1:])
                groups.setdefault((one.task, one.status), []).append(one)
        for (task, status), group in groups.items():
            if status == "completed":
                name = task if task in TASKS else _ONE_OFFS
                self._ran[name] = self._ran.get(name, 0) + len(group)
        return [
            ("ran" if status == "completed" else status, _sentence(task, group))
            for (task, status), group in groups.items()
        ]

    def _say(self, now: datetime, news: Sequence[tuple[str, str]]) -> None:
        seconds = (now - self._day.begin).total_seconds()
        for word, sentence in news:
            self._line(seconds, word, sentence)
        if seconds >= self._next_status_at:
            self._next_status_at = seconds + 3
            self._look()
            planned = ", ".join(
                f"{name} {self._planned.get(name, (0, None))[0]:,}" for name in (*TASKS, _ONE_OFFS)
            )
            self._line(seconds, "plan", planned)

    def _line(self, seconds: float, kind: str, text: str) -> None:
        if not self._quiet:
            click.echo(f"{seconds:5.1f} s  {kind:<4}  {text}")

    def _draw(self, now: datetime) -> None:
        width, height = shutil.get_terminal_size()
        lines = [_cut(line, width - 1) for line in self._lines(now)][: height - 1]
        back = f"\x1b[{self._drawn}F" if self._drawn else ""
        sys.stdout.write(back + "".join(f"{line}\x1b[K\n" for line in lines) + "\x1b[J")
        sys.stdout.flush()
        self._drawn = len(lines)

    def finish(self) -> None:
        """Leave the last picture standing."""
        self._drawn = 0

    def _lines(self, now: datetime) -> list[str]:
        elapsed = (now - self._day.begin).total_seconds()
        whole = (self._day.end - self._day.begin).total_seconds()
        done = max(0, min(24, round(24 * elapsed / whole)))
        lines = [
            click.style(self._heading, bold=True),
            f"{'#' * done}{'-' * (24 - done)}  {max(elapsed, 0):4.1f} of {whole:.0f} s",
            "",
            click.style(f"{'task':<16}{'planned':>8}{'ran':>5}  {'next due':<12}rule", dim=True),
        ]
        for name, rule in {**TASKS, _ONE_OFFS: "enqueued from SQL and from Python"}.items():
            count, due_at = self._planned.get(name, (0, None))
            due = "" if due_at is None else _until(due_at - now)
            lines.append(f"{name:<16}{count:>8,}{self._ran.get(name, 0):>5}  {due:<12}{rule}")
        lines += ["", click.style("due next", dim=True)]
        lines += [
            f"  {_until(due_at - now):>10}  {task}{'' if key is None else f', id {key}'}"
            for task, key, due_at in self._coming
        ]
        free = max(2, shutil.get_terminal_size().lines - _FIXED_LINES)
        told = list(self._told)[-max(1, min(5, free // 4)) :]
        lines += ["", click.style("a plain SQL session", dim=True)]
        for seconds, what, effect in told:
            lines.append(f"  {seconds:4.1f} s  {click.style(what, fg='cyan')}")
            lines.append(f"          {effect}")
        lines += ["", click.style("what ran", dim=True)]
        for word, sentence in list(self._runs)[-max(1, free - 2 * len(told)) :]:
            colour = "green" if word == "ran" else "yellow"
            lines.append(f"  {click.style(f'{word:<9}', fg=colour)}  {sentence}")
        return lines


def table(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    """Lines of a table; numbers stand on the right."""
    cells = [[str(value) for value in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(headings, *cells, strict=True)]
    right = [
        bool(rows) and all(isinstance(row[n], int | float) for row in rows) for n in range(len(headings))
    ]
    return [
        "  ".join(
            cell.rjust(width) if at_right else cell.ljust(width)
            for cell, width, at_right in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in [list(headings), *cells]
    ]


def _sentence(task: str, group: Sequence[_Ended]) -> str:
    first = group[0]
    if len(group) > 1:
        return f"{task}, {len(group)} rows, {_begun(first)}: {first.said}, …"
    return f"{task}, {_key(first.key)}{_begun(first)}: {first.said}"


def _key(key: str | None) -> str:
    return "" if key is None else f"id {key}, "


def _begun(one: _Ended) -> str:
    if one.started_at is None:
        return "never begun"
    return f"{(one.started_at - one.due_at).total_seconds() * 1000:.0f} ms after due"


def _until(left: timedelta) -> str:
    seconds = left.total_seconds()
    if seconds < 0:
        return "now"
    if seconds < 100:
        return f"in {seconds:.1f} s"
    if seconds < 6000:
        return f"in {seconds / 60:.0f} min"
    return f"in {seconds / 3600:.0f} h"


def _cut(line: str, width: int) -> str:
    plain = click.unstyle(line)
    return line if len(plain) <= width else plain[: width - 1] + "…"
