"""Figures about this machine: how fast occurrences are drained, how soon they start."""

from .drain import Drained, Waited, drain, enqueue_to_start, floor, punctuality

__all__ = ["Drained", "Waited", "drain", "enqueue_to_start", "floor", "punctuality"]
