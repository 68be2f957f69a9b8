"""`JitTask` over the module's database, and a function to hand it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jittask_pg import JitTask


@pytest.fixture
def jittask(database: str) -> Iterator[JitTask]:
    with JitTask(database) as made:
        yield made
