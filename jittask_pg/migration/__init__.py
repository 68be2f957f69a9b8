"""The schema: what it is made of, and how it is installed, checked, printed and removed.

`migrations/` says what exists and grows only; `sql/` says how it behaves and is reapplied whole. Both are
plain SQL, so that this runner, psql and a user's own migration tool leave the same trace in the ledger.
"""

from .check import SchemaState, check_schema, schema_state
from .cron_jobs import job_prefix, unschedule
from .pieces import script
from .removal import ROLES, Uninstalled, uninstall
from .runner import Migrated, migrate

__all__ = [
    "ROLES",
    "Migrated",
    "SchemaState",
    "Uninstalled",
    "check_schema",
    "job_prefix",
    "migrate",
    "schema_state",
    "script",
    "uninstall",
    "unschedule",
]
