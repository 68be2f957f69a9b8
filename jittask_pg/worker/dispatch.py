"""Sends claimed occurrences to where they run."""

from __future__ import annotations

import logging
import time
from typing import Any

from ..redact import redact
from .batch import Batch, Ended, Job, given_back
from .children import Children
from .coroutines import Coroutines
from .hub import Hub
from .recipe import UNKNOWN_DELAY, Recipe, Recipes
from .threads import Threads

__all__ = ["Dispatch"]

logger = logging.getLogger(__name__)

# Kinds that were not claimed for so long do not limit the next claim.
_REMEMBERED = 5.0


class Dispatch:
    """The places where functions run, and the way to them.

    Args:
        hub: of the worker.
        recipes: how to call functions.
        threads: slots for ordinary functions.
        coroutines: slots for ``async def`` functions.
        children: of process isolation.
    """

    def __init__(self, hub: Hub, recipes: Recipes, threads: int, coroutines: int, children: Children) -> None:
        self._hub = hub
        self._recipes = recipes
        self.threads = Threads(hub, threads, self._route)
        self.coroutines = Coroutines(hub, coroutines)
        self.children = children
        self._places = (self.threads, self.coroutines, self.children)

    def add(self, rows: list[tuple[Any, ...]], claimed: float) -> None:
        """Occurrences of one claim.

        Args:
            rows: in the order of `Claimed`.
            claimed: when the claim was sent, on the monotonic clock.
        """
        hub = self._hub
        first = rows[0]
        batch = Batch(first[1], first[2], len(rows), claimed, hub.lease_duration)
        hub.batches[batch.lease_id] = batch
        here: list[Job] = []
        elsewhere: list[Job] = []
        groups: dict[Recipe, list[Job]] = {}
        get = self._recipes.get
        for row in rows:
            recipe = get(row[3], row[11])
            job = Job(batch, recipe, row)
            if recipe.plain:
                here.append(job)
            elif recipe.kind in ("unknown", "broken"):
                self._turn_away(job)
            elif recipe.takes_row and recipe.detail.reread is not None:
                groups.setdefault(recipe, []).append(job)
            elif recipe.kind in ("thread", "sql"):
                here.append(job)
            else:
                elsewhere.append(job)
        if elsewhere:
            self._route(elsewhere)
        now = time.monotonic()
        if here:
            self.threads.pace.used = now
            self.threads.add(here)
        for recipe, jobs in groups.items():
            pace = self._place_of(recipe).pace
            pace.used = now
            size = pace.worth(0.05)
            for start in range(0, len(jobs), size):
                self.threads.add_rereading(jobs[start : start + size])

    def takes_isolated(self) -> bool:
        """Whether a child process is free for another function with process isolation."""
        return self.children.pace.room(self.children.load() + self.threads.reading) > 0

    def room(self, *, isolated: bool) -> int:
        """How many occurrences may be claimed now, by the kinds that were claimed lately.

        Args:
            isolated: functions with process isolation among them.
        """
        now = time.monotonic()
        rooms = [
            # Rows for coroutines and child processes are read by the threads first.
            place.pace.room(place.load() + (self.threads.reading if place is not self.threads else 0))
            for place in self._places
            if now - place.pace.used < _REMEMBERED and (isolated or place is not self.children)
        ]
        return min(rooms) if rooms else self.threads.pace.room(self.threads.load())

    def load(self) -> int:
        """Occurrences that wait or run here."""
        return sum(place.load() for place in self._places)

    def first_size(self) -> int:
        """With how many to begin claiming."""
        return max(1, self.threads.pace.slots // 2)

    def give_back_waiting(self, older_than: float | None = None) -> int:
        """Give back what was claimed and not begun.

        Args:
            older_than: only where the oldest was claimed longer ago than so many seconds; None = always.

        Returns:
            How many.
        """
        count = 0
        for place in self._places:
            if older_than is not None:
                head = place.waiting[0] if place.waiting else None
                job = head if isinstance(head, Job) or head is None else head.jobs[0]
                if job is None or time.monotonic() - job.batch.claimed < older_than:
                    continue
            for job in place.take_waiting():
                self._hub.results.append(given_back(job, 0, None))
                count += 1
        if count:
            self._hub.wake_reporter()
        return count

    def give_back_running(self) -> int:
        """Give back what runs, before the process ends under it."""
        hub = self._hub
        count = 0
        for place in self._places:
            for job in place.running():
                run = hub.active.get(job.row[0])
                if run is None or run.ends():
                    hub.results.append(given_back(job, 0, None))
                    count += 1
        hub.wake_reporter()
        return count

    def close(self) -> None:
        """Let go of threads, loop and child processes."""
        for place in self._places:
            place.close()

    def _route(self, jobs: list[Job]) -> None:
        """Jobs that are ready, to the place of their kind."""
        for place, kind in ((self.coroutines, "async"), (self.children, "process")):
            chosen = [job for job in jobs if job.recipe.kind == kind]
            if chosen:
                place.pace.used = time.monotonic()
                place.add(chosen)

    def _place_of(self, recipe: Recipe) -> Threads | Coroutines | Children:
        if recipe.kind == "async":
            return self.coroutines
        return self.children if recipe.kind == "process" else self.threads

    def _turn_away(self, job: Job) -> None:
        hub, recipe = self._hub, job.recipe
        if recipe.kind == "broken":
            now = hub.clock.now_us()
            hub.report(Ended(job.batch, job.row[0], now, now, "error", None, recipe.problem))
            return
        if recipe.name not in hub.told:
            hub.told.add(recipe.name)
            logger.warning("gave back what this worker cannot run: %s", redact(recipe.problem))
        hub.report(given_back(job, UNKNOWN_DELAY, recipe.problem))
