"""Directories of tasks for tests of apply and export."""

from __future__ import annotations

from pathlib import Path

import psycopg

_IDENTITY = ["task_id", "created_by", "created_at", "updated_at", "paused_at"]


def write(directory: Path, files: dict[str, str | bytes]) -> Path:
    """Write files by their path below the directory."""
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return directory


def read(directory: Path) -> dict[str, str]:
    """Every file below the directory."""
    return {
        str(path.relative_to(directory)): path.read_bytes().decode()
        for path in directory.rglob("*")
        if path.is_file()
    }


def definitions(connection: psycopg.Connection) -> list[str]:
    """What tasks are defined as, to the letter: all columns but those that say who, when, and whether they are on."""
    return [
        row[0]
        for row in connection.execute(
            "select (to_jsonb(t) - %s::text[])::text from jittask.task t order by t.name", [_IDENTITY]
        )
    ]


def versions(connection: psycopg.Connection) -> list[tuple[object, ...]]:
    """What a write that changes nothing would change: when rows were written and planned."""
    return connection.execute(
        """
        select t.name, t.xmin::text, t.updated_at, p.plan_no, p.planned_at, p.xmin::text
        from jittask.task t
        join jittask.plan p using (task_id)
        order by t.name
        """
    ).fetchall()
