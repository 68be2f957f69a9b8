"""Queues: paused, resumed, listed."""

from __future__ import annotations

from .call import Call


def pause(queue: str) -> Call:
    """Lets nothing of a queue be claimed."""
    return Call("select jittask.pause_queue(cast(%(queue)s as text))", {"queue": queue})


def resume(queue: str) -> Call:
    """Lets a queue be claimed again."""
    return Call("select jittask.resume_queue(cast(%(queue)s as text))", {"queue": queue})


def listed() -> Call:
    """Queues: name, paused_at, waiting, due."""
    return Call(
        """
        select
          coalesce(w.queue, p.queue), p.paused_at, coalesce(w.waiting, 0), coalesce(w.due, 0)
        from (
          select q.queue, count(*), count(*) filter (where q.run_at <= jittask.now())
          from jittask.waiting q
          group by q.queue
        ) w (queue, waiting, due)
        full join jittask.paused_queue p on p.queue = w.queue
        order by 1
        """
    )
