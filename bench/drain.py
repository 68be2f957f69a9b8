"""Drain, enqueue to start, and punctuality, in a database of its own on a server that is named.

python bench/drain.py postgresql://user@host/postgres
"""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager

import psycopg
from psycopg import conninfo

from jittask_pg import bench, migration


def main() -> None:
    with own_database(sys.argv[1]) as dsn:
        runs = [("floor, bare psycopg", bench.floor(dsn))]
        runs += [(f"drain, {n} process{'es' * (n > 1)}", bench.drain(dsn, processes=n)) for n in (1, 2)]
        runs += [("floor, once more", bench.floor(dsn))]
        for name, drained in runs:
            print(f"{name:24} {drained.rate:10,.0f} jobs/s   ({drained.jobs:,} in {drained.seconds:.2f} s)")
        for name, waited in (
            ("enqueue to start", bench.enqueue_to_start(dsn)),
            ("start after due time", bench.punctuality(dsn)),
        ):
            print(
                f"{name:24} p50 {waited.p50:.1f} ms   p99 {waited.p99:.1f} ms   "
                f"longest {waited.longest:.1f} ms   ({waited.count})"
            )


@contextmanager
def own_database(server: str) -> Generator[str, None, None]:
    name = "jittask_bench"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"drop database if exists {name} with (force)")
        connection.execute(f"create database {name}")
    dsn = conninfo.make_conninfo(server, dbname=name)
    try:
        with psycopg.connect(dsn, autocommit=True) as connection:
            migration.migrate(connection)
        yield dsn
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"drop database if exists {name} with (force)")


if __name__ == "__main__":
    main()
