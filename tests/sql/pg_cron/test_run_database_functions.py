"""`run_database_functions`: runs what a worker would run of the database, and leaves the same records."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from jittask_pg.redact import redact
from jittask_pg.worker import WorkerOptions, run_workers
from tests.support.clock import at
from tests.support.schedule import add_task, enqueue, records, statuses, value

Drain = Callable[[], None]

CALL = "call jittask.run_database_functions(drain => true)"
HANDLERS = [
    "sql:app.note", 'sql:app."Odd name"', "sql:app . several", "sql:app.no_row", "sql:app.row_of_two", "sql:app.refuse",
    "sql:app.refuse_within", "sql:app.tell", "sql:app.assert_no", "sql:app.keep_twice", "sql:app.nothing", "sql:nothing",
]  # fmt: skip
RECORDED = "task_name, outcome, attempt, result::text, error, kind, queue, handler, args, missed, losses"


def add_late(connection: psycopg.Connection, **columns: object) -> None:
    """A scheduled task whose first run has been overdue for long."""
    at(connection, "2024-01-01 00:00Z")
    add_task(connection, start_at="2024-01-02 00:00Z", **columns)
    at(connection, None)


def ledger(connection: psycopg.Connection) -> list[tuple[Any, ...]]:
    query = f"select {RECORDED} from jittask.run_history order by occurrence_id"
    return connection.execute(query.encode()).fetchall()


def work(connection: psycopg.Connection) -> None:
    """Lets a worker of Python's do what is due."""
    assert run_workers(WorkerOptions(dsns=(connection.info.dsn,), drain=True)) == 0


def test_its_records_are_those_of_a_worker(connection: psycopg.Connection, drain: Drain) -> None:
    def put() -> None:
        connection.execute("truncate jittask.run_history, app.kept")
        for handler in HANDLERS:
            enqueue(connection, handler, args={"a": 1})

    put()
    drain()
    here = ledger(connection)
    put()
    work(connection)
    assert here == ledger(connection)
    assert [row[1] for row in here].count("completed") == 5


def test_its_records_of_source_rows_are_those_of_a_worker(
    connection: psycopg.Connection, drain: Drain
) -> None:
    add_task(
        connection, name="visits", handler="sql:app.note_row", source_table="app.visit", date_field="seen_at",
        past_due="run_now", args={"b": 2}, filter={"status": "open"},
    )  # fmt: skip

    def put() -> None:
        connection.execute("truncate jittask.run_history, app.visit, jittask.due_queue")
        connection.execute("insert into app.visit select n, '2024-01-01Z' from generate_series(1, 4) n")
        # What the triggers do not see, the look just before the run does.
        connection.execute("set session_replication_role = replica")
        connection.execute("delete from app.visit where id = 2")
        connection.execute("update app.visit set status = 'closed' where id = 3")
        connection.execute("update app.visit set seen_at = '2024-02-02Z' where id = 4")
        connection.execute("set session_replication_role = origin")

    def kept() -> list[tuple[Any, ...]]:
        return connection.execute(
            "select source_key, outcome, error, attempt, started_at is null from jittask.run_history order by 1"
        ).fetchall()

    put()
    drain()
    here = kept()
    assert connection.execute("select key, args from app.seen").fetchall() == [({"id": 1}, {"b": 2})]
    put()
    work(connection)
    assert here == kept()
    assert [row[1] for row in here] == ["completed", "skipped", "skipped", "skipped"]


def test_a_run_that_is_asked_for_by_hand_does_not_ask_for_the_date(
    connection: psycopg.Connection, drain: Drain
) -> None:
    add_task(
        connection, handler="sql:app.note_row", source_table="app.visit", date_field="seen_at", name="visits"
    )
    connection.execute("insert into app.visit values (1, '2099-01-01Z')")
    connection.execute("""select jittask.run_now('visits', '{"id": 1}')""")
    drain()
    assert statuses(connection, task_name="visits") == ["completed", "pending"]


def test_secrets_are_left_out_and_long_errors_cut(connection: psycopg.Connection) -> None:
    for text in (
        "postgresql://u:p@h/d and postgresql://u@h/d?password=x&a=b", "host=h password = 'a b' user=u",
        "sslpassword=\"a\" PASSWORD=b", "nothing of the kind: a:b@c", "redis://:p@h", "mypassword=x",
    ):  # fmt: skip
        assert value(connection, "select jittask.storable_text(%s)", [text]) == redact(text)
    long = value(connection, "select jittask.storable_text(repeat('ab', 10000))")
    assert "… (3616 characters cut) …" in long


def test_a_long_result_is_cut(connection: psycopg.Connection, drain: Drain) -> None:
    connection.execute(
        "create function app.long(args jsonb) returns text language sql as $$ select repeat('x', 70000) $$"
    )
    enqueue(connection, "sql:app.long")
    drain()
    assert "(cut: 70002 characters)" in value(connection, "select result::text from jittask.run_history")


def test_occurrences_of_other_functions_are_not_touched(connection: psycopg.Connection, drain: Drain) -> None:
    for handler in ("a.b", "sql:app.note", "a.b", "sql:app.note"):
        enqueue(connection, handler)
    add_late(connection, name="python", handler="a.b")
    add_late(connection, name="inline", source="def run(): pass")
    before = connection.execute("select q::text from jittask.due_queue q order by 1").fetchall()
    drain()
    left = connection.execute("select q::text from jittask.due_queue q order by 1").fetchall()
    assert len(left) == len(before) - 2
    assert set(left) < set(before)
    assert value(connection, "select count(*) from jittask.run_attempt") == 0


def test_a_failing_run_is_tried_again_after_its_delay(connection: psycopg.Connection, drain: Drain) -> None:
    add_late(connection, handler="sql:app.refuse", max_attempts=3, retry_delay="0 s")
    drain()
    assert [(r.status, r.attempt) for r in records(connection)] == [("error", 3)]
    assert connection.execute("select attempt, outcome from jittask.run_attempt order by 1").fetchall() == [
        (1, "error"),
        (2, "error"),
    ]


def test_the_delay_counts_from_the_end_of_the_run(connection: psycopg.Connection, drain: Drain) -> None:
    connection.execute(
        """
        create or replace function app.fail_slowly(args jsonb) returns void language plpgsql
        as $$ begin perform pg_sleep(0.3); raise exception 'slow'; end $$
        """
    )
    enqueue(connection, "sql:app.fail_slowly", max_attempts=2, retry_delay="1 hour")
    drain()
    assert value(
        connection,
        "select q.run_at >= a.finished_at + interval '1 hour' from jittask.due_queue q, jittask.run_attempt a",
    )


def test_what_was_written_commits_with_the_record(connection: psycopg.Connection, drain: Drain) -> None:
    connection.execute(
        """
        create table app.recorded (in_transaction xid8);
        create function app.note_transaction() returns trigger language plpgsql
          as $$ begin insert into app.recorded values (pg_current_xact_id()); return null; end $$;
        create trigger note after insert on jittask.run_history for each row execute function app.note_transaction();
        create function app.transaction(args jsonb) returns text language sql as $$ select pg_current_xact_id() $$;
        """
    )
    enqueue(connection, "sql:app.transaction")
    drain()
    connection.execute("drop trigger note on jittask.run_history")
    assert value(connection, "select in_transaction::text from app.recorded") == records(connection)[0].result


def test_a_deferred_constraint_is_looked_at_before_the_end(
    connection: psycopg.Connection, drain: Drain
) -> None:
    enqueue(connection, "sql:app.keep_twice")
    drain()
    assert "n_is_unique" in records(connection)[0].error
    assert value(connection, "select count(*) from app.kept") == 0


def test_a_right_that_the_call_lacks_gives_the_occurrence_back_as_a_worker_does(
    connection: psycopg.Connection, runner_role: str
) -> None:
    connection.execute("revoke execute on function app.note(jsonb) from public")
    connection.execute(f'revoke select on app.visit from public, "{runner_role}"'.encode())
    add_task(
        connection, name="visits", handler="sql:app.note_row", source_table="app.visit", date_field="seen_at",
        past_due="run_now",
    )  # fmt: skip
    connection.execute("insert into app.visit values (1, '2024-01-01Z')")
    called, lacks = enqueue(connection, "sql:app.note"), enqueue(connection, "sql:app.lack")
    with psycopg.connect(connection.info.dsn, autocommit=True) as session:
        session.execute(f'set session authorization "{runner_role}"'.encode())
        session.execute(CALL)
    connection.execute("grant execute on function app.note(jsonb) to public")
    reasons = dict(
        connection.execute(
            "select q.source_key || coalesce(q.handler, ''), a.error from jittask.run_attempt a join jittask.due_queue q using (occurrence_id)"
        ).fetchall()
    )
    assert reasons == {
        "sql:app.note": f'permission denied for function note; let the owner grant it to "{runner_role}"',
        '{"id": 1}': f'permission denied for table visit; let the owner run: grant select on app.visit to "{runner_role}"',
    }
    assert statuses(connection, occurrence_id=called) == ["pending"]
    (lacking,) = records(connection, occurrence_id=lacks)
    assert lacking.status == "error"
    assert lacking.error.startswith("42501: permission denied for table pg_authid\nCONTEXT: ")


def test_a_row_that_security_may_hide_is_given_back_as_a_worker_does(
    connection: psycopg.Connection, runner_role: str
) -> None:
    add_task(
        connection, name="visits", handler="sql:app.note_row", source_table="app.visit", date_field="seen_at",
        past_due="run_now",
    )  # fmt: skip
    connection.execute("insert into app.visit values (1, '2024-01-01Z')")
    connection.execute(f'grant select on app.visit to "{runner_role}"'.encode())
    connection.execute("alter table app.visit enable row level security")
    with psycopg.connect(connection.info.dsn, autocommit=True) as session:
        session.execute(f'set session authorization "{runner_role}"'.encode())
        session.execute(CALL)
    connection.execute("alter table app.visit disable row level security")
    assert value(connection, "select a.error from jittask.run_attempt a") == (
        f'row-level security may hide rows of app.visit; let a superuser run: alter role "{runner_role}" bypassrls'
    )
    assert value(connection, "select count(*) from jittask.due_queue") == 1


def test_the_function_has_the_rights_and_the_path_of_the_session(
    connection: psycopg.Connection, runner_role: str
) -> None:
    connection.execute(
        "create or replace function app.who(args jsonb) returns jsonb language sql as $$ select jsonb_build_array(current_user, session_user) $$"
    )
    enqueue(connection, "sql:who")
    with psycopg.connect(connection.info.dsn, autocommit=True) as session:
        session.execute(f'set session authorization "{runner_role}"; set search_path = app'.encode())
        session.execute(CALL)
    assert records(connection)[0].result == [runner_role, runner_role]


def test_a_role_that_a_function_takes_is_left_with_it(
    connection: psycopg.Connection, drain: Drain, runner_role: str
) -> None:
    for how in ("set role", "set local role"):
        connection.execute(
            f'create or replace function app.change(args jsonb) returns void language plpgsql as $$ begin {how} "{runner_role}"; end $$'.encode()
        )
        enqueue(connection, "sql:app.change")
        enqueue(connection, "sql:app.note")
        drain()
    assert statuses(connection) == ["completed"] * 4


def test_a_fixed_clock_is_refused(connection: psycopg.Connection) -> None:
    at(connection, "2026-01-01 00:00+00")
    with pytest.raises(psycopg.Error, match="The clock of this session is fixed") as refusal:
        connection.execute(CALL)
    assert refusal.value.sqlstate == "JT007"
    at(connection, None)


def test_the_clock_goes_on_with_each_transaction_of_a_procedure(connection: psycopg.Connection) -> None:
    connection.execute(
        """
        create procedure app.tick() language plpgsql as $$
        begin
          for n in 1..3 loop
            insert into app.seen (args) values (to_jsonb(jittask.now()));
            perform pg_sleep(0.001);
            insert into app.seen (args) values (to_jsonb(jittask.now()));
            commit;
          end loop;
        end
        $$
        """
    )
    connection.execute("call app.tick()")
    assert connection.execute("select count(*) from app.seen group by args").fetchall() == [(2,)] * 3


def test_what_becomes_due_while_a_session_waits_runs(
    connection: psycopg.Connection, background: Any, until: Any
) -> None:
    with background("call jittask.run_database_functions('1 hour')") as pid:
        until("select exists (select from jittask.worker where in_database)")
        now = enqueue(connection, "sql:app.note")
        later = enqueue(
            connection, "sql:app.note", due_at=value(connection, "select now() + interval '0.5 s'")
        )
        until("select count(*) = 2 from jittask.run_history")
    assert {(r.occurrence_id, r.worker) for r in records(connection)} == {
        (now, f"database:{pid}"),
        (later, f"database:{pid}"),
    }
    assert value(connection, "select bool_and(started_at >= due_at) from jittask.run_history")


def test_a_queue_may_be_chosen(connection: psycopg.Connection) -> None:
    enqueue(connection, "sql:app.note", queue="mail")
    other = enqueue(connection, "sql:app.note")
    connection.execute("call jittask.run_database_functions(drain => true, queues => array['mail'])")
    assert statuses(connection, occurrence_id=other) == ["pending"]
    assert value(connection, "select count(*) from jittask.run_history") == 1


def test_what_is_skipped_keeps_nothing_behind_it_from_running(
    connection: psycopg.Connection, drain: Drain
) -> None:
    for n in range(3):
        add_late(connection, name=f"late_{n}", handler="sql:app.note", misfire="skip", priority=1)
    enqueue(connection, "sql:app.note")
    drain()
    assert sorted(statuses(connection)) == ["completed", "skipped", "skipped", "skipped"]


def test_a_repeating_task_goes_on(connection: psycopg.Connection, drain: Drain) -> None:
    add_late(connection, handler="sql:app.note", repeat="daily")
    drain()
    assert statuses(connection) == ["completed", "pending"]


def test_a_session_says_good_bye(connection: psycopg.Connection, drain: Drain) -> None:
    drain()
    assert value(connection, "select count(*) from jittask.worker") == 0
