"""Random rules around changes of offset in every zone of the server, against the oracle."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sql.recurrence import oracle
from tests.sql.recurrence.oracle import Calendar, Cron, Rule, Zone

CALENDARS = 6


class World:
    """What the examples are drawn from; no dataclass, whose fields would be printed with each failure."""

    def __init__(
        self, connection: psycopg.Connection, zones: dict[str, Zone], calendars: list[Calendar]
    ) -> None:
        self.connection = connection
        self.zones = zones
        self.calendars = calendars


@pytest.fixture(scope="module")
def world(database: str) -> Iterator[World]:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(
            """
            set jit = off;
            create function pg_temp.walk(p_rule jittask.rule, p_after timestamptz, p_count int)
            returns table (nominal_at timestamptz, due_at timestamptz)
            language plpgsql as $$
            begin
              due_at := p_after;
              for i in 1..p_count loop
                select o.nominal_at, o.due_at into nominal_at, due_at
                from jittask.occurrence_after(p_rule, due_at) o;
                exit when due_at is null;
                return next;
              end loop;
            end $$
            """
        )
        yield World(connection, oracle.zones(connection), list(make_calendars(connection)))


def make_calendars(connection: psycopg.Connection) -> Iterator[Calendar]:
    chance = random.Random(5)
    for number in range(CALENDARS):
        weekend = {0: {0, 6}, 1: {5, 6}, 2: {0}, 3: set[int](), 4: {0, 6}, 5: {5}}[number]
        marked: dict[date, bool] = {}
        day = date(2014, 1, 1)
        while day < date(2041, 12, 31):
            day += timedelta(days=chance.randint(1, 60))
            for _ in range(chance.choice([1, 1, 1, 2, 3, 8])):
                marked[day] = chance.random() < 0.2
                day += timedelta(days=1)
        connection.execute(
            "insert into jittask.calendar (name, weekend) values (%s, %s)", (f"C{number}", sorted(weekend))
        )
        connection.execute(
            "insert into jittask.calendar_day (calendar, day, working)"
            " select %s, * from unnest(%s::date[], %s::bool[])",
            (f"C{number}", list(marked), list(marked.values())),
        )
        yield Calendar(weekend, marked)


def field_of(chance: random.Random, low: int, high: int, near: int) -> tuple[str, set[int]]:
    """One cron field: mostly around a value of interest, so that changes of offset are met."""
    near = min(max(near, low), high)
    kind = chance.randrange(7)
    if kind == 0:
        return "*", set(range(low, high + 1))
    if kind == 1:
        step = chance.choice([2, 3, 5, 15, 20])
        return f"*/{step}", set(range(low, high + 1, step))
    if kind == 2:
        start, end = max(low, near - chance.randint(0, 2)), min(high, near + chance.randint(0, 2))
        return f"{start}-{end}", set(range(start, end + 1))
    if kind == 3:
        step = chance.randint(1, 20)
        return f"{near}/{step}", set(range(near, high + 1, step))
    values = {near} | {chance.randint(low, high) for _ in range(kind - 4)}
    return ",".join(map(str, chance.sample(sorted(values), len(values)))), values


def cron_near(chance: random.Random, wall: datetime) -> Cron:
    minute, minutes = field_of(chance, 0, 59, chance.choice([0, 15, 30, 59]))
    hour, hours = field_of(chance, 0, 23, wall.hour + chance.randint(-1, 1))
    day, days = ("*", set(range(1, 32)))
    weekday, weekdays = ("*", set(range(8)))
    if chance.random() < 0.3:
        day, days = field_of(chance, 1, 31, wall.day)
    if chance.random() < 0.3:
        weekday, weekdays = field_of(chance, 0, 7, wall.isoweekday() % 7)
    second, chosen_seconds = "", {0}
    if chance.random() < 0.1:
        second, chosen_seconds = field_of(chance, 0, 59, 30)
        if len(chosen_seconds) > 3:
            second, chosen_seconds = "7,30", {7, 30}
    return Cron(
        text=f"{second} {minute} {hour} {day} * {weekday}".strip(),
        seconds=sorted(chosen_seconds),
        minutes=sorted(minutes),
        hours=sorted(hours),
        days=days,
        months=set(range(1, 13)),
        weekdays={value % 7 for value in weekdays},
        both=day.startswith("*") or weekday.startswith("*"),
        wildcard=minute.startswith("*") or hour.startswith("*"),
    )


def rule_near(
    chance: random.Random, zone: Zone, calendars: list[Calendar]
) -> tuple[Rule, str | None, datetime]:
    """A rule whose series passes a change of offset, its calendar's name, and that change."""
    inner = [at for at in zone.changes if 2015 <= at.year <= 2040]
    change = chance.choice(inner) if inner else datetime(2024, 3, 31, 1)  # noqa: DTZ001
    repeat = chance.choice(
        ["none", "hourly", "daily", "weekly", "monthly", "yearly", "interval"] + ["cron"] * 6
    )
    every = chance.choice([1, 1, 1, 2, 3])
    back = {
        "none": timedelta(0),
        "hourly": timedelta(hours=every * chance.randint(0, 20)),
        "daily": timedelta(days=every * chance.randint(0, 9)),
        "weekly": timedelta(weeks=every * chance.randint(0, 3)),
        "monthly": timedelta(days=30 * every),
        "yearly": timedelta(days=365 * every),
        "interval": timedelta(hours=chance.randint(0, 90)),
        "cron": timedelta(hours=chance.randint(0, 90)),
    }[repeat]
    near = timedelta(minutes=chance.choice([-90, -60, -45, -30, -15, 0, 15, 30, 45, 60, 90]))
    number = chance.randrange(CALENDARS) if chance.random() < 0.5 else None
    rule = Rule(
        repeat=repeat,
        anchor=change - back + near,
        zone=zone,
        every=every if repeat not in ("none", "interval", "cron") else 1,
        period=chance.choice([1800, 5400, 86400, 90000, 129600, 172800]) if repeat == "interval" else 0,
        cron=cron_near(chance, zone.wall(change)) if repeat == "cron" else None,
        month_overflow=chance.choice(["clamp", "skip"]),
        calendar=None if number is None else calendars[number],
        skip="none" if number is None else chance.choice(["nonworking", "holidays"]),
        policy=chance.choice(["next_workday", "previous_workday", "drop"]),
        first_fires=chance.random() < 0.3,
    )
    if chance.random() < 0.7:
        rule.earliest = rule.anchor
    if chance.random() < 0.3:
        rule.end = change + timedelta(minutes=15 * chance.randint(-100, 400))
    return rule, None if number is None else f"C{number}", change


def as_parameters(rule: Rule, calendar: str | None) -> dict[str, Any]:
    def instant(at: datetime | None) -> datetime | None:
        return at and at.replace(tzinfo=UTC)

    return {
        "repeat": rule.repeat,
        "anchor": instant(rule.anchor),
        "earliest": instant(rule.earliest),
        "zone": rule.zone.name,
        "every": rule.every,
        "period": timedelta(seconds=rule.period) if rule.repeat == "interval" else None,
        "cron": rule.cron and rule.cron.text,
        "overflow": rule.month_overflow,
        "end": instant(rule.end),
        "calendar": calendar,
        "skip": rule.skip,
        "policy": rule.policy,
        "first_fires": rule.first_fires,
    }


RULE = """
row(%(repeat)s, %(anchor)s::timestamptz, %(earliest)s::timestamptz, %(zone)s, %(every)s, %(period)s::interval,
    jittask.compile_cron_or_null(%(cron)s), %(overflow)s, %(end)s::timestamptz, %(calendar)s, %(skip)s, %(policy)s,
    %(first_fires)s)::jittask.rule
""".replace(
    "jittask.compile_cron_or_null(%(cron)s)",
    "case when %(cron)s::text is not null then jittask.compile_cron(%(cron)s::text) end",
)

any_seed = st.integers(min_value=0, max_value=2**40)


def naive(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(tzinfo=None)


@settings(
    max_examples=500,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(seed=any_seed)
def test_occurrences_near_a_change_of_offset_are_those_of_the_oracle(world: World, seed: int) -> None:
    connection, zones = world.connection, world.zones
    chance = random.Random(seed)
    rule, calendar, change = rule_near(chance, zones[chance.choice(sorted(zones))], world.calendars)
    after = change + timedelta(minutes=15 * chance.randint(-200, 100), seconds=chance.choice([0, 0, -1, 1]))
    until = max(after, rule.anchor) + timedelta(days=12 if rule.repeat != "yearly" else 800)
    expected = [pair for pair in rule.occurrences(until) if pair[1] > after]
    found = connection.execute(
        f"select nominal_at, due_at from pg_temp.walk({RULE}, %(after)s, %(count)s)".encode(),
        {**as_parameters(rule, calendar), "after": after.replace(tzinfo=UTC), "count": 60},
    ).fetchall()
    shown = [(naive(nominal), naive(due)) for nominal, due in found if naive(due) <= until]
    assert shown == expected[:60], f"{rule}"


@settings(
    max_examples=200,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(seed=any_seed)
def test_latest_and_count_agree_with_the_oracle(world: World, seed: int) -> None:
    connection, zones = world.connection, world.zones
    chance = random.Random(seed)
    rule, calendar, change = rule_near(chance, zones[chance.choice(sorted(zones))], world.calendars)
    after = change + timedelta(minutes=15 * chance.randint(-300, 100), seconds=chance.choice([0, 0, -1, 1]))
    until = after + timedelta(minutes=15 * chance.randint(0, 1000))
    before = [pair for pair in rule.occurrences(until) if pair[1] <= until]
    row = connection.execute(
        f"select l.nominal_at, l.due_at, jittask.count_occurrences({RULE}, %(after)s, %(until)s)"
        f" from jittask.latest_occurrence({RULE}, %(until)s) l".encode(),
        {
            **as_parameters(rule, calendar),
            "after": after.replace(tzinfo=UTC),
            "until": until.replace(tzinfo=UTC),
        },
    ).fetchone()
    assert row is not None
    latest = None if row[1] is None else (naive(row[0]), naive(row[1]))
    assert latest == (before[-1] if before else None), f"{rule}"
    assert row[2] == sum(due > after for _, due in before), f"{rule}"


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(seed=any_seed)
def test_the_count_over_years_is_the_sum_of_its_parts(world: World, seed: int) -> None:
    connection, zones = world.connection, world.zones
    chance = random.Random(seed)
    rule, calendar, change = rule_near(chance, zones[chance.choice(sorted(zones))], world.calendars)
    cuts = [change + timedelta(days=17 * n, seconds=chance.randint(0, 86400)) for n in range(40)]
    row = connection.execute(
        f"select jittask.count_occurrences({RULE}, (%(cuts)s::timestamptz[])[1], (%(cuts)s::timestamptz[])[40]),"
        f" (select sum(jittask.count_occurrences({RULE}, (%(cuts)s::timestamptz[])[n], (%(cuts)s::timestamptz[])[n + 1]))"
        "   from generate_series(1, 39) n)".encode(),
        {**as_parameters(rule, calendar), "cuts": [cut.replace(tzinfo=UTC) for cut in cuts]},
    ).fetchone()
    assert row is not None
    assert row[0] == row[1], f"{rule}"


UNUSUAL = [
    "America/Caracas",
    "America/Scoresbysund",
    "America/St_Johns",
    "Antarctica/Casey",
    "Asia/Beirut",
    "Asia/Gaza",
    "Asia/Pyongyang",
    "Pacific/Apia",
    "Pacific/Fakaofo",
    "Pacific/Kiritimati",
    "Pacific/Kwajalein",
]
"""Where clocks went past midnight, over half an hour or three, or over a whole day."""


def walked_rule(world: World, chance: random.Random) -> tuple[Rule, str | None, datetime]:
    """A rule with a calendar, half of them at a change of offset since 1962."""
    zones = world.zones
    while True:
        rule, calendar, change = rule_near(chance, zones[chance.choice(sorted(zones))], world.calendars)
        if calendar is not None:
            break
    if rule.repeat == "interval" and chance.random() < 0.5:
        rule.period = chance.choice([86400, 172800, 7 * 86400, 86401, 25 * 3600 + 1800, 36000])
    if chance.random() < 0.5:
        rule.zone = zones[chance.choice(UNUSUAL)]
        found = world.connection.execute(
            "select changed_at from jittask.offset_changes(-250000000, 1500000000, %s) order by 1",
            (rule.zone.name,),
        ).fetchall()
        moved = oracle.EPOCH + timedelta(seconds=chance.choice(found)[0]) - change
        rule.anchor, change = rule.anchor + moved, change + moved
        rule.earliest = rule.earliest and rule.earliest + moved
        rule.end = rule.end and rule.end + moved
        if rule.cron is not None:
            rule.cron = cron_near(chance, change + timedelta(hours=chance.choice([-11, -3, 0, 3, 11])))
    return rule, calendar, change


@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(seed=any_seed)
def test_the_count_with_a_calendar_is_that_of_a_walk(world: World, seed: int) -> None:
    chance = random.Random(seed)
    rule, calendar, change = walked_rule(world, chance)
    after = change - timedelta(minutes=chance.randint(-1440, 12 * 1440))
    until = after + timedelta(minutes=chance.randint(0, 40 * 1440), seconds=chance.choice([0, 1]))
    row = world.connection.execute(
        f"select jittask.count_occurrences({RULE}, %(after)s, %(until)s),"
        f" jittask.count_walked({RULE}, %(after)s, least(%(until)s, %(end)s::timestamptz))".encode(),
        {
            **as_parameters(rule, calendar),
            "after": after.replace(tzinfo=UTC),
            "until": until.replace(tzinfo=UTC),
        },
    ).fetchone()
    assert row is not None
    assert row[0] == row[1], f"{rule}, {calendar}, {rule.skip}, {after}, {until}"


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(seed=any_seed)
def test_the_count_over_decades_is_the_sum_of_its_parts(world: World, seed: int) -> None:
    chance = random.Random(seed)
    rule, calendar, change = walked_rule(world, chance)
    rule.end = None
    cuts = [change + timedelta(days=400 * n, seconds=chance.randint(0, 86400)) for n in range(26)]
    row = world.connection.execute(
        f"select jittask.count_occurrences({RULE}, (%(cuts)s::timestamptz[])[1], (%(cuts)s::timestamptz[])[26]),"
        f" (select sum(jittask.count_occurrences({RULE}, (%(cuts)s::timestamptz[])[n], (%(cuts)s::timestamptz[])[n + 1]))"
        "   from generate_series(1, 25) n)".encode(),
        {**as_parameters(rule, calendar), "cuts": [cut.replace(tzinfo=UTC) for cut in cuts]},
    ).fetchone()
    assert row is not None
    assert row[0] == row[1], f"{rule}, {calendar}, {rule.skip}"


def test_every_change_of_offset_maps_its_wall_clock_times_by_the_rule(world: World) -> None:
    walls: list[tuple[str, datetime, datetime]] = []
    for zone in world.zones.values():
        for at, before, after in zip(zone.changes, zone.offsets, zone.offsets[1:], strict=False):
            if not 2015 <= at.year <= 2040:
                continue
            low, high = at + min(before, after), at + max(before, after)
            walls += [
                (zone.name, wall, zone.instant(wall).replace(tzinfo=UTC))
                for wall in (
                    low - timedelta(seconds=1),
                    low,
                    low + (high - low) / 2,
                    high - timedelta(seconds=1),
                    high,
                )
            ]
    wrong = world.connection.execute(
        "select * from unnest(%s::text[], %s::timestamp[], %s::timestamptz[]) w(zone, wall, wanted)"
        " where jittask.to_instant(wall, zone) <> wanted",
        [list(column) for column in zip(*walls, strict=True)],
    ).fetchall()
    assert wrong == []
