"""The tour behind ``jittask demo``: a small business, its tasks, two workers, and a check of what ran.

`run` tells the story in order; the other modules hold one part each. What was expected is worked out from the
business tables alone, in plain SQL, so that the check at the end does not ask the scheduler about itself.
"""

from .run import DemoOptions, run_demo

__all__ = ["DemoOptions", "run_demo"]
