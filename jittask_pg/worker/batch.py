"""What was claimed together, and how each of it ended, in the cheapest shape: an object with a life of its
own for each run would cost more than the claim."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ..statements.leases import Claimed

if TYPE_CHECKING:
    from .recipe import Recipe

__all__ = ["GIVEN_BACK", "RECORDED", "Batch", "Ended", "Job", "Row_", "claimed_of", "given_back"]

Row_ = tuple[Any, ...]
"""A claimed occurrence in the order of `Claimed`."""

GIVEN_BACK = "given_back"
"""In place of an outcome: the occurrence goes back unrun; error is the reason, run_us the delay."""

RECORDED = "recorded"
"""In place of an outcome: the finish was committed by the run itself."""


class Batch:
    """The occurrences of one lease.

    Attributes:
        lease_id: the lease.
        token: proves it.
        remaining: occurrences of it that were not reported yet; the reporter counts it down.
        claimed: when it was claimed, on the monotonic clock.
        safe_until: until then nobody else can have it, on the monotonic clock.
        lost: the lease is no longer ours.
        ending: its last report is on the way.
    """

    __slots__ = ("claimed", "ending", "lease_id", "lost", "remaining", "safe_until", "token")

    def __init__(self, lease_id: int, token: int, size: int, claimed: float, lease_duration: float) -> None:
        self.lease_id = lease_id
        self.token = token
        self.remaining = size
        self.claimed = claimed
        self.safe_until = claimed + lease_duration
        self.lost = False
        self.ending = False


class Ended(NamedTuple):
    """How one run ended.

    Attributes:
        batch: what it was claimed with.
        occurrence_id: the occurrence.
        started_us: when the function was called; None = it never was.
        finished_us: when it ended.
        outcome: as in `Report`; None = completed.
        result: JSON text.
        error: text.
        log: captured lines.
        run_us: for retry and snooze, when to run again.
    """

    batch: Batch
    occurrence_id: int
    started_us: int | None
    finished_us: int
    outcome: str | None = None
    result: str | None = None
    error: str | None = None
    log: str | None = None
    run_us: int | None = None


class Job(NamedTuple):
    """One claimed occurrence on its way to its function.

    Attributes:
        batch: what it was claimed with.
        recipe: how to call the function.
        row: the occurrence.
        source_row: the source row read again, for a date-field function.
        read: when that was read, on the monotonic clock.
    """

    batch: Batch
    recipe: Recipe
    row: Row_
    source_row: Any = None
    read: float = 0.0


def claimed_of(job: Job) -> Claimed:
    """The occurrence with its fields by name."""
    return Claimed(*job.row)


def given_back(job: Job, delay: float, reason: str | None) -> Ended:
    """The report that gives `job` back for `delay` seconds."""
    return Ended(job.batch, job.row[0], None, 0, GIVEN_BACK, None, reason, None, int(delay * 1_000_000))
