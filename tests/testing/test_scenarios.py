"""Whole stories with a moving clock: what ran, for which row, due when, and nothing more."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from psycopg import sql

from jittask_pg.testing import Rehearsal

SCENARIOS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "cases" / "scenarios.json").read_text()
)["scenarios"]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=[scenario["id"] for scenario in SCENARIOS])
def test_what_runs_is_what_the_scenario_says(
    scenario: dict[str, Any], fresh_database: Callable[..., str]
) -> None:
    called: list[tuple[int | None, str]] = []

    def note(row: Any = None, context: Any = None) -> str:
        called.append((None if row is None else row.id, context.due_at.isoformat()))
        return "noted"

    with Rehearsal(fresh_database(), scenario["clock_start"], {"note": note}) as rehearsal:
        _make_table(rehearsal, scenario["column_types"] or "timestamptz")
        runs = []
        for step in scenario["steps"]:
            runs += rehearsal.advance(step["at"])
            _do(rehearsal, step)
        runs += rehearsal.advance(scenario["until"])

        expected = [(run["row"], _seconds(run["due"])) for run in scenario["runs"]]
        assert [
            (run.source_key["id"] if run.source_key else None, _seconds(run.due_at)) for run in runs
        ] == expected
        assert all(run.status == "completed" and run.result == "noted" for run in runs), runs
        late = [run["late_at"] for run in scenario["runs"] if "late_at" in run]
        assert [run.started_at for run in runs if run.started_at and run.started_at > run.due_at] == [
            datetime.fromisoformat(instant) for instant in late
        ] or not late
        assert len(called) == len(runs)


def _make_table(rehearsal: Rehearsal, column_type: str) -> None:
    rehearsal.connection.execute(
        sql.SQL(
            'create table posts (id int primary key, "createdAt" {0}, due {0}, stop_at {0}, date1 {0}, touched {0})'
        ).format(sql.SQL(column_type))
    )


def _do(rehearsal: Rehearsal, step: dict[str, Any]) -> None:
    connection, values = rehearsal.connection, step.get("values", {})
    columns = sql.SQL(", ").join(map(sql.Identifier, values))
    if step["op"] == "insert_task":
        name = f"task {step['task']}"
        connection.execute(
            sql.SQL("insert into jittask.task (name, {}) values ({})").format(
                columns, sql.SQL(", ").join([sql.Placeholder()] * (len(values) + 1))
            ),
            [name, *map(_parameter, values.values())],
        )
    elif step["op"] in ("update_task", "touch_task", "pause_task"):
        changes = values or {
            "touch_task": {"start_at": _start_of(rehearsal, step["task"])},
            "pause_task": {"paused_at": step["at"]},
        }.get(step["op"], {})
        _update(rehearsal, sql.SQL("jittask.task"), changes, sql.SQL("name"), f"task {step['task']}")
    elif step["op"] == "insert":
        connection.execute(
            sql.SQL("insert into posts (id, {}) values (%s, {})").format(
                columns, sql.SQL(", ").join([sql.Placeholder()] * len(values))
            ),
            [step["row"], *values.values()],
        )
    elif step["op"] == "update":
        _update(rehearsal, sql.SQL("posts"), values, sql.SQL("id"), step["row"])
    elif step["op"] == "delete":
        connection.execute("delete from posts where id = %s", [step["row"]])
    elif step["op"] in ("workers_stop", "workers_start"):
        rehearsal.workers_stopped = step["op"] == "workers_stop"
    else:
        raise AssertionError(step["op"])


def _update(
    rehearsal: Rehearsal, table: sql.SQL, changes: dict[str, Any], key_column: sql.SQL, key: object
) -> None:
    settings = sql.SQL(", ").join(sql.SQL("{} = %s").format(sql.Identifier(name)) for name in changes)
    rehearsal.connection.execute(
        sql.SQL("update {} set {} where {} = %s").format(table, settings, key_column),
        [*map(_parameter, changes.values()), key],
    )


def _start_of(rehearsal: Rehearsal, task: int) -> Any:
    row = rehearsal.connection.execute(
        "select start_at from jittask.task where name = %s", [f"task {task}"]
    ).fetchone()
    assert row is not None
    return row[0]


def _parameter(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, (dict, list)) else value


def _seconds(instant: str | datetime) -> datetime:
    moment = datetime.fromisoformat(instant) if isinstance(instant, str) else instant
    return moment.replace(microsecond=0)
