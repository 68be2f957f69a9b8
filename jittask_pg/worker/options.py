"""What a worker is told when it is started."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["WorkerOptions"]


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """How workers run. It crosses to child processes, so it holds plain values only.

    Attributes:
        dsns: the databases to serve, at least one; each gets processes of its own.
        processes: processes for each database.
        queues: names of the queues to serve; None = all.
        concurrency: threads for ordinary functions, in each process.
        async_concurrency: ``async def`` functions that may run at once, in each process.
        child_concurrency: child processes for functions with process isolation, in each process.
        imports: modules that register functions.
        allow: module prefixes from which dotted paths may be resolved.
        inline: also run the source that tasks carry.
        pooler: the connection string leads to a pooler in transaction mode: no prepared statements, no
            LISTEN, no session state.
        grace: seconds that running functions get after the first SIGTERM.
        name: name in the records; None = ``host:pid``.
        drain: end when nothing is due and nothing runs.
        reconnect: wait for a database that cannot be reached; False = end with an error instead.
        memory_limit: bytes of address space for each child process of process isolation; None = no limit.
        sweep: take part in maintenance.
    """

    dsns: tuple[str, ...]
    processes: int = 1
    queues: tuple[str, ...] | None = None
    concurrency: int = 8
    async_concurrency: int = 100
    child_concurrency: int = 2
    imports: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()
    inline: bool = False
    pooler: bool = False
    grace: float = 25.0
    name: str | None = None
    drain: bool = False
    reconnect: bool = True
    memory_limit: int | None = None
    sweep: bool = True
