"""What a worker claims, and how it reports what it has claimed.

Arrays of numbers are sent as literals, because adapted lists cost more than the statements.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from ..database import Connection


class Claimed(NamedTuple):
    """An occurrence as the claim hands it out.

    Attributes:
        occurrence_id: the occurrence.
        lease_id: the lease of this claim, the same in all rows of it.
        token: proves the lease in later calls.
        handler: the function's name; None = the source in `detail`.
        args: keyword arguments, JSON text; None = none.
        source_key: canonical text of the source row's key; empty = no row.
        nominal_us: instant by the rule alone; None = the date of the row does not matter.
        due_us: instant at which it was due.
        run_us: instant by which the claim ordered it.
        attempt: number of this run, from 1.
        missed: how many missed occurrences it stands for.
        detail: what a worker must know of the task, JSON text; None = plain one-off.
    """

    occurrence_id: int
    lease_id: int
    token: int
    handler: str | None
    args: str | None
    source_key: str
    nominal_us: int | None
    due_us: int
    run_us: int
    attempt: int
    missed: int
    detail: str | None


class Report(NamedTuple):
    """How runs of one lease ended, as arrays of one length; None = the default for all of them.

    Attributes:
        occurrence_ids: the occurrences.
        started_us: when each function was called; None = it never was.
        finished_us: when each ended.
        outcomes: completed, error, timed_out, cancelled, skipped, retry or snooze; None = all completed.
        results: JSON text or None.
        errors: text or None.
        logs: captured log lines or None.
        run_us: for retry and snooze, when to run again.
    """

    occurrence_ids: Sequence[int]
    started_us: Sequence[int | None]
    finished_us: Sequence[int]
    outcomes: list[str] | None = None
    results: list[str | None] | None = None
    errors: list[str | None] | None = None
    logs: list[str | None] | None = None
    run_us: list[int | None] | None = None


def claim(
    connection: Connection,
    worker_id: int,
    limit: int,
    queues: Sequence[str] | None,
    after: tuple[int, int] | None,
    *,
    inline: bool,
    isolated: bool = True,
) -> list[tuple[Any, ...]]:
    """Claims due occurrences, in claim order; plain tuples in the order of `Claimed`.

    Args:
        connection: of the worker.
        worker_id: the worker.
        limit: at most so many.
        queues: None = all.
        after: watermark, (run_us, occurrence_id) of the last one claimed before; None = from the start.
        inline: whether occurrences with source are wanted too.
        isolated: whether those of tasks with process isolation are.
    """
    return connection.execute(
        """
        select c.occurrence_id, c.lease_id, c.token, c.handler, c.args, c.source_key, c.nominal_us, c.due_us,
          c.run_us, c.attempt, c.missed, c.detail
        from jittask.claim(
          %s::bigint, %s::int, %s::text[], %s::bigint, %s::bigint, %s::bool, %s::bool
        ) c
        """,
        (
            worker_id,
            limit,
            None if queues is None else list(queues),
            *(after or (None, None)),
            inline,
            isolated,
        ),
    ).fetchall()


def finish(
    connection: Connection, lease_id: int, token: int, report: Report, *, ends_lease: bool
) -> list[tuple[int, str]]:
    """Reports how runs ended. Rows, (occurrence_id, verdict), only for what did not end as told."""
    return connection.execute(
        """
        select f.occurrence_id, f.verdict
        from jittask.finish(
          %s::bigint, %s::bigint, %s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::text[],
          %s::text[], %s::text[], %s::bigint[], %s::bool
        ) f
        """,
        (
            lease_id,
            token,
            _numbers(report.occurrence_ids),
            _numbers(report.started_us),
            _numbers(report.finished_us),
            report.outcomes,
            report.results,
            report.errors,
            report.logs,
            None if report.run_us is None else _numbers(report.run_us),
            ends_lease,
        ),
    ).fetchall()


def give_back(
    connection: Connection,
    lease_id: int,
    token: int,
    occurrence_ids: Sequence[int],
    delay: float,
    reason: str | None,
    *,
    ends_lease: bool,
) -> int:
    """Gives claimed occurrences back unrun, to wait `delay` seconds; how many were still the worker's."""
    row = connection.execute(
        """
        select jittask.give_back(
          %s::bigint, %s::bigint, %s::bigint[], make_interval(secs => %s::float8), %s::text, %s::bool
        )
        """,
        (lease_id, token, _numbers(occurrence_ids), delay, reason, ends_lease),
    ).fetchone()
    assert row is not None
    return row[0]


def renew(connection: Connection, worker_id: int) -> list[tuple[int, list[int] | None]]:
    """Extends the worker's leases: each lease still held, with the occurrences asked to end."""
    return connection.execute(
        "select r.lease_id, r.stopping from jittask.renew(%s::bigint) r", (worker_id,)
    ).fetchall()


def note_progress(connection: Connection, leases: Sequence[tuple[int, int, str]]) -> None:
    """Keeps how far runs have come.

    Args:
        connection: of the worker.
        leases: id and token of each, and a JSON object: by occurrence id, what its run told.
    """
    ids, tokens, told = zip(*leases, strict=True)
    connection.execute(
        "select jittask.note_progress(%s::bigint[], %s::bigint[], %s::text[])",
        (_numbers(ids), _numbers(tokens), list(told)),
    )


def contents(connection: Connection, worker_id: int, lease_id: int) -> tuple[int, list[int]] | None:
    """Token and occurrences of a lease of this worker, of which it knows only that it is there."""
    return connection.execute(
        "select l.token, l.occurrence_ids from jittask.lease l where l.lease_id = %s and l.worker_id = %s",
        (lease_id, worker_id),
    ).fetchone()


def _numbers(values: Sequence[int | None]) -> str:
    if None in values:
        return "{" + ",".join("NULL" if value is None else str(value) for value in values) + "}"
    return "{" + ",".join(map(str, values)) + "}"
