"""Time, rehearsed: run tasks against a real Postgres with a clock that is moved by hand."""

from .rehearsal import Rehearsal, RehearsedRun

__all__ = ["Rehearsal", "RehearsedRun"]
