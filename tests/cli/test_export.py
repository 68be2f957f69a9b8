"""export: tasks are written into folders."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from jittask_pg.cli.folders.task_folder import DEFAULTS
from tests.support.schedule import add_task, change_task, value

from .conftest import Run
from .folders import read, write


@pytest.fixture(autouse=True)
def _no_tasks(connection: psycopg.Connection) -> None:
    connection.execute(
        "delete from jittask.task; delete from jittask.calendar; drop table if exists contract"
    )
    connection.execute("create table contract (id int primary key, expires_on date, status text)")


def statuses(answer: dict[str, list[dict[str, str]]], kind: str = "tasks") -> dict[str, str]:
    return {item["name"]: item["status"] for item in answer[kind]}


def test_only_what_differs_from_the_defaults_is_written(
    run: Run, connection: psycopg.Connection, tmp_path: Path
) -> None:
    connection.execute("insert into jittask.calendar (name) values ('ours')")
    add_task(
        connection, name="report", handler="app.report", start_at="2026-01-01 09:00+08", repeat="daily",
        timezone="Asia/Shanghai", calendar="ours", args={"top": 10, "rate": 1.5, "who": ["ann", {"x": True}]},
        timeout="90 seconds", transactional=True,
    )  # fmt: skip
    add_task(
        connection, name="unpaid", source="def run(row):\n    return row.id", source_table="contract",
        date_field="expires_on", start_offset="-3 days", at_time="09:00", filter={"status": None}, priority=5,
    )  # fmt: skip
    run("export", str(tmp_path))
    assert read(tmp_path) == {
        "calendars/ours.toml": "",
        "report/task.toml": """\
kind = "scheduled"
handler = "app.report"
start_at = "2026-01-01 09:00:00+08:00"
repeat = "daily"
timezone = "Asia/Shanghai"
calendar = "ours"
skip_holidays = "none"
timeout = "00:01:30"
transactional = true

[args]
top = 10
who = [
    "ann",
    { x = true },
]
rate = 1.5
""",
        "unpaid/inner.py": "def run(row):\n    return row.id",
        "unpaid/task.toml": """\
kind = "date_field"
source_table = "public.contract"
date_field = "expires_on"
start_offset = "-3 days"
at_time = "09:00:00"
filter = "{\\"status\\": null}"
priority = 5
""",
    }


def test_the_defaults_are_those_of_the_database(connection: psycopg.Connection) -> None:
    found = connection.execute(
        """
        select a.attname, pg_get_expr(d.adbin, d.adrelid)
        from pg_attribute a
        join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
        where a.attrelid = 'jittask.task'::regclass and a.attname not in ('created_by', 'created_at', 'updated_at')
        """
    ).fetchall()
    assert {name: value(connection, f"select ({text})::text") for name, text in found} == DEFAULTS


def test_a_second_export_touches_nothing(run: Run, connection: psycopg.Connection, tmp_path: Path) -> None:
    add_task(connection, name="report", start_at="2026-01-01")
    run("export", str(tmp_path))
    file = tmp_path / "report" / "task.toml"
    file.write_text("# by hand\n" + file.read_text().replace("2026-01-01 00:00:00+00:00", "2026-01-01"))
    before = read(tmp_path)
    assert statuses(run("export", str(tmp_path), "--json").json) == {"report": "unchanged"}
    assert read(tmp_path) == before


def test_files_of_changed_tasks_are_written_anew_and_what_changed_is_told(
    run: Run, connection: psycopg.Connection, tmp_path: Path
) -> None:
    add_task(connection, name="report", start_at="2026-01-01", source="def run(): pass\n")
    run("export", str(tmp_path))
    write(tmp_path, {"report/notes.txt": "mine"})
    change_task(connection, "report", priority=7, source=None, handler="app.report")
    told = run("export", str(tmp_path)).out
    assert "changed    report" in told
    assert "priority  100 → 7" in told
    assert "source    1 line → not set" in told
    assert set(read(tmp_path)) == {"report/task.toml", "report/notes.txt"}


def test_a_file_that_is_wrong_is_not_written_over(
    run: Run, connection: psycopg.Connection, tmp_path: Path
) -> None:
    add_task(connection, name="a", start_at="2026-01-01")
    add_task(connection, name="b", start_at="2026-01-01")
    write(tmp_path, {"b/task.toml": "priority = high"})
    before = read(tmp_path)
    assert f"{tmp_path}/b/task.toml:1: no TOML" in run("export", str(tmp_path), code=1).err
    assert read(tmp_path) == before
    run("export", str(tmp_path), "a")
    assert set(read(tmp_path)) == {"a/task.toml", "b/task.toml"}


def test_folders_of_tasks_that_are_gone_are_left_unless_pruned(
    run: Run, connection: psycopg.Connection, tmp_path: Path
) -> None:
    connection.execute("insert into jittask.calendar (name) values ('ours')")
    add_task(connection, name="a", start_at="2026-01-01")
    add_task(connection, name="b", start_at="2026-01-01", source="def run(): pass\n")
    run("export", str(tmp_path))
    write(tmp_path, {"c/task.toml": "", "c/notes.txt": "mine", "docs/notes.txt": "mine"})
    connection.execute("delete from jittask.task where name = 'b'; delete from jittask.calendar")
    assert "left       b  (there is no such task in the database)" in run("export", str(tmp_path)).out
    answer = run("export", str(tmp_path), "--prune", "--json").json
    assert statuses(answer) == {"a": "unchanged", "b": "removed", "c": "removed"}
    assert statuses(answer, "calendars") == {"ours": "removed"}
    assert set(read(tmp_path)) == {"a/task.toml", "c/notes.txt", "docs/notes.txt"}
    assert not (tmp_path / "b").exists()
    assert "leave TASK out" in run("export", str(tmp_path), "a", "--prune", code=2).err


def test_named_tasks_are_written_with_the_calendars_they_use(
    run: Run, connection: psycopg.Connection, tmp_path: Path
) -> None:
    connection.execute("insert into jittask.calendar (name) values ('ours'), ('other')")
    connection.execute("insert into jittask.calendar_day values ('ours', '2026-08-03', false, 'summer')")
    connection.execute("insert into jittask.calendar_day values ('ours', '2026-08-04', true, null, 'sync')")
    add_task(connection, name="a", start_at="2026-01-01", calendar="ours")
    add_task(connection, name="b", start_at="2026-01-01")
    run("export", str(tmp_path), "a")
    assert read(tmp_path).keys() == {"a/task.toml", "calendars/ours.toml"}
    assert (
        read(tmp_path)["calendars/ours.toml"] == 'days = [\n    { day = "2026-08-03", name = "summer" },\n]\n'
    )
    assert 'no task "nobody"' in run("export", str(tmp_path), "nobody", code=1).err


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("sales report", "sales report"),
        ("报表", "报表"),
        ("a/b", "a%2Fb"),
        ("..", "%2E."),
        ("50%", "50%25"),
        ("calendars", "%63alendars"),
        pytest.param("报" * 200, "报" * 77 + "~fea57e76", id="200 characters of 3 bytes"),
    ],
)
def test_names_that_no_folder_can_have_are_spelled_out(
    run: Run, connection: psycopg.Connection, tmp_path: Path, name: str, folder: str
) -> None:
    add_task(connection, name=name, start_at="2026-01-01")
    run("export", str(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == [folder]
    assert ("name = " in read(tmp_path)[f"{folder}/task.toml"]) == (name != folder)
    assert statuses(run("apply", str(tmp_path), "--json").json) == {name: "unchanged"}


def test_a_directory_that_cannot_be_written_is_named(
    run: Run, connection: psycopg.Connection, tmp_path: Path
) -> None:
    add_task(connection, name="a", start_at="2026-01-01")
    (tmp_path / "file").write_text("")
    assert f"{tmp_path}/file/jobs: Not a directory" in run("export", f"{tmp_path}/file/jobs", code=1).err
    write(tmp_path, {"jobs/a": ""})
    assert (
        f"{tmp_path}/jobs/a/task.toml: Not a directory" in run("export", str(tmp_path / "jobs"), code=1).err
    )


def test_settings_of_the_session_play_no_part(
    run: Run, connection: psycopg.Connection, database: str, tmp_path: Path
) -> None:
    add_task(connection, name="a", start_at="2026-01-01", timeout="1 day 2 hours", retry_delay="3 days")
    run("export", str(tmp_path))
    name = value(connection, "select current_database()")
    connection.execute(f"alter database {name} set intervalstyle = 'iso_8601'")
    connection.execute(f"alter database {name} set timezone = 'Asia/Tokyo'")
    connection.execute(f"alter database {name} set datestyle = 'german'")
    try:
        assert statuses(run("export", str(tmp_path), "--json").json) == {"a": "unchanged"}
        assert statuses(run("apply", str(tmp_path), "--json").json) == {"a": "unchanged"}
        run("export", str(tmp_path / "again"))
        assert read(tmp_path / "again")["a/task.toml"] == read(tmp_path)["a/task.toml"]
    finally:
        connection.execute(f"alter database {name} reset all")


def test_a_last_instant_that_lies_in_the_year_10000_of_its_zone_is_told_in_utc(
    run: Run, connection: psycopg.Connection, tmp_path: Path
) -> None:
    add_task(connection, name="a", start_at="2026-01-01", end_at="9999-12-31 23:00+00", timezone="Asia/Tokyo")
    run("export", str(tmp_path))
    assert 'end_at = "9999-12-31 23:00:00+00:00"' in read(tmp_path)["a/task.toml"]
    assert statuses(run("apply", str(tmp_path), "--json").json) == {"a": "unchanged"}
