"""How much chaos: a little in every test run, all of it with JITTASK_CHAOS=full."""

from __future__ import annotations

import os
import random

FULL = os.environ.get("JITTASK_CHAOS") == "full"

SEED = int(os.environ.get("JITTASK_CHAOS_SEED", "20300107"))


def scaled(short: int, full: int) -> int:
    """The size of a scenario."""
    return full if FULL else short


def dice(scenario: str) -> random.Random:
    """Random numbers of one scenario, the same for the same seed."""
    return random.Random(f"{SEED}:{scenario}")
