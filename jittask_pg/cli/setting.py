"""Settings of the installation."""

from __future__ import annotations

import click

from .. import statements
from ..errors import InvalidValueError, NotFoundError
from ..offsets import Offset
from .output import answer, answer_rows
from .session import Session, with_session

__all__ = ["change", "setting"]

_MEANINGS = {
    "timezone": "zone of tasks that name none",
    "history_retention": "how long records are kept",
    "poll_interval": "the longest sleep of a worker",
    "lease_duration": "how long a claim holds without renewal",
    "notify": "whether writers wake sleeping workers: on or off",
}
_LENGTHS = ("history_retention", "poll_interval", "lease_duration")


@click.group()
def setting() -> None:
    """Settings of this installation, for all its workers and writers."""


@setting.command("list")
@with_session
def list_(session: Session) -> None:
    """Show all settings.

    \b
    Example:
      jittask setting list --json
    """
    rows = [
        {"name": name, "value": value, "meaning": _MEANINGS.get(name, "")}
        for name, value in session.run(statements.settings.listed())
    ]
    answer_rows(
        session.as_json,
        rows,
        {"name": "setting", "value": "value", "meaning": "meaning"},
        "There are no settings",
    )


@setting.command("set")
@click.argument("name")
@click.argument("value")
@with_session
def set_(session: Session, name: str, value: str) -> None:
    """Change a setting.

    \b
    Examples:
      jittask setting set timezone Asia/Shanghai
      jittask setting set history_retention "90 days"
    """
    stored = change(session, name, value)
    answer(session.as_json, {"name": name, "value": stored}, f"{name} is {stored}")


def change(session: Session, name: str, value: str) -> str:
    """Check and store one setting; returns it as stored."""
    known = [row[0] for row in session.run(statements.settings.listed())]
    if name not in known:
        raise NotFoundError(f'There is no setting "{name}"', None, f"The settings are: {', '.join(known)}")
    if name in _LENGTHS:
        length = Offset.of(value, name)
        if length.months < 0 or length.days < 0 or length.seconds < 0 or length == Offset():
            raise InvalidValueError(f'{name} is "{value}"', None, 'Give a positive length, such as "30 days"')
        value = str(length)
    if name == "notify" and value not in ("on", "off"):
        raise InvalidValueError(f'notify is "{value}"', None, "Give on or off")
    return str(session.run(statements.settings.change(name, value))[0][0])
