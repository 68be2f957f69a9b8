"""A PgBouncer in transaction mode before the tests' server, on a Unix socket of its own."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import conninfo

_PORT = 6543
_CONFIG = """
[databases]
* = {server}
[pgbouncer]
pool_mode = transaction
default_pool_size = {size}
max_client_conn = 200
listen_addr =
unix_socket_dir = {directory}
listen_port = {port}
auth_type = any
admin_users = nobody
ignore_startup_parameters = {ignored}
"""


def program() -> str | None:
    """The installed PgBouncer; None = there is none."""
    return shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


@contextmanager
def pooled(dsn: str, *, size: int = 4, ignored: str = "") -> Generator[str, None, None]:
    """A DSN that leads to the database of `dsn` through a PgBouncer.

    Args:
        dsn: the database itself.
        size: connections to the server.
        ignored: startup parameters that it takes and drops.
    """
    found = program()
    assert found is not None
    given = conninfo.conninfo_to_dict(dsn)
    server = {name: value for name, value in given.items() if name in ("host", "port", "user", "password")}
    owner = _owner(str(given.get("host", "")))
    with tempfile.TemporaryDirectory(prefix="jittask-pooler-", dir="/tmp") as folder:
        directory = Path(folder)
        config = directory / "pgbouncer.ini"
        config.write_text(
            _CONFIG.format(
                server=" ".join(f"{name}='{value}'" for name, value in server.items()),
                size=size, directory=directory, port=_PORT, ignored=ignored,
            )
        )  # fmt: skip
        if owner is not None:
            os.chown(directory, owner.pw_uid, owner.pw_gid)
        process = subprocess.Popen(
            [found, "-q", str(config)],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            user=None if owner is None else owner.pw_uid, group=None if owner is None else owner.pw_gid,
            extra_groups=None if owner is None else [],
        )  # fmt: skip
        through = conninfo.make_conninfo(dsn, host=str(directory), port=_PORT)
        try:
            _wait_for(through, process)
            yield through
        finally:
            process.kill()
            process.communicate()


def _owner(host: str) -> pwd.struct_passwd | None:
    """PgBouncer refuses to run as root: then as whoever may reach the server's socket."""
    if os.geteuid() != 0:
        return None
    if host.startswith("/"):
        return pwd.getpwuid(os.stat(host).st_uid)
    return pwd.getpwnam("nobody")


def _wait_for(dsn: str, process: subprocess.Popen[str]) -> None:
    end = time.monotonic() + 10
    while True:
        try:
            psycopg.connect(dsn, connect_timeout=2).close()
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > end:
                process.kill()
                _, said = process.communicate()
                raise AssertionError(said) from None
            time.sleep(0.02)
        else:
            return
