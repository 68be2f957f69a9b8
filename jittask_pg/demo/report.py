"""The end of the tour: what was recorded, and whether it is what had to run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from ..database import Connection
from .definitions import TASKS, Day
from .expectation import Occurrence, planned_ahead
from .view import table

__all__ = ["Report"]

_RAN = """
select coalesce(e.task_name, ''), coalesce(e.source_key ->> 'id', ''), date_trunc('second', e.due_at),
  e.status
from jittask.execution_record e
where e.due_at between %s and %s and e.status <> 'cancelled'
"""

_RECORDS = """
select r.occurrence_id, r.task_name, coalesce(r.source_key ->> 'id', ''), r.status, r.worker, r.due_at,
  r.started_at, r.duration, coalesce(r.result ->> 0, r.result::text, r.error, '')
from (
  select e.*, row_number() over (
    partition by case when e.kind = 'one_off' then '' else e.task_name end, e.status
    order by e.finished_at desc
  ) as no
  from jittask.execution_record e
  where e.finished_at is not null
) r
where r.no <= 4
order by r.due_at, r.occurrence_id
"""

_AHEAD = """
select t.name, count(*)
from jittask.waiting w
join jittask.task t on t.task_id = w.task_id
where w.due_at > %s
group by t.name
"""

_LISTED = 20


@dataclass(frozen=True, slots=True)
class Report:
    """What came out.

    Attributes:
        expected: what had to run.
        ran: what the records say has completed.
        missing: expected and did not run.
        extra: ran, or ended in another way, and was not expected.
        ahead: planned after the end: what the queue holds and what the tables make due, by task.
        records: the newest records of each task, as lines.
        total: number of records that have ended.
    """

    expected: Counter[Occurrence]
    ran: Counter[Occurrence]
    missing: list[str]
    extra: list[str]
    ahead: Mapping[str, tuple[int, int]]
    records: list[str]
    total: int

    @classmethod
    def of(cls, connection: Connection, day: Day, expected: Counter[Occurrence]) -> Report:
        """Compare; no worker runs any more."""
        ran: Counter[Occurrence] = Counter()
        others: list[str] = []
        for task, key, due_at, status in connection.execute(_RAN, [day.begin, day.end]).fetchall():
            one = Occurrence(task, key, due_at)
            if status == "completed":
                ran[one] += 1
            else:
                others.append(f"{_text(one, day)} {status}")
        return cls(
            expected,
            ran,
            [_text(one, day) for one in sorted((expected - ran).elements())],
            [_text(one, day) for one in sorted((ran - expected).elements())] + others,
            _ahead(connection, day),
            _records(connection, day),
            _total(connection),
        )

    @property
    def agrees(self) -> bool:
        """Whether everything that had to run ran, nothing else did, and what is planned ahead is right."""
        return not (self.missing or self.extra or any(queue != want for queue, want in self.ahead.values()))

    def lines(self) -> list[str]:
        """The report, for people."""
        tasks = [*TASKS, *sorted({one.task for one in {**self.expected, **self.ran}} - set(TASKS))]
        counts = [
            [
                task,
                _of(self.expected, task),
                _of(self.ran, task),
                *map(_number, self.ahead.get(task, ("", ""))),
            ]
            for task in tasks
        ]
        counts.append(["all", self.expected.total(), self.ran.total(), "", ""])
        lines = [
            f"Execution records, {self.total} in all, the newest of each task:",
            "",
            *self.records,
            "",
            "Expected, by the tables and the changes alone, against what ran:",
            "",
            *table(["task", "expected", "ran", "planned ahead", "by the tables"], counts),
            "",
        ]
        for word, found in (("did not run", self.missing), ("was not expected", self.extra)):
            lines += [f"! {text}: {word}" for text in found[:_LISTED]]
            if len(found) > _LISTED:
                lines.append(f"! and {len(found) - _LISTED} more")
        for task, (queue, want) in self.ahead.items():
            if queue != want:
                lines.append(f"! {task}: {queue:,} rows are planned ahead, the table asks for {want:,}")
        lines.append(
            f"Agreed: {self.ran.total()} occurrences, each ran once, none too many"
            if self.agrees
            else "They do not agree"
        )
        return lines

    def as_row(self) -> dict[str, object]:
        """The report, for programs."""
        return {
            "agrees": self.agrees,
            "expected": self.expected.total(),
            "ran": self.ran.total(),
            "missing": self.missing,
            "extra": self.extra,
            "planned_ahead": {task: {"queue": q, "tables": w} for task, (q, w) in self.ahead.items()},
            "records": self.total,
        }


def _ahead(connection: Connection, day: Day) -> dict[str, tuple[int, int]]:
    row = connection.execute("select greatest(clock_timestamp(), %s)", [day.end]).fetchone()
    assert row is not None
    after: datetime = row[0]
    queue = {str(name): int(count) for name, count in connection.execute(_AHEAD, [after]).fetchall()}
    return {task: (queue.get(task, 0), want) for task, want in planned_ahead(connection, day, after).items()}


def _records(connection: Connection, day: Day) -> list[str]:
    found = connection.execute(_RECORDS).fetchall()
    rows = [
        [
            occurrence_id,
            task,
            key,
            status,
            f"{(due_at - day.begin).total_seconds():.1f} s",
            "" if started_at is None else f"{(started_at - due_at).total_seconds() * 1000:+.0f} ms",
            "" if duration is None else f"{duration.total_seconds() * 1000:.1f} ms",
            worker or "",
            said[:48],
        ]
        for occurrence_id, task, key, status, worker, due_at, started_at, duration, said in found
    ]
    return table(["record", "task", "row", "status", "due", "begun", "took", "worker", "result"], rows)


def _total(connection: Connection) -> int:
    row = connection.execute(
        "select count(*) from jittask.execution_record e where e.finished_at is not null"
    ).fetchone()
    return int(row[0]) if row else 0


def _of(counter: Counter[Occurrence], task: str) -> int:
    return sum(count for one, count in counter.items() if one.task == task)


def _number(value: int | str) -> str:
    return f"{value:,}" if isinstance(value, int) else value


def _text(one: Occurrence, day: Day) -> str:
    row = f", row {one.key}" if one.key else ""
    return f"{one.task}{row}, due {(one.due_at - day.begin).total_seconds():.0f} s after the begin"
