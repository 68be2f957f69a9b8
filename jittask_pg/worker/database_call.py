"""Calls functions of the database: handlers that are named ``sql:schema.function``."""

from __future__ import annotations

import logging
import re
from typing import Any

import psycopg
from psycopg import sql

from ..database import Connection
from ..errors import InvalidValueError
from ..redact import redact
from .batch import Ended, given_back
from .call import stopped_text
from .encode import RESULT_LIMIT, error_text, json_text, storable
from .hub import Hub, Run
from .recipe import UNKNOWN_DELAY

__all__ = ["call", "failed", "function_name"]

logger = logging.getLogger(__name__)

_PART = re.compile(r'\s*(?:"((?:[^"]|"")+)"|([^\W\d][\w$]*))\s*')


def function_name(handler: str) -> sql.Identifier:
    """The function that a handler names, as a quoted identifier.

    Args:
        handler: ``sql:function`` or ``sql:schema.function``; parts in double quotes keep their capitals.

    Raises:
        InvalidValueError: it is no name.
    """
    text = handler.removeprefix("sql:")
    parts: list[str] = []
    position = 0
    while True:
        found = _PART.match(text, position)
        if found is None:
            break
        quoted, plain = found.groups()
        parts.append(quoted.replace('""', '"') if quoted else plain.lower())
        position = found.end()
        if position == len(text) and len(parts) <= 2:
            return sql.Identifier(*parts)
        if position >= len(text) or text[position] != ".":
            break
        position += 1
    raise InvalidValueError(
        f'handler is "{handler}", which names no function of the database', None, "Write sql:schema.function"
    )


def call(connection: Connection, job: Any) -> str | None:
    """Call the function within the connection's transaction; what it returns, as JSON text.

    Args:
        connection: within a transaction.
        job: the occurrence: ``f(args)``, for a date-field task ``f(source_key, args)``.
    """
    recipe = job.recipe
    function = function_name(recipe.handler)
    args = job.row[4] or "{}"
    values: list[str] = [job.row[5], args] if recipe.takes_row else [args]
    placeholders = sql.SQL(", ").join([sql.SQL("%s::jsonb")] * len(values))
    if recipe.timeout is not None:
        connection.execute(
            "select set_config('statement_timeout', %s, true)", (str(max(1, int(recipe.timeout * 1000))),)
        )
    # The subquery is kept apart by its offset, so that the function is called once a row.
    rows = connection.execute(
        sql.SQL(
            "select pg_typeof(f.result) = 'void'::regtype, (to_jsonb(f) -> 'result')::text "
            "from (select {}({}) as result offset 0) f"
        ).format(function, placeholders),
        values,
    ).fetchall()
    texts = ["null" if is_void or text is None else str(text) for is_void, text in rows]
    if not texts or texts == ["null"]:
        return None
    text = texts[0] if len(texts) == 1 else "[" + ", ".join(texts) + "]"
    return text if len(text) <= RESULT_LIMIT else json_text(text)


def failed(hub: Hub, run: Run, error: BaseException, connection: Connection) -> Ended:
    """The end of a run whose function of the database failed."""
    job = run.job
    now = hub.clock.now_us()
    ended = Ended(job.batch, job.row[0], run.started_us, now, "error", None, _text(error))
    if isinstance(error, psycopg.errors.QueryCanceled):
        if run.stop_reason is not None:
            return ended._replace(outcome="cancelled", error=stopped_text(job.recipe, "cancelled"))
        if job.recipe.timeout is not None:
            return ended._replace(outcome="timed_out", error=stopped_text(job.recipe, "timed_out"))
    if isinstance(error, psycopg.errors.InsufficientPrivilege) and error.diag.context is None:
        # Without a context it was not the function's body that lacked a right, but the call.
        reason = f'{error.diag.message_primary}; let the owner grant it to "{connection.info.user}"'
        if reason not in hub.told:
            hub.told.add(reason)
            logger.warning('handler "%s": %s', job.recipe.name, redact(reason))
        return given_back(job, UNKNOWN_DELAY, reason)
    return ended


def _text(error: BaseException) -> str:
    if not isinstance(error, psycopg.Error) or error.diag.message_primary is None:
        return error_text(error)
    diag = error.diag
    lines = [
        f"{error.sqlstate}: {diag.message_primary}",
        diag.message_detail and f"DETAIL: {diag.message_detail}",
        diag.message_hint and f"HINT: {diag.message_hint}",
        diag.context and f"CONTEXT: {diag.context}",
    ]
    return storable("\n".join(line for line in lines if line))
