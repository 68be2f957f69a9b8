"""The documents' ``jit_utils.time``: the clock, and a time that can be moved and written."""

from __future__ import annotations

from datetime import datetime, timedelta

from .. import statements
from ..errors import InvalidValueError
from .scheduler import rows_of

__all__ = ["Moment", "now"]


class Moment(datetime):
    """A time in the installation's zone, with the two methods of the documents' example."""

    def shift(self, **lengths: float) -> Moment:
        """The time moved by weeks, days, hours, minutes or seconds; also months and years.

        Raises:
            InvalidValueError: an unknown unit.
        """
        units = ("years", "months", "weeks", "days", "hours", "minutes", "seconds")
        months = lengths.pop("months", 0) + 12 * lengths.pop("years", 0)
        for unit in lengths:
            if unit not in units:
                raise InvalidValueError(
                    f'"{unit}" is no unit of time',
                    None,
                    f"Give some of: {', '.join(units)}",
                )
        moved = self + timedelta(**lengths)
        for day in range(moved.day, moved.day - 4, -1):
            total = moved.year * 12 + moved.month - 1 + int(months)
            try:
                return moved.replace(year=total // 12, month=total % 12 + 1, day=day)
            except ValueError:
                continue
        raise InvalidValueError(f'"{self}" cannot be moved so far', None, "Stay within the years 1 to 9999")

    def format(self, pattern: str = "YYYY-MM-DD HH:mm:ss") -> str:
        """The time as text: YYYY, MM, DD, HH, mm and ss stand for its parts."""
        parts = {"YYYY": "%Y", "MM": "%m", "DD": "%d", "HH": "%H", "mm": "%M", "ss": "%S"}
        for part, code in parts.items():
            pattern = pattern.replace(part, code)
        return self.strftime(pattern)


def now() -> Moment:
    """The server's clock in the installation's zone, without zone."""
    rows = rows_of(statements.times.local_now())
    return Moment.fromisoformat(str(rows[0][0]))
