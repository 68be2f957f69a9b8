"""apply: the database is made to match a directory of tasks."""

from __future__ import annotations

import os
import re
import threading
from pathlib import Path

import psycopg
import pytest

from tests.support.schedule import add_task, value

from .conftest import Run
from .folders import definitions, versions, write

DAILY = 'handler = "app.report"\nstart_at = 2026-01-01 09:00:00\nrepeat = "daily"\n'
REMIND = """
handler = "app.remind"
source_table = "contract"
date_field = "expires_on"
start_offset = "-3 days"
at_time = "09:00"

[filter]
status = "active"
"""


@pytest.fixture(autouse=True)
def _contracts(connection: psycopg.Connection) -> None:
    connection.execute(
        "delete from jittask.task; delete from jittask.calendar; drop table if exists contract"
    )
    connection.execute("create table contract (id int primary key, expires_on date, status text)")
    connection.execute(
        "insert into contract select n, date '2100-01-04' + n, case when n <= 4 then 'active' else 'ended' end "
        "from generate_series(1, 10) n"
    )


@pytest.fixture
def jobs(tmp_path: Path) -> Path:
    return write(
        tmp_path / "jobs",
        {
            "report/task.toml": DAILY,
            "remind/task.toml": REMIND,
            "inner/task.toml": 'start_at = "2100-01-01"\n',
            "inner/inner.py": "def run():\n    return 1\n",
        },
    )


def statuses(answer: dict[str, list[dict[str, str]]], kind: str = "tasks") -> dict[str, str]:
    return {item["name"]: item["status"] for item in answer[kind]}


def test_tasks_are_added_and_planned(run: Run, connection: psycopg.Connection, jobs: Path) -> None:
    answer = run("apply", str(jobs), "--json").json
    assert statuses(answer) == {"inner": "added", "remind": "added", "report": "added"}
    assert answer["occurrences"] == {"added": 6, "moved": 0, "cancelled": 0, "goes_on": False}
    assert (
        value(connection, "select source from jittask.task where name = 'inner'")
        == "def run():\n    return 1\n"
    )
    assert value(connection, "select kind from jittask.task where name = 'remind'") == "date_field"


def test_a_second_apply_changes_nothing(run: Run, connection: psycopg.Connection, jobs: Path) -> None:
    run("apply", str(jobs))
    before = versions(connection)
    answer = run("apply", str(jobs), "--json").json
    assert set(statuses(answer).values()) == {"unchanged"}
    assert versions(connection) == before


def test_a_column_that_is_left_out_is_at_its_default_again(
    run: Run, connection: psycopg.Connection, jobs: Path
) -> None:
    write(jobs, {"report/task.toml": DAILY + 'priority = 5\ntimeout = "1 minute"\n[args]\ntop = 10\n'})
    run("apply", str(jobs))
    write(jobs, {"report/task.toml": DAILY})
    told = run("apply", str(jobs)).out
    assert "priority  5 → 100" in told
    assert "timeout   00:01:00 → not set" in told
    assert 'args      {"top": 10} → {}' in told
    assert connection.execute(
        "select priority, timeout, args from jittask.task where name = 'report'"
    ).fetchone() == (100, None, {})


def test_only_what_differs_is_written(run: Run, connection: psycopg.Connection, jobs: Path) -> None:
    run("apply", str(jobs))
    before = {row[0]: row for row in versions(connection)}
    write(jobs, {"report/task.toml": DAILY + "priority = 5\n"})
    run("apply", str(jobs))
    after = {row[0]: row for row in versions(connection)}
    assert [name for name in after if after[name] != before[name]] == ["report"]
    assert after["report"][3:5] == before["report"][3:5], "a change of routing plans nothing anew"


def test_a_dry_run_tells_what_would_change_and_writes_nothing(
    run: Run, connection: psycopg.Connection, jobs: Path
) -> None:
    run("apply", str(jobs))
    before = versions(connection), definitions(connection)
    write(jobs, {"new/task.toml": DAILY, "remind/task.toml": REMIND.replace("-3 days", "-1 day")})
    (jobs / "report" / "task.toml").unlink()
    told = run("apply", str(jobs), "--dry-run", "--prune").out.splitlines()
    assert told == [
        "unchanged  inner",
        "added      new  (occurrences: 1 added, 0 moved, 0 cancelled)",
        "changed    remind  (occurrences: 0 added, 4 moved, 0 cancelled)",
        "             start_offset  -3 days → -1 days",
        "removed    report  (occurrences: 0 added, 0 moved, 1 cancelled)",
        f"Would apply {jobs}: 1 added, 1 changed, 1 removed, 1 unchanged",
        "Occurrences: 1 added, 4 moved, 1 cancelled",
    ]
    assert (versions(connection), definitions(connection)) == before


def test_tasks_without_a_folder_are_left_and_named(
    run: Run, connection: psycopg.Connection, jobs: Path
) -> None:
    add_task(connection, name="by_hand", start_at="2100-01-01")
    assert "left       by_hand  (not in the directory, defined by" in run("apply", str(jobs)).out
    assert value(connection, "select count(*) from jittask.task") == 4


def test_prune_deletes_what_the_same_role_defined(
    run: Run, connection: psycopg.Connection, jobs: Path
) -> None:
    add_task(connection, name="own", start_at="2100-01-01")
    add_task(connection, name="of_others", start_at="2100-01-01", created_by="somebody")
    answer = run("apply", str(jobs), "--prune", "--json").json
    assert (statuses(answer)["own"], statuses(answer)["of_others"]) == ("removed", "left")
    assert value(connection, "select count(*) from jittask.task where name = 'own'") == 0


def test_a_directory_without_tasks_is_taken_for_a_mistake(
    run: Run, connection: psycopg.Connection, tmp_path: Path
) -> None:
    add_task(connection, name="own", start_at="2100-01-01")
    assert "holds no task" in run("apply", str(tmp_path), "--prune", code=1).err
    assert value(connection, "select count(*) from jittask.task") == 1
    assert "does not exist" in run("apply", str(tmp_path / "nowhere"), code=2).err


def test_a_pause_stays(run: Run, connection: psycopg.Connection, jobs: Path) -> None:
    run("apply", str(jobs))
    run("task", "pause", "report")
    write(jobs, {"report/task.toml": DAILY + "priority = 5\n"})
    assert statuses(run("apply", str(jobs), "--json").json)["report"] == "changed"
    assert value(connection, "select paused_at is not null from jittask.task where name = 'report'")


def test_a_calendar_alone_means_working_days(run: Run, connection: psycopg.Connection, jobs: Path) -> None:
    connection.execute("insert into jittask.calendar (name) values ('ours')")
    write(jobs, {"report/task.toml": DAILY + 'calendar = "ours"\n'})
    run("apply", str(jobs))
    assert value(connection, "select skip_holidays from jittask.task where name = 'report'") == "nonworking"


def test_times_without_an_offset_are_in_the_zone_of_the_task(
    run: Run, connection: psycopg.Connection, jobs: Path
) -> None:
    write(jobs, {"report/task.toml": DAILY + 'timezone = "Asia/Shanghai"\nend_at = "2030-12-31"\n'})
    run("apply", str(jobs))
    assert connection.execute(
        "select (start_at at time zone 'UTC')::text, (end_at at time zone 'UTC')::text from jittask.task where name = 'report'"
    ).fetchone() == ("2026-01-01 01:00:00", "2030-12-31 15:59:59.999999")
    write(jobs, {"report/task.toml": DAILY.replace("09:00", "10:00") + 'timezone = "Asia/Shanghai"\n'})
    assert "start_at  2026-01-01 09:00:00+08:00 → 2026-01-01 10:00:00+08:00" in run("apply", str(jobs)).out


def test_occurrences_are_counted_where_there_were_none(run: Run, jobs: Path) -> None:
    write(jobs, {"remind/task.toml": REMIND.replace("active", "lost")})
    run("apply", str(jobs))
    write(jobs, {"remind/task.toml": REMIND})
    assert "changed    remind  (occurrences: 4 added, 0 moved, 0 cancelled)" in run("apply", str(jobs)).out


def test_a_kind_may_change_with_all_that_belongs_to_it(
    run: Run, connection: psycopg.Connection, jobs: Path
) -> None:
    run("apply", str(jobs))
    write(jobs, {"remind/task.toml": DAILY})
    answer = run("apply", str(jobs), "--json").json
    assert answer["occurrences"] == {"added": 1, "moved": 0, "cancelled": 4, "goes_on": False}


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"a/task.toml": DAILY + "prioriy = 5\n"}, 'a/task.toml:4: "prioriy" is not known here'),
        ({"a/task.toml": DAILY + 'paused_at = "2026-01-01"\n'}, "a/task.toml:4: "),
        ({"a/task.toml": DAILY + "queue =\n"}, "a/task.toml:4: no TOML in column 8: Invalid value"),
        ({"a/task.toml": DAILY + "queue = '''\n\n"}, "a/task.toml:6: no TOML: "),
        ({"a/task.toml": DAILY + 'handler = "again"\n'}, "a/task.toml:4: no TOML"),
        ({"a/task.toml": "a = " + "[" * 5000}, "a/task.toml: it is nested too deeply"),
        ({"a/task.toml": b'# \xff\n# \n[args]\nx = "\xff"'}, "a/task.toml:1: byte 0xff is no UTF-8"),
        ({"a/task.toml": DAILY + 'priority = "5"\n'}, 'a/task.toml:4: priority is "5"'),
        ({"a/task.toml": DAILY + "priority = 99999999999\n"}, 'a/task.toml:4: priority is "99999999999"'),
        ({"a/task.toml": DAILY + "queue = 5\n"}, 'a/task.toml:4: queue is "5", which is no text'),
        ({"a/task.toml": DAILY + 'transactional = "yes"\n'}, 'a/task.toml:4: transactional is "yes"'),
        ({"a/task.toml": DAILY + 'timeout = "long"\n'}, 'a/task.toml:4: "long" is no length of time for timeout'),
        ({"a/task.toml": DAILY + "timeout = 30\n"}, "a/task.toml:4: "),
        ({"a/task.toml": DAILY + 'end_at = "soon"\n'}, 'a/task.toml:4: end_at is "soon"'),
        ({"a/task.toml": DAILY + "end_at = 9999-12-31T23:00:00-05:00\n"}, "a/task.toml:4: end_at is "),
        ({"a/task.toml": REMIND.replace("09:00", "25:00")}, 'a/task.toml:6: at_time is "25:00"'),
        ({"a/task.toml": DAILY + "args = [1]\n"}, "a/task.toml:4: args is "),
        ({"a/task.toml": DAILY + "args = '[1]'\n"}, 'a/task.toml:4: args is "[1]", which is no JSON object'),
        ({"a/task.toml": DAILY + "[args.deep]\nx = [2026-01-01]\n"}, "a/task.toml:4: args.deep.x is 2026-01-01"),
        ({"a/task.toml": DAILY + "[args]\nx = nan\n"}, "a/task.toml:4: args.x is NaN"),
        ({"a/task.toml": DAILY + 'name = "b"\n'}, 'a/task.toml:4: name is "b", but the folder is "a"'),
        ({"a/task.toml": DAILY + 'source = "def run(): pass"\n'}, "a/task.toml:4: source has a file of its own"),
        ({"a/task.toml": DAILY, "a/inner.py": "def run(): pass"}, "a/task.toml:1: handler is given, but there is inner.py"),
        ({"a/inner.py": "def run(): pass"}, "a: there is inner.py, but no task.toml"),
        ({"a/task.toml": "", "a/inner.py": "def run(:"}, "a/inner.py: source is no Python in line 1"),
        ({"a/task.toml": "", "a/inner.py": b"# \xff"}, "a/inner.py:1: byte 0xff is no UTF-8"),
        ({"a/task.toml": 'repeat = "daily"'}, "a/task.toml: handler is "),
        ({"a/task.toml": DAILY.replace("daily", "sometimes")}, 'a/task.toml:3: repeat is "sometimes"'),
        ({"a/task.toml": DAILY + 'timezone = "Mars/Base"\n'}, "a/task.toml:4: Field timezone is not a zone name"),
        ({"a/task.toml": REMIND.replace('"contract"', '"nowhere"')}, 'a/task.toml:3: source_table "nowhere" does not exist'),
        ({"a/task.toml": REMIND.replace("status", "nonsense")}, "a/task.toml:8: Filter"),
        ({"a/task.toml": DAILY + 'title = "\\u0000"\n'}, 'a/task.toml:4: title is "\\u0000"'),
        ({"a/task.toml": DAILY + 'calendar = "nowhere"\n'}, 'a/task.toml:4: calendar is "nowhere"'),
        ({"calendars/a.toml": "weekend = 5\n"}, 'a.toml:1: weekend is "5"'),
        ({"calendars/a.toml": 'weekend = ["someday"]\n'}, 'a.toml:1: weekend names "someday"'),
        ({"calendars/a.toml": "country = 5\n"}, 'a.toml:1: country is "5"'),
        ({"calendars/a.toml": 'country = "XX"\n'}, 'a.toml: No country is known by the code "XX"'),
        ({"calendars/a.toml": 'days = [{ day = "2026-02-30" }]\n'}, 'a.toml:1: day is "2026-02-30"'),
        ({"calendars/a.toml": 'days = [{ name = "x" }]\n'}, "a.toml:1: days holds "),
        ({"calendars/a.toml": "[[days]]\nday = 2026-01-01\n[[days]]\nday = 2026-01-01\n"}, 'days holds "2026-01-01" twice'),
    ],
)  # fmt: skip
def test_wrong_input_names_file_and_line_and_changes_nothing(
    run: Run, connection: psycopg.Connection, jobs: Path, files: dict[str, str | bytes], said: str
) -> None:
    run("apply", str(jobs))
    before = definitions(connection)
    write(jobs, {"aaa_first/task.toml": DAILY, **files})
    error = run("apply", str(jobs), code=1).err
    assert said in error
    assert str(jobs) in error
    assert definitions(connection) == before
    assert value(connection, "select count(*) from jittask.calendar") == 0


def test_a_file_that_cannot_be_read_is_named(run: Run, jobs: Path) -> None:
    (jobs / "a" / "task.toml").mkdir(parents=True)
    assert f"{jobs}/a/task.toml: Is a directory" in run("apply", str(jobs), code=1).err


def test_a_folder_whose_name_is_no_utf_8_is_refused(run: Run, jobs: Path) -> None:
    write(jobs, {os.fsdecode(b"bad\xff") + "/task.toml": DAILY})
    assert r"name is 'bad\udcff', which is no UTF-8" in run("apply", str(jobs), code=1).err


def test_folders_that_hold_no_task_are_none_of_its_business(run: Run, jobs: Path) -> None:
    write(jobs, {"README.md": "x", "docs/notes.txt": "x", ".git/task.toml": "x", "report/test_it.py": "x"})
    assert set(statuses(run("apply", str(jobs), "--json").json)) == {"report", "remind", "inner"}


def test_calendars_are_added_with_their_days_and_those_of_their_country(
    run: Run, connection: psycopg.Connection, jobs: Path
) -> None:
    write(
        jobs,
        {
            "calendars/CN.toml": 'country = "CN"\ndays = [{ day = 2100-08-03, name = "summer" }]\n',
            "calendars/ours.toml": 'weekend = ["fri", "sat"]\n[[days]]\nday = "2100-01-08"\nworking = true\n',
            "report/task.toml": DAILY + 'calendar = "CN"\n',
        },
    )
    answer = run("apply", str(jobs), "--json").json
    assert statuses(answer, "calendars") == {"CN": "added", "ours": "added"}
    assert value(connection, "select count(*) > 50 from jittask.calendar_day where source = 'sync'")
    assert connection.execute(
        "select calendar, day::text, working, name from jittask.calendar_day where source = 'manual' order by day"
    ).fetchall() == [("ours", "2100-01-08", True, None), ("CN", "2100-08-03", False, "summer")]
    assert value(connection, "select weekend from jittask.calendar where name = 'ours'") == [5, 6]
    again = run("apply", str(jobs), "--json").json
    assert set(statuses(again, "calendars").values()) == {"unchanged"}


def test_a_change_of_a_calendar_tells_what_it_moves_for_every_task_that_uses_it(
    run: Run, connection: psycopg.Connection, jobs: Path
) -> None:
    write(jobs, {"calendars/ours.toml": "weekend = []\n", "remind/task.toml": 'calendar = "ours"\n' + REMIND})
    run("apply", str(jobs))
    add_task(
        connection,
        name="by_hand",
        source_table="contract",
        date_field="expires_on",
        calendar="ours",
        skip_holidays="holidays",
    )
    write(
        jobs,
        {
            "calendars/ours.toml": 'weekend = []\ndays = [{ day = "2100-01-05" }]\n',
            "remind/task.toml": 'calendar = "ours"\n' + REMIND.replace("09:00", "10:00"),
        },
    )
    told = run("apply", str(jobs), "--dry-run").out
    assert "changed    calendar ours\n             2100-01-05  not set → free" in told
    assert "changed    remind  (occurrences: 0 added, 4 moved, 0 cancelled)" in told
    assert (
        "left       by_hand  (not in the directory, defined by postgres)  (occurrences: 0 added, 1 moved, 0 cancelled)"
        in told
    )
    run("apply", str(jobs))
    write(jobs, {"calendars/ours.toml": "weekend = []\n"})
    assert "2100-01-05  free → not set" in run("apply", str(jobs)).out
    assert value(connection, "select count(*) from jittask.calendar_day") == 0


def test_days_that_a_sync_marked_stay(run: Run, connection: psycopg.Connection, jobs: Path) -> None:
    connection.execute("insert into jittask.calendar (name) values ('ours')")
    connection.execute("insert into jittask.calendar_day values ('ours', '2100-01-05', false, 'x', 'sync')")
    write(jobs, {"calendars/ours.toml": 'days = [{ day = "2100-01-06" }]\n'})
    run("apply", str(jobs))
    assert value(connection, "select count(*) from jittask.calendar_day") == 2


def test_a_table_in_use_is_tried_again(
    run: Run, database: str, connection: psycopg.Connection, jobs: Path
) -> None:
    with psycopg.connect(database) as writer:
        writer.execute("insert into contract values (11, '2099-01-01', 'active')")
        timer = threading.Timer(1.5, writer.commit)
        timer.start()
        answer = run("apply", str(jobs))
        timer.join()
    assert "Waiting: " in answer.err
    assert value(connection, "select count(*) from jittask.waiting") == 7


def test_the_examples_of_the_guide_are_applied(
    run: Run, connection: psycopg.Connection, tmp_path: Path
) -> None:
    guide = (Path(__file__).parents[2] / "docs" / "folders.md").read_text()
    examples = dict(re.findall(r"```toml\n# jobs/(\S+)\n(.*?)```", guide, re.DOTALL))
    assert len(examples) == 2
    connection.execute(
        "create schema app; create table app.contract (id int primary key, expires_on date, status text)"
    )
    connection.execute("insert into jittask.calendar (name) values ('CN')")
    write(tmp_path, {**examples, "remind/inner.py": "def run(row): pass\n"})
    assert set(statuses(run("apply", str(tmp_path), "--json").json).values()) == {"added"}
    connection.execute("delete from jittask.task; drop schema app cascade")


def test_two_at_once_go_one_after_the_other(run: Run, database: str, jobs: Path) -> None:
    with psycopg.connect(database) as other:
        other.execute("select pg_advisory_xact_lock(hashtextextended('jittask.apply', 0))")
        other.execute(
            "insert into jittask.task (name, kind, handler, start_at) values ('report', 'scheduled', 'f', '2100-01-01')"
        )
        timer = threading.Timer(1, other.commit)
        timer.start()
        answer = run("apply", str(jobs), "--json").json
        timer.join()
    assert statuses(answer)["report"] == "changed"
