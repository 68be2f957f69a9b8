"""Says how a run ended: the one place that turns exceptions into outcomes, for threads, coroutines, child
processes and rehearsals alike."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from ..handlers import call_error
from ..outcomes import Cancel, Retry, Snooze
from .batch import Ended, Job
from .clock import Clock
from .encode import error_text, json_text, storable, traceback_text
from .progress import Progress
from .recipe import Recipe, is_ours

__all__ = ["arguments", "completed", "failed", "stopped_text", "wrong_parameters"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def arguments(job: Job) -> dict[str, Any]:
    """The keyword arguments of an occurrence."""
    text = job.row[4]
    return {} if text is None else json.loads(text)


def completed(job: Job, started_us: int, value: object, clock: Clock, log: str | None = None) -> Ended:
    """The run returned `value`."""
    finished_us = clock.now_us()
    try:
        result = None if value is None else json_text(value)
    except Exception as error:
        # An object's own __str__ or __iter__ failed; the run itself did not.
        result = json_text(f"(the result cannot be stored: {error_text(error)})")
    return Ended(job.batch, job.row[0], started_us, finished_us, None, result, None, log)


def failed(
    job: Job,
    started_us: int,
    error: BaseException,
    clock: Clock,
    log: str | None = None,
    stop: str | None = None,
    told: Progress | None = None,
) -> Ended:
    """The run raised `error`.

    Args:
        job: the occurrence.
        started_us: when it was called.
        error: what was raised.
        clock: tells when it ended.
        log: captured lines.
        stop: why the run had been asked to end before, cancelled or timed_out; None = it had not.
        told: how far it had come, where it said so.
    """
    finished_us = clock.now_us()
    outcome, text, run_us = _classified(job, error, clock, stop, told)
    return Ended(job.batch, job.row[0], started_us, finished_us, outcome, None, text, log, run_us)


def _classified(
    job: Job, error: BaseException, clock: Clock, stop: str | None, told: Progress | None
) -> tuple[str, str, int | None]:
    if isinstance(error, Cancel):
        return "cancelled", reason_text(error), None
    if isinstance(error, Retry):
        run_us = (
            None if error.after is None else clock.now_us() + int(error.after.total_seconds() * 1_000_000)
        )
        return "retry", reason_text(error), run_us
    if isinstance(error, Snooze):
        until = error.until
        run_us = (
            (until - _EPOCH) // _MICROSECOND
            if isinstance(until, datetime)
            else clock.now_us() + until // _MICROSECOND
        )
        return "snooze", reason_text(error), run_us
    if stop in ("timed_out", "cancelled"):
        return stop, stopped_text(job.recipe, stop, told=told), None
    if isinstance(error, TypeError) and not _was_entered(error):
        mismatch = wrong_parameters(job.recipe, arguments(job))
        if mismatch is not None:
            return "error", mismatch, None
    return "error", traceback_text(error, is_ours), None


def wrong_parameters(recipe: Recipe, args: Mapping[str, object]) -> str | None:
    """Why the function does not take the call; None where it does."""
    function: Callable[..., Any] | None = recipe.function
    if function is None:
        return None
    why = call_error(function, args, takes_row=recipe.takes_row)
    if why is None:
        return None
    given = ", ".join(args) or "no arguments"
    called = f"the row first, then {given}" if recipe.takes_row else given
    return f'handler "{recipe.name}" does not take the call: {why}\nIt was called with {called}'


def stopped_text(recipe: Recipe, stop: str, more: str = "", told: Progress | None = None) -> str:
    """What the record says of a run that was asked to end.

    Args:
        recipe: of the function.
        stop: why, timed_out or cancelled.
        more: how it ended.
        told: how far it had come, where it said so.
    """
    text = (
        f"ran longer than its timeout of {recipe.timeout:g} s"
        if stop == "timed_out"
        else "cancelled while it ran"
    )
    return text + more + ("" if told is None else f"; progress {told.text}")


def reason_text(error: BaseException) -> str:
    """The reason that a function gave with its own outcome."""
    return storable(str(error))


def _was_entered(error: BaseException) -> bool:
    """Whether the function's own code ran at all: then there is a frame below ours."""
    frame = error.__traceback__
    while frame is not None:
        if not is_ours(frame.tb_frame.f_code.co_filename):
            return True
        frame = frame.tb_next
    return False
