"""Watched tables: comparing them with what is planned, and putting triggers on or taking them off."""

from __future__ import annotations

import click

from .. import statements
from ..errors import NotFoundError
from .output import answer, answer_rows, named
from .session import Session, with_session

__all__ = ["attach", "detach", "reconcile"]


@click.command()
@click.argument("table")
@with_session
def reconcile(session: Session, table: str) -> None:
    """Compare a watched table with what is planned for it, repair, and say what was wrong.

    For after a bypass of the triggers: a restore, session_replication_role, a truncated partition.

    \b
    Example:
      jittask reconcile app.contract
    """
    names = ("task", "missing", "extra", "wrong")
    stored = _stored(session, table)
    rows = named(names, session.run(statements.reconcile(stored)))
    answer_rows(
        session.as_json,
        rows,
        {"task": "task", "missing": "missing", "extra": "extra", "wrong": "wrong"},
        f'No task watches "{stored}"',
    )


@click.command()
@click.argument("table")
@with_session
def attach(session: Session, table: str) -> None:
    """Put our triggers on a table ahead of its first task, in a quiet hour for instance.

    Adding a date-field task does it by itself.

    \b
    Example:
      jittask attach app.contract
    """
    stored = _stored(session, table)
    session.patiently(lambda: session.run(statements.attach(stored)))
    answer(session.as_json, {"table": stored, "attached": True}, f'Attached to "{stored}"')


@click.command()
@click.argument("table")
@with_session
def detach(session: Session, table: str) -> None:
    """Take our triggers off a table that no active task watches, at once.

    \b
    Example:
      jittask detach app.contract
    """
    stored = _stored(session, table)
    session.patiently(lambda: session.run(statements.detach(stored)))
    answer(session.as_json, {"table": stored, "attached": False}, f'Detached from "{stored}"')


def _stored(session: Session, table: str) -> str:
    rows = session.run(statements.stored_table_name(table))
    if not rows:
        raise NotFoundError(f'There is no table "{table}"', None, "Give it as schema.table")
    return str(rows[0][0])
