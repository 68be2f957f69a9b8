"""The task service of JitAi's documents, for code that was written for it.

``app.getElement("services.TaskSvc")`` and ``createTemporaryTask`` work as printed there, on `JitTask`.
Importing this module also lets ``from tasks.TemporaryType.task import createTemporaryTask`` and ``from
jit_utils.time import now`` work where no other module has these names. Names of methods and parameters are
those of the documents.

Times are in the installation's zone. Calls join the transaction of `transaction`; outside one each commits by
itself.
"""

# ruff: noqa: N802, N803  # names of functions and parameters are those of the documents

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from threading import Lock
from types import ModuleType
from typing import Any, TypeVar, cast

from sqlalchemy import Column
from sqlalchemy import inspect as inspect_entity
from sqlalchemy.exc import NoInspectionAvailable
from sqlalchemy.orm import InstanceState, object_session

from . import statements
from .api import JitTask
from .api.records import key_text, loaded
from .connections import AnyConnection, Rows, Steps, check_sync, drive
from .errors import InvalidValueError, NotFoundError
from .statements.call import Call
from .tables import table_name

__all__ = ["App", "Moment", "TaskSvc", "app", "createTemporaryTask", "now", "transaction", "use"]

T = TypeVar("T")

_joined: ContextVar[AnyConnection | None] = ContextVar("jittask_jitai_connection", default=None)
_lock = Lock()
_jittask: JitTask | None = None

_TASK_TYPES = {"scheduled": "tasks.NormalType", "date_field": "tasks.DateFieldType"}


def use(jittask: JitTask | str) -> None:
    """Say which scheduler this module works on; without it, the one that ``JITTASK_DSN`` names.

    Args:
        jittask: a `JitTask`, or a connection string.
    """
    global _jittask
    with _lock:
        _jittask = jittask if isinstance(jittask, JitTask) else JitTask(jittask)


@contextmanager
def transaction(session: AnyConnection) -> Generator[None]:
    """Within it, every call of this module happens in the caller's transaction, and commits with it.

    Args:
        session: a SQLAlchemy Session or Connection, or a psycopg connection; never committed here.

    Raises:
        InvalidValueError: `session` is one of asyncio.

    Example:
        ``with jitai.transaction(session): createTemporaryTask("services.OrderSvc.autoCancel", {"id": 7})``
    """
    check_sync(session, "transaction")
    token = _joined.set(session)
    try:
        yield
    finally:
        _joined.reset(token)


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
        rows = _run(_rows(statements.tasks.titles()))
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
        result = _run(_rows(statements.occurrences.cancel(int(text))))[0][0] if known else "unknown"
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
        return {"result": "planned by the database", "planned": _planned(_row_of(rowObj, "postData"))}

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
        planned = _planned(_row_of(rowObj, "prevData"))
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


class Moment(datetime):
    """A time in the installation's zone, with the two methods of the documents' example."""

    def shift(self, **lengths: float) -> Moment:
        """The time moved by weeks, days, hours, minutes or seconds; also months and years.

        Raises:
            InvalidValueError: an unknown unit.
        """
        units = ("years", "months", "weeks", "days", "hours", "minutes", "seconds")
        months = lengths.pop("months", 0) + 12 * lengths.pop("years", 0)
        for unit in lengths:
            if unit not in units:
                raise InvalidValueError(
                    f'"{unit}" is no unit of time',
                    None,
                    f"Give some of: {', '.join(units)}",
                )
        moved = self + timedelta(**lengths)
        for day in range(moved.day, moved.day - 4, -1):
            total = moved.year * 12 + moved.month - 1 + int(months)
            try:
                return moved.replace(year=total // 12, month=total % 12 + 1, day=day)
            except ValueError:
                continue
        raise InvalidValueError(f'"{self}" cannot be moved so far', None, "Stay within the years 1 to 9999")

    def format(self, pattern: str = "YYYY-MM-DD HH:mm:ss") -> str:
        """The time as text: YYYY, MM, DD, HH, mm and ss stand for its parts."""
        parts = {"YYYY": "%Y", "MM": "%m", "DD": "%d", "HH": "%H", "mm": "%M", "ss": "%S"}
        for part, code in parts.items():
            pattern = pattern.replace(part, code)
        return self.strftime(pattern)


def now() -> Moment:
    """The server's clock in the installation's zone, without zone."""
    rows = _run(_rows(statements.times.local_now()))
    return Moment.fromisoformat(str(rows[0][0]))


def _enqueue(
    func: str, arguments: Mapping[str, object] | None, start_time: datetime | str | None, title: str | None
) -> str:
    given: Mapping[str, object] = {} if arguments is None else arguments
    if not isinstance(given, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]  # untyped callers
        raise InvalidValueError(f'argDict is "{given!r}"', None, "Give a dict of keyword arguments")
    due_at = _start_time(start_time)
    occurrence_id = _scheduler().enqueue(
        func, args=given, due_at=due_at, title=title, connection=_joined.get()
    )
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


class _Row:
    """A row that a caller handed in: its table where that is known, its columns, its session if any."""

    def __init__(
        self, table: str | None, columns: Mapping[str, object], session: AnyConnection | None
    ) -> None:
        self.table = table
        self.columns = columns
        self.session = session


def _row_of(row_object: object, side: str) -> _Row:
    row = row_object
    if isinstance(row, Mapping):
        held = cast("Mapping[str, object]", row)
        other = "prevData" if side == "postData" else "postData"
        if side in held or other in held:
            row = held.get(side) or held.get(other)
    if isinstance(row, Mapping):
        columns = dict(cast("Mapping[str, object]", row))
        table = columns.pop("table", None) if not isinstance(columns.get("table"), Mapping) else None
        return _Row(None if table is None else table_name(table, "table"), columns, None)
    state = _state_of(row)
    if state is None:
        raise InvalidValueError(
            f"rowObj is of type {type(row_object).__name__} and holds no row",
            None,
            'Give {"postData": row}, with an instance of a mapped class or a dict of its columns',
        )
    mapper = state.mapper
    columns = {
        str(column.name): state.dict.get(attribute.key)
        for attribute in mapper.column_attrs
        for column in attribute.columns
        if isinstance(column, Column)
    }
    # What a commit has expired, or a delete has taken, the instance still knows by its identity.
    columns |= {
        str(column.name): value
        for column, value in zip(mapper.primary_key, state.identity or (), strict=False)
    }
    return _Row(table_name(type(row)), columns, object_session(row))


def _state_of(row: object) -> InstanceState[Any] | None:
    try:
        state: object = inspect_entity(row)
    except NoInspectionAvailable:
        return None
    return cast("InstanceState[Any]", state) if isinstance(state, InstanceState) else None


def _planned(row: _Row) -> list[dict[str, Any]]:
    def steps() -> Steps[list[dict[str, Any]]]:
        planned: list[dict[str, Any]] = []
        watched = yield statements.source_tables.watched()
        for table, key_columns, date_fields in watched:
            key = _key(row, str(table), loaded(key_columns), loaded(date_fields))
            if key is None:
                continue
            waiting = yield statements.plan.planned_for_row(str(table), str(key_text(key)))
            planned += [
                {
                    "taskId": str(occurrence_id),
                    "fullName": name,
                    "table": table,
                    "key": key,
                    "startTime": due_at,
                }
                for occurrence_id, name, due_at in waiting
            ]
        return planned

    # A row that hangs on a session is looked up there: its transaction knows more than ours.
    return _run(steps(), row.session)


def _key(
    row: _Row, table: str, key_columns: Sequence[str], date_fields: Sequence[str]
) -> dict[str, object] | None:
    if row.table is not None:
        # The watch knows the table with its schema, the caller may have left that to the search path.
        if row.table != table and ("." in row.table or row.table != table.partition(".")[2]):
            return None
    elif not set(date_fields) <= set(row.columns):
        return None
    if any(row.columns.get(column) is None for column in key_columns):
        return None
    return {column: row.columns[column] for column in key_columns}


def _run(steps: Steps[T], connection: AnyConnection | None = None) -> T:
    joined = _joined.get()
    chosen = connection if joined is None else joined
    return _scheduler().run(steps) if chosen is None else drive(chosen, steps)


def _rows(call: Call) -> Steps[Rows]:
    return (yield call)


def _scheduler() -> JitTask:
    global _jittask
    with _lock:
        if _jittask is None:
            _jittask = JitTask()
        return _jittask


def _text(field: str, value: object, *, empty: bool = False) -> str:
    if not isinstance(value, str) or not (value or empty):
        raise InvalidValueError(f'{field} is "{value}"', None, "Give text")
    return value


_PACKAGES = ("tasks", "tasks.TemporaryType", "jit_utils")


class _DocumentedModules(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds the modules that the documents import, when nobody else has them; last on the path."""

    _contents: Mapping[str, Mapping[str, object]] = {
        "tasks": {},
        "tasks.TemporaryType": {},
        "tasks.TemporaryType.task": {"createTemporaryTask": createTemporaryTask},
        "jit_utils": {},
        "jit_utils.time": {"now": now},
    }

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname not in self._contents:
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=fullname in _PACKAGES)

    def exec_module(self, module: ModuleType) -> None:
        vars(module).update(self._contents[module.__name__])


if not any(isinstance(finder, _DocumentedModules) for finder in sys.meta_path):
    sys.meta_path.append(_DocumentedModules())
