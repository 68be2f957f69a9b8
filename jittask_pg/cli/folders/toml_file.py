"""TOML files: read so that an error names the file and the line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from ...errors import InvalidValueError, JitTaskError

__all__ = ["TomlFile", "blamed", "read_text", "read_toml"]


@dataclass(frozen=True, slots=True)
class TomlFile:
    """What a file holds.

    Attributes:
        path: where it is.
        text: as it was read.
        values: its top level; numbers with a point are decimals.
    """

    path: Path
    text: str
    values: dict[str, Any]

    def check_keys(self, known: Collection[str]) -> None:
        """Refuse a key of the top level that is not among `known`."""
        for key in self.values:
            if key not in known:
                close = get_close_matches(key, known, 1)
                with self.blamed(key):
                    raise InvalidValueError(
                        f'"{key}" is not known here',
                        None,
                        f'Write "{close[0]}" if that was meant' if close else f"Known are {', '.join(known)}",
                    )

    @contextmanager
    def blamed(self, key: str | None = None) -> Generator[None, None, None]:
        """Within it, errors name the file, and the line of `key`, or of the key that they begin with."""
        try:
            yield
        except JitTaskError as error:
            line = self._line_of(key or error.fact.removeprefix("Field ").partition(" ")[0].lower())
            error.fact = f"{self.path}{line}: {error.fact}"
            raise

    def _line_of(self, key: str) -> str:
        found = re.search(rf"^[ \t]*\[*[ \t]*([\"']?){re.escape(key)}\1[ \t]*[.=\]]", self.text, re.MULTILINE)
        return f":{_line(self.text, found.start())}" if found else ""


@contextmanager
def blamed(path: Path) -> Generator[None, None, None]:
    """Within it, errors name the file, those of the system too."""
    try:
        yield
    except JitTaskError as error:
        error.fact = f"{path}: {error.fact}"
        raise
    except OSError as error:
        raise InvalidValueError(f"{path}: {error.strerror}") from None


def read_text(path: Path) -> str:
    """A file's text as it stands, line ends included.

    Raises:
        InvalidValueError: it cannot be read, or is not UTF-8.
    """
    with blamed(path):
        data = path.read_bytes()
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise InvalidValueError(
            f"{path}:{_line(data, error.start)}: byte 0x{data[error.start]:02x} is no UTF-8",
            None,
            "Save the file as UTF-8",
        ) from None


def read_toml(path: Path) -> TomlFile:
    """Read a file.

    Raises:
        InvalidValueError: it cannot be read, is not UTF-8, or is no TOML.
    """
    text = read_text(path)
    try:
        return TomlFile(path, text, tomllib.loads(text.removeprefix("\ufeff"), parse_float=Decimal))
    except RecursionError:
        raise InvalidValueError(f"{path}: it is nested too deeply") from None
    except ValueError as error:
        reason, _, place = str(error).partition(" (at ")
        numbers = re.findall(r"\d+", place) or [_line(text, len(text))]
        column = f" in column {numbers[1]}" if len(numbers) > 1 else ""
        raise InvalidValueError(f"{path}:{numbers[0]}: no TOML{column}: {reason}") from None


def _line(text: str | bytes, position: int) -> int:
    newline: Any = "\n" if isinstance(text, str) else b"\n"
    return text.count(newline, 0, position) + 1
