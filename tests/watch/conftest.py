"""Watched tables under several sessions at once."""

from __future__ import annotations
