"""A real Postgres for the tests: one that is named, one made of system binaries, or the embedded one."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager

from jittask_pg.embedded import EmbeddedServer, system_binaries

TEST_DSN_VARIABLE = "JITTASK_TEST_DSN"
EMBEDDED_VARIABLE = "JITTASK_TEST_EMBEDDED"
"""Set to anything, the embedded server is used although another Postgres is installed."""

SETTINGS = {
    "autovacuum_naptime": "10s",
    "log_min_messages": "warning",
    "max_connections": "100",
    "shared_buffers": "64MB",
}


@contextmanager
def running_server() -> Generator[str, None, None]:
    """DSN of a server on which databases may be made and dropped; what was started is stopped and removed."""
    named = os.environ.get(TEST_DSN_VARIABLE)
    if named:
        yield named
        return
    # Installed programs bring the extensions that some tests look for; the embedded ones always work.
    binaries = None if os.environ.get(EMBEDDED_VARIABLE) else system_binaries()
    with EmbeddedServer(temporary=True, binaries=binaries, settings=SETTINGS, user="postgres") as server:
        yield server.dsn
