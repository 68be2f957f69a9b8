"""The tour, in order."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

import click
import psycopg
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from .. import migration
from ..api import JitTask
from ..database import Connection, connect, resolve_dsn
from ..errors import StateError, translated
from . import business
from .definitions import Day, define
from .expectation import Expectation
from .interrupts import Interrupts
from .place import Place, place
from .report import Report
from .script import Stage, Step, steps
from .view import View
from .workers import COMMAND, Workers, workers

__all__ = ["DemoOptions", "run_demo"]

_REFRESH = 0.3
_LEADS = (2, 6, 15, 40)
_LAST_RUNS_PATIENCE = 30.0
_TRIES = 3


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """How to give the tour.

    Attributes:
        dsn: a server on which a database may be made; None = an embedded one.
        seconds: how long the business day lasts, 20 or more.
        as_json: say nothing but the result, in JSON.
    """

    dsn: str | None = None
    seconds: int = 24
    as_json: bool = False


def run_demo(options: DemoOptions) -> int:
    """Give the tour; whatever it starts or makes is gone afterwards.

    Returns:
        0 = what ran is what had to run, 1 = it is not.

    Raises:
        KeyboardInterrupt: Ctrl-C, or SIGTERM; everything is cleaned up.
        JitTaskError: the tour could not be given.
    """
    dsn = None if options.dsn is None else resolve_dsn(options.dsn)
    with Interrupts() as interrupts, translated():
        say = _Said(quiet=options.as_json)
        with place(dsn, say) as where:
            interrupts.check()
            report = _tour(where, options, interrupts, say)
    row = {"database": where.database, **report.as_row()}
    click.echo(json.dumps(row, ensure_ascii=False) if options.as_json else "\n".join(report.lines()))
    return 0 if report.agrees else 1


class _Said:
    """Lines before the live view, each with the time it took to get there."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._began_at = time.monotonic()

    def __call__(self, text: str) -> None:
        if not self._quiet:
            click.echo(f"{click.style(f'{time.monotonic() - self._began_at:5.1f} s', dim=True)}  {text}")


def _tour(where: Place, options: DemoOptions, interrupts: Interrupts, say: _Said) -> Report:
    session = connect(where.dsn, application_name="demo business")
    watching = connect(where.dsn, application_name="demo view")
    engine = create_engine(
        "postgresql+psycopg://",
        creator=lambda: psycopg.connect(where.dsn, application_name="demo application"),
        poolclass=NullPool,
    )
    jt = JitTask(where.dsn)
    try:
        session.execute("set lock_timeout = '20s'")
        done = migration.migrate(session)
        say(
            f"{where.server}: schema jittask installed, {done.version} migrations, {done.functions} functions"
        )
        interrupts.check()
        with workers(where.dsn) as running:
            say(f"$ {' '.join(COMMAND)}")
            business.create(session)
            say(f"Tables contract and orders: {business.CONTRACTS:,} and {business.ORDERS:,} rows")
            running.wait_until_ready(watching, interrupts)
            say("Both workers are ready")
            day = _opened(session, jt, options.seconds)
            say("Five tasks defined in one transaction, two by SQL, three from Python; every row is planned")
            expectation = Expectation(session, day)
            expectation.begin()
            view = View(watching, day, f"jittask demo on {where.server}", quiet=options.as_json)
            stage = Stage(session, engine, jt, day)
            _play(stage, expectation, view, running, interrupts)
            _await_last_runs(watching, day, view, running, interrupts)
            view.finish()
        if not options.as_json:
            click.echo()
        return Report.of(session, day, expectation.result())
    finally:
        jt.close()
        engine.dispose()
        watching.close()
        session.close()


def _opened(connection: Connection, jt: JitTask, seconds: int) -> Day:
    """Arrange the day and define the tasks, so that all of it is committed before the day begins."""
    for lead in _LEADS:
        row = connection.execute("select date_trunc('second', clock_timestamp())").fetchone()
        assert row is not None
        day = Day.of(row[0] + timedelta(seconds=lead), seconds)
        with connection.transaction():
            business.open_day(connection, day.begin)
            define(connection, jt, day)
            if _clock(connection) > day.begin - timedelta(seconds=0.5):
                # A slow machine: all of it once more, with more time.
                raise psycopg.Rollback
            return day
    raise StateError("The machine is too slow: the tasks were not defined within 40 seconds", None, None)


def _play(
    stage: Stage, expectation: Expectation, view: View, running: Workers, interrupts: Interrupts
) -> None:
    day = stage.day
    coming = steps(day)
    now = view.refresh()
    while now <= day.end:
        interrupts.check()
        running.check()
        if coming and now >= day.begin + timedelta(seconds=coming[0].at):
            what, effect = _perform(coming.pop(0), stage, expectation)
            view.tell((now - day.begin).total_seconds(), what, effect)
        now = _rest(view)


def _rest(view: View) -> datetime:
    time.sleep(_REFRESH)
    return view.refresh()


def _perform(step: Step, stage: Stage, expectation: Expectation) -> tuple[str, str]:
    """One step in its transaction: what it did, and what the queue made of it."""
    what = effect = ""
    for _ in range(_TRIES):
        stage.one_offs.clear()
        committed = False
        with stage.connection.transaction(force_rollback=step.rolls_back):
            if step.moves_dates:
                expectation.before_change()
            stage.connection.execute(_QUEUE_BEFORE)
            what = step.play(stage)
            effect = _queue_change(stage.connection)
            if step.moves_dates and not expectation.after_change():
                raise psycopg.Rollback
            committed = True
        if step.rolls_back:
            return what, f"{effect}; then as it was"
        if committed:
            if step.moves_dates:
                expectation.committed()
            for title, due_at in stage.one_offs:
                expectation.add(title, due_at)
            return what, effect
        time.sleep(_REFRESH)
    return f"{what}: left out", "too close to a due time to say which comes first"


_QUEUE_BEFORE = """
create temporary table queue_before on commit drop as
select coalesce(t.name, 'one-offs') as name, w.source_key, w.due_at
from jittask.waiting w
left join jittask.task t on t.task_id = w.task_id
"""

# What workers took meanwhile was due; what is due later was moved by the step.
_QUEUE_CHANGE = """
with queue_after as (
  select coalesce(t.name, 'one-offs') as name, w.source_key, w.due_at
  from jittask.waiting w
  left join jittask.task t on t.task_id = w.task_id
)
select c.name, count(*) filter (where c.gone), count(*) filter (where not c.gone)
from (
  select b.*, true as gone from (select * from queue_before except all select * from queue_after) b
  union all
  select a.*, false from (select * from queue_after except all select * from queue_before) a
) c
where c.due_at > clock_timestamp()
group by c.name
order by c.name
"""


def _queue_change(connection: Connection) -> str:
    rows = connection.execute(_QUEUE_CHANGE).fetchall()
    parts = [
        f"{name} " + " ".join(f"{sign}{count:,}" for sign, count in (("-", gone), ("+", new)) if count)
        for name, gone, new in rows
    ]
    return "queue: " + (", ".join(parts) or "unchanged")


def _clock(connection: Connection) -> datetime:
    row = connection.execute("select clock_timestamp()").fetchone()
    assert row is not None
    now: datetime = row[0]
    return now


def _await_last_runs(
    connection: Connection, day: Day, view: View, running: Workers, interrupts: Interrupts
) -> None:
    """Wait until nothing of the day is left to run; a loaded machine may lag behind."""
    give_up_at = time.monotonic() + _LAST_RUNS_PATIENCE
    while time.monotonic() < give_up_at:
        interrupts.check()
        running.check()
        row = connection.execute(_UNFINISHED, [day.end]).fetchone()
        if row is not None and row[0] == 0:
            return
        _rest(view)


_UNFINISHED = """
select count(*) from jittask.execution_record e where e.finished_at is null and e.due_at <= %s
"""
