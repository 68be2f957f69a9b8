"""One-offs, and single occurrences of tasks: put into the due queue, called off, run again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import LiteralString

from .call import Call


def _due_at(one_off: Mapping[str, object]) -> LiteralString:
    # Only the spelling in force is sent: clients may enqueue without the right to everything that a
    # wall-clock time needs.
    if one_off.get("local_due_at") is not None:
        return (
            "jittask.to_instant("
            "cast(cast(%(local_due_at)s as text) as timestamp), "
            "jittask.clock_of(jittask.installation_timezone()))"
        )
    if one_off.get("delay") is not None:
        return "jittask.now() + cast(cast(%(delay)s as text) as interval)"
    return "cast(cast(%(due_at)s as text) as timestamptz)"


def enqueue(one_off: Mapping[str, object]) -> Call:
    """Puts a one-off into the due queue; one row: its occurrence id.

    Args:
        one_off: handler, args (JSON text), due_at (instant as text), local_due_at (wall-clock time in the
            installation's zone, as text), delay (interval as text), queue, priority, dedupe_key, timeout,
            max_attempts, retry_delay, title.
    """
    template: LiteralString = """
        select jittask.enqueue(
          handler => cast(%(handler)s as text),
          args => cast(cast(%(args)s as text) as jsonb),
          due_at => {due_at},
          queue => cast(%(queue)s as text),
          priority => cast(%(priority)s as int),
          dedupe_key => cast(%(dedupe_key)s as text),
          timeout => cast(cast(%(timeout)s as text) as interval),
          max_attempts => cast(%(max_attempts)s as int),
          retry_delay => cast(cast(%(retry_delay)s as text) as interval),
          title => cast(%(title)s as text)
        )
    """
    return Call(template.format(due_at=_due_at(one_off)), one_off)


def enqueue_many(one_off: Mapping[str, object], args: Sequence[str], due: Sequence[str] | None) -> Call:
    """Puts many one-offs of one function into the due queue; one row each, in their order: its occurrence id.

    Args:
        one_off: as for `enqueue`, without args and dedupe_key; the due time is for all of them.
        args: the arguments of each, JSON text.
        due: the due time of each, as instants in text; None = the one of `one_off`.
    """
    template: LiteralString = """
        select i.occurrence_id
        from unnest(
          jittask.enqueue_many(
            handler => cast(%(handler)s as text),
            args => array(
              select cast(a.value as jsonb)
              from json_array_elements_text(cast(cast(%(each_args)s as text) as json))
                with ordinality a (value, position)
              order by a.position
            ),
            due_at => {due_at},
            queue => cast(%(queue)s as text),
            priority => cast(%(priority)s as int),
            timeout => cast(cast(%(timeout)s as text) as interval),
            max_attempts => cast(%(max_attempts)s as int),
            retry_delay => cast(cast(%(retry_delay)s as text) as interval),
            title => cast(%(title)s as text)
          )
        ) with ordinality i (occurrence_id, position)
        order by i.position
    """
    each: LiteralString = """array(
              select cast(d.value as timestamptz)
              from json_array_elements_text(cast(cast(%(each_due_at)s as text) as json))
                with ordinality d (value, position)
              order by d.position
            )"""
    return Call(
        template.format(due_at="array[" + _due_at(one_off) + "]" if due is None else each),
        {
            **one_off,
            "each_args": json.dumps(list(args)),
            "each_due_at": None if due is None else json.dumps(list(due)),
        },
    )


def cancel(occurrence_id: int) -> Call:
    """Calls off an occurrence; one row: cancelled, stopping, ended or unknown."""
    return Call("select jittask.cancel(cast(%(occurrence_id)s as bigint))", {"occurrence_id": occurrence_id})


def retry(occurrence_id: int) -> Call:
    """Runs an ended occurrence again; one row: the id of the new occurrence."""
    return Call("select jittask.retry(cast(%(occurrence_id)s as bigint))", {"occurrence_id": occurrence_id})


def run_now(task_name: str, source_key: str | None) -> Call:
    """Runs a task once, outside its plan; one row: the occurrence id. `source_key`: JSON text."""
    return Call(
        "select jittask.run_now(cast(%(task_name)s as text), cast(cast(%(source_key)s as text) as jsonb))",
        {"task_name": task_name, "source_key": source_key},
    )
