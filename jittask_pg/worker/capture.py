"""Log lines of one run, taken wherever they are written: in its thread, in its coroutine."""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock

from .context import RUN_LOGGER
from .encode import LOG_LIMIT, storable

__all__ = ["Capture", "captured"]

_MOST_LINES = 2_000
_lines: ContextVar[Capture | None] = ContextVar("jittask_captured_lines", default=None)
_attached = Lock()


class Capture:
    """Lines of one run, the first `_MOST_LINES` of them."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._dropped = 0

    def add(self, line: str) -> None:
        """Keep a line."""
        if len(self._lines) < _MOST_LINES:
            self._lines.append(line)
        else:
            self._dropped += 1

    def text(self) -> str | None:
        """All lines, bounded; None where there is none."""
        if not self._lines:
            return None
        more = [f"… ({self._dropped} lines more)"] if self._dropped else []
        return storable("\n".join(self._lines + more), LOG_LIMIT)


class _Handler(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        capture = _lines.get()
        if capture is not None:
            try:
                capture.add(self.format(record))
            except Exception:
                self.handleError(record)


@contextmanager
def captured() -> Generator[Capture, None, None]:
    """Within it, log lines of this thread or coroutine are kept.

    Loggers drop what is below their level first; the one that functions are given lets INFO pass.
    """
    _attach()
    capture = Capture()
    token = _lines.set(capture)
    try:
        yield capture
    finally:
        _lines.reset(token)


def _attach() -> None:
    root = logging.getLogger()
    with _attached:
        if any(isinstance(known, _Handler) for known in root.handlers):
            return
        handler = _Handler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        root.addHandler(handler)
        run_logger = logging.getLogger(RUN_LOGGER)
        if run_logger.level == logging.NOTSET:
            run_logger.setLevel(logging.INFO)
