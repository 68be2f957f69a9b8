"""Zones that are called like an abbreviation, which Postgres looks up first and takes for a fixed offset."""

from __future__ import annotations

import psycopg
import pytest

from tests.support.clock import at

# Winter and summer, as pg_timezone_names' own offset shows only the present one.
TWINS = [
    ("CET", "2030-01-15 11:00+00", "2030-07-15 10:00+00"),
    ("MET", "2030-01-15 11:00+00", "2030-07-15 10:00+00"),
    ("EET", "2030-01-15 10:00+00", "2030-07-15 09:00+00"),
    ("WET", "2030-01-15 12:00+00", "2030-07-15 11:00+00"),
    ("EST", "2030-01-15 17:00+00", "2030-07-15 17:00+00"),
    ("MST", "2030-01-15 19:00+00", "2030-07-15 19:00+00"),
    ("HST", "2030-01-15 22:00+00", "2030-07-15 22:00+00"),
]


@pytest.mark.parametrize(("zone", "winter", "summer"), TWINS)
@pytest.mark.parametrize("abbreviations", ["Default", "Australia"])
def test_a_zone_called_like_an_abbreviation_keeps_its_own_clock(
    connection: psycopg.Connection, zone: str, winter: str, summer: str, abbreviations: str
) -> None:
    connection.execute("select set_config('timezone_abbreviations', %s, false)", [abbreviations])
    row = connection.execute(
        """
        select jittask.cron_next('0 12 * * *', '2030-01-15', %(zone)s) = %(winter)s,
          jittask.cron_next('0 12 * * *', '2030-07-15', %(zone)s) = %(summer)s,
          (
            select n.due_at = %(summer)s
            from jittask.next_occurrences('daily', %(winter)s, '2030-07-15', 1, %(zone)s) n
          )
        """,
        {"zone": zone, "winter": winter, "summer": summer},
    ).fetchone()
    assert row == (True, True, True)


def test_every_zone_of_the_server_has_the_offset_that_the_server_lists(
    connection: psycopg.Connection,
) -> None:
    rows = connection.execute(
        """
        select n.name
        from pg_timezone_names n
        where now() at time zone jittask.clock_of(n.name) - now() at time zone 'UTC' <> n.utc_offset
        """
    ).fetchall()
    assert rows == []


def test_tasks_keep_such_a_name_and_are_due_by_its_clock(connection: psycopg.Connection) -> None:
    at(connection, "2030-07-01 00:00+00")
    connection.execute("create table tasks_of_cet (id int primary key, on_day date)")
    connection.execute("insert into tasks_of_cet values (1, '2030-07-15')")
    connection.execute(
        """
        insert into jittask.task (name, kind, handler, timezone, start_at, repeat, cron, source_table, date_field, at_time)
        values ('by the clock', 'scheduled', 'note', 'CET', '2030-07-14 22:00+00', 'cron', '0 12 * * *', null, null, null),
          ('by the row', 'date_field', 'note', 'CET', null, 'none', null, 'tasks_of_cet', 'on_day', '12:00')
        """
    )
    rows = connection.execute(
        "select t.timezone, w.due_at = '2030-07-15 10:00+00' from jittask.task t"
        " join jittask.waiting w using (task_id) where t.name = 'by the clock' or t.name = 'by the row'"
    ).fetchall()
    assert rows == [("CET", True)] * 2


def test_the_installation_may_have_such_a_zone(connection: psycopg.Connection) -> None:
    at(connection, "2030-07-01 00:00+00")
    connection.execute("update jittask.setting set value = 'EET' where name = 'timezone'")
    try:
        connection.execute(
            "insert into jittask.task (name, kind, handler, start_at, repeat, cron)"
            " values ('by the setting', 'scheduled', 'note', '2030-07-01 00:00+00', 'cron', '0 12 * * *')"
        )
        row = connection.execute(
            "select w.due_at = '2030-07-01 09:00+00' from jittask.waiting w join jittask.task t using (task_id)"
            " where t.name = 'by the setting'"
        ).fetchone()
        assert row == (True,)
        (refreshed,) = connection.execute(
            "update jittask.setting set value = 'UTC' where name = 'timezone' returning value"
        ).fetchall()
        assert refreshed == ("UTC",)
        row = connection.execute(
            "select w.due_at = '2030-07-01 12:00+00' from jittask.waiting w join jittask.task t using (task_id)"
            " where t.name = 'by the setting'"
        ).fetchone()
        assert row == (True,)
    finally:
        connection.execute("update jittask.setting set value = 'UTC' where name = 'timezone'")
