"""Settings of the installation."""

from __future__ import annotations

from .call import Call


def listed() -> Call:
    """Settings of the installation: name, value."""
    return Call("select s.name, s.value from jittask.setting s order by s.name")


def change(name: str, value: str) -> Call:
    """Changes a setting; one row: the value as stored. Names of zones are checked."""
    return Call(
        """
        update jittask.setting s
        set value = case s.name
          when 'timezone' then jittask.canonical_timezone(cast(%(value)s as text))
          else cast(%(value)s as text)
        end
        where s.name = cast(%(name)s as text)
        returning s.value
        """,
        {"name": name, "value": value},
    )
