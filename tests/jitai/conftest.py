"""The task service over the module's database, left as it was found."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jittask_pg import JitTask, jitai


@pytest.fixture
def jittask(database: str) -> Iterator[JitTask]:
    with JitTask(database) as made:
        jitai.use(made)
        yield made
