"""Starts a Postgres in a private directory, shares it among the processes that ask for it, and stops it."""

from __future__ import annotations

import atexit
import fcntl
import hashlib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Self
from urllib.parse import quote

from ..errors import InvalidValueError, StateError, UnavailableError
from .binaries import POSTGRES_VERSION, copied_for_others, embedded_binaries, readable_by_others
from .os_user import server_user

__all__ = ["EmbeddedServer", "default_directory"]

# A Unix socket's path holds 107 bytes on Linux, 103 on macOS.
_LONGEST_SOCKET_FOLDER = 103 - len("/.s.PGSQL.5432")


def default_directory() -> Path:
    """Where the server of ``jittask dev`` keeps its data."""
    if os.geteuid() == 0:
        # Root's home is closed to the user that the server runs as.
        return Path("/var/lib/jittask_pg")
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "jittask_pg"


class EmbeddedServer:
    """A Postgres in a directory of its own, reachable over a Unix socket by its OS user (and root) only.

    Several processes may use the same directory: the first starts the server, the last stops it, also when
    others died. It stops at the end of the process at the latest.

    Args:
        directory: where it lives; made when missing. None = `default_directory()`, or a temporary one.
        temporary: True removes the directory after the stop; writes are not flushed to disk.
        postgres_version: major version of the embedded binaries.
        binaries: directory of other server programs to use instead.
        settings: further settings of postgresql.conf, by name.
        user: where we are root, the OS user to prefer.

    Raises:
        MissingExtraError: the extra ``embedded`` is not installed and no binaries are given.
    """

    def __init__(
        self,
        directory: str | Path | None = None,
        *,
        temporary: bool = False,
        postgres_version: int = POSTGRES_VERSION,
        binaries: Path | None = None,
        settings: Mapping[str, str] | None = None,
        user: str | None = None,
    ) -> None:
        self._binaries = binaries or embedded_binaries(postgres_version)
        self._temporary = temporary
        if directory is None:
            made = tempfile.mkdtemp(prefix="jittask-", dir=_short_temporary_folder()) if temporary else None
            self.directory = Path(made) if made else default_directory()
        else:
            self.directory = Path(directory).expanduser().resolve()
        self._settings = dict(settings or {})
        self._preferred_user = user
        self._user: pwd.struct_passwd | None = None
        self._holding: IO[str] | None = None
        self._process = os.getpid()

    @property
    def dsn(self) -> str:
        """Connection URL of the running server, of its superuser and the database ``postgres``."""
        return f"postgresql://postgres@/postgres?host={quote(str(self._socket_folder()), safe='')}"

    @property
    def data(self) -> Path:
        """The data directory proper."""
        return self.directory / "data"

    def start(self) -> str:
        """Make the server when it is new, start it unless it runs, and answer its `dsn`.

        Raises:
            StateError: the data directory belongs to another major version.
            InvalidValueError: the directory cannot be reached by the server's OS user.
            UnavailableError: the server does not start; the error holds the end of its log.
        """
        if self._holding is not None:
            return self.dsn
        atexit.register(self.stop)
        self._prepare()
        with self._locked("lock", fcntl.LOCK_EX):
            self._refuse_other_version()
            if not (self.data / "PG_VERSION").exists():
                self._initialise()
            self._adopt_socket_folder()
            if self._pg_ctl("status", check=False) != 0:
                self._write_settings()
                self._launch()
            # A shared lock says that we use the server; the kernel takes it back even from the dead.
            self._holding = self._lock_file("users")
            fcntl.flock(self._holding, fcntl.LOCK_SH)
        return self.dsn

    def stop(self) -> None:
        """Give the server up; the last of its users stops it."""
        atexit.unregister(self.stop)
        # A forked child holds our lock along with us but does not own it.
        if self._holding is None or os.getpid() != self._process:
            return
        with self._locked("lock", fcntl.LOCK_EX):
            fcntl.flock(self._holding, fcntl.LOCK_UN)
            last = True
            try:
                fcntl.flock(self._holding, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                last = False
            if last:
                self._pg_ctl("stop", "--mode", "immediate" if self._temporary else "fast", check=False)
            self._holding.close()
            self._holding = None
        if last:
            folder = self._socket_folder()
            if folder != self.directory:
                shutil.rmtree(folder, ignore_errors=True)
            if self._temporary:
                shutil.rmtree(self.directory, ignore_errors=True)

    def restart(self, *, immediate: bool = False) -> None:
        """Stop the server and start it again.

        Args:
            immediate: as in a crash: connections are cut, the log is replayed at the start.
        """
        self._pg_ctl("stop", "--mode", "immediate" if immediate else "fast")
        self._launch()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _prepare(self) -> None:
        self._user = server_user(self.directory, self._preferred_user)
        try:
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self._user is not None:
                os.chown(self.directory, self._user.pw_uid, self._user.pw_gid)
            self.directory.chmod(0o700)
        except OSError as error:
            raise InvalidValueError(
                f'The directory "{self.directory}" cannot be used', str(error), "Choose another one"
            ) from None
        if self._user is None:
            return
        closed = [folder for folder in self.directory.parents if not folder.stat().st_mode & 0o001]
        if closed:
            raise InvalidValueError(
                f'The directory "{self.directory}" cannot be reached by the OS user "{self._user.pw_name}"',
                f'"{closed[-1]}" is closed to it',
                "Choose a directory below /var/lib or /tmp",
            )
        if not readable_by_others(self._binaries):
            self._binaries = copied_for_others(self._binaries, self.directory / "programs")

    def _refuse_other_version(self) -> None:
        made_by = self.data / "PG_VERSION"
        if not made_by.exists():
            return
        answer = subprocess.run(
            [str(self._binaries / "postgres"), "--version"], check=True, capture_output=True, text=True
        ).stdout
        present, wanted = made_by.read_text().strip(), answer.split()[2].split(".")[0]
        if present != wanted:
            raise StateError(
                f'The data in "{self.directory}" belongs to Postgres {present}',
                f"The programs are those of Postgres {wanted}",
                "Choose another directory, or move the data with pg_dump",
            )

    def _initialise(self) -> None:
        # A half-made directory of an interrupted attempt would be refused.
        shutil.rmtree(self.data, ignore_errors=True)
        arguments = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C"]
        if self._temporary:
            arguments.append("--no-sync")
        self._run("initdb", "--pgdata", str(self.data), *arguments)
        with (self.data / "postgresql.conf").open("a") as file:
            file.write("\ninclude = '../server.conf'\n")

    def _write_settings(self) -> None:
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self._socket_folder()),
            "unix_socket_permissions": "0700",
        }
        if self._temporary:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        settings |= self._settings
        path = self.directory / "server.conf"
        lines = (f"{name} = '{value.replace(chr(39), chr(39) * 2)}'\n" for name, value in settings.items())
        path.write_text("".join(lines))
        self._own(path)

    def _launch(self) -> None:
        log = self.directory / "log"
        try:
            self._run(
                "pg_ctl", "start", "--wait", "--timeout=60", "--pgdata", str(self.data), "--log", str(log)
            )
        except UnavailableError as error:
            with suppress(OSError):
                tail = log.read_text("utf-8", "replace").strip().splitlines()[-5:]
                error.value = "; ".join(tail) or error.value
            raise

    def _pg_ctl(self, *arguments: str, check: bool = True) -> int:
        return self._run("pg_ctl", *arguments, "--pgdata", str(self.data), check=check)

    def _run(self, program: str, *arguments: str, check: bool = True) -> int:
        # PGDATA, PGPORT … of the environment are meant for other servers.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        # A file, not a pipe: the server inherits it and would keep the pipe open.
        with tempfile.TemporaryFile("w+") as output:
            done = subprocess.run(
                [str(self._binaries / program), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self.directory,
                env=environment,
                check=False,
                user=None if self._user is None else self._user.pw_uid,
                group=None if self._user is None else self._user.pw_gid,
                extra_groups=None if self._user is None else [],
            )
            output.seek(0)
            said = output.read().strip()
        if check and done.returncode != 0:
            raise UnavailableError(
                f'"{program}" failed in "{self.directory}"',
                "; ".join(said.splitlines()[-5:]) or f"exit code {done.returncode}",
                f'Read "{self.directory / "log"}", or name a server of yours with --dsn',
            )
        return done.returncode

    def _socket_folder(self) -> Path:
        if len(os.fsencode(self.directory)) <= _LONGEST_SOCKET_FOLDER:
            return self.directory
        digest = hashlib.sha256(os.fsencode(self.directory)).hexdigest()[:12]
        return Path("/tmp") / f"jittask-{os.geteuid()}-{digest}"

    def _adopt_socket_folder(self) -> None:
        folder = self._socket_folder()
        if folder == self.directory:
            return
        owner = os.geteuid() if self._user is None else self._user.pw_uid
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
            self._own(folder)
        state = folder.lstat()
        # /tmp is open to all: somebody else may have put a folder of that name there.
        if state.st_uid != owner or state.st_mode & 0o077 or folder.is_symlink():
            raise StateError(
                f'The folder "{folder}" is not ours alone',
                "the path of the directory is too long for a socket, so this folder is needed",
                "Choose a directory with a shorter path",
            )

    def _own(self, path: Path) -> None:
        if self._user is not None:
            os.chown(path, self._user.pw_uid, self._user.pw_gid)

    def _lock_file(self, name: str) -> IO[str]:
        # Inside the private directory, so that no other user of the machine can hold it or be held by it.
        path = self.directory / name
        file = path.open("a")
        self._own(path)
        return file

    def _locked(self, name: str, kind: int) -> IO[str]:
        file = self._lock_file(name)
        fcntl.flock(file, kind)
        return file


def _short_temporary_folder() -> str:
    folder = tempfile.gettempdir()
    return folder if len(folder) < 60 else "/tmp"
