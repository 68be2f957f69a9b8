"""Jobs of pg_cron that are ours: they live outside the schema, in the one database that has the extension."""

from __future__ import annotations

import hashlib

from ..database import Connection

__all__ = ["job_prefix", "unschedule"]

# pg_cron keeps 63 bytes of a job's name.
_LONGEST = 40


def job_prefix(database: str) -> str:
    """How the names of the jobs begin that serve a database, and no others of ours."""
    name = database.encode()
    if len(name) > _LONGEST or b":" in name:
        digest = hashlib.sha256(name).hexdigest()[:8].encode()
        name = name[: _LONGEST - len(digest)].replace(b":", b"_") + digest
    return f"jittask:{name.decode(errors='ignore')}:"


def unschedule(connection: Connection, database: str) -> list[str]:
    """Take the jobs away that serve `database`, as far as the role may see them.

    Args:
        connection: to the database that has the extension, or may have it.
        database: which the jobs serve.

    Returns:
        Their names.
    """
    usable = connection.execute("select has_schema_privilege(to_regnamespace('cron'), 'usage')").fetchone()
    if usable is None or not usable[0]:
        return []
    rows = connection.execute(
        """
        select j.jobname, cron.unschedule(j.jobid)
        from cron.job j
        where starts_with(j.jobname, %s)
        order by j.jobname
        """,
        [job_prefix(database)],
    ).fetchall()
    return [str(row[0]) for row in rows]
