"""The tasks of the tour, some by plain SQL and some from Python, all in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from ..api import JitTask
from ..database import Connection
from ..offsets import minutes
from ..rules import cron, every
from . import tasks
from .business import ZONE
from .models import Contract, Order

__all__ = ["TASKS", "Day", "define"]

TASKS = {
    "check_stock": "every 2 seconds",
    "ping_gateway": 'cron "*/5 * * * * *"',
    "remind_expiring": "3 days before contract.expires_on, while active",
    "cancel_unpaid": "30 minutes after orders.created_at, while unpaid",
    "review_contract": "every 4 s, contract.review_from to review_until",
}
"""What each task does, for people."""


@dataclass(frozen=True, slots=True)
class Day:
    """When the tour happens.

    Attributes:
        begin: its first instant, a whole second.
        end: its last instant; what is due later is not looked at.
        remind_at: when today's reminders are due.
    """

    begin: datetime
    end: datetime
    remind_at: datetime

    @classmethod
    def of(cls, begin: datetime, seconds: int) -> Day:
        """The day that begins at `begin` and lasts so many seconds."""
        return cls(begin, begin + timedelta(seconds=seconds), begin + timedelta(seconds=seconds // 2 + 1))

    @property
    def at_time(self) -> str:
        """Wall-clock time of the reminders where the business is."""
        return self.remind_at.astimezone(ZoneInfo(ZONE)).strftime("%H:%M:%S")


_SCHEDULED = """
insert into jittask.task (name, kind, handler, args, start_at, end_at, repeat, period, overlap)
values ('check_stock', 'scheduled', 'check_stock', '{"shelf": "A7"}',
        %(begin)s, %(end)s, 'interval', '2 seconds', 'wait')
"""

_DATE_FIELD = """
insert into jittask.task (
  name, kind, handler, source_table, date_field, start_offset, at_time, timezone, filter
)
values (
  'remind_expiring', 'date_field', 'remind',
  'contract', 'expires_on', '-3 days', %(at_time)s, %(zone)s, '{"status": "active"}'
)
"""


def define(connection: Connection, jt: JitTask, day: Day) -> None:
    """Define all tasks in the caller's transaction."""
    connection.execute(_SCHEDULED, {"begin": day.begin, "end": day.end})
    connection.execute(_DATE_FIELD, {"at_time": day.at_time, "zone": ZONE})
    jt.schedule(
        "ping_gateway",
        tasks.ping_gateway,
        cron("*/5 * * * * *"),
        start=day.begin,
        end=day.end,
        overlap="wait",
        connection=connection,
    )
    jt.on_date(
        Order.created_at,
        tasks.cancel_unpaid,
        name="cancel_unpaid",
        offset=minutes(30),
        where=Order.status == "unpaid",
        transactional=True,
        connection=connection,
    )
    jt.on_date(
        Contract.review_from,
        tasks.review,
        name="review_contract",
        repeat=every(seconds=4),
        end=Contract.review_until,
        overlap="wait",
        connection=connection,
    )
