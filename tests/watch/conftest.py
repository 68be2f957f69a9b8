"""Watched tables under several sessions at once."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("tests.support.watched")
