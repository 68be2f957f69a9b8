"""How to call the function of an occurrence: worked out once for a handler and a task, for all their runs."""

from __future__ import annotations

import hashlib
import inspect
import json
import linecache
import time
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from ..errors import JitTaskError
from ..handlers import CONTEXT_PARAMETER, Registry
from .encode import traceback_text

__all__ = ["Detail", "Kind", "Recipe", "Recipes", "is_ours"]

Kind = str
"""thread, async, process, sql, unknown (given back for others) or broken (an error for the record)."""

_KEPT = 10_000
_UNKNOWN_FOR = 20.0
UNKNOWN_DELAY = 30.0
"""Seconds for which an occurrence goes back when this worker does not know its function."""

_OURS = __file__.rpartition("/")[0]


class Detail(NamedTuple):
    """What the claim tells of a task. Names as in the worker contract of the database."""

    task_id: int | None = None
    task_name: str | None = None
    kind: str = "one_off"
    title: str | None = None
    source: str | None = None
    source_table: str | None = None
    key_columns: tuple[str, ...] = ()
    reread: str | None = None
    timeout_us: int | None = None
    isolation: str = "thread"
    transactional: bool = False
    capture_log: bool = False
    queue: str | None = None


class Recipe:
    """How to call one function for one task.

    Attributes:
        handler: the function's name; None = the task's own source.
        detail: of the task.
        kind: where it runs.
        function: what to call; None for sql, unknown and broken.
        takes_row: the source row is passed first.
        wants_context: the function has a parameter "context".
        timeout: seconds; None = no limit.
        plain: nothing but the call is needed: no row, context, timeout, captured log or transaction.
        problem: why the function is unknown, or the error of its source.
        expires: when to look for the function again, on the monotonic clock.
    """

    __slots__ = (
        "detail", "expires", "function", "handler", "kind", "plain", "problem", "takes_row", "timeout",
        "wants_context",
    )  # fmt: skip

    def __init__(self, handler: str | None, detail: Detail) -> None:
        self.handler = handler
        self.detail = detail
        self.kind: Kind = "thread"
        self.function: Callable[..., Any] | None = None
        self.takes_row = detail.kind == "date_field"
        self.wants_context = False
        self.timeout = None if detail.timeout_us is None else detail.timeout_us / 1_000_000
        self.plain = False
        self.problem = ""
        self.expires = float("inf")

    @property
    def name(self) -> str:
        """The function for people: its name, or whose source it is."""
        return self.handler or f"source of {self.detail.task_name}"


class Recipes:
    """Recipes by handler and detail.

    Args:
        registry: the registered functions.
        allow: module prefixes for dotted paths.
        inline: whether source may be run.
    """

    def __init__(self, registry: Registry, allow: Iterable[str] = (), *, inline: bool = False) -> None:
        self._registry = registry
        self._allow = tuple(allow)
        self._inline = inline
        self._known: dict[tuple[str | None, str | None], Recipe] = {}
        self._details: dict[str, Detail] = {}

    def get(self, handler: str | None, detail: str | None) -> Recipe:
        """The recipe for an occurrence.

        Args:
            handler: as the claim gave it.
            detail: as the claim gave it.
        """
        key = (handler, detail)
        recipe = self._known.get(key)
        if recipe is not None and (recipe.expires > time.monotonic()):
            return recipe
        if len(self._known) >= _KEPT:
            self._known.clear()
            self._details.clear()
        recipe = self._make(handler, self._detail(detail))
        self._known[key] = recipe
        return recipe

    def fitted(self, handler: str | None, detail: Detail) -> Recipe:
        """The recipe for a handler and a task, both known already; not kept unless it is source."""
        if handler is not None:
            return self._make(handler, detail)
        key = (None, detail.source)
        recipe = self._known.get(key)
        if recipe is None or recipe.detail != detail:
            recipe = self._known[key] = self._make(None, detail)
        return recipe

    def _detail(self, text: str | None) -> Detail:
        if text is None:
            return _NO_DETAIL
        known = self._details.get(text)
        if known is None:
            fields = {name: value for name, value in json.loads(text).items() if value is not None}
            fields["key_columns"] = tuple(fields.get("key_columns", ()))
            known = Detail(**{name: fields[name] for name in Detail._fields if name in fields})
            self._details[text] = known
        return known

    def _make(self, handler: str | None, detail: Detail) -> Recipe:
        recipe = Recipe(handler, detail)
        if handler is not None and handler.startswith("sql:"):
            recipe.kind = "sql"
            return recipe
        try:
            if handler is None:
                self._compile(recipe)
            else:
                recipe.function = self._registry.resolve(handler, self._allow)
        except JitTaskError as error:
            recipe.kind = "unknown"
            recipe.problem = str(error).replace("\n", "; ")
            recipe.expires = time.monotonic() + _UNKNOWN_FOR
            return recipe
        if recipe.function is not None:
            self._fit(recipe, recipe.function)
        return recipe

    def _compile(self, recipe: Recipe) -> None:
        source = recipe.detail.source or ""
        if not self._inline:
            raise JitTaskError(
                f'task "{recipe.detail.task_name}" carries its own source, which this worker does not run',
                None,
                "Start a worker with --inline",
            )
        digest = hashlib.sha256(source.encode("utf-8", "replace")).hexdigest()[:12]
        file_name = f"<source of {recipe.detail.task_name} {digest}>"
        # Tracebacks find the lines of the source here.
        linecache.cache[file_name] = (len(source), None, source.splitlines(keepends=True), file_name)
        names: dict[str, Any] = {"__name__": f"jittask_source_{digest}", "__file__": file_name}
        try:
            exec(compile(source, file_name, "exec", dont_inherit=True), names)
        except BaseException as error:
            recipe.kind, recipe.problem = "broken", traceback_text(error, is_ours)
            return
        function = names.get("run")
        if not callable(function):
            recipe.kind = "broken"
            recipe.problem = 'The source defines no function "run"'
            return
        recipe.function = function

    def _fit(self, recipe: Recipe, function: Callable[..., Any]) -> None:
        detail = recipe.detail
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            recipe.kind = "broken"
            recipe.problem = (
                f'"{recipe.name}" holds a yield, so that a call would run nothing of it\n'
                "Make it a plain or an async function"
            )
            return
        try:
            recipe.wants_context = CONTEXT_PARAMETER in inspect.signature(function).parameters
        except (TypeError, ValueError):
            recipe.wants_context = False
        is_async = inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(
            getattr(function, "__call__", None)  # noqa: B004  # the method is looked at, not whether it is there
        )
        if detail.isolation == "process":
            recipe.kind = "process"
        elif is_async:
            recipe.kind = "async"
            if detail.transactional:
                recipe.kind = "broken"
                recipe.problem = (
                    f'"{recipe.name}" is async def, and transactional functions run in threads\n'
                    "Make it a plain function, or set transactional to false"
                )
        recipe.plain = recipe.kind == "thread" and not (
            recipe.takes_row
            or recipe.wants_context
            or recipe.timeout
            or detail.capture_log
            or detail.transactional
        )


_NO_DETAIL = Detail()


def is_ours(file_name: str) -> bool:
    """Whether a frame of this file belongs to the worker rather than to the function."""
    return file_name.startswith(_OURS)
