"""Queues: switched off and on, and how full they are."""

from __future__ import annotations

import click

from .. import statements
from .output import answer, answer_rows
from .session import Session, with_session

__all__ = ["queue"]


@click.group()
def queue() -> None:
    """Queues: names by which occurrences are routed to workers."""


@queue.command()
@click.argument("name")
@with_session
def pause(session: Session, name: str) -> None:
    """Let nothing of a queue be claimed. What runs goes on; what falls due waits.

    \b
    Example:
      jittask queue pause mail
    """
    session.run(statements.queues.pause(name))
    answer(session.as_json, {"queue": name, "paused": True}, f'Paused queue "{name}"')


@queue.command()
@click.argument("name")
@with_session
def resume(session: Session, name: str) -> None:
    """Let a queue be claimed again.

    \b
    Example:
      jittask queue resume mail
    """
    session.run(statements.queues.resume(name))
    answer(session.as_json, {"queue": name, "paused": False}, f'Resumed queue "{name}"')


@queue.command("list")
@with_session
def list_(session: Session) -> None:
    """List queues with what waits in them.

    \b
    Example:
      jittask queue list
    """
    found = session.run(statements.queues.listed())
    paused = session.local([row[1] for row in found])
    rows = [
        {"queue": name, "paused_at": paused_at, "waiting": waiting, "due": due}
        for (name, _, waiting, due), paused_at in zip(found, paused, strict=True)
    ]
    answer_rows(
        session.as_json,
        rows,
        {"queue": "queue", "waiting": "waiting", "due": "due now", "paused_at": "paused since"},
        "Nothing waits in any queue",
    )
