"""What people see: waiting and recompute, records, previews and explanations."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from tests.support.clock import at
from tests.support.schedule import (
    add_task,
    change_task,
    claim,
    empty,
    enqueue,
    finish,
    records,
    register,
    statuses,
    value,
)

NOON = "2030-01-07 12:00:00+00"


@pytest.fixture(autouse=True)
def _noon(connection: psycopg.Connection) -> Iterator[None]:
    empty(connection)
    at(connection, NOON)
    yield
    at(connection, None)
    connection.execute(
        "delete from jittask.task; delete from jittask.calendar; drop table if exists contract"
    )


@pytest.fixture
def contract(connection: psycopg.Connection) -> None:
    connection.execute(
        "create table contract (id int primary key, expires_on date, status text, ends_on date)"
    )


def explained(connection: psycopg.Connection, name: str, key: str | None = None) -> str:
    return value(connection, "select jittask.explain(%s, %s::jsonb)", [name, key])


def previewed(
    connection: psycopg.Connection, name: str, count: int = 10, key: str | None = None
) -> list[tuple[int, str]]:
    rows = connection.execute(
        "select occurrence_no, due_at at time zone 'UTC' from jittask.preview(%s, %s, %s::jsonb)",
        [name, count, key],
    ).fetchall()
    return [(number, f"{due:%m-%d %H:%M}") for number, due in rows]


class TestRecords:
    def test_the_status_follows_the_life_of_an_occurrence(self, connection: psycopg.Connection) -> None:
        worker = register(connection)
        enqueue(connection, due_at="2030-01-07 12:00:10+00")
        assert statuses(connection) == ["pending"]
        at(connection, "2030-01-07 12:01:10+00")
        assert statuses(connection) == ["pending"]
        at(connection, "2030-01-07 12:01:11+00")
        assert statuses(connection) == ["overdue"]
        claimed = claim(connection, worker)
        assert statuses(connection) == ["executing"]
        finish(connection, claimed)
        assert statuses(connection) == ["completed"]

    def test_overdue_follows_the_grace_of_the_task(self, connection: psycopg.Connection) -> None:
        add_task(connection, start_at="2030-01-07 12:00:10+00", misfire_grace="1 hour")
        at(connection, "2030-01-07 13:00:00+00")
        assert statuses(connection) == ["pending"]
        at(connection, "2030-01-07 13:00:11+00")
        assert statuses(connection) == ["overdue"]

    @pytest.mark.parametrize(
        "condition", ["due_at >= '2029-01-01' and due_at < '2029-02-01'", "task_id = 7", "status = 'error'"]
    )
    def test_filters_reach_the_indexes_of_history(
        self, connection: psycopg.Connection, condition: str
    ) -> None:
        plan = connection.execute(
            f"set enable_seqscan = off; explain select * from jittask.execution_record where {condition}"
        )
        plan.nextset()
        text = "\n".join(line for (line,) in plan.fetchall())
        connection.execute("reset enable_seqscan")
        assert "run_history_default" not in [
            w for line in text.splitlines() if "Seq Scan on run_history" in line for w in line.split()
        ]


class TestPreview:
    def test_it_begins_with_what_is_planned_and_counts_from_the_start(
        self, connection: psycopg.Connection
    ) -> None:
        add_task(connection, name="daily", start_at="2030-01-01 09:00+00", repeat="daily")
        assert previewed(connection, "daily", 3) == [
            (8, "01-08 09:00"),
            (9, "01-09 09:00"),
            (10, "01-10 09:00"),
        ]

    def test_it_ends_with_the_series(self, connection: psycopg.Connection) -> None:
        add_task(
            connection,
            name="daily",
            start_at="2030-01-08 09:00+00",
            repeat="daily",
            end_at="2030-01-09 09:00+00",
        )
        assert previewed(connection, "daily") == [(1, "01-08 09:00"), (2, "01-09 09:00")]
        change_task(connection, "daily", max_runs=1)
        assert previewed(connection, "daily") == [(1, "01-08 09:00")]

    def test_a_paused_task_has_none(self, connection: psycopg.Connection) -> None:
        add_task(connection, name="daily", start_at="2030-01-08 09:00+00", repeat="daily")
        connection.execute("select jittask.pause('daily')")
        assert previewed(connection, "daily") == []

    def test_without_a_key_it_gives_the_earliest_over_all_rows(
        self, connection: psycopg.Connection, contract: None
    ) -> None:
        connection.execute(
            "insert into contract values (1, '2030-02-01'), (2, '2030-01-20'), (3, '2030-03-01')"
        )
        add_task(connection, name="weekly", source_table="contract", date_field="expires_on", repeat="weekly")
        assert previewed(connection, "weekly", 3) == [
            (1, "01-20 00:00"),
            (2, "01-27 00:00"),
            (1, "02-01 00:00"),
        ]
        assert previewed(connection, "weekly", 2, "3") == [(1, "03-01 00:00"), (2, "03-08 00:00")]

    def test_an_unknown_task_is_refused(self, connection: psycopg.Connection) -> None:
        with pytest.raises(psycopg.Error, match='There is no task "nobody"') as refusal:
            previewed(connection, "nobody")
        assert refusal.value.sqlstate == "JT002"


class TestExplain:
    def test_the_next_time_is_told_in_the_zone_of_the_task(self, connection: psycopg.Connection) -> None:
        add_task(
            connection,
            name="report",
            start_at="2030-01-08 01:00+00",
            repeat="daily",
            timezone="Asia/Shanghai",
        )
        assert "Tue 2030-01-08 09:00:00 Asia/Shanghai" in explained(connection, "report")

    def test_a_holiday_that_moved_it_is_named(self, connection: psycopg.Connection) -> None:
        connection.execute("insert into jittask.calendar (name) values ('ours')")
        connection.execute(
            "insert into jittask.calendar_day (calendar, day, name) values ('ours', '2030-01-08', 'Founding Day')"
        )
        add_task(
            connection,
            name="report",
            start_at="2030-01-08 09:00+00",
            calendar="ours",
            skip_holidays="nonworking",
        )
        text = explained(connection, "report")
        assert "Wed 2030-01-09 09:00:00" in text
        assert "Founding Day" in text

    @pytest.mark.parametrize(
        ("country", "last", "warning"),
        [
            (
                "CN",
                "2029-10-01",
                "is filled through 2029-10-01 only; after that only its weekend counts. Fill it",
            ),
            ("CN", None, "has no marked day"),
            ("CN", "2030-10-01", ""),
            (None, "2030-01-02", "Mark days: jittask calendar mark covered DAY"),
            (None, None, ""),
        ],
    )
    def test_marked_days_that_run_out_are_a_warning(
        self, connection: psycopg.Connection, country: str | None, last: str | None, warning: str
    ) -> None:
        connection.execute("insert into jittask.calendar (name, country) values ('covered', %s)", [country])
        if last is not None:
            connection.execute(
                "insert into jittask.calendar_day (calendar, day) values ('covered', %s)", [last]
            )
        add_task(
            connection, name="task", start_at="2030-01-08 09:00+00", repeat="daily", calendar="covered",
            skip_holidays="nonworking",
        )  # fmt: skip
        text = explained(connection, "task")
        connection.execute("delete from jittask.task; delete from jittask.calendar where name = 'covered'")
        assert warning in text
        assert ("only its weekend counts" in text) == bool(warning)

    def test_a_gap_is_named(self, connection: psycopg.Connection) -> None:
        at(connection, "2030-03-30 12:00+00")
        add_task(
            connection, name="night", start_at="2030-01-01 01:30+00", repeat="daily", timezone="Europe/Berlin"
        )
        assert "03:00:00 Europe/Berlin (clocks go forward: the first instant after the gap" in explained(
            connection, "night"
        )

    @pytest.mark.parametrize(
        ("columns", "why"),
        [
            ({"start_at": "2030-01-01 09:00+00"}, "its time, Tue 2030-01-01 09:00:00 UTC, is past"),
            (
                {"start_at": "2030-01-01 09:00+00", "repeat": "daily", "end_at": "2030-01-06 09:00+00"},
                "is past",
            ),
            (
                {"start_at": "2030-01-08 09:00+00", "paused_at": "2030-01-01"},
                "never fires while it is paused",
            ),
        ],
    )
    def test_never_is_explained(
        self, connection: psycopg.Connection, columns: dict[str, object], why: str
    ) -> None:
        add_task(connection, name="task", **columns)
        assert why in explained(connection, "task")

    def test_of_a_series_that_has_yet_to_run_the_end_is_named(
        self, connection: psycopg.Connection, contract: None
    ) -> None:
        add_task(
            connection, name="weekly", source_table="contract", date_field="expires_on", repeat="weekly",
            end_field="ends_on",
        )  # fmt: skip
        connection.execute("insert into contract values (1, '2030-02-01', 'active', '2030-01-20')")
        assert explained(connection, "weekly", "1").endswith(
            "never fires: no occurrence of its rule is left before its end, Sun 2030-01-20 23:59:59 UTC."
        )

    def test_while_a_table_is_planned_it_says_how_far(
        self, connection: psycopg.Connection, contract: None
    ) -> None:
        add_task(connection, name="remind", source_table="contract", date_field="expires_on")
        connection.execute(
            "insert into jittask.backfill (task_id, plan_no, done, total) "
            "select task_id, 1, 0, 0 from jittask.task where name = 'remind'"
        )
        assert (
            explained(connection, "remind")
            == 'Task "remind": planning, 0 rows of public.contract so far. No row is planned yet.'
        )
        connection.execute("update jittask.backfill set done = 25000, total = 100000")
        assert explained(connection, "remind").startswith(
            'Task "remind": planning, 25 % of the rows of public.contract.'
        )
        connection.execute("delete from jittask.backfill")

    def test_a_row_of_a_scheduled_task_is_refused(self, connection: psycopg.Connection) -> None:
        add_task(connection, name="tick", start_at=NOON, repeat="daily")
        with pytest.raises(psycopg.Error, match='Task "tick" is scheduled and has no rows'):
            explained(connection, "tick", "1")

    def test_a_reached_limit_is_explained(self, connection: psycopg.Connection) -> None:
        add_task(connection, name="tick", start_at=NOON, repeat="daily", max_runs=1)
        finish(connection, claim(connection, register(connection)))
        assert "it has run 1 of 1 times" in explained(connection, "tick")

    @pytest.mark.parametrize(
        ("row", "why"),
        [
            ("(1, '2030-02-01', 'active', null)", "fires next at Fri 2030-02-01"),
            ("(1, '2030-02-01', 'ended', null)", "the filter"),
            ("(1, null, 'active', null)", "its expires_on is null"),
            ("(1, 'infinity', 'active', null)", "is no date that can be reached"),
            ("(1, '2029-02-01', 'active', null)", "past already when the row was written"),
            ("(1, '2030-02-01', 'active', '2030-01-31')", "after its end"),
        ],
    )
    def test_a_row_is_explained(
        self, connection: psycopg.Connection, contract: None, row: str, why: str
    ) -> None:
        add_task(
            connection,
            name="remind",
            source_table="contract",
            date_field="expires_on",
            filter={"status": "active"},
            end_field="ends_on",
        )
        connection.execute(f"insert into contract values {row}")
        assert why in explained(connection, "remind", "1")
        assert "has no such row" in explained(connection, "remind", '{"id": 2}')


def test_waiting_equals_recompute_through_the_life_of_every_kind(
    connection: psycopg.Connection, contract: None
) -> None:
    def agree() -> None:
        for (name,) in connection.execute("select name from jittask.task").fetchall():
            waiting = connection.execute(
                "select w.* from jittask.waiting w join jittask.task t using (task_id) where t.name = %s order by 5, 1",
                [name],
            ).fetchall()
            assert (
                waiting
                == connection.execute("select * from jittask.recompute(%s) order by 5, 1", [name]).fetchall()
            )

    worker = register(connection)
    add_task(connection, name="tick", start_at=NOON, repeat="interval", period="1 day", max_attempts=2)
    add_task(connection, name="once", start_at="2030-01-09 12:00+00")
    add_task(
        connection,
        name="remind",
        source_table="contract",
        date_field="expires_on",
        filter={"status": "active"},
    )
    add_task(
        connection,
        name="nag",
        source_table="contract",
        date_field="expires_on",
        repeat="daily",
        end_field="ends_on",
    )
    connection.execute(
        "insert into contract select n, date '2030-01-05' + n, case when n % 2 = 0 then 'active' end, '2030-01-20' "
        "from generate_series(1, 12) n"
    )
    agree()
    for day in range(7, 22):
        at(connection, f"2030-01-{day:02} 12:30+00")
        agree()
        claimed = claim(connection, worker)
        agree()
        half = claimed.ids[::2]
        if half:
            finish(connection, claimed, half)
            finish(
                connection,
                claimed,
                [i for i in claimed.ids if i not in half],
                outcome="error",
                error="no",
                ends_lease=True,
            )
        agree()
        connection.execute("update contract set expires_on = expires_on + 1 where id = %s", [day - 6])
        agree()
    assert records(connection, status="completed")
