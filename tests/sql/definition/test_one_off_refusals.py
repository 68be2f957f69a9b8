"""What enqueue and enqueue_many refuse: each line is a wrong argument and the message; nothing is written."""

from __future__ import annotations

import psycopg
import pytest

from tests.support.schedule import value

REFUSED = [
    ("enqueue(null)", "handler is empty"),
    ("enqueue(' ')", "handler is empty"),
    ("enqueue(repeat('x', 501))", "which is too long"),
    ("enqueue('a', '[]')", 'args is not a JSON object: "[]"'),
    ("enqueue('a', due_at => 'infinity')", 'due_at is "infinity"'),
    ("enqueue('a', due_at => '20000-01-01')", 'due_at is "20000-01-01'),
    ("enqueue('a', due_at => '4000-01-01 BC')", "BC"),
    ("enqueue('a', queue => '')", 'queue is ""'),
    ("enqueue('a', queue => ' b')", 'queue is " b"'),
    ("enqueue('a', queue => repeat('q', 101))", "queue is"),
    ("enqueue('a', dedupe_key => '')", 'dedupe_key is ""'),
    ("enqueue('a', dedupe_key => repeat('k', 501))", "dedupe_key is"),
    ("enqueue('a', title => ' ')", 'title is " "'),
    ("enqueue('a', timeout => '0')", 'timeout is "00:00:00"'),
    ("enqueue('a', timeout => '100000000 years')", 'timeout is "100000000 years"'),
    ("enqueue('a', max_attempts => 0)", 'max_attempts is "0"'),
    ("enqueue('a', max_attempts => 1001)", 'max_attempts is "1001"'),
    ("enqueue('a', retry_delay => '-1 s')", 'retry_delay is "-00:00:01"'),
    ("enqueue('a', retry_delay => '2 years')", 'retry_delay is "2 years"'),
    ("enqueue_many('a', array['{}', '[]']::jsonb[])", 'args is not a JSON object: "[]"'),
    (
        "enqueue_many('a', array['{}', '{}']::jsonb[], array['infinity', now()]::timestamptz[])",
        'due_at is "infinity"',
    ),
    (
        "enqueue_many('a', array['{}', '{}']::jsonb[], array[now(), '-infinity']::timestamptz[])",
        'due_at is "-infinity"',
    ),
    ("enqueue_many('a', array['{}']::jsonb[], array[now(), now()])", "due_at has 2 elements and args has 1"),
    ("enqueue_many('a', array['{}']::jsonb[], title => '')", 'title is ""'),
    ("pause_queue(null)", "queue is empty"),
    ("pause(null)", "task_name is null"),
    ("reconcile(null)", "there is no such table"),
]


@pytest.mark.parametrize(("call", "message"), REFUSED, ids=[call for call, _ in REFUSED])
def test_a_wrong_argument_is_refused_naming_it(
    connection: psycopg.Connection, call: str, message: str
) -> None:
    with pytest.raises(psycopg.Error) as caught:
        connection.execute(f"select jittask.{call}".encode())
    assert caught.value.sqlstate == "JT001"
    assert message in str(caught.value.diag.message_primary)
    assert caught.value.diag.message_hint
    assert value(connection, "select count(*) from jittask.due_queue") == 0


def test_a_long_delay_doubles_up_to_a_year_only(connection: psycopg.Connection) -> None:
    connection.execute("select jittask.enqueue('a', max_attempts => 1000, retry_delay => '300 days')")
    worker = value(connection, "select jittask.register_worker('w', 'h', 1, '0', null)")
    connection.execute("update jittask.due_queue set attempt = 900")
    connection.execute(
        """
        select jittask.finish(c.lease_id, c.token, array[c.occurrence_id], array[c.run_us], array[c.run_us],
          array['error'])
        from jittask.claim(%s, 1) c
        """,
        (worker,),
    )
    assert value(connection, "select run_at < now() + interval '405 days' from jittask.due_queue") is True
    connection.execute("select jittask.cancel(occurrence_id) from jittask.due_queue")
