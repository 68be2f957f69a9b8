"""What must run, worked out from the business tables in plain SQL; the scheduler is not asked.

A photograph lists what the tables, as they stand, make due within the day. Each photograph is good until the
next one, so taking one after every change gives, piece by piece, what has to run. A change is only let
through when nothing that it touches is due at about that moment; else nobody could say which side of it a run
belongs to.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import NamedTuple

from ..database import Connection
from .business import ZONE
from .definitions import Day

__all__ = ["Expectation", "Occurrence", "planned_ahead"]

_SAFE = timedelta(seconds=1.2)
_SETTLED = timedelta(seconds=60)


class Occurrence(NamedTuple):
    """One run: task, key of the row ('' for none) and due time to the second."""

    task: str
    key: str
    due_at: datetime


_PHOTOGRAPH = """
select o.task, o.key, date_trunc('second', o.due_at)
from (
  select 'check_stock' as task, '' as key, d as due_at
  from generate_series(%(begin)s, %(end)s, interval '2 seconds') d
  union all
  select 'ping_gateway', '', d
  from generate_series(%(begin)s, %(end)s, interval '1 second') d
  where extract(second from d)::int %% 5 = 0
  union all
  select 'remind_expiring', c.id::text, (c.expires_on - 3 + %(at_time)s::time) at time zone %(zone)s
  from contract c
  where c.status = 'active' and c.expires_on between %(today)s + 2 and %(today)s + 4
  union all
  select 'cancel_unpaid', o.id::text, o.created_at + interval '30 minutes'
  from orders o
  where o.status = 'unpaid'
  union all
  select 'review_contract', c.id::text, d
  from contract c
  cross join generate_series(c.review_from, least(c.review_until, %(end)s), interval '4 seconds') d
  where c.review_from is not null
) o
where o.due_at between %(begin)s and %(end)s
"""

_AHEAD = """
select 'remind_expiring', count(*)
from contract c
where c.status = 'active' and (c.expires_on - 3 + %(at_time)s::time) at time zone %(zone)s > %(after)s
union all
select 'cancel_unpaid', count(*)
from orders o
where o.status = 'unpaid' and o.created_at + interval '30 minutes' > %(after)s
"""


class Expectation:
    """Collects what has to run.

    Args:
        connection: where to read; photographs see the caller's open transaction.
        day: what to look at.
    """

    def __init__(self, connection: Connection, day: Day) -> None:
        self._connection = connection
        self._day = day
        self._due: Counter[Occurrence] = Counter()
        self._taken_at = day.begin - timedelta(seconds=1)
        self._current: Counter[Occurrence] = Counter()
        self._next: tuple[datetime, Counter[Occurrence]] | None = None

    def begin(self) -> None:
        """Take the first photograph, before anything is due."""
        _, self._current = self._photograph()

    def before_change(self) -> None:
        """Call in the transaction of a change, before it."""
        self._turn_page(*self._photograph())

    def after_change(self) -> bool:
        """Call in the transaction of a change, after it: whether nothing that it touches is due just now."""
        taken_at, photograph = self._photograph()
        touched = [one for one in {**self._current, **photograph} if self._current[one] != photograph[one]]
        self._next = (taken_at, photograph)
        return not any(taken_at - _SETTLED < one.due_at < taken_at + _SAFE for one in touched)

    def committed(self) -> None:
        """Call when the transaction of the change has committed."""
        assert self._next is not None
        self._turn_page(*self._next)

    def add(self, task: str, due_at: datetime) -> None:
        """A one-off that has to run."""
        self._due[Occurrence(task, "", due_at.replace(microsecond=0))] += 1

    def result(self) -> Counter[Occurrence]:
        """Everything that had to run within the day; call when it is over."""
        self._turn_page(*self._photograph())
        return self._due

    def _photograph(self) -> tuple[datetime, Counter[Occurrence]]:
        day = self._day
        rows = self._connection.execute(
            _PHOTOGRAPH,
            {
                "begin": day.begin,
                "end": day.end,
                "at_time": day.at_time,
                "zone": ZONE,
                "today": day.remind_at.date(),
            },
        ).fetchall()
        # Read after the rows: whatever is due later than this was not run when they were read.
        now = self._connection.execute("select statement_timestamp()").fetchone()
        assert now is not None
        return now[0], Counter(Occurrence(*row) for row in rows)

    def _turn_page(self, taken_at: datetime, photograph: Counter[Occurrence]) -> None:
        for one, count in self._current.items():
            if self._taken_at < one.due_at <= taken_at:
                self._due[one] += count
        self._taken_at, self._current = taken_at, photograph


def planned_ahead(connection: Connection, day: Day, after: datetime) -> dict[str, int]:
    """How many rows the tables make due after an instant, for the tasks that run once a row."""
    rows = connection.execute(_AHEAD, {"at_time": day.at_time, "zone": ZONE, "after": after}).fetchall()
    return {str(task): int(count) for task, count in rows}
