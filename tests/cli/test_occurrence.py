"""enqueue, cancel, retry, run-now, records, preview, explain."""

from __future__ import annotations

import psycopg
import pytest

from .conftest import Run


@pytest.fixture(autouse=True)
def _empty(connection: psycopg.Connection) -> None:
    connection.execute(
        """
        delete from jittask.task;
        truncate jittask.due_queue, jittask.run_history;
        drop table if exists contract;
        create table contract (id int primary key, expires_on date);
        update jittask.setting set value = 'Asia/Shanghai' where name = 'timezone';
        """
    )


def test_a_one_off_is_due_now_by_default(run: Run, connection: psycopg.Connection) -> None:
    answer = run("enqueue", "a.b", "--arg", "order_id=7", "--args", '{"who": "ann"}', "--json").json
    row = connection.execute(
        "select handler, args, due_at <= now() from jittask.due_queue where occurrence_id = %s",
        [answer["occurrence_id"]],
    ).fetchone()
    assert row == ("a.b", {"order_id": 7, "who": "ann"}, True)


def test_a_time_without_offset_is_in_the_zone_of_the_installation(run: Run) -> None:
    assert (
        run("enqueue", "a.b", "--at", "2099-01-01 09:00", "--json").json["due_at"]
        == "2099-01-01T09:00:00+08:00"
    )
    assert (
        run("enqueue", "a.b", "--at", "2099-01-01T09:00Z", "--json").json["due_at"]
        == "2099-01-01T17:00:00+08:00"
    )


def test_a_delay_counts_from_now(run: Run, connection: psycopg.Connection) -> None:
    run("enqueue", "a.b", "--in", "30 minutes")
    assert connection.execute(
        "select due_at - now() between interval '29 min' and interval '30 min' from jittask.due_queue"
    ).fetchone() == (True,)
    assert "either" in run("enqueue", "a.b", "--in", "1 h", "--at", "2099-01-01", code=2).err


def test_a_dedupe_key_returns_the_unfinished_occurrence(run: Run) -> None:
    ids = {run("enqueue", "a.b", "--dedupe-key", "k", "--json").json["occurrence_id"] for _ in range(2)}
    assert len(ids) == 1


def test_bad_one_offs_are_refused(run: Run, connection: psycopg.Connection) -> None:
    run("enqueue", "", code=1)
    run("enqueue", "a.b", "--args", "[]", code=2)
    run("enqueue", "a.b", "--timeout", "0 seconds", code=1)
    run("enqueue", "a.b", "--max-attempts", "0", code=2)
    assert connection.execute("select count(*) from jittask.due_queue").fetchone() == (0,)


def test_a_waiting_occurrence_is_cancelled_once_and_may_be_retried(run: Run) -> None:
    number = str(run("enqueue", "a.b", "--in", "1 hour", "--json").json["occurrence_id"])
    assert run("cancel", number, "--json").json["result"] == "cancelled"
    assert run("cancel", number, "--json").json["result"] == "ended"
    again = run("retry", number, "--json").json
    assert again["occurrence_id"] != int(number)
    assert "no occurrence 999999" in run("cancel", "999999", code=1).err
    assert "no occurrence 999999" in run("retry", "999999", code=1).err
    run("cancel", "seven", code=2)


def test_a_task_runs_now_outside_its_plan(run: Run) -> None:
    run("task", "add", "t", "--handler", "a.b", "--start", "2099-01-01")
    assert run("run-now", "t", "--json").json["occurrence_id"]
    assert 'no task "nobody"' in run("run-now", "nobody", code=1).err


def watch_contract(run: Run, connection: psycopg.Connection) -> None:
    connection.execute("insert into contract values (1, '2099-03-04'), (2, '2099-03-05')")
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


def test_a_row_is_named_by_its_bare_key_or_by_the_object(run: Run, connection: psycopg.Connection) -> None:
    watch_contract(run, connection)
    for key in ("2", '{"id": 2}'):
        assert [row["source_key"] for row in run("preview", "remind", "--key", key, "--json").json] == [
            {"id": 2}
        ]
        assert [
            row["source_key"] for row in run("records", "--task", "remind", "--key", key, "--json").json
        ] == [{"id": 2}]
    assert run("run-now", "remind", "--key", "2", "--json").json["occurrence_id"]
    assert "--task" in run("records", "--key", "2", code=2).err
    assert run("run-now", "remind", code=1).err


def test_records_are_filtered_by_time_task_status_and_limit(run: Run, connection: psycopg.Connection) -> None:
    watch_contract(run, connection)
    number = run("enqueue", "a.b", "--at", "2099-03-04 12:00", "--title", "Once", "--json").json[
        "occurrence_id"
    ]
    run("cancel", str(number))

    def found(*words: str) -> list[str]:
        return [row["due_at"][:10] for row in run("records", *words, "--json").json]

    assert found() == ["2099-03-05", "2099-03-04", "2099-03-04"]
    assert found("--from", "2099-03-05") == ["2099-03-05"]
    # A date as the end means through that day.
    assert found("--to", "2099-03-04", "--task", "remind") == ["2099-03-04"]
    assert found("--status", "cancelled", "--status", "error") == ["2099-03-04"]
    assert found("--kind", "one_off") == ["2099-03-04"]
    assert len(found("--limit", "1")) == 1
    assert found("--earliest-first", "--limit", "1") == ["2099-03-04"]
    assert found("--id", str(number)) == ["2099-03-04"]
    assert found("--task", "nobody") == []


def test_records_are_shown_as_a_table(run: Run, connection: psycopg.Connection) -> None:
    watch_contract(run, connection)
    table = run("records").out
    assert "2099-03-05 00:00:00+08" in table
    assert '{"id": 2}' in table
    assert run("records", "--status", "lost").out.strip() == "There are no such records"


def ended(connection: psycopg.Connection, **columns: object) -> int:
    """A one-off that ended, with these columns in its record."""
    row = connection.execute("select jittask.enqueue('a.b')").fetchone()
    assert row is not None
    claimed = connection.execute(
        "select lease_id, token from jittask.claim(jittask.register_worker('w', 'h', 1, '0'), 1)"
    ).fetchone()
    assert claimed is not None
    connection.execute(
        "select jittask.finish(%s, %s, array[%s], array[1::bigint], array[2::bigint], p_ends_lease => true)",
        [*claimed, row[0]],
    )
    for column, value in columns.items():
        connection.execute(
            f"update jittask.run_history set {column} = %s where occurrence_id = %s", [value, row[0]]
        )
    return row[0]


def test_of_a_traceback_the_table_shows_what_the_exception_says(
    run: Run, connection: psycopg.Connection
) -> None:
    ended(
        connection,
        outcome="error",
        error='Traceback (most recent call last):\n  File "t.py", line 3, in f\n    g()\nKeyError: 7\nNo such order',
    )
    assert run("records").out.splitlines()[1].endswith("KeyError: 7 No such order")


def test_one_record_is_shown_in_full(run: Run, connection: psycopg.Connection) -> None:
    number = ended(connection, outcome="error", error="first line\nsecond line", log="a line of its log")
    connection.execute(
        "insert into jittask.run_attempt (occurrence_id, attempt, outcome, worker, finished_at, error) "
        "values (%s, 1, 'lost', 'w1', '2026-01-01Z', 'the worker died')",
        [number],
    )
    shown = [line.strip() for line in run("records", "--id", str(number)).out.splitlines()]
    assert shown[0] == f"Occurrence {number} of a.b"
    assert shown[shown.index("error") + 1 :][:2] == ["first line", "second line"]
    assert shown[shown.index("log") + 1] == "a line of its log"
    assert shown[-2:] == ["run 1: lost, 2026-01-01 08:00:00+08, w1", "the worker died"]
    (record,) = run("records", "--id", str(number), "--json").json
    assert (record["log"], record["tries"][0]["outcome"]) == ("a line of its log", "lost")


def test_numbers_of_results_keep_every_digit(run: Run, connection: psycopg.Connection) -> None:
    number = ended(connection, result='{"exact": 12345678901234567890.1234567890, "float": 0.1}')
    assert '"exact": 12345678901234567890.1234567890' in run("records", "--json").out
    assert "12345678901234567890.1234567890" in run("records").out
    assert '"float": 0.1' in run("records", "--id", str(number)).out


def test_what_runs_shows_how_far_it_is(run: Run, connection: psycopg.Connection) -> None:
    row = connection.execute("select jittask.enqueue('a.b')").fetchone()
    assert row is not None
    connection.execute("select jittask.claim(jittask.register_worker('w', 'h', 1, '0'), 1)")
    connection.execute(
        "update jittask.lease set progress = jsonb_build_object(%s::text, "
        'jsonb \'{"done": 40, "total": 100, "message": "orders"}\')',
        [str(row[0])],
    )
    assert run("records").out.rstrip().endswith("40/100 orders")
    assert run("records", "--json").json[0]["progress"] == {"done": 40, "total": 100, "message": "orders"}
    connection.execute("truncate jittask.lease")


def test_bad_filters_of_records_are_wrong_usage(run: Run) -> None:
    assert '"soon"' in run("records", "--from", "soon", code=2).err
    run("records", "--status", "late", code=2)
    run("records", "--limit", "0", code=2)


def test_explain_says_when_and_why_or_why_not(run: Run, connection: psycopg.Connection) -> None:
    watch_contract(run, connection)
    assert "2099-03-04" in run("explain", "remind", "--key", "1").out
    assert run("explain", "remind", "--key", "3").out
    assert 'no task "nobody"' in run("explain", "nobody", code=1).err


def test_preview_says_where_holidays_move_a_run(run: Run) -> None:
    run("calendar", "add", "weekends")
    # The 5th of January 2030 is a Saturday.
    run(
        "task",
        "add",
        "t",
        "--handler",
        "a.b",
        "--repeat",
        "weekly",
        "--start",
        "2030-01-05 09:00",
        "--calendar",
        "weekends",
    )
    row = run("preview", "t", "--count", "1", "--json").json[0]
    assert row["nominal_at"] == "2030-01-05T09:00:00+08:00"
    assert row["due_at"] == "2030-01-07T09:00:00+08:00"
    assert "by the rule" in run("preview", "t").out


WEEKLY = ("--handler", "a.b", "--repeat", "weekly", "--start", "2030-01-05 09:00")


@pytest.mark.parametrize(
    ("words", "count", "why"),
    [
        (
            ("--end", "2030-01-20"),
            3,
            "its end is Sun 2030-01-20 23:59:59 Asia/Shanghai (end_at); the next would be due",
        ),
        (("--max-runs", "2"), 2, "max_runs is 2"),
        (
            ("--end", "2030-01-19", "--calendar", "saturdays"),
            2,
            "a free day moves the next, Sat 2030-01-19 09:00:00 Asia/Shanghai, past it, to Mon 2030-01-21",
        ),
        (("--repeat", "none"), 1, "it does not repeat"),
        (("--repeat", "cron", "--cron", "0 9 5 1 *", "--start", "9997-06-01"), 2, "no later occurrence"),
    ],
)
def test_preview_says_what_ends_it(
    run: Run, connection: psycopg.Connection, words: tuple[str, ...], count: int, why: str
) -> None:
    connection.execute("insert into jittask.calendar (name) values ('saturdays') on conflict do nothing")
    run("task", "add", "t", *WEEKLY, *words)
    rows = run("preview", "t", "--json").json
    assert len(rows) == count
    assert why in rows[-1]["last"]
    assert [row["last"] for row in rows[:-1]] == [None] * (count - 1)
    assert run("preview", "t").out.splitlines()[-1] == f"No more: {rows[-1]['last']}"
    assert run("preview", "t", "--count", str(count), "--json").json[-1]["last"] is None
    assert "No more" not in run("preview", "t", "--count", str(count)).out


def test_a_preview_of_nothing_says_why(run: Run) -> None:
    run("task", "add", "t", *WEEKLY)
    run("task", "pause", "t")
    assert run("preview", "t", "--json").json == []
    assert 'Nothing is coming. Task "t" never fires while it is paused' in run("preview", "t").out


def test_preview_of_rows_says_what_ends_each(run: Run, connection: psycopg.Connection) -> None:
    watch_contract(run, connection)
    assert "all occurrences of the rows of public.contract" in run("preview", "remind").out
    assert run("preview", "remind", "--key", "1").out.splitlines()[-1] == "No more: it does not repeat"


@pytest.mark.parametrize("words", [["cancel"], ["retry"], ["records", "--id"]])
def test_a_number_that_no_id_can_be_is_refused_by_name(run: Run, words: list[str]) -> None:
    answer = run(*words, "99999999999999999999", code=2)
    assert "99999999999999999999" in answer.err


@pytest.mark.parametrize("command", ["reconcile", "attach", "detach"])
@pytest.mark.parametrize("table", ["nowhere", "nowhere.t", ""])
def test_a_table_that_does_not_exist_comes_with_the_way_to_name_one(
    run: Run, command: str, table: str
) -> None:
    assert "Name the table with its schema" in run(command, table, code=1).err
