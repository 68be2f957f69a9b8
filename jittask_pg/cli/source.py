"""Watched tables: comparing them with what is planned, and putting triggers on or taking them off."""

from __future__ import annotations

import click

from .. import statements
from ..errors import InvalidValueError, JitTaskError, NotFoundError
from .output import answer, answer_rows, counted
from .progress import Progress
from .session import Session, with_session

__all__ = ["attach", "detach", "reconcile"]


@click.command()
@click.argument("table")
@with_session
def reconcile(session: Session, table: str) -> None:
    """Compare a watched table with what is planned for it, repair, and say what was wrong.

    For after a bypass of the triggers: a restore, session_replication_role, a truncated partition. The table
    is read in chunks, each a transaction of its own.

    \b
    Example:
      jittask reconcile app.contract
    """
    stored = _stored(session, table)
    counts: dict[str, dict[str, int]] = {}
    (rows,) = session.run(statements.source_tables.estimated_rows(stored))[0]
    with Progress() as progress:
        place: str | None = None
        compared = 0
        while found := session.patiently(
            lambda: session.run(statements.source_tables.reconcile_next(stored, place))  # noqa: B023
        ):
            task, looked, *faults, place = found[0]
            if task not in counts:
                counts[task], compared = {"missing": 0, "extra": 0, "wrong": 0}, 0
            for fault, number in zip(counts[task], faults, strict=True):
                counts[task][fault] += number
            compared += looked
            progress.show(f'Comparing "{task}" with "{stored}"', compared, rows)
            if place is None:
                break
    answer_rows(
        session.as_json,
        [{"task": task, **faults} for task, faults in counts.items()],
        {"task": "task", "missing": "missing", "extra": "extra", "wrong": "wrong"},
        f'No task watches "{stored}"',
    )
    if counts and not session.as_json:
        mended = sum(sum(faults.values()) for faults in counts.values())
        click.echo(f"{counted(mended, 'difference')} mended" if mended else "Nothing differed")


@click.command()
@click.argument("table", required=False)
@click.option("--all", "every", is_flag=True, help="All tables that tasks watch.")
@click.option(
    "--replicated", is_flag=True, default=None, help="See rows that logical replication applies too."
)
@click.option(
    "--on-error",
    type=click.Choice(["replan", "raise"]),
    help="What an error of ours does to the statement: replan lets it go on and plans the rows later.",
)
@with_session
def attach(
    session: Session, table: str | None, every: bool, replicated: bool | None, on_error: str | None
) -> None:
    """Put our triggers on a table: ahead of its first task, or again after detach --keep.

    Adding a date-field task does it by itself. What was written while the triggers were off is planned.

    \b
    Examples:
      jittask attach app.contract
      jittask attach --all
      jittask attach app.contract --on-error raise
    """
    failures: list[JitTaskError] = []
    for stored in _chosen(session, table, every):
        try:
            session.patiently(
                lambda stored=stored: session.run(statements.source_tables.attach(stored, replicated))
            )
            if on_error is not None:
                session.run(statements.source_tables.set_on_error(stored, on_error))
        except JitTaskError as error:
            # Of many tables one that is missing must not keep the others from being attached.
            failures.append(error)
            continue
        answer(session.as_json, {"table": stored, "attached": True}, f'Attached to "{stored}"')
    for error in failures[:-1]:
        click.echo(f"Error: {error}", err=True)
    if failures:
        raise failures[-1]


@click.command()
@click.argument("table", required=False)
@click.option("--all", "every", is_flag=True, help="All tables that tasks watch.")
@click.option("--keep", is_flag=True, help="Leave the tasks as they are, until jittask attach.")
@with_session
def detach(session: Session, table: str | None, every: bool, keep: bool) -> None:
    """Take our triggers off a table at once: one that no active task watches, or, with --keep, any.

    \b
    Examples:
      jittask detach app.contract
      jittask detach --all --keep
    """
    for stored in _chosen(session, table, every):
        session.patiently(lambda stored=stored: session.run(statements.source_tables.detach(stored, keep)))
        answer(session.as_json, {"table": stored, "attached": False}, f'Detached from "{stored}"')


def _chosen(session: Session, table: str | None, every: bool) -> list[str]:
    if every == (table is not None):
        raise InvalidValueError(
            "Give a table, or --all", None, "jittask attach --all takes every watched table"
        )
    if table is not None:
        return [_stored(session, table)]
    return [str(row[0]) for row in session.run(statements.source_tables.watched())]


def _stored(session: Session, table: str) -> str:
    rows = session.run(statements.source_tables.stored_name(table))
    if not rows:
        raise NotFoundError(f'There is no table "{table}"', None, "Give it as schema.table")
    return str(rows[0][0])
