"""A one-off belongs to the caller's transaction, whatever kind of connection the caller has."""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import Iterator

import psycopg
import pytest
from psycopg.rows import dict_row
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from jittask_pg import InvalidValueError, JitTask
from tests.api.functions import anything, check_and_cancel
from tests.api.urls import url_of

needs_greenlet = pytest.mark.skipif(
    importlib.util.find_spec("greenlet") is None, reason="SQLAlchemy's asyncio needs greenlet"
)


@pytest.fixture
def engine(database: str) -> Iterator[Engine]:
    made = create_engine(url_of(database))
    yield made
    made.dispose()


def exists(connection: psycopg.Connection, occurrence_id: int) -> bool:
    return (
        connection.execute(
            "select from jittask.due_queue where occurrence_id = %s", [occurrence_id]
        ).fetchone()
        is not None
    )


def test_a_session_commits_and_rolls_back_its_one_offs(
    jittask: JitTask, engine: Engine, connection: psycopg.Connection
) -> None:
    with Session(engine) as session:
        kept = jittask.enqueue(check_and_cancel, order_id=7, delay="30 minutes", connection=session)
        assert not exists(connection, kept)
        session.commit()
        assert exists(connection, kept)
        lost = jittask.enqueue(check_and_cancel, order_id=8, connection=session)
        session.rollback()
        assert not exists(connection, lost)


def test_a_scoped_session_does_as_its_session_does(
    jittask: JitTask, engine: Engine, connection: psycopg.Connection
) -> None:
    session = scoped_session(sessionmaker(engine))
    kept = jittask.enqueue(check_and_cancel, order_id=7, connection=session)
    assert not exists(connection, kept)
    session.commit()
    session.remove()
    assert exists(connection, kept)


def test_a_sqlalchemy_connection_commits_and_rolls_back_its_one_offs(
    jittask: JitTask, engine: Engine, connection: psycopg.Connection
) -> None:
    with engine.connect() as theirs:
        kept = jittask.enqueue(check_and_cancel, order_id=7, connection=theirs)
        assert theirs.in_transaction()
        assert not exists(connection, kept)
        theirs.commit()
        assert exists(connection, kept)
        lost = jittask.enqueue(check_and_cancel, order_id=7, connection=theirs)
        theirs.rollback()
        assert not exists(connection, lost)


@pytest.mark.parametrize("driver", ["psycopg", "psycopg2"])
def test_every_statement_runs_on_any_driver(jittask: JitTask, database: str, driver: str) -> None:
    pytest.importorskip(driver)
    engine = create_engine(url_of(database, driver))
    with Session(engine) as session:
        jittask.schedule("by_driver", "a.b", None, start="2030-01-01 09:00", connection=session)
        assert jittask.preview("by_driver", connection=session)[0].occurrence_no == 1
        assert "by_driver" in jittask.explain("by_driver", connection=session)
        [one] = jittask.enqueue_many("a.b", [{"text": "100 % ü :name"}], connection=session)
        assert jittask.cancel(one, connection=session) == "cancelled"
        second = jittask.retry(one, connection=session)
        assert jittask.run_now("by_driver", connection=session) > second
        [record] = jittask.records(occurrence_id=one, connection=session)
        assert (record.status, record.kind, record.result) == ("cancelled", "one_off", None)
        assert record.due_at.tzinfo is not None
        session.rollback()
    assert list(jittask.records("by_driver")) == []
    engine.dispose()


def test_a_psycopg_connection_commits_and_rolls_back_its_one_offs(
    jittask: JitTask, database: str, connection: psycopg.Connection
) -> None:
    with psycopg.connect(database, row_factory=dict_row) as theirs:
        kept = jittask.enqueue(check_and_cancel, order_id=7, connection=theirs)
        assert not exists(connection, kept)
        theirs.commit()
        assert exists(connection, kept)
        lost = jittask.enqueue(check_and_cancel, order_id=7, connection=theirs)
        theirs.rollback()
        assert not exists(connection, lost)


def test_an_asyncio_psycopg_connection_is_awaited(
    jittask: JitTask, database: str, connection: psycopg.Connection
) -> None:
    async def enqueue() -> tuple[int, int]:
        async with await psycopg.AsyncConnection.connect(database) as theirs:
            kept = await jittask.enqueue(check_and_cancel, order_id=7, connection=theirs)
            assert not exists(connection, kept)
            await theirs.commit()
            lost = await jittask.enqueue(check_and_cancel, order_id=7, connection=theirs)
            await theirs.rollback()
            return kept, lost

    kept, lost = asyncio.run(enqueue())
    assert exists(connection, kept)
    assert not exists(connection, lost)


@needs_greenlet
@pytest.mark.parametrize("driver", ["psycopg", "asyncpg"])
def test_an_async_session_is_awaited(
    jittask: JitTask, database: str, connection: psycopg.Connection, driver: str
) -> None:
    pytest.importorskip(driver)
    from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

    async def enqueue() -> tuple[int, list[int]]:
        engine = create_async_engine(url_of(database, driver))
        try:
            async with AsyncSession(engine) as session:
                kept = await jittask.enqueue(
                    check_and_cancel, order_id=7, delay="30 minutes", dedupe_key=driver, connection=session
                )
                assert not exists(connection, kept)
                assert kept == await jittask.enqueue(
                    check_and_cancel, order_id=8, dedupe_key=driver, connection=session
                )
                await session.commit()
                lost = await jittask.enqueue_many(anything, [{"a": 1}, {}], connection=session)
                assert await jittask.cancel(lost[0], connection=session) == "cancelled"
                await session.rollback()
                return kept, lost
        finally:
            await engine.dispose()

    kept, lost = asyncio.run(enqueue())
    assert exists(connection, kept)
    assert not any(exists(connection, one) for one in lost)
    jittask.cancel(kept)


@needs_greenlet
def test_an_async_connection_is_awaited(
    jittask: JitTask, database: str, connection: psycopg.Connection
) -> None:
    from sqlalchemy.ext.asyncio import create_async_engine

    async def enqueue() -> int:
        engine = create_async_engine(url_of(database))
        try:
            async with engine.begin() as theirs:
                return await jittask.enqueue(check_and_cancel, order_id=7, connection=theirs)
        finally:
            await engine.dispose()

    assert exists(connection, asyncio.run(enqueue()))


def test_without_a_connection_the_asyncio_twin_commits_by_itself(
    jittask: JitTask, connection: psycopg.Connection
) -> None:
    assert exists(connection, asyncio.run(jittask.enqueue_async(check_and_cancel, order_id=7)))


def test_an_engine_serves_as_the_source_of_connections(
    engine: Engine, connection: psycopg.Connection
) -> None:
    jittask = JitTask(engine)
    assert exists(connection, jittask.enqueue(check_and_cancel, order_id=7))
    with pytest.raises(InvalidValueError, match="handler is empty"):
        jittask.enqueue(" ")


def test_a_refusal_inside_a_session_leaves_the_transaction_to_the_caller(
    jittask: JitTask, engine: Engine
) -> None:
    with Session(engine) as session:
        session.execute(text("create temporary table mine (id int)"))
        with pytest.raises(InvalidValueError, match="Asia/Nowhere") as refusal:
            jittask.schedule("a", "a.b", start="2030-01-01", timezone="Asia/Nowhere", connection=session)
        assert refusal.value.sqlstate == "JT001"
        session.rollback()
        assert session.execute(text("select 1")).scalar() == 1


def test_a_broken_connection_of_our_own_is_replaced(jittask: JitTask, connection: psycopg.Connection) -> None:
    first = jittask.enqueue(check_and_cancel, order_id=7)
    connection.execute(
        "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
        " where datname = current_database() and pid <> pg_backend_pid() and application_name = 'jittask'"
    )
    assert jittask.enqueue(check_and_cancel, order_id=7) > first


@pytest.mark.parametrize("wrong", ["postgresql://x", 7, object()])
def test_what_is_no_connection_is_refused(jittask: JitTask, wrong: object) -> None:
    with pytest.raises(InvalidValueError, match="connection is of type"):
        jittask.enqueue(check_and_cancel, order_id=7, connection=wrong)  # type: ignore[call-overload]


def test_a_definition_refuses_an_asyncio_connection_and_says_how(jittask: JitTask, database: str) -> None:
    async def define() -> None:
        async with await psycopg.AsyncConnection.connect(database) as theirs:
            jittask.schedule("a", "a.b", start="2030-01-01", connection=theirs)  # type: ignore[arg-type]

    with pytest.raises(InvalidValueError, match="run_sync"):
        asyncio.run(define())
