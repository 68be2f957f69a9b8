"""A real Postgres for the tests: one that is named, one made of system binaries, or the embedded one."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from psycopg import conninfo

TEST_DSN_VARIABLE = "JITTASK_TEST_DSN"


@contextmanager
def running_server() -> Iterator[str]:
    """DSN of a server on which databases may be made and dropped; what was started is stopped and removed."""
    named = os.environ.get(TEST_DSN_VARIABLE)
    if named:
        yield named
        return
    binaries = system_binaries()
    if binaries is not None and (os.geteuid() != 0 or server_user() is not None):
        with system_server(binaries) as dsn:
            yield dsn
        return
    with embedded_server() as dsn:
        yield dsn


def system_binaries() -> Path | None:
    """Directory of initdb and pg_ctl: what pg_config names, else the newest of Debian's; None = none."""
    candidates: list[Path] = []
    with suppress(OSError, subprocess.CalledProcessError):
        answer = subprocess.run(["pg_config", "--bindir"], check=True, capture_output=True, text=True)
        candidates.append(Path(answer.stdout.strip()))
    versions = Path("/usr/lib/postgresql").glob("*/bin")
    candidates += sorted(versions, key=lambda path: float(path.parent.name), reverse=True)
    for candidate in candidates:
        if (candidate / "initdb").exists() and (candidate / "pg_ctl").exists():
            return candidate
    return None


def server_user() -> pwd.struct_passwd | None:
    """The OS user that the server runs as when the tests run as root, which Postgres refuses."""
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return None


@contextmanager
def system_server(binaries: Path) -> Iterator[str]:
    """A server of its own in a private directory, reachable over its Unix socket only."""
    # TMPDIR may be too long for a socket's path, /tmp never is.
    parent = tempfile.gettempdir()
    directory = Path(tempfile.mkdtemp(prefix="jittask-test-", dir=parent if len(parent) < 60 else "/tmp"))
    identity: dict[str, object] = {}
    if os.geteuid() == 0:
        user = server_user()
        assert user is not None
        os.chown(directory, user.pw_uid, user.pw_gid)
        identity = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}

    def run(program: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(binaries / program), *arguments],
            stdin=subprocess.DEVNULL,
            # Files, not pipes: the server inherits them and would keep a pipe open.
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=directory,
            env=environment,
            check=False,
            **identity,  # type: ignore[arg-type]
        )
        if done.returncode != 0:
            output.seek(0)
            log = directory / "log"
            raise RuntimeError(output.read() + (log.read_text() if log.exists() else ""))

    data = directory / "data"
    settings = {
        "listen_addresses": "''",
        "unix_socket_directories": f"'{directory}'",
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "max_connections": "100",
        "shared_buffers": "64MB",
        "autovacuum": "on",
        "log_min_messages": "warning",
    }
    with tempfile.TemporaryFile("w+") as output:
        try:
            run(
                "initdb",
                "--pgdata",
                str(data),
                "--username=postgres",
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C",
                "--no-sync",
            )
            with (data / "postgresql.conf").open("a") as file:
                file.writelines(f"{name} = {value}\n" for name, value in settings.items())
            run("pg_ctl", "start", "--wait", "--pgdata", str(data), "--log", str(directory / "log"))
            try:
                yield conninfo.make_conninfo(host=str(directory), user="postgres", dbname="postgres")
            finally:
                run("pg_ctl", "stop", "--wait", "--mode=immediate", "--pgdata", str(data))
        finally:
            shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def embedded_server() -> Iterator[str]:
    """The server of the extra ``embedded``, for machines without Postgres."""
    from jittask_pg.embedded import EmbeddedServer

    directory = Path(tempfile.mkdtemp(prefix="jittask-test-"))
    try:
        with EmbeddedServer(directory / "data") as server:
            yield server.dsn
    finally:
        shutil.rmtree(directory, ignore_errors=True)
