"""What a long history costs: the filters of execution_record, and claims beside it.

    python bench/history.py [DSN] [ROWS]

Fills an installation's history with ROWS records (10,000,000 unless given) of 200 tasks over 31 days, which takes
some minutes and 3 GB, then times each filter as `jittask records` sends it. Without a DSN a server is started. Not
among those of `python -m bench`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import ExitStack
from time import perf_counter

import psycopg

from jittask_pg import migration, statements
from jittask_pg.embedded import EmbeddedServer, system_binaries

DAYS = 31
FILTERS: dict[str, dict[str, object]] = {
    "newest 50": {},
    "one day": {"since": "{day}T00:00Z", "until": "{day}T23:59Z"},
    "rare task": {"task_name": "task_2"},
    "frequent task": {"task_name": "task_190"},
    "task that is none": {"task_name": "nobody"},
    "status error": {"status": "error"},
    "status lost": {"status": "lost"},
    "status cancelled (none)": {"status": "cancelled"},
    "kind one_off": {"kind": "one_off"},
    "kind and status": {"kind": "one_off", "status": "error"},
    "task and status": {"task_name": "task_120", "status": "error"},
    "task, status and one day": {
        "task_name": "task_120", "status": "error", "since": "{day}T00:00Z", "until": "{day}T23:59Z",
    },
    "task and key": {"task_name": "task_120", "source_key": '{"id": 4711}'},
}  # fmt: skip
FILL = """
insert into jittask.run_history (
  occurrence_id, task_id, nominal_at, due_at, started_at, finished_at, attempt, outcome, worker, task_name, kind,
  source_key, queue, priority, result, error
)
select
  -1000000::bigint * %(day)s - n, case when k < 190 then k + 1 end, at, at, at + interval '3 ms', at + interval '12 ms', 1,
  case when n %% 100 = 0 then 'error' when n %% 1001 = 0 then 'timed_out' when n %% 20011 = 0 then 'lost' else 'completed' end,
  'host:' || n %% 8, case when k < 190 then 'task_' || k + 1 else 'app.mail.send' end,
  case when k < 100 then 'scheduled' when k < 190 then 'date_field' else 'one_off' end,
  case when k between 100 and 189 then '{"id": ' || n || '}' else '' end, 'default', 100,
  case when n %% 3 = 0 then '{"sent": 17, "skipped": 2}'::jsonb end,
  case when n %% 100 = 0 then repeat('Traceback: line of an error ', 12) end
from (
  select n, (sqrt(random()) * 200)::int %% 200, cast(%(date)s as date)::timestamp at time zone 'UTC' + n * (interval '86398 s' / %(count)s)
  from generate_series(1, %(count)s) n
) made (n, k, at)
"""


def main() -> None:
    rows = int(sys.argv[2]) if len(sys.argv) > 2 else 10_000_000
    with ExitStack() as stack:
        if len(sys.argv) > 1:
            dsn = sys.argv[1]
        else:
            dsn = stack.enter_context(EmbeddedServer(temporary=True, binaries=system_binaries())).dsn
        connection = stack.enter_context(psycopg.connect(dsn, autocommit=True))
        migration.migrate(connection)
        print(f"{'claims before':28} {claims(connection)}")
        fill(connection, rows)
        day = one(connection, "select ((now() at time zone 'UTC')::date - 7)::text")
        for name, filters in FILTERS.items():
            call = statements.records.find(
                {key: str(value).replace("{day}", day) for key, value in filters.items()},
                50,
                newest_first=True,
            )
            milliseconds = best(lambda call=call: connection.execute(call.sql, call.parameters).fetchall())
            print(f"{name:28} {milliseconds:8.1f} ms", flush=True)
        print(f"{'claims after':28} {claims(connection)}")


def fill(connection: psycopg.Connection, rows: int) -> None:
    for back in range(DAYS - 1, -1, -1):
        date = one(connection, "select ((now() at time zone 'UTC')::date - %s::int)::text", [back])
        name = f"run_history_{date.replace('-', '')}"
        connection.execute(
            f"create table if not exists jittask.{name} partition of jittask.run_history "
            f"for values from ('{date} 00:00+00') to (timestamptz '{date} 00:00+00' + interval '24 hours')"
        )
        connection.execute(FILL, {"day": back, "date": date, "count": rows // DAYS})
    connection.execute("analyze jittask.run_history")
    size = one(
        connection,
        "select pg_size_pretty(sum(pg_total_relation_size(inhrelid))) from pg_inherits where inhparent = 'jittask.run_history'::regclass",
    )
    print(
        f"{'records':28} {one(connection, 'select count(*) from jittask.run_history')} in {size}", flush=True
    )


def claims(connection: psycopg.Connection, count: int = 5000, size: int = 100) -> str:
    """Median of claiming and finishing in batches."""
    worker = one(connection, "select jittask.register_worker('bench', 'bench', 1, '0')")
    connection.execute(
        "select jittask.enqueue_many('f', array_agg('{}'::jsonb)) from generate_series(1, %s)", [count]
    )
    taken: list[float] = []
    ended: list[float] = []
    while True:
        begin = perf_counter()
        found = connection.execute(
            "select occurrence_id, lease_id, token from jittask.claim(%s, %s)", [worker, size]
        ).fetchall()
        taken.append(perf_counter() - begin)
        if not found:
            return f"claim {sorted(taken)[len(taken) // 2] * 1000:.1f} ms, finish {sorted(ended)[len(ended) // 2] * 1000:.1f} ms, {size} a batch"
        ids = [row[0] for row in found]
        now = one(connection, "select jittask.to_us(jittask.now())")
        begin = perf_counter()
        connection.execute(
            "select * from jittask.finish(%s, %s, %s::bigint[], %s::bigint[], %s::bigint[], p_ends_lease => true)",
            [found[0][1], found[0][2], ids, [now] * len(ids), [now] * len(ids)],
        )
        ended.append(perf_counter() - begin)


def best(run: Callable[[], object], times: int = 3) -> float:
    def once() -> float:
        begin = perf_counter()
        run()
        return (perf_counter() - begin) * 1000

    return min(once() for _ in range(times))


def one(connection: psycopg.Connection, query: str, parameters: list[object] | None = None) -> str:
    row = connection.execute(query.encode(), parameters).fetchone()
    assert row is not None
    return row[0]


if __name__ == "__main__":
    main()
