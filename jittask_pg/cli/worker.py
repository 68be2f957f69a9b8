"""Starting workers."""

from __future__ import annotations

import os
import re
import sys
from contextlib import suppress

import click

from ..database import DSN_VARIABLE, connect, resolve_dsn
from ..errors import InvalidValueError, JitTaskError, UnavailableError
from ..migration import check_schema
from ..offsets import Offset

__all__ = ["worker"]

_SIZES = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30}


class _Seconds(click.ParamType):  # pyright: ignore[reportMissingTypeArgument]  # generic in newer releases only
    name = "length"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float | int):
            return float(value)
        text = str(value)
        if re.fullmatch(r"\d+(\.\d+)?", text):
            return float(text)
        try:
            elapsed = Offset.of(text, "this").elapsed
        except InvalidValueError as error:
            self.fail(error.fact, param, ctx)
        if elapsed is None or elapsed.total_seconds() < 0:
            self.fail(f'"{text}" is no positive length of elapsed time', param, ctx)
        return elapsed.total_seconds()


class _Bytes(click.ParamType):  # pyright: ignore[reportMissingTypeArgument]
    name = "size"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        found = re.fullmatch(r"(\d+)\s*([kmg]?)i?b?", str(value).strip().lower())
        if found is None:
            self.fail(f'"{value}" is no size; write 512MB or 2GB', param, ctx)
        return int(found[1]) * _SIZES[found[2]]


@click.command()
@click.option(
    "--dsn",
    "dsns",
    multiple=True,
    metavar="DSN",
    help=f"Database to serve; may be repeated; default: ${DSN_VARIABLE}.",
)
@click.option(
    "--import",
    "imports",
    multiple=True,
    metavar="MODULE",
    help="Module that registers functions; repeatable.",
)
@click.option(
    "--allow-prefix",
    "allow",
    multiple=True,
    metavar="PREFIX",
    help="Resolve dotted paths of handlers below this module, myapp.tasks; repeatable.",
)
@click.option("--queue", "queues", multiple=True, metavar="NAME", help="Serve only this queue; repeatable.")
@click.option(
    "--processes", type=click.IntRange(1, 256), default=1, show_default=True, help="For each database."
)
@click.option(
    "--threads",
    type=click.IntRange(1, 1000),
    default=8,
    show_default=True,
    help="Ordinary functions at once, per process.",
)
@click.option(
    "--async-limit",
    type=click.IntRange(1, 100_000),
    default=100,
    show_default=True,
    help="async def functions at once, per process.",
)
@click.option(
    "--children",
    type=click.IntRange(1, 256),
    default=2,
    show_default=True,
    help="Child processes for functions with process isolation, per process.",
)
@click.option("--child-memory", type=_Bytes(), metavar="SIZE", help="Limit for each of these, 512MB.")
@click.option("--inline", is_flag=True, help="Also run the Python source kept with tasks: as your OS user.")
@click.option(
    "--grace",
    type=_Seconds(),
    default="25 seconds",
    show_default=True,
    metavar="LENGTH",
    help="What running functions get after the first SIGTERM.",
)
@click.option("--pooler", is_flag=True, help="The DSN leads to a pooler in transaction mode, PgBouncer.")
@click.option(
    "--drain", "--exit-when-idle", "drain", is_flag=True, help="End when nothing is due and nothing runs."
)
@click.option("--name", metavar="NAME", help="Name in the records; default: host:pid.")
@click.option("--no-sweep", is_flag=True, help="Take no part in maintenance.")
@click.option("--no-reconnect", is_flag=True, help="End with an error where a database cannot be reached.")
def worker(
    dsns: tuple[str, ...],
    imports: tuple[str, ...],
    allow: tuple[str, ...],
    queues: tuple[str, ...],
    processes: int,
    threads: int,
    async_limit: int,
    children: int,
    child_memory: int | None,
    inline: bool,
    grace: float,
    pooler: bool,
    drain: bool,
    name: str | None,
    no_sweep: bool,
    no_reconnect: bool,
) -> None:
    """Claim due occurrences, call their functions and record the outcomes, until SIGTERM or Ctrl-C.

    The first signal lets running functions end within the grace, the second ends at once. Any number of
    workers may run, on any number of machines. Modules are looked up in the current folder too.

    \b
    Examples:
      jittask worker --import myapp.tasks --processes 4
      jittask worker --allow-prefix myapp.services --queue mail --drain
    """
    # As `python -m` does, so that an application needs no installation.
    sys.path.insert(0, os.getcwd())
    databases = tuple(resolve_dsn(dsn) for dsn in dsns or (None,))
    for dsn in databases:
        _check(dsn, pooler=pooler, must_answer=no_reconnect)
    # Here, so that no other command loads what workers need.
    from ..worker import WorkerOptions, begin_logging, run_workers

    begin_logging()
    options = WorkerOptions(
        dsns=databases,
        processes=processes,
        queues=queues or None,
        concurrency=threads,
        async_concurrency=async_limit,
        child_concurrency=children,
        imports=imports,
        allow=allow,
        inline=inline,
        pooler=pooler,
        grace=grace,
        name=name,
        drain=drain,
        reconnect=not no_reconnect,
        memory_limit=child_memory,
        sweep=not no_sweep,
    )
    sys.exit(run_workers(options))


def _check(dsn: str, *, pooler: bool, must_answer: bool) -> None:
    """Refuse a database without the schema at once; the workers wait for one that does not answer yet."""
    try:
        connection = connect(dsn, application_name="jittask command", pooler=pooler)
    except UnavailableError:
        if must_answer:
            raise
        return
    try:
        check_schema(connection, dsn)
    except UnavailableError:
        # It went away in between; the workers know how to wait for that.
        if must_answer:
            raise
    finally:
        with suppress(JitTaskError):
            connection.close()
