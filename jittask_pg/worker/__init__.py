"""Workers: processes that claim due occurrences, call their functions and report the outcomes."""

from .logs import begin as begin_logging
from .options import WorkerOptions
from .supervisor import run_workers

__all__ = ["WorkerOptions", "begin_logging", "run_workers"]
