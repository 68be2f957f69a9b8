"""Completion of commands, options and task names in a shell."""

from __future__ import annotations

import os
from pathlib import Path

import click
from click.shell_completion import get_completion_class

from ..errors import InvalidValueError

__all__ = ["completion"]

_SHELLS = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", type=click.Choice(_SHELLS), required=False)
@click.pass_context
def completion(context: click.Context, shell: str | None) -> None:
    """Print the script that teaches a shell to complete jittask.

    \b
    Examples:
      eval "$(jittask completion bash)"
      jittask completion fish > ~/.config/fish/completions/jittask.fish
    """
    name = shell or Path(os.environ.get("SHELL", "")).name
    found = get_completion_class(name)
    if found is None or name not in _SHELLS:
        raise InvalidValueError(f'Shell "{name}" is not known', None, f"Name one of {', '.join(_SHELLS)}")
    root = context.find_root().command
    click.echo(found(root, {}, "jittask", "_JITTASK_COMPLETE").source())
