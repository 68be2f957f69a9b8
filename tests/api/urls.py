"""The same database in SQLAlchemy's spelling."""

from __future__ import annotations

from psycopg import conninfo
from sqlalchemy import URL


def url_of(dsn: str, driver: str = "psycopg") -> URL:
    """The URL of `dsn` for a driver: psycopg, asyncpg, psycopg2."""
    parts = conninfo.conninfo_to_dict(dsn)
    name = str(parts.pop("dbname"))
    query = {key: str(value) for key, value in parts.items() if value is not None}
    return URL.create(f"postgresql+{driver}", database=name, query=query)
