"""All benchmarks, one after the other, on a server made for them: ``python -m bench``.

Its writes are flushed to disk, as those of a real server are. JITTASK_BENCH_DSN names another server.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import conninfo

from jittask_pg.embedded import EmbeddedServer, system_binaries
from jittask_pg.migration import migrate

HERE = Path(__file__).parent
SETTINGS = {
    "fsync": "on",
    "full_page_writes": "on",
    "max_wal_size": "4GB",
    "shared_buffers": "512MB",
    "synchronous_commit": "on",
}


def main() -> None:
    with server() as dsn:
        for script in ("recurrence.py", "watch.py", "drain.py"):
            print(f"\n{script}", flush=True)
            with database(dsn, f"jittask_bench_{Path(script).stem}") as own:
                subprocess.run([sys.executable, str(HERE / script), own], check=True, cwd=HERE.parent)


@contextmanager
def server() -> Generator[str, None, None]:
    named = os.environ.get("JITTASK_BENCH_DSN")
    if named:
        yield named
        return
    with EmbeddedServer(temporary=True, binaries=system_binaries(), settings=SETTINGS) as started:
        yield started.dsn


@contextmanager
def database(server_dsn: str, name: str) -> Generator[str, None, None]:
    with psycopg.connect(server_dsn, autocommit=True) as connection:
        connection.execute(f"drop database if exists {name} with (force)")
        connection.execute(f"create database {name}")
        dsn = conninfo.make_conninfo(server_dsn, dbname=name)
        with psycopg.connect(dsn, autocommit=True) as own:
            migrate(own)
        yield dsn
        connection.execute(f"drop database {name} with (force)")


if __name__ == "__main__":
    main()
