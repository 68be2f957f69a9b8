"""Cron and cycles against independent programs, each only where it may be trusted.

croniter: away from changes of offset (UTC here); it repeats fixed times when clocks go back,
and reads `5-5` as `*`. cronsim: in zones, near changes too. dateutil: cycles.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import psycopg
import pytest
from croniter import croniter
from cronsim import CronSim
from dateutil.rrule import DAILY, MONTHLY, WEEKLY, YEARLY, rrule
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

bounded = settings(
    max_examples=250,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def fields(low: int, high: int) -> st.SearchStrategy[str]:
    number = st.integers(low, high)
    step = st.integers(1, high)
    pair = st.tuples(number, number).filter(lambda p: p[0] < p[1])
    item = st.one_of(
        number.map(str),
        pair.map(lambda p: f"{p[0]}-{p[1]}"),
        st.tuples(pair, step).map(lambda p: f"{p[0][0]}-{p[0][1]}/{p[1]}"),
    )
    return st.one_of(
        st.just("*"),
        step.map(lambda n: f"*/{n}"),
        st.lists(item, min_size=1, max_size=4).map(",".join),
    )


expressions = st.tuples(fields(0, 59), fields(0, 23), fields(1, 31), fields(1, 12), fields(0, 7)).map(
    " ".join
)
starts = st.integers(1_420_070_400, 2_240_524_800).map(lambda s: datetime.fromtimestamp(s, UTC))


def cron_series(
    connection: psycopg.Connection, expression: str, start: datetime, zone: str, count: int
) -> list[datetime]:
    rows = connection.execute(
        "select due_at from jittask.next_occurrences('cron', %s, %s, count => %s, timezone => %s, cron => %s)",
        (start, start, count, zone, expression),
    ).fetchall()
    return [row[0] for row in rows]


@bounded
@given(expression=expressions, second=st.one_of(st.none(), fields(0, 59)), start=starts)
@example(expression="0 0 29 2 *", second=None, start=datetime(2096, 3, 1, tzinfo=UTC))
@example(expression="0 0 */2 * 1", second=None, start=datetime(2026, 1, 1, tzinfo=UTC))
def test_cron_agrees_with_croniter_in_utc(
    connection: psycopg.Connection, expression: str, second: str | None, start: datetime
) -> None:
    text = expression if second is None else f"{second} {expression}"
    try:
        other = croniter(text, start, second_at_beginning=True, implement_cron_bug=True)
        expected = [other.get_next(datetime) for _ in range(4)]
    except Exception:
        # It gives up on an expression that never matches, and ours refuses to take it.
        with pytest.raises(psycopg.Error, match="never matches"):
            cron_series(connection, text, start, "UTC", 4)
        return
    found = [at for at in cron_series(connection, text, start, "UTC", 5) if at > start][:4]
    assert found == expected


@bounded
@given(expression=expressions, start=starts, seed=st.integers(0, 2**30))
def test_cron_agrees_with_cronsim_across_changes_of_offset(
    connection: psycopg.Connection, expression: str, start: datetime, seed: int
) -> None:
    chance = random.Random(seed)
    zone = chance.choice(
        [
            "America/New_York",
            "Europe/Berlin",
            "Europe/London",
            "America/Sao_Paulo",
            "Asia/Tokyo",
            "Pacific/Auckland",
        ]
    )
    parts = expression.split()
    # Whole months of matching days, so that a change of offset lies among the first matches.
    text = " ".join([*parts[:2], "*", "*", "*"])
    month = 3 if chance.random() < 0.5 else 10
    start = start.replace(month=month, day=chance.randint(20, 30))
    simulated = CronSim(text, start.astimezone(ZoneInfo(zone)))
    # Several fixed times in one gap: cronsim gives the end of the gap for each, ours merges them.
    expected = list(dict.fromkeys(next(simulated).astimezone(UTC) for _ in range(40)))
    found = [at for at in cron_series(connection, text, start, zone, 41) if at > start]
    assert found[: len(expected)] == expected


@bounded
@given(
    repeat=st.sampled_from(["daily", "weekly", "monthly", "yearly"]),
    every=st.integers(1, 7),
    start=starts,
    offset=st.integers(0, 4000),
)
def test_cycles_agree_with_dateutil_in_utc(
    connection: psycopg.Connection, repeat: str, every: int, start: datetime, offset: int
) -> None:
    after = start + timedelta(days=offset)
    frequency = {"daily": DAILY, "weekly": WEEKLY, "monthly": MONTHLY, "yearly": YEARLY}[repeat]
    # rrule drops days that a month lacks: month_overflow = skip.
    series = rrule(frequency, dtstart=start, interval=every, until=datetime(2099, 12, 31, tzinfo=UTC))
    expected = series.xafter(after, count=5)
    rows = connection.execute(
        "select due_at, occurrence_no from jittask.next_occurrences(%s, %s, %s, count => 5, every => %s,"
        " month_overflow => 'skip', end_at => '2099-12-31', timezone => 'UTC')",
        (repeat, start, after, every),
    ).fetchall()
    wanted = list(expected)
    assert [row[0] for row in rows] == wanted
    if rows:
        assert rows[0][1] == len(series.between(start, wanted[0], inc=True))


@pytest.mark.parametrize(
    ("expression", "same_as"),
    [
        ("5-5 * * * *", "5 * * * *"),
        ("0 0 * * 7", "0 0 * * SUN"),
        ("0 0 ? * MON", "0 0 * * 1"),
        ("0 0 1 * ?", "0 0 1 * *"),
        ("0 0 * * 5L", "0 0 * * L5"),
        ("0 0 * * FRIL", "0 0 * * LFRI"),
        ("0 0 * JAN-MAR *", "0 0 * jan,FEB,3 *"),
        ("10/20 * * * *", "10,30,50 * * * *"),
        ("0 0 12 * * *", "0 12 * * *"),
        ("@hourly", "0 * * * *"),
        (" 0\t9  * * 1 ", "0 9 * * MON"),
        ("0 0 * * 1#1,5#5", "0 0 * * 5#5,1#1"),
    ],
)
def test_two_spellings_compile_to_the_same_form(
    connection: psycopg.Connection, expression: str, same_as: str
) -> None:
    row = connection.execute(
        "select jittask.compile_cron(%s), jittask.compile_cron(%s)", (expression, same_as)
    ).fetchone()
    assert row is not None
    assert row[0] == row[1]


def test_the_last_weekday_of_the_month_steps_back_over_the_weekend(connection: psycopg.Connection) -> None:
    found = cron_series(connection, "0 0 LW * *", datetime(2026, 1, 1, tzinfo=UTC), "UTC", 12)
    assert [at.day for at in found] == [30, 27, 31, 30, 29, 30, 31, 31, 30, 30, 30, 31]


def test_the_longest_legal_wait_is_forty_years(connection: psycopg.Connection) -> None:
    row = connection.execute(
        "select jittask.cron_next('0 0 29 2 */7', '2072-02-28 00:00+00', 'UTC'),"
        "  jittask.cron_next('0 0 29 2 */7', '2088-02-29 00:00+00', 'UTC')"
    ).fetchone()
    assert row is not None
    assert [at.date().isoformat() for at in row] == ["2088-02-29", "2128-02-29"]
