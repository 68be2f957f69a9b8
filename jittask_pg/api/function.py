"""The function of a definition: the name under which a worker finds it, and its keyword arguments."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from .. import handlers
from ..errors import InvalidValueError
from ..json_values import json_value

__all__ = ["Function", "args_text", "handler_name"]

Function = Callable[..., Any] | str
"""A function, or the name under which a worker finds it: registered, or a dotted path."""


def args_text(args: Mapping[str, object] | None, field: str = "args") -> str:
    """Keyword arguments as JSON text.

    Raises:
        InvalidValueError: they are no mapping with names as keys, or hold what JSON cannot.
    """
    if args is None:
        return "{}"
    if not isinstance(args, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]  # untyped callers
        raise InvalidValueError(
            f'{field} is "{args!r}", which is no mapping', None, 'Give keyword arguments: {"order_id": 7}'
        )
    return json.dumps(json_value(args, field), ensure_ascii=False)


def handler_name(function: object, args: Mapping[str, object] | None, *, takes_row: bool) -> str:
    """The name under which a worker finds the function.

    Args:
        function: a function, registered or at the top level of a module; or its name.
        args: the keyword arguments it will be called with; None = not known.
        takes_row: whether it is called with a source row first.

    Raises:
        InvalidValueError: a worker could not find it, or its parameters do not take the call.
    """
    if isinstance(function, str):
        name = function.strip()
        if not name:
            raise InvalidValueError(
                "handler is empty", None, 'Give a function, or a name: "services.OrderSvc.cancel"'
            )
        return name
    if not callable(function):
        raise InvalidValueError(
            f'handler is "{function!r}", which is no function', None, "Give a function, or its name as text"
        )
    name = handlers.name_of(function) or _dotted_path(function)
    mismatch = None if args is None else handlers.call_error(function, args, takes_row=takes_row)
    if mismatch is not None:
        called = [*(["the row"] if takes_row else []), *(f"{argument}=…" for argument in args or ())]
        raise InvalidValueError(
            f'handler "{name}" does not take the call: {mismatch}',
            f"It would be called with {', '.join(called) or 'no arguments'}",
            "Give the missing arguments, or change the function's parameters",
        )
    return name


def _dotted_path(function: Callable[..., Any]) -> str:
    module, path = getattr(function, "__module__", None), getattr(function, "__qualname__", "")
    if not module or not path or "." in path or "<" in path or module == "__main__":
        raise InvalidValueError(
            f'handler is "{path or function!r}", which no worker can find by its path',
            "Only functions at the top level of a module that workers can import have one",
            "Register it with @jt.handler in such a module, or move it there",
        )
    return f"{module}.{path}"
