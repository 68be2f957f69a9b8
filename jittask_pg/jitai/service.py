"""The documents' task service, and ``app``, which finds it."""

# ruff: noqa: N802, N803  # names of functions and parameters are those of the documents

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from .. import statements
from ..errors import InvalidValueError, NotFoundError
from .row import planned_for, row_of
from .scheduler import joined, rows_of, scheduler

__all__ = ["App", "TaskSvc", "app", "createTemporaryTask"]

_TASK_TYPES = {"scheduled": "tasks.NormalType", "date_field": "tasks.DateFieldType"}


class TaskSvc:
    """The task service: ``app.getElement("services.TaskSvc")``."""

    def getTaskTmplList(self, queryStr: str) -> list[dict[str, Any]]:
        """Task definitions whose title or name contains a text.

        Args:
            queryStr: the text, in any case; "" = all.

        Returns:
            Dicts with title, taskType, repeatType and fullName, sorted by name.
        """
        wanted = _text("queryStr", queryStr, empty=True).casefold()
        rows = rows_of(statements.tasks.titles())
        found: list[dict[str, Any]] = []
        for name, title, kind, repeat in rows:
            full_name = str(name) if str(name).startswith("tasks.") else f"tasks.{name}"
            if wanted in str(title or "").casefold() or wanted in full_name.casefold():
                found.append(
                    {
                        "title": title or name,
                        "taskType": _TASK_TYPES[str(kind)],
                        "repeatType": repeat,
                        "fullName": full_name,
                    }
                )
        return found

    def createTimerTask(
        self,
        fullName: str,
        startTime: datetime | str,
        funcName: str,
        taskType: str,
        argDict: Mapping[str, object],
    ) -> dict[str, Any]:
        """Create a task that runs once, at a time.

        Args:
            fullName: what it is called in the records; may be used any number of times.
            startTime: when to run, "yyyy-MM-dd HH:mm:ss" in the installation's zone, or a datetime; a past
                one means now.
            funcName: the function, as workers know it.
            taskType: a type of the documents, "tasks.NormalType"; it makes no difference.
            argDict: keyword arguments of the function.

        Returns:
            ``{"taskId": str, "status": "pending"}``.

        Raises:
            InvalidValueError: a value that cannot be; it names the field.
        """
        _text("taskType", taskType)
        task_id = _enqueue(_text("funcName", funcName), argDict, startTime, title=_text("fullName", fullName))
        return {"taskId": task_id, "status": "pending"}

    def forcedEnd(self, taskId: str | int) -> dict[str, Any]:
        """End a task that was created: call it off while it waits, stop it while it runs.

        Args:
            taskId: any id that was handed out.

        Returns:
            ``{"taskId", "result"}``; result: cancelled, stopping, ended, or unknown.
        """
        text = str(taskId).strip()
        known = text.isascii() and text.isdigit() and 0 < int(text) < 2**63
        result = rows_of(statements.occurrences.cancel(int(text)))[0][0] if known else "unknown"
        return {"taskId": text, "result": result}

    def saveDateFieldTask(self, rowObj: object) -> dict[str, Any]:
        """What is planned for a row after it was saved.

        The database's triggers plan in the transaction that writes the row, whoever writes it; nothing is
        left to do here, and nothing is done.

        Args:
            rowObj: ``{"postData": row, "prevData": row}``, or the row: an instance of a mapped class, or a
                dict of its columns (with "table" where several watched tables could be meant).

        Returns:
            ``{"result": "planned by the database", "planned": [...]}``, a dict for each waiting occurrence of
            the row: taskId, fullName, table, key, startTime (installation's zone).

        Raises:
            InvalidValueError: `rowObj` is no row.
        """
        return {"result": "planned by the database", "planned": planned_for(row_of(rowObj, "postData"))}

    def deleteDateFieldTask(self, rowObj: object) -> dict[str, Any]:
        """What is still planned for a row after it was deleted: nothing, once the delete has happened.

        Args:
            rowObj: ``{"prevData": row}``, or the row; as for `saveDateFieldTask`.

        Returns:
            ``{"result": "removed by the database", "planned": []}``; "planned" lists what waits while the row
            is still there, and result then says so.

        Raises:
            InvalidValueError: `rowObj` is no row.
        """
        planned = planned_for(row_of(rowObj, "prevData"))
        return {
            "result": "the row is still there" if planned else "removed by the database",
            "planned": planned,
        }


class App:
    """The documents' ``app``: finds elements by their full name."""

    def __init__(self) -> None:
        self._elements: dict[str, object] = {"services.TaskSvc": TaskSvc()}

    def getElement(self, fullName: str) -> Any:
        """The element of that name.

        Raises:
            NotFoundError: there is none; this module knows ``services.TaskSvc``.
        """
        if fullName not in self._elements:
            raise NotFoundError(
                f'There is no element "{fullName}"', None, f"Known here: {', '.join(self._elements)}"
            )
        return self._elements[fullName]


app = App()
"""The documents' ``app``."""


def createTemporaryTask(
    func: str,
    argDict: Mapping[str, object] | None = None,
    startTime: datetime | str | None = None,
) -> str:
    """Create a task that runs once and is then kept in history only.

    Args:
        func: the function, as workers know it: ``services.OrderSvc.autoCancel``.
        argDict: keyword arguments of the function.
        startTime: "yyyy-MM-dd HH:mm:ss" in the installation's zone, or a datetime; None or a past one = now.

    Returns:
        The id, for `TaskSvc.forcedEnd`.

    Raises:
        InvalidValueError: a value that cannot be; it names the field.
    """
    return _enqueue(_text("func", func), argDict, startTime, title=None)


def _enqueue(
    func: str, arguments: Mapping[str, object] | None, start_time: datetime | str | None, title: str | None
) -> str:
    given: Mapping[str, object] = {} if arguments is None else arguments
    if not isinstance(given, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]  # untyped callers
        raise InvalidValueError(f'argDict is "{given!r}"', None, "Give a dict of keyword arguments")
    due_at = _start_time(start_time)
    occurrence_id = scheduler().enqueue(func, args=given, due_at=due_at, title=title, connection=joined.get())
    return str(occurrence_id)


def _start_time(value: datetime | str | None) -> datetime | None:
    if value is None or isinstance(value, datetime):
        return value
    if isinstance(value, str):  # pyright: ignore[reportUnnecessaryIsInstance]  # untyped callers
        for pattern in ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d"):
            try:
                return datetime.strptime(value.strip(), pattern)  # noqa: DTZ007  # zone: the installation's
            except ValueError:
                continue
    raise InvalidValueError(
        f'startTime is "{value}"', None, "Give yyyy-MM-dd HH:mm:ss, in the installation's zone"
    )


def _text(field: str, value: object, *, empty: bool = False) -> str:
    if not isinstance(value, str) or not (value or empty):
        raise InvalidValueError(f'{field} is "{value}"', None, "Give text")
    return value
