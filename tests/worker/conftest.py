"""Workers in the test's own process, and what their runs left in the records."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from psycopg import conninfo, sql
from psycopg.rows import dict_row

from jittask_pg.worker import WorkerOptions, run_workers
from jittask_pg.worker.process import Worker

from . import functions

Records = Callable[..., dict[str, Any]]
Drain = Callable[..., None]
Running = Callable[..., AbstractContextManager[Worker]]


@pytest.fixture(autouse=True)
def _reset(request: pytest.FixtureRequest) -> Iterator[None]:
    functions.reset()
    if "options" in request.fixturenames:
        # What the test before gave back is not for this one.
        with psycopg.connect(request.getfixturevalue("database"), autocommit=True) as connection:
            connection.execute("truncate jittask.due_queue, jittask.lease, jittask.running")
    yield
    functions.released.set()


@pytest.fixture(scope="module")
def workers_dsn(database: str) -> Iterator[str]:
    """DSN of a role with the rights of a worker, and with all rights on tables that are not ours."""
    name = f"worker_{conninfo.conninfo_to_dict(database)['dbname']}"[:63]
    role = sql.Identifier(name)
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(sql.SQL("create role {} login").format(role))
        connection.execute(
            sql.SQL("grant jittask_worker, pg_read_all_data, pg_write_all_data to {}").format(role)
        )
        yield conninfo.make_conninfo(database, user=name)
        connection.execute(sql.SQL("drop owned by {0}; drop role {0}").format(role))


@pytest.fixture
def options(workers_dsn: str) -> WorkerOptions:
    return WorkerOptions(dsns=(workers_dsn,), imports=("tests.worker.functions",), concurrency=4, grace=5.0)


@pytest.fixture
def drain(options: WorkerOptions) -> Drain:
    """Runs a worker until nothing is due."""

    def run(**changes: Any) -> None:
        assert run_workers(replace(options, drain=True, **changes)) == 0

    return run


@pytest.fixture
def running(options: WorkerOptions) -> Running:
    """A worker that runs beside the test, and is stopped after it."""

    @contextmanager
    def run(**changes: Any) -> Generator[Worker, None, None]:
        changed = replace(options, **changes)
        worker = Worker(changed, changed.dsns[0])
        thread = threading.Thread(target=worker.run, daemon=True)
        thread.start()
        try:
            yield worker
        finally:
            functions.released.set()
            worker.stop()
            thread.join(20)
            assert not thread.is_alive()

    return run


@pytest.fixture
def enqueue(connection: psycopg.Connection) -> Callable[..., int]:
    def put(handler: str, args: str = "{}", **more: Any) -> int:
        names = "".join(f", {name} => %s" for name in more)
        row = connection.execute(
            f"select jittask.enqueue(%s, %s{names})",
            [handler, args, *more.values()],
        ).fetchone()
        assert row is not None
        return row[0]

    return put


@pytest.fixture
def record(connection: psycopg.Connection) -> Records:
    """The execution record of an occurrence, or of a task's only one; waits for its status where one is given."""

    def look(which: int | str, status: str | None = None, seconds: float = 10.0) -> dict[str, Any]:
        column = "task_name" if isinstance(which, str) else "occurrence_id"
        end = time.monotonic() + seconds
        while True:
            with connection.cursor(row_factory=dict_row) as cursor:
                rows = cursor.execute(
                    f"select * from jittask.execution_record where {column} = %s order by due_at",
                    [which],
                ).fetchall()
            if rows and (status is None or rows[0]["status"] == status):
                return rows[0]
            assert time.monotonic() < end, (which, status, rows)
            time.sleep(0.01)

    return look
