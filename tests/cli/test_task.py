"""task add, edit, list, show, pause, resume, remove."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from jittask_pg import statements

from .conftest import Run


@pytest.fixture(autouse=True)
def _no_tasks(connection: psycopg.Connection) -> None:
    connection.execute("delete from jittask.task")
    connection.execute("drop table if exists contract")
    connection.execute(
        "create table contract (id int primary key, expires_on date, ended_on date, status text)"
    )


def column(connection: psycopg.Connection, name: str, task: str = "t") -> object:
    row = connection.execute(
        "select to_jsonb(t) -> %s from jittask.task t where name = %s", [name, task]
    ).fetchone()
    return None if row is None else row[0]


def utc(connection: psycopg.Connection, name: str, task: str = "t") -> object:
    row = connection.execute(
        "select (to_jsonb(t) ->> %s)::timestamptz at time zone 'UTC' from jittask.task t where name = %s",
        [name, task],
    ).fetchone()
    return None if row is None else str(row[0])


def test_every_column_has_an_option(run: Run) -> None:
    text = run("task", "add", "--help").out
    for name in statements.tasks.COLUMNS:
        assert f"--{name.replace('_', '-')}" in text, name


def test_a_scheduled_task_is_added_with_every_column(run: Run, connection: psycopg.Connection) -> None:
    run("calendar", "add", "factory")
    run(
        "task", "add", "t", "--title", "Report", "--handler", "a.b", "--args", '{"n": 1}', "--arg", "who=ann",
        "--arg", "days=3", "--start", "2030-01-07 09:00", "--repeat", "weekly", "--every", "2",
        "--month-overflow", "skip", "--timezone", "Asia/Shanghai", "--end", "2030-12-31", "--max-runs", "9",
        "--calendar", "factory", "--holiday-policy", "drop", "--queue", "mail", "--priority", "5",
        "--timeout", "90 seconds", "--max-attempts", "3", "--retry-delay", "1 minute", "--isolation", "process",
        "--max-running", "2", "--overlap", "wait", "--misfire", "all", "--misfire-grace", "10 s",
        "--misfire-cap", "7", "--catchup-window", "2 hours", "--capture-log",
    )  # fmt: skip
    assert column(connection, "args") == {"n": 1, "who": "ann", "days": 3}
    assert utc(connection, "start_at") == "2030-01-07 01:00:00"
    assert utc(connection, "end_at") == "2030-12-31 15:59:59.999999"
    assert column(connection, "skip_holidays") == "nonworking"
    assert column(connection, "timeout") == "00:01:30"
    assert (column(connection, "capture_log"), column(connection, "queue")) == (True, "mail")


def test_a_date_field_task_is_recognised_by_its_table(run: Run, connection: psycopg.Connection) -> None:
    connection.execute(
        "insert into contract values (7, '2099-06-04', null, 'active'), (8, '2099-06-04', null, 'x')"
    )
    answer = run(
        "task", "add", "t", "--handler", "a.b", "--source-table", "contract", "--date-field", "expires_on",
        "--offset", "-3 days", "--at", "09:00", "--filter", '{"status": "active"}', "--timezone", "Asia/Shanghai",
        "--repeat", "daily", "--end-field", "ended_on", "--end-offset", "1 day", "--end-at-time", "18:00",
        "--past-due", "run_now", "--json",
    ).json  # fmt: skip
    assert answer["coming"][0]["source_key"] == {"id": 7}
    assert answer["coming"][0]["due_at"] == "2099-06-01T09:00:00+08:00"
    assert column(connection, "kind") == "date_field"
    assert column(connection, "source_table") == "public.contract"
    assert column(connection, "at_time") == "09:00:00"


def test_without_a_start_it_runs_from_now_on(run: Run, connection: psycopg.Connection) -> None:
    run("task", "add", "t", "--handler", "a.b", "--period", "30 minutes")
    assert connection.execute(
        "select start_at between now() - interval '5 s' and now(), repeat, period from jittask.task"
    ).fetchone() == (True, "interval", __import__("datetime").timedelta(minutes=30))


def test_a_daily_task_at_a_time_begins_with_the_next_such_time(
    run: Run, connection: psycopg.Connection
) -> None:
    run(
        "task",
        "add",
        "t",
        "--handler",
        "a.b",
        "--repeat",
        "daily",
        "--at",
        "09:00",
        "--timezone",
        "Asia/Shanghai",
    )
    assert connection.execute(
        """
        select (start_at at time zone 'Asia/Shanghai')::time::text,
          start_at >= now() - interval '1 minute' and start_at < now() + interval '1 day 1 minute'
        from jittask.task
        """
    ).fetchone() == ("09:00:00", True)


def test_a_daily_task_at_a_time_on_a_start_date_begins_there(
    run: Run, connection: psycopg.Connection
) -> None:
    run("task", "add", "t", "--handler", "a.b", "--repeat", "daily", "--at", "9:00", "--start", "2030-05-01")
    assert utc(connection, "start_at") == "2030-05-01 09:00:00"


def test_a_start_with_an_offset_is_that_instant(run: Run, connection: psycopg.Connection) -> None:
    run(
        "task",
        "add",
        "t",
        "--handler",
        "a.b",
        "--start",
        "2030-05-01T09:00+02:00",
        "--timezone",
        "Asia/Tokyo",
    )
    assert utc(connection, "start_at") == "2030-05-01 07:00:00"


def test_the_source_may_come_from_a_file(run: Run, connection: psycopg.Connection, tmp_path: Path) -> None:
    file = tmp_path / "inner.py"
    file.write_text("def run():\n    return 1\n")
    run("task", "add", "t", "--source-file", str(file), "--repeat", "daily")
    assert column(connection, "source") == "def run():\n    return 1\n"
    assert "    def run():" in run("task", "show", "t").out


def test_the_name_is_made_from_the_title(run: Run) -> None:
    assert (
        run("task", "add", "--title", "Sales Report", "--handler", "a.b", "--json").json["name"]
        == "sales_report"
    )


def test_a_dry_run_shows_what_would_be_due_and_writes_nothing(
    run: Run, connection: psycopg.Connection
) -> None:
    answer = run("task", "add", "t", "--handler", "a.b", "--cron", "0 9 * * *", "--dry-run", "--json").json
    assert answer["dry_run"] is True
    assert len(answer["coming"]) == 3
    assert connection.execute("select count(*) from jittask.task").fetchone() == (0,)
    assert connection.execute("select count(*) from jittask.waiting").fetchone() == (0,)


def test_a_task_may_be_defined_switched_off(run: Run, connection: psycopg.Connection) -> None:
    assert "paused" in run("task", "add", "t", "--handler", "a.b", "--repeat", "daily", "--paused").out
    assert connection.execute("select count(*) from jittask.waiting").fetchone() == (0,)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--handler", "a.b", "--cron", "61 * * * *"], 1, "minute"),
        (["--handler", "a.b", "--timezone", "Mars/Base"], 1, '"Mars/Base"'),
        (["--handler", "a.b", "--start", "2030-01-02", "--end", "2030-01-01"], 1, "which is before start_at"),
        (["--handler", "a.b", "--source", "def run(): pass"], 1, "source is given too"),
        (["--repeat", "daily"], 1, "source is missing too"),
        (["--handler", "a.b", "--repeat", "daily", "--calendar", "nowhere"], 1, "calendar sync"),
        (["--handler", "a.b", "--repeat", "cron"], 1, "cron is missing"),
        (["--handler", "a.b", "--cron", "0 9 * * *", "--at", "09:00"], 1, 'repeat is "cron"'),
        (["--handler", "a.b", "--source-table", "nowhere", "--date-field", "d"], 1, '"nowhere"'),
        (["--handler", "a.b", "--source-table", "contract", "--date-field", "status"], 1, "status"),
        (["--handler", "a.b", "--source-table", "contract", "--date-field", "expires_on",
          "--filter", '{"nonsense": 1}'], 1, "nonsense"),
        (["--handler", "a.b", "--args", "[1]"], 2, "no JSON object"),
        (["--handler", "a.b", "--filter", "{"], 2, "no JSON"),
        (["--handler", "a.b", "--start", "soon"], 2, '"soon"'),
        (["--handler", "a.b", "--period", "1 month"], 2, "months"),
        (["--handler", "a.b", "--timeout", "long"], 2, '"long"'),
        (["--handler", "a.b", "--repeat", "sometimes"], 2, "sometimes"),
        (["--handler", "a.b", "--arg", "novalue"], 2, "KEY=VALUE"),
        (["--handler", "a.b", "--at", "25:00"], 2, '"25:00"'),
        (["--handler", "a.b", "--end", "9999-12-31T23:00-05:00"], 2, "outside the years 1 to 9999"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_naming_the_value_and_writes_nothing(
    run: Run, connection: psycopg.Connection, words: list[str], code: int, said: str
) -> None:
    assert said in run("task", "add", "t", *words, code=code).err
    assert connection.execute("select count(*) from jittask.task").fetchone() == (0,)


def test_a_name_that_is_taken_is_refused(run: Run) -> None:
    run("task", "add", "t", "--handler", "a.b", "--repeat", "daily")
    assert "another name" in run("task", "add", "t", "--handler", "a.b", "--repeat", "daily", code=1).err


def test_edit_changes_the_named_columns_only(run: Run, connection: psycopg.Connection) -> None:
    run(
        "task", "add", "t", "--handler", "a.b", "--arg", "a=1", "--repeat", "daily", "--start", "2030-01-01 09:00",
        "--end", "2031-01-01", "--timezone", "Asia/Shanghai",
    )  # fmt: skip
    run(
        "task",
        "edit",
        "t",
        "--arg",
        "b=2",
        "--at",
        "10:30",
        "--clear",
        "end_at",
        "--rename",
        "u",
        "--priority",
        "7",
    )
    assert column(connection, "args", "u") == {"a": 1, "b": 2}
    assert utc(connection, "start_at", "u") == "2030-01-01 02:30:00"
    assert column(connection, "end_at", "u") is None
    assert column(connection, "repeat", "u") == "daily"


def test_edit_of_the_cycle_takes_back_what_belonged_to_the_old_one(
    run: Run, connection: psycopg.Connection
) -> None:
    run("task", "add", "t", "--handler", "a.b", "--repeat", "weekly", "--every", "2")
    run("task", "edit", "t", "--cron", "0 9 * * *")
    assert (column(connection, "repeat"), column(connection, "every")) == ("cron", 1)
    run("task", "edit", "t", "--period", "90 minutes")
    assert (column(connection, "repeat"), column(connection, "cron")) == ("interval", None)
    run("task", "edit", "t", "--repeat", "daily", "--every", "3")
    assert (column(connection, "period"), column(connection, "every")) == (None, 3)


def test_edit_of_the_calendar_says_what_is_done_with_it(run: Run, connection: psycopg.Connection) -> None:
    run("calendar", "add", "edited")
    run("task", "add", "t", "--handler", "a.b", "--repeat", "daily")
    run("task", "edit", "t", "--calendar", "edited")
    assert column(connection, "skip_holidays") == "nonworking"
    run("task", "edit", "t", "--clear", "calendar")
    assert (column(connection, "skip_holidays"), column(connection, "calendar")) == ("none", None)


def test_where_nothing_is_due_the_reason_is_said(run: Run) -> None:
    answer = run("task", "add", "t", "--handler", "a.b", "--start", "2020-01-01", "--json").json
    assert answer["coming"] == []
    assert answer["why_not"]


def test_edit_reads_times_in_the_zone_of_the_task(run: Run, connection: psycopg.Connection) -> None:
    run("task", "add", "t", "--handler", "a.b", "--repeat", "daily", "--timezone", "America/New_York")
    run("task", "edit", "t", "--end", "2030-07-04")
    assert utc(connection, "end_at") == "2030-07-05 03:59:59.999999"


def test_edit_as_a_dry_run_writes_nothing(run: Run, connection: psycopg.Connection) -> None:
    run("task", "add", "t", "--handler", "a.b", "--repeat", "daily")
    assert "Would change" in run("task", "edit", "t", "--priority", "7", "--dry-run").out
    assert column(connection, "priority") == 100


def test_edit_refuses_nothing_to_do_unknown_columns_and_unknown_tasks(run: Run) -> None:
    run("task", "add", "t", "--handler", "a.b", "--repeat", "daily")
    assert "Nothing to change" in run("task", "edit", "t", code=2).err
    assert "no column" in run("task", "edit", "t", "--clear", "nonsense", code=2).err
    assert 'no task "nobody"' in run("task", "edit", "nobody", "--priority", "1", code=1).err


def test_times_are_shown_in_the_zone_of_each_task(run: Run) -> None:
    run(
        "task",
        "add",
        "a",
        "--handler",
        "a.b",
        "--repeat",
        "daily",
        "--start",
        "2030-01-01 09:00",
        "--timezone",
        "Asia/Shanghai",
    )
    run(
        "task",
        "add",
        "b",
        "--handler",
        "a.b",
        "--repeat",
        "daily",
        "--start",
        "2030-07-01 09:00",
        "--timezone",
        "America/New_York",
    )
    table = run("task", "list").out
    assert "2030-01-01 09:00:00+08" in table
    assert "2030-07-01 09:00:00-04" in table
    assert "2030-07-01 09:00:00-04" in run("task", "show", "b").out
    assert run("preview", "a", "--count", "1", "--json").json[0]["due_at"] == "2030-01-01T09:00:00+08:00"


def test_a_time_in_the_year_10000_of_its_zone_is_shown_in_utc(
    run: Run, connection: psycopg.Connection
) -> None:
    run("task", "add", "t", "--handler", "a.b", "--repeat", "daily", "--timezone", "Asia/Tokyo")
    connection.execute("update jittask.task set end_at = '9999-12-31 23:00+00'")
    assert "9999-12-31 23:00:00+00" in run("task", "show", "t").out


def test_pause_resume_and_remove(run: Run, connection: psycopg.Connection) -> None:
    run("task", "add", "t", "--handler", "a.b", "--repeat", "daily")
    run("task", "pause", "t")
    assert connection.execute("select count(*) from jittask.waiting").fetchone() == (0,)
    assert "paused" in run("task", "list").out
    assert "due next" in run("task", "resume", "t").out
    run("task", "remove", "t")
    assert run("task", "list", "--json").json == []
    for command in ("pause", "resume", "remove", "show"):
        assert 'no task "t"' in run("task", command, "t", code=1).err


def test_a_table_in_use_is_tried_again(run: Run, database: str, connection: psycopg.Connection) -> None:
    import threading

    with psycopg.connect(database) as writer:
        writer.execute("insert into contract values (1, '2099-01-01')")
        timer = threading.Timer(1.5, writer.commit)
        timer.start()
        answer = run(
            "task", "add", "t", "--handler", "a.b", "--source-table", "contract", "--date-field", "expires_on"
        )
        timer.join()
    assert "Waiting: " in answer.err
    assert connection.execute("select count(*) from jittask.waiting").fetchone() == (1,)


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["--period", "99999999999 days"], 2, "more than 10000 years"),
        (["--repeat", "daily", "--args", '{"a": ' + "[" * 5000 + "]" * 5000 + "}"], 2, "nested too deeply"),
        (["--repeat", "daily", "--max-runs", "99999999999"], 2, "99999999999"),
        (["--repeat", "daily", "--priority", "99999999999"], 2, "99999999999"),
        (["--cron", "\0"], 1, r'cron is "\u0000"'),
        (["--repeat", "daily", "--title", "\udc80"], 1, r'title is "\udc80"'),
    ],
)
def test_values_that_no_column_holds_are_refused_by_name(
    run: Run, words: list[str], code: int, message: str
) -> None:
    assert message in run("task", "add", "t", "--handler", "a.b", *words, code=code).err


def test_source_that_no_worker_could_run_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\x7fELF\xd0\xff")
    assert (
        "cannot be read"
        in run("task", "add", "t", "--source-file", str(tmp_path / "binary"), "--repeat", "daily", code=2).err
    )
    assert (
        "no Python in line 1" in run("task", "add", "t", "--source", "def (", "--repeat", "daily", code=1).err
    )
    assert "no function run" in run("task", "add", "t", "--source", "x = 1", "--repeat", "daily", code=1).err
