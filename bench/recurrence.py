"""Next occurrences a second: the SQL beside croniter and cronsim, in one run, on one core each.

    python bench/recurrence.py [DSN]

Without a DSN an embedded server is started. The mix is an ordinary one; absolute figures
depend on the machine, so look at the ratios.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from croniter import croniter
from cronsim import CronSim

from jittask_pg import migration
from jittask_pg.embedded import EmbeddedServer, system_binaries

MIX = [
    ("* * * * *", "UTC"),
    ("*/5 * * * *", "Europe/Berlin"),
    ("*/15 9-17 * * 1-5", "America/Chicago"),
    ("0 * * * *", "Asia/Kolkata"),
    ("0 */6 * * *", "America/Sao_Paulo"),
    ("0 9 * * MON-FRI", "America/New_York"),
    ("30 2 * * *", "Asia/Shanghai"),
    ("15 14 1,15 * *", "Asia/Tokyo"),
    ("0 4 * * 0", "Europe/London"),
    ("0 0 1 * *", "Australia/Sydney"),
    ("0 0 L * *", "Europe/Paris"),
    ("0 12 * * 1#1", "America/Los_Angeles"),
]
START = datetime(2026, 1, 1, tzinfo=UTC)

COMPILED = """
create function pg_temp.walk(p_cron int[], p_timezone text, p_count int, out steps int, out worst interval)
language plpgsql as $$
declare
  v_at timestamptz := '2026-01-01 00:00+00';
  v_begin timestamptz;
begin
  worst := '0';
  for steps in 1..p_count loop
    v_begin := clock_timestamp();
    v_at := jittask.cron_after(p_cron, v_at, p_timezone);
    worst := greatest(worst, clock_timestamp() - v_begin);
  end loop;
  steps := p_count;
end $$
"""


# Rules with a calendar; the number of an occurrence counts all before it.
OLD = {
    "daily": "'daily'",
    "monthly": "'monthly'",
    "every 7 hours": "'hourly', every => 7",
    "every 36 hours": "'interval', period => '36 hours'",
    "cron */5 * * * *": "'cron', cron => '*/5 * * * *'",
    "cron 30 0 2 1,15 * 1": "'cron', cron => '30 0 2 1,15 * 1'",
}

INSERT = """
insert into jittask.task (name, kind, handler, start_at, repeat, cron, timezone)
select format('bench_%%s', n), 'scheduled', 'h', now(), 'cron', m.cron, m.zone
from generate_series(0, %s - 1) n
join unnest(%s::text[], %s::text[]) with ordinality m(cron, zone, no) on m.no = n %% %s + 1
"""


def rate(run: Callable[[], int]) -> float:
    begin = perf_counter()
    done = run()
    return done / (perf_counter() - begin)


def peers(count: int) -> dict[str, float]:
    def with_croniter() -> int:
        for expression, zone in MIX:
            series = croniter(expression, START.astimezone(ZoneInfo(zone)))
            for _ in range(count):
                series.get_next(datetime)
        return count * len(MIX)

    def with_cronsim() -> int:
        for expression, zone in MIX:
            series = CronSim(expression, START.astimezone(ZoneInfo(zone)))
            for _ in range(count):
                next(series)
        return count * len(MIX)

    return {"croniter": rate(with_croniter), "cronsim": rate(with_cronsim)}


def ours(connection: psycopg.Connection, count: int) -> tuple[dict[str, float], timedelta]:
    connection.execute(COMPILED)
    worst = timedelta(0)

    def compiled() -> int:
        nonlocal worst
        for expression, zone in MIX:
            row = connection.execute(
                "select worst from pg_temp.walk(jittask.compile_cron(%s), %s, %s)", (expression, zone, count)
            ).fetchone()
            assert row is not None
            worst = max(worst, row[0])
        return count * len(MIX)

    def statement(query: str, parameters: list[Any]) -> Callable[[], int]:
        def run() -> int:
            row = connection.execute(query.encode(), parameters).fetchone()
            assert row is not None
            return row[0]

        return run

    expressions, zones = (list(column) for column in zip(*MIX, strict=True))
    compiled()
    worst = timedelta(0)
    rates = {
        "compiled": rate(compiled),
        "with parsing (cron_next)": rate(
            statement(
                "select count(jittask.cron_next("
                "  m.cron, timestamptz '2026-01-01 00:00+00' + n * interval '1 hour', m.zone))"
                " from generate_series(1, %s) n, unnest(%s::text[], %s::text[]) m(cron, zone)",
                [count // 10, expressions, zones],
            )
        ),
        "next_occurrences, rows": rate(
            statement(
                "select count(*) from unnest(%s::text[], %s::text[]) m(cron, zone),"
                " jittask.next_occurrences('cron', '2026-01-01', '2026-01-01', %s, m.zone, cron => m.cron)",
                [expressions, zones, count],
            )
        ),
        "rows of a daily rule with a calendar": rate(
            statement(
                "select count(*) from jittask.next_occurrences('daily', '2026-01-01 09:00+00', '2026-01-01',"
                " %s, 'Asia/Shanghai', calendar => 'bench', skip_holidays => 'nonworking')",
                [count],
            )
        ),
    }
    return rates, worst


def inserts(connection: psycopg.Connection, count: int) -> float:
    """Cron tasks inserted a second, with parsing and planning; they are rolled back."""
    expressions, zones = (list(column) for column in zip(*MIX, strict=True))
    with connection.transaction(force_rollback=True):
        return rate(
            lambda: connection.execute(INSERT.encode(), [count, expressions, zones, len(MIX)]).rowcount
        )


def old(connection: psycopg.Connection) -> dict[str, float]:
    """Milliseconds of the next occurrence of rules that are 35 years old, with its number; the best of five."""
    found: dict[str, float] = {}
    for name, rule in OLD.items():
        repeat, *rest = rule.split(", ")
        query = ", ".join(
            [
                f"select count(*) from jittask.next_occurrences({repeat}, '1991-01-31 09:00+00', '2026-03-01', 1",
                "'Europe/Berlin'",
                *rest,
                "calendar => 'bench', skip_holidays => 'nonworking')",
            ]
        )
        found[name] = min(
            1000 / rate(lambda q=query: connection.execute(q.encode()).rowcount) for _ in range(5)
        )
    return found


def main() -> None:
    with ExitStack() as stack:
        if len(sys.argv) > 1:
            dsn = sys.argv[1]
        else:
            dsn = stack.enter_context(EmbeddedServer(temporary=True, binaries=system_binaries())).dsn
        connection = stack.enter_context(psycopg.connect(dsn, autocommit=True))
        migration.migrate(connection)
        connection.execute("insert into jittask.calendar (name) values ('bench') on conflict do nothing")
        rates, worst = ours(connection, 3000)
        ages = old(connection)
        added = inserts(connection, 5000)
        rates |= peers(1000)
    base = rates["croniter"]
    sys.stdout.write(
        json.dumps(
            {
                "a second": {name: round(value) for name, value in rates.items()},
                "times croniter": {name: round(value / base, 1) for name, value in rates.items()},
                "inserts of cron tasks a second": round(added),
                "worst call, ms": round(worst.total_seconds() * 1000, 2),
                "next occurrence and its number after 35 years with a calendar, ms": {
                    name: round(value, 1) for name, value in ages.items()
                },
            },
            indent=2,
        )
        + "\n"
    )


if __name__ == "__main__":
    main()
