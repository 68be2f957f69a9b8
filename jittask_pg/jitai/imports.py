"""The modules that the documents import, where no other module has their names."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
from collections.abc import Mapping, Sequence
from types import ModuleType

from .moment import now
from .service import createTemporaryTask

__all__ = ["install"]

_PACKAGES = ("tasks", "tasks.TemporaryType", "jit_utils")


def install() -> None:
    """Have the modules found, after all others."""
    if not any(isinstance(finder, _DocumentedModules) for finder in sys.meta_path):
        sys.meta_path.append(_DocumentedModules())


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
