"""What processes of a worker log: the same in each, whoever started them."""

from __future__ import annotations

import logging

__all__ = ["Levels", "begin", "levels"]

Levels = tuple[int, int]
"""Of the root logger, and of the package's own, which functions log through too."""

_OURS = "jittask_pg"
_FORMAT = "%(asctime)s %(process)d %(levelname)s %(run)s%(message)s"


def levels() -> Levels:
    """The levels of this process."""
    return logging.getLogger().getEffectiveLevel(), logging.getLogger(_OURS).getEffectiveLevel()


def begin(chosen: Levels = (logging.WARNING, logging.INFO)) -> None:
    """Log to standard error, with these levels, where nothing else was set up."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Formatter(_FORMAT))
    logging.basicConfig(level=chosen[0], handlers=[handler])
    logging.getLogger(_OURS).setLevel(chosen[1])


class _Formatter(logging.Formatter):
    """Lines of a run begin with its task and occurrence."""

    def format(self, record: logging.LogRecord) -> str:
        occurrence_id: object = getattr(record, "occurrence_id", None)
        task: object = getattr(record, "task_name", None) or "occurrence"
        record.run = "" if occurrence_id is None else f"{task} {occurrence_id}: "
        return super().format(record)
