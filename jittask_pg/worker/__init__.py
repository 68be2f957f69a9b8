"""Workers: processes that claim due occurrences, call their functions and report the outcomes."""

from .options import WorkerOptions
from .supervisor import run_workers

__all__ = ["WorkerOptions", "run_workers"]
