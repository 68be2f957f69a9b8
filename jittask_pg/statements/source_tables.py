"""Source tables: the watch on them, and the keys of their rows."""

from __future__ import annotations

from .call import Call


def watched() -> Call:
    """Tables that date-field tasks watch: name, key columns, date fields, both as JSON text."""
    return Call(
        """
        select
          w.source_table,
          cast(to_json(w.key_columns) as text),
          cast(json_agg(distinct t.date_field) as text)
        from jittask.watch w
        join jittask.task t on t.source_table = w.source_table
        group by w.source_table, w.key_columns
        order by w.source_table
        """
    )


def stored_name(source_table: str) -> Call:
    """A table's name as tasks store it, schema.table; one row."""
    return Call(
        """
        select quote_ident(n.nspname) || '.' || quote_ident(c.relname)
        from pg_catalog.pg_class c
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where c.oid = cast(cast(%(source_table)s as text) as regclass)
        """,
        {"source_table": source_table},
    )


def canonical_key(task_name: str, source_key: str) -> Call:
    """The key of a source row as records hold it, JSON text; no row for a task without a table.

    Args:
        task_name: a date-field task.
        source_key: an object, or the bare value of a one-column key, as JSON text.
    """
    return Call(
        """
        select jittask.canonical_key(w.table_oid, w.key_columns, cast(cast(%(source_key)s as text) as jsonb))
        from jittask.task t
        join jittask.watch w on w.source_table = t.source_table
        where t.name = cast(%(task_name)s as text)
        """,
        {"task_name": task_name, "source_key": source_key},
    )


def estimated_rows(source_table: str) -> Call:
    """How many rows a table has, as the planner estimates; one row, -1 = unknown."""
    return Call(
        """
        select cast(coalesce(sum(c.reltuples) filter (where c.reltuples >= 0), -1) as bigint)
        from pg_catalog.pg_class c
        where c.relkind = 'r' and (
          c.oid = cast(cast(%(source_table)s as text) as regclass)
          or c.oid in (select t.relid from pg_catalog.pg_partition_tree(cast(%(source_table)s as regclass)) t)
        )
        """,
        {"source_table": source_table},
    )


def attach(source_table: str, replicated: bool | None = None) -> Call:
    """Makes the triggers on a table, as defining the first task on it would.

    Args:
        source_table: as `stored_name` spells it.
        replicated: True makes row triggers that fire for logical replication too; None = as it is.
    """
    return Call(
        "select jittask.attach_table(cast(%(source_table)s as text), cast(%(replicated)s as bool))",
        {"source_table": source_table, "replicated": replicated},
    )


def detach(source_table: str, keep: bool = False) -> Call:
    """Takes our triggers off a table.

    Args:
        source_table: as `stored_name` spells it.
        keep: leave its tasks and what they have planned as they are, until it is attached again.
    """
    return Call(
        "select jittask.detach_table(cast(%(source_table)s as text), cast(%(keep)s as bool))",
        {"source_table": source_table, "keep": keep},
    )


def set_on_error(source_table: str, on_error: str) -> Call:
    """Says what an error of ours in the triggers of a table does to the statement that fired them."""
    return Call(
        """
        select jittask.set_on_error(
          cast(cast(%(source_table)s as text) as regclass), cast(%(on_error)s as text)
        )
        """,
        {"source_table": source_table, "on_error": on_error},
    )


def reconcile_next(source_table: str, place: str | None) -> Call:
    """Compares a chunk of a table with what is planned for it, and repairs.

    Args:
        source_table: as `stored_name` spells it.
        place: the last answer's; None = the beginning.

    Returns:
        task_name, rows compared, missing, extra, wrong, the place of the next chunk or None; no row where no
        task watches the table.
    """
    return Call(
        """
        select r.task_name, r.compared, r.missing, r.extra, r.wrong, cast(r.next_place as text)
        from jittask.reconcile_next(
          cast(cast(%(source_table)s as text) as regclass), cast(cast(%(place)s as text) as jsonb)
        ) r
        """,
        {"source_table": source_table, "place": place},
    )
