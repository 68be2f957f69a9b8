"""Service functions by name: those that were registered, and those of modules that a worker may import.

A name never reaches further than that. A dotted path is followed by one import of an allowed module and one
``getattr`` of a function defined in it, so that no task can name ``os.system`` or anything else that a module
happens to have imported.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from threading import Lock
from typing import Any, TypeVar, overload

from .errors import InvalidValueError, JitTaskError, NotFoundError

__all__ = [
    "CONTEXT_PARAMETER",
    "Registry",
    "call_error",
    "check_source",
    "handler",
    "import_modules",
    "name_of",
    "registry",
]

Function = Callable[..., Any]
F = TypeVar("F", bound=Function)

CONTEXT_PARAMETER = "context"
"""A function that has a parameter of this name is given the context of its run."""

_PATH = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")


class Registry:
    """Functions by name.

    Args:
        functions: registered from the start.
    """

    def __init__(self, functions: Mapping[str, Function] | None = None) -> None:
        self._lock = Lock()
        self._functions: dict[str, Function] = {}
        self._names: dict[int, str] = {}
        for name, function in (functions or {}).items():
            self.add(function, name)

    def add(self, function: Function, name: str | None = None) -> str:
        """Register a function and return its name.

        Args:
            function: anything callable, ``async def`` too.
            name: None = the function's own, ``remind`` or ``OrderSvc.remind``.

        Raises:
            InvalidValueError: the name is empty or belongs to another function.
        """
        chosen = _own_name(function) if name is None else name.strip()
        if not chosen or chosen.startswith("sql:"):
            raise InvalidValueError(
                f'name is "{chosen}", which cannot name a function',
                None,
                'Give a name such as "remind"; names that begin with sql: are functions of the database',
            )
        with self._lock:
            known = self._functions.get(chosen)
            if known is not None and known is not function and _home(known) != _home(function):
                raise InvalidValueError(
                    f'Two functions are registered as "{chosen}"',
                    f"One is {_home(known)}, the other {_home(function)}",
                    'Name one of them otherwise: @jt.handler(name="…")',
                )
            self._functions[chosen] = function
            self._names[id(function)] = chosen
        return chosen

    def get(self, name: str) -> Function | None:
        """The function registered under `name`; None where there is none."""
        return self._functions.get(name)

    def name_of(self, function: Function) -> str | None:
        """The name under which `function` is registered; None where it is not."""
        name = self._names.get(id(function))
        return name if name is not None and self._functions.get(name) is function else None

    def names(self) -> list[str]:
        """All registered names, sorted."""
        return sorted(self._functions)

    def resolve(self, name: str, allowed: Iterable[str] = ()) -> Function:
        """The function that `name` stands for.

        Args:
            name: a registered name, or the dotted path of a function in an allowed module.
            allowed: module prefixes: ``services`` allows ``services`` and everything below it.

        Raises:
            NotFoundError: no such function; the way out says what to do on the worker.
        """
        known = self._functions.get(name)
        if known is not None:
            return known
        module_name, _, attribute = name.rpartition(".")
        prefixes = list(allowed)
        if not module_name or not _PATH.fullmatch(name):
            raise NotFoundError(
                f'handler "{name}" is not registered on this worker',
                None,
                "Start the worker with --import of the module that registers it",
            )
        if not any(module_name == p or module_name.startswith(p + ".") for p in prefixes):
            raise NotFoundError(
                f'handler "{name}" is neither registered nor in an allowed module',
                f"Allowed: {', '.join(prefixes) or 'none'}",
                f"Start the worker with --allow-prefix {module_name}, or --import what registers it",
            )
        try:
            module = importlib.import_module(module_name)
        except Exception as error:
            raise NotFoundError(
                f'handler "{name}": module "{module_name}" cannot be imported',
                f"{type(error).__name__}: {error}",
                "Install it where the worker runs, or mend it",
            ) from error
        function = getattr(module, attribute, None)
        if not inspect.isfunction(function) or function.__module__ != module.__name__:
            raise NotFoundError(
                f'handler "{name}": module "{module_name}" defines no function "{attribute}"',
                None,
                "Name a function at the top level of the module that defines it, or register it by name",
            )
        return function


registry = Registry()
"""Where the decorator registers, and where workers look."""


@overload
def handler(function: F, /) -> F: ...
@overload
def handler(*, name: str | None = None) -> Callable[[F], F]: ...
def handler(function: F | None = None, /, *, name: str | None = None) -> F | Callable[[F], F]:
    """Register a service function for workers that import its module; the function stays as it is.

    Args:
        function: the function, when used as plain ``@handler``.
        name: None = the function's own.

    Raises:
        InvalidValueError: another function has the name.
    """

    def register(target: F) -> F:
        registry.add(target, name)
        return target

    return register if function is None else register(function)


def name_of(function: Function) -> str | None:
    """The name under which `function` is registered; None where it is not."""
    return registry.name_of(function)


def import_modules(names: Iterable[str]) -> None:
    """Import the modules that register functions.

    Raises:
        NotFoundError: one cannot be imported; the value is the error.
    """
    for name in names:
        try:
            importlib.import_module(name)
        except JitTaskError:
            raise
        except Exception as error:
            raise NotFoundError(
                f'Module "{name}" cannot be imported',
                f"{type(error).__name__}: {error}",
                "Run from the folder that holds it, or install it, or set PYTHONPATH",
            ) from error


def call_error(function: Function, args: Iterable[str], *, takes_row: bool) -> str | None:
    """Why `function` cannot be called so; None where it can.

    Args:
        function: the function.
        args: names of the keyword arguments.
        takes_row: whether the source row comes first.
    """
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        return "it holds a yield, so that a call would run nothing of it"
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return None
    names = set(args)
    if CONTEXT_PARAMETER in signature.parameters:
        names.add(CONTEXT_PARAMETER)
    try:
        signature.bind(*([None] if takes_row else []), **dict.fromkeys(names))
    except TypeError as error:
        return str(error)
    return None


def check_source(source: str) -> None:
    """Refuse Python source from which no worker could take a function.

    Args:
        source: is to define ``run``.

    Raises:
        InvalidValueError: it is no Python, or nothing in it is called ``run``.
    """
    try:
        tree = ast.parse(source, "source")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = f" in line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        reason = error.msg if isinstance(error, SyntaxError) else str(error)
        raise InvalidValueError(
            f"source is no Python{line}: {reason}", None, "Write Python that defines run: def run(): …"
        ) from None
    if not any(_defines_run(node) for node in ast.walk(tree)):
        raise InvalidValueError(
            "source defines no function run",
            None,
            "Write def run(): …, for a date-field task def run(row): …",
        )


def _defines_run(node: ast.AST) -> bool:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return node.name == "run"
    if isinstance(node, ast.alias):
        return (node.asname or node.name) in ("run", "*")
    return isinstance(node, ast.Name) and node.id == "run" and isinstance(node.ctx, ast.Store)


def _own_name(function: Function) -> str:
    path = getattr(function, "__qualname__", None) or getattr(function, "__name__", None)
    if not isinstance(path, str) or path.endswith("<lambda>"):
        raise InvalidValueError(
            f'"{function!r}" has no name of its own', None, 'Give one: @jt.handler(name="…")'
        )
    return path.rpartition("<locals>.")[2]


def _home(function: Function) -> str:
    return f"{getattr(function, '__module__', '?')}.{getattr(function, '__qualname__', repr(function))}"
