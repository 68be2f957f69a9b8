"""Functions kept with their tasks, and functions that a worker does not know."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest

from .conftest import Drain, Records

Enqueue = Callable[..., int]

SOURCE = """
import json

def run(factor=2):
    return json.loads("21") * factor
"""


def define(connection: psycopg.Connection, name: str, source: str) -> None:
    connection.execute(
        "insert into jittask.task (name, kind, source, start_at) values (%s, 'scheduled', %s, '2100-01-01Z')",
        [name, source],
    )
    connection.execute("select jittask.run_now(%s)", [name])


def test_source_runs_on_workers_started_with_inline(
    connection: psycopg.Connection, drain: Drain, record: Records
) -> None:
    define(connection, "inline", SOURCE)
    drain(inline=True)
    assert record("inline")["result"] == 42


def test_source_is_left_alone_by_other_workers(
    connection: psycopg.Connection, drain: Drain, record: Records
) -> None:
    define(connection, "not inline", SOURCE)
    drain()
    assert record("not inline")["attempt"] == 0
    assert connection.execute(
        "select count(*) from jittask.run_history where task_name = 'not inline'"
    ).fetchone() == (0,)
    connection.execute("delete from jittask.task where name = 'not inline'")


@pytest.mark.parametrize(
    ("name", "source", "shown"),
    [
        ("fails", "def run():\n    orders = []\n    return orders[7]", "return orders[7]"),
        ("does not parse", "def run(:\n    pass", "SyntaxError"),
        ("defines nothing", "x = 1", 'The source defines no function "run"'),
        ("fails at once", "import nowhere\n\ndef run():\n    pass", "import nowhere"),
    ],
)
def test_errors_show_the_line_of_the_source(
    name: str, source: str, shown: str, connection: psycopg.Connection, drain: Drain, record: Records
) -> None:
    define(connection, name, source)
    drain(inline=True)
    kept = record(name)
    assert kept["status"] == "error"
    assert shown in kept["error"]


def test_an_unknown_handler_goes_back_for_others_and_is_told_once(
    enqueue: Enqueue,
    connection: psycopg.Connection,
    drain: Drain,
    record: Records,
    caplog: pytest.LogCaptureFixture,
) -> None:
    ids = [enqueue("no.such.handler", f'{{"n": {n}}}') for n in range(20)]
    drain()
    kept = connection.execute(
        "select count(*) from jittask.due_queue where occurrence_id = any (%s) and run_at > now() + interval '20 s' and lease_id is null",
        [ids],
    ).fetchone()
    assert kept == (20,)
    assert record(ids[0])["attempt"] == 0
    assert len([line for line in caplog.messages if "no.such.handler" in line]) == 1
    reasons = connection.execute(
        "select count(*) from jittask.run_attempt where outcome = 'released' and error like '%%no.such.handler%%'"
    ).fetchone()
    assert reasons == (20,)


def test_a_dotted_path_in_an_allowed_module_is_found(enqueue: Enqueue, drain: Drain, record: Records) -> None:
    occurrence = enqueue("tests.worker.functions.nothing")
    drain(allow=("tests.worker",))
    assert record(occurrence)["status"] == "completed"
