"""What a task's folder is called, and a calendar's file."""

from __future__ import annotations

import re
from hashlib import sha256

from ...errors import InvalidValueError

__all__ = ["CALENDARS", "SOURCE_FILE", "TASK_FILE", "folder_of"]

TASK_FILE = "task.toml"
SOURCE_FILE = "inner.py"
CALENDARS = "calendars"
"""The folder of the calendars' files, which no task's folder may be called."""

# File systems take 255, and a calendar's file has its ending besides.
_MOST_BYTES = 240


def folder_of(name: str) -> str:
    """The name itself, with what no folder's name can hold as ``%2F``; a long one cut, and told apart by a
    digest.

    Raises:
        InvalidValueError: it came from a file system that did not spell it in UTF-8.
    """
    safe = re.sub(
        rf"[/%]|^\.|^{CALENDARS[0]}(?={CALENDARS[1:]}\Z)",
        lambda found: f"%{ord(found[0]):02X}",
        name,
        flags=re.IGNORECASE,
    )
    try:
        encoded = safe.encode()
    except UnicodeEncodeError:
        raise InvalidValueError(f"name is {name!a}, which is no UTF-8", None, "Rename it") from None
    if len(encoded) <= _MOST_BYTES:
        return safe
    digest = sha256(name.encode()).hexdigest()[:8]
    return encoded[: _MOST_BYTES - 9].decode(errors="ignore") + "~" + digest
