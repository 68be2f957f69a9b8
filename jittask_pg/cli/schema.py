"""Installing, upgrading, printing and removing the schema."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from .. import migration, statements
from ..errors import StateError, UnavailableError
from ..migration import Migrated
from ..migration.files import latest_version
from .cron_database import cron_database
from .output import answer
from .session import Session, with_session

__all__ = ["init", "migrate", "sql", "uninstall"]


@click.command()
@click.option("--timezone", metavar="ZONE", help="Zone of tasks that name none, such as Asia/Shanghai.")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    help="A setting, as in `jittask setting list`; may be repeated.",
)
@with_session
def init(session: Session, timezone: str | None, settings: tuple[str, ...]) -> None:
    """Install jittask in a database, or bring it up to date, and set it up.

    Makes the schema jittask and nothing else. Running it again is safe.

    \b
    Example:
      jittask init --dsn postgresql://localhost/app --timezone Asia/Shanghai
    """
    pairs = [_pair(text) for text in settings]
    if timezone is not None:
        pairs.append(("timezone", timezone))
    from .setting import change

    done = migration.migrate(session.plain_connection())
    with session.transaction():
        stored = {name: change(session, name, value) for name, value in pairs}
    zone = session.run(statements.settings.listed())
    answer(
        session.as_json,
        {**_as_row(done), "settings": stored},
        "\n".join(
            [
                *_sentences(done),
                *(f"Setting {name} is {value}" for name, value in stored.items()),
                f"Tasks without a zone of their own use {dict(zone)['timezone']}",
            ]
        ),
    )


@click.command()
@with_session
def migrate(session: Session) -> None:
    """Bring the schema up to date: new migrations, then all functions.

    One transaction: either everything is applied or nothing. Several may run at once; the later ones find
    nothing to do. `jittask sql` prints the same statements for those who apply them themselves.

    \b
    Example:
      jittask migrate --dsn postgresql://deploy@db/app
    """
    done = migration.migrate(session.plain_connection())
    answer(session.as_json, _as_row(done), "\n".join(_sentences(done)))


@click.command()
@click.option(
    "--since",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    metavar="N",
    help="Number of the newest migration that the database has: only later ones are printed.",
)
@click.option(
    "--no-transaction",
    is_flag=True,
    help="Leave out begin and commit, for a migration tool that has a transaction of its own.",
)
def sql(since: int, no_transaction: bool) -> None:
    """Print what `migrate` would execute, without connecting.

    \b
    Examples:
      jittask sql | psql -v ON_ERROR_STOP=1 postgresql://deploy@db/app
      jittask sql --since 6 > upgrade.sql
    """
    if since > latest_version():
        raise click.BadParameter(
            f"there is no migration {since}; the newest is {latest_version()}", param_hint="--since"
        )
    click.echo(migration.script(since, transaction=not no_transaction), nl=False)


@click.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@with_session
def uninstall(session: Session, yes: bool) -> None:
    """Remove every trace of jittask: triggers on your tables, the schema with all tasks and history, its jobs
    of pg_cron, and the group roles if nothing else uses them. Your tables stay as they are.

    \b
    Example:
      jittask uninstall --dsn postgresql://localhost/app --yes
    """
    connection = session.plain_connection()
    if not yes:
        if session.as_json or not sys.stdin.isatty():
            raise StateError(
                "Removing everything needs a confirmation", None, "Add --yes where nobody can be asked"
            )
        click.confirm(
            f'Remove all tasks, the due queue and the history from database "{connection.info.dbname}"?',
            abort=True,
        )
    done = migration.uninstall(connection)
    jobs = [*done.jobs, *_removed_elsewhere(session)]
    sentences = [f"Removed job {job}" for job in jobs]
    sentences += [f"Dropped trigger {trigger}" for trigger in done.triggers]
    sentences.append("Dropped the schema jittask" if done.schema else "There was no schema jittask")
    sentences += [f"Dropped role {role}" for role in done.roles]
    sentences += [f"Kept role {role}: {reason}" for role, reason in done.kept_roles.items()]
    answer(
        session.as_json,
        {
            "schema": done.schema,
            "triggers": list(done.triggers),
            "jobs": jobs,
            "roles": list(done.roles),
            "kept_roles": done.kept_roles,
        },
        "\n".join(sentences),
    )


def _removed_elsewhere(session: Session) -> list[str]:
    """Jobs that were taken away from pg_cron in another database, where the role may know which one."""
    try:
        with cron_database(session) as cron:
            return migration.unschedule(cron.connection, cron.served)
    except UnavailableError:
        return []


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise click.BadParameter(f'"{text}" is not NAME=VALUE', param_hint="--set")
    return name.strip(), value.strip()


def _as_row(done: Migrated) -> dict[str, object]:
    return {
        "version": done.version,
        "applied": [f"{number:04}_{name}" for number, name in done.applied],
        "functions": done.functions,
        "notices": list(done.notices),
    }


def _sentences(done: Migrated) -> Sequence[str]:
    said = [f"Applied migration {number:04} {name}" for number, name in done.applied]
    if done.functions:
        said.append(f"Applied {done.functions} function files")
    elif done.version > latest_version():
        said.append(
            f"The schema is at migration {done.version}, ahead of this package ({latest_version()}): "
            "left as it is"
        )
    else:
        said.append(f"The schema is up to date, at migration {done.version}")
    return [*said, *done.notices]
