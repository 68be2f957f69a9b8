"""Runs one occurrence to its end in the thread that asks, with everything that a plain call does not need:
context, timeout, captured log, transaction, functions of the database."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import nullcontext, suppress
from threading import Thread
from typing import Any

import psycopg

from .. import statements
from ..database import Connection
from ..errors import JitTaskError
from . import database_call
from .batch import RECORDED, Ended, Job, claimed_of, given_back
from .call import arguments, completed, failed, stopped_text
from .capture import Capture, captured
from .connect import is_lost
from .context import Context
from .hub import Hub, Run
from .report import report_of

__all__ = ["begin", "lost_to_others", "noted", "run_here", "with_stop"]

PATIENCE = 2.0
"""Seconds after its timeout that a function in a thread gets to notice; then it is given up."""


def begin(hub: Hub, job: Job) -> Run:
    """The run of an occurrence, known to those who may ask it to end."""
    detail = job.recipe.detail
    context = Context(claimed_of(job), detail.task_name, detail.title, beat=hub.beat, note=hub.note)
    run = Run(job, context, hub.clock.now_us())
    hub.active[job.row[0]] = run
    if job.row[0] in hub.stopping:
        run.stop("cancelled")
    return run


def lost_to_others(job: Job) -> bool:
    """Whether the occurrence may be somebody else's by now, so that its function must not be called."""
    return job.batch.lost or time.monotonic() > job.batch.safe_until


def run_here(hub: Hub, job: Job, abandon: Callable[[], None] | None = None) -> None:
    """Call the function of `job` in this thread and report the end.

    Args:
        hub: of the worker.
        job: with its source row where the function takes one.
        abandon: called when the function does not return within its timeout, and a little: from then on this
            thread counts as gone.
    """
    run = begin(hub, job)
    timeout = job.recipe.timeout
    if timeout is not None and job.recipe.kind != "sql":
        _watch(hub, run, timeout, abandon)
    try:
        ended = _call(hub, run)
    finally:
        if hub.active.get(job.row[0]) is run:
            del hub.active[job.row[0]]
    if run.ends():
        hub.report(ended)


def with_stop(run: Run, ended: Ended) -> Ended:
    """The end of a run that returned after it had been asked to end."""
    reason = run.stop_reason
    if ended.outcome is not None or reason is None or reason == "lost":
        return ended
    if reason == "timed_out" or run.context.saw_stop:
        text = stopped_text(run.job.recipe, reason, told=run.context.told)
        return ended._replace(outcome=reason, error=text)
    return noted(ended)


def noted(ended: Ended) -> Ended:
    """The end of a run that did not look when it was asked to end: what it did is done."""
    if ended.outcome is None:
        return ended._replace(error="was asked to end while it ran, and went on to its end")
    return ended


def _watch(hub: Hub, run: Run, timeout: float, abandon: Callable[[], None] | None) -> None:
    def over() -> None:
        if not run.ended:
            run.stop("timed_out")
            hub.deadlines.add(time.monotonic() + PATIENCE, give_up)

    def give_up() -> None:
        if not run.ends():
            return
        hub.active.pop(run.job.row[0], None)
        hub.report(
            Ended(
                run.job.batch,
                run.job.row[0],
                run.started_us,
                hub.clock.now_us(),
                "timed_out",
                None,
                stopped_text(
                    run.job.recipe,
                    "timed_out",
                    " and did not return; its thread was given up",
                    run.context.told,
                ),
            )
        )
        if abandon is not None:
            abandon()

    hub.deadlines.add(time.monotonic() + timeout, over)


def _call(hub: Hub, run: Run) -> Ended:
    job = run.job
    detail = job.recipe.detail
    with captured() if detail.capture_log else nullcontext() as capture:
        if detail.transactional or job.recipe.kind == "sql":
            return _in_transaction(hub, run, capture)
        borrowed: list[Connection] = []
        run.context.connects_by(_borrowing(hub, borrowed))
        try:
            value = _called(job, run.context)
        except BaseException as error:
            return failed(
                job, run.started_us, error, hub.clock, _log(capture), run.stop_reason, run.context.told
            )
        else:
            return with_stop(run, completed(job, run.started_us, value, hub.clock, _log(capture)))
        finally:
            for connection in borrowed:
                hub.lender.give(connection, used_by_function=True)


def _borrowing(hub: Hub, borrowed: list[Connection]) -> Callable[[], Connection]:
    def borrow() -> Connection:
        borrowed.append(hub.lender.take())
        return borrowed[-1]

    return borrow


def _called(job: Job, context: Context) -> Any:
    recipe = job.recipe
    function = recipe.function
    assert function is not None
    args = arguments(job)
    if recipe.wants_context and "context" not in args:
        args["context"] = context
    return function(job.source_row, **args) if recipe.takes_row else function(**args)


class _RollBackError(Exception):
    """Undoes the run's transaction: its end is told otherwise, or is no longer ours to tell."""


def _in_transaction(hub: Hub, run: Run, capture: Capture | None) -> Ended:
    job = run.job
    try:
        connection = hub.lender.take()
    except JitTaskError as error:
        return given_back(job, 1.0, str(error).replace("\n", "; "))
    ended: Ended | None = None
    try:
        with connection.transaction():
            if job.recipe.kind == "sql":
                ended = _database_function(hub, run, connection)
            else:
                run.context.connects_by(lambda: connection)
                value = _called(job, run.context)
                ended = with_stop(run, completed(job, run.started_us, value, hub.clock, _log(capture)))
            if job.recipe.detail.transactional:
                _record_within(connection, run, ended)
        return ended._replace(outcome=RECORDED) if job.recipe.detail.transactional else ended
    except _RollBackError:
        assert ended is not None
        return ended
    except BaseException as error:
        if is_lost(error, connection):
            return given_back(job, 1.0, "the connection was lost before the commit")
        if job.recipe.kind == "sql":
            return database_call.failed(hub, run, error, connection)
        return failed(job, run.started_us, error, hub.clock, _log(capture), run.stop_reason, run.context.told)
    finally:
        run.on_stop = None
        hub.lender.give(connection, used_by_function=job.recipe.kind != "sql")


def _record_within(connection: Connection, run: Run, ended: Ended) -> None:
    """Finish the run in its own transaction, so that its writes and its record stand or fall together."""
    if ended.outcome not in (None, "completed") or run.ended:
        raise _RollBackError
    batch = run.job.batch
    if statements.leases.finish(
        connection, batch.lease_id, batch.token, report_of([ended]), ends_lease=False
    ):
        raise _RollBackError


def _database_function(hub: Hub, run: Run, connection: Connection) -> Ended:
    def cancel() -> None:
        # Asks the server over a connection of its own, for which whoever asks must not wait; the run then
        # ends with an error of its query.
        Thread(target=_cancel, args=(connection,), daemon=True).start()

    run.on_stop = cancel
    if run.stop_reason is not None:
        raise psycopg.errors.QueryCanceled(run.stop_reason)
    result = database_call.call(connection, run.job)
    return Ended(run.job.batch, run.job.row[0], run.started_us, hub.clock.now_us(), None, result)


def _cancel(connection: Connection) -> None:
    with suppress(psycopg.Error):
        connection.cancel_safe(timeout=5)


def _log(capture: Capture | None) -> str | None:
    return None if capture is None else capture.text()
