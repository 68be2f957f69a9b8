"""Takes everything of jittask out of a database and leaves the user's tables as they are."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg
from psycopg import sql

from ..database import Connection
from ..errors import LockError, StateError, from_database
from .cron_jobs import unschedule
from .pieces import ADVISORY_LOCK

__all__ = ["ROLES", "Uninstalled", "uninstall"]

ROLES = ("jittask_admin", "jittask_worker", "jittask_client", "jittask_viewer")
"""Group roles; they belong to the cluster and may serve other databases too."""

LOCK_WAIT = "5s"
"""How long a watched table may be locked by others before the removal gives up."""

# Triggers of partitions go with that of their parent.
_WATCH_TRIGGERS = """
select
  t.tgname,
  n.nspname,
  c.relname
from pg_catalog.pg_trigger t
join pg_catalog.pg_class c on c.oid = t.tgrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_proc p on p.oid = t.tgfoid
join pg_catalog.pg_namespace pn on pn.oid = p.pronamespace
where t.tgname like 'jittask\\_watch\\_%'
  and pn.nspname = 'jittask'
  and t.tgparentid = 0
order by n.nspname, c.relname, t.tgname
"""

# What users built upon the schema, such as a view over its views: `cascade` would take it along.
_DEPENDENTS = """
with inner_object as (
  select 'pg_catalog.pg_class'::regclass as classid, c.oid as objid
  from pg_catalog.pg_class c
  where c.relnamespace = 'jittask'::regnamespace
  union all
  select 'pg_catalog.pg_proc'::regclass, p.oid
  from pg_catalog.pg_proc p
  where p.pronamespace = 'jittask'::regnamespace
  union all
  select 'pg_catalog.pg_type'::regclass, t.oid
  from pg_catalog.pg_type t
  where t.typnamespace = 'jittask'::regnamespace
),
dependent as (
  select distinct d.classid, d.objid, d.objsubid
  from pg_catalog.pg_depend d
  join inner_object i on i.classid = d.refclassid and i.objid = d.refobjid
  where d.deptype in ('n', 'a')
),
placed as (
  select
    d.*,
    coalesce(
      (select c.relnamespace from pg_catalog.pg_class c
       where d.classid = 'pg_catalog.pg_class'::regclass and c.oid = d.objid),
      (select p.pronamespace from pg_catalog.pg_proc p
       where d.classid = 'pg_catalog.pg_proc'::regclass and p.oid = d.objid),
      (select t.typnamespace from pg_catalog.pg_type t
       where d.classid = 'pg_catalog.pg_type'::regclass and t.oid = d.objid),
      (select c.relnamespace from pg_catalog.pg_rewrite r join pg_catalog.pg_class c on c.oid = r.ev_class
       where d.classid = 'pg_catalog.pg_rewrite'::regclass and r.oid = d.objid),
      (select c.relnamespace from pg_catalog.pg_attrdef a join pg_catalog.pg_class c on c.oid = a.adrelid
       where d.classid = 'pg_catalog.pg_attrdef'::regclass and a.oid = d.objid),
      (select c.connamespace from pg_catalog.pg_constraint c
       where d.classid = 'pg_catalog.pg_constraint'::regclass and c.oid = d.objid),
      (select c.relnamespace from pg_catalog.pg_trigger t join pg_catalog.pg_class c on c.oid = t.tgrelid
       where d.classid = 'pg_catalog.pg_trigger'::regclass and t.oid = d.objid),
      (select c.relnamespace from pg_catalog.pg_policy p join pg_catalog.pg_class c on c.oid = p.polrelid
       where d.classid = 'pg_catalog.pg_policy'::regclass and p.oid = d.objid)
    ) as namespace
  from dependent d
)
select pg_catalog.pg_describe_object(p.classid, p.objid, p.objsubid)
from placed p
where p.namespace is distinct from 'jittask'::regnamespace
order by 1
"""


@dataclass(frozen=True, slots=True)
class Uninstalled:
    """What was removed.

    Attributes:
        schema: True where the schema was there.
        triggers: triggers taken off users' tables, as ``trigger on schema.table``.
        jobs: jobs of pg_cron in this database.
        roles: group roles dropped.
        kept_roles: group roles kept, each with the reason.
    """

    schema: bool
    triggers: tuple[str, ...]
    jobs: tuple[str, ...]
    roles: tuple[str, ...]
    kept_roles: dict[str, str]


def uninstall(connection: Connection) -> Uninstalled:
    """Remove triggers, schema and group roles, all or nothing.

    A group role goes only if nothing depends on it: another database of the cluster may use it.

    Args:
        connection: not inside a transaction; its role owns the schema, or is a superuser.

    Raises:
        StateError: objects of the user's depend on the schema; the error lists them.
        LockError: a watched table was locked for too long.
        JitTaskError: any other refusal; nothing was removed.
    """
    try:
        with connection.transaction():
            connection.execute("select pg_catalog.set_config('lock_timeout', %s, true)", [LOCK_WAIT])
            connection.execute("select pg_catalog.pg_advisory_xact_lock(%s)", [ADVISORY_LOCK])
            schema, triggers, jobs = _drop_schema(connection)
            roles, kept = _drop_roles(connection)
            return Uninstalled(schema, triggers, jobs, roles, kept)
    except psycopg.errors.LockNotAvailable as error:
        raise LockError(
            "A watched table or a table of jittask is in use",
            error.diag.message_primary,
            "Run it again when no long transaction holds the table; nothing was removed",
        ) from error
    except psycopg.Error as error:
        raise from_database(error) from error


def _drop_schema(connection: Connection) -> tuple[bool, tuple[str, ...], tuple[str, ...]]:
    row = connection.execute("select pg_catalog.to_regnamespace('jittask') is not null").fetchone()
    if row is None or not row[0]:
        return False, (), ()
    triggers: list[str] = []
    for trigger, namespace, table in connection.execute(_WATCH_TRIGGERS).fetchall():
        connection.execute(
            sql.SQL("drop trigger if exists {} on {}").format(
                sql.Identifier(trigger), sql.Identifier(namespace, table)
            )
        )
        triggers.append(f"{trigger} on {namespace}.{table}")
    dependents = [row[0] for row in connection.execute(_DEPENDENTS).fetchall()]
    if dependents:
        raise StateError(
            "Objects of yours depend on the schema jittask",
            ", ".join(dependents),
            "Drop or change them first; nothing was removed",
        )
    jobs = unschedule(connection, connection.info.dbname)
    # No notice for each of its objects: the schema is what the user asked to remove.
    connection.execute("set local client_min_messages = warning")
    connection.execute("drop schema jittask cascade")
    return True, tuple(triggers), tuple(jobs)


def _drop_roles(connection: Connection) -> tuple[tuple[str, ...], dict[str, str]]:
    dropped: list[str] = []
    kept: dict[str, str] = {}
    rows = connection.execute(
        "select r.rolname from pg_catalog.pg_roles r where r.rolname = any(%s)", [list(ROLES)]
    ).fetchall()
    present = {row[0] for row in rows}
    for role in ROLES:
        if role not in present:
            continue
        try:
            with connection.transaction():
                connection.execute(sql.SQL("drop role {}").format(sql.Identifier(role)))
            dropped.append(role)
        except (psycopg.errors.DependentObjectsStillExist, psycopg.errors.InsufficientPrivilege) as error:
            kept[role] = ", ".join(
                (error.diag.message_detail or error.diag.message_primary or "").splitlines()
            )
        except psycopg.errors.UndefinedObject:
            continue
    return tuple(dropped), kept
