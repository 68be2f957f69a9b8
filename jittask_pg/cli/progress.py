"""How far long work has come: one line of the terminal, rewritten; nothing where no person looks."""

from __future__ import annotations

import sys
import time
from types import TracebackType

import click

__all__ = ["Progress"]

_SHOW_AFTER = 0.5
_SHOW_EVERY = 0.2


class Progress:
    """Shown on standard error while work goes on, if that is a terminal; the line is wiped at the end."""

    def __init__(self) -> None:
        self._terminal = _is_terminal()
        self._show_at = time.monotonic() + _SHOW_AFTER
        self._shown = 0

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._write("")

    def show(self, doing: str, done: int, total: int) -> None:
        """Say how far it has come.

        Args:
            doing: what is being done.
            done: how many rows are done.
            total: how many there are, as far as is known; less than `done` = unknown.
        """
        if not self._terminal or time.monotonic() < self._show_at:
            return
        self._show_at = time.monotonic() + _SHOW_EVERY
        share = f", {100 * done // total} %" if total >= done and total > 0 else ""
        self._write(f"{doing}: {done:,} rows{share}")

    def _write(self, line: str) -> None:
        if self._shown or line:
            click.echo(
                f"\r{line}{' ' * (self._shown - len(line))}{'' if line else chr(13)}", nl=False, err=True
            )
            self._shown = len(line)


def _is_terminal() -> bool:
    return sys.stderr.isatty()
