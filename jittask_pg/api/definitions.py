"""Defining tasks: the first part of `JitTask`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from typing import Literal, Unpack, cast
from zoneinfo import ZoneInfo

from .. import statements
from ..conditions import filter_of
from ..connections import AnyConnection
from ..errors import InvalidValueError
from ..handlers import check_source
from ..rule import Rule
from ..rules import once
from ..tables import TableLike
from .base import Base, Length, PointInTime, task_name
from .columns import TaskColumns, checked_columns, holiday_columns
from .date_field import DateField, date_field_steps
from .function import Function, args_text, handler_name
from .moments import moment_of
from .scheduled import scheduled_steps

__all__ = ["Definitions"]

SkipHolidays = bool | Literal["none", "nonworking", "holidays"]
"""Which days are moved off: True or "nonworking" = any free day, "holidays" = marked ones."""


class Definitions(Base):
    """Defines, pauses and removes tasks."""

    _named: dict[str, object]

    def schedule(
        self,
        name: str,
        function: Function | None = None,
        rule: Rule | None = None,
        *,
        start: PointInTime | None = None,
        end: PointInTime | None = None,
        timezone: str | ZoneInfo | None = None,
        calendar: str | None = None,
        skip_holidays: SkipHolidays | None = None,
        args: Mapping[str, object] | None = None,
        source: str | None = None,
        connection: AnyConnection | None = None,
        **columns: Unpack[TaskColumns],
    ) -> str:
        """Define a scheduled task: a function that runs by a rule.

        A definition is whole. The same one again changes nothing, another one changes the task; what is left
        out is back at its default. A pause stays.

        Args:
            name: unique name of the task.
            function: the function, or its name; None where `source` is given.
            rule: how often; None = once, at the start.
            start: the first occurrence lies at or after it. None = from now on by the server's clock, or as
                it stands where the task exists and the rule is the same.
            end: no occurrence after it; a date, or text with a date alone, means through that local day.
            timezone: IANA name, or a ZoneInfo; None = the installation's.
            calendar: name of a calendar of working days; alone it means that free days are skipped.
            skip_holidays: True or "nonworking" = any free day, "holidays" = marked ones, False or "none".
            args: keyword arguments of the function, as JSON can hold them.
            source: Python source that defines ``run``, instead of a function; runs only on workers that
                allow it.
            connection: a Session, Connection or psycopg connection: the definition commits or rolls back with
                it. None = a transaction of its own.
            **columns: see `TaskColumns`.

        Returns:
            The name.

        Raises:
            InvalidValueError: a value that cannot be; it names the field. Nothing was written.
            RightsError: the role may not define tasks.

        Example:
            ``jt.schedule("report", report, daily(at="09:00"), timezone="Asia/Shanghai", calendar="CN")``
        """
        given = _columns(columns, function, source, args, timezone, calendar, skip_holidays, takes_row=False)
        begins = None if start is None else moment_of(start, "start")
        ends = None if end is None else moment_of(end, "end")
        checked, task = _rule(rule, "rule"), task_name(name)
        return self._define(
            lambda: scheduled_steps(task, given, checked or once(), begins, ends), connection, "schedule"
        )

    def on_date(
        self,
        column: object,
        function: Function | None = None,
        *,
        name: str | None = None,
        table: TableLike | None = None,
        offset: Length | None = None,
        at: time | str | None = None,
        where: object = None,
        repeat: Rule | None = None,
        end: object = None,
        end_offset: Length | None = None,
        end_at: time | str | None = None,
        past_due: Literal["ignore", "run_now"] = "ignore",
        timezone: str | ZoneInfo | None = None,
        calendar: str | None = None,
        skip_holidays: SkipHolidays | None = None,
        args: Mapping[str, object] | None = None,
        source: str | None = None,
        connection: AnyConnection | None = None,
        **columns: Unpack[TaskColumns],
    ) -> str:
        """Define a date-field task: a function that runs for each row of a table, by a date column of it.

        As with `schedule`, a definition is whole, and the same one again changes nothing. Defining it takes a
        lock on the table that lets readers pass and waits a second at most; while other transactions are in
        the way, it is tried again for `lock_patience` seconds, unless `connection` is given.

        Args:
            column: the date column: a mapped attribute, a SQLAlchemy column, or "table.column".
            function: the function, called with the row first; or its name; None where `source` is given.
            name: unique name of the task; None = made of table, column, function and offset.
            table: the table, where `column` is a bare name.
            offset: signed distance from the date: ``days(-3)`` is three days before.
            at: wall-clock time on that day, "09:00"; needs an offset of whole days. None = the time of the
                field; for a date, 00:00.
            where: condition on the row: SQLAlchemy's, or the filter as a dict. See `conditions.filter_of`.
            repeat: how it repeats from the first due time of the row on: ``weekly()``; None = once.
            end: where that ends: another date column of the row, or a point in time; a date means through
                that local day.
            end_offset: signed distance from the end column.
            end_at: wall-clock time on the end day; None = the time of the field, for a date the whole day.
            past_due: a row written when its due time is past: "ignore", or "run_now".
            timezone: IANA name, or a ZoneInfo; None = the installation's.
            calendar: as for `schedule`.
            skip_holidays: as for `schedule`.
            args: keyword arguments of the function, after the row.
            source: Python source that defines ``run(row)``, instead of a function.
            connection: as for `schedule`.
            **columns: see `TaskColumns`.

        Returns:
            The name.

        Raises:
            InvalidValueError: a value that cannot be; it names the field. Nothing was written.
            WatchError: the table cannot be watched.
            RightsError: a right is missing; the way out is the GRANT.
            LockError: transactions of others held the table all the time.

        Example:
            ``jt.on_date(Contract.expires_on, remind, offset=days(-3), where=Contract.status == "active")``
        """
        field = DateField.of(
            column, table=table, offset=offset, at=at, end=end, end_offset=end_offset, end_at=end_at
        )
        given = _columns(columns, function, source, args, timezone, calendar, skip_holidays, takes_row=True)
        if past_due not in ("ignore", "run_now"):
            raise InvalidValueError(f'past_due is "{past_due}"', None, "Give ignore or run_now")
        given["past_due"] = past_due
        checked = _rule(repeat, "repeat")
        task = field.default_name(str(given["handler"] or "source")) if name is None else task_name(name)
        condition = filter_of(where, str(field.column.table))
        if name is None:
            self._claim_name(task, (field, condition, checked, given))
        return self._define(
            lambda: date_field_steps(task, given, field, checked, condition), connection, "on_date"
        )

    def remove(self, name: str, *, connection: AnyConnection | None = None) -> bool:
        """Delete a task. What runs goes on, nothing follows; its records stay.

        Returns:
            Whether there was one.
        """
        return bool(self._rows(statements.tasks.remove(task_name(name)), connection, "remove"))

    def pause(self, name: str, *, connection: AnyConnection | None = None) -> None:
        """Switch a task off: what is planned goes, what runs goes on.

        Raises:
            NotFoundError: there is no such task.
        """
        self._rows(statements.tasks.pause(task_name(name)), connection, "pause")

    def resume(self, name: str, *, connection: AnyConnection | None = None) -> None:
        """Switch a task on again; it is planned from now on and has missed nothing.

        Raises:
            NotFoundError: there is no such task.
        """
        self._rows(statements.tasks.resume(task_name(name)), connection, "resume")

    def _claim_name(self, name: str, definition: object) -> None:
        known = self._named.setdefault(name, definition)
        if known != definition:
            raise InvalidValueError(
                f'Two date-field tasks would both be called "{name}"',
                "The name is made of table, column, function and offset, and they differ in something else",
                "Give each a name of its own with name=",
            )


def _columns(
    columns: object,
    function: Function | None,
    source: str | None,
    args: Mapping[str, object] | None,
    timezone: str | ZoneInfo | None,
    calendar: str | None,
    skip_holidays: SkipHolidays | None,
    *,
    takes_row: bool,
) -> dict[str, object]:
    given = checked_columns(cast("Mapping[str, object]", columns))
    if (function is None) == (source is None):
        raise InvalidValueError(
            "function and source are both given" if source else "function is missing",
            None,
            "Give the function or its name, or the Python text of one as source=",
        )
    text = args_text(args)
    if isinstance(source, str):
        check_source(source)
    return {
        **given,
        **holiday_columns(_text("calendar", calendar), skip_holidays, given.get("holiday_policy")),
        "handler": None if function is None else handler_name(function, args or {}, takes_row=takes_row),
        "source": _text("source", source),
        "args": text,
        "timezone": _text("timezone", timezone.key if isinstance(timezone, ZoneInfo) else timezone),
    }


def _rule(rule: object, field: str) -> Rule | None:
    if rule is None or isinstance(rule, Rule):
        return rule
    raise InvalidValueError(
        f'{field} is "{rule!r}", which is no rule',
        None,
        'Give daily(at="09:00"), every(minutes=30), cron("0 9 * * mon-fri") or the like',
    )


def _text(field: str, value: object) -> str | None:
    if value is not None and not isinstance(value, str):
        raise InvalidValueError(f'{field} is "{value!r}"', None, "Give text")
    return value
