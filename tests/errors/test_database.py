"""Connection strings: where they come from, and what is shown of them."""

from __future__ import annotations

import pytest

from jittask_pg.database import connect, migrate_command, redacted, resolve_dsn
from jittask_pg.errors import InvalidValueError, UnavailableError


def test_the_argument_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JITTASK_DSN", "postgresql://env/db")
    assert resolve_dsn("postgresql://arg/db") == "postgresql://arg/db"
    assert resolve_dsn() == "postgresql://env/db"


def test_neither_is_an_error_that_says_how_to_give_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JITTASK_DSN", raising=False)
    with pytest.raises(InvalidValueError, match="--dsn"):
        resolve_dsn()


@pytest.mark.parametrize(
    "dsn", ["postgres://h/d", "postgresql+psycopg://h/d", "postgresql+asyncpg://h/d", " postgresql://h/d "]
)
def test_spellings_of_other_libraries_are_understood(dsn: str) -> None:
    assert resolve_dsn(dsn) == "postgresql://h/d"


@pytest.mark.parametrize(
    ("dsn", "shown"),
    [
        ("postgresql://ann:s%40cret@h:5432/d", "postgresql://ann@h:5432/d"),
        (
            "postgresql://h/d?user=ann&password=secret&sslmode=require",
            "postgresql://h/d?user=ann&sslmode=require",
        ),
        ("postgresql://h/d?password=secret", "postgresql://h/d"),
        ("host=h user=ann password=secret dbname=d", "user=ann dbname=d host=h"),
        ("postgresql://ann:secret@h1:1,h2:2/d", "postgresql://ann@h1:1,h2:2/d"),
    ],
)
def test_passwords_are_never_shown(dsn: str, shown: str) -> None:
    assert redacted(dsn) == shown
    assert "secret" not in migrate_command(dsn)


def test_an_unreachable_server_is_named_without_the_password() -> None:
    with pytest.raises(UnavailableError) as caught:
        connect("postgresql://ann:secret@/d?host=/nowhere")
    assert "/nowhere" in caught.value.fact
    assert "secret" not in str(caught.value)


def test_sessions_say_who_they_are_unless_the_connection_string_does(database: str) -> None:
    with connect(database, application_name="jittask worker") as connection:
        assert connection.execute("show application_name").fetchone() == ("jittask worker",)
    with connect(database + " application_name=mine") as connection:
        assert connection.execute("show application_name").fetchone() == ("mine",)
