"""What the table task refuses, and in which words: each line is a wrong row, the rule that it breaks, the message."""

from __future__ import annotations

import re
from collections.abc import Iterator

import psycopg
import pytest

from jittask_pg.errors import InvalidValueError, from_database
from tests.support.schedule import value

SCHEDULED = {"kind": "'scheduled'", "handler": "'a'", "start_at": "'2027-01-01 09:00+00'"}
DATE_FIELD = {
    "kind": "'date_field'",
    "handler": "'a'",
    "source_table": "'public.lease'",
    "date_field": "'ends_on'",
}

# Values are SQL; a null takes a column of the base away.
REFUSED: list[tuple[dict[str, str], dict[str, str], str, str]] = [
    (SCHEDULED, {"name": "''"}, "task_name_is_not_blank", 'name is ""'),
    (SCHEDULED, {"name": "' a'"}, "task_name_is_not_blank", 'name is " a"'),
    (SCHEDULED, {"name": r"e'a\nb'"}, "task_name_is_one_line_of_200_characters_at_most", 'name is "a?b"'),
    (SCHEDULED, {"name": "repeat('x', 201)"}, "task_name_is_one_line_of_200_characters_at_most", f'name is "{"x" * 80}"'),
    (SCHEDULED, {"title": "' '"}, "task_title_is_not_blank", 'title is " "'),
    (SCHEDULED, {"kind": "'one_off'"}, "task_kind_is_scheduled_or_date_field", 'kind is "one_off"'),
    (SCHEDULED, {"handler": "null"}, "task_has_exactly_one_of_handler_and_source", "source is missing"),
    (SCHEDULED, {"source": "'def run(): ...'"}, "task_has_exactly_one_of_handler_and_source", "source is given too"),
    (SCHEDULED, {"handler": "' '"}, "task_handler_is_not_blank", 'handler is " "'),
    (SCHEDULED, {"handler": "'a '"}, "task_handler_is_not_blank", 'handler is "a "'),
    (SCHEDULED, {"handler": "repeat('x', 501)"}, "task_handler_has_500_characters_at_most", "which is too long"),
    (SCHEDULED, {"handler": "null", "source": "''"}, "task_source_is_not_blank", 'source is ""'),
    (SCHEDULED, {"args": "'[]'"}, "task_args_is_a_json_object", 'args is "array"'),
    (SCHEDULED, {"args": "'null'"}, "task_args_is_a_json_object", 'args is "null"'),
    (SCHEDULED, {"repeat": "'Daily'"}, "task_repeat_is_a_known_cycle", 'repeat is "Daily"'),
    (SCHEDULED, {"repeat": "'daily'", "every": "0"}, "task_every_counts_whole_cycles_from_1", 'every is "0"'),
    (SCHEDULED, {"repeat": "'daily'", "every": "1000001"}, "task_every_counts_whole_cycles_from_1", 'every is "1000001"'),
    (SCHEDULED, {"every": "2"}, "task_every_is_for_hourly_to_yearly", 'every is "2", but repeat is "none"'),
    (SCHEDULED, {"repeat": "'interval'"}, "task_period_is_given_for_interval_only", "but period is missing"),
    (SCHEDULED, {"period": "'1 day'"}, "task_period_is_given_for_interval_only", 'period is "1 day", but repeat is "none"'),
    (SCHEDULED, {"repeat": "'interval'", "period": "'1 month'"}, "task_period_has_no_months_or_years", 'period is "1 mon"'),
    (SCHEDULED, {"repeat": "'interval'", "period": "'0.5 s'"}, "task_period_is_1_second_to_100000_days", 'period is "00:00:00.5"'),
    (SCHEDULED, {"repeat": "'interval'", "period": "'-1 day'"}, "task_period_is_1_second_to_100000_days", 'period is "-1 days"'),
    (SCHEDULED, {"repeat": "'interval'", "period": "'100001 days'"}, "task_period_is_1_second_to_100000_days", 'period is "100001 days"'),
    (SCHEDULED, {"repeat": "'cron'"}, "task_cron_is_given_for_repeat_cron_only", "but cron is missing"),
    (SCHEDULED, {"cron": "'* * * * *'"}, "task_cron_is_given_for_repeat_cron_only", 'cron is "* * * * *", but repeat is "none"'),
    (SCHEDULED, {"month_overflow": "'x'"}, "task_month_overflow_is_clamp_or_skip", 'month_overflow is "x"'),
    (SCHEDULED, {"start_at": "'infinity'"}, "task_start_at_lies_in_the_years_2_to_9998", 'start_at is "infinity"'),
    (SCHEDULED, {"start_at": "'4000-01-01 BC'"}, "task_start_at_lies_in_the_years_2_to_9998", "BC"),
    (SCHEDULED, {"start_at": "'20000-01-01'"}, "task_start_at_lies_in_the_years_2_to_9998", 'start_at is "20000-01-01'),
    (SCHEDULED, {"end_at": "'infinity'"}, "task_end_at_lies_in_the_years_2_to_9999", 'end_at is "infinity"'),
    (SCHEDULED, {"end_at": "'2026-01-01'"}, "task_end_at_is_not_before_start_at", "which is before start_at"),
    (SCHEDULED, {"max_runs": "0"}, "task_max_runs_is_1_or_more", 'max_runs is "0"'),
    (SCHEDULED, {"skip_holidays": "'x'"}, "task_skip_holidays_is_none_nonworking_or_holidays", 'skip_holidays is "x"'),
    (SCHEDULED, {"skip_holidays": "'nonworking'"}, "task_that_skips_holidays_has_a_calendar", "but calendar is missing"),
    (SCHEDULED, {"holiday_policy": "'x'"}, "task_holiday_policy_is_next_workday_previous_workday_or_drop", 'holiday_policy is "x"'),
    (SCHEDULED, {"calendar": "'Mars'"}, "task_calendar_exists", 'calendar is "Mars", and there is no such calendar'),
    (SCHEDULED, {"start_at": "null"}, "scheduled_task_has_a_start_at", "but a scheduled task needs one"),
    (SCHEDULED, {"source_table": "'lease'"}, "scheduled_task_has_no_source_table_or_fields", 'source_table is "lease"'),
    (SCHEDULED, {"date_field": "'d'"}, "scheduled_task_has_no_source_table_or_fields", 'date_field is "d"'),
    (SCHEDULED, {"at_time": "'09:00'"}, "scheduled_task_has_no_source_table_or_fields", 'at_time is "09:00:00"'),
    (SCHEDULED, {"filter": "'{}'"}, "scheduled_task_has_no_source_table_or_fields", 'filter is "{}"'),
    (SCHEDULED, {"end_field": "'d'"}, "scheduled_task_has_no_source_table_or_fields", 'end_field is "d"'),
    (SCHEDULED, {"start_offset": "'1 day'"}, "scheduled_task_has_no_source_table_or_fields", 'start_offset is "1 day"'),
    (SCHEDULED, {"past_due": "'x'"}, "task_past_due_is_ignore_or_run_now", 'past_due is "x"'),
    (SCHEDULED, {"past_due": "'run_now'"}, "scheduled_task_has_no_source_table_or_fields", 'past_due is "run_now"'),
    (SCHEDULED, {"queue": "''"}, "task_queue_is_not_blank", 'queue is ""'),
    (SCHEDULED, {"queue": "'a '"}, "task_queue_is_not_blank", 'queue is "a "'),
    (SCHEDULED, {"queue": "repeat('q', 101)"}, "task_queue_has_100_characters_at_most", "which is too long"),
    (SCHEDULED, {"timeout": "'0'"}, "task_timeout_is_positive", 'timeout is "00:00:00"'),
    (SCHEDULED, {"timeout": "'100000000 years'"}, "task_timeout_is_366_days_at_most", 'timeout is "100000000 years"'),
    (SCHEDULED, {"max_attempts": "0"}, "task_max_attempts_is_1_or_more", 'max_attempts is "0"'),
    (SCHEDULED, {"retry_delay": "'-1 s'"}, "task_retry_delay_is_not_negative", 'retry_delay is "-00:00:01"'),
    (SCHEDULED, {"retry_delay": "'1000 years'"}, "task_retry_delay_is_366_days_at_most", 'retry_delay is "1000 years"'),
    (SCHEDULED, {"isolation": "'fork'"}, "task_isolation_is_thread_or_process", 'isolation is "fork"'),
    (SCHEDULED, {"isolation": "'process'", "transactional": "true"}, "task_transactional_needs_thread_isolation", 'isolation is "process"'),
    (SCHEDULED, {"max_running": "0"}, "task_max_running_is_1_or_more", 'max_running is "0"'),
    (SCHEDULED, {"overlap": "'x'"}, "task_overlap_is_skip_wait_or_allow", 'overlap is "x"'),
    (SCHEDULED, {"misfire": "'x'"}, "task_misfire_is_latest_all_or_skip", 'misfire is "x"'),
    (SCHEDULED, {"misfire_grace": "'-1 s'"}, "task_misfire_grace_is_not_negative", 'misfire_grace is "-00:00:01"'),
    (SCHEDULED, {"misfire_grace": "'10000 years'"}, "task_misfire_grace_is_1000_years_at_most", 'misfire_grace is "10000 years"'),
    (SCHEDULED, {"misfire_cap": "0"}, "task_misfire_cap_is_1_or_more", 'misfire_cap is "0"'),
    (SCHEDULED, {"catchup_window": "'-1 s'"}, "task_catchup_window_is_not_negative", 'catchup_window is "-00:00:01"'),
    (SCHEDULED, {"catchup_window": "'10000 years'"}, "task_catchup_window_is_1000_years_at_most", 'catchup_window is "10000 years"'),
    (SCHEDULED, {"paused_at": "'infinity'"}, "task_paused_at_is_a_real_instant", 'paused_at is "infinity"'),
    (DATE_FIELD, {"source_table": "null"}, "date_field_task_names_its_table_and_field", "a date-field task needs one"),
    (DATE_FIELD, {"date_field": "null"}, "date_field_task_names_its_table_and_field", "a date-field task needs one"),
    (DATE_FIELD, {"start_at": "'2027-01-01'"}, "date_field_task_starts_from_its_field_not_start_at", 'but kind is "date_field"'),
    (DATE_FIELD, {"start_offset": "'2000 years'"}, "task_start_offset_is_1000_years_at_most", 'start_offset is "2000 years"'),
    (DATE_FIELD, {"end_field": "'ends_on'", "end_offset": "'-2000 years'"}, "task_end_offset_is_1000_years_at_most", 'end_offset is "-2000 years"'),
    (DATE_FIELD, {"at_time": "'09:00'", "start_offset": "'24 hours'"}, "task_at_time_needs_an_offset_of_whole_days", 'start_offset is "24:00:00", but at_time is "09:00:00"'),
    (DATE_FIELD, {"at_time": "'24:00'"}, "task_at_time_is_before_midnight", 'at_time is "24:00:00"'),
    (DATE_FIELD, {"end_field": "'ends_on'", "end_at_time": "'24:00'"}, "task_end_at_time_is_before_midnight", 'end_at_time is "24:00:00"'),
    (DATE_FIELD, {"end_field": "'ends_on'", "end_at_time": "'09:00'", "end_offset": "'1 hour'"}, "task_end_at_time_needs_an_offset_of_whole_days", 'end_offset is "01:00:00"'),
    (DATE_FIELD, {"end_offset": "'1 day'"}, "task_end_offset_and_end_at_time_need_an_end_field", "but end_field is missing"),
    (DATE_FIELD, {"end_at_time": "'09:00'"}, "task_end_offset_and_end_at_time_need_an_end_field", "but end_field is missing"),
]  # fmt: skip

# What needs the catalogue to tell: no constraint, JT001 or JT005.
UNKNOWN: list[tuple[dict[str, str], dict[str, str], str, str]] = [
    (SCHEDULED, {"timezone": "'Mars/Olympus'"}, "JT001", '"Mars/Olympus"'),
    (SCHEDULED, {"timezone": "'asia/shanghai'"}, "JT001", '"asia/shanghai"'),
    (SCHEDULED, {"repeat": "'cron'", "cron": "'60 * * * *'"}, "JT001", '"60"'),
    (SCHEDULED, {"repeat": "'cron'", "cron": "'0 0 30 2 *'"}, "JT001", '"0 0 30 2 *"'),
    (SCHEDULED, {"handler": "'sql:'"}, "JT001", 'handler is "sql:"'),
    (SCHEDULED, {"handler": "'sql:drop table lease'"}, "JT001", "names no function of the database"),
    (SCHEDULED, {"handler": "'sql:a.b.c'"}, "JT001", "names no function of the database"),
    (
        SCHEDULED,
        {"handler": "'sql:public.nothing'"},
        "JT001",
        "there is no function public.nothing(args jsonb)",
    ),
    (
        SCHEDULED,
        {"handler": "'sql:public.of_a_row'"},
        "JT001",
        "there is no function public.of_a_row(args jsonb)",
    ),
    (
        DATE_FIELD,
        {"handler": "'sql:public.of_args'"},
        "JT001",
        "public.of_args(source_key jsonb, args jsonb)",
    ),
    (DATE_FIELD, {"source_table": "'nowhere'"}, "JT001", '"nowhere" does not exist'),
    (DATE_FIELD, {"source_table": "'a.b.c.d'"}, "JT001", '"a.b.c.d" does not exist'),
    (DATE_FIELD, {"source_table": "'keyless'"}, "JT005", '"public.keyless" cannot be watched'),
    (DATE_FIELD, {"source_table": "'pg_catalog.pg_class'"}, "JT005", "cannot be watched"),
    (
        DATE_FIELD,
        {"source_table": "'jittask.task'", "date_field": "'start_at'"},
        "JT005",
        "cannot be watched",
    ),
    (DATE_FIELD, {"date_field": "'nothing'"}, "JT001", '"nothing" is not a column'),
    (DATE_FIELD, {"date_field": "'note'"}, "JT001", 'of type "text"'),
    (DATE_FIELD, {"end_field": "'note'"}, "JT001", 'of type "text"'),
    (DATE_FIELD, {"filter": "'[]'"}, "JT001", '"[]"'),
    (DATE_FIELD, {"filter": """'{"nothing": 1}'"""}, "JT001", '"nothing" is not a column'),
    (DATE_FIELD, {"filter": """'{"ends_on": "soon"}'"""}, "JT001", '"soon"'),
    (DATE_FIELD, {"filter": """'{"field": "note", "op": "~", "value": "x"}'"""}, "JT001", 'unknown op "~"'),
]


@pytest.fixture
def session(database: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database) as connection:
        connection.execute("create table public.lease (id int primary key, ends_on date, note text)")
        connection.execute("create table public.keyless (ends_on date)")
        connection.execute("create function public.of_args(args jsonb) returns void language sql as 'select'")
        connection.execute(
            "create function public.of_a_row(k jsonb, args jsonb) returns void language sql as 'select'"
        )
        yield connection
        connection.rollback()


def insertion(base: dict[str, str], wrong: dict[str, str]) -> bytes:
    row = {"name": "'a'", **base, **wrong}
    return f"insert into jittask.task ({', '.join(row)}) values ({', '.join(row.values())})".encode()


def shown(wrong: dict[str, str]) -> str:
    return " ".join(f"{name}={text[:30]}" for name, text in wrong.items())


@pytest.mark.parametrize(
    ("base", "wrong", "rule", "message"),
    REFUSED,
    ids=[f"{rule}: {shown(wrong)}" for _, wrong, rule, _ in REFUSED],
)
def test_a_wrong_row_is_refused_in_words(
    session: psycopg.Connection, base: dict[str, str], wrong: dict[str, str], rule: str, message: str
) -> None:
    with pytest.raises(psycopg.errors.IntegrityError) as caught:
        session.execute(insertion(base, wrong))
    error = caught.value
    assert (error.diag.constraint_name, error.diag.table_name) == (rule, "task")
    assert message in (error.diag.message_primary or "")
    assert (
        next(iter(wrong)) in (error.diag.message_primary or "") or len(wrong) > 1 or "null" in wrong.values()
    )
    assert error.diag.message_hint
    told = from_database(error)
    assert isinstance(told, InvalidValueError)
    assert (told.fact, told.way_out) == (error.diag.message_primary, error.diag.message_hint)


@pytest.mark.parametrize(
    ("base", "wrong", "rule"),
    [case[:3] for case in REFUSED if case[2] != "task_calendar_exists"],
    ids=[f"{rule}: {shown(wrong)}" for _, wrong, rule, _ in REFUSED if rule != "task_calendar_exists"],
)
def test_the_table_itself_refuses_it_too(
    session: psycopg.Connection, base: dict[str, str], wrong: dict[str, str], rule: str
) -> None:
    session.execute("alter table jittask.task disable trigger user")
    with pytest.raises(psycopg.errors.CheckViolation):
        session.execute(insertion(base, wrong))
    session.rollback()
    assert value(session, "select count(*) from pg_constraint where conname = %s", (rule,)) == 1


def test_every_rule_of_the_table_has_its_words(session: psycopg.Connection) -> None:
    rules = {
        name
        for (name,) in session.execute(
            "select conname from pg_constraint where conrelid = 'jittask.task'::regclass and contype in ('c', 'f')"
        )
    }
    source = value(session, "select prosrc from pg_proc where oid = 'jittask.broken_rule'::regproc")
    assert rules == set(re.findall(r"'(\w*task_\w+)'", source))
    assert rules == {rule for _, _, rule, _ in REFUSED}


@pytest.mark.parametrize(
    ("base", "wrong", "state", "message"), UNKNOWN, ids=[f"{shown(wrong)}" for _, wrong, _, _ in UNKNOWN]
)
def test_what_the_catalogue_does_not_know_is_refused_by_name(
    session: psycopg.Connection, base: dict[str, str], wrong: dict[str, str], state: str, message: str
) -> None:
    with pytest.raises(psycopg.Error) as caught:
        session.execute(insertion(base, wrong))
    assert caught.value.sqlstate == state
    assert message in (caught.value.diag.message_primary or "")
    assert caught.value.diag.message_hint


def test_an_update_is_held_to_the_same_rules(session: psycopg.Connection) -> None:
    session.execute(insertion(SCHEDULED, {}))
    with pytest.raises(psycopg.errors.CheckViolation, match='misfire_cap is "0"'):
        session.execute("update jittask.task set misfire_cap = 0")


def test_a_function_of_the_database_that_is_gone_does_not_hinder_other_changes(
    session: psycopg.Connection,
) -> None:
    session.execute(insertion(SCHEDULED, {"handler": "'sql:public.of_args'"}))
    session.execute("drop function public.of_args")
    session.execute("update jittask.task set paused_at = now()")
    assert value(session, "select paused_at is not null from jittask.task") is True


def test_a_long_title_makes_a_name_that_people_can_read(session: psycopg.Connection) -> None:
    made = value(
        session,
        "insert into jittask.task (title, kind, handler, start_at) values (repeat('Word ', 500), 'scheduled', 'a', now())"
        " returning name",
    )
    assert made.startswith("word_word")
    assert len(made) <= 100
