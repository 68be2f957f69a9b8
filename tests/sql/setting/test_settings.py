"""Settings: what they refuse, and what follows when one is changed."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from tests.support.schedule import value


@pytest.fixture
def session(database: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database) as connection:
        yield connection
        connection.rollback()


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("timezone", "Mars/Olympus"),
        ("timezone", ""),
        ("history_retention", "soon"),
        ("history_retention", "-1 day"),
        ("history_retention", "1000000 years"),
        ("poll_interval", "banana"),
        ("poll_interval", "0"),
        ("poll_interval", "2 years"),
        ("lease_duration", "1 ms"),
        ("lease_duration", ""),
        ("notify", "yes"),
    ],
)
def test_a_value_that_readers_could_not_work_with_is_refused(
    session: psycopg.Connection, name: str, wrong: str
) -> None:
    with pytest.raises(psycopg.Error) as caught:
        session.execute("update jittask.setting set value = %s where name = %s", (wrong, name))
    assert caught.value.sqlstate == "JT001"
    assert name in str(caught.value.diag.message_primary)
    assert f'"{wrong}"' in str(caught.value.diag.message_primary)
    assert caught.value.diag.message_hint


def test_unknown_settings_are_refused_and_none_is_deleted(session: psycopg.Connection) -> None:
    with pytest.raises(psycopg.errors.CheckViolation, match="setting_name_is_known"), session.transaction():
        session.execute("insert into jittask.setting values ('colour', 'red')")
    with pytest.raises(psycopg.Error, match='"notify" cannot be deleted') as caught:
        session.execute("delete from jittask.setting where name = 'notify'")
    assert caught.value.sqlstate == "JT007"


def test_another_zone_plans_anew_the_tasks_that_name_none(session: psycopg.Connection) -> None:
    session.execute("create table public.deed (id int primary key, ends_on date)")
    session.execute("insert into public.deed values (1, '2035-05-05')")
    for name, zone in (("follows", "null"), ("stays", "'UTC'")):
        session.execute(
            f"""
            insert into jittask.task (name, kind, handler, source_table, date_field, at_time, timezone)
            values ('{name}', 'date_field', 'a', 'public.deed', 'ends_on', '09:00', {zone})
            """
        )
    session.execute(
        """
        insert into jittask.task (name, kind, handler, start_at, repeat, cron)
        values ('by_cron', 'scheduled', 'a', '2035-01-01 00:00+00', 'cron', '0 9 * * *')
        """
    )
    session.execute("update jittask.setting set value = 'Asia/Shanghai' where name = 'timezone'")
    session.execute("select jittask.sweep()")

    def due(name: str) -> str:
        return value(
            session,
            "select to_char(w.due_at at time zone 'UTC', 'MM-DD HH24') from jittask.waiting w"
            " join jittask.task t using (task_id) where t.name = %s",
            (name,),
        )

    assert (due("follows"), due("stays"), due("by_cron")) == ("05-05 01", "05-05 09", "01-01 01")
    session.execute("insert into public.deed values (2, '2035-06-06')")
    assert (
        value(
            session,
            "select count(*) from jittask.waiting w join jittask.task t using (task_id)"
            " where t.name = 'follows' and w.due_at = '2035-06-06 01:00+00'",
        )
        == 1
    )
