"""Workers whose connections come and go."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from psycopg import conninfo

from jittask_pg.errors import UnavailableError
from jittask_pg.redact import redact
from jittask_pg.worker import WorkerOptions, run_workers

from . import functions
from .conftest import Records, Running

Enqueue = Callable[..., int]


def terminate_workers(connection: psycopg.Connection) -> int:
    rows = connection.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity "
        "where datname = current_database() and application_name like 'jittask %%' and pid <> pg_backend_pid()"
    ).fetchall()
    return len(rows)


def test_a_worker_outlives_the_loss_of_all_its_connections(
    enqueue: Enqueue, running: Running, record: Records, connection: psycopg.Connection
) -> None:
    with running():
        for n in range(5):
            before = enqueue("w.echo", f'{{"before": {n}}}')
            record(before, "completed")
            assert terminate_workers(connection) >= 2
            after = enqueue("w.echo", f'{{"after": {n}}}')
            assert record(after, "completed", seconds=5)["attempt"] == 1


def test_a_run_that_ends_while_the_database_is_away_is_recorded_once(
    enqueue: Enqueue, running: Running, record: Records, connection: psycopg.Connection
) -> None:
    occurrence = enqueue("w.hold")
    with running():
        assert functions.begun.wait(10)
        terminate_workers(connection)
        functions.released.set()
        kept = record(occurrence, "completed", seconds=5)
    assert kept["attempt"] == 1
    assert connection.execute(
        "select count(*) from jittask.run_attempt where occurrence_id = %s", [occurrence]
    ).fetchone() == (0,)


def test_a_claim_whose_answer_was_lost_is_given_back(
    enqueue: Enqueue, running: Running, connection: psycopg.Connection
) -> None:
    occurrence = enqueue("w.nothing", queue="elsewhere")
    # Pooler mode renews every two seconds, which makes the test short.
    with running(pooler=True, queues=("mine",), name="answer lost"):
        for _ in range(1000):
            claimed = connection.execute(
                """
                select c.occurrence_id
                from jittask.worker w, jittask.claim(w.worker_id, 1, '{elsewhere}') c
                where w.name = 'answer lost'
                """
            ).fetchall()
            if claimed:
                break
            time.sleep(0.01)
        assert claimed == [(occurrence,)]
        for _ in range(1500):
            held = connection.execute(
                "select lease_id, attempt, losses from jittask.due_queue where occurrence_id = %s",
                [occurrence],
            ).fetchone()
            if held == (None, 0, 0):
                break
            time.sleep(0.01)
        assert held == (None, 0, 0)
    assert connection.execute("select jittask.cancel(%s)", [occurrence]).fetchone() == ("cancelled",)


@pytest.mark.parametrize("pooler", [False, True])
def test_a_worker_waits_for_a_database_that_is_not_there_yet(
    pooler: bool, options: WorkerOptions, enqueue: Enqueue, record: Records
) -> None:
    from jittask_pg.worker.process import Worker

    address = _free_address()
    away = conninfo.make_conninfo(options.dsns[0], host="127.0.0.1", port=address[1], connect_timeout=2)
    worker = Worker(replace(options, pooler=pooler), away)
    thread = threading.Thread(target=worker.run, daemon=True)
    thread.start()
    time.sleep(0.5)
    assert thread.is_alive()
    # The database comes up: a forwarder from that address to the real one.
    stop = _forward(address, options.dsns[0])
    try:
        occurrence = enqueue("w.echo", '{"n": 2}')
        assert record(occurrence, "completed", seconds=15)["result"] == {"n": 2}
    finally:
        worker.stop()
        thread.join(15)
        stop()
    assert not thread.is_alive()


def test_a_worker_goes_over_to_another_host_of_its_connection_string(
    options: WorkerOptions, enqueue: Enqueue, running: Running, record: Records
) -> None:
    first, second = _free_address(), _free_address()
    hosts = conninfo.make_conninfo(
        options.dsns[0], host="127.0.0.1,127.0.0.1", port=f"{first[1]},{second[1]}", connect_timeout=2
    )
    stop = _forward(first, options.dsns[0])
    with running(dsns=(hosts,)):
        record(enqueue("w.echo", '{"n": 1}'), "completed", seconds=15)
        stop()
        occurrence = enqueue("w.echo", '{"n": 2}')
        time.sleep(0.3)
        stop = _forward(second, options.dsns[0])
        assert record(occurrence, "completed", seconds=15)["attempt"] == 1
    stop()


def test_a_server_that_can_only_be_read_is_waited_for(
    enqueue: Enqueue,
    running: Running,
    record: Records,
    connection: psycopg.Connection,
    caplog: pytest.LogCaptureFixture,
) -> None:
    name = connection.info.dbname
    with running():
        record(enqueue("w.nothing"), "completed")
        connection.execute(f'alter database "{name}" set default_transaction_read_only = on')
        try:
            assert terminate_workers(connection) >= 2
            occurrence = enqueue("w.echo", '{"n": 3}')
            time.sleep(0.5)
            assert record(occurrence)["status"] == "pending"
            # Threads of one worker wait for the same server: one line.
            assert caplog.text.count("waiting for the database: The server can only be read") == 1
        finally:
            connection.execute(f'alter database "{name}" reset default_transaction_read_only')
        assert record(occurrence, "completed", seconds=15)["attempt"] == 1


def test_without_reconnect_a_worker_ends_with_an_error(options: WorkerOptions) -> None:
    away = conninfo.make_conninfo(options.dsns[0], host="127.0.0.1", port=1, password="secret")
    with pytest.raises(UnavailableError) as refused:
        run_workers(replace(options, dsns=(away,), reconnect=False))
    assert "secret" not in str(refused.value)


def test_pick_up_without_notification_is_within_the_poll_interval(
    enqueue: Enqueue, running: Running, record: Records, connection: psycopg.Connection
) -> None:
    with running(pooler=True):
        record(enqueue("w.nothing"), "completed")
        time.sleep(0.3)
        kept = record(enqueue("w.nothing"), "completed")
        assert (kept["started_at"] - kept["due_at"]).total_seconds() < 1.5


def test_a_worker_serves_only_its_queues(enqueue: Enqueue, running: Running, record: Records) -> None:
    with running(queues=("mine",)):
        mine, other = enqueue("w.nothing", queue="mine"), enqueue("w.nothing", queue="other")
        record(mine, "completed")
        assert record(other)["status"] == "pending"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://me:pass@db/app", "postgresql://me:***@db/app"),
        ("host=db password=pass user=me", "host=db password=*** user=me"),
        ("host=db password = 'two words' x", "host=db password = *** x"),
        ("nothing to hide: http://a/b", "nothing to hide: http://a/b"),
        ("https://u:p@h and amqp://a:b@c", "https://u:***@h and amqp://a:***@c"),
    ],
)
def test_passwords_are_taken_out_of_text(text: str, shown: str) -> None:
    assert redact(text) == shown


def _free_address() -> tuple[str, int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()


def _forward(address: tuple[str, int], dsn: str) -> Callable[[], None]:
    target = conninfo.conninfo_to_dict(dsn)
    listener = socket.create_server(address)
    listener.settimeout(0.2)
    done = threading.Event()
    ends: list[socket.socket] = []

    def reach() -> socket.socket:
        host, port = str(target.get("host", "localhost")), int(target.get("port", 5432) or 5432)
        if host.startswith("/"):
            there = socket.socket(socket.AF_UNIX)
            there.connect(f"{host}/.s.PGSQL.{port}")
            return there
        return socket.create_connection((host, port))

    def pump(source: Any, sink: Any) -> None:
        try:
            while data := source.recv(65536):
                sink.sendall(data)
        except OSError:
            pass
        finally:
            for end in (source, sink):
                end.close()

    def serve() -> None:
        while not done.is_set():
            try:
                here, _ = listener.accept()
            except TimeoutError:
                continue
            here.settimeout(None)
            there = reach()
            ends.extend((here, there))
            for pair in ((here, there), (there, here)):
                threading.Thread(target=pump, args=pair, daemon=True).start()
        listener.close()

    def stop() -> None:
        done.set()
        for end in ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    threading.Thread(target=serve, daemon=True).start()
    return stop
