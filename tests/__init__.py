"""Tests of jittask_pg, against a real Postgres."""

import pytest

# Before any of them is imported: what tests share says in full why an assertion of it failed.
pytest.register_assert_rewrite("tests.support")
