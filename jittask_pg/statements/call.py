"""A statement with its parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import LiteralString, NamedTuple


class Call(NamedTuple):
    """A statement with its parameters.

    Attributes:
        sql: the text; every ``%`` that is no parameter is doubled.
        parameters: values by name.
    """

    sql: LiteralString
    parameters: Mapping[str, object] = {}
