"""A tour of everything, in under a minute."""

from __future__ import annotations

import click

from .session import database_options, json_option

__all__ = ["demo"]


@click.command()
@database_options
@json_option
def demo(dsn: str | None, as_json: bool) -> int:
    """Show it all at work: two workers, two watched tables of 30,000 rows, a live view, a count at the end.

    Without a database it starts a Postgres of its own (extra `embedded`); on a server that is named it makes
    a database of its own, and drops it at the end. Exit code 0 only if what ran is what had to run.

    \b
    Examples:
      jittask demo
      jittask demo --dsn postgresql://postgres@localhost/postgres
    """
    # Loaded only when it is given: the tour brings SQLAlchemy along.
    from ..demo import DemoOptions, run_demo

    return run_demo(DemoOptions(dsn=dsn, as_json=as_json))
