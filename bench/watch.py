"""What watching costs the application: each kind of write, watched against unwatched, in one run.

    python bench/watch.py "host=localhost dbname=scratch" --rows 1000000

The database needs jittask_pg installed; the tables ``jittask_bench_*`` are made and dropped. Ratios are what
to look at; a trigger that is given the images of the rows, as every trigger is that shall see what changed, and does
nothing with them, shows what cannot be undercut. Where the server runs on this machine, the processor time of its process is shown beside the wall
time: it is the better measure on a busy machine.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql

IDLE = "idle trigger"
TABLES = {"unwatched": 0, IDLE: 0, "one task": 1, "three tasks": 3}
AFTERWARDS = "the rest, planned by sweeps"


@dataclass
class Series:
    """Microseconds a row, wall and processor, of one kind of write on one table."""

    wall: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)


class Session:
    """A connection that measures."""

    def __init__(self, dsn: str) -> None:
        self.connection = psycopg.connect(dsn, autocommit=True, prepare_threshold=0)
        self._schedule = Path(f"/proc/{self.connection.info.backend_pid}/schedstat")

    def run(self, statement: str, *parameters: object) -> int:
        """Run a statement; returns the number of rows."""
        return self.connection.execute(statement.encode(), parameters or None).rowcount

    def processor(self) -> float:
        """Processor seconds of the server process; 0 where that cannot be known."""
        try:
            return int(self._schedule.read_text(encoding="ascii").split()[0]) / 1e9
        except OSError:
            return 0.0

    def measure(self, series: Series, rows: int, work: Callable[[], object]) -> None:
        processor, wall = self.processor(), time.perf_counter()
        work()
        series.wall.append((time.perf_counter() - wall) * 1e6 / rows)
        series.processor.append((self.processor() - processor) * 1e6 / rows)

    def transaction_ids(self, work: Callable[[], object]) -> int:
        """How many transaction ids the work takes."""
        before = self._next_id()
        work()
        return self._next_id() - before

    def _next_id(self) -> int:
        row = self.connection.execute(
            "select pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
        ).fetchone()
        assert row is not None
        return row[0]


@contextmanager
def tables(session: Session) -> Iterator[dict[str, str]]:
    """Tables alike but for the tasks that watch them."""
    names = {kind: f"public.jittask_bench_{kind.replace(' ', '_')}" for kind in TABLES}
    tasks: list[str] = []

    def remove() -> None:
        session.connection.execute("delete from jittask.task where name like 'jittask_bench_%'")
        for name in names.values():
            session.connection.execute(f"drop table if exists {name}")
            session.connection.execute("delete from jittask.watch where source_table = %s", [name])
        session.run("drop function if exists public.jittask_bench_idle")

    remove()
    try:
        for kind, name in names.items():
            session.run(f"""
                create table {name} (
                  id bigint generated always as identity primary key, customer text not null,
                  status text not null default 'open', amount numeric, note text,
                  due_at timestamptz, created_at timestamptz not null default now()
                )""")
            if kind == IDLE:
                add_idle_triggers(session, name)
            for number in range(TABLES[kind]):
                tasks.append(f"jittask_bench_{TABLES[kind]}_{number}")
                session.connection.execute(
                    sql.SQL("""
                        insert into jittask.task (name, kind, handler, source_table, date_field, start_offset, filter)
                        values (%s, 'date_field', 'bench', %s, 'due_at', make_interval(days => -%s), '{"status": "open"}')
                    """),
                    [tasks[-1], name, number],
                )
        yield names
    finally:
        remove()


def add_idle_triggers(session: Session, name: str) -> None:
    session.run("""
        create function public.jittask_bench_idle() returns trigger language plpgsql as
        $$ begin return null; end $$""")
    for event, images in {
        "insert": "new table as new_row",
        "update": "new table as new_row old table as old_row",
        "delete": "old table as old_row",
    }.items():
        session.run(f"""
            create trigger {event} after {event} on {name} referencing {images}
            for each statement execute function public.jittask_bench_idle()""")


def insert(name: str, rows: int) -> str:
    return f"""insert into {name} (customer, amount, note, due_at)
        select 'customer ' || n, n, 'a note of some length', now() + interval '40 days' + n * interval '1 second'
        from generate_series(1, {rows}) n"""


def sweep(session: Session) -> None:
    """As workers do, until everything is planned."""
    waits = "select exists (select from jittask.replan)"
    while session.connection.execute(waits).fetchone() == (True,):
        session.run("select jittask.sweep()")


def bulk(session: Session, names: dict[str, str], rows: int, repeats: int) -> dict[str, dict[str, Series]]:
    """Statements over many rows."""
    found: dict[str, dict[str, Series]] = {}

    def measured(what: str, kind: str, count: int, statement: str) -> None:
        series = found.setdefault(what, {}).setdefault(kind, Series())
        session.measure(series, count, lambda: session.run(statement))

    for _ in range(repeats):
        for name in names.values():
            session.run(f"truncate {name} restart identity")
        for kind, name in names.items():
            measured("insert", kind, rows, insert(name, rows))
            rest = found.setdefault(AFTERWARDS, {}).setdefault(kind, Series())
            session.measure(rest, rows, lambda: sweep(session))
        for name in [*names.values(), "jittask.due_queue"]:
            session.run(f"vacuum analyze {name}")
        some = min(rows, 100_000)
        for kind, name in names.items():
            measured("update of another column", kind, rows, f"update {name} set note = note || '.'")
        for kind, name in names.items():
            measured(
                "update of the date",
                kind,
                some,
                f"update {name} set due_at = due_at + interval '1 hour' where id <= {some}",
            )
        for kind, name in names.items():
            measured("delete", kind, some, f"delete from {name} where id <= {some}")
    return found


def single(session: Session, names: dict[str, str], count: int, repeats: int) -> dict[str, dict[str, Series]]:
    """Statements over one row, each in a transaction of its own."""
    found: dict[str, dict[str, Series]] = {}
    last = dict.fromkeys(names, 0)
    for _ in range(repeats):
        for kind, name in names.items():

            def inserts(name: str = name) -> None:
                for number in range(count):
                    session.run(
                        f"insert into {name} (customer, due_at) values (%s, now() + interval '40 days')",
                        f"c {number}",
                    )

            def updates(what: str, name: str = name, kind: str = kind) -> None:
                for number in range(count):
                    session.run(f"update {name} set {what} where id = %s", last[kind] - number)

            series = found.setdefault("insert of one row", {}).setdefault(kind, Series())
            session.measure(series, count, inserts)
            row = session.connection.execute(f"select max(id) from {name}").fetchone()
            assert row is not None
            last[kind] = row[0]
            for title, what in {
                "update of another column, one row": "note = 'x'",
                "update of the date, one row": "due_at = due_at + interval '1 hour'",
            }.items():
                series = found.setdefault(title, {}).setdefault(kind, Series())
                session.measure(series, count, lambda what=what, updates=updates: updates(what))
    return found


def crowd(dsn: str, name: str, clients: int, seconds: float) -> float:
    """Inserts with far due times that so many clients commit a second."""
    counts = [0] * clients
    stop = threading.Event()

    def client(number: int) -> None:
        with psycopg.connect(dsn, autocommit=True, prepare_threshold=0) as connection:
            while not stop.is_set():
                connection.execute(
                    f"insert into {name} (customer, due_at) values ('c', now() + interval '40 days')".encode()
                )
                counts[number] += 1

    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    time.sleep(seconds)
    stop.set()
    for thread in threads:
        thread.join()
    return sum(counts) / seconds


def notified(session: Session, dsn: str, name: str, seconds: float) -> float:
    """Throughput of eight clients with a worker asleep, notification on against off; the median of three pairs."""
    ratios: list[float] = []
    row = session.connection.execute("select jittask.register_worker('bench', 'bench', 1, '0')").fetchone()
    assert row is not None
    try:
        for _ in range(3):
            rates: dict[str, float] = {}
            for setting in ("off", "on"):
                session.connection.execute(
                    "update jittask.setting set value = %s where name = 'notify'", [setting]
                )
                session.connection.execute("select jittask.doze(%s)", [row[0]])
                rates[setting] = crowd(dsn, name, 8, seconds)
            ratios.append(rates["on"] / rates["off"])
    finally:
        session.connection.execute("update jittask.setting set value = 'on' where name = 'notify'")
        session.connection.execute("select jittask.unregister_worker(%s)", [row[0]])
    return statistics.median(ratios)


def ids(session: Session, names: dict[str, str]) -> dict[str, dict[str, int]]:
    """Transaction ids that one statement takes."""
    statements = {
        "insert of one row": "insert into {} (customer, due_at) values ('c', now() + interval '40 days')",
        "update of another column": "update {0} set note = 'y' where id = (select max(id) from {0})",
        "update of the date": "update {0} set due_at = due_at + interval '1 hour' where id = (select max(id) from {0})",
    }
    return {
        what: {
            kind: session.transaction_ids(lambda s=s, n=name: session.run(s.format(n)))
            for kind, name in names.items()
        }
        for what, s in statements.items()
    }


def show(found: dict[str, dict[str, Series]]) -> None:
    write = sys.stdout.write
    for what, kinds in found.items():
        base = kinds["unwatched"]
        for kind, series in kinds.items():
            wall, processor = min(series.wall), min(series.processor)
            write(f"{what:36} {kind:12} {wall:9.2f} us wall, {processor:8.2f} us processor")
            if kind != "unwatched" and what != AFTERWARDS:
                write(
                    f"   x {wall / min(base.wall):5.2f} wall, x {processor / (min(base.processor) or 1):5.2f} processor"
                )
            write("\n")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("dsn")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--singles", type=int, default=2_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3.0)
    options = parser.parse_args()
    session = Session(options.dsn)
    with tables(session) as names:
        show(bulk(session, names, options.rows, options.repeats))
        show(single(session, names, options.singles, options.repeats))
        for what, kinds in ids(session, names).items():
            sys.stdout.write(f"transaction ids, {what}: {kinds}\n")
        ratio = notified(session, options.dsn, names["one task"], options.seconds)
        sys.stdout.write(f"eight clients, far due times, notification on against off: x {ratio:.2f}\n")


if __name__ == "__main__":
    main()
