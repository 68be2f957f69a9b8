"""Takes secrets out of text before it is stored or shown: the one place that knows what they look like."""

from __future__ import annotations

import re

__all__ = ["redact"]

_URL = re.compile(r"(\b[a-z][a-z0-9+.-]*://[^\s/?#@:'\"]*):[^\s/?#'\"]*@", re.IGNORECASE)
_SETTING = re.compile(
    r"(\b(?:ssl)?password\s*=\s*)('(?:[^'\\]|\\.)*'|\"[^\"]*\"|[^\s&,;)'\"]+)", re.IGNORECASE
)
_MARKS = ("://", "assword")


def redact(text: str) -> str:
    """The text with the passwords of connection strings and URLs replaced by ``***``."""
    if not any(mark in text for mark in _MARKS) and "PASSWORD" not in text:
        return text
    return _SETTING.sub(r"\1***", _URL.sub(r"\1:***@", text))
